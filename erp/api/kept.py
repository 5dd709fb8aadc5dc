"""Statements that are made once and bound to each request: the ORM writes their SQL, which it need not do again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

SHAPES_KEPT = 2_000
# They stand in a kept statement for what each request brings. Were one not replaced, no row would be found.
USER, ORGANIZATION, PARTNER, HOME, PARENT, KEY = (uuid.uuid4() for _ in range(6))
TEXT_KEY = str(KEY)
STAND_INS: frozenset[Any] = frozenset({USER, ORGANIZATION, PARTNER, HOME, PARENT, KEY, TEXT_KEY})


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters, some of them stand-ins. once: it is made for one request only."""

    sql: str
    params: tuple[Any, ...]
    once: bool = False

    def rows(self, brought: Mapping[Any, Any], *, using: str = DEFAULT_DB_ALIAS) -> list[tuple[Any, ...]]:
        """What that database answers once `brought` is put in place of the stand-ins."""
        connection: Any = connections[using]
        params = [
            brought[each] if isinstance(each, (uuid.UUID, str)) and each in STAND_INS else each for each in self.params
        ]
        with connection.cursor() if self.once else connection.prepared_cursor() as cursor:
            cursor.execute(self.sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


class Kept:
    """Values by shape of request. Clients choose the shapes, so the table is emptied when it is full."""

    def __init__(self, *, most: int = SHAPES_KEPT) -> None:
        self.most = most
        self.values: dict[Hashable, Any] = {}

    def get(self, shape: Hashable, make: Callable[[], Any]) -> Any:
        """The value of this shape, made once."""
        try:
            return self.values[shape]
        except KeyError:
            if len(self.values) >= self.most:
                self.values.clear()
            value = self.values[shape] = make()
            return value
