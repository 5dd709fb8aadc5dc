"""The six clicks of the README, on the demonstration, in a real browser."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from erp.admin.tests.pages import url
from erp.admin.tests.test_browser import chromium, open_desk  # noqa: F401 (fixtures)
from erp.demo.login import PASSWORD
from erp.demo.stage import play_all
from erp.reference.load import load
from erp.testing.roles import as_owner
from partners.models import BusinessPartner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _demonstration(settings, tmp_path):
    settings.DEMO, settings.MEDIA_ROOT = True, tmp_path
    with as_owner():
        load()
        play_all()


def sign_in(page, login):
    page.goto(reverse("admin:login"))
    page.get_by_label("Email or mobile").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def save(page, reason):
    page.fill("#id_reason", reason)
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.mark.usefixtures("_demonstration")
def test_six_clicks_of_the_readme(open_desk):  # noqa: F811
    rekha, amit = open_desk(), open_desk()
    sign_in(rekha, "desk.mumbai@demo.example")
    # Find
    rekha.get_by_role("link", name="Business partners", exact=True).first.click()
    rekha.keyboard.press("/")
    rekha.keyboard.type("dha")
    rekha.keyboard.press("Enter")
    rekha.get_by_role("link", name="Dhanyarashi Cotton Gin").click()
    partner = BusinessPartner.objects.get(legal_name__startswith="Dhanyarashi Cotton Gin")
    expect(rekha).to_have_url(f"{rekha.url.split('/admin/')[0]}{url(partner)}")
    # Collide: the second window is open before the first one saves
    sign_in(amit, "desk2.mumbai@demo.example")
    amit.goto(url(partner))
    amit.fill("#id_trade_name", "Dhanyarashi")
    # Change
    rekha.fill("#id_trade_name", "Dhanya Gin")
    rekha.get_by_role("button", name="Save", exact=True).click()
    partner.refresh_from_db()
    assert partner.trade_name != "Dhanya Gin"  # nobody said why
    save(rekha, "Name on the new signboard")
    expect(rekha.locator(".messagelist .success")).to_be_visible()
    save(amit, "Name on the invoices")
    expect(amit.locator(".conflict")).to_contain_text("Rekha Deshmukh")
    expect(amit.locator(".conflict")).to_contain_text("Name on the new signboard")
    partner.refresh_from_db()
    assert partner.trade_name == "Dhanya Gin"
    # Go around it
    with connection.cursor() as cursor:
        cursor.execute("UPDATE partners_businesspartner SET trade_name = 'Ganpati' WHERE id = %s", [partner.pk])
    # Look back
    rekha.goto(url(partner, "history"))
    expect(rekha.locator("main")).to_contain_text("outside the application")
    expect(rekha.locator("main")).to_contain_text("Name on the new signboard")
    expect(rekha.locator("main")).to_contain_text("Ganpati")
    assert (rekha.problems, amit.problems) == ([], [])
