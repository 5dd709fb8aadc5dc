"""Readiness: each part that fails is a 503 which only those who may watch can read, and nothing that hangs holds it up."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from erp.events import jobs
from erp.ops import health
from erp.testing.roles import as_owner

NOBODY = "192.0.2.7"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hanging() -> Iterator[int]:
    """Port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def no_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def ask() -> tuple[int, dict[str, str]]:
    response = Client().get("/readyz")
    return response.status_code, {part: fact for part, fact in response.json()["parts"].items() if fact != "ok"}


def test_all_is_well(no_jobs: None) -> None:
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "parts": dict.fromkeys(health.PROBES, "ok")}
    stranger = Client(REMOTE_ADDR=NOBODY).get("/readyz")
    assert (stranger.status_code, stranger.content) == (200, b"ready\n")


def test_database_that_fails(no_jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PROBES, "database", lambda: 1 / 0)
    assert ask() == (503, {"database": "fails with ZeroDivisionError"})
    stranger = Client(REMOTE_ADDR=NOBODY).get("/readyz")
    assert (stranger.status_code, stranger.content) == (503, b"unavailable\n")


def test_migration_that_is_not_applied(no_jobs: None) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions' RETURNING app, name, applied")
        gone = cursor.fetchall()
    try:
        assert ask() == (503, {"migrations": "1 migrations are not applied: run `manage.py migrate`"})
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", gone)
    health._last = None
    assert ask() == (200, {})


def test_cache_that_hangs_does_not_hang_it(no_jobs: None, settings: Any, hanging: int) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{hanging}/0"}}
    status, facts = ask()
    assert (status, list(facts)) == (503, ["cache"])


def test_part_that_hangs_is_given_up(no_jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TIMEOUT_S", 0.3)
    monkeypatch.setitem(health.PROBES, "replica", lambda: time.sleep(2))
    assert ask() == (503, {"replica": "no answer within 0.3 s"})


def test_signing_key_that_is_gone(no_jobs: None, settings: Any) -> None:
    settings.AUDIT_SIGNING_KEY_FILE, settings.DEBUG = "/nowhere/key.pem", False
    settings.ALLOWED_HOSTS = ["testserver"]
    assert ask() == (503, {"signing key": "AUDIT_SIGNING_KEY_FILE can't be read or is no key"})


@pytest.mark.parametrize("scheduled", [True, False])
def test_jobs_that_nobody_does(no_jobs: None, scheduled: bool) -> None:
    job = jobs.number_events.configure(queueing_lock=None).defer(timestamp=0)
    with connection.cursor() as cursor:
        if scheduled:
            cursor.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '10 min' WHERE id = %s", [job]
            )
        else:
            cursor.execute("UPDATE procrastinate_events SET at = now() - interval '10 min' WHERE job_id = %s", [job])
    assert ask() == (503, {"queue": "a job has been waiting for 600 seconds: is a worker running?"})
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
