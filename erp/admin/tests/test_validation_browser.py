"""A number is checked in a real browser when its field is left."""

import pytest
from playwright.sync_api import expect

from erp.admin.tests.pages import url
from erp.admin.tests.test_browser import PHONE, chromium, findings, is_too_wide, open_desk  # noqa: F401 (fixtures)
from partners.models import BusinessPartner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_leaving_a_field_says_which_character_is_suspect(open_desk, internal_user, scheme):  # noqa: F811
    page = open_desk(internal_user("partner_officer"), scheme=scheme, viewport=PHONE)
    page.goto(url(BusinessPartner, "add"))
    page.locator("#tax_registrations-group .add-row a").click()
    number = page.locator("#id_tax_registrations-0-number")
    number.fill("27AAPFU0939FIZV")
    number.press("Tab")
    note = page.locator("#id_tax_registrations-0-number-check")
    expect(note).to_have_text(
        'GSTIN "27AAPFU0939FIZV" does not fit its check character: compare it with the certificate, '
        "above all character 13; 27AAPFU0939F1ZV would fit."
    )
    expect(note).to_have_class("live-check wrong")
    assert note.get_attribute("aria-live") == "polite"
    assert note.get_attribute("id") in number.get_attribute("aria-describedby").split()
    number.fill("27 aapfu0939f1zv")
    number.press("Tab")
    expect(note).to_have_text("GSTIN of Maharashtra with the PAN AAPFU0939F.")
    expect(note).to_have_class("live-check")
    number.fill("27AAPFU0939FIZV")
    number.press("Tab")
    expect(note).to_have_class("live-check wrong")
    assert page.problems == []
    assert findings(page) == []
    assert not is_too_wide(page)
    number.fill("")
    number.press("Tab")
    expect(note).to_have_text("")
