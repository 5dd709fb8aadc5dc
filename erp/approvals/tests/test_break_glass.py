"""Acting alone in an emergency: allowed to few, applied at once, seen by others afterwards."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from erp import context
from erp.approvals import jobs, services
from erp.approvals.models import ChangeRequest
from erp.events.models import Event

TELL = "erp.approvals.jobs.tell_of_break_glass"
WHY = "The only approver is in hospital and the vessel sails today"


@pytest.fixture
def compliance(house: SimpleNamespace, internal_user: Callable[..., Any]) -> Any:
    return internal_user("compliance_officer", full_name="Shilpa Kulkarni")


@pytest.fixture
def broken(compliance: Any, guarded: SimpleNamespace) -> ChangeRequest:
    """`root` has changed the holder alone."""
    services.break_glass(guarded.account, {"holder": "Alone Ltd"}, by=guarded.root, reason=WHY)
    return ChangeRequest.objects.get()


def test_it_is_applied_at_once_flagged_and_told(
    broken: ChangeRequest, guarded: SimpleNamespace, compliance: Any
) -> None:
    guarded.account.refresh_from_db()
    assert guarded.account.holder == "Alone Ltd"
    assert (broken.status, broken.break_glass, broken.applied_version) == ("applied", True, 2)
    event = Event.objects.get(event_type="change_request.break_glass", object_id=str(broken.pk))
    assert (event.actor_id, event.reason, event.category) == (guarded.root.pk, WHY, "approval")
    job = ProcrastinateJob.objects.get(task_name=TELL, args__request_id=str(broken.pk))
    jobs.tell_of_break_glass(**job.args)
    (message,) = mail.outbox
    assert message.to == [compliance.email]
    assert WHY in message.body
    assert "Alone Ltd" not in message.body


def test_it_waits_for_another_persons_review(broken: ChangeRequest, guarded: SimpleNamespace, compliance: Any) -> None:
    assert services.to_review(compliance).get() == broken
    assert not services.to_review(guarded.root).exists()
    for user in (guarded.root, guarded.stranger, guarded.harsh):
        with pytest.raises(services.ApprovalError):
            services.review(broken, by=user, comment="Fine")
    with context.acting(actor_id=guarded.root.pk), pytest.raises(DatabaseError), transaction.atomic():
        ChangeRequest.objects.filter(pk=broken.pk).update(reviewed_by=guarded.root, reviewed_at="2026-01-01T00:00Z")
    services.review(broken, by=compliance, comment="The hospital confirms it")
    broken.refresh_from_db()
    assert (broken.reviewed_by, broken.review_comment) == (compliance, "The hospital confirms it")
    assert not services.to_review(compliance).exists()
    assert Event.objects.filter(event_type="change_request.break_glass_reviewed", object_id=str(broken.pk)).count() == 1
    with pytest.raises(services.ApprovalError, match="once"):
        services.review(broken, by=guarded.farhan, comment="Again")


def test_it_needs_the_right_and_a_real_reason(guarded: SimpleNamespace) -> None:
    with pytest.raises(services.ApprovalError, match="no right to act alone"):
        services.break_glass(guarded.account, {"holder": "Alone Ltd"}, by=guarded.farhan, reason=WHY)
    with pytest.raises(services.ApprovalError, match="20 characters"):
        services.break_glass(guarded.account, {"holder": "Alone Ltd"}, by=guarded.root, reason="Urgent")
    values = {"maker": guarded.farhan, "reason": WHY, "break_glass": True, "organization": guarded.organization}
    missing = pytest.raises(DatabaseError, match="right to act alone is missing")
    with context.acting(actor_id=guarded.farhan.pk), missing as error, transaction.atomic():
        ChangeRequest.objects.create(object_type="x", object_id="x", object_label="x", base_version=1, **values)
    assert services.refused(error.value)
    assert not ChangeRequest.objects.exists()


def test_a_flag_alone_applies_nothing_for_others(guarded: SimpleNamespace) -> None:
    asked = services.request_change(guarded.account, {"holder": "Mine"}, maker=guarded.root, reason=WHY)
    with context.acting(actor_id=guarded.root.pk), pytest.raises(DatabaseError), transaction.atomic():
        ChangeRequest.objects.filter(pk=asked.pk).update(break_glass=True)
    asked.refresh_from_db()
    assert not asked.break_glass


def test_the_command_lets_the_first_administrator_begin(guarded: SimpleNamespace) -> None:
    out = StringIO()
    who = {"by": guarded.root.email, "reason": WHY}
    call_command("break_glass", user=guarded.harsh.email, give_role="org_admin", stdout=out, **who)
    assert Group.objects.filter(user=guarded.harsh, name="org_admin").exists()
    assert "Another person reviews it" in out.getvalue()
    record = ["partners.partnerbankaccount", str(guarded.account.pk)]
    call_command("break_glass", record=record, set=["holder=From the command"], stdout=out, **who)
    guarded.account.refresh_from_db()
    assert guarded.account.holder == "From the command"
    event = Event.objects.filter(event_type="partner.bank_account.updated").latest("id")
    assert (event.source, event.actor_id, event.reason) == ("command", guarded.root.pk, WHY)
    assert services.to_review(guarded.farhan).count() == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "nobody@example.com"}, "Nobody signs in as"),
        ({"give_role": "viewer"}, "Whose role"),
        ({"give_role": "king", "user": "x"}, "no role king"),
        ({"record": ["partners.partnerbankaccount", "1"], "set": ["holder=x"]}, "There is no"),
        ({}, "Say what to change"),
    ],
)
def test_the_command_says_what_is_missing(super_admin: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("break_glass", **{"by": super_admin.email, "reason": WHY, **options})
