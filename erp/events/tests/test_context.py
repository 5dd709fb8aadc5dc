"""Every row names its own actor, also on one persistent connection, after failures and after partial rollbacks."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from erp import context
from erp.events.models import Event

ASHA, BALA = uuid.uuid4(), uuid.uuid4()


def acting_as(user: uuid.UUID) -> Any:
    return context.acting(source="admin", actor_id=user, actor_label=str(user), reason=f"by {user}")


def rename(row: Any, name: str) -> None:
    type(row).objects.filter(pk=row.pk).update(name=name)


def authors(row: Any) -> list[tuple[str, uuid.UUID | None]]:
    events = Event.objects.filter(object_id=str(row.pk), event_type="location.updated").order_by("id")
    return [(event.changes["name"][1], event.actor_id) for event in events]


@pytest.fixture
def location(db: None) -> Any:
    return import_string("locations.tests.factories.LocationFactory")(name="start")


@pytest.fixture
def committed_location(transactional_db: None) -> Any:
    return import_string("locations.tests.factories.LocationFactory")(name="start")


def test_two_users_on_one_connection(committed_location: Any) -> None:
    for user, name in ((ASHA, "one"), (BALA, "two"), (ASHA, "three")):
        with acting_as(user), transaction.atomic():
            rename(committed_location, name)
    rename(committed_location, "nobody")
    assert authors(committed_location) == [("one", ASHA), ("two", BALA), ("three", ASHA), ("nobody", None)]


def test_outside_a_transaction_each_statement_names_its_actor(committed_location: Any) -> None:
    assert not connection.in_atomic_block
    with acting_as(ASHA):
        rename(committed_location, "one")
    rename(committed_location, "nobody")
    with acting_as(BALA):
        rename(committed_location, "two")
    assert authors(committed_location) == [("one", ASHA), ("nobody", None), ("two", BALA)]


def test_a_request_that_fails_midway_leaves_nothing_to_the_next(committed_location: Any) -> None:
    with acting_as(ASHA), pytest.raises(RuntimeError), transaction.atomic():
        rename(committed_location, "lost")
        raise RuntimeError
    with acting_as(BALA), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        rename(committed_location, "lost too")
        cursor.execute("SELECT 1 / 0")
    rename(committed_location, "nobody")
    assert authors(committed_location) == [("nobody", None)]


def test_rollback_to_a_savepoint_then_another_write(location: Any) -> None:
    with acting_as(ASHA):
        with pytest.raises(RuntimeError), transaction.atomic():
            rename(location, "lost")
            raise RuntimeError
        rename(location, "kept")
    assert authors(location) == [("kept", ASHA)]


def test_savepoint_rollback_does_not_bring_back_an_earlier_actor(location: Any) -> None:
    with acting_as(ASHA):
        rename(location, "one")
    with pytest.raises(RuntimeError), transaction.atomic():
        with acting_as(BALA):
            rename(location, "lost")
        raise RuntimeError
    rename(location, "nobody")
    assert authors(location) == [("one", ASHA), ("nobody", None)]


def test_reason_that_is_known_late_counts_from_then_on(location: Any) -> None:
    with acting_as(ASHA):
        rename(location, "one")
        context.amend(reason="Corrected by the survey")
        rename(location, "two")
    reasons = Event.objects.filter(object_id=str(location.pk)).order_by("id").values_list("reason", flat=True)
    assert list(reasons) == ["", f"by {ASHA}", "Corrected by the survey"]


def test_context_travels_with_the_first_write_only(location: Any) -> None:
    with acting_as(ASHA), CaptureQueriesContext(connection) as queries:
        list(type(location).objects.all())
        rename(location, "one")
        rename(location, "two")
    carrying = ["set_config" in query["sql"] for query in queries]
    assert carrying == [False, True, False]


def test_percent_sign_in_sql_without_parameters(location: Any) -> None:
    with acting_as(ASHA), connection.cursor() as cursor:
        cursor.execute("UPDATE locations_location SET name = '100% cotton'")
        assert cursor.rowcount == type(location).objects.count()
    assert authors(location) == [("100% cotton", ASHA)]


def test_threads_do_not_share_an_actor() -> None:
    seen = []

    def look() -> None:
        seen.append(context.current())

    with acting_as(ASHA):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [context.NOBODY]
    assert context.current() == context.NOBODY
