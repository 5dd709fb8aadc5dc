"""The palette in a real browser: by keyboard alone, for screen readers, on a phone, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from commodities.tests.factories import CommodityFactory
from erp.admin.tests.pages import url
from erp.admin.tests.test_browser import (  # noqa: F401 (fixtures)
    PHONE,
    chromium,
    clerk,
    findings,
    is_too_wide,
    open_desk,
)
from partners.tests.factories import BusinessPartnerFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def found(organization):
    """A partner and a commodity that share a word, and one that is no longer used."""
    CommodityFactory(organization=organization, code="GANESH_OLD", name="Ganesh old", is_active=False)
    CommodityFactory(organization=organization, code="GANESH_LINT", name="Ganesh lint")
    return BusinessPartnerFactory(organization=organization, legal_name="Shree Ganesh Ginning and Pressing Pvt Ltd")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keyboard_alone_finds_a_record_and_opens_it(open_desk, clerk, found, scheme):  # noqa: F811
    page = open_desk(clerk, scheme=scheme, viewport=PHONE if scheme == "dark" else {"width": 1440, "height": 900})
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Page or record")
    expect(box).to_be_focused()
    page.keyboard.type("gnesh")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)
    expect(page.get_by_role("group", name="Business partners").get_by_role("option")).to_have_count(1)
    expect(page.locator("#palette-status")).to_have_text("3 found")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert findings(page) == []
    assert not is_too_wide(page)
    expect(options.filter(has_text="Ganesh old")).to_contain_text("inactive")
    partner = options.filter(has_text="Shree Ganesh")
    for _ in range(3):
        if partner.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", partner.get_attribute("id"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(url(found))))
    assert page.problems == []


def test_enter_before_the_answer_waits_for_it_and_escape_closes(open_desk, clerk, found):  # noqa: F811
    page = open_desk(clerk)
    page.goto("/admin/")
    page.keyboard.press("Meta+k")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("pressing pvt")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(url(found))))


def test_palette_says_when_there_is_nothing_and_when_searching_fails(open_desk, clerk):  # noqa: F811
    page = open_desk(clerk)
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    page.keyboard.type("zzqx nothing")
    expect(page.locator("#palette-status")).to_have_text("Nothing that you may see is called that.")
    page.context.set_offline(True)
    page.keyboard.type("s")
    expect(page.locator("#palette-status")).to_have_text("Records can’t be searched right now. Try again.")


def test_without_scripts_the_button_leads_to_a_page_that_searches(open_desk, clerk, found):  # noqa: F811
    page = open_desk(clerk, viewport=PHONE)
    page.route(re.compile(r"/desk\.js"), lambda route: route.abort())
    page.goto("/admin/")
    page.get_by_role("link", name="Search everything").click()
    page.get_by_role("searchbox", name="Search all records").fill("ganesh")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Shree Ganesh Ginning and Pressing Pvt Ltd")).to_be_visible()
    assert findings(page) == []
    assert not is_too_wide(page)
