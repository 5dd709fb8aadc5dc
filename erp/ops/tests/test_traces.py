"""One write, seen from the inside; and nothing at all while nobody collects."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import IntegrityError, connection
from django.test import Client
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from procrastinate import RetryStrategy
from procrastinate.contrib.django import DjangoApp, app

from erp.ops import traces
from erp.testing.fixtures import PASSWORD


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Spans of this process, on connections that are opened from here on."""
    exporter = InMemorySpanExporter()
    undo = traces.instrument(SimpleSpanProcessor(exporter))
    connection.close()
    yield exporter
    undo()
    connection.close()


def written(exporter: InMemorySpanExporter) -> str:
    """All that leaves the house."""
    return "".join(span.to_json() for span in exporter.get_finished_spans())


@pytest.mark.django_db(transaction=True)
def test_a_write_shows_its_steps_and_no_values(internal_user: Any, exporter: InMemorySpanExporter) -> None:
    user = internal_user("org_admin")
    body = {"username": user.email, "password": PASSWORD}
    token = Client().post("/api/v1/auth/login", body, "application/json").json()["access_token"]
    exporter.clear()
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.post(f"/api/v1/auth/logout?for={user.email}", {}, "application/json").status_code == 204
    spans = exporter.get_finished_spans()
    names = [span.name for span in spans]
    assert {"middleware", "sign-in", "rate limit", "commit"} <= set(names)
    assert [one for one in spans if "UPDATE" in str((one.attributes or {}).get("db.statement"))]
    (root,) = [span for span in spans if span.parent is None and span.kind.name == "SERVER"]
    assert {span.context.trace_id for span in spans} == {root.context.trace_id}
    assert dict(root.attributes or {})["http.route"] == "api/v1/auth/logout"
    assert token not in written(exporter)
    assert user.email not in written(exporter)


@pytest.mark.django_db(transaction=True)
def test_an_error_of_the_database_shows_its_class_and_no_values(
    internal_user: Any, exporter: InMemorySpanExporter
) -> None:
    user = internal_user("org_admin")
    exporter.clear()
    with pytest.raises(IntegrityError, match=user.email):
        type(user).objects.create(email=user.email, organization=user.organization, user_type="INTERNAL")
    (span,) = [span for span in exporter.get_finished_spans() if span.name == "INSERT"]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "UniqueViolation")
    assert user.email not in written(exporter)


@pytest.mark.django_db(transaction=True)
def test_each_attempt_at_a_job_is_a_span_with_its_error(exporter: InMemorySpanExporter) -> None:
    made = DjangoApp(connector=app.connector)
    fail = iter([OSError("no answer for ravi@example.com\nDETAIL: Ravi Menon")])

    @made.task(name="post", queue="spans", retry=RetryStrategy(max_attempts=1, wait=0), pass_context=False)
    def post(note: str) -> None:
        for error in fail:
            raise error

    pk = post.defer(note="hunter22")
    with made.replace_connector(app.connector.get_worker_connector()):
        for _ in range(2):  # those that wait at this moment, then the repetition
            made.run_worker(queues=["spans"], wait=False, listen_notify=False, install_signal_handlers=False)
    first, second = [span for span in exporter.get_finished_spans() if span.name.startswith("job ")]
    facts = {"job.task": "post", "job.id": pk}
    assert dict(first.attributes or {}) == {**facts, "job.attempt": 1, "job.error": "OSError: no answer for [removed]"}
    assert dict(second.attributes or {}) == {**facts, "job.attempt": 2}
    assert [(span.name, span.status.status_code, span.status.description) for span in (first, second)] == [
        ("job post", StatusCode.ERROR, "OSError"),
        ("job post", StatusCode.UNSET, None),
    ]
    for value in ("hunter22", "ravi@example.com", "Ravi Menon"):
        assert value not in written(exporter)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [pk])


@pytest.mark.django_db
def test_what_was_taken_back_makes_no_spans() -> None:
    exporter = InMemorySpanExporter()
    traces.instrument(SimpleSpanProcessor(exporter))()
    Client().get("/healthz")
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]  # our own backend
        cursor.execute("SELECT 1")
    assert app._worker().task_middleware == app.worker_defaults["task_middleware"]
    assert exporter.get_finished_spans() == ()


def test_nothing_is_imported_while_nobody_collects() -> None:
    # redis imports the metrics half of the SDK of its own accord, where it is installed.
    ours = ("opentelemetry.instrumentation", "opentelemetry.exporter")
    code = f"import django, sys; django.setup(); print([one for one in sys.modules if one.startswith({ours!r})])"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "erp.settings", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    run = subprocess.run(command, cwd=configured.BASE_DIR, env=environment, check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[0] == "[]"
