"""An empty log to seal, and a signing key of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from erp.ledger import keys
from erp.testing.roles import as_owner

TABLES = (
    "event, event_position, event_pending, event_stream, "
    "ledger_leaf, ledger_node, ledger_head, ledger_key, ledger_delivery, ledger_salt"
)


@pytest.fixture(autouse=True)
def signing_key(settings: Any, tmp_path: Path) -> keys.SigningKey:
    """The installation's key, in a file of this test."""
    path = tmp_path / "audit-signing-key.pem"
    keys.write(path)
    settings.AUDIT_SIGNING_KEY_FILE = str(path)
    return keys.load()


@pytest.fixture
def empty_log(db: None) -> Iterator[None]:
    """Neither events nor ledger. Other tests' events may stand in a test database: the log only grows."""
    _empty()
    yield
    if not connection.in_atomic_block:  # else the test's transaction rolls back
        _empty()


@pytest.fixture
def make_events(empty_log: None) -> Callable[[int], Any]:
    """`make_events(n)` changes one location n times and returns it; the first call makes it, which is events too."""
    made: list[Any] = []
    numbers = count(1)

    def build(wanted: int) -> Any:
        made[:] = made or [import_string("locations.tests.factories.LocationFactory")()]
        with connection.cursor() as cursor:
            for number in islice(numbers, wanted):
                cursor.execute("UPDATE locations_location SET city = %s WHERE id = %s", [f"{number}", made[0].pk])
        return made[0]

    return build


def _empty() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES}")
