"""The one order of committed events. Consumers keep a cursor (the last position they handled) and ask for what is beyond it.

Positions are dense (1, 2, 3 …) and given after commit, so that no reader ever misses an event (docs/adr/0005).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction

from erp.events.models import Event, EventPosition


def number_events() -> int:
    """Number what was committed since; returns the head. Runs in a transaction of its own, unless one is open."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT event_sequence()")
        (head,) = cursor.fetchone()
    return int(head)


def read(*, after: int, limit: int = 1000, number: bool = True) -> Sequence[EventPosition]:
    """At most `limit` positions above `after`, in order, each with its `event`.

    number: give positions to fresh events first; False on a replica, which can't.
    """
    if number:
        number_events()
    return list(EventPosition.objects.filter(position__gt=after).select_related("event").order_by("position")[:limit])


def head() -> int:
    """The highest position given so far; 0 on an empty log."""
    newest = EventPosition.objects.order_by("-position").first()
    return newest.position if newest else 0


def history_of(aggregate_type: str, aggregate_id: object) -> Sequence[Event]:
    """All events of one aggregate, in the order of its versions."""
    rows = Event.objects.filter(aggregate_type=aggregate_type, aggregate_id=str(aggregate_id))
    return list(rows.order_by("aggregate_version"))
