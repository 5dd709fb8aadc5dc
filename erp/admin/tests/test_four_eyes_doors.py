"""Every door of the desk to a guarded value: it becomes a request, or is refused with the way out, and nothing is written."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from erp import context
from erp.admin.tests.pages import REASON, submit, url
from erp.admin.tests.test_imports import as_csv, confirm, upload
from erp.approvals import services
from erp.approvals.models import ChangeRequest, Delegation
from erp.approvals.tests.conftest import asked, guarded, house  # noqa: F401 (fixtures)
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import make_user
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db
NEW_PAN = "ABCCE1234F"
KYC = {
    "kyc_status": "verified",
    "kyc_verified_at_0": "2026-01-10",
    "kyc_verified_at_1": "10:00",
    "kyc_expires_on": "2027-01-10",
}


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def said(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def undo_page(record, verb: str = "updated") -> str:
    event = Event.objects.filter(object_id=str(record.pk), event_type__endswith=verb).latest("id")
    return reverse("undo", args=[event.event_id])


def act_alone(people, record, **values):
    services.break_glass(record, values, by=people.root, reason="Nobody else is in the office today, the bank waits")
    record.refresh_from_db()


@pytest.fixture
def helper(internal_user):
    """Decides nothing of her own."""
    return internal_user("commodity_manager", full_name="Rekha Nair")


@pytest.fixture
def second_root():
    """Another super admin."""
    return make_user("SUPER_ADMIN", full_name="Nandini Bose")


# Undo and restore -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_undo_of_an_approved_value_is_left_to_the_form(guarded, client_for):  # noqa: F811
    act_alone(guarded, guarded.partner, pan=NEW_PAN)
    address = undo_page(guarded.partner)
    client = client_for(guarded.farhan)
    assert "Needs approval (PAN): ask for it on its own form." in client.get(address).content.decode()
    before = latest_event_id()
    answer = client.post(address, {"reason": REASON})
    guarded.partner.refresh_from_db()
    assert (answer.status_code, guarded.partner.pan, latest_event_id()) == (409, NEW_PAN, before)


@pytest.mark.django_db(transaction=True)
def test_undo_of_a_guarded_deletion_names_the_way_back(house, client_for, request):  # noqa: F811
    partner = BusinessPartnerFactory(
        organization=house.organization,
        kyc_status="verified",
        kyc_verified_at=timezone.now(),
        kyc_expires_on="2099-01-01",
    )
    kept = BusinessPartner.objects.get(pk=partner.pk)
    partner.delete()
    request.getfixturevalue("four_eyes")
    address, client = undo_page(kept, "deleted"), client_for(house.farhan)
    page = client.get(address).content.decode()
    assert "Needs approval: restore it from its history, which asks for that." in page
    assert client.post(address, {"reason": REASON}).status_code == 409
    assert not BusinessPartner.objects.filter(pk=kept.pk).exists()
    back = url(BusinessPartner, "add", restore=kept.history.latest().history_id)
    answer = submit(client, back)
    assert answer.status_code == 302, answer.context["errors"]
    restored = BusinessPartner.objects.get(pk=kept.pk)
    waiting = ChangeRequest.objects.get(object_id=str(kept.pk))
    assert (restored.kyc_status, waiting.changes["kyc_status"]) == ("not_started", ["not_started", "verified"])
    services.approve(waiting, by=house.sunita)
    restored.refresh_from_db()
    assert restored.kyc_status == "verified"


def test_restored_version_asks_for_its_guarded_value(guarded, client_for):  # noqa: F811
    old = guarded.partner.pan
    first = guarded.partner.history.latest().history_id
    act_alone(guarded, guarded.partner, pan=NEW_PAN)
    answer = submit(client_for(guarded.farhan), url(guarded.partner, restore=first))
    assert answer.status_code == 302, answer.context["errors"]
    guarded.partner.refresh_from_db()
    waiting = ChangeRequest.objects.get(break_glass=False)
    assert (guarded.partner.pan, waiting.changes) == (NEW_PAN, {"pan": [NEW_PAN, old]})


# Files and many rows --------------------------------------------------------------------------------------------------------


def test_file_brings_no_guarded_value_to_new_or_stored_rows(guarded, client_for):  # noqa: F811
    before = latest_event_id()
    stored = {"partner_code": guarded.partner.partner_code, "pan": NEW_PAN}
    new = {
        "partner_code": "BP-IN-900001", "legal_name": "New Mill", "entity_type": "private_limited", "country": "IN",
        "pan": "ABCCF1234F", "primary_currency": "INR", "kyc_status": "verified",
        "kyc_verified_at": "2026-01-10 10:00", "kyc_expires_on": "2027-01-10",
    }  # fmt: skip
    client = client_for(guarded.farhan)
    rows = [{**dict.fromkeys(new, ""), **stored}, new]
    partner = guarded.partner
    rows[0] |= {"legal_name": partner.legal_name, "entity_type": partner.entity_type, "country": partner.country_id}
    rows[0] |= {"primary_currency": partner.primary_currency_id}
    page = upload(client, as_csv(*rows), model=BusinessPartner)
    errors = {(one["row"], one["column"]): one["message"] for one in page.context["errors"]}
    assert "of a stored record needs the approval" in errors[2, "pan"]
    assert "of a new record needs the approval" in errors[3, "kyc_status"]
    assert confirm(client, page, model=BusinessPartner).status_code != 500
    assert latest_event_id() == before or not BusinessPartner.objects.filter(partner_code="BP-IN-900001").exists()
    guarded.partner.refresh_from_db()
    assert guarded.partner.pan != NEW_PAN


def bulk(client, rows, **values):
    chosen = {"action": "edit_selected", "_selected_action": [row.pk for row in rows]}
    return client.post(url(BusinessPartner, "changelist"), {**chosen, **values})


def test_one_value_for_many_rows_is_no_guarded_one(guarded, client_for):  # noqa: F811
    client, before = client_for(guarded.farhan), latest_event_id()
    page = bulk(client, [guarded.partner])
    offered = [name for name, _ in page.context["field_form"].fields["field"].choices]
    assert "status" in offered
    assert not {"pan", "kyc_status", "kyc_expires_on"} & set(offered)
    forged = bulk(client, [guarded.partner], field="pan", value=NEW_PAN, step="save", reason=REASON)
    assert (forged.status_code, latest_event_id()) == (200, before)


def test_blocked_partner_among_many_rows_stops_them(guarded, client_for):  # noqa: F811
    other = BusinessPartnerFactory(organization=guarded.organization, status="active")
    BusinessPartner.objects.filter(pk=guarded.partner.pk).update(status="blocked")
    client, before = client_for(guarded.farhan), latest_event_id()
    page = bulk(client, [guarded.partner, other], field="status", value="suspended")
    assert [bool(edit.problem) for edit in page.context["edits"]].count(True) == 1
    assert "second person" in page.content.decode()
    page = bulk(
        client, [guarded.partner, other], field="status", value="suspended", step="save", reason=REASON,
        chosen=page.context["token"],
    )  # fmt: skip
    assert (page.status_code, latest_event_id()) == (200, before)


# Blocking -------------------------------------------------------------------------------------------------------------------


def test_blocking_is_immediate_and_unblocking_waits(guarded, client_for):  # noqa: F811
    partner, client = guarded.partner, client_for(guarded.farhan)
    assert submit(client, url(partner), status="blocked").status_code == 302
    partner.refresh_from_db()
    assert (partner.status, ChangeRequest.objects.count()) == ("blocked", 0)
    answer = submit(client, url(partner), status="active", trade_name="Ganesh")
    assert "status" in said(answer)
    partner.refresh_from_db()
    waiting = ChangeRequest.objects.get()
    assert (partner.status, partner.trade_name, waiting.changes) == (
        "blocked",
        "Ganesh",
        {"status": ["blocked", "active"]},
    )
    services.approve(waiting, by=guarded.sunita)
    partner.refresh_from_db()
    assert partner.status == "active"
    assert submit(client, url(partner), status="suspended").status_code == 302
    partner.refresh_from_db()
    assert partner.status == "suspended"


# New records and deletions --------------------------------------------------------------------------------------------------


def test_new_partner_is_entered_and_its_verification_asked_for(guarded, client_for):  # noqa: F811
    client = client_for(guarded.asha)
    answer = submit(
        client, url(BusinessPartner, "add"), legal_name="New Mill", entity_type="private_limited", country="IN",
        pan=NEW_PAN, primary_currency="INR", **KYC,
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    made = BusinessPartner.objects.get(legal_name="New Mill")
    waiting = ChangeRequest.objects.get()
    assert (made.kyc_status, made.pan, waiting.changes["kyc_status"]) == (
        "not_started",
        NEW_PAN,
        ["not_started", "verified"],
    )


def test_chosen_rows_are_asked_for_not_deleted(guarded, client_for):  # noqa: F811
    client = client_for(guarded.farhan)
    account = guarded.account
    answer = client.post(
        url(type(account), "changelist"),
        {"action": "delete_selected", "_selected_action": [account.pk], "post": "yes", "reason": REASON},
    )
    assert "Waiting for a second person" in said(answer)
    assert ChangeRequest.objects.get().kind == "delete"
    account.refresh_from_db()


def test_user_who_holds_roles_is_deleted_by_nobody(second_root, guarded, client_for):  # noqa: F811
    first, second = client_for(guarded.root), client_for(second_root)
    assert first.post(url(guarded.harsh, "delete"), {"post": "yes", "reason": REASON}).status_code == 302
    waiting, before = ChangeRequest.objects.get(), latest_event_id()
    page = second.post(reverse("approval", args=[waiting.pk]), {"act": "approve", "comment": "Yes"})
    assert page.status_code == 409
    assert "roles come and go with the approval of a second person" in page.content.decode()
    assert "accounts_user" not in page.content.decode()
    assert (ChangeRequest.objects.get().status, latest_event_id()) == ("pending", before)
    assert User.objects.filter(pk=guarded.harsh.pk, groups__name="viewer").exists()


# Roles ----------------------------------------------------------------------------------------------------------------------


def test_role_of_a_new_user_is_asked_for(guarded, client_for):  # noqa: F811
    viewer = Group.objects.get(name="viewer")
    answer = submit(
        client_for(guarded.farhan), url(User, "add"), full_name="Meera Joshi", email="meera@example.com", locale="en",
        timezone="Asia/Kolkata", user_type="INTERNAL", groups=[viewer.pk], password1="Kapas-und-Zwirn-77",
        password2="Kapas-und-Zwirn-77",
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    made = User.objects.get(email="meera@example.com")
    waiting = ChangeRequest.objects.get()
    assert (list(made.groups.all()), waiting.kind, waiting.changes) == ([], "add", {"group_id": [None, viewer.pk]})


def test_nobody_changes_what_a_role_may_do(guarded, client_for):  # noqa: F811
    client, before = client_for(guarded.root), latest_event_id()
    viewer = Group.objects.get(name="viewer")
    for address in (url(viewer), url(Group, "add"), url(viewer, "delete")):
        assert client.post(address, {"name": "king", "post": "yes", "reason": REASON}).status_code == 403
    assert latest_event_id() == before


# Standing in ----------------------------------------------------------------------------------------------------------------


def lend(from_user, to_user, first: int, last: int) -> None:
    today = timezone.localdate()
    days = {"valid_from": today + datetime.timedelta(first), "valid_to": today + datetime.timedelta(last)}
    with context.acting(source="command", actor_id=from_user.pk):
        Delegation.objects.create(from_user=from_user, to_user=to_user, **days)


@pytest.mark.parametrize(("first", "last", "status"), [(-1, 1, 302), (-9, -1, 404), (1, 9, 404)])
def test_stand_in_decides_on_the_lent_days_only(helper, asked, guarded, client_for, first, last, status):  # noqa: F811
    lend(guarded.sunita, helper, first, last)
    client = client_for(helper)
    before = latest_event_id()
    answer = client.post(reverse("approval", args=[asked.pk]), {"act": "approve", "comment": "For Sunita"})
    assert answer.status_code == status
    asked.refresh_from_db()
    if status == 302:
        assert (asked.status, asked.decision.on_behalf_of) == ("applied", guarded.sunita)
    else:
        assert (asked.status, latest_event_id()) == ("pending", before)
