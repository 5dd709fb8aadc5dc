"""Organizations at the desk: one page with everything that belongs to one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.forms import FileInput
from django.http import HttpRequest

from erp.admin.base import ChildInline, MasterDataAdmin, StackedChildInline
from erp.banking import MaskedAccounts
from organizations.models import (
    DocumentSeries,
    FinancialYear,
    Organization,
    OrganizationBankAccount,
    OrganizationSettings,
    OrganizationTaxRegistration,
)

ACCOUNT_FIELDSETS: Any = (
    (
        None,
        {
            "fields": (
                ("bank_name", "branch"),
                "holder",
                ("country", "currency"),
                ("purpose", "is_default", "is_active"),
            )
        },
    ),
    ("Numbers", {"fields": (("account_number", "ifsc"), ("iban", "swift_bic"), "routing")}),
)


class SettingsInline(StackedChildInline):
    model = OrganizationSettings
    can_delete = False
    fieldsets = (
        ("Invoices", {"fields": (("einvoice_required", "fx_enabled"), "invoice_threshold", ("tds_rate", "tcs_rate"))}),
        ("Approvals", {"fields": (("manager_approval_ceiling", "director_approval_ceiling"),)}),
        (
            "Partners",
            {"fields": (("kyc_validity_days", "kyc_auto_suspend"), ("max_partner_staff", "auto_block_overdue"))},
        ),
        ("Documents", {"fields": ("logo", "invoice_footer", "audit_firm")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # The logo is stored privately: Django's widget would link to an address that doesn't exist.
        if db_field.name == "logo":
            kwargs["widget"] = FileInput
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An organization is born with its settings."""
        return False


class TaxRegistrationInline(ChildInline):
    model = OrganizationTaxRegistration
    fields = (
        "country", "scheme", "number", "legal_name", "subdivision", "branch_code", "valid_from", "valid_to", "is_primary",
    )  # fmt: skip


class BankAccountInline(MaskedAccounts, StackedChildInline):
    model = OrganizationBankAccount
    fieldsets = ACCOUNT_FIELDSETS


class FinancialYearInline(ChildInline):
    model = FinancialYear
    fields = ("code", "start_date", "end_date", "status", "is_current", "allow_year_split")


class DocumentSeriesInline(ChildInline):
    model = DocumentSeries
    fields = (
        "financial_year", "document_type", "tax_registration", "prefix", "suffix", "padding", "next_number", "is_active",
    )  # fmt: skip


@admin.register(Organization)
class OrganizationAdmin(MasterDataAdmin):
    list_display = ("name", "code", "org_type", "country", "base_currency", "parent", "is_active")
    list_filter = ("org_type", "is_active")
    search_fields = ("name", "code", "legal_name", "pan")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    inlines = (SettingsInline, TaxRegistrationInline, BankAccountInline, FinancialYearInline, DocumentSeriesInline)
    fieldsets = (
        (None, {"fields": (("name", "code"), "legal_name", ("org_type", "parent"), "is_active")}),
        ("Identity", {"fields": (("pan", "cin"), ("tan", "iec"), "lei")}),
        ("Place", {"fields": (("country", "base_currency"), ("timezone", "registered_address"))}),
        ("Contact", {"fields": (("contact_name", "contact_phone"), ("contact_email", "website"))}),
        ("Years", {"fields": (("fiscal_year_start_month", "crop_year_start_month"),)}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """A new organization is saved first: its years and registrations are what its series choose from."""
        return self.inlines if obj else ()


@admin.register(OrganizationTaxRegistration)
class OrganizationTaxRegistrationAdmin(MasterDataAdmin):
    list_display = (
        "number",
        "scheme",
        "organization",
        "country",
        "subdivision",
        "valid_from",
        "is_primary",
        "is_active",
    )
    list_filter = ("scheme", "is_primary", "is_active")
    search_fields = ("number", "legal_name", "branch_code")
    fieldsets = (
        (None, {"fields": ("organization", ("scheme", "number"), "legal_name", ("is_primary", "is_active"))}),
        ("Place", {"fields": (("country", "subdivision"), ("branch_code", "address"))}),
        ("Validity", {"fields": (("valid_from", "valid_to"),)}),
    )


@admin.register(OrganizationBankAccount)
class OrganizationBankAccountAdmin(MaskedAccounts, MasterDataAdmin):
    list_display = (
        "bank_name",
        "masked_number",
        "organization",
        "country",
        "currency",
        "purpose",
        "is_default",
        "is_active",
    )
    list_filter = ("purpose", "is_default", "is_active")
    search_fields = ("bank_name", "holder", "account_last4", "ifsc")
    fieldsets = (("Owner", {"fields": ("organization",)}), *ACCOUNT_FIELDSETS)


@admin.register(FinancialYear)
class FinancialYearAdmin(MasterDataAdmin):
    list_display = ("code", "organization", "start_date", "end_date", "status", "is_current", "is_active")
    list_filter = ("status", "is_current", "is_active")
    search_fields = ("code",)
    fieldsets = (
        (None, {"fields": ("organization", "code", ("start_date", "end_date"), "status")}),
        ("Use", {"fields": (("is_current", "allow_year_split", "is_active"),)}),
    )


@admin.register(DocumentSeries)
class DocumentSeriesAdmin(MasterDataAdmin):
    list_display = ("document_type", "next_document", "organization", "financial_year", "tax_registration", "is_active")
    list_filter = ("document_type", "is_active")
    search_fields = ("prefix", "suffix")
    fieldsets = (
        (None, {"fields": ("organization", ("document_type", "financial_year"), "tax_registration", "is_active")}),
        ("Numbers", {"fields": (("prefix", "suffix"), ("padding", "next_number"))}),
    )

    @admin.display(description="next number", ordering="next_number")
    def next_document(self, series: DocumentSeries) -> str:
        """Number of the next document as it will be printed."""
        return series.formatted(series.next_number)
