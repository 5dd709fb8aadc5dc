from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from locations.models import Country, Currency, Location, Subdivision
from locations.tests.factories import CountryFactory, CurrencyFactory, LocationFactory, SubdivisionFactory
from organizations.tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db

# What is wrong, the rule that refuses it, the words that say so.
LOCATION_RULES = [
    ({"code": "Yard"}, "location_code_upper", None),
    ({"latitude": Decimal("90.000001"), "longitude": Decimal(0)}, "location_latitude_range", "between -90 and 90"),
    ({"latitude": Decimal(0), "longitude": Decimal("-180.000001")}, "location_longitude_range", "between -180 and 180"),
    ({"latitude": Decimal("18.95")}, "location_coordinates_complete", "both latitude and longitude, or neither"),
    ({"geocode_confidence": Decimal("1.001")}, "location_geocode_confidence_range", "between 0 and 1"),
    ({"un_locode": "INNS1"}, "location_un_locode_form", "two letters of the country and three signs"),
    ({"un_locode": "USNYC"}, "location_un_locode_of_country", "belongs to another country"),
    ({"iata": "B0M"}, "location_iata_form", "three capital letters"),
    ({"google_place_id": ""}, "location_google_place_id_not_empty", "unset instead of empty"),
    ({"kind": "port"}, "location_kind_known", None),
    ({"status": "old"}, "location_status_known", None),
    ({"geocode_source": "map"}, "location_geocode_source_known", None),
]


@pytest.mark.parametrize(("wrong", "rule", "sentence"), LOCATION_RULES, ids=[rule for _, rule, _ in LOCATION_RULES])
def test_location_is_refused_by_form_and_database(wrong, rule, sentence):
    place = LocationFactory()
    for name, value in wrong.items():
        setattr(place, name, value)
    if sentence:
        with pytest.raises(ValidationError, match=sentence):
            place.full_clean()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Location.objects.filter(pk=place.pk).update(**wrong)
    place.refresh_from_db()
    assert place.version == 1


def test_edges_of_the_world_are_accepted():
    LocationFactory(latitude=Decimal(-90), longitude=Decimal(180))
    LocationFactory(latitude=Decimal(90), longitude=Decimal(-180))
    assert Location.objects.count() == 2


def test_codes_are_written_in_capitals_and_empty_ones_are_unset():
    place = LocationFactory(code=" innsa ", un_locode="innsa", iata="", kind="seaport")
    assert (place.code, place.un_locode, place.iata) == ("INNSA", "INNSA", None)


def test_location_cannot_lie_in_itself():
    yard, town = LocationFactory(), LocationFactory()
    yard.parent = town
    yard.save()
    town.parent = yard
    with pytest.raises(ValidationError, match=r"lies in .* itself"):
        town.full_clean()
    with pytest.raises(IntegrityError, match="location_not_own_parent"), transaction.atomic():
        Location.objects.filter(pk=town.pk).update(parent=town)


def test_parent_of_another_organization_is_refused():
    foreign = LocationFactory(organization=OrganizationFactory())
    with pytest.raises(ValidationError, match="belongs to another organization"):
        LocationFactory(organization=OrganizationFactory(), parent=foreign)
    assert Location.objects.count() == 1


def test_shared_location_may_be_the_parent_of_an_own_one():
    town = LocationFactory()
    assert LocationFactory(organization=OrganizationFactory(), parent=town).parent == town


def test_state_of_another_country_is_refused():
    with pytest.raises(ValidationError, match="Texas is not in India"):
        LocationFactory(subdivision=SubdivisionFactory(iso_code="US-TX"))


def test_postal_code_must_have_the_form_of_its_country():
    with pytest.raises(ValidationError, match="36031 is not a postal code of India"):
        LocationFactory(postal_code="36031")
    assert LocationFactory(country=CountryFactory(alpha2="KW"), subdivision=None, postal_code="anything")


def test_unknown_time_zone_is_refused():
    with pytest.raises(ValidationError, match="Asia/Bombay is not a time zone"):
        LocationFactory(timezone="Asia/Bombay")


