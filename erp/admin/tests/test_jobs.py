"""Failed jobs at the desk: who sees them, what is shown of them, and letting one run again with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from erp.admin.tests.pages import REASON
from erp.events.models import Event
from erp.testing.roles import as_superuser

pytestmark = pytest.mark.django_db

TASK = "accounts.jobs.send_it"


def failed(task: str = TASK, *, status: str = "failed", lock: str | None = None, **arguments: Any) -> int:
    """A job in this state, the newest of all; its key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts, queueing_lock)"
            " VALUES ('default', %s, %s, 'doing', 9, %s) RETURNING id",
            [task, json.dumps(arguments), lock],
        )
        pk: int = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status WHERE id = %s", [status, pk]
        )
        # The clock stands still in a transaction.
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() + make_interval(secs => %s) WHERE job_id = %s", [pk, pk]
        )
    return pk


def state(pk: int) -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, attempts FROM procrastinate_jobs WHERE id = %s", [pk])
        found: tuple[str, int] = cursor.fetchone()
    return found


def retried(pk: int) -> list[Event]:
    return list(Event.objects.filter(event_type="job.retried", object_id=str(pk)))


def test_failed_jobs_are_listed_newest_first_without_secrets(admin_desk: Client) -> None:
    old = failed(user_id="17", token="hunter22", note="to ravi@example.com")
    new, running = failed(), failed(status="succeeded")
    answer = admin_desk.get(reverse("jobs"))
    assert [row.pk for row in answer.context["rows"]] == [new, old]
    page = answer.content.decode()
    assert f"send_it {old}" in page
    assert f"send_it {running}" not in page
    assert "user_id: 17" in page
    assert "token: [removed]" in page
    assert "hunter22" not in page
    assert "ravi@example.com" not in page
    assert 'aria-current="page">Failed jobs</a>' in page


def test_fifty_stand_on_a_page(admin_desk: Client) -> None:
    keys = [failed() for _ in range(51)]
    assert [row.pk for row in admin_desk.get(reverse("jobs"), {"page": 2}).context["rows"]] == keys[:1]


def test_error_of_an_outside_sink_is_shown(admin_desk: Client) -> None:
    with as_superuser(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # a head of nothing
        cursor.execute(
            "INSERT INTO ledger_delivery (size, sink, error) VALUES (1, 'https://sink.example', 'Answered 503') RETURNING id"
        )
        (delivery,) = cursor.fetchone()
        cursor.execute("SET LOCAL session_replication_role = origin")
    pk = failed("erp.ledger.jobs.post_head", delivery_id=delivery)
    assert admin_desk.get(reverse("jobs")).context["rows"][0].error == "Answered 503"
    assert "The last error: Answered 503" in admin_desk.get(reverse("job", args=[pk])).content.decode()


def test_job_runs_again_with_a_reason_and_leaves_an_event(admin_desk: Client, super_admin: Any) -> None:
    pk = failed()
    answer = admin_desk.post(reverse("job", args=[pk]), {"reason": REASON}, follow=True)
    assert answer.redirect_chain == [(reverse("jobs"), 302)]
    assert f"Runs again within seconds: send_it {pk}." in answer.content.decode()
    assert state(pk) == ("todo", 10)
    [event] = retried(pk)
    assert (event.category, event.actor_id, event.reason) == ("system", super_admin.pk, REASON)
    assert event.payload == {"label": f"send_it {pk}", "task": TASK, "attempts": 9}
    log = admin_desk.get(reverse("explorer"), {"event": "job.retried"}).content.decode()
    assert f"send_it {pk}" in log


@pytest.mark.parametrize("reason", ["", "why", None])
def test_without_a_reason_nothing_is_written(admin_desk: Client, reason: str | None) -> None:
    pk = failed()
    answer = admin_desk.post(reverse("job", args=[pk]), {} if reason is None else {"reason": reason})
    assert (answer.status_code, "Say why" in answer.content.decode()) == (200, True)
    assert (state(pk), retried(pk)) == (("failed", 9), [])


@pytest.mark.parametrize("status", ["succeeded", "doing", "todo"])
def test_job_that_did_not_fail_is_404_and_unchanged(admin_desk: Client, status: str) -> None:
    pk = failed(status=status)
    assert admin_desk.post(reverse("job", args=[pk]), {"reason": REASON}).status_code == 404
    assert (state(pk), retried(pk)) == ((status, 9), [])


def test_job_whose_twin_waits_already_is_refused(admin_desk: Client) -> None:
    pk, twin = failed(lock="seal"), failed(lock="seal", status="todo")
    answer = admin_desk.post(reverse("job", args=[pk]), {"reason": REASON})
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (409, True)
    assert (state(pk), state(twin), retried(pk)) == (("failed", 9), ("todo", 9), [])


@pytest.mark.parametrize("name", ["desk", "compliance_desk", "strange_desk"])
def test_nobody_but_super_admins_sees_or_repeats_them(request: pytest.FixtureRequest, name: str) -> None:
    client, pk = request.getfixturevalue(name), failed()
    assert client.get(reverse("jobs")).status_code == 403
    assert client.get(reverse("job", args=[pk])).status_code == 403
    assert client.post(reverse("job", args=[pk]), {"reason": REASON}).status_code == 403
    assert (state(pk), retried(pk)) == (("failed", 9), [])
    assert reverse("jobs") not in client.get(reverse("admin:index")).content.decode()


def test_visitor_is_sent_to_the_sign_in(client: Client) -> None:
    pk = failed()
    assert client.post(reverse("job", args=[pk]), {"reason": REASON}).status_code == 302
    assert state(pk) == ("failed", 9)
