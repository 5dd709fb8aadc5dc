"""What holds and what doesn't through PgBouncer in transaction mode: `PGBOUNCER=1 pytest erp/postgresql/tests/through_pooler.py`.

Run by test_pooler.py. Not collected otherwise: without the pooler its controls fail.
"""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, transaction
from django.utils.module_loading import import_string

from erp import context
from erp.events import feed
from erp.events.models import Event
from erp.events.tests.test_capture import dsn
from erp.testing.pgbouncer import SERVER_CONNECTIONS
from locations.models import Location

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, WRITES = 3 * SERVER_CONNECTIONS, 20


def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def write(user, name):
    """One write of this user, or of nobody; returns the session that it reached."""
    try:
        with transaction.atomic():
            if user is None:
                Location.objects.filter(code="POOLED").update(name=name)
            else:
                with context.acting(source="api", actor_id=user, actor_label=str(user)):
                    Location.objects.filter(code="POOLED").update(name=name)
            return pid()
    finally:
        connection.close()


def test_context_of_one_client_never_reaches_the_next_on_its_session():
    import_string("locations.tests.factories.LocationFactory")(code="POOLED")
    head = feed.number_events()
    gate = threading.Barrier(CLIENTS)

    def client(number):
        """Each third client acts for nobody."""
        user, sessions, names = (uuid.uuid4() if number % 3 else None), set(), []
        gate.wait(timeout=20)
        for turn in range(WRITES):
            names.append(f"{number}-{turn}")
            sessions.add(write(user, names[-1]))
        return user, sessions, names

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(client, range(CLIENTS)))
    wanted = {name: user for user, _, names in found for name in names}
    used = [session for _, sessions, _ in found for session in sessions]
    assert len(set(used)) <= SERVER_CONNECTIONS < len(used), "Clients shared no session: nothing is proved."
    feed.number_events()
    events = [place.event for place in feed.read(after=head, limit=1000)]
    assert {event.changes["name"][1]: event.actor_id for event in events} == wanted
    assert len(events) == CLIENTS * WRITES


def test_session_locks_are_shared_by_strangers_and_transaction_locks_are_not():
    """The control: a lock of the session is worth nothing here, which is why commands go around the pooler."""
    with psycopg.connect(dsn(), prepare_threshold=None) as one, psycopg.connect(dsn(), prepare_threshold=None) as two:
        key = "SELECT pg_try_advisory{}_lock(hashtext('pooled')), pg_backend_pid()"
        first, second = key.format(""), key.format("_xact")
        locked, session = one.execute(first).fetchone()
        one.commit()
        also_locked, same = two.execute(first).fetchone()
        two.execute("SELECT pg_advisory_unlock_all()")
        two.commit()
        assert (locked, also_locked, same) == (True, True, session)
        assert one.execute(second).fetchone()[0] is True
        assert two.execute(second).fetchone()[0] is False


def test_rows_are_read_to_the_end_while_others_take_the_session():
    made = import_string("locations.tests.factories.LocationFactory")
    first = made()
    for _ in range(30):
        made(country=first.country)
    rows = Location.objects.iterator(chunk_size=10)
    next(rows)
    with psycopg.connect(dsn(), prepare_threshold=None) as other:
        other.execute("SELECT 1")  # now in a transaction, on the session that was free last
        assert len(list(rows)) == 30


def test_statements_that_repeat_are_not_prepared():
    for _ in range(20):
        assert Location.objects.filter(code="POOLED").count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)


def test_events_of_a_transaction_stand_or_fall_together():
    row = import_string("locations.tests.factories.LocationFactory")(code="POOLED")
    before = Event.objects.filter(object_id=str(row.pk)).count()
    with pytest.raises(RuntimeError), transaction.atomic():
        write_in_place(row, "lost")
        raise RuntimeError
    write_in_place(row, "kept")
    assert Event.objects.filter(object_id=str(row.pk)).count() == before + 1


def write_in_place(row, name):
    type(row).objects.filter(pk=row.pk).update(name=name)
