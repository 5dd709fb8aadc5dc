"""The map in a real browser: accessible, within its policy, usable on a phone, by keyboard and without scripts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from erp.admin.tests.pages import url
from erp.admin.tests.test_browser import (  # noqa: F401 (fixtures)
    PHONE,
    chromium,
    clerk,
    findings,
    is_too_wide,
    open_desk,
)
from locations.models import Location
from locations.tests.factories import LocationFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MAP = "/admin/map/"


@pytest.fixture
def gondal(organization):
    """A town, two gins that share a spot, and somewhere nobody knows."""
    for number in range(2):
        LocationFactory(name=f"Gin {number}", latitude=Decimal("20.9"), longitude=Decimal("77.75"))
    LocationFactory(name="Somewhere", organization=organization)
    return LocationFactory(
        name="Gondal", latitude=Decimal("21.96"), longitude=Decimal("70.79"), organization=organization
    )


def pages_of(row):
    return [MAP, f"{MAP}?bbox=68,15,82,25", f"{MAP}?q=nothing", f"{MAP}?bbox=nonsense", url(row), url(Location, "add")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_map_is_accessible_keeps_to_the_policy_and_fits_a_phone(open_desk, clerk, gondal, scheme):  # noqa: F811
    page = open_desk(clerk, scheme=scheme)
    for address in pages_of(gondal):
        page.goto(address, wait_until="networkidle")
        assert [text for text in page.problems if "400" not in text] == [], address
        assert findings(page) == [], address
        page.problems.clear()  # axe itself tries what the policy forbids
        page.set_viewport_size(PHONE)
        assert not is_too_wide(page), address
        page.set_viewport_size({"width": 1440, "height": 900})


def test_keyboard_reaches_a_mark_which_lights_its_row_and_opens_its_record(open_desk, clerk, gondal):  # noqa: F811
    page = open_desk(clerk)
    page.goto(MAP, wait_until="networkidle")
    land = page.locator(".map-card .land").bounding_box()
    assert land["width"] > 500  # the picture of the world was fetched
    page.get_by_label("Search locations").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.mark.single')"):
            break
    expect(page.locator("tr.tied")).to_have_count(1)
    expect(page.locator("tr.tied")).to_contain_text("Gondal")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gondal")
    assert page.problems == []


def test_cluster_leads_closer_until_the_list_names_what_it_holds(open_desk, clerk, gondal):  # noqa: F811
    page = open_desk(clerk)
    page.goto(f"{MAP}?bbox=68,15,82,25")
    page.get_by_role("link", name="2 locations: come closer").click()
    expect(page.locator(".map-list tbody tr")).to_have_count(2)
    expect(page.locator(".map-list")).to_contain_text("Gin 1")
    page.locator(".map-list tbody tr").first.hover()
    expect(page.locator(".mark.tied")).to_have_count(1)


def test_form_follows_what_is_typed(open_desk, clerk, gondal):  # noqa: F811
    page = open_desk(clerk)
    page.goto(url(gondal))
    expect(page.locator("#place")).to_contain_text("On land, in India.")
    page.fill("#id_latitude", "70.79")
    page.fill("#id_longitude", "21.96")
    page.locator("#id_longitude").blur()
    expect(page.locator("#place .doubtful")).to_contain_text("are they swapped?")
    gondal.refresh_from_db()
    assert (gondal.latitude, page.problems) == (Decimal("21.96"), [])
