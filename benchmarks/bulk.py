"""50,000 locations with full history and events: erp/bulk.py against the library's way, and against raw COPY.

    python -m benchmarks.bulk [--rows 50000] [--rounds 3]

Peer: simple_history's bulk_create_with_history plus one event a row through the ORM, on the same table with our triggers
off. Floor: COPY of the same rows, no history, no events. Rounds alternate; figures are medians with their range.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from simple_history.utils import bulk_create_with_history

from benchmarks import scratch  # sets up Django first
from erp import bulk
from erp.events import capture

TABLES = ("locations_location", "locations_historicallocation")


class PeerEvent(models.Model):
    """The same record as ours, written by the ORM: the columns and indexes of `event`."""

    event_id = models.UUIDField(default=uuid.uuid4, unique=True)
    aggregate_type = models.TextField()
    aggregate_id = models.TextField()
    aggregate_version = models.BigIntegerField()
    object_type = models.TextField()
    object_id = models.TextField()
    category = models.TextField(default="row")
    event_type = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField(default="")
    organization_id = models.UUIDField(null=True)
    request_id = models.TextField(default="")
    source = models.TextField(default="command")
    reason = models.TextField(default="")
    payload = models.JSONField()
    occurred_at = models.DateTimeField(default=timezone.now)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "benchmarks"
        constraints = [
            models.UniqueConstraint(fields=("aggregate_type", "aggregate_id", "aggregate_version"), name="peer_unique")
        ]
        indexes = [
            models.Index(fields=("object_type", "object_id", "id"), name="peer_object"),
            models.Index(fields=("organization_id", "-occurred_at", "-id"), name="peer_organization"),
            models.Index(fields=("actor_id", "-occurred_at", "-id"), name="peer_actor"),
            models.Index(fields=("event_type", "-occurred_at", "-id"), name="peer_type"),
        ]

    def __str__(self) -> str:
        return self.event_type


def rows(count: int) -> list[Any]:
    """Unsaved locations with new ids."""
    first = import_string("locations.tests.factories.LocationFactory").build()
    country = import_string("locations.models.Country").objects.first()
    kind = type(first)
    return [
        kind(code=f"B{n}", name=f"Place {n}", city=f"City {n % 900}", kind=first.kind, country=country)
        for n in range(count)
    ]


def ours(made: list[Any]) -> None:
    bulk.insert(made, model=type(made[0]))


def library(made: list[Any]) -> None:
    fields = type(made[0])._meta.concrete_fields
    with transaction.atomic():
        bulk_create_with_history(made, type(made[0]), batch_size=1000)
        for row in made:
            values = {
                field.attname: field.value_to_string(row) for field in fields if getattr(row, field.attname) is not None
            }
            PeerEvent.objects.create(
                aggregate_type="location",
                aggregate_id=str(row.pk),
                aggregate_version=1,
                object_type="locations.location",
                object_id=str(row.pk),
                event_type="location.created",
                payload={"changes": {name: [None, value] for name, value in values.items()}},
            )


def floor(made: list[Any]) -> None:
    fields = type(made[0])._meta.concrete_fields
    with transaction.atomic(), connection.cursor() as cursor:
        columns = ", ".join(field.column for field in fields)
        with cursor.copy(f"COPY locations_location ({columns}) FROM STDIN") as copy:
            for row in made:
                copy.write_row([field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields])


def measure(way: Callable[[list[Any]], None], count: int, *, triggers: bool) -> float:
    """Seconds for one load; the tables are emptied afterwards, and their triggers are on again."""
    made = rows(count)
    with connection.cursor() as cursor:
        for table in () if triggers else TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    started = time.perf_counter()
    way(made)
    elapsed = time.perf_counter() - started
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"VACUUM ANALYZE {table}")
    capture.install()
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with scratch.database():
        import_string("locations.tests.factories.LocationFactory")()
        with connection.schema_editor() as editor:
            editor.create_model(PeerEvent)
        seconds: dict[str, list[float]] = {"erp/bulk.py": [], "library + ORM events": [], "raw COPY": []}
        for _ in range(options.rounds):
            seconds["erp/bulk.py"].append(measure(ours, options.rows, triggers=True))
            seconds["library + ORM events"].append(measure(library, options.rows, triggers=False))
            seconds["raw COPY"].append(measure(floor, options.rows, triggers=False))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        print(
            f"{name:<22} {median[name]:7.2f} s  ({min(values):.2f} to {max(values):.2f}), {options.rows / median[name]:>9,.0f} rows/s"
        )
    print(
        f"erp/bulk.py is {median['library + ORM events'] / median['erp/bulk.py']:.1f} times as fast as the library with ORM events"
    )
    print(f"and runs at {median['raw COPY'] / median['erp/bulk.py']:.2f} of raw COPY.")


if __name__ == "__main__":
    main()
