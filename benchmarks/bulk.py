"""Many locations with history and events: erp/bulk.py against saving them one by one, and against raw COPY.

    python -m benchmarks.bulk [--rows 100000] [--saved 5000] [--rounds 5]

Upsert: half of the rows are new, half change a stored one. The other side saves the same rows with Model.save() in one
transaction, without looking for the stored ones; our triggers leave the same history and events on both sides.
Insert: the other side is COPY of the same rows into a bare table with the same indexes: no history, no events, no keys to
other tables. Rounds alternate; figures are rows a second, medians with their range.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.utils.module_loading import import_string

from benchmarks import (
    report,
    scratch,  # sets up Django first
)
from erp import bulk
from erp.events import capture

TABLES = ("locations_location", "locations_historicallocation")
BARE = "bare_location"
UPSERT, SAVE, INSERT, COPY = "upsert", "save one by one", "insert", "raw COPY"
STAMPED = {"version": "1", "created_at": "now()", "updated_at": "now()"}
KEY = ("organization", "code")


def rows(count: int, *, name: str = "Place") -> list[Any]:
    """Unsaved locations with new ids; codes are those of the time before."""
    first = import_string("locations.tests.factories.LocationFactory").build()
    country = import_string("locations.models.Country").objects.first()
    kind = type(first)
    return [
        kind(code=f"B{n}", name=f"{name} {n}", city=f"City {n % 900}", kind=first.kind, country=country)
        for n in range(count)
    ]


def upsert(count: int) -> float:
    made = rows(count // 2)
    bulk.insert(made, model=type(made[0]))
    changed = rows(count, name="Changed")
    return timed(lambda: bulk.upsert(changed, model=type(changed[0]), key=KEY))


def save(count: int) -> float:
    made = rows(count // 2)
    bulk.insert(made, model=type(made[0]))
    stored = {place.code: place for place in type(made[0]).objects.all()}
    changed = rows(count, name="Changed")
    for number, row in enumerate(changed):
        if kept := stored.get(row.code):
            kept.name = row.name
            changed[number] = kept

    def each() -> None:
        with transaction.atomic():
            for row in changed:
                row.save()

    return timed(each)


def insert(count: int) -> float:
    made = rows(count)
    return timed(lambda: bulk.insert(made, model=type(made[0])))


def copy(count: int) -> float:
    """Reads the instances as erp/bulk.py does, so that what differs is what PostgreSQL does."""
    made = rows(count)
    fields = bulk._fields(type(made[0]))
    columns, readers = ", ".join(field.column for field in fields), [bulk._reader(field) for field in fields]

    def load() -> None:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY {BARE} ({columns}) FROM STDIN") as lines,
        ):
            for row in made:
                lines.write_row([read(row) for read in readers])

    return timed(load)


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(way: Callable[[int], float], count: int) -> float:
    """Rows a second of one load; the tables are emptied afterwards."""
    seconds = way(count)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute(f"TRUNCATE {BARE}")
        cursor.execute("CHECKPOINT")
    capture.install()
    return count / seconds


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--saved", type=int, default=5_000, help="rows of the upsert and of the saves beside it")
    options = parser.parse_args()
    ways = {
        UPSERT: (upsert, options.saved),
        SAVE: (save, options.saved),
        INSERT: (insert, options.rows),
        COPY: (copy, options.rows),
    }
    figures: dict[str, list[float]] = {name: [] for name in ways}
    with scratch.database():
        import_string("locations.tests.factories.LocationFactory")()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {BARE} (LIKE {TABLES[0]} INCLUDING DEFAULTS INCLUDING INDEXES)")
            for column, value in STAMPED.items():  # what our triggers fill in
                cursor.execute(f"ALTER TABLE {BARE} ALTER {column} SET DEFAULT {value}")
        for _ in range(options.rounds):
            for name, (way, count) in ways.items():
                figures[name].append(measure(way, count))
    lines = ([name, f"{ways[name][1]:,}", report.spread(values)] for name, values in figures.items())
    print("\n".join(report.table(("", "rows", "rows a second"), lines)))
    targets = [
        report.Target("bulk upsert against saving the same rows", 10, report.ratio(figures[UPSERT], figures[SAVE])),
        report.Target(
            f"{options.rows:,} rows with history and events against raw COPY",
            0.4,
            report.ratio(figures[INSERT], figures[COPY]),
        ),
    ]
    report.finish(targets, figures, options.json)


if __name__ == "__main__":
    main()
