"""Positions under load: dense, one order for every reader, nothing missed, whoever rolls back, pauses or idles."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils.module_loading import import_string

from erp.events import feed
from erp.events.models import Event, EventPosition
from erp.events.tests.test_capture import dsn

WRITERS, TRANSACTIONS, RECORDS = 8, 500, 24
RETRIED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


def write(seed: int, ids: list[Any], failures: list[BaseException]) -> None:
    """500 transactions of one to three updates in any order, with pauses and 10 % rollbacks; a deadlock is tried again."""
    dice = random.Random(seed)
    with psycopg.connect(dsn(), autocommit=True, prepare_threshold=None) as writer:
        for number in range(TRANSACTIONS):
            chosen = dice.sample(ids, dice.randint(1, 3))
            pause, give_up = dice.choice((0, 0, 0, 0.001, 0.004)), dice.random() < 0.1
            for _ in range(20):
                try:
                    _transaction(writer, chosen, f"{seed}-{number}", pause, give_up=give_up)
                    break
                except RETRIED:
                    continue
                except BaseException as error:
                    failures.append(error)
                    raise
            else:
                failures.append(AssertionError("A deadlock was left unhandled."))


def _transaction(writer: Any, chosen: list[Any], name: str, pause: float, *, give_up: bool) -> None:
    with writer.transaction(force_rollback=give_up):
        for pk in chosen:
            writer.execute("UPDATE locations_location SET name = %s WHERE id = %s", [name, pk])
            writer.execute("SELECT pg_sleep(%s)", [pause])


def follow(read: Callable[[Any, int], list[int]], done: threading.Event, start: int) -> list[int]:
    """What a reader with a cursor sees, until the writers are done and nothing new comes."""
    seen: list[int] = []
    cursor = start
    with psycopg.connect(dsn(), autocommit=True, prepare_threshold=None) as reader:
        while True:
            finished = done.is_set()
            rows = read(reader, cursor)
            if rows:
                cursor = rows[-1][0]
                seen += [event for _, event in rows]
            elif finished:
                return seen
            done.wait(0.002)  # leaves the two cores to the writers


def by_position(reader: Any, cursor: int) -> list[Any]:
    reader.execute("SELECT event_sequence()")
    query = "SELECT position, event_id FROM event_position WHERE position > %s ORDER BY position LIMIT 500"
    return reader.execute(query, [cursor]).fetchall()


def by_id(reader: Any, cursor: int) -> list[Any]:
    """The control: what most outboxes do."""
    return reader.execute("SELECT id, id FROM event WHERE id > %s ORDER BY id LIMIT 500", [cursor]).fetchall()


@contextmanager
def idle_writer(pk: Any, *, wanted: bool) -> Iterator[None]:
    """A session that wrote and then went to lunch."""
    with psycopg.connect(dsn()) as idle:
        if wanted:
            idle.execute("UPDATE locations_location SET name = 'lunch' WHERE id = %s", [pk])
        yield
        idle.rollback()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("idle", [False, True], ids=["all commit", "an idle writing session"])
def test_positions_are_dense_and_every_reader_sees_one_order(idle: bool) -> None:
    factory = import_string("locations.tests.factories.LocationFactory")
    first = factory()
    ids = [factory(country=first.country).pk for _ in range(RECORDS)]
    start, last_id = feed.number_events(), Event.objects.order_by("-id").first().id
    done, failures = threading.Event(), []
    with ThreadPoolExecutor(WRITERS + 3) as pool, idle_writer(first.pk, wanted=idle):
        readers = [pool.submit(follow, by_position, done, start) for _ in range(2)]
        control = pool.submit(follow, by_id, done, last_id)
        writers = [pool.submit(write, seed, ids, failures) for seed in range(WRITERS)]
        for writer in writers:
            writer.result()
        done.set()
        seen, also_seen, seen_by_id = (future.result() for future in (*readers, control))

    assert failures == []
    committed = dict(Event.objects.filter(id__gt=last_id).values_list("id", "xid"))
    assert len(committed) > WRITERS * TRANSACTIONS
    assert seen == also_seen
    assert sorted(seen) == sorted(committed)
    assert len(seen_by_id) < len(committed), "The control lost nothing: the load is too weak to prove anything."
    positions = list(
        EventPosition.objects.filter(position__gt=start).order_by("position").values_list("position", flat=True)
    )
    assert positions == list(range(start + 1, start + len(committed) + 1))
    assert_versions_in_order(seen, last_id)
    runs = [xid for xid, _ in groupby(committed[event] for event in seen)]
    assert len(runs) == len(set(runs)), "A transaction's events do not stand together."


def assert_versions_in_order(seen: list[int], last_id: int) -> None:
    """Per aggregate, the order of positions is the order of versions, without gaps."""
    rows = Event.objects.filter(id__gt=last_id).values_list("id", "aggregate_id", "aggregate_version")
    of_event = {event: (aggregate, version) for event, aggregate, version in rows}
    versions: dict[str, list[int]] = defaultdict(list)
    for event in seen:
        aggregate, version = of_event[event]
        versions[aggregate].append(version)
    for aggregate, found in versions.items():
        assert found == list(range(found[0], found[0] + len(found))), aggregate


@pytest.mark.django_db(transaction=True)
def test_killed_writer_leaves_no_gap() -> None:
    row = import_string("locations.tests.factories.LocationFactory")()
    head = feed.number_events()
    writer = psycopg.connect(dsn())
    writer.execute("UPDATE locations_location SET name = 'lost' WHERE id = %s", [row.pk])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [writer.info.backend_pid])
    writer.close()
    row.name = "kept"
    row.save()
    assert [(place.position, place.event.changes["name"][1]) for place in feed.read(after=head)] == [(head + 1, "kept")]


@pytest.mark.django_db(transaction=True)
def test_numbering_that_rolls_back_is_done_again() -> None:
    row = import_string("locations.tests.factories.LocationFactory")()
    head = feed.number_events()
    row.name = "changed"
    row.save()
    with pytest.raises(RuntimeError), transaction.atomic():
        assert feed.number_events() == head + 1
        raise RuntimeError
    assert feed.head() == head
    assert feed.number_events() == head + 1
    assert feed.number_events() == head + 1


@pytest.mark.django_db
def test_read_returns_only_what_is_beyond_the_cursor() -> None:
    row = import_string("locations.tests.factories.LocationFactory")()
    head = feed.number_events()
    for name in ("A", "B", "C"):
        row.name = name
        row.save()
    assert [place.position for place in feed.read(after=head, limit=2)] == [head + 1, head + 2]
    assert [place.event.changes["name"][1] for place in feed.read(after=head + 2)] == ["C"]
    assert feed.read(after=head + 3) == []
