"""Approvals in a real browser: accessible in both schemes, within the security policy, usable on a phone and by keyboard."""

from __future__ import annotations

import os

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from playwright.sync_api import expect

from erp.admin.tests.pages import url
from erp.admin.tests.test_browser import (  # noqa: F401 (fixtures)
    DESKTOP,
    PHONE,
    chromium,
    findings,
    is_too_wide,
    open_desk,
)
from erp.approvals import services
from erp.approvals.models import ChangeRequest
from erp.approvals.tests.conftest import asked, guarded, house  # noqa: F401 (fixtures)
from partners.models import BusinessPartner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "The bank closes in ten minutes and nobody answers"
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def meera(internal_user):
    """A director who may act alone."""
    user = internal_user("director_approver", full_name="Meera Joshi")
    user.groups.add(Group.objects.get(name="emergency_officer"))
    return user


@pytest.fixture
def alone(meera, guarded) -> ChangeRequest:  # noqa: F811
    """What Meera changed alone, from the command line."""
    services.break_glass(guarded.partner, {"pan": "ABCCE1234F"}, by=meera, reason=WHY)
    return ChangeRequest.objects.get(break_glass=True)


def page_of(found: ChangeRequest) -> str:
    return reverse("approval", args=[found.pk])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(open_desk, meera, alone, asked, guarded, scheme):  # noqa: F811
    own = services.request_change(guarded.partner, {"pan": "ABCCF1234F"}, maker=meera, reason="The card says so")
    lists = {tab: f"{reverse('approvals')}?show={tab}" for tab in ("mine", "all", "review")}
    pages = {
        guarded.sunita: {**lists, "decide": page_of(asked), "review-one": page_of(alone), "away": reverse("approvals_away")},
        meera: {"own": page_of(own), "in-force": page_of(alone)},
        guarded.farhan: {"import": url(BusinessPartner, "import")},
    }  # fmt: skip
    for user, addresses in pages.items():
        page = open_desk(user, scheme=scheme)
        for name, address in addresses.items():
            page.goto(address, wait_until="networkidle")
            assert page.problems == [], name
            for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
                page.set_viewport_size(viewport)
                assert not is_too_wide(page), name
                if PICTURES:
                    page.screenshot(path=f"{PICTURES}/approvals-{name}-{scheme}-{size}.png", full_page=True)
            assert findings(page) == [], name
            page.problems.clear()  # axe itself tries what the policy forbids


def test_asked_on_the_form_and_decided_by_keyboard(open_desk, guarded):  # noqa: F811
    maker = open_desk(guarded.asha)
    maker.goto(url(guarded.partner))
    maker.fill("#id_pan", "ABCCE1234F")
    maker.fill("#id_reason", "As on the card")
    maker.get_by_role("button", name="Save", exact=True).press("Enter")
    maker.get_by_role("link", name="Look at the request").press("Enter")
    expect(maker.get_by_role("button", name="Withdraw the request")).to_be_visible()
    second = open_desk(guarded.sunita)
    second.goto(reverse("approvals"))
    second.get_by_role("rowheader").get_by_role("link").press("Enter")
    second.get_by_label("Comment").press_sequentially("Seen the card")
    second.keyboard.press("Tab")
    expect(second.get_by_role("button", name="Reject")).to_be_focused()
    second.keyboard.press("Tab")
    second.keyboard.press("Enter")
    expect(second.get_by_text("Approved: the change is in force.")).to_be_visible()
    assert (maker.problems, second.problems) == ([], [])
    guarded.partner.refresh_from_db()
    assert guarded.partner.pan == "ABCCE1234F"


def test_emergency_change_is_reviewed_by_keyboard(open_desk, alone, guarded):  # noqa: F811
    page = open_desk(guarded.sunita, viewport=PHONE)
    page.goto(reverse("approvals"))
    page.get_by_role("link", name="Emergency changes to review").press("Enter")
    page.get_by_role("rowheader").get_by_role("link").press("Enter")
    page.get_by_label("Comment").press_sequentially("Called the bank")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Reviewed. If the change is wrong")).to_be_visible()
    page.goto(f"{reverse('approvals')}?show=review")
    expect(page.get_by_text("has been reviewed")).to_be_visible()
    assert page.problems == []
    alone.refresh_from_db()
    assert alone.reviewed_by == guarded.sunita
