"""The history of a record: complete, readable, scoped, and nothing to write there."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commodities.models import Commodity
from commodities.tests.factories import CommodityCategoryFactory, CommodityFactory, CommodityVarietyFactory
from erp import context
from erp.admin.tests.pages import url, version_url
from erp.events import registry
from erp.events.models import Event
from erp.ledger import keys, seal, tree
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def commodity(organization):
    return CommodityFactory(organization=organization, name="Raw cotton")


def rename(commodity, *names, **acting) -> None:
    for name in names:
        with context.acting(**{"source": "admin", **acting}):
            commodity.name = name
            commodity.save()


def test_page_tells_who_when_why_and_what(desk, clerk, commodity):
    rename(commodity, "Lint", actor_id=clerk.pk, actor_label=context.label_of(clerk), reason="Name of the exchange")
    page = desk.get(url(commodity, "history"))
    text = page.content.decode()
    for expected in ("Ravi Menon", "Name of the exchange", "<del>Raw cotton</del>", "<ins>Lint</ins>", "desk"):
        assert expected in text
    assert [part.verb for entry in page.context["entries"] for part in entry.parts] == ["changed", "added"]


def test_foreign_keys_choices_and_booleans_are_shown_in_words(desk, commodity):
    commodity.category = CommodityCategoryFactory(name="Waste")
    commodity.price_quote_basis = Commodity.PriceQuoteBasis.values[1]
    commodity.is_hazardous = True
    commodity.save()
    changes = {
        change.label: (change.old, change.new)
        for change in desk.get(url(commodity, "history")).context["entries"][0].parts[0].changes
    }
    labels = Commodity.PriceQuoteBasis.labels
    assert changes["Category"][1] == "Waste"
    assert (labels[0], labels[1]) in changes.values()
    assert ("No", "Yes") in changes.values()


def test_children_are_told_in_the_history_of_their_parent(desk, commodity):
    CommodityVarietyFactory(commodity=commodity, organization=commodity.organization, name="Shankar-6")
    text = desk.get(url(commodity, "history")).content.decode()
    assert "Shankar-6" in text


def test_secrets_are_masked(admin_desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    account.account_number = "998877665544"
    account.save()
    latest = Event.objects.filter(object_id=str(account.pk)).order_by("-id").first()
    texts = [
        admin_desk.get(page).content.decode()
        for page in (url(account, "history"), url(organization, "history"), version_url(account, latest.history_id))
    ]
    for text in texts:
        assert "998877665544" not in text
        assert "123456789012" not in text
        assert "$secret" not in text
    assert "<del>hidden</del>" in texts[0]


def test_view_rights_cannot_write_through_a_past_version(compliance_desk, commodity):
    """S1: the package saved the posted form for everybody who may look."""
    past = commodity.history.latest()
    before = Event.objects.count()
    answer = compliance_desk.post(
        version_url(commodity, past.history_id), {"name": "Overwritten", "reason": "Ticket 1042"}
    )
    assert answer.status_code == 405
    assert compliance_desk.post(url(commodity, "history"), {"name": "Overwritten"}).status_code == 405
    commodity.refresh_from_db()
    assert (commodity.name, Event.objects.count()) == ("Raw cotton", before)


def test_nobody_can_write_through_a_past_version(admin_desk, commodity):
    past = commodity.history.latest()
    posted = {"name": "Overwritten", "_change_history": "1", "_save": "1"}
    assert admin_desk.post(version_url(commodity, past.history_id), posted).status_code == 405
    commodity.refresh_from_db()
    assert commodity.name == "Raw cotton"


def test_history_and_versions_of_a_foreign_record_do_not_exist(strange_desk, commodity):
    """S2: the package showed them in spite of the scoped list."""
    past = commodity.history.latest()
    assert strange_desk.get(url(commodity, "history")).status_code == 404
    assert strange_desk.get(version_url(commodity, past.history_id)).status_code == 404


def test_version_of_another_record_is_not_shown_under_this_one(desk, commodity, foreign_past):
    assert desk.get(version_url(commodity, foreign_past.history_id)).status_code == 404
    assert desk.get(version_url(commodity, "x")).status_code == 404


@pytest.fixture
def foreign_past(other_organization):
    return CommodityFactory(organization=other_organization).history.latest()


def test_deleted_record_keeps_its_history_for_its_organization_only(desk, strange_desk, admin_desk, commodity):
    page = url(commodity, "history")
    commodity.delete()
    answer = desk.get(page)
    assert answer.status_code == 200
    assert "Deleted" in answer.content.decode()
    assert [part.verb for entry in answer.context["entries"] for part in entry.parts] == ["deleted", "added"]
    assert admin_desk.get(page).status_code == 200
    assert strange_desk.get(page).status_code == 404


def test_history_of_nothing_does_not_exist(desk):
    assert desk.get(url(Commodity(), "history")).status_code == 404
    assert desk.get(reverse("admin:commodities_commodity_history", args=["nonsense"])).status_code == 404


def test_every_row_of_every_page_shows_its_change(desk, commodity):
    """S6: the last row of a page had nothing to compare with."""
    rename(commodity, *(f"Cotton {number}" for number in range(150)))
    first = desk.get(url(commodity, "history")).context["page"]
    second = desk.get(url(commodity, "history", before=first.older)).context["page"]
    back = desk.get(url(commodity, "history", after=second.newer)).context["page"]
    pages = [first.entries, second.entries]
    shown = [entry.parts[0].changes[0].new for page in pages for entry in page if entry.parts[0].verb == "changed"]
    assert [len(page) for page in pages] == [100, 51]
    assert shown == [f"Cotton {number}" for number in reversed(range(150))]
    assert (first.newer, second.older) == (None, None)
    assert [entry.first.pk for entry in back.entries] == [entry.first.pk for entry in first.entries]
    assert (back.newer, back.older) == (None, first.older)


def test_two_hundred_versions_with_children_take_ten_queries_at_most(desk, commodity, clerk):
    for number in range(200):
        commodity.category = CommodityCategoryFactory()
        rename(commodity, f"Cotton {number}", actor_id=clerk.pk, actor_label=context.label_of(clerk))
    CommodityVarietyFactory.create_batch(3, commodity=commodity, organization=commodity.organization)
    desk.get(url(commodity, "history"))
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(url(commodity, "history")).status_code == 200
    assert len(queries) <= 10


def test_filters_by_field_and_by_user_are_kept_by_the_pages(desk, clerk, super_admin, commodity, monkeypatch):
    monkeypatch.setattr(type(commodity_admin()), "history_list_per_page", 1)
    rename(commodity, "Lint", "Linters", actor_id=clerk.pk, actor_label="Ravi Menon <ravi@example.com>")
    with context.acting(source="admin", actor_id=super_admin.pk, actor_label="Gone Person <gone@example.com>"):
        commodity.is_hazardous = True
        commodity.save()
    by_field = desk.get(url(commodity, "history", field="name"))
    older = desk.get(
        f"{url(commodity, 'history')}?{by_field.context['filters'].query}before={by_field.context['page'].older}"
    )
    by_user = desk.get(url(commodity, "history", user=str(super_admin.pk)))
    nobody = desk.get(url(commodity, "history", user="nobody"))

    def seen(page):
        return [list(entry.first.changes) for entry in page.context["entries"]]

    assert (seen(by_field), seen(older), seen(by_user)) == ([["name"]], [["name"]], [["is_hazardous"]])
    assert by_field.context["entries"][0].parts[0].changes[0].new == "Linters"
    assert older.context["entries"][0].parts[0].changes[0].new == "Lint"
    assert [entry.parts[0].verb for entry in nobody.context["entries"]] == ["added"]
    assert "Gone Person" in by_field.content.decode()


def test_filter_by_a_kind_of_part_leaves_its_rows(desk, commodity):
    CommodityVarietyFactory(commodity=commodity, organization=commodity.organization, name="Shankar-6")
    rename(commodity, "Lint")
    found = desk.get(url(commodity, "history", field="commodities.commodityvariety")).context["entries"]
    assert [part.label for entry in found for part in entry.parts] == ["Shankar-6"]


def test_unknown_filters_and_cursors_are_ignored(desk, commodity):
    asked = url(commodity, "history", field="password", user="' OR 1", before="x", after="9" * 40)
    assert len(desk.get(asked).context["entries"]) == 1


def commodity_admin():
    return admin.site._registry[Commodity]


def test_opening_the_pages_of_a_history_is_an_event_once_in_a_while(compliance_desk, commodity):
    pages = [url(commodity, "history"), url(commodity, "history"), url(commodity, "compare")]
    for page in pages:
        assert compliance_desk.get(page).status_code == 200
    [event] = Event.objects.filter(event_type="record.history.viewed")
    assert (event.object_id, event.organization_id) == (str(commodity.pk), commodity.organization_id)
    assert event.category == "access"


def test_who_read_a_part_is_not_in_its_history(desk, commodity):
    variety = CommodityVarietyFactory(commodity=commodity, organization=commodity.organization)
    desk.get(url(variety, "history"))
    entries = desk.get(url(variety, "history")).context["entries"]
    assert [part.event.category for entry in entries for part in entry.parts] == ["row"]
    assert entries[0].version is not None


# Proof --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def _signing_key(settings, tmp_path):
    """A key of this test's own for the heads."""
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "key.pem")
    keys.write(tmp_path / "key.pem")


