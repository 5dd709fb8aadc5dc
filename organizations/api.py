"""Organizations, their registrations, accounts, years and document series in the partner API."""

from __future__ import annotations

from erp.api.router import register
from erp.api.shared import BankAccounts, TaxRegistrations
from erp.api.viewsets import MasterDataViewSet
from organizations.models import (
    DocumentSeries,
    FinancialYear,
    Organization,
    OrganizationBankAccount,
    OrganizationSettings,
    OrganizationTaxRegistration,
)

SINGLE = ("list", "create", "retrieve", "partial_update", "destroy", "history")


@register("settings/organizations")
class Organizations(MasterDataViewSet):
    """One at a time: with each come its settings."""

    model = Organization
    fields = (
        "code", "name", "legal_name", "org_type", "country", "base_currency", "timezone", "parent", "pan", "cin", "tan",
        "iec", "lei", "website", "contact_name", "contact_email", "contact_phone", "registered_address",
        "fiscal_year_start_month", "crop_year_start_month",
    )  # fmt: skip
    filters = ("code", "org_type", "country", "parent", "is_active")
    ordering = ("name", "code")
    search = ("name", "legal_name")
    verbs = SINGLE


@register("settings/organizations/{organization_id}/settings")
class Settings(MasterDataViewSet):
    """Made with the organization; there is one of each."""

    model = OrganizationSettings
    fields = (
        "organization", "einvoice_required", "invoice_threshold", "auto_block_overdue", "fx_enabled", "tds_rate",
        "tcs_rate", "manager_approval_ceiling", "director_approval_ceiling", "kyc_validity_days", "kyc_auto_suspend",
        "max_partner_staff", "invoice_footer", "audit_firm",
    )  # fmt: skip
    verbs = ("list", "retrieve", "partial_update", "history")


@register("settings/organizations/{organization_id}/tax-registrations")
class OrganizationTaxRegistrations(TaxRegistrations):
    model = OrganizationTaxRegistration
    fields = ("organization", *TaxRegistrations.fields, "branch_code", "address")


@register("settings/organizations/{organization_id}/bank-accounts")
class OrganizationBankAccounts(BankAccounts):
    model = OrganizationBankAccount
    fields = ("organization", *BankAccounts.fields)


@register("settings/organizations/{organization_id}/financial-years")
class FinancialYears(MasterDataViewSet):
    model = FinancialYear
    fields = ("organization", "code", "start_date", "end_date", "status", "is_current", "allow_year_split")
    filters = ("code", "status", "is_current", "start_date", "is_active")
    ordering = ("start_date", "code")
    key = ("code",)


@register("settings/organizations/{organization_id}/document-series")
class DocumentSeriesView(MasterDataViewSet):
    """One at a time: a number may have been issued a moment ago."""

    model = DocumentSeries
    fields = (
        "organization", "financial_year", "tax_registration", "document_type", "prefix", "suffix", "padding", "next_number",
    )  # fmt: skip
    filters = ("financial_year", "tax_registration", "document_type", "is_active")
    ordering = ("document_type", "prefix")
    verbs = SINGLE
