"""What the nightly jobs forget, and what they leave alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from accounts.models import AuthSession
from erp.api.jobs import purge_stored_answers
from erp.api.models import StoredAnswer
from erp.ops.jobs import KEPT_DAYS, forget_old_jobs, forget_web_sessions

pytestmark = pytest.mark.django_db

ENDED_WELL = ("succeeded", "cancelled", "aborted")
OPEN = ("todo", "doing", "failed")
MINUTE = timedelta(minutes=1)


def job(status: str, age: timedelta) -> int:
    """A job in this state whose last event is so old; its first one is older still."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'erp.test') RETURNING id"
        )
        pk: int = cursor.fetchone()[0]
        # As workers and people do it: whoever did not wait to be cancelled was begun.
        for state in ("doing", status) if status not in {"todo", "cancelled"} else (status,):
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status WHERE id = %s", [state, pk]
            )
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '90 days' WHERE job_id = %s", [pk])
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - %s WHERE id = (SELECT max(id) FROM procrastinate_events WHERE job_id = %s)",
            [age, pk],
        )
    return pk


def left(pks: dict[Any, int], table: str = "procrastinate_jobs", column: str = "id") -> set[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} = ANY(%s)", [list(pks.values())])
        found = {pk for (pk,) in cursor}
    return {name for name, pk in pks.items() if pk in found}


def test_jobs_that_ended_well_a_week_ago_go_with_their_events_and_no_others() -> None:
    week = timedelta(days=KEPT_DAYS)
    old = {(status, "old"): job(status, week + MINUTE) for status in (*ENDED_WELL, *OPEN)}
    young = {(status, "young"): job(status, week - MINUTE) for status in (*ENDED_WELL, *OPEN)}
    forget_old_jobs(timestamp=0)
    stay = {(status, "old") for status in OPEN} | set(young)
    assert left({**old, **young}) == stay
    assert left({**old, **young}, "procrastinate_events", "job_id") == stay


def test_browser_sessions_go_when_they_have_expired_and_sign_ins_stay(internal_user: Any) -> None:
    user, now = internal_user("org_admin"), timezone.now()
    keys = {}
    for name, ends in (("expired", now - MINUTE), ("open", now + MINUTE)):
        browser = SessionStore()
        browser["who"] = name
        browser.create()
        keys[name] = browser.session_key
        Session.objects.filter(pk=browser.session_key).update(expire_date=ends)
    sign_in = AuthSession.objects.create(user=user, kind="web", expires_at=now - timedelta(days=400))
    forget_web_sessions(timestamp=0)
    assert list(Session.objects.filter(pk__in=keys.values()).values_list("pk", flat=True)) == [keys["open"]]
    assert AuthSession.objects.filter(pk=sign_in.pk).exists()


def test_answers_go_a_day_after_they_were_given() -> None:
    day, now = timedelta(days=1), timezone.now()
    common = {"user_id": "0" * 32, "method": "POST", "path": "/", "fingerprint": "", "status": 201, "body": ""}
    for name, at in (("old", now - day - MINUTE), ("young", now - day + MINUTE)):
        StoredAnswer.objects.create(**common, key=name, created_at=at)
    purge_stored_answers(timestamp=0)
    assert list(StoredAnswer.objects.filter(path="/").values_list("key", flat=True)) == ["young"]