@pytest.mark.usefixtures("_signing_key")
def test_sealed_entry_has_a_badge_and_a_proof_that_holds(desk, strange_desk, commodity):
    page = desk.get(url(commodity, "history"))
    assert "Not sealed yet" in page.content.decode()
    event = page.context["entries"][0].first
    address = page_of_proof(commodity, event)
    assert desk.get(address).status_code == 404
    seal.seal()
    rename(commodity, "Lint")
    newest, oldest = desk.get(url(commodity, "history")).context["entries"]
    assert (newest.sealed, oldest.sealed) == (False, True)
    answer = desk.get(address)
    proof = answer.json()
    leaf = tree.leaf_hash(proof["line"].encode())
    path = [bytes.fromhex(part) for part in proof["inclusion"]]
    assert tree.verify_inclusion(proof["position"] - 1, proof["tree_size"], leaf, path, bytes.fromhex(proof["root"]))
    assert oldest.parts[0].position == proof["position"]
    assert f"proof-{proof['position']}.json" in answer["Content-Disposition"]
    assert strange_desk.get(address).status_code == 404
    assert desk.post(address).status_code == 405


def test_proof_of_another_records_event_is_not_given(desk, commodity, foreign_past):
    foreign = Event.objects.get(history_id=foreign_past.history_id, object_type="commodities.commodity")
    assert desk.get(page_of_proof(commodity, foreign)).status_code == 404


