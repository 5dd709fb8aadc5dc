"""Organizations, their registrations, accounts, years and document series in the partner API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from erp import bulk
from erp.api.bulk import as_new
from erp.api.router import register
from erp.api.serializers import MasterDataSerializer
from erp.api.shared import BankAccounts, TaxRegistrations
from erp.api.viewsets import MasterDataViewSet
from erp.identifiers import TaxScheme
from organizations.models import (
    DocumentSeries,
    FinancialYear,
    Organization,
    OrganizationBankAccount,
    OrganizationSettings,
    OrganizationTaxRegistration,
)


@register("settings/organizations")
class Organizations(MasterDataViewSet):
    """With each come its settings."""

    model = Organization
    fields = (
        "code", "name", "legal_name", "org_type", "country", "base_currency", "timezone", "parent", "pan", "cin", "tan",
        "iec", "lei", "website", "contact_name", "contact_email", "contact_phone", "registered_address",
        "fiscal_year_start_month", "crop_year_start_month",
    )  # fmt: skip
    filters = ("code", "org_type", "country", "parent", "is_active")
    ordering = ("name", "code")
    search = ("name", "legal_name")
    key = ("code",)

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """The GSTINs of stored organizations, in one statement."""
        active = OrganizationTaxRegistration.objects.filter(scheme=TaxScheme.GSTIN, is_active=True)
        stored = active.filter(organization__in=[row.pk for row in rows if not row._state.adding])
        self.gstins: dict[Any, list[str]] = {}
        for owner, number in stored.values_list("organization_id", "number"):
            self.gstins.setdefault(owner, []).append(number)

    def check_bulk(self, serializer: Any, row: Any) -> None:
        """Raises: ValidationError."""
        with as_new(row):
            super().check_bulk(serializer, row)
        row.check_gstins(self.gstins.get(row.pk, ()))

    def after_bulk(self, rows: Sequence[Any]) -> None:
        """The settings of new organizations."""
        made = [OrganizationSettings(organization=row) for row in rows if row._state.adding]
        bulk.insert(made, model=OrganizationSettings)


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
    instead_of_bulk = "An organization has one record of settings, made with it: read that one and PATCH it."


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


class SeriesSerializer(MasterDataSerializer):
    """Remembers the number that a stored series stands at."""

    def put(self, attrs: Any, row: Any) -> Any:
        """The series with these values; `row.standing_at` is None for a new one."""
        row.standing_at = None if row._state.adding else row.next_number
        return super().put(attrs, row)


@register("settings/organizations/{organization_id}/document-series")
class DocumentSeriesView(MasterDataViewSet):
    """A bulk request moves no counter: a number may have been issued a moment ago."""

    model = DocumentSeries
    serializer_base = SeriesSerializer
    fields = (
        "organization", "financial_year", "tax_registration", "document_type", "prefix", "suffix", "padding", "next_number",
    )  # fmt: skip
    filters = ("financial_year", "tax_registration", "document_type", "is_active")
    ordering = ("document_type", "prefix")
    key = ("document_type", "financial_year", "tax_registration")

    def check_bulk(self, serializer: Any, row: Any) -> None:
        """Raises: ValidationError."""
        if row.standing_at not in {None, row.next_number}:
            raise ValidationError(
                {
                    "next_number": f"The series stands at {row.standing_at}: leave next_number out, "
                    "or PATCH this one series at its own address."
                }
            )
        with as_new(row):
            super().check_bulk(serializer, row)
