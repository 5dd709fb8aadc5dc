"""What a partner may be: codes, identifiers, family, roles, places."""

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from erp.identifiers import gstin_of
from partners.models import BusinessPartner, PartnerLocation, PartnerRole, PartnerTaxRegistration
from partners.tests.factories import (
    BusinessPartnerFactory,
    PartnerBankAccountFactory,
    PartnerContactFactory,
    PartnerLocationFactory,
    PartnerRoleFactory,
    PartnerTaxRegistrationFactory,
    pan,
)

DAY = datetime.date(2026, 6, 1)


def refused(row):
    """Sentences by field with which validation refuses the row."""
    with pytest.raises(ValidationError) as error:
        row.full_clean()
    return error.value.message_dict


def user_of(organization):
    return import_string("accounts.tests.factories.UserFactory")(organization=organization)


def maharashtra():
    return import_string("locations.tests.factories.SubdivisionFactory")(iso_code="IN-MH")


@pytest.mark.django_db
class TestCode:
    def test_numbers_run_per_organization_and_country(self, organization, other_organization):
        codes = [BusinessPartnerFactory(organization=organization).partner_code for _ in range(3)]
        assert codes == ["BP-IN-000001", "BP-IN-000002", "BP-IN-000003"]
        assert BusinessPartnerFactory(organization=other_organization).partner_code == "BP-IN-000001"
        assert BusinessPartnerFactory(organization=organization, foreign=True).partner_code == "BP-US-000001"

    def test_a_typed_code_stays_and_numbering_goes_on_after_the_highest(self, organization):
        assert BusinessPartnerFactory(organization=organization, partner_code=" ganesh ").partner_code == "GANESH"
        BusinessPartnerFactory(organization=organization, partner_code="BP-IN-000041")
        assert BusinessPartnerFactory(organization=organization).partner_code == "BP-IN-000042"

    def test_the_code_of_a_deleted_partner_is_not_given_again(self, organization, other_organization):
        first, last = [BusinessPartnerFactory(organization=organization) for _ in range(2)]
        BusinessPartnerFactory(organization=other_organization, partner_code="BP-IN-000077").delete()
        last.delete()
        assert BusinessPartnerFactory(organization=organization).partner_code == "BP-IN-000003"
        BusinessPartner.objects.filter(organization=organization).delete()
        assert BusinessPartnerFactory(organization=organization).partner_code == "BP-IN-000004"
        assert (first.partner_code, last.partner_code) == ("BP-IN-000001", "BP-IN-000002")

    def test_it_never_changes(self):
        partner = BusinessPartnerFactory()
        partner.partner_code = "OTHER"
        assert refused(partner) == {
            "partner_code": ["The code stays BP-IN-000001: documents name the partner by it."],
        }

    def test_the_organization_never_changes(self, other_organization):
        partner = BusinessPartnerFactory(legal_name="Ganesh")
        partner.organization = other_organization
        assert refused(partner) == {
            "organization": ["Ganesh stays with its organization: enter a new partner for the other one."],
        }


@pytest.mark.django_db(transaction=True)
def test_twenty_clerks_get_twenty_codes_without_gap_or_double(organization):
    first = BusinessPartnerFactory(organization=organization)

    def add(number):
        try:
            return BusinessPartner.objects.create(
                organization=organization,
                legal_name=f"Cotton {number} Pvt Ltd",
                entity_type="private_limited",
                country=first.country,
                primary_currency=first.primary_currency,
                pan=pan(5000 + number),
            ).partner_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as clerks:
        codes = list(clerks.map(add, range(20)))
    assert sorted(codes) == [f"BP-IN-{number:06}" for number in range(2, 22)]


