"""Bank accounts as organizations and partners have them: the number in cipher, its end and a fingerprint in plain."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest

from erp.crypto import EncryptedTextField, keyed_hash
from erp.identifiers import BIC_PATTERN, IFSC_PATTERN, IdentifierField, validate_bic, validate_iban, validate_ifsc
from erp.models import MasterData

# Columns that never leave the server in plain: name them in `tracking.secret` of each concrete model.
ACCOUNT_SECRETS = ("account_number", "iban", "account_hmac")
# Columns that decide where money goes: a change takes effect with a second person's approval. Name them, and the owner's, in
# `tracking.approved` of each concrete model.
ACCOUNT_APPROVED = (
    "holder",
    "country",
    "currency",
    "account_number",
    "account_last4",
    "account_hmac",
    "ifsc",
    "iban",
    "swift_bic",
    "routing",
    "is_default",
)
INDIA = "IN"


class BankAccount(MasterData):
    """An account at a bank, payable with what its country needs: IFSC in India, IBAN or SWIFT/BIC elsewhere.

    A concrete model is decorated with `known_choices` and adds its owner, `scope`, `tracking` with ACCOUNT_SECRETS, and to
    the constraints of this Meta: one fingerprint per owner, one default per owner and currency.
    """

    # Rules about the fingerprint are rules about what it is made of: that is what a client wrote.
    derived_from: ClassVar[dict[str, str]] = {"account_hmac": "account_number"}

    class Purpose(models.TextChoices):
        OPERATIONS = "operations", "Operations"
        COLLECTION = "collection", "Receipts"
        PAYMENT = "payment", "Payments"
        TAX = "tax", "Taxes and duties"
        TRADE_FINANCE = "trade_finance", "Letters of credit and trade finance"
        ESCROW = "escrow", "Escrow"

    holder = models.CharField(
        "account holder", max_length=200, help_text="As the bank writes it. Example: Narmada Cotton Traders LLP"
    )
    bank_name = models.CharField("bank", max_length=120, help_text="Example: State Bank of India")
    branch = models.CharField(max_length=120, blank=True, help_text="Example: Rajkot Main Branch")
    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="+", help_text="Where the account is kept. Example: India"
    )
    currency = models.ForeignKey(
        "locations.Currency", models.PROTECT, related_name="+", help_text="Of the account. Example: INR"
    )
    account_number = EncryptedTextField(
        max_length=34,
        blank=True,
        help_text="Stored in cipher; only the last four characters are shown. With an IBAN it may stay empty.",
    )
    account_last4 = models.CharField("account ends in", max_length=4, editable=False)
    account_hmac = models.CharField("fingerprint", max_length=64, editable=False)
    ifsc = IdentifierField(
        "IFSC", max_length=11, blank=True, validators=[validate_ifsc], help_text="Indian branches. Example: SBIN0001234"
    )
    iban = EncryptedTextField(
        "IBAN", max_length=34, blank=True, help_text="Stored in cipher. Example: GB29 NWBK 6016 1331 9268 19"
    )
    swift_bic = IdentifierField(
        "SWIFT/BIC", max_length=11, blank=True, validators=[validate_bic], help_text="Example: SBININBB104"
    )
    routing = IdentifierField(
        "routing number",
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^[0-9A-Z]{1,20}$", "Write the routing number in letters and digits only.")],
        help_text="Sort code, ABA or BSB where the country uses one. Example: 026009593",
    )
    purpose = models.CharField(
        max_length=20, choices=Purpose.choices, default=Purpose.OPERATIONS, help_text="What the account is used for."
    )
    is_default = models.BooleanField("default", default=False, help_text="Used first for its currency.")

    class Meta:
        abstract = True
        ordering = ("bank_name", "account_last4")
        constraints = [
            models.CheckConstraint(
                condition=Q(ifsc="") | Q(ifsc__regex=IFSC_PATTERN),
                name="%(class)s_ifsc_format",
                violation_error_message="Write the IFSC as four letters, 0 and six characters: SBIN0001234.",
            ),
            models.CheckConstraint(
                condition=Q(swift_bic="") | Q(swift_bic__regex=BIC_PATTERN),
                name="%(class)s_swift_bic_format",
                violation_error_message="Write the SWIFT/BIC with 8 or 11 characters: SBININBB104.",
            ),
            models.CheckConstraint(
                condition=(Q(country=INDIA) & ~Q(ifsc="")) | (~Q(country=INDIA) & (~Q(iban="") | ~Q(swift_bic=""))),
                name="%(class)s_payable",
                violation_error_message="An account in India needs its IFSC, one elsewhere its IBAN or SWIFT/BIC.",
            ),
            models.CheckConstraint(
                condition=Q(account_hmac__regex=r"^[0-9a-f]{64}$"),
                name="%(class)s_has_number",
                violation_error_message="Give the account number or the IBAN.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank_name} {self.masked_number}"

    @property
    def masked_number(self) -> str:
        """Account number as people may see it: "XXXXXX1234"."""
        return f"XXXXXX{self.account_last4}"

    def clean(self) -> None:
        """Brings the numbers into one spelling, checks the IBAN, and derives the fingerprint that uniqueness rests on."""
        super().clean()
        self.account_number, self.iban = _compact(self.account_number), _compact(self.iban)
        self._fingerprint()
        if self.iban:
            try:
                validate_iban(self.iban)
            except ValidationError as error:
                raise ValidationError({"iban": error}) from None

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Forms exclude what they don't show; rules over the fingerprint are checked all the same."""
        super().validate_constraints(set(exclude or ()) - {"account_last4", "account_hmac"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._fingerprint()
        fields = kwargs.get("update_fields")
        if fields is not None and {"account_number", "iban"}.intersection(fields):
            kwargs["update_fields"] = {*fields, "account_last4", "account_hmac"}
        super().save(*args, **kwargs)

    def _fingerprint(self) -> None:
        number = self.account_number or self.iban
        self.account_last4 = number[-4:]
        self.account_hmac = keyed_hash(number) if number else ""


class MaskedAccountForm(forms.ModelForm):  # type: ignore[type-arg]  # no [] on Django's classes at run time
    """Never shows a stored number: the fields stand empty, their hint shows the end, and typing replaces the number."""

    MASKED = ("account_number", "iban")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "iban" in self.fields:
            self.fields["iban"].widget.attrs["data-validate"] = "iban"
        for name in self.MASKED:
            stored = getattr(self.instance, name, "")
            if name in self.fields and stored:
                self.initial[name] = ""
                self.fields[
                    name
                ].help_text = f"Ends in {stored[-4:]}. Leave empty to keep it; type a number to replace it."

    def clean_account_number(self) -> str:
        """The typed number, or the stored one when nothing was typed."""
        return self._typed_or_stored("account_number")

    def clean_iban(self) -> str:
        """The typed IBAN, or the stored one when nothing was typed."""
        return self._typed_or_stored("iban")

    def _typed_or_stored(self, name: str) -> str:
        return _compact(self.cleaned_data.get(name) or getattr(self.instance, name))


class MaskedAccounts:
    """Mixin for the admin, or the inline, of bank accounts: shows the end of a number to all, the number to nobody.

    Stands before MasterDataAdmin or ChildInline; `fieldsets` (or `fields`) name "account_number" and "iban".
    """

    form: Any = MaskedAccountForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "masked_number"]  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The same fieldsets; for a user who may only look, with the masked number in place of the numbers."""
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if self.has_change_permission(request, obj):  # type: ignore[attr-defined]
            return fieldsets
        return [(name, {**options, "fields": _masked(options["fields"])}) for name, options in fieldsets]


def _masked(fields: Iterable[Any]) -> list[Any]:
    """Admin field names with "masked_number" for the account number and without the IBAN."""
    shown: list[Any] = []
    for field in fields:
        if isinstance(field, str):
            shown += {"account_number": ["masked_number"], "iban": []}.get(field, [field])
        else:
            shown.append(tuple(_masked(field)))
    return [field for field in shown if field]


def _compact(value: str) -> str:
    return re.sub(r"[\s.-]", "", value or "").upper()
