"""The audit log: every event in scope and no other, whatever is asked for, and pages that miss and repeat nothing."""

from __future__ import annotations

import uuid
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from commodities.tests.factories import CommodityCategoryFactory, CommodityFactory, CommodityVarietyFactory
from erp import context
from erp.admin import explorer, explorer_query, timeline
from erp.admin.explorer_query import ExplorerQuery
from erp.admin.tests.pages import url
from erp.events.models import Event
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/audit/events/"
COMMODITY = "commodities.commodity"


def found(client, **filters) -> list[Event]:
    answer = client.get(PAGE, filters)
    assert answer.status_code == 200, answer.context["form"].errors
    return answer.context["page"].events


def ids(events) -> set[str]:
    return {event.object_id for event in events}


@pytest.fixture
def commodity(organization):
    return CommodityFactory(organization=organization, name="Raw cotton")


def change(record, *, reason="", source="admin", actor=None, **values) -> None:
    who = {"actor_id": actor.pk, "actor_label": context.label_of(actor)} if actor else {}
    with context.acting(source=source, reason=reason, **who):
        for name, value in values.items():
            setattr(record, name, value)
        record.save()


# Who may look ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "partner_officer", "commodity_manager"])
def test_without_the_permission_the_log_is_closed(client_for, internal_user, role):
    client = client_for(internal_user(role))
    assert client.get(PAGE).status_code == 403
    assert f'href="{PAGE}"' not in client.get("/admin/").content.decode()


def test_nobody_reads_it_without_signing_in(client):
    assert client.get(PAGE).status_code == 302


def test_permission_alone_does_not_open_it_to_a_partner(external_user, rf):
    request = rf.get(PAGE)
    request.user = external_user
    external_user.has_perm = lambda permission: True
    with pytest.raises(PermissionDenied):
        explorer.filtered(request)


def test_those_who_may_find_it_in_the_menu(compliance_desk, admin_desk, desk):
    for client in (compliance_desk, admin_desk, desk):
        assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
        assert client.get(PAGE).status_code == 200


def test_who_may_change_records_is_led_to_undoing_and_compliance_is_not(desk, compliance_desk, commodity):
    event = Event.objects.filter(object_id=str(commodity.pk)).latest("id")
    link = f'href="{reverse("undo", args=[event.event_id])}"'
    assert link in desk.get(PAGE, {"type": COMMODITY}).content.decode()
    assert link not in compliance_desk.get(PAGE, {"type": COMMODITY}).content.decode()


def test_export_takes_the_filters_along(desk, commodity):
    text = desk.get(PAGE, {"type": COMMODITY, "after": ""}).content.decode()
    assert f'href="{reverse("explorer_export")}?type={COMMODITY}&amp;format=csv"' in text


def test_log_is_read_only(admin_desk):
    before = Event.objects.count()
    assert admin_desk.post(PAGE, {"verb": "deleted"}).status_code == 405
    assert Event.objects.count() == before


# Scope -----------------------------------------------------------------------------------------------------------------


def test_another_organization_finds_nothing_by_any_filter(strange_desk, clerk, commodity):
    change(commodity, reason="Secret merger", source="api", actor=clerk, name="Lint of ours")
    event = Event.objects.filter(object_id=str(commodity.pk)).latest("id")
    commodity.delete()
    today = timezone.localdate().isoformat()
    for filters in (
        {},
        {"type": COMMODITY},
        {"verb": "deleted"},
        {"user": clerk.full_name},
        {"user": str(clerk.pk)},
        {"user": clerk.email},
        {"field": "name"},
        {"new": "Lint of ours"},
        {"old": "Raw cotton"},
        {"reason": "merger"},
        {"source": "api"},
        {"request": event.request_id or "none"},
        {"record": str(commodity.pk)},
        {"since": today, "until": today},
    ):
        answer = strange_desk.get(PAGE, filters)
        assert str(commodity.pk) not in ids(answer.context["page"].events), filters
        told = [part.label for act in answer.context["acts"] for part in act.entry.parts]
        assert "Lint of ours" not in told, filters


def test_place_of_a_foreign_event_is_no_place(strange_desk, desk, commodity):
    event = Event.objects.filter(object_id=str(commodity.pk)).latest("id")
    for name in ("after", "before"):
        assert desk.get(PAGE, {name: str(event.event_id)}).status_code == 200
        for place in (event.event_id, uuid.uuid4(), event.pk, "nonsense"):
            assert strange_desk.get(PAGE, {name: str(place)}).status_code == 404