@pytest.mark.parametrize(
    ("values", "rule", "sentence"),
    [
        ({"code": "INNSA"}, "location_code_unique", "Another location has this code"),
        ({"un_locode": "INNSA", "kind": "seaport"}, "location_un_locode_unique", "this kind has this UN/LOCODE"),
        ({"google_place_id": "ChIJ"}, "location_google_place_id_unique", "is a location already"),
    ],
    ids=["code", "un_locode", "google_place_id"],
)
def test_one_code_per_organization_and_among_shared_rows(values, rule, sentence):
    for organization in (None, OrganizationFactory()):
        LocationFactory(organization=organization, **values)
        with pytest.raises(ValidationError, match=sentence):
            LocationFactory(organization=organization, **values)
        other = LocationFactory(organization=organization)
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Location.objects.filter(pk=other.pk).update(**values)


def test_one_un_locode_may_be_a_port_and_an_airport():
    LocationFactory(un_locode="INBOM", kind="seaport")
    LocationFactory(un_locode="INBOM", kind="airport")
    assert Location.objects.filter(un_locode="INBOM").count() == 2


def test_own_locations_are_visible_to_their_organization_only(internal_user, stranger, organization):
    shared, own = LocationFactory(), LocationFactory(organization=organization)
    assert set(Location.objects.visible_to(internal_user())) == {shared, own}
    assert set(Location.objects.editable_by(internal_user())) == {own}
    assert set(Location.objects.visible_to(stranger)) == {shared}


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"iso_code": "IN_GJ"}, "subdivision_iso_code_form"),
        ({"iso_code": "US-GJ"}, "subdivision_iso_code_of_country"),
        ({"gst_state_code": "39"}, "subdivision_gst_state_code_range"),
        ({"gst_state_code": "00"}, "subdivision_gst_state_code_range"),
        ({"region": "middle"}, "subdivision_region_known"),
    ],
)
def test_subdivision_is_refused_by_form_and_database(wrong, rule):
    state = SubdivisionFactory()
    for name, value in wrong.items():
        setattr(state, name, value)
    with pytest.raises(ValidationError):
        state.full_clean()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Subdivision.objects.filter(pk=state.pk).update(**wrong)


def test_gst_state_code_is_indian_and_names_one_state():
    SubdivisionFactory(iso_code="IN-GJ")
    with pytest.raises(ValidationError, match="Another state has this GST state code"):
        SubdivisionFactory(iso_code="IN-MH", gst_state_code="24")
    with pytest.raises(ValidationError, match="Only Indian states have a GST state code"):
        SubdivisionFactory(iso_code="US-TX", gst_state_code="27")


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"alpha3": "in1"}, "country_alpha3_form"),
        ({"numeric3": "35"}, "country_numeric3_form"),
        ({"calling_code": "091"}, "country_calling_code_form"),
        ({"region": "moon"}, "country_region_known"),
    ],
)
def test_country_is_refused_by_form_and_database(wrong, rule):
    country = CountryFactory()
    for name, value in wrong.items():
        setattr(country, name, value)
    with pytest.raises(ValidationError):
        country.full_clean()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Country.objects.filter(pk="IN").update(**wrong)


def test_country_code_is_two_capitals():
    with pytest.raises(ValidationError, match="two capital letters"):
        Country(alpha2="in", alpha3="IND", numeric3="356", name="India").full_clean()


def test_postal_pattern_must_compile():
    country = CountryFactory()
    country.postal_regex = "["
    with pytest.raises(ValidationError, match="not a regular expression"):
        country.full_clean()


def test_country_name_is_unique_in_any_case():
    CountryFactory()
    with pytest.raises(ValidationError, match="Another country has this name"):
        CountryFactory(alpha2="US", name="INDIA")


def test_currency_has_at_most_four_places():
    currency = CurrencyFactory()
    currency.minor_units = 5
    with pytest.raises(ValidationError, match="at most 4 decimal places"):
        currency.full_clean()
    with pytest.raises(IntegrityError, match="currency_minor_units_range"), transaction.atomic():
        Currency.objects.filter(pk="INR").update(minor_units=5)


def test_minor_units_of_yen_rupee_and_dinar():
    assert [CurrencyFactory(alpha3=code).minor_units for code in ("JPY", "INR", "KWD")] == [0, 2, 3]
