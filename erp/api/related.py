"""Rows that a request names by foreign keys: all of them, of all models, in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection, models

from erp.scoping import ScopedQuerySet

Model = type[models.Model]
Rows = dict[tuple[Model, Any], Any]
GENERATIONS = 20
KEY_LENGTH = 36


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
    return _read({model: _visible(model, user).filter(pk__in=keys) for model, keys in wanted.items() if keys})


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
        rows.update(_read({model: model._base_manager.filter(pk__in=keys) for model, keys in missing.items()}))


def _read(querysets: Mapping[Model, models.QuerySet[Any]]) -> Rows:
    parts: list[str] = []
    parameters: list[Any] = []
    targets: list[Model] = []
    for model, queryset in querysets.items():
        table = connection.ops.quote_name(model._meta.db_table)
        try:
            sql, values = queryset.order_by().values(*_columns(model)).query.sql_with_params()
        except EmptyResultSet:
            continue
        part = f"SELECT {len(targets)}, to_jsonb(r)::text FROM ({sql} FOR KEY SHARE OF {table}) r"  # noqa: S608 (ORM's SQL)
        parts.append(part)
        parameters.extend(values)
        targets.append(model)
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        found = [_instance(targets[number], text) for number, text in cursor.fetchall()]
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
