"""Restoring a version through the normal form: filled in, never saved around rights, reasons, versions or rules."""

from __future__ import annotations

import pytest

from commodities.models import Commodity
from commodities.tests.factories import CommodityCategoryFactory, CommodityFactory, CommodityVarietyFactory
from erp.admin.tests.pages import REASON, read_form, submit, url
from erp.events.models import Event
from organizations.models import OrganizationBankAccount
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def commodity(organization):
    """At version 2, once called Raw cotton."""
    commodity = CommodityFactory(organization=organization, name="Raw cotton", description="In bales")
    commodity.name, commodity.description = "Lint", "Loose"
    commodity.save()
    return commodity


def first_version(record) -> int:
    return record.history.earliest().history_id


def test_form_is_filled_from_the_version_and_saving_asks_why(desk, clerk, commodity):
    address = url(commodity, restore=first_version(commodity))
    before = Event.objects.count()
    page = desk.get(address)
    text = page.content.decode()
    assert "Restoring version 1" in text
    assert "<del>Lint</del>" in text
    assert "<ins>Raw cotton</ins>" in text
    assert (read_form(page)["name"], read_form(page)["expected_version"]) == ("Raw cotton", "2")
    refused = submit(desk, address, page, reason="")
    commodity.refresh_from_db()
    assert (refused.status_code, commodity.name, Event.objects.count()) == (200, "Lint", before)
    assert "Restoring version 1" in refused.content.decode()
    assert submit(desk, address, page).status_code == 302
    commodity.refresh_from_db()
    assert (commodity.name, commodity.description, commodity.version) == ("Raw cotton", "In bales", 3)
    event = Event.objects.order_by("-id").first()
    assert (event.actor_id, event.reason) == (clerk.pk, REASON)
    assert event.changes == {"name": ["Lint", "Raw cotton"], "description": ["Loose", "In bales"]}


def test_what_is_typed_over_the_version_is_what_is_saved(desk, commodity):
    submit(desk, url(commodity, restore=first_version(commodity)), name="Raw cotton, pressed")
    commodity.refresh_from_db()
    assert commodity.name == "Raw cotton, pressed"


def test_change_by_another_meanwhile_is_a_conflict(desk, commodity):
    address = url(commodity, restore=first_version(commodity))
    page = desk.get(address)
    commodity.name = "Linters"
    commodity.save()
    answer = submit(desk, address, page)
    commodity.refresh_from_db()
    assert (answer.status_code, commodity.name, commodity.version) == (200, "Linters", 3)
    assert answer.context["adminform"].form.conflict is not None


def test_who_may_only_look_cannot_restore(compliance_desk, commodity):
    before = Event.objects.filter(category="row").count()
    address = url(commodity, restore=first_version(commodity))
    history = compliance_desk.get(url(commodity, "history")).content.decode()
    assert "Undo…" not in history
    assert "?restore=" not in compliance_desk.get(url(commodity, "compare")).content.decode()
    answer = compliance_desk.post(address, {"name": "Raw cotton", "expected_version": "2", "reason": REASON})
    commodity.refresh_from_db()
    after = Event.objects.filter(category="row").count()
    assert (answer.status_code, commodity.name, after) == (403, "Lint", before)


def test_versions_of_others_and_of_other_records_do_not_exist(desk, strange_desk, commodity, other_organization):
    foreign = CommodityFactory(organization=other_organization)
    number = first_version(commodity)
    assert strange_desk.get(url(commodity, restore=number)).status_code == 404
    assert strange_desk.get(url(foreign, restore=number)).status_code == 404
    assert strange_desk.get(url(Commodity, "add", restore=number)).status_code == 404
    for version in (first_version(foreign), "x", "9" * 30):
        assert desk.get(url(commodity, restore=version)).status_code == 404