def test_pages_never_tell_the_number_of_an_event(desk, commodity):
    text = desk.get(PAGE).content.decode()
    assert commodity.name in text
    numbers = Event.objects.filter(object_id=str(commodity.pk)).values_list("pk", "xid")
    for pk, xid in numbers:
        assert f"={pk}" not in text
        assert f"={xid}" not in text


@pytest.mark.parametrize("fixture", ["clerk", "stranger", "super_admin"])
def test_pages_show_exactly_the_events_in_scope(
    request, client_for, fixture, monkeypatch, commodity, other_organization
):
    """The parts that a page reads apart are all of what the rule shows."""
    monkeypatch.setattr(explorer_query, "PAGE", 300)
    CommodityCategoryFactory()
    CommodityFactory(organization=other_organization)
    user = request.getfixturevalue(fixture)
    client = client_for(user)
    client.get(PAGE)  # from now on reading it is no news
    expected = list(timeline.events_visible_to(user).order_by("-occurred_at", "-id"))
    assert walk(client) == expected


def test_shared_records_are_in_everybodys_log(strange_desk):
    category = CommodityCategoryFactory()
    assert str(category.pk) in ids(found(strange_desk, type=category._meta.label_lower))


def test_reading_the_log_is_an_event_for_the_compliance_of_the_organization(desk, strange_desk, clerk, compliance_desk):
    desk.get(PAGE, {"verb": "deleted"})
    desk.get(PAGE, {"verb": "deleted"})
    (event,) = found(compliance_desk, event="audit.viewed", user=str(clerk.pk))
    assert (event.category, event.payload["filters"]) == ("access", ["Action: Deleted"])
    assert event not in found(strange_desk, event="audit.viewed")


# Filters ---------------------------------------------------------------------------------------------------------------


def test_each_filter_finds_its_event_and_no_other(desk, clerk, commodity, organization):
    other = CommodityFactory(organization=organization, name="Yarn")
    change(commodity, reason="Name of the exchange", source="api", actor=clerk, name="Lint 100%")
    event = Event.objects.filter(object_id=str(commodity.pk)).latest("id")
    for filters in (
        {"user": "ravi men", "category": "row"},
        {"user": str(clerk.pk), "verb": "updated"},
        {"user": clerk.email, "type": COMMODITY},
        {"old": "raw COTTON"},
        {"new": "100%"},
        {"new": "lint", "field": "name"},
        {"reason": "of the exch"},
        {"source": "api"},
        {"verb": "updated", "record": str(commodity.pk)},
    ):
        assert [row.pk for row in found(desk, **filters)] == [event.pk], filters
    logins = found(desk, event="user.login.succeeded", category="security")
    assert ids(logins) == {str(clerk.pk)}
    for filters in (
        {"new": "1_0"},
        {"new": "lint", "field": "description"},
        {"old": "lint"},
        {"user": "nobody"},
        {"reason": "%"},
        {"source": "import"},
        {"category": "privacy"},
        {"until": "2020-01-01"},
        {"since": "2199-01-01"},
        {"request": "unknown"},
    ):
        assert found(desk, **filters) == [], filters
    assert ids(found(desk, type=COMMODITY, verb="created")) == {str(commodity.pk), str(other.pk)}


def test_values_are_found_by_the_name_of_what_they_refer_to(desk, commodity):
    change(commodity, category=CommodityCategoryFactory(name="Cotton waste"))
    assert ids(found(desk, new="cotton waste", field="category_id")) == {str(commodity.pk)}


def test_quotes_and_other_scripts_are_found(desk, commodity):
    for name in ('14" bale', "C:\\lint", "कपास"):
        change(commodity, name=name)
        assert ids(found(desk, new=name)) == {str(commodity.pk)}


def test_one_record_comes_with_its_children(desk, commodity, organization):
    child = CommodityVarietyFactory(commodity=commodity, organization=organization)
    assert ids(found(desk, record=str(commodity.pk))) == {str(commodity.pk), str(child.pk)}
    assert ids(found(desk, record=str(child.pk))) == {str(child.pk)}


def test_changes_without_a_reason_and_outside_the_application_have_views(desk, commodity):
    change(commodity, reason="Name of the exchange", name="Lint")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE commodities_commodity SET name = 'Forged' WHERE id = %s", [commodity.pk])
    latest = Event.objects.filter(object_id=str(commodity.pk)).latest("id")
    assert found(desk, source="database", record=str(commodity.pk))[0] == latest
    unexplained = found(desk, unexplained="on", type=COMMODITY, verb="updated")
    assert [event.pk for event in unexplained] == [latest.pk]
    assert "Outside the application" in [view["title"] for view in desk.get(PAGE).context["views"]]


