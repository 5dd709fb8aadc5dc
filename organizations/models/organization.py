"""A trading house and how it works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper

from erp.events.tracking import Tracking
from erp.identifiers import (
    CIN_PATTERN,
    IEC_PATTERN,
    LEI_PATTERN,
    PAN_HOLDERS,
    PAN_PATTERN,
    TAN_PATTERN,
    CodeField,
    IdentifierField,
    TaxScheme,
    gstin_pan,
    pan_holder,
    validate_cin,
    validate_e164,
    validate_iec,
    validate_lei,
    validate_pan,
    validate_tan,
    validate_timezone,
)
from erp.models import MasterData
from erp.rules import known_choices
from erp.scoping import Scope
from erp.search import search_indexes


def optional_format(column: str, pattern: str, *, message: str) -> models.CheckConstraint:
    """Check that an identifier column of Organization is empty or has its form."""
    return models.CheckConstraint(
        condition=Q(**{column: ""}) | Q(**{f"{column}__regex": pattern}),
        name=f"organization_{column}_format",
        violation_error_message=message,
    )


@known_choices
class Organization(MasterData):
    """A trading house that works with this system; everything else belongs to one, or to all."""

    class Type(models.TextChoices):
        COMPANY = "company", "Company"
        LLP = "llp", "Limited liability partnership"
        PARTNERSHIP = "partnership", "Partnership firm"
        PROPRIETORSHIP = "proprietorship", "Proprietorship"
        COOPERATIVE = "cooperative", "Cooperative society"
        TRUST = "trust", "Trust"
        GOVERNMENT = "government", "Government body"

    # Fourth letter of the PAN by kind of organization; a cooperative may hold any of three.
    PAN_LETTERS: ClassVar[dict[str, str]] = {
        Type.COMPANY: "C",
        Type.LLP: "F",
        Type.PARTNERSHIP: "F",
        Type.PROPRIETORSHIP: "P",
        Type.COOPERATIVE: "ABJ",
        Type.TRUST: "TK",
        Type.GOVERNMENT: "GLJ",
    }

    scope = Scope.of_organization("pk")
    tracking = Tracking("organization", label="name", approved=("pan", "tan"))

    code = CodeField(max_length=12, help_text="Short code in document numbers. Example: NCT")
    name = models.CharField(max_length=120, help_text="As people call it. Example: Narmada Cotton")
    legal_name = models.CharField(max_length=200, help_text="As registered. Example: Narmada Cotton Traders LLP")
    org_type = models.CharField(
        "type", max_length=20, choices=Type.choices, default=Type.COMPANY, help_text="Legal form. Example: Company"
    )
    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="+", help_text="Where it is registered. Example: India"
    )
    base_currency = models.ForeignKey(
        "locations.Currency", models.PROTECT, related_name="+", help_text="Of its books. Example: INR"
    )
    timezone = models.CharField(
        max_length=50, default="Asia/Kolkata", validators=[validate_timezone], help_text="Example: Asia/Kolkata"
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="subsidiaries", null=True, blank=True, help_text="Group company above it."
    )
    pan = IdentifierField("PAN", max_length=10, blank=True, validators=[validate_pan], help_text="Example: AAPFU0939F")
    cin = IdentifierField(
        "CIN",
        max_length=21,
        blank=True,
        validators=[validate_cin],
        help_text="Companies. Example: U17110MH2005PLC123456",
    )
    tan = IdentifierField(
        "TAN",
        max_length=10,
        blank=True,
        validators=[validate_tan],
        help_text="For tax deducted at source. Example: MUMA12345B",
    )
    iec = IdentifierField(
        "IEC", max_length=10, blank=True, validators=[validate_iec], help_text="For import and export; usually the PAN."
    )
    lei = IdentifierField(
        "LEI", max_length=20, blank=True, validators=[validate_lei], help_text="Example: 213800KUD8LAJWSQ9D15"
    )
    website = models.URLField(blank=True, help_text="Example: https://narmadacotton.example")
    contact_name = models.CharField(max_length=120, blank=True, help_text="Whom to ask. Example: Asha Patel")
    contact_email = models.EmailField(blank=True, help_text="Example: office@narmadacotton.example")
    contact_phone = IdentifierField(
        max_length=16, blank=True, validators=[validate_e164], help_text="With country code. Example: +912812345678"
    )
    registered_address = models.ForeignKey(
        "locations.Location",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Registered office, kept among the locations. Example: Rajkot office",
    )
    fiscal_year_start_month = models.PositiveSmallIntegerField(
        default=4, help_text="1 to 12. Indian books begin in April: 4"
    )
    crop_year_start_month = models.PositiveSmallIntegerField(
        default=10, help_text="1 to 12. The Indian cotton season begins in October: 10"
    )

    class Meta:
        ordering = ("name",)
        indexes = search_indexes("organization", code="code", name="name", also=("legal_name", "pan"))
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="organization_code_unique",
                violation_error_message="Another organization has this code: choose a different one.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                name="organization_name_unique",
                violation_error_message="Another organization has this name: choose a different one.",
            ),
            models.CheckConstraint(
                condition=Q(code=Upper("code")) & Q(code__regex=r"^[A-Z0-9-]{2,12}$"),
                name="organization_code_format",
                violation_error_message="Write the code with 2 to 12 capital letters, digits or hyphens: NCT.",
            ),
            optional_format("pan", PAN_PATTERN, message="Write the PAN as five letters, four digits and a letter."),
            optional_format("cin", CIN_PATTERN, message="Write the CIN with its 21 characters."),
            optional_format("tan", TAN_PATTERN, message="Write the TAN as four letters, five digits and a letter."),
            optional_format("iec", IEC_PATTERN, message="Write the IEC as a PAN or as ten digits."),
            optional_format("lei", LEI_PATTERN, message="Write the LEI with its 20 characters."),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="organization_parent_is_another",
                violation_error_message="An organization can't be its own parent: choose another one or none.",
            ),
            models.CheckConstraint(
                condition=Q(fiscal_year_start_month__range=(1, 12), crop_year_start_month__range=(1, 12)),
                name="organization_months_range",
                violation_error_message="Months run from 1 (January) to 12 (December).",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """PAN against the legal form and the GSTINs; the address must be shared or its own."""
        super().clean()
        if self.pan:
            self._check_pan()
        address = self.registered_address
        if address and address.organization_id not in {None, self.pk}:
            raise ValidationError(
                {
                    "registered_address": f"{address} belongs to another organization: choose a shared or an own location."
                }
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new organization gets its settings in the same transaction."""
        is_new = self._state.adding
        with transaction.atomic(using=kwargs.get("using")):
            super().save(*args, **kwargs)
            if is_new:
                OrganizationSettings.objects.create(organization=self)

    def _check_pan(self) -> None:
        letter, letters = pan_holder(self.pan), self.PAN_LETTERS.get(self.org_type, "")
        if letters and letter not in letters:
            raise ValidationError(
                {
                    "pan": f"PAN {self.pan} was issued to a {PAN_HOLDERS.get(letter, 'holder of an unknown kind')}, "
                    f"not to a {self.get_org_type_display().lower()}: correct the PAN or the type."
                }
            )
        if not self._state.adding:
            active = self.tax_registrations.filter(scheme=TaxScheme.GSTIN, is_active=True)
            self.check_gstins(active.values_list("number", flat=True))

    def check_gstins(self, numbers: Iterable[str]) -> None:
        """The PAN against its active GSTINs. Raises: ValidationError: one carries another PAN."""
        for number in numbers:
            if self.pan and gstin_pan(number) not in {"", self.pan}:
                raise ValidationError(
                    {"pan": f"GSTIN {number} carries another PAN than {self.pan}: deactivate it first."}
                )


