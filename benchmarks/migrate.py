"""How long readers and writers wait while a table of a million rows is migrated, forward and back.

    python -m benchmarks.migrate [--rows 1000000] [--limit-ms 1000]

A database of its own with that many locations. One thread reads and one writes all the time, each statement timed; the writes
pass the capture. `manage.py migrate` runs benchmarks/sample_migrations one by one, then back, while a report that
lasts three seconds stands in the way of the first; then the capture is installed anew. Printed a step: how long it took, the
longest read and write, and the longest time that the migration held a lock on the table that stops writers (from
pg_locks, looked at every 10 ms). Exits with 1 if one of them is above the limit.
"""

from __future__ import annotations

import argparse
import io
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.module_loading import import_string

from benchmarks import (
    scenery,
    scratch,  # sets up Django first
)
from benchmarks.sample_migrations import LAST
from erp.events import capture

MODULES = {"locations": "benchmarks.sample_migrations"}
STEPS = {
    "0901": "add a column, nullable",
    "0902": "add an index, concurrently",
    "0903": "add a rule, not valid",
    "0904": "validate the rule",
    "0905": "remove the rule",
    "0906": "remove the index, concurrently",
    "0907": "drop the column",
}
REPORT_S = 3.0
LOOK_S = 0.01
# A report reads the table in a transaction: it lets everybody work except who changes the schema.
REPORT = "SELECT count(*) FROM (SELECT FROM locations_location LIMIT 1000) AS few"
READ = "SELECT * FROM locations_location WHERE id = %s"
WRITE = "UPDATE locations_location SET city = %s WHERE id = %s"
# Granted locks that make writers wait.
HELD = """
SELECT relation::regclass::text, mode, virtualtransaction FROM pg_locks
WHERE pid = %s AND granted AND relation = ANY (ARRAY['locations_location', 'locations_historicallocation']::regclass[])
  AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""


@dataclass
class Watch:
    """Longest seconds since the last look at them."""

    longest: dict[str, float] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    def note(self, what: str, seconds: float) -> None:
        self.longest[what] = max(seconds, self.longest.get(what, 0.0))

    def take(self) -> dict[str, float]:
        taken, self.longest = self.longest, {}
        return taken


def client() -> psycopg.Connection[Any]:
    """A connection that Django knows nothing of."""
    names = ("dbname", "user", "password", "host", "port")
    params = {name: value for name, value in connection.get_connection_params().items() if name in names and value}
    return psycopg.connect(**params, autocommit=True, prepare_threshold=None)


def work(watch: Watch, what: str, run: Callable[[Any, Any], None], ids: list[Any], done: threading.Event) -> None:
    """Statement after statement on ever other rows, each timed."""
    try:
        with client() as own:
            for pk in itertools.cycle(ids):
                if done.is_set():
                    return
                started = time.perf_counter()
                run(own, pk)
                watch.note(what, time.perf_counter() - started)
                done.wait(0.001)
    except BaseException as error:
        watch.failures.append(error)
        raise


def look(watch: Watch, pid: int, done: threading.Event) -> None:
    """How long the migrating session holds one lock that stops writers."""
    since: dict[Any, float] = {}
    with client() as own:
        while not done.wait(LOOK_S):
            now = time.perf_counter()
            held = set(own.execute(HELD, [pid]).fetchall())
            since = {lock: since.get(lock, now) for lock in held}
            for started in since.values():
                watch.note("lock", now - started + LOOK_S)


@contextmanager
def steady(ids: list[Any]) -> Iterator[Watch]:
    """A reader, a writer and a look at the locks, while the block runs."""
    watch, done = Watch(), threading.Event()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    half = len(ids) // 2
    threads = [
        threading.Thread(target=work, args=(watch, "read", lambda own, pk: own.execute(READ, [pk]), ids[:half], done)),
        threading.Thread(
            target=work,
            args=(watch, "write", lambda own, pk: own.execute(WRITE, [f"City {time.time()}", pk]), ids[half:], done),
        ),
        threading.Thread(target=look, args=(watch, pid, done)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield watch
    finally:
        done.set()
        for thread in threads:
            thread.join()


@contextmanager
def report() -> Iterator[None]:
    """A transaction that holds the table for reading, for REPORT_S."""
    ready = threading.Event()

    def read() -> None:
        with client() as own, own.transaction():
            own.execute(REPORT)
            ready.set()
            time.sleep(REPORT_S)

    thread = threading.Thread(target=read)
    thread.start()
    ready.wait(timeout=30)
    try:
        yield
    finally:
        thread.join()


def steps() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name and act of each step, in order."""

    def to(migration: str) -> Callable[[], Any]:
        return lambda: call_command("migrate", "locations", migration, verbosity=0, stderr=io.StringIO())

    def in_the_way(act: Callable[[], Any]) -> None:
        with report():
            act()

    yield "nothing", lambda: time.sleep(3)
    first, *others = STEPS
    yield f"{STEPS[first]}, behind a report of {REPORT_S:.0f} s", lambda: in_the_way(to(first))
    for number in others:
        yield STEPS[number], to(number)
    names = list(STEPS)
    for number, before in zip(reversed(names), [*reversed(names[:-1]), LAST], strict=True):
        yield f"back: {STEPS[number]}", to(before)
    yield "capture installed anew", capture.install


def measure(rows: int) -> dict[str, dict[str, float]]:
    """Seconds by step."""
    place = import_string("erp.testing.fixtures.make")("locations.tests.factories.LocationFactory")
    scenery.copy(place, rows - 1, scenery.PLACE)
    ids = scenery.ids(2000)
    settings.MIGRATION_MODULES = MODULES
    figures = {}
    with steady(ids) as watch:
        for name, act in steps():
            watch.take()
            started = time.perf_counter()
            act()
            figures[name] = {"took": time.perf_counter() - started, **watch.take()}
            print(f"{name}: done", file=sys.stderr, flush=True)
    if watch.failures:
        raise watch.failures[0]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--limit-ms", type=int, default=1000)
    options = parser.parse_args()
    with scratch.database():
        figures = measure(options.rows)
    print(f"\n| {options.rows:,} locations | took, s | longest read, ms | longest write, ms | longest lock, ms |")
    print("|---|---|---|---|---|")
    longest = 0.0
    for name, values in figures.items():
        waits = [values.get(what, 0.0) for what in ("read", "write", "lock")]
        longest = max(longest, *waits)
        print(f"| {name} | {values['took']:.1f} | {' | '.join(f'{wait * 1000:,.0f}' for wait in waits)} |")
    print(f"\nLongest: {longest * 1000:,.0f} ms of at most {options.limit_ms:,}.")
    sys.exit(longest * 1000 > options.limit_ms)


if __name__ == "__main__":
    main()
