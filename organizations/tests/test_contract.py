from decimal import Decimal
from types import SimpleNamespace

from erp.testing.contract import MasterDataContract
from organizations.models import OrganizationSettings
from organizations.tests.factories import (
    DocumentSeriesFactory,
    FinancialYearFactory,
    OrganizationBankAccountFactory,
    OrganizationFactory,
    OrganizationTaxRegistrationFactory,
)


class TestOrganization(MasterDataContract):
    factory = OrganizationFactory
    change = {"legal_name": "Narmada Cotton Limited"}


class SettingsOf:
    """An organization is born with its settings, so there is nothing for a factory to make."""

    _meta = SimpleNamespace(model=OrganizationSettings)

    def __call__(self) -> OrganizationSettings:
        return OrganizationFactory().settings


class TestOrganizationSettings(MasterDataContract):
    factory = SettingsOf()
    change = {"tds_rate": Decimal("0.100")}


class TestOrganizationTaxRegistration(MasterDataContract):
    factory = OrganizationTaxRegistrationFactory
    change = {"branch_code": "RJK"}


class TestOrganizationBankAccount(MasterDataContract):
    factory = OrganizationBankAccountFactory
    change = {"branch": "Rajkot"}


class TestFinancialYear(MasterDataContract):
    factory = FinancialYearFactory
    change = {"status": "closed"}


class TestDocumentSeries(MasterDataContract):
    factory = DocumentSeriesFactory
    change = {"padding": 5}