@pytest.mark.django_db
class TestIdentifiers:
    def test_india_needs_a_pan(self):
        partner = BusinessPartnerFactory.build(
            organization=BusinessPartnerFactory().organization,
            country=import_string("locations.tests.factories.CountryFactory")(),
            primary_currency=import_string("locations.tests.factories.CurrencyFactory")(),
            pan="",
        )
        assert refused(partner)["pan"] == ["A partner in India needs its PAN: enter it as on the PAN card."]

    def test_elsewhere_none_is_needed(self):
        assert BusinessPartnerFactory(foreign=True).pan == ""

    def test_its_fourth_letter_fits_the_legal_form(self):
        partner = BusinessPartnerFactory(pan="AABCK1234F")
        partner.entity_type = "proprietorship"
        assert refused(partner)["pan"] == [
            'PAN "AABCK1234F" is that of a company, not of a proprietorship: correct the PAN or the legal form.'
        ]

    def test_a_pan_stands_once_per_organization_unless_under_its_parent(self, other_organization):
        parent = BusinessPartnerFactory()
        with pytest.raises(ValidationError, match="Another partner of the organization has this PAN"):
            BusinessPartnerFactory(organization=parent.organization, pan=parent.pan)
        assert BusinessPartner.objects.count() == 1
        BusinessPartnerFactory(organization=parent.organization, pan=parent.pan, parent_partner=parent)
        BusinessPartnerFactory(organization=other_organization, pan=parent.pan)

    def test_a_gstin_carries_the_pan_of_its_partner(self):
        partner = BusinessPartnerFactory(pan="AABCK1234F")
        foreign = gstin_of("AAACK0009F", state="24")
        with pytest.raises(ValidationError, match=f"GSTIN {foreign} carries PAN AAACK0009F, the owner has AABCK1234F"):
            PartnerTaxRegistrationFactory(partner=partner, number=foreign)
        assert not PartnerTaxRegistration.objects.exists()
        number = PartnerTaxRegistrationFactory(partner=partner).number
        partner.pan = "AAACK0009F"
        assert refused(partner) == {
            "pan": [f"GSTIN {number} of this partner holds another PAN: correct that registration first."]
        }


@pytest.mark.django_db
class TestFamilyAndOfficer:
    def test_parents_do_not_go_round(self):
        mill = BusinessPartnerFactory(legal_name="Mill")
        group = BusinessPartnerFactory(legal_name="Group", organization=mill.organization, parent_partner=mill)
        mill.parent_partner = group
        assert refused(mill) == {"parent_partner": ["Group belongs to Mill already: choose another parent."]}

    def test_the_parent_is_of_the_same_organization(self):
        partner, foreign = BusinessPartnerFactory(), BusinessPartnerFactory(legal_name="Foreign")
        partner.parent_partner = foreign
        assert refused(partner) == {
            "parent_partner": ["Foreign is a partner of another organization: choose one of the same."]
        }

    def test_the_officer_works_for_the_organization(self, other_organization):
        partner = BusinessPartnerFactory()
        partner.assigned_officer = user_of(partner.organization)
        partner.full_clean()
        partner.assigned_officer = stranger = user_of(other_organization)
        assert refused(partner) == {
            "assigned_officer": [f"{stranger} does not work for the partner's organization: choose one of its staff."]
        }


@pytest.mark.django_db
class TestTrade:
    @pytest.mark.parametrize(
        ("values", "tradable"),
        [
            ({}, True),
            ({"kyc_status": "renewal_due"}, True),
            ({"kyc_expires_on": DAY}, True),
            ({"kyc_expires_on": DAY - datetime.timedelta(days=1)}, False),
            ({"kyc_status": "expired"}, False),
            ({"kyc_status": "not_started"}, False),
            ({"status": "pending"}, False),
            ({"status": "suspended"}, False),
            ({"status": "blocked"}, False),
            ({"is_active": False}, False),
        ],
    )
    def test_active_partners_with_valid_kyc_are_tradable(self, values, tradable):
        partner = BusinessPartnerFactory(
            **{
                "status": "active",
                "kyc_status": "verified",
                "kyc_verified_at": timezone.now(),
                "kyc_expires_on": datetime.date(2027, 3, 31),
                **values,
            }
        )
        assert list(BusinessPartner.objects.tradable_on(DAY)) == ([partner] if tradable else [])

    def test_a_sub_broker_works_for_a_broker(self):
        partner = BusinessPartnerFactory()
        broker = BusinessPartnerFactory(organization=partner.organization, legal_name="Mehta")
        with pytest.raises(ValidationError, match="Mehta is no broker: give it the role of broker first"):
            PartnerRoleFactory(partner=partner, role="sub_broker", parent_broker=broker)
        assert not PartnerRole.objects.exists()
        PartnerRoleFactory(partner=broker, role="broker")
        PartnerRoleFactory(partner=partner, role="sub_broker", parent_broker=broker)

    def test_the_broker_of_another_organization_is_refused(self):
        partner, foreign = BusinessPartnerFactory(), BusinessPartnerFactory(legal_name="Foreign")
        PartnerRoleFactory(partner=foreign, role="broker")
        with pytest.raises(ValidationError, match="Foreign belongs to another organization"):
            PartnerRoleFactory(partner=partner, role="sub_broker", parent_broker=foreign)


