"""The map: exactly the rows of the list, counted without loss, drawn without a script."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from erp.admin.map_box import Box, BoxError
from erp.admin.map_place import Place
from erp.admin.tests.pages import submit, url
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory

pytestmark = pytest.mark.django_db
MAP = "/admin/map/"
WORLD = {"bbox": "-180,-90,180,90"}


def place(name, latitude, longitude, **values):
    return LocationFactory(name=name, latitude=Decimal(str(latitude)), longitude=Decimal(str(longitude)), **values)


def marks(page):
    """How many rows each mark stands for."""
    return [mark.number for mark in page.context["marks"]]


def listed(page):
    return [row.name for row in page.context["rows"]]


@pytest.fixture
def towns():
    return [place("Rajkot", 22.3, 70.8), place("Gondal", 21.96, 70.79), place("Memphis", 35.15, -90.05)]


def test_map_shows_the_rows_in_scope_and_nobody_elses(desk, organization, other_organization, towns):
    place("Own gin", 20.1, 75.2, organization=organization)
    place("Secret gin", 20.2, 76.2, organization=other_organization)
    LocationFactory(name="Somewhere", organization=other_organization)
    page = desk.get(MAP, WORLD)
    assert page.status_code == 200
    assert sorted(listed(page)) == sorted(str(row) for row in Location.objects.exclude(organization=other_organization))
    assert sum(marks(page)) == page.context["cl"].result_count == 4
    assert "Secret gin" not in page.content.decode()
    assert (page.context["cl"].extent["placed"], page.context["cl"].unplaced) == (4, 0)


def test_map_is_for_those_who_may_see_the_list(client_for, internal_user):
    page = client_for(internal_user()).get(MAP)
    assert page.status_code == 403


def test_sidebar_and_list_lead_to_the_map_with_the_same_filters(desk, towns):
    page = desk.get(url(Location, "changelist", kind__exact="market_yard", q="rajkot"))
    assert f'href="{MAP}?kind__exact=market_yard&amp;q=rajkot"' in page.content.decode()
    assert f'<a href="{MAP}">Map</a>' in page.content.decode()
    found = desk.get(MAP, {"kind__exact": "market_yard", "q": "rajkot"})
    assert listed(found) == [str(towns[0])]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"country__alpha2__exact": "US"}, ["Dallas"]),
        ({"kind__exact": "seaport"}, ["Mundra"]),
        ({"is_active__exact": "0"}, ["Old yard"]),
        ({"q": "mund"}, ["Mundra"]),
        ({"q": "mund", "kind__exact": "city"}, []),
    ],
)
def test_filters_are_those_of_the_list(desk, asked, names):
    place("Mundra", 22.7, 69.7, kind="seaport")
    place("Dallas", 32.8, -96.8, kind="city", country=CountryFactory(alpha2="US"), subdivision=None, postal_code="")
    place("Old yard", 21, 71, is_active=False)
    page = desk.get(MAP, asked)
    if "country__alpha2__exact" in asked:
        listing = desk.get(url(Location, "changelist", **asked))
        assert [row.name for row in listing.context["cl"].result_list] == names
    assert [name.rpartition(" (")[0] for name in listed(page)] == names


def test_rows_without_coordinates_are_counted_and_one_click_away(desk, towns):
    for name in ("Kadi", "Amreli"):
        LocationFactory(name=name)
    page = desk.get(MAP, {"kind__exact": "market_yard"})
    address = page.context["unplaced_url"]
    assert page.context["cl"].unplaced == 2
    assert "2 without coordinates" in page.content.decode()
    assert [row.name for row in desk.get(address).context["cl"].result_list] == ["Amreli", "Kadi"]


def test_clusters_count_every_row_once_at_every_depth(desk):
    for number in range(80):
        # Some on the very lines between cells.
        place(f"Yard {number}", -45 + number % 9 * 11.25, -180 + number * 4.5)
    box, seen = WORLD["bbox"], 80
    while True:
        page = desk.get(MAP, {"bbox": box})
        assert page.context["cl"].result_count == seen == sum(marks(page))
        cluster = next((mark for mark in page.context["marks"] if mark.number > 1), None)
        if cluster is None:
            break
        box, seen = re.search(r"bbox=([^&]+)", cluster.url)[1].replace("%2C", ","), cluster.number
    assert (
        sum(
            desk.get(MAP, {"bbox": Box.parse(WORLD["bbox"]).part(column, row, 8).text}).context["cl"].result_count
            for column in range(8)
            for row in range(8)
        )
        == 80
    )


def test_marks_and_rows_name_the_same_cell(desk, towns):
    page = desk.get(MAP)
    keys = {mark.key for mark in page.context["marks"]}
    assert {row.key for row in page.context["rows"]} == keys
    assert page.content.decode().count("data-mark=") == len(keys) + 3


def test_places_on_one_spot_lead_to_the_list_when_it_gets_no_closer(desk):
    for number in range(3):
        place(f"Gala {number}", 19.3, 73.06)
    page = desk.get(MAP, {"bbox": Box.around(73.06, 19.3, 0.1).text})
    (mark,) = page.context["marks"]
    assert (mark.number, mark.url) == (3, "#places")
    assert [name for name, address in page.context["zoom"] if address] == ["Zoom out", "Whole world", "Fit"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("nonsense", "A part of the map is four numbers"),
        ("1,2,3", "A part of the map is four numbers"),
        ("10,0,5,20", "West must be less than east"),
        ("0,-91,5,20", "south less than north"),
        ("nan,0,5,20", "West must be less than east"),
        ("-inf,0,5,20", "West must be less than east"),
    ],
)
def test_part_of_the_map_that_is_none_is_said_to_be(desk, towns, asked, sentence):
    page = desk.get(MAP, {"bbox": asked})
    assert page.status_code == 400
    assert sentence in page.context["problem"]
    assert page.context["problem"] in page.content.decode()
    with pytest.raises(BoxError):
        Box.parse(asked)


def test_unknown_filter_is_refused(desk, towns):
    assert desk.get(MAP, {"parent__code": "X"}).status_code == 400
    assert desk.get(MAP, {"is_active__exact": "maybe"}).status_code == 302


def test_without_a_part_the_map_fits_what_matches(desk, towns):
    near = desk.get(MAP, {"q": "rajkot"}).context["cl"].box
    assert near.width == 11.25
    assert near.west < 70.8 < near.east
    far = desk.get(MAP).context["cl"].box
    assert far.width == 180
    assert desk.get(MAP, {"q": "nothing like this"}).context["cl"].box.is_whole


def test_queries_do_not_grow_with_the_rows(desk, towns):
    desk.get(MAP)
    counts = []
    for number in (0, 70):
        for more in range(number):
            place(f"Yard {more}", 10 + more / 10, 70 + more / 8)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(MAP).status_code == 200
        counts.append([query["sql"] for query in queries if "locations_location" in query["sql"]])
        assert len(queries) <= 9, [query["sql"][:200] for query in queries]
    assert [len(asked) for asked in counts] == [5, 5]


# The inset of the form


@pytest.mark.parametrize(
    ("latitude", "longitude", "country", "words", "doubtful"),
    [
        ("21.96", "70.79", "IN", "On land, in India.", False),
        ("18.95", "72.80", "IN", "At sea, near the coast of India.", False),
        ("24.8", "67.0", "PK", "At sea, near the coast of Pakistan.", False),
        (
            "70.79",
            "21.96",
            "IN",
            "At sea, not in India; with latitude and longitude swapped it would be: are they swapped?",
            True,
        ),
        ("0", "-30", "IN", "km from India: check the coordinates and the country.", True),
        ("31.5", "74.35", "IN", "On land, in Pakistan, near the border of India.", False),
        ("48.85", "2.35", "IN", "On land, in France, about", True),
        ("1.29", "103.85", "SG", "Singapore is too small for this map.", False),
        ("10", "-40", "", "At sea.", False),
    ],
)
def test_place_says_where_it_lies(latitude, longitude, country, words, doubtful):
    found = Place.of(latitude, longitude, country=country)
    assert words in found.words
    assert (found.doubtful, found.box is None) == (doubtful, False)


def test_form_shows_the_place_and_warns_of_swapped_coordinates(admin_desk):
    right, wrong = place("Gondal", 21.96, 70.79), place("Mixed up", 70.79, 21.96)
    assert "On land, in India." in admin_desk.get(url(right)).content.decode()
    page = admin_desk.get(url(wrong)).content.decode()
    assert "<b>Look again:</b> At sea, not in India; with latitude" in page
    assert "No coordinates" in admin_desk.get(url(LocationFactory())).content.decode()
    assert "No coordinates" in admin_desk.get(url(Location, "add")).content.decode()
    refused = submit(admin_desk, url(right), latitude="91", longitude="x")
    assert "only make a place together" in refused.content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"latitude": "21.96", "longitude": "70.79", "country": "IN"}, "On land, in India."),
        ({"latitude": "", "longitude": ""}, "No coordinates"),
        ({"latitude": "21.96", "longitude": ""}, "only make a place together"),
        ({"latitude": "north", "longitude": "nan"}, "only make a place together"),
        ({"latitude": "120", "longitude": "0"}, "There is no such place"),
    ],
)
def test_typed_coordinates_are_answered_without_a_query_of_places(desk, typed, words):
    page = desk.get(reverse("map_place"), typed)
    assert (page.status_code, words in page.content.decode()) == (200, True)