def page_of_proof(record, event):
    return reverse("admin:commodities_commodity_proof", args=[record.pk, event.pk])


def test_past_version_stands_beside_today(desk, commodity):
    rename(commodity, "Lint")
    past = commodity.history.earliest()
    page = desk.get(version_url(commodity, past.history_id))
    fields = {field.label: field for field in page.context["fields"]}
    assert (fields["name"].then, fields["name"].now, fields["name"].differs) == ("Raw cotton", "Lint", True)
    assert fields["category"].then == str(commodity.category)
    assert not fields["category"].differs


def test_change_past_the_application_stands_out(desk, commodity):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE commodities_commodity SET name = 'Forged' WHERE id = %s", [commodity.pk])
    text = desk.get(url(commodity, "history")).content.decode()
    assert "outside the application" in text
    assert "database user" in text


def test_domain_event_is_told_with_what_it_says(desk, commodity, monkeypatch):
    monkeypatch.setattr(registry, "_types", {})
    registry.register("commodity.price_basis_agreed")
    commodity.emit_event("commodity.price_basis_agreed", None, {"basis": "ICE"})
    commodity.flush_events()
    part = desk.get(url(commodity, "history")).context["entries"][0].parts[0]
    assert part.verb == "price basis agreed"
    assert [(change.label, change.new) for change in part.changes] == [("basis", "ICE")]


def test_row_and_child_written_together_are_one_entry_and_two_reasons_are_two(desk, commodity):
    with context.acting(reason="First"):
        commodity.name = "Lint"
        commodity.save()
        CommodityVarietyFactory(commodity=commodity, organization=commodity.organization)
    with context.acting(reason="Second"):
        commodity.name = "Linters"
        commodity.save()
    entries = desk.get(url(commodity, "history")).context["entries"]
    assert [(entry.reason, len(entry.parts)) for entry in entries[:2]] == [("Second", 1), ("First", 2)]


@pytest.mark.parametrize("number", ["²", "9" * 40, "x"])
def test_number_that_is_no_version_is_not_found(desk, organization, number):
    commodity = CommodityFactory(organization=organization)
    assert desk.get(version_url(commodity, number)).status_code == 404
    assert desk.get(url(commodity, restore=number)).status_code == 404
