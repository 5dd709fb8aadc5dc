"""The audit log in a real browser: accessible, within its policy, usable on a phone and without scripts."""

from __future__ import annotations

import os

import pytest
from django.db import transaction
from playwright.sync_api import expect

from commodities.tests.factories import CommodityFactory
from erp import context
from erp.admin.tests.pages import url
from erp.admin.tests.test_browser import (  # noqa: F401 (fixtures)
    DESKTOP,
    PHONE,
    chromium,
    clerk,
    findings,
    is_too_wide,
    open_desk,
)
from partners.tests.factories import BusinessPartnerFactory, PartnerBankAccountFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/admin/audit/events/"
PAGES = (
    PAGE,
    f"{PAGE}?verb=created&user=ravi&since=2026-01-01",
    f"{PAGE}?new=nothing+like+this",
    f"{PAGE}?since=nonsense",
    f"{PAGE}export/?format=csv&since=nonsense",
)


@pytest.fixture
def commodity(organization, clerk):  # noqa: F811
    """A record with some changes, one with a reason, one past the application, and an import."""
    commodity = CommodityFactory(organization=organization, name="Raw cotton")
    acting = {"actor_id": clerk.pk, "actor_label": context.label_of(clerk), "request_id": "request-0001"}
    with context.acting(source="admin", reason="Name of the exchange", **acting):
        commodity.name = "Lint of bale 0417"
        commodity.save()
    with transaction.atomic(), context.acting(source="import", reason="Price list of week 14", **acting):
        CommodityFactory.create_batch(5, organization=organization)
    gone = CommodityFactory(organization=organization, name="Gone")
    gone.delete()
    return commodity


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_audit_log_is_accessible_and_keeps_to_the_policy(open_desk, clerk, commodity, scheme):  # noqa: F811
    page = open_desk(clerk, scheme=scheme)
    for address in PAGES:
        answer = page.goto(address, wait_until="networkidle")
        assert answer.status == (400 if "nonsense" in address else 200)
        # The browser itself reports that a page was refused.
        assert [text for text in page.problems if "400" not in text] == [], address
        assert findings(page) == [], address
        page.problems.clear()
    page.goto(PAGE)
    page.get_by_text("More filters").click()
    assert findings(page) == []


def test_audit_log_fits_a_phone(open_desk, clerk, commodity):  # noqa: F811
    page = open_desk(clerk, viewport=PHONE)
    for address in PAGES:
        page.goto(address, wait_until="networkidle")
        assert not is_too_wide(page), address
        assert findings(page) == [], address
    page.goto(PAGE)
    page.get_by_text("More filters").click()
    assert not is_too_wide(page)


@pytest.mark.parametrize(("scheme", "viewport"), [("light", PHONE), ("dark", DESKTOP)])
def test_page_of_a_secret_is_accessible(open_desk, internal_user, organization, scheme, viewport):  # noqa: F811
    account = PartnerBankAccountFactory(partner=BusinessPartnerFactory(organization=organization))
    page = open_desk(internal_user("kyc_verifier"), scheme=scheme, viewport=viewport)
    page.goto(url(account, "secret"), wait_until="networkidle")
    assert (findings(page), is_too_wide(page)) == ([], False)
    page.problems.clear()  # axe itself tries what the policy forbids
    page.get_by_role("button", name="Show").click()
    expect(page.locator("main")).to_contain_text(account.account_number)
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/secret-{scheme}.png", full_page=True)
    assert page.problems == []
    assert (findings(page), is_too_wide(page)) == ([], False)


def test_filters_are_set_and_removed_by_hand(open_desk, clerk, commodity):  # noqa: F811
    page = open_desk(clerk)
    page.goto(PAGE)
    page.get_by_label("Record type").select_option("Commodity")
    page.get_by_text("More filters").click()
    page.get_by_label("New value contains").fill("bale 0417")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("table.explorer tbody tr")).to_have_count(1)
    expect(page.locator("table.explorer ins")).to_have_text("Lint of bale 0417")
    page.get_by_role("link", name="New value contains").click()
    expect(page.locator(".chips")).not_to_contain_text("0417")
    expect(page.locator("table.explorer")).to_contain_text("more in the same step")
    page.get_by_role("link", name="Deleted", exact=True).click()
    expect(page.locator("table.explorer")).to_contain_text("Gone")
    assert page.problems == []
