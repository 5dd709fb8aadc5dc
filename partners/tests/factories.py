"""Valid partners and parts. Numbers have right check digits and belong to nobody."""

import factory
from django.core.files.base import ContentFile

from erp.identifiers import gstin_of
from erp.testing.factories import ModelFactory
from partners.models import PartnerDocument

FOURTH_LETTER = {"private_limited": "C", "llp": "F", "proprietorship": "P", "cooperative": "A"}


def pan(number: int, *, letter: str = "C") -> str:
    """A PAN of its own for each number below 259,974."""
    series, serial = divmod(number, 9999)
    return f"AA{chr(65 + series)}{letter}K{serial + 1:04}F"


class BusinessPartnerFactory(ModelFactory):
    """A pending private limited company in India."""

    class Meta:
        model = "partners.BusinessPartner"

    organization = factory.SubFactory("organizations.tests.factories.OrganizationFactory")
    legal_name = factory.Sequence(lambda number: f"Test Cotton {number} Pvt Ltd")
    entity_type = "private_limited"
    country = factory.SubFactory("locations.tests.factories.CountryFactory")
    primary_currency = factory.SubFactory("locations.tests.factories.CurrencyFactory")
    serial = factory.Sequence(lambda number: number)
    pan = factory.LazyAttribute(lambda made: pan(made.serial, letter=FOURTH_LETTER.get(made.entity_type, "C")))

    class Params:
        serial = factory.Sequence(lambda number: number)
        foreign = factory.Trait(
            country=factory.SubFactory("locations.tests.factories.CountryFactory", alpha2="US"),
            pan="",
        )


class PartFactory(ModelFactory):
    """A part of a new partner, or of the one that is given."""

    class Meta:
        abstract = True

    partner = factory.SubFactory(BusinessPartnerFactory)


class PartnerRoleFactory(PartFactory):
    """A buyer."""

    class Meta:
        model = "partners.PartnerRole"

    role = "buyer"


class PartnerContactFactory(PartFactory):
    """Somebody with an email address."""

    class Meta:
        model = "partners.PartnerContact"

    name = factory.Sequence(lambda number: f"Ramesh Patel {number}")
    email = factory.Sequence(lambda number: f"contact{number}@example.com")


class PartnerTaxRegistrationFactory(PartFactory):
    """The GSTIN of the partner in Gujarat."""

    class Meta:
        model = "partners.PartnerTaxRegistration"

    country = factory.SubFactory("locations.tests.factories.CountryFactory")
    subdivision = factory.SubFactory("locations.tests.factories.SubdivisionFactory")
    number = factory.LazyAttribute(lambda made: gstin_of(made.partner.pan, state="24"))
    legal_name = factory.LazyAttribute(lambda made: made.partner.legal_name)


class PartnerBankAccountFactory(PartFactory):
    """An account in India that waits for its verification."""

    class Meta:
        model = "partners.PartnerBankAccount"

    holder = factory.LazyAttribute(lambda made: made.partner.legal_name)
    bank_name = "State Bank of India"
    country = factory.SubFactory("locations.tests.factories.CountryFactory")
    currency = factory.SubFactory("locations.tests.factories.CurrencyFactory")
    account_number = factory.Sequence(lambda number: f"{30000000000 + number}")
    ifsc = "SBIN0001234"


class PartnerLocationFactory(PartFactory):
    """A ginning factory in Gujarat."""

    class Meta:
        model = "partners.PartnerLocation"

    kind = "factory"
    name = factory.Sequence(lambda number: f"Ginning factory {number}")
    address_line1 = "Survey No. 112, Chhatral Road"
    city = "Kadi"
    postal_code = "382715"
    country = factory.SubFactory("locations.tests.factories.CountryFactory")
    subdivision = factory.SubFactory("locations.tests.factories.SubdivisionFactory")


class PartnerCommodityFactory(PartFactory):
    """Something that the partner sells."""

    class Meta:
        model = "partners.PartnerCommodity"

    commodity = factory.SubFactory("commodities.tests.factories.CommodityFactory")
    side = "sell"


class PartnerDocumentFactory(PartFactory):
    """An unverified PDF; each has a content of its own."""

    class Meta:
        model = PartnerDocument

    document_type = "pan_card"
    country = factory.SubFactory("locations.tests.factories.CountryFactory")
    file = factory.Sequence(lambda number: ContentFile(f"%PDF-1.7 paper {number}".encode(), name="PAN card.pdf"))
