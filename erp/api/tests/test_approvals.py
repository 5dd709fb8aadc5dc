"""Four eyes in the API: 202 with the request, and the request's own address."""

from __future__ import annotations

import pytest

from erp.approvals.models import ChangeRequest
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
