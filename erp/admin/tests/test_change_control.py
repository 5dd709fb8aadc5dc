"""Saving and deleting at the desk: reasons, versions, and what happens when somebody else was faster."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from commodities.models import Commodity, CommodityVariety
from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory, UnitConversionOverrideFactory
from erp import context
from erp.admin.base import MasterDataAdmin
from erp.admin.tests.pages import REASON, read_form, submit, url
from erp.events.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def commodity(organization):
    return CommodityFactory(organization=organization, name="Raw cotton")


def newest_event() -> Event:
    return Event.objects.order_by("-id").first()


def test_change_is_recorded_with_user_reason_and_source(desk, clerk, commodity):
    answer = submit(desk, url(commodity), name="Raw cotton in bales")
    assert answer.status_code == 302
    commodity.refresh_from_db()
    event = newest_event()
    assert (commodity.name, commodity.version) == ("Raw cotton in bales", 2)
    assert event.changes == {"name": ["Raw cotton", "Raw cotton in bales"]}
    assert (event.actor_id, event.reason, event.source) == (clerk.pk, REASON, "admin")
    assert event.actor_label == f"Ravi Menon <{clerk.email}>"


@pytest.mark.parametrize("reason", ["", "abcd", "      "])
def test_change_without_a_good_reason_is_refused_and_input_kept(desk, commodity, reason):
    before = newest_event().pk
    answer = submit(desk, url(commodity), name="Cotton of another name", reason=reason)
    assert answer.status_code == 200
    assert "the reason is kept with the change" in answer.content.decode()
    assert read_form(answer)["name"] == "Cotton of another name"
    commodity.refresh_from_db()
    assert (commodity.name, commodity.version, newest_event().pk) == ("Raw cotton", 1, before)


def test_adding_needs_no_reason(desk, organization):
    template = CommodityFactory(organization=organization)
    data = read_form(desk.get(url(template)))
    del data["expected_version"]
    answer = desk.post(url(Commodity, "add"), {**data, "code": "NEW", "name": "New cotton", "_save": "Save"})
    assert answer.status_code == 302
    added = Commodity.objects.get(code="NEW")
    assert added.organization == organization
    assert newest_event().reason == "Added at the desk"


def test_model_with_a_reason_of_its_own_keeps_both(desk, organization):
    override = UnitConversionOverrideFactory(organization=organization)
    page = desk.get(url(override))
    answer = submit(desk, url(override), page, change_reason="Printed on contracts", reason="355.62 in all contracts")
    assert answer.status_code == 302
    override.refresh_from_db()
    assert (override.reason, newest_event().reason) == ("355.62 in all contracts", "Printed on contracts")


def test_stale_form_is_refused_naming_who_and_what_and_keeps_input(desk, commodity, super_admin):
    page = desk.get(url(commodity))
    with context.acting(
        source="api", actor_id=super_admin.pk, actor_label="Asha Patel <asha@example.com>", reason="Names"
    ):
        commodity.name = "Lint"
        commodity.save()
    answer = submit(desk, url(commodity), page, name="Raw cotton, pressed")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Asha Patel changed this record" in text
    assert "<del>Raw cotton</del>" in text
    assert "<ins>Lint</ins>" in text
    assert url(commodity, "history") in text
    assert read_form(answer)["name"] == "Raw cotton, pressed"
    commodity.refresh_from_db()
    assert (commodity.name, commodity.version) == ("Lint", 2)


def test_saving_again_after_a_conflict_needs_the_explicit_tick(desk, commodity):
    page = desk.get(url(commodity))
    commodity.name = "Lint"
    commodity.save()
    refused = submit(desk, url(commodity), page, name="Raw cotton, pressed")
    again = submit(desk, url(commodity), refused)
    commodity.refresh_from_db()
    assert (again.status_code, commodity.name) == (200, "Lint")
    agreed = submit(desk, url(commodity), refused, overwrite="2")
    commodity.refresh_from_db()
    assert (agreed.status_code, commodity.name, commodity.version) == (302, "Raw cotton, pressed", 3)


def test_agreeing_to_one_change_does_not_overwrite_the_next(desk, commodity):
    page = desk.get(url(commodity))
    for name in ("Lint", "Linters"):
        commodity.name = name
        commodity.save()
    refused = submit(desk, url(commodity), page, name="Raw cotton, pressed", overwrite="2")
    commodity.refresh_from_db()
    assert (refused.status_code, commodity.name, commodity.version) == (200, "Linters", 3)


def test_form_without_a_version_is_stale(desk, commodity):
    data = read_form(desk.get(url(commodity)))
    del data["expected_version"]
    answer = desk.post(url(commodity), {**data, "reason": REASON, "name": "Other", "_save": "Save"})
    commodity.refresh_from_db()
    assert (answer.status_code, commodity.name) == (200, "Raw cotton")


def test_change_of_a_child_alone_raises_the_version_of_its_parent(desk, commodity):
    variety = CommodityVarietyFactory(commodity=commodity, organization=commodity.organization, name="Shankar-6")
    page = desk.get(url(commodity))
    answer = submit(desk, url(commodity), page, **{"varieties-0-name": "Shankar-6 super"})
    variety.refresh_from_db()
    commodity.refresh_from_db()
    assert (answer.status_code, variety.name, commodity.version) == (302, "Shankar-6 super", 2)
    stale = submit(desk, url(commodity), page, **{"varieties-0-name": "Other"})
    variety.refresh_from_db()
    assert (stale.status_code, variety.name) == (200, "Shankar-6 super")


def test_saving_nothing_leaves_nothing(desk, commodity):
    before = newest_event().pk
    assert submit(desk, url(commodity)).status_code == 302
    commodity.refresh_from_db()
    assert (commodity.version, newest_event().pk) == (1, before)


def test_new_child_of_the_clerk_belongs_to_the_clerks_organization(desk, commodity):
    page = desk.get(url(commodity))
    row = {"varieties-0-code": "S6", "varieties-0-name": "Shankar-6", "varieties-TOTAL_FORMS": "1"}
    species = {"varieties-0-species": "hirsutum", "varieties-0-staple_class": "medium", "varieties-0-is_active": "on"}
    answer = submit(desk, url(commodity), page, **row, **species)
    assert answer.status_code == 302, answer.context["errors"]
    assert CommodityVariety.objects.get(code="S6").organization == commodity.organization


def test_a_rule_of_the_database_that_the_form_missed_is_told_in_the_form(desk, commodity, monkeypatch):
    CommodityFactory(organization=commodity.organization, code="TAKEN")
    monkeypatch.setattr(Commodity, "validate_constraints", lambda self, exclude=None: None)
    answer = submit(desk, url(commodity), code="TAKEN")
    rule = next(rule for rule in Commodity._meta.constraints if "code" in rule.name and "unique" in rule.name)
    assert answer.status_code == 200
    assert rule.violation_error_message in answer.content.decode().replace("&#x27;", "'")
    commodity.refresh_from_db()
    assert commodity.code != "TAKEN"


def test_code_that_the_own_organization_uses_is_refused_by_the_form(desk, commodity):
    CommodityFactory(organization=commodity.organization, code="TAKEN")
    answer = submit(desk, url(commodity), code="TAKEN")
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors


def test_delete_asks_why_on_its_own_page(desk, commodity):
    page = url(commodity, "delete")
    assert 'name="reason"' in desk.get(page).content.decode()
    refused = desk.post(page, {"post": "yes", "reason": "no"})
    assert refused.status_code == 200
    assert "at least 5 characters" in refused.content.decode()
    assert Commodity.objects.filter(pk=commodity.pk).exists()
    assert desk.post(page, {"post": "yes", "reason": "Entered twice"}).status_code == 302
    assert not Commodity.objects.filter(pk=commodity.pk).exists()
    assert (newest_event().event_type, newest_event().reason) == ("commodity.deleted", "Entered twice")


def test_record_in_use_is_not_deleted_and_the_page_says_by_what(desk, commodity):
    variety = CommodityVarietyFactory(commodity=commodity, organization=commodity.organization)
    answer = desk.post(url(commodity, "delete"), {"post": "yes", "reason": "Entered twice"})
    assert answer.status_code == 200
    assert str(variety) in answer.content.decode()
    assert Commodity.objects.filter(pk=commodity.pk).exists()


def test_deleting_several_asks_why_and_deletes_all(desk, organization):
    rows = CommodityFactory.create_batch(2, organization=organization)
    chosen = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows]}
    assert 'name="reason"' in desk.post(url(Commodity, "changelist"), chosen).content.decode()
    refused = desk.post(url(Commodity, "changelist"), {**chosen, "post": "yes", "reason": ""})
    assert refused.status_code == 200
    assert Commodity.objects.count() == 2
    desk.post(url(Commodity, "changelist"), {**chosen, "post": "yes", "reason": "Entered twice"})
    assert Commodity.objects.count() == 0
    assert {event.reason for event in Event.objects.filter(event_type="commodity.deleted")} == {"Entered twice"}


def test_deleting_several_stops_at_shared_rows(desk, commodity):
    shared = CommodityFactory(organization=None)
    chosen = {"action": "delete_selected", "_selected_action": [str(commodity.pk), str(shared.pk)]}
    answer = desk.post(url(Commodity, "changelist"), {**chosen, "post": "yes", "reason": "Entered twice"}, follow=True)
    assert "Nothing was deleted" in answer.content.decode()
    assert Commodity.objects.count() == 2


def test_djangos_own_log_stays_empty(desk, commodity):
    submit(desk, url(commodity), name="Other")
    desk.post(url(commodity, "delete"), {"post": "yes", "reason": "Entered twice"})
    assert not LogEntry.objects.exists()


def test_list_editable_is_refused_by_the_system_check():
    class Editable(MasterDataAdmin):
        list_display = ("name", "code")
        list_editable = ("code",)

    errors = [error.id for error in Editable(Commodity, admin.site).check()]
    assert "desk.E001" in errors
    assert "desk.E001" not in [error.id for error in MasterDataAdmin(Commodity, admin.site).check()]
