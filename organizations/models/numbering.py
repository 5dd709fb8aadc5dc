"""Financial years and the document numbers that are counted in them."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Length

from erp.events.tracking import Tracking
from erp.identifiers import CodeField
from erp.models import MasterData
from erp.rules import known_choices, upper_code
from erp.scoping import Scope

# Documents whose number the GST law limits to 16 characters (Central GST Rules 2017, rules 46, 49, 50 and 53).
GST_DOCUMENTS = ("tax_invoice", "bill_of_supply", "credit_note", "debit_note", "receipt")
GST_NUMBER_LENGTH = 16


@known_choices
class FinancialYear(MasterData):
    """A year of an organization's books, open until it is closed."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        SOFT_CLOSED = "soft_closed", "Closed for clerks"
        CLOSED = "closed", "Closed"

    scope = Scope.of_organization()
    tracking = Tracking("organization", part="financial_year", parent="organization", label="code")

    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="financial_years", help_text="Whose books."
    )
    code = CodeField(max_length=10, help_text="As written on documents. Example: 2025-26")
    start_date = models.DateField("first day", help_text="Example: 1 April 2025")
    end_date = models.DateField("last day", help_text="Example: 31 March 2026")
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.OPEN, help_text="New documents need an open year."
    )
    is_current = models.BooleanField("current", default=False, help_text="Proposed for new documents.")
    allow_year_split = models.BooleanField(
        default=False, help_text="A contract of this year may be delivered in the next one."
    )

    class Meta:
        ordering = ("organization", "-start_date")
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gt=F("start_date")),
                name="financialyear_range",
                violation_error_message="The last day must come after the first day.",
            ),
            upper_code("financialyear"),
            models.UniqueConstraint(
                fields=("organization", "code"),
                name="financialyear_code_unique",
                violation_error_message="The organization has a financial year with this code already.",
            ),
            models.UniqueConstraint(
                fields=("organization",),
                condition=Q(is_current=True),
                name="financialyear_current_unique",
                violation_error_message="Another financial year is the current one: unmark that first.",
            ),
            # What the composite foreign key of DocumentSeries points to (organizations/constraints.py).
            models.UniqueConstraint(
                fields=("id", "organization"),
                name="financialyear_owner_unique",
                violation_error_message="This financial year exists already.",
            ),
            ExclusionConstraint(
                name="financialyear_no_overlap",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    (
                        Func(
                            F("start_date"),
                            F("end_date"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Another financial year of the organization covers some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}"


@known_choices
class DocumentSeries(MasterData):
    """Counter of one kind of document in one financial year. `organizations.services.issue_number` draws from it."""

    class DocumentType(models.TextChoices):
        SALES_CONTRACT = "sales_contract", "Sales contract"
        PURCHASE_CONTRACT = "purchase_contract", "Purchase contract"
        TAX_INVOICE = "tax_invoice", "Tax invoice"
        BILL_OF_SUPPLY = "bill_of_supply", "Bill of supply"
        CREDIT_NOTE = "credit_note", "Credit note"
        DEBIT_NOTE = "debit_note", "Debit note"
        DELIVERY_ORDER = "delivery_order", "Delivery order"
        PAYMENT = "payment", "Payment voucher"
        RECEIPT = "receipt", "Receipt voucher"

    scope = Scope.of_organization()
    tracking = Tracking("organization", part="document_series", parent="organization", label="prefix")

    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="document_series", help_text="Whose documents."
    )
    financial_year = models.ForeignKey(
        "organizations.FinancialYear", models.PROTECT, related_name="document_series", help_text="Example: 2025-26"
    )
    tax_registration = models.ForeignKey(
        "organizations.OrganizationTaxRegistration",
        models.PROTECT,
        related_name="document_series",
        null=True,
        blank=True,
        help_text="GSTIN that the documents are issued under; empty for documents without one.",
    )
    document_type = models.CharField(max_length=20, choices=DocumentType.choices, help_text="Example: Tax invoice")
    prefix = CodeField(max_length=12, blank=True, help_text="Before the number. Example: NCT/25-26/")
    suffix = CodeField(max_length=8, blank=True, help_text="After the number. Example: /RJK")
    padding = models.PositiveSmallIntegerField(default=4, help_text="Digits at least. 4 makes 0001")
    next_number = models.PositiveIntegerField(
        default=1, help_text="The next document gets this number. It never goes back."
    )

    class Meta:
        ordering = ("financial_year", "document_type")
        verbose_name_plural = "document series"
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "tax_registration", "financial_year", "document_type"),
                nulls_distinct=False,
                name="documentseries_unique",
                violation_error_message="This kind of document has a series in this financial year and registration already.",
            ),
            models.CheckConstraint(
                condition=Q(next_number__gte=1),
                name="documentseries_next_number_positive",
                violation_error_message="Numbers begin with 1.",
            ),
            models.CheckConstraint(
                condition=Q(padding__range=(1, 10)),
                name="documentseries_padding_range",
                violation_error_message="Numbers have 1 to 10 digits at least.",
            ),
            models.CheckConstraint(
                condition=Q(prefix__regex=r"^[A-Z0-9/-]*$", suffix__regex=r"^[A-Z0-9/-]*$"),
                name="documentseries_characters",
                violation_error_message="Prefix and suffix hold capital letters, digits, - and / only.",
            ),
            models.CheckConstraint(
                condition=~Q(document_type__in=GST_DOCUMENTS)
                | Q(padding__lte=GST_NUMBER_LENGTH - Length("prefix") - Length("suffix")),
                name="documentseries_gst_length",
                violation_error_message="Numbers of GST documents have at most 16 characters: shorten prefix, suffix or digits.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_type_display()} {self.formatted(self.next_number)}"

    def clean(self) -> None:
        """Year and registration belong to the organization; numbers never go back."""
        super().clean()
        for name in ("financial_year", "tax_registration"):
            related = getattr(self, name, None) if getattr(self, f"{name}_id") else None
            if related and related.organization_id != self.organization_id:
                raise ValidationError({name: f"{related} belongs to another organization: choose one of its own."})
        if self._state.adding:
            return
        issued = DocumentSeries.objects.filter(pk=self.pk, next_number__gt=self.next_number or 0)
        if stored := issued.values_list("next_number", flat=True).first():
            raise ValidationError(
                {"next_number": f"Number {stored - 1} may be issued already: {stored} is the lowest that can follow."}
            )

    def formatted(self, number: int) -> str:
        """Document number of a count: "NCT/25-26/0001"."""
        return f"{self.prefix}{number:0{self.padding}d}{self.suffix}"
