"""One row into a table, or new values into one row: statements that are made once a model and planned once a connection.

Each brings `erp.context` along, as a row of its FROM, which the server makes before the first trigger of a row runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models

from erp import context
from erp.kept import Kept

CONTEXT = "set_config('erp.context', %s, true)"
statements = Kept()

Column = tuple[Any, Any]  # a field and the value that it gets


def insert(model: type[models.Model], columns: Sequence[Column], *, returning: Sequence[Any], using: str) -> Any:
    """Write a row; returns the values of `returning`, of which the database fills in at least one."""
    key = (model, *(field.column for field, _ in columns), "→", *(field.column for field in returning))
    sql = statements.get(key, lambda: _insert(model, [field for field, _ in columns], returning, using))
    return _run(sql, columns, (), using)


def update(
    model: type[models.Model],
    columns: Sequence[Column],
    *,
    where: Sequence[Column],
    returning: Sequence[str],
    using: str,
) -> Any:
    """Write these values into the row where others are; returns the values of `returning`, None where no row is."""
    key = (model, *(field.column for field, _ in columns), "?", *(field.column for field, _ in where), "→", *returning)
    sql = statements.get(
        key, lambda: _update(model, [field for field, _ in columns], [field for field, _ in where], returning, using)
    )
    return _run(sql, columns, where, using)


def is_plain(columns: Sequence[Column]) -> bool:
    """Whether all values are values, and no expressions."""
    return not any(
        hasattr(value, "resolve_expression") or hasattr(field, "get_placeholder") for field, value in columns
    )


def _run(sql: str, columns: Sequence[Column], where: Sequence[Column], using: str) -> Any:
    connection: Any = connections[using]
    values, keys = (
        [field.get_db_prep_save(value, connection=connection) for field, value in some] for some in (columns, where)
    )
    with connection.carrying_context() as cursor:
        cursor.execute(sql, [*values, context.current().as_json, *keys])
        return cursor.fetchone()


def _insert(model: type[models.Model], fields: Sequence[Any], returning: Sequence[Any], using: str) -> str:
    quote = connections[using].ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(field.column) for field in fields)
    values = ", ".join(_value(field, using) for field in fields)
    back = ", ".join(f"{table}.{quote(field.column)}" for field in returning)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {CONTEXT} RETURNING {back}"  # noqa: S608


def _update(
    model: type[models.Model], fields: Sequence[Any], where: Sequence[Any], returning: Sequence[str], using: str
) -> str:
    quote = connections[using].ops.quote_name
    table = quote(model._meta.db_table)
    values = ", ".join(f"{quote(field.column)} = {_value(field, using)}" for field in fields)
    rows = " AND ".join(f"{table}.{quote(field.column)} = {_value(field, using)}" for field in where)
    back = ", ".join(f"{table}.{quote(name)}" for name in returning)
    return f"UPDATE {table} SET {values} FROM {CONTEXT} WHERE {rows} RETURNING {back}"  # noqa: S608


def _value(field: Any, using: str) -> str:
    """A parameter of the column's type, without its length: a cast to `varchar(30)` would cut what is longer."""
    return f"%s::{field.db_type(connections[using]).partition('(')[0]}"
