import pytest
from django.urls import reverse

from erp.events.models import Event
from locations.models import Country, Location
from locations.tests.factories import CountryFactory, LocationFactory

pytestmark = pytest.mark.django_db

ADD_LOCATION = "admin:locations_location_add"
NO_SUBDIVISIONS = {"subdivisions-TOTAL_FORMS": 0, "subdivisions-INITIAL_FORMS": 0}


def yard(**values):
    return {
        "name": "Gondal APMC",
        "code": "gondal",
        "kind": "market_yard",
        "country": "IN",
        "timezone": "Asia/Kolkata",
        "status": "verified",
        "is_active": "on",
        **values,
    }


def test_code_of_a_country_is_chosen_once(admin_client_for):
    country = CountryFactory()
    admin_client_for("super_admin").post(
        reverse("admin:locations_country_change", args=["IN"]),
        {
            **NO_SUBDIVISIONS,
            "name": "Bharat",
            "alpha2": "XX",
            "alpha3": "IND",
            "numeric3": "356",
            "currency": "INR",
            "is_active": "on",
            "reason": "Renamed by law",
            "expected_version": country.version,
        },
    )
    assert list(Country.objects.values_list("pk", "name")) == [("IN", "Bharat")]
    assert Event.objects.filter(object_type="locations.country").last().reason == "Renamed by law"


def test_location_of_an_internal_user_belongs_to_its_organization(internal_user, organization, client_for):
    CountryFactory()
    client_for(internal_user("org_admin")).post(reverse(ADD_LOCATION), yard())
    place = Location.objects.get()
    assert (place.code, place.organization) == ("GONDAL", organization)


def test_form_says_what_is_wrong_and_writes_nothing(super_admin, client_for):
    CountryFactory()
    response = client_for(super_admin).post(reverse(ADD_LOCATION), yard(latitude="91", longitude="70"))
    assert "Latitude lies between -90 and 90 degrees." in response.content.decode()
    assert not Location.objects.exists()


@pytest.mark.parametrize("words", ["nhava", "NHAVA", "jnpt", "innsa"])
def test_search_finds_name_alias_and_code_in_any_case(super_admin, client_for, words):
    LocationFactory(name="Nhava Sheva", code="INNSA", un_locode="INNSA", aliases="JNPT, JNPA", kind="seaport")
    LocationFactory(name="Mundra", code="INMUN", un_locode="INMUN", kind="seaport")
    page = client_for(super_admin).get(reverse("admin:locations_location_changelist"), {"q": words}).content.decode()
    assert "Nhava Sheva" in page
    assert "Mundra" not in page