def test_deleted_and_renamed_users_are_still_found(desk, internal_user, commodity):
    gone = internal_user("commodity_manager", full_name="Meera Shah", email="meera@example.com")
    change(commodity, actor=gone, name="Lint")
    gone.full_name = "Meera Rao"
    gone.save()
    get_user_model().objects.filter(pk=gone.pk).delete()
    for text in ("meera shah", "Meera Rao", "meera@example.com", str(gone.pk)):
        assert ids(found(desk, user=text, type=COMMODITY)) == {str(commodity.pk)}, text
    assert "Meera Shah" in desk.get(PAGE, {"type": COMMODITY}).content.decode()


def test_login_of_a_user_out_of_scope_is_not_searched(desk, super_admin, commodity):
    change(commodity, actor=super_admin, name="Lint")
    assert found(desk, user=super_admin.email) == []
    assert ids(found(desk, user=super_admin.full_name)) == {str(commodity.pk)}


def test_too_many_users_are_refused_in_words(desk, internal_user, monkeypatch):
    monkeypatch.setattr(explorer_query, "USERS", 1)
    internal_user(), internal_user()
    answer = desk.get(PAGE, {"user": "test user"})
    assert answer.status_code == 400
    assert "More than 1 users match" in answer.content.decode()


@pytest.mark.parametrize(
    "filters",
    [
        {"type": "nothing.here"},
        {"since": "yesterday"},
        {"new": "a\0b"},
        {"since": "2026-02-02", "until": "2026-01-01"},
        {"reason": "x" * 201},
    ],
)
def test_what_cannot_be_asked_is_refused_in_words_and_finds_nothing(desk, commodity, filters):
    answer = desk.get(PAGE, filters)
    assert answer.status_code == 400
    assert answer.context["page"].events == []
    assert "errorlist" in answer.content.decode()


# What is shown -----------------------------------------------------------------------------------------------------------


def test_row_tells_who_when_why_and_what(desk, clerk, commodity):
    change(commodity, reason="Name of the exchange", actor=clerk, name="Lint")
    text = desk.get(PAGE, {"type": COMMODITY}).content.decode()
    for expected in ("Ravi Menon", "Name of the exchange", "<del>Raw cotton</del>", "<ins>Lint</ins>", "desk"):
        assert expected in text
    assert url(commodity, "history") in text


def test_deleted_record_leads_to_its_history(desk, commodity):
    page = url(commodity, "history")
    commodity.delete()
    answer = desk.get(PAGE, {"verb": "deleted"})
    assert page in answer.content.decode()
    assert desk.get(page).status_code == 200