def test_row_that_nobody_may_choose_any_more_is_an_error_of_the_form(desk, commodity):
    retired = commodity.category
    commodity.category = CommodityCategoryFactory(name="Waste")
    commodity.save()
    retired.is_active = False
    retired.save()
    answer = submit(desk, url(commodity, restore=first_version(commodity)))
    commodity.refresh_from_db()
    assert (answer.status_code, commodity.category.name) == (200, "Waste")
    assert answer.context["adminform"].form.errors["category"] == [f"{retired} is inactive now: choose another one."]


def test_retired_row_that_the_record_has_today_may_stay(desk, commodity):
    commodity.category.is_active = False
    commodity.category.save()
    assert submit(desk, url(commodity, restore=first_version(commodity))).status_code == 302


def test_row_that_is_gone_is_an_error_of_the_form(desk, commodity):
    gone = commodity.category
    commodity.category = CommodityCategoryFactory(name="Waste")
    commodity.save()
    gone.delete()
    page = desk.get(url(commodity, restore=first_version(commodity)))
    assert "no longer there" in page.content.decode()
    answer = submit(desk, url(commodity, restore=first_version(commodity)), page)
    commodity.refresh_from_db()
    assert (answer.status_code, commodity.category.name) == (200, "Waste")
    assert "category" in answer.context["adminform"].form.errors


def test_parts_stay_as_they_are(desk, commodity):
    CommodityVarietyFactory(commodity=commodity, organization=commodity.organization, name="Shankar-6")
    assert submit(desk, url(commodity, restore=first_version(commodity))).status_code == 302
    assert [variety.name for variety in commodity.varieties.all()] == ["Shankar-6"]


def test_deleted_record_comes_back_through_the_add_form_with_its_key(desk, strange_desk, commodity):
    history = url(commodity, "history")
    key = commodity.pk
    commodity.delete()
    last = Commodity.history.filter(id=key).latest().history_id
    address = url(Commodity, "add", restore=last)
    assert address.replace("&", "&amp;") in desk.get(history).content.decode()
    page = desk.get(address)
    assert read_form(page)["name"] == "Lint"
    refused = submit(desk, address, page, reason="")
    assert (refused.status_code, Commodity.objects.count()) == (200, 0)
    assert strange_desk.get(address).status_code == 404
    assert submit(desk, address, page).status_code == 302
    restored = Commodity.objects.get()
    assert (restored.pk, restored.name, restored.description) == (key, "Lint", "Loose")
    again = desk.post(address, {**read_form(page), "reason": REASON})
    assert (again.status_code, Commodity.objects.count()) == (302, 1)
    assert again["Location"] == url(restored, restore=last)


def test_deleted_shared_record_does_not_come_back_as_somebodys_own(desk, admin_desk, organization):
    shared = CommodityFactory(organization=None)
    key = shared.pk
    shared.delete()
    address = url(Commodity, "add", restore=Commodity.history.filter(id=key).latest().history_id)
    assert desk.get(address).status_code == 404
    assert admin_desk.get(address).status_code == 200


def test_secret_of_a_live_record_stays_what_it_is(desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012", branch="Rajkot")
    account.account_number, account.branch = "998877665544", "Surat"
    account.save()
    address = url(account, restore=first_version(account))
    page = desk.get(address)
    text = page.content.decode()
    for number in ("123456789012", "998877665544", "$secret"):
        assert number not in text
    assert read_form(page)["account_number"] == ""
    assert submit(desk, address, page).status_code == 302
    account.refresh_from_db()
    assert (account.branch, account.account_number) == ("Rajkot", "998877665544")


def test_secret_of_a_deleted_record_is_asked_for(desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    key = account.pk
    account.delete()
    address = url(
        OrganizationBankAccount, "add", restore=OrganizationBankAccount.history.filter(id=key).latest().history_id
    )
    page = desk.get(address)
    assert "Type again what is kept secret: account number" in page.content.decode()
    assert "123456789012" not in page.content.decode()
    refused = submit(desk, address, page)
    assert (refused.status_code, OrganizationBankAccount.objects.count()) == (200, 0)
    assert submit(desk, address, page, account_number="555566667777").status_code == 302
    restored = OrganizationBankAccount.objects.get()
    assert (restored.pk, restored.account_number) == (key, "555566667777")
