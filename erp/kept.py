"""Statements that are made once and bound to each request: the ORM writes their SQL, which it need not do again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

SHAPES_KEPT = 2_000
# They stand in a kept statement for what each request brings. Were one not replaced, no row would be found.
USER, ORGANIZATION, PARTNER, HOME, PARENT, KEY = (uuid.uuid4() for _ in range(6))
TEXT_KEY = str(KEY)
# By the type of a primary key.
STAND_INS_OF: dict[type[Any], Any] = {models.UUIDField: KEY, models.CharField: TEXT_KEY}
STAND_INS: frozenset[Any] = frozenset({USER, ORGANIZATION, PARTNER, HOME, PARENT, KEY, TEXT_KEY})


class Viewer(NamedTuple):
    """What scope asks of a user (erp/scoping.py), with stand-ins for its keys: one for all users of a standing."""

    is_active: bool
    user_type: str
    organization_id: uuid.UUID | None
    partner_id: uuid.UUID | None
    home_organization_id: uuid.UUID | None

    @classmethod
    def like(cls, user: Any) -> Viewer:
        """The standing of a user."""
        return cls(
            user.is_active,
            str(user.user_type),
            ORGANIZATION if user.organization_id else None,
            PARTNER if user.partner_id else None,
            HOME if user.home_organization_id else None,
        )


def brought_by(user: Any, *, key: Any = None, parent: Any = None) -> dict[Any, Any]:
    """What stands in kept statements for the stand-ins when this user asks for the row with this key, below this parent."""
    return {
        ORGANIZATION: user.organization_id,
        PARTNER: user.partner_id,
        HOME: user.home_organization_id,
        PARENT: parent,
        KEY: key,
        TEXT_KEY: key,
    }


@dataclass(frozen=True, slots=True)
class Given:
    """Stands in a kept statement for one of the values that a request is about."""

    place: int


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters, some of them stand-ins.

    prepared: the server keeps its plan. Not for what is planned well only with its values: words that are searched for,
    filters that most rows pass or few.
    """

    sql: str
    params: tuple[Any, ...]
    prepared: bool = True

    def rows(self, brought: Mapping[Any, Any], *, using: str = DEFAULT_DB_ALIAS) -> list[tuple[Any, ...]]:
        """What that database answers once `brought` is put in place of the stand-ins."""
        connection: Any = connections[using]
        with connection.prepared_cursor() if self.prepared else connection.cursor() as cursor:
            cursor.execute(self.sql, self.bound(brought))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def bound(self, brought: Mapping[Any, Any]) -> list[Any]:
        """The parameters with `brought` in place of the stand-ins."""
        return [brought[each] if _stands_in(each) else each for each in self.params]


def _stands_in(param: Any) -> bool:
    return isinstance(param, Given) or (isinstance(param, (uuid.UUID, str)) and param in STAND_INS)


class Records:
    """Instances of a model that a queryset brings, joined rows included; its SQL is made once."""

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        compiler: Any = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        self.statement = Statement(*compiler.as_sql())
        self.compiler, self.model = compiler, rows.model
        columns = compiler.klass_info["select_fields"]
        self.own = slice(columns[0], columns[-1] + 1)
        self.names = [column[0].target.attname for column in compiler.select[self.own]]
        self.joined = get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the stubs are ahead of 5.2
        self.converters = compiler.get_converters([column[0] for column in compiler.select])

    def get(self, brought: Mapping[Any, Any]) -> list[Any]:
        """The records, once `brought` is put in place of the stand-ins."""
        rows: Any = self.statement.rows(brought)
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        return [self._record(row) for row in rows]

    def _record(self, row: Any) -> Any:
        record = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.own])
        for each in self.joined:
            each.populate(row, record)
        return record


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