@pytest.mark.django_db
class TestPlaces:
    def test_goods_are_delivered_to_those_who_buy(self):
        partner = BusinessPartnerFactory(legal_name="Ganesh Ginning")
        with pytest.raises(ValidationError, match="Ganesh Ginning neither buys nor trades"):
            PartnerLocationFactory(partner=partner, kind="ship_to", can_ship_to=True)
        assert not PartnerLocation.objects.exists()
        PartnerRoleFactory(partner=partner, role="buyer")
        PartnerLocationFactory(partner=partner, kind="ship_to", can_ship_to=True)

    def test_a_branch_in_another_state_is_registered_there(self):
        partner = BusinessPartnerFactory()
        PartnerLocationFactory(partner=partner, kind="principal")
        PartnerLocationFactory(partner=partner, kind="branch")
        with pytest.raises(ValidationError, match="The branch lies in Maharashtra, the principal place in Gujarat"):
            PartnerLocationFactory(partner=partner, kind="branch", subdivision=maharashtra())
        assert PartnerLocation.objects.count() == 2
        number = gstin_of(partner.pan, state="27")
        registration = PartnerTaxRegistrationFactory(partner=partner, subdivision=maharashtra(), number=number)
        PartnerLocationFactory(partner=partner, kind="branch", subdivision=maharashtra(), tax_registration=registration)

    def test_contact_and_registration_are_of_the_same_partner(self):
        place, contact = PartnerLocationFactory(), PartnerContactFactory(name="Ramesh")
        place.contact = contact
        assert refused(place) == {"contact": ["Ramesh belongs to another partner: choose one of this partner's."]}

    def test_the_state_lies_in_the_country(self):
        place = PartnerLocationFactory()
        place.country = import_string("locations.tests.factories.CountryFactory")(alpha2="US")
        assert refused(place) == {
            "subdivision": ["Gujarat is not in the country of the address: choose a state of that country."]
        }

    def test_a_place_of_another_organization_is_refused(self, other_organization):
        place = PartnerLocationFactory()
        place.location = import_string("locations.tests.factories.LocationFactory")(organization=other_organization)
        assert refused(place) == {
            "location": [f"{place.location} belongs to another organization: choose one of the partner's organization."]
        }


@pytest.mark.django_db
class TestAccounts:
    def test_the_number_is_cipher_in_the_database(self):
        account = PartnerBankAccountFactory(account_number="30001234567")
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(a)::text FROM partners_partnerbankaccount a")
            stored = cursor.fetchone()[0]
            cursor.execute("SELECT string_agg(payload::text, '') FROM event")
            events = cursor.fetchone()[0]
        assert "30001234567" not in stored + events
        account.refresh_from_db()
        assert (account.account_number, account.masked_number) == ("30001234567", "XXXXXX4567")

    def test_the_same_account_at_other_partners_of_the_organization_is_listed(self):
        account = PartnerBankAccountFactory()
        same = {"account_number": account.account_number}
        neighbour = BusinessPartnerFactory(organization=account.organization)
        twin = PartnerBankAccountFactory(partner=neighbour, **same)
        PartnerBankAccountFactory(**same)
        PartnerBankAccountFactory(partner=neighbour)
        assert list(account.duplicates) == [twin]
        assert list(twin.duplicates) == [account]
