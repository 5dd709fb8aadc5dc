"""Import and bulk edit in a real browser: accessible, within the security policy, usable on a phone."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory
from erp.admin.tests.pages import REASON, url
from erp.admin.tests.test_browser import DESKTOP, PHONE, SERIOUS, chromium, open_desk  # noqa: F401 (fixtures)
from erp.admin.tests.test_imports import as_csv
from erp.admin.tests.test_transfer import row_of
from erp.imports.models import ImportJob

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def own(organization):
    return CommodityFactory(organization=organization, code="OWN", name="Own cotton", lot_size=10)


def check(page, pictures, name: str) -> None:
    """Nothing serious by axe, nothing wider than a phone, nothing on the console."""
    assert page.problems == []
    for size, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
        page.set_viewport_size(viewport)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], f"{name} overflows"
        if pictures:
            page.screenshot(path=f"{pictures}/{name}-{size}.png", full_page=True)
    found = [rule for rule in Axe().run(page).response["violations"] if rule["impact"] in SERIOUS]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found] == []
    page.problems.clear()  # what pictures and axe put into the page


@pytest.fixture
def pictures():
    """Where to keep pictures of the pages: PICTURES names a folder."""
    return os.environ.get("PICTURES", "")


def send(page, data: bytes) -> None:
    page.goto(url(Commodity, "import"))
    page.set_input_files("input[type=file]", {"name": "rows.csv", "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Preview").click()


def test_import_from_the_upload_to_the_list(open_desk, clerk, own, pictures):  # noqa: F811
    page = open_desk(clerk)
    page.goto(url(Commodity, "import"))
    check(page, pictures, "import")
    send(page, as_csv(row_of(own, name=""), row_of(own, code="NEW", lot_size="many")))
    page.get_by_role("heading", name="What is wrong").wait_for()
    check(page, pictures, "import-errors")
    send(page, as_csv(row_of(own, name="Renamed", lot_size=25), row_of(own, code="NEW", name="New cotton")))
    check(page, pictures, "import-preview")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Imported: 1 new, 1 updated, 0 unchanged.").wait_for()
    own.refresh_from_db()
    assert own.name == "Renamed"


def test_progress_moves_and_the_page_is_read_again_at_the_end(open_desk, clerk, own, pictures):  # noqa: F811
    job = ImportJob.objects.create(
        user=clerk, organization_id=clerk.organization_id, kind="commodities.commodity", file_name="large.csv",
        file="imports/none", sha256="0" * 64, rows=20_000, total=20_000, done=5_000, step="Checking",
    )  # fmt: skip
    page = open_desk(clerk)
    page.goto(reverse("import_job", args=[job.pk]))
    check(page, pictures, "import-progress")
    ImportJob.objects.filter(pk=job.pk).update(done=12_000)
    page.get_by_text("Checking: 12,000 of 20,000 rows").wait_for()
    ImportJob.objects.filter(pk=job.pk).update(status="cancelled")
    page.get_by_text("Cancelled: nothing was written.").wait_for()


def test_one_value_for_many_rows(open_desk, clerk, own, organization, pictures):  # noqa: F811
    CommodityFactory(organization=organization, code="TWO", name="Second cotton", lot_size=10)
    page = open_desk(clerk)
    page.goto(url(Commodity, "changelist"))
    for box in page.locator("input.action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("edit_selected")
    page.get_by_role("button", name="Go").click()
    check(page, pictures, "bulk-field")
    page.get_by_label("Field").select_option("lot_size")
    page.get_by_role("button", name="Next").click()
    page.locator("[name=value]").fill("25")
    page.get_by_role("button", name="Preview").click()
    check(page, pictures, "bulk-preview")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Change 2 records").click()
    page.get_by_text("2 changed, 0 had this value already.").wait_for()
    assert list(Commodity.objects.values_list("lot_size", flat=True)) == [25, 25]
