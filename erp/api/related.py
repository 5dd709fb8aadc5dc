"""Rows that a request names by foreign keys: all of them, of all models, in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection, models

from erp.kept import STAND_INS_OF, Kept, Statement, Viewer, brought_by
from erp.scoping import ScopedQuerySet

Model = type[models.Model]
Rows = dict[tuple[Model, Any], Any]
GENERATIONS = 20
KEY_LENGTH = 36
FEW = 4  # keys of one model that are asked for one by one
statements = Kept()


def parse_key(model: Model, value: Any) -> Any:
    """The primary key that a client wrote, or None where it can't be one."""
    field: Any = model._meta.pk
    if not isinstance(value, str) or "\x00" in value or len(value) > KEY_LENGTH:
        return None
    try:
        return field.to_python(value)
    except ValidationError:
        return None


def fetch(wanted: Mapping[Model, Iterable[Any]], *, user: Any) -> Rows:
    """(model, key) → row, for the keys that exist in the user's scope, in one statement. Call it in a transaction.

    The rows stay locked against deletion until its end, so that what the request is about to refer to can't vanish.
    """
    viewer = Viewer.like(user)
    parts = [part for model, keys in wanted.items() for part in _parts(model, [*keys], user, viewer)]
    return _run(parts, connection.prepared_cursor())  # type: ignore[attr-defined]  # our own backend


def complete(rows: Rows) -> None:
    """Connect fetched rows with each other, and read what stands above them in a tree: one statement a generation."""
    for _ in range(GENERATIONS):
        missing: dict[Model, set[Any]] = {}
        for row in rows.values():
            for field in _keys(type(row)):
                key, target = getattr(row, field.attname), field.remote_field.model
                if key is None or field.is_cached(row):
                    continue
                if (target, key) in rows:
                    field.set_cached_value(row, rows[target, key])
                elif target is type(row):
                    missing.setdefault(target, set()).add(key)
        if not missing:
            return
        querysets = (model._base_manager.filter(pk__in=keys) for model, keys in missing.items())
        rows.update(_run([_part(queryset) for queryset in querysets], connection.cursor()))


class Part(NamedTuple):
    """The statement of some rows of one model, to be joined with others, and what stands for its stand-ins."""

    model: Model
    statement: Statement | None  # None: no row can be in scope
    brought: Mapping[Any, Any]


def _parts(model: Model, keys: list[Any], user: Any, viewer: Viewer) -> Iterator[Part]:
    """For a few keys one kept statement each, which costs the ORM nothing; for many one that is made for them."""
    stand_in = STAND_INS_OF.get(type(model._meta.pk))
    if len(keys) > FEW or stand_in is None:
        yield _part(_visible(model, user).filter(pk__in=keys))
        return
    for key in keys:
        made = statements.get((model, viewer), lambda: _statement(_visible(model, viewer).filter(pk=stand_in)))
        yield Part(model, made, brought_by(user, key=key))


def _part(rows: models.QuerySet[Any]) -> Part:
    return Part(rows.model, _statement(rows), {})


def _statement(rows: models.QuerySet[Any]) -> Statement | None:
    table = connection.ops.quote_name(rows.model._meta.db_table)
    try:
        sql, values = rows.order_by().values(*_columns(rows.model)).query.sql_with_params()
    except EmptyResultSet:
        return None
    return Statement(f"SELECT %s::int, to_jsonb(r)::text FROM ({sql} FOR KEY SHARE OF {table}) r", values)  # noqa: S608 (ORM's SQL)


def _run(parts: Sequence[Part], opened: Any) -> Rows:
    asked = [(part.model, part.statement, part.brought) for part in parts if part.statement]
    if not asked:
        return {}
    parameters = [each for number, (_, made, brought) in enumerate(asked) for each in (number, *made.bound(brought))]
    with opened as cursor:
        cursor.execute(" UNION ALL ".join(made.sql for _, made, _ in asked), parameters)
        found = [_instance(asked[number][0], text) for number, text in cursor.fetchall()]
    return {(type(row), row.pk): row for row in found}


def _instance(model: Model, text: str) -> Any:
    values = json.loads(text, parse_float=Decimal)
    names = _columns(model)
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return model.from_db("default", names, [field.to_python(values[field.column]) for field in fields])


def _columns(model: Model) -> list[str]:
    """Attribute names of all columns but secrets: nothing that refers to a row needs those."""
    tracking = getattr(model, "tracking", None)
    secret = {*tracking.secret} if tracking else set()
    return [field.attname for field in model._meta.concrete_fields if field.attname not in secret]


def _keys(model: Model) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def _visible(model: Model, user: Any) -> models.QuerySet[Any]:
    rows = model._default_manager.all()
    if not isinstance(rows, ScopedQuerySet):
        raise TypeError(f"{model._meta.label} has no scope: the API can't refer to its rows.")
    return rows.visible_to(user)
