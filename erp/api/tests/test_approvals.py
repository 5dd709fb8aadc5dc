"""Four eyes in the API: 202 with the request, and the request's own address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from erp import context
from erp.approvals.models import ChangeRequest, Delegation
from erp.approvals.tests.conftest import asked, guarded, house  # noqa: F401 (fixtures)
from erp.testing.contract import latest_event_id

pytestmark = pytest.mark.django_db
WHY = {"X-Change-Reason": "The bank corrected it"}


def address(account) -> str:
    return f"/api/v1/partners/{account.partner_id}/bank-accounts/{account.pk}"


def match(row) -> dict[str, str]:
    return {**WHY, "If-Match": f'"{row.pk}:{row.version}"'}


def step(request, name: str) -> str:
    return f"/api/v1/change-requests/{request.pk}/{name}"


def test_patch_writes_what_it_may_and_asks_for_the_rest(guarded, api):  # noqa: F811
    account, old = guarded.account, guarded.account.holder
    body = {"holder": "Ganesh Ginning LLP", "branch": "Rajkot Main"}
    answer = api(guarded.asha).patch(address(account), body, headers=match(account))
    assert answer.status_code == 202, answer.content
    account.refresh_from_db()
    assert (account.holder, account.branch) == (old, "Rajkot Main")
    assert answer.json()["record"]["holder"] == old
    (shown,) = answer.json()["change_requests"]
    assert shown["changes"] == [{"field": "holder", "old": old, "new": "Ganesh Ginning LLP"}]
    request = ChangeRequest.objects.get()
    assert (shown["id"], shown["status"]) == (str(request.pk), "pending")
    assert answer["ETag"] == f'"{account.pk}:{account.version}"'
    approved = api(guarded.sunita).post(step(request, "approve"), {"comment": "Seen"})
    assert (approved.status_code, approved.json()["status"]) == (200, "applied"), approved.content
    assert approved.json()["decision"]["comment"] == "Seen"
    account.refresh_from_db()
    assert account.holder == "Ganesh Ginning LLP"


def test_delete_is_asked_for(guarded, api):  # noqa: F811
    answer = api(guarded.asha).delete(address(guarded.account), headers=match(guarded.account))
    assert answer.status_code == 202
    assert answer.json()["change_requests"][0]["kind"] == "delete"
    guarded.account.refresh_from_db()


def test_own_request_is_refused_and_nothing_written(asked, guarded, api):  # noqa: F811
    before = latest_event_id()
    for user, status in ((guarded.asha, 403), (guarded.harsh, 403), (guarded.stranger, 404)):
        assert api(user).post(step(asked, "approve"), {}).status_code == status
    assert api(guarded.sunita).post(step(asked, "reject"), {}).status_code == 400
    assert latest_event_id() == before


def test_stale_request_answers_409_and_is_kept_as_overtaken(asked, guarded, api):  # noqa: F811
    guarded.account.branch = "Rajkot Main"
    guarded.account.save()
    answer = api(guarded.sunita).post(step(asked, "approve"), {})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    asked.refresh_from_db()
    assert asked.status == "conflict"
    assert api(guarded.sunita).post(step(asked, "approve"), {}).json()["code"] == "closed"


def test_list_and_withdrawal(asked, guarded, api):  # noqa: F811
    mine = api(guarded.asha)
    assert [row["id"] for row in mine.get("/api/v1/change-requests?status=pending").json()["results"]] == [
        str(asked.pk)
    ]
    assert api(guarded.stranger).get("/api/v1/change-requests").json()["results"] == []
    assert mine.post(step(asked, "withdraw"), {}).json()["status"] == "withdrawn"


def test_many_at_once_are_refused_by_row(guarded, api):  # noqa: F811
    pan = guarded.partner.pan
    shown = api(guarded.asha).get(f"/api/v1/partners/{guarded.partner.pk}").json()
    body = {"mode": "upsert", "rows": [{"partner_code": shown["partner_code"], "pan": "ABCCE1234F"}]}
    headers = {**WHY, "Idempotency-Key": "many"}
    answer = api(guarded.asha).post("/api/v1/partners/bulk", body, headers=headers)
    assert answer.status_code == 400
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/rows/0/pan", "approval_required")
    ]
    guarded.partner.refresh_from_db()
    assert guarded.partner.pan == pan


def test_blocking_is_immediate_and_unblocking_waits(guarded, api):  # noqa: F811
    partner, client = guarded.partner, api(guarded.farhan)
    address = f"/api/v1/partners/{partner.pk}"
    partner.refresh_from_db()
    assert client.patch(address, {"status": "blocked"}, headers=match(partner)).status_code == 200
    partner.refresh_from_db()
    answer = client.patch(address, {"status": "active"}, headers=match(partner))
    assert (answer.status_code, answer.json()["record"]["status"]) == (202, "blocked")
    assert ChangeRequest.objects.get().changes == {"status": ["blocked", "active"]}
    partner.refresh_from_db()
    unsaid = {"If-Match": match(partner)["If-Match"]}
    assert client.patch(address, {"status": "active"}, headers=unsaid).json()["code"] == "reason_required"
    assert ChangeRequest.objects.count() == 1


def test_unblocking_many_at_once_is_refused_by_row(guarded, api):  # noqa: F811
    type(guarded.partner).objects.filter(pk=guarded.partner.pk).update(status="blocked")
    client = api(guarded.farhan)
    code = client.get(f"/api/v1/partners/{guarded.partner.pk}").json()["partner_code"]
    before = latest_event_id()
    body = {"mode": "upsert", "rows": [{"partner_code": code, "status": "active"}]}
    answer = client.post("/api/v1/partners/bulk", body, headers={**WHY, "Idempotency-Key": "unblock"})
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/rows/0/status", "approval_required")
    ]
    assert latest_event_id() == before


def test_new_record_is_entered_less_what_needs_a_second_person(guarded, api):  # noqa: F811
    body = {
        "legal_name": "New Mill", "entity_type": "private_limited", "country": "IN", "pan": "ABCCE1234F",
        "primary_currency": "INR", "kyc_status": "verified", "kyc_verified_at": "2026-01-10T10:00:00Z",
        "kyc_expires_on": "2027-01-10",
    }  # fmt: skip
    answer = api(guarded.asha).post("/api/v1/partners", body, headers=WHY)
    assert answer.status_code == 202, answer.content
    assert answer.json()["record"]["kyc_status"] == "not_started"
    assert ChangeRequest.objects.get().changes["kyc_status"] == ["not_started", "verified"]


def test_roles_of_users_are_asked_for(guarded, api):  # noqa: F811
    client, user = api(guarded.farhan), guarded.harsh
    user.refresh_from_db()
    answer = client.patch(f"/api/v1/settings/users/{user.pk}", {"roles": ["commodity_manager"]}, headers=match(user))
    assert answer.status_code == 202, answer.content
    assert answer.json()["record"]["roles"] == ["viewer"]
    assert sorted(ChangeRequest.objects.values_list("kind", flat=True)) == ["add", "delete"]
    body = {"full_name": "Meera Joshi", "email": "meera@example.com", "user_type": "INTERNAL", "roles": ["viewer"]}
    made = client.post("/api/v1/settings/users", body, headers=WHY)
    assert (made.status_code, made.json()["record"]["roles"]) == (202, [])
    assert ChangeRequest.objects.count() == 3
    bulk = client.post(
        "/api/v1/settings/users/bulk", {"rows": [{**body, "email": "x@example.com"}]},
        headers={**WHY, "Idempotency-Key": "roles"},
    )  # fmt: skip
    assert (bulk.status_code, bulk.json()["errors"][0]["code"]) == (400, "approval_required")
    assert ChangeRequest.objects.count() == 3


def test_user_moves_up_with_a_second_person_only(guarded, api):  # noqa: F811
    user = guarded.harsh
    user.refresh_from_db()
    answer = api(guarded.farhan).patch(
        f"/api/v1/settings/users/{user.pk}", {"user_type": "SUPER_ADMIN"}, headers=match(user)
    )
    assert answer.status_code in {202, 400, 403}, answer.content
    user.refresh_from_db()
    assert (user.user_type, user.is_superuser) == ("INTERNAL", False)


def test_a_lent_right_ends_with_its_last_day(asked, guarded, api):  # noqa: F811
    today = timezone.localdate()
    days = {"valid_from": today - timedelta(9), "valid_to": today - timedelta(1)}
    with context.acting(source="command", actor_id=guarded.sunita.pk):
        Delegation.objects.create(from_user=guarded.sunita, to_user=guarded.harsh, **days)
    client = api(guarded.harsh)
    before = latest_event_id()
    answer = client.post(step(asked, "approve"), {})
    assert (answer.status_code, latest_event_id()) == (403, before)