class OrganizationSettings(MasterData):
    """How one organization works: limits, taxes and checks. Made with the organization, changed later."""

    scope = Scope.of_organization()
    tracking = Tracking(
        "organization",
        part="settings",
        parent="organization",
        label="",
        approved=("organization", "manager_approval_ceiling", "director_approval_ceiling"),
    )

    organization = models.OneToOneField("organizations.Organization", models.PROTECT, related_name="settings")
    einvoice_required = models.BooleanField(
        "e-invoice required", default=False, help_text="Sales invoices need an IRN before they are printed."
    )
    invoice_threshold = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Amount above which an invoice needs a second look. Example: 5000000.00",
    )
    auto_block_overdue = models.BooleanField(
        default=False, help_text="Partners with overdue payments can't be chosen in new documents."
    )
    fx_enabled = models.BooleanField(
        "foreign currencies", default=False, help_text="Trades in other currencies are allowed."
    )
    tds_rate = models.DecimalField(
        "TDS rate %", max_digits=6, decimal_places=3, default=0, help_text="Tax deducted at source. Example: 0.100"
    )
    tcs_rate = models.DecimalField(
        "TCS rate %", max_digits=6, decimal_places=3, default=0, help_text="Tax collected at source. Example: 0.100"
    )
    manager_approval_ceiling = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Credit that a manager may approve, in base currency. Example: 10000000.00",
    )
    director_approval_ceiling = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Credit that a director may approve; empty: no ceiling. Example: 100000000.00",
    )
    kyc_validity_days = models.PositiveIntegerField(
        "KYC validity in days", default=365, help_text="Days until a verified partner must be checked again."
    )
    kyc_auto_suspend = models.BooleanField(
        "suspend on expired KYC", default=False, help_text="Partners are suspended when their KYC expires."
    )
    max_partner_staff = models.PositiveSmallIntegerField(default=5, help_text="Sign-ins that one partner may have.")
    logo = models.FileField(
        upload_to="organizations/logos",
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg"])],
        help_text="Printed on documents: PNG or JPEG.",
    )
    invoice_footer = models.TextField(
        blank=True, help_text="Last lines of an invoice. Example: Subject to Rajkot jurisdiction"
    )
    audit_firm = models.CharField(
        max_length=200, blank=True, help_text="Statutory auditors. Example: Mehta & Shah, Rajkot"
    )

    class Meta:
        ordering = ("organization",)
        verbose_name = verbose_name_plural = "organization settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(tds_rate__range=(0, 100), tcs_rate__range=(0, 100)),
                name="organizationsettings_rates_range",
                violation_error_message="Tax rates run from 0 to 100 percent.",
            ),
            models.CheckConstraint(
                condition=Q(invoice_threshold__isnull=True) | Q(invoice_threshold__gte=0),
                name="organizationsettings_threshold_positive",
                violation_error_message="The invoice threshold can't be below zero.",
            ),
            models.CheckConstraint(
                condition=(Q(manager_approval_ceiling__isnull=True) | Q(manager_approval_ceiling__gte=0))
                & (Q(director_approval_ceiling__isnull=True) | Q(director_approval_ceiling__gte=0)),
                name="organizationsettings_ceilings_positive",
                violation_error_message="An approval ceiling can't be below zero.",
            ),
            models.CheckConstraint(
                condition=Q(manager_approval_ceiling__isnull=True)
                | Q(director_approval_ceiling__isnull=True)
                | Q(director_approval_ceiling__gte=F("manager_approval_ceiling")),
                name="organizationsettings_ceilings_order",
                violation_error_message="The director's ceiling can't be below the manager's.",
            ),
            models.CheckConstraint(
                condition=Q(kyc_validity_days__gte=1),
                name="organizationsettings_kyc_validity_positive",
                violation_error_message="KYC must be valid for at least one day.",
            ),
        ]

    def __str__(self) -> str:
        return f"Settings of {self.organization}"