def test_secrets_are_neither_shown_nor_searched(admin_desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    account.account_number = "998877665544"
    account.save()
    event = Event.objects.filter(object_id=str(account.pk)).latest("id")
    digest = event.changes["account_number"][1]["$secret"]
    text = admin_desk.get(PAGE, {"record": str(account.pk)}).content.decode()
    assert "<ins>hidden</ins>" in text
    assert digest not in text
    assert "998877665544" not in text
    for words in (digest, digest[:8], "$secret", "998877665544"):
        assert str(account.pk) not in ids(found(admin_desk, new=words)), words
    assert event in found(admin_desk, field="account_number")


def test_what_was_done_together_is_one_act(desk, clerk, organization, commodity):
    with context.acting(source="import", reason="Price list", actor_id=clerk.pk, actor_label=context.label_of(clerk)):
        CommodityFactory.create_batch(5, organization=organization)
    (act,) = (act for act in desk.get(PAGE, {"reason": "Price list"}).context["acts"])
    assert act.summary.endswith(" added")
    assert len(act.shown) == explorer.SHOWN_PARTS
    assert len(act.shown) + len(act.folded) == len(act.rows) >= 5


def test_act_that_goes_on_says_so(desk, monkeypatch, organization):
    monkeypatch.setattr(explorer_query, "PAGE", 2)
    with context.acting(reason="Price list"):
        CommodityFactory.create_batch(3, organization=organization)
    first = desk.get(PAGE, {"reason": "Price list", "type": COMMODITY})
    assert [act.goes_on for act in first.context["acts"]] == [True]
    second = desk.get(PAGE + first.context["older"])
    assert [act.goes_on for act in second.context["acts"]] == [False]


def test_filters_are_chips_in_words_that_can_be_removed(desk, commodity):
    asked = {"type": COMMODITY, "verb": "created", "since": "2026-01-02"}
    answer = desk.get(PAGE, asked)
    query = answer.context["query"]
    assert query.describe() == ["Record type: Commodity", "Action: Added", "From: 2 Jan 2026"]
    text = unescape(answer.content.decode())
    assert f'href="?type={COMMODITY}&since=2026-01-02"' in text
    assert query.without("verb") == f"?type={COMMODITY}&since=2026-01-02"


# Pages -------------------------------------------------------------------------------------------------------------------


def walk(client, way="older", start="", **filters) -> list[Event]:
    """All events from page to page, newest first."""
    pages = []
    answer = client.get(PAGE + start, None if start else filters)
    while True:
        pages.append(answer.context["page"].events)
        address = answer.context[way]
        if not address:
            break
        answer = client.get(PAGE + address)
    ordered = pages if way == "older" else pages[::-1]
    return [event for page in ordered for event in page]


@pytest.mark.parametrize("filters", [{}, {"type": COMMODITY}, {"new": "cotton"}, {"verb": "updated", "field": "name"}])
def test_pages_in_both_directions_miss_and_repeat_nothing(desk, clerk, commodity, monkeypatch, filters):
    for number in range(12):
        change(commodity, name=f"Cotton {number}")
    monkeypatch.setattr(explorer_query, "PAGE", 3)
    monkeypatch.setattr(explorer_query, "SLICE", 5)
    query = ExplorerQuery(clerk, desk.get(PAGE, filters).wsgi_request.GET)
    expected = list(query.events())
    assert len(expected) >= 12
    assert walk(desk, **filters) == expected
    oldest = expected[-1].event_id
    newer = walk(desk, way="newer", start=query.without(before=oldest))
    assert newer == expected[:-1]


def test_filters_survive_paging(desk, commodity, monkeypatch):
    monkeypatch.setattr(explorer_query, "PAGE", 1)
    change(commodity, name="Lint")
    older = desk.get(PAGE, {"type": COMMODITY}).context["older"]
    answer = desk.get(PAGE + older)
    assert answer.context["query"].set_filters == {"type": COMMODITY}
    assert [event.object_type for event in answer.context["page"].events] == [COMMODITY]


def test_rare_words_are_looked_for_step_by_step_and_the_page_says_how_far(desk, commodity, monkeypatch):
    for number in range(20):
        change(commodity, name=f"Lint {number}")
    monkeypatch.setattr(explorer_query, "SLICE", 5)
    answer = desk.get(PAGE, {"old": "raw cotton", "type": COMMODITY})
    page = answer.context["page"]
    fifth = Event.objects.filter(object_id=str(commodity.pk)).order_by("-id")[4]
    assert (page.events, page.looked_until) == ([], fifth.occurred_at)
    assert "Keep searching" in answer.content.decode()
    events = walk(desk, old="raw cotton", type=COMMODITY)
    assert [event.changes["name"] for event in events] == [["Raw cotton", "Lint 0"]]


def test_page_is_never_counted_and_takes_ten_queries_at_most(desk, clerk, commodity):
    for number in range(60):
        change(commodity, reason="Price list", actor=clerk, name=f"Cotton {number}")
    place = str(Event.objects.filter(object_id=str(commodity.pk)).latest("id").event_id)
    filters = {"type": COMMODITY, "user": "ravi", "new": "cotton", "reason": "price", "after": place}
    desk.get(PAGE, filters)
    with CaptureQueriesContext(connection) as queries:
        assert len(found(desk, **filters)) == explorer_query.PAGE
    assert len(queries) <= 10
    assert not [query for query in queries if "COUNT(" in query["sql"].upper()]


def test_page_has_no_inline_code_and_takes_its_policy(desk, commodity):
    answer = desk.get(PAGE, {"type": COMMODITY})
    text = answer.content.decode()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for inline in (" style=", "<style", " onclick=", " onchange=", "<script>"):
        assert inline not in text
    assert reverse("explorer") == PAGE


def test_link_of_a_row_opens_its_history(admin_desk, commodity):
    for event in Event.objects.filter(object_id=str(commodity.pk)):
        row = explorer.Row(timeline.Part(event))
        assert admin_desk.get(row.url).status_code == 200


def test_last_day_of_the_calendar_is_a_day(desk, organization):
    CommodityFactory(organization=organization, name="Raw cotton")
    page = desk.get(f"{PAGE}?until=9999-12-31&since=0001-01-01")
    assert page.status_code == 200
    assert "Raw cotton" in page.content.decode()


def test_opening_of_a_history_names_the_record(admin_desk, organization):
    commodity = CommodityFactory(organization=organization, name="Lint of Wankaner")
    admin_desk.get(url(commodity, "history"))
    text = admin_desk.get(reverse("explorer"), {"category": "access"}).content.decode()
    assert "History of commodity Lint of Wankaner</a>" in text
    assert "without a name" not in text
