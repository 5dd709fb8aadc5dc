"""Organizations and their children, valid by default."""

import datetime

import factory

from erp.identifiers import gstin_of
from erp.testing.factories import ModelFactory


class OrganizationFactory(ModelFactory):
    """An Indian company with a PAN of its own."""

    class Meta:
        model = "organizations.Organization"

    code = factory.Sequence(lambda n: f"ORG{n}")
    name = factory.Sequence(lambda n: f"Narmada Cotton {n}")
    legal_name = factory.LazyAttribute(lambda o: f"{o.name} Private Limited")
    country = factory.SubFactory("locations.tests.factories.CountryFactory")
    base_currency = factory.SubFactory("locations.tests.factories.CurrencyFactory")
    pan = factory.Sequence(lambda n: f"AA{chr(65 + n // 9999 % 26)}CN{n % 9999 + 1:04d}K")


class OrganizationTaxRegistrationFactory(ModelFactory):
    """A GSTIN of Maharashtra."""

    class Meta:
        model = "organizations.OrganizationTaxRegistration"

    organization = factory.SubFactory(OrganizationFactory)
    country = factory.SelfAttribute("organization.country")
    number = factory.LazyAttribute(lambda o: gstin_of(o.organization.pan, state=o.subdivision.gst_state_code))
    legal_name = factory.SelfAttribute("organization.legal_name")
    subdivision = factory.SubFactory("locations.tests.factories.SubdivisionFactory", iso_code="IN-MH")


class OrganizationBankAccountFactory(ModelFactory):
    """An account in India."""

    class Meta:
        model = "organizations.OrganizationBankAccount"

    organization = factory.SubFactory(OrganizationFactory)
    holder = factory.SelfAttribute("organization.legal_name")
    bank_name = "State Bank of India"
    country = factory.SelfAttribute("organization.country")
    currency = factory.SelfAttribute("organization.base_currency")
    account_number = factory.Sequence(lambda n: f"30{n:09d}")
    ifsc = "SBIN0001234"


class FinancialYearFactory(ModelFactory):
    """Indian books of 2025-26."""

    class Meta:
        model = "organizations.FinancialYear"

    organization = factory.SubFactory(OrganizationFactory)
    code = "2025-26"
    start_date = datetime.date(2025, 4, 1)
    end_date = datetime.date(2026, 3, 31)


class DocumentSeriesFactory(ModelFactory):
    """Tax invoices NCT/25-26/0001, 0002, …"""

    class Meta:
        model = "organizations.DocumentSeries"

    organization = factory.SubFactory(OrganizationFactory)
    financial_year = factory.SubFactory(FinancialYearFactory, organization=factory.SelfAttribute("..organization"))
    document_type = "tax_invoice"
    prefix = "NCT/25-26/"
