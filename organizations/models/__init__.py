"""Trading organizations (the tenants), their registrations, accounts, financial years and document series."""

from organizations.models.numbering import GST_DOCUMENTS, GST_NUMBER_LENGTH, DocumentSeries, FinancialYear
from organizations.models.organization import Organization, OrganizationSettings
from organizations.models.registrations import OrganizationBankAccount, OrganizationTaxRegistration

__all__ = [
    "GST_DOCUMENTS",
    "GST_NUMBER_LENGTH",
    "DocumentSeries",
    "FinancialYear",
    "Organization",
    "OrganizationBankAccount",
    "OrganizationSettings",
    "OrganizationTaxRegistration",
]
