"""Failed jobs in a real browser: accessible in both schemes, usable on a phone and by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from erp.admin.tests.pages import REASON
from erp.admin.tests.test_browser import DESKTOP, PHONE, chromium, findings, is_too_wide, open_desk  # noqa: F401 (fixtures)
from erp.admin.tests.test_jobs import failed, retried, state

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "https://register.example/" + "0123456789abcdef" * 12


@pytest.fixture
def job() -> Iterator[int]:
    """A failed job with an argument that no line can break."""
    pk = failed("accounts.jobs.send_it", user_id="17", token="hunter22", address=LONG)
    yield pk
    with connection.cursor() as cursor:  # procrastinate's tables are not emptied between tests
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [pk])


def tab_to(page, target) -> None:
    """Reach an element as somebody without a mouse does."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("The tabulator does not reach it.")


NUMBER = """
() => { const cell = document.querySelector("#result_list td.num"), style = getComputedStyle(cell, "::before");
        return [style.content, getComputedStyle(cell).textAlign]; }
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_quiet_and_fit_a_phone(open_desk, super_admin, job, scheme):  # noqa: F811
    page = open_desk(super_admin, scheme=scheme)
    for name, address in (("list", reverse("jobs")), ("job", reverse("job", args=[job]))):
        for viewport in (DESKTOP, PHONE):
            page.set_viewport_size(viewport)
            page.goto(address)
            assert not is_too_wide(page), f"{name} is wider than {viewport['width']} px"
            assert page.problems == []
            assert findings(page) == []
            page.problems.clear()  # what axe puts into the page
    page.locator("form:has([name=reason])").evaluate("form => { form.noValidate = true }")  # what a script would send
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Say why")).to_be_visible()
    assert findings(page) == []
    assert (state(job), retried(job)) == (("failed", 9), [])


def test_empty_list_is_accessible(open_desk, super_admin):  # noqa: F811
    page = open_desk(super_admin, viewport=PHONE)
    page.goto(reverse("jobs"))
    expect(page.get_by_text("No job was given up.")).to_be_visible()
    assert (page.problems, is_too_wide(page), findings(page)) == ([], False, [])


def test_number_says_what_it_counts_where_the_head_of_the_table_is_hidden(open_desk, super_admin, job):  # noqa: F811
    page = open_desk(super_admin, viewport=PHONE)
    page.goto(reverse("jobs"))
    assert page.evaluate(NUMBER) == ['"Attempts: "', "left"]
    page.set_viewport_size(DESKTOP)
    assert page.evaluate(NUMBER) == ["none", "right"]


def test_job_is_tried_again_by_keyboard_alone(open_desk, super_admin, job):  # noqa: F811
    page = open_desk(super_admin)
    page.goto(reverse("jobs"))
    tab_to(page, page.get_by_role("link", name=f"send_it {job}"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Try send_it {job} again?").wait_for()
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type(REASON)
    tab_to(page, page.get_by_role("button", name="Try again"))
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "who tabs sees where"
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Runs again within seconds: send_it {job}.")).to_be_visible()
    assert page.problems == []
    assert state(job) == ("todo", 10)
    assert [event.reason for event in retried(job)] == [REASON]
