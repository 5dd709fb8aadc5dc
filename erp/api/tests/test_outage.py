"""While PostgreSQL is away, programs get a 503 problem and people a page, both with Retry-After; afterwards all goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save
from django.test import Client

from accounts.tests.signin import signed_in
from erp import replicas
from erp.api import handlers
from erp.events.tests.test_capture import dsn
from erp.postgresql.base import OutcomeUnknownError
from erp.testing.roles import superuser
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)

LOCATIONS = "/api/v1/settings/locations"
BODY = {"code": "RJK", "name": "Rajkot", "kind": "city", "country": "IN", "timezone": "Asia/Kolkata"}
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Away:
    """While the block runs, connections are broken and new ones find no server behind the socket."""

    @contextmanager
    def block() -> Iterator[None]:
        with monkeypatch.context() as patch:
            connection.close()
            patch.setitem(connection.settings_dict, "HOST", str(tmp_path))
            yield
        connection.close()

    return block


def end_connection() -> None:
    """As a crash or a failover does it, from another connection."""
    connection.ensure_connection()
    with psycopg.connect(dsn(superuser()), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])


@pytest.fixture
def program(super_admin: Any) -> Client:
    """Signed in with a token, and answered as a server answers when nobody caught an error."""
    CountryFactory(pk="IN")
    client = Client(headers={"Authorization": f"Bearer {signed_in(super_admin).access}"})
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_program_gets_a_503_problem_and_the_next_request_finds_the_database_again(program, away, method):
    with away():
        answer = program.generic(method, LOCATIONS, json.dumps(BODY), content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert (answer["Content-Type"], answer.json()["code"]) == ("application/problem+json", "unavailable")
    assert Location.objects.count() == 0
    assert program.post(LOCATIONS, BODY, content_type="application/json").status_code == 201


def test_people_get_a_page_that_says_so(client_for, super_admin, away):
    person = client_for(super_admin)
    person.raise_request_exception = False
    with away():
        answer = person.get("/admin/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Please try again in a moment" in answer.text
    assert person.get("/admin/").status_code == 200


def test_a_connection_that_breaks_within_a_request_is_503_and_leaves_nothing(program):
    post_save.connect(lambda **_: end_connection(), sender=Location, dispatch_uid="outage", weak=False)
    try:
        answer = program.post(LOCATIONS, BODY, content_type="application/json", headers={"Idempotency-Key": "outage"})
    finally:
        post_save.disconnect(sender=Location, dispatch_uid="outage")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert Location.objects.count() == 0


def test_a_connection_that_breaks_at_commit_leaves_a_doubt_and_says_so(program, monkeypatch):
    commit = connection._commit

    def break_first() -> Any:
        end_connection()
        return commit()

    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", break_first)
        answer = program.post(LOCATIONS, BODY, content_type="application/json")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "outcome_unknown", "5")
    assert "Idempotency-Key" in answer.json()["detail"]
    assert Location.objects.count() == 0


def test_the_desks_page_tells_a_doubt_from_a_refusal(rf, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(handlers.sys, "exc_info", lambda: (None, OutcomeUnknownError(), None))
        page = handlers.server_error(rf.post("/admin/x")).content.decode()
    assert "may have been saved or not" in page


def test_a_primary_that_goes_after_the_commit_makes_no_refusal_of_it(program, monkeypatch, settings, super_admin):
    settings.DATABASE_REPLICAS = ["replica1"]
    wrote = replicas.wrote

    def break_first(user_key: str) -> None:
        end_connection()
        wrote(user_key)

    monkeypatch.setattr(replicas, "wrote", break_first)
    answer = program.post(LOCATIONS, BODY, content_type="application/json")
    connection.close()
    assert (answer.status_code, Location.objects.count()) == (201, 1)
    assert cache.get(replicas.KEY.format(super_admin.pk)) == replicas.BEYOND


def test_a_deferred_rule_that_breaks_at_commit_is_no_outage():
    place = LocationFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Location.objects.filter(pk=place.pk).update(country_id="ZZ")
