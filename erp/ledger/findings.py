"""What a verification finds: one deviation, its exact place, what should be there and what is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

SHOWN = 200  # characters of a value


@dataclass(frozen=True)
class Finding:
    """layer: 1 to 6, see `erp.ledger.verify`. row and column are empty where the whole table, or the whole row, is meant."""

    layer: int
    table: str
    row: str
    column: str
    expected: str
    found: str

    @property
    def place(self) -> str:
        """Where, without any value."""
        return " ".join(filter(None, (self.table, self.row, self.column)))

    def __str__(self) -> str:
        return f"[{self.layer}] {self.place}: expected {self.expected}, found {self.found}."


def shown(value: Any) -> str:
    """A value of a row as a finding quotes it."""
    text = "nothing" if value is None else str(value) or '""'
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def rows(query: str, parameters: list[Any] | None = None) -> list[Any]:
    """The rows of a query that yields few: deviations, or one line of numbers."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def many_rows(query: str, parameters: list[Any] | None = None) -> Iterator[Any]:
    """The rows of a query that yields many, a few at a time; inside a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while batch := cursor.fetchmany(2000):
            yield from batch
