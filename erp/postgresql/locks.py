"""Locks that changes of the schema take: whoever waits for one makes everybody behind it wait too.

So they wait briefly (MIGRATE_LOCK_TIMEOUT_MS), step back and let the others pass; `manage.py migrate` tries again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connections, transaction


def wait_briefly(connection: Any) -> None:
    """Until this transaction ends, a lock that doesn't come in time is an error."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(settings.MIGRATE_LOCK_TIMEOUT_MS)])


@contextmanager
def short_transaction(using: str) -> Iterator[Any]:
    """A cursor in a transaction that waits briefly for locks."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        wait_briefly(connections[using])
        yield cursor


def came_too_late(error: DatabaseError) -> bool:
    """Whether a lock didn't come in time."""
    return isinstance(error.__cause__, psycopg.errors.LockNotAvailable)
