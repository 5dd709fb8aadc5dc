"""The desk in a real browser: accessible, within its security policy, usable on a phone, safe for two people at once."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory
from erp.admin.tests.pages import url, version_url
from erp.events.models import Event
from erp.imports.models import ImportJob
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory, PartnerContactFactory, PartnerRoleFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SERIOUS = {"serious", "critical"}
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium with an empty profile."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.fail("There is no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM=/path/to/it.")
    # Playwright's event loop runs in the thread of the tests, until the last one's database is emptied.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_desk(chromium, live_server, client_for):
    """`open_desk(user)` is a page of a browser of its own, signed in; `page.problems` lists what the console said."""
    contexts = []

    def build(user=None, *, scheme="light", viewport=DESKTOP):
        context = chromium.new_context(base_url=live_server.url, color_scheme=scheme, viewport=viewport)
        contexts.append(context)
        context.set_default_timeout(15_000)
        if user is not None:
            session = client_for(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.problems = []
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        return page

    yield build
    for context in contexts:
        context.close()


@pytest.fixture
def clerk(internal_user):
    return internal_user("org_admin", full_name="Ravi Menon")


@pytest.fixture
def failed_import(clerk):
    """A file of the clerk's in which something was wrong."""
    known = {"kind": "partners.businesspartner", "file_name": "partners-of-the-cotton-fair-in-nagpur.csv", "rows": 4}
    owner = {"user": clerk, "organization_id": clerk.organization_id}
    return ImportJob.objects.create(status="failed", finished_at=timezone.now(), **owner, **known)


@pytest.fixture
def partner(organization):
    """A partner with children, some changes behind it, and neighbours in the list."""
    partner = BusinessPartnerFactory(organization=organization, legal_name="Gujarat Ginning Pvt Ltd")
    PartnerRoleFactory(partner=partner)
    PartnerContactFactory(partner=partner)
    partner.trade_name = "Gujarat Gin"
    partner.save()
    BusinessPartnerFactory.create_batch(3, organization=organization)
    soon = timezone.localdate() + timedelta(days=9)
    BusinessPartnerFactory(organization=organization, status="active", kyc_expires_on=soon, legal_name="Kadi Gin")
    return partner


def pages_of(partner) -> dict[str, str]:
    return {
        "overview": reverse("admin:index"),
        "my work": reverse("my_work"),
        "my imports": reverse("imports"),
        "list": url(BusinessPartner, "changelist"),
        "filtered list": url(BusinessPartner, "changelist", status__exact="pending", q="gujarat"),
        "add form": url(BusinessPartner, "add"),
        "form": url(partner),
        "history": url(partner, "history"),
        "version": version_url(partner, partner.history.earliest().history_id),
        "filtered history": url(partner, "history", field="trade_name", user="nobody"),
        "compare": url(partner, "compare", a_on=timezone.localdate().isoformat(), only=1),
        "compare versions": url(partner, "compare", a=partner.history.earliest().history_id),
        "restore": url(partner, restore=partner.history.earliest().history_id),
        "undo": reverse("undo", args=[Event.objects.filter(object_id=str(partner.pk)).latest("id").event_id]),
        "delete": url(partner, "delete"),
        "import": url(BusinessPartner, "import"),
        "export": url(BusinessPartner, "export"),
    }


def findings(page) -> list[str]:
    """Serious and critical findings of axe on the open page."""
    violations = Axe().run(page).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in violations if item["impact"] in SERIOUS]


def is_too_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_keep_to_the_policy(open_desk, clerk, partner, failed_import, scheme):
    visitor = open_desk(scheme=scheme)
    visitor.goto(reverse("admin:login"))
    assert (visitor.problems, findings(visitor)) == ([], [])
    page = open_desk(clerk, scheme=scheme)
    for name, address in pages_of(partner).items():
        page.goto(address, wait_until="networkidle")
        assert page.problems == [], name
        assert findings(page) == [], name
        page.problems.clear()  # axe itself tries what the policy forbids


def test_pages_fit_a_phone(open_desk, clerk, partner, failed_import):
    page = open_desk(clerk, viewport=PHONE)
    for name, address in pages_of(partner).items():
        page.goto(address, wait_until="networkidle")
        assert not is_too_wide(page), name
        assert findings(page) == [], name
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Menu").click()
    page.locator("#nav").get_by_role("link", name="Commodities", exact=True).click()
    expect(page).to_have_url(f"{page.url.split('/admin/')[0]}{url(Commodity, 'changelist')}")


def test_tables_of_a_form_that_is_only_read_scroll_by_keyboard(open_desk, internal_user, partner):
    page = open_desk(internal_user("viewer"), viewport=PHONE)
    page.goto(url(partner), wait_until="networkidle")
    table = page.get_by_role("region", name="Table of Contacts")
    expect(table).to_have_attribute("tabindex", "0")
    assert table.evaluate("node => node.scrollWidth > node.clientWidth")
    assert (is_too_wide(page), page.problems) == (False, [])
    assert findings(page) == []


