"""Sign-in, first page, error pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory
from erp import context
from erp.admin import figures
from erp.approvals.models import Delegation
from erp.ledger import state
from locations.models import Location
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db
INDEX = "/admin/"


def card_of(page: str, name: str) -> str:
    """The line of one kind of record."""
    return page.partition(f"<span>{name}</span>")[2].partition("</li>")[0]


def test_overview_counts_rows_in_scope(desk, strange_desk, organization):
    CommodityFactory.create_batch(2, organization=organization)
    page, strange_page = (browser.get(INDEX).content.decode() for browser in (desk, strange_desk))
    assert '<b class="num">2</b>' in card_of(page, "Commodities")
    assert "<b>+2</b> in 7 days" in card_of(page, "Commodities")
    assert '<b class="num">0</b>' in card_of(strange_page, "Commodities")
    assert "no change in 7 days" in card_of(strange_page, "Commodities")


def test_change_of_a_card_is_added_less_deleted_since_six_days_before_today(desk, organization, clerk, internal_user):
    gone, *_ = CommodityFactory.create_batch(2, organization=organization)
    gone.delete()
    assert "<b>+1</b> in 7 days" in card_of(desk.get(INDEX).content.decode(), "Commodities")
    delegate = internal_user("org_admin")
    with context.acting(actor_id=clerk.pk):
        day = timezone.localdate()
        Delegation.objects.create(from_user=clerk, to_user=delegate, valid_from=day, valid_to=day)
    cache.clear()
    assert "<b>+1</b> in 7 days" in card_of(desk.get(INDEX).content.decode(), "Delegations")
    today = timezone.localdate()
    daily = {
        (today - timedelta(days=7), "commodities.commodity", "added"): 5,
        (today - timedelta(days=6), "commodities.commodity", "added"): 2,
        (today, "commodities.commodity", "deleted"): 3,
        (today, "commodities.commodity", "changed"): 9,
        (today, "locations.location", "added"): 4,
    }
    assert figures._week(daily, [Commodity, Location]) == {"commodities.Commodity": -1, "locations.Location": 4}
    assert figures._week({}, [Commodity]) == {"commodities.Commodity": 0}


def test_overview_tells_latest_changes_in_scope_with_reasons(desk, strange_desk, organization, clerk):
    commodity = CommodityFactory(organization=organization)
    commodity.name = "Own cotton"
    with context.acting(actor_id=clerk.pk, actor_label=context.label_of(clerk), reason="Price basis of ICE"):
        commodity.save()
    text, strange = desk.get(INDEX).content.decode(), strange_desk.get(INDEX).content.decode()
    for expected in ("Own cotton", "Price basis of ICE", "Ravi Menon"):
        assert expected in text
        assert expected not in strange


def test_users_of_others_do_not_appear_among_the_latest_changes(strange_desk, external_user, clerk):
    text = strange_desk.get(INDEX).content.decode()
    assert external_user.full_name not in text
    assert clerk.full_name not in text


def test_deleted_record_links_to_its_history(desk, organization):
    commodity = CommodityFactory(organization=organization)
    key = commodity.pk
    commodity.delete()
    assert reverse("admin:commodities_commodity_history", args=[key]) in desk.get(INDEX).content.decode()


def test_overview_takes_few_queries_and_fewer_while_its_figures_are_fresh(desk, organization):
    BusinessPartnerFactory(organization=organization)
    with CaptureQueriesContext(connection) as cold:
        desk.get(INDEX)
    with CaptureQueriesContext(connection) as warm:
        desk.get(INDEX)
    assert len(cold) <= 20
    # Session, sign-in, the user's and the roles' permissions are read on every page.
    assert len(warm) - 4 <= 3


def test_changes_per_day_are_told_in_scope_and_lead_to_the_events(
    desk, strange_desk, client_for, internal_user, organization
):
    commodity = CommodityFactory(organization=organization)
    commodity.name = "Lint"
    commodity.save()
    page = desk.get(INDEX)
    today = page.context["page"]["figures"].days[-1]
    strange_today = strange_desk.get(INDEX).context["page"]["figures"].days[-1]
    assert (today.day, today.changed, strange_today.changed) == (timezone.localdate(), 1, 0)
    assert f'<a href="{today.url.replace("&", "&amp;")}">' in page.content.decode()
    log = desk.get(today.url)
    assert log.status_code == 200
    assert len(log.context["page"].events) == today.total
    assert client_for(internal_user("viewer")).get(INDEX).context["page"]["figures"].days[-1].url == ""


def test_seal_is_told_to_readers_of_the_audit_log_with_findings_in_words(desk, client_for, internal_user):
    verified = {"ok": False, "findings": 2, "seconds": 1.0, "size": 0}
    state.emit(state.VERIFIED, verified)
    assert '<span class="badge bad">2 findings</span>' in desk.get(INDEX).content.decode()
    assert "Seal of the record" not in client_for(internal_user("viewer")).get(INDEX).content.decode()


def test_menu_has_only_what_the_user_may_open(desk, client_for, internal_user):
    assert reverse("admin:commodities_commodity_changelist") in desk.get(INDEX).content.decode()
    assert (
        reverse("admin:commodities_commodity_changelist") not in client_for(internal_user()).get(INDEX).content.decode()
    )


@pytest.fixture
def demo_user():
    return get_user_model().objects.create_user(
        password="cotton-demo-2026", email="asha@demo.example", full_name="Asha Patel", user_type="SUPER_ADMIN"
    )


@pytest.mark.parametrize(("debug", "demo", "shown"), [(1, 1, True), (1, 0, False), (0, 1, False)])
def test_login_page_lists_demo_users_only_in_a_demonstration(client, settings, demo_user, debug, demo, shown):
    settings.DEBUG, settings.DEMO = bool(debug), bool(demo)
    text = client.get(reverse("admin:login")).content.decode()
    assert ("asha@demo.example" in text) is shown
    assert ("cotton-demo-2026" in text) is shown


def test_sign_in_with_email_in_any_case(client, demo_user):
    posted = {"username": "ASHA@demo.example", "password": "cotton-demo-2026", "next": INDEX}
    answer = client.post(reverse("admin:login"), posted)
    assert (answer.status_code, answer.headers["Location"]) == (302, INDEX)


def test_wrong_password_is_told_without_telling_which(client, demo_user):
    posted = {"username": "asha@demo.example", "password": "wrong"}
    answer = client.post(reverse("admin:login"), posted)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_error_pages_are_the_products_own(desk, settings):
    settings.DEBUG = False
    desk.raise_request_exception = False
    missing = desk.get("/admin/commodities/nothing/")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.content.decode()
    refused = desk.get(reverse("admin:commodities_commoditycategory_add"))
    assert refused.status_code == 403
    assert "You may not open this page" in refused.content.decode()
    asked = desk.get(reverse("admin:commodities_commodity_changelist"), {"nonsense": "1"})
    assert asked.status_code == 400
    assert "This request can’t be answered" in asked.content.decode()


def test_page_for_broken_things_is_the_products_own(client, settings, monkeypatch):
    settings.DEBUG = False
    client.raise_request_exception = False
    monkeypatch.setattr("erp.admin.templatetags.desk.settings", None)
    answer = client.get(reverse("admin:login"))
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()


def test_no_page_has_inline_code(desk, admin_desk, client, organization):
    commodity = CommodityFactory(organization=organization)
    pages = [client.get(reverse("admin:login"))]
    for name in ("change", "history", "delete"):
        pages.append(desk.get(reverse(f"admin:commodities_commodity_{name}", args=[commodity.pk])))
    for name in ("changelist", "add", "import", "export"):
        pages.append(desk.get(reverse(f"admin:commodities_commodity_{name}")))
    pages += [admin_desk.get(INDEX), admin_desk.get(reverse("admin:password_change"))]
    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert " onchange=" not in text
        assert "javascript:" not in text
        assert "<script>" not in text
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