def test_two_people_change_one_record_and_neither_loses_anything(open_desk, internal_user, clerk, organization):
    commodity = CommodityFactory(organization=organization, name="Raw cotton")
    first = open_desk(clerk, scheme="dark", viewport=PHONE)
    second = open_desk(internal_user("org_admin", full_name="Meera Shah"))
    for page in (first, second):
        page.goto(url(commodity))
    second.fill("#id_name", "Lint")
    second.fill("#id_reason", "Name of the exchange")
    second.get_by_role("button", name="Save", exact=True).click()
    expect(second.locator(".messagelist .success")).to_be_visible()

    first.fill("#id_name", "Raw cotton, pressed")
    first.fill("#id_storage_notes", "Away from oil")
    first.fill("#id_reason", "Wording of the contract")
    first.get_by_role("button", name="Save", exact=True).click()
    box = first.locator(".conflict")
    expect(box).to_contain_text("Meera Shah changed this record")
    expect(box).to_contain_text("Name of the exchange")
    expect(box.locator(".clashes tbody tr")).to_have_count(1)
    expect(box.locator(".clashes tbody tr")).to_contain_text("Both changed: choose")
    expect(first.locator("#id_name")).to_have_value("Raw cotton, pressed")
    assert (findings(first), is_too_wide(first)) == ([], False)
    commodity.refresh_from_db()
    assert commodity.name == "Lint"

    first.get_by_label("Name: yours, Raw cotton, pressed").check()
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.locator(".messagelist .success")).to_be_visible()
    commodity.refresh_from_db()
    assert (commodity.name, commodity.storage_notes, commodity.version) == ("Raw cotton, pressed", "Away from oil", 3)


def test_keyboard_reaches_search_and_every_page(open_desk, clerk, partner):
    page = open_desk(clerk)
    page.goto(url(BusinessPartner, "changelist"))
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("gujarat")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.type("passing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Passing terms")
    assert page.problems == []


def test_what_waits_is_reached_by_keyboard_and_opens_its_list(open_desk, clerk, partner, failed_import):
    page = open_desk(clerk)
    page.goto(reverse("my_work"))
    waiting = page.get_by_role("list", name="What waits").get_by_role("link")
    expect(waiting).to_have_count(2)
    waiting.first.focus()
    page.keyboard.press("Tab")
    expect(waiting.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text("Kadi Gin")
    page.go_back()
    waiting.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#result_list")).to_contain_text(failed_import.file_name)


def test_filter_by_another_record_searches_for_it(open_desk, clerk, organization):
    cotton, yarn = (CommodityFactory(organization=organization, name=name) for name in ("Raw cotton", "Ring yarn"))
    CommodityVarietyFactory(commodity=cotton, organization=organization, name="Shankar-6")
    variety = CommodityVarietyFactory(commodity=yarn, organization=organization, name="Ne 30 combed")
    page = open_desk(clerk)
    page.goto(url(type(variety), "changelist"))
    page.locator("details.filter", has_text="Commodity").locator("summary").click()
    page.get_by_placeholder("Find commodity").fill("yarn")
    page.get_by_role("link", name="Ring yarn", exact=True).click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text("Ne 30 combed")
    assert page.problems == []


def test_foreign_key_and_new_child_are_entered_by_keyboard_and_saved(open_desk, clerk, organization):
    commodity = CommodityFactory(organization=organization, name="Raw cotton")
    other = CommodityFactory(organization=organization).category
    page = open_desk(clerk)
    page.goto(url(commodity))
    page.get_by_role("combobox", name="Category").click()
    page.locator(".select2-search__field").fill(other.name)
    page.get_by_role("option", name=other.name).click()
    page.get_by_role("button", name="Add another Commodity variety").click()
    page.fill("#id_varieties-0-code", "S6")
    page.fill("#id_varieties-0-name", "Shankar-6")
    page.select_option("#id_varieties-0-species", "hirsutum")
    page.select_option("#id_varieties-0-staple_class", "medium")
    assert findings(page) == []
    page.fill("#id_reason", "New variety in the market")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    commodity.refresh_from_db()
    assert commodity.category == other
    assert [variety.name for variety in commodity.varieties.all()] == ["Shankar-6"]


def test_chosen_colours_are_kept(open_desk, clerk):
    page = open_desk(clerk, scheme="dark")
    page.goto(reverse("admin:index"))
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".theme-toggle").click()
    page.goto(url(Commodity, "changelist"))
    chosen = page.evaluate("document.documentElement.dataset.theme")
    light = open_desk(clerk)
    light.goto(reverse("admin:index"))
    assert chosen == "light"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    assert light.evaluate("getComputedStyle(document.body).backgroundColor") == page.evaluate(
        "getComputedStyle(document.body).backgroundColor"
    )
