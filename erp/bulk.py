"""Many rows in few statements, with everything a single save leaves: history, events, versions.

New rows travel by COPY; an upsert by COPY into a temporary table and from there in two statements into the real one. The
statement triggers record the whole set at once, and the number of statements does not grow with the number of rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

from erp.events.tracking import STAMPS
from erp.models import MasterData

PLAIN = frozenset({str, bool, int, uuid.UUID, Decimal, date, datetime})


@dataclass(frozen=True)
class Written:
    """Rows by what became of them."""

    added: int
    changed: int
    unchanged: int


def insert(rows: Iterable[MasterData], *, model: type[MasterData]) -> int:
    """Insert unsaved instances; returns how many. The instances are not refreshed.

    Raises: IntegrityError: a row breaks a constraint; nothing is written.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        return _copy(cursor, model, rows, into=sql.Identifier(model._meta.db_table))


def upsert(rows: Iterable[MasterData], *, model: type[MasterData], key: Sequence[str]) -> Written:
    """Insert new rows and change the stored ones that differ; a row equal to the stored one is not written at all.

    key: names of the fields that identify a row (its natural key); null equals null. Fields of a stored row that are part
    of neither key nor difference stay as they are; its id stays.
    Raises: IntegrityError: a row breaks a constraint, or two rows have one key; nothing is written.
    """
    fields = _fields(model)
    keys = [model._meta.get_field(name) for name in key]
    values = [field for field in fields if field not in keys and not field.primary_key]
    match = sql.SQL(" AND ").join(_same(field) for field in keys)
    with transaction.atomic(), connection.cursor() as cursor:
        total = _stage(cursor, model, rows)
        changed = 0
        if values:
            cursor.execute(_update(model, values, match))
            changed = int(cursor.rowcount)
        cursor.execute(
            _compose(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM bulk_rows "
                "WHERE NOT EXISTS (SELECT FROM {table} stored WHERE {match})",
                model,
                fields,
                match=match,
            )
        )
        added = int(cursor.rowcount)
    return Written(added=added, changed=changed, unchanged=total - added - changed)


def _update(model: type[MasterData], values: Sequence[Any], match: sql.Composable) -> str:
    row = sql.SQL(", ").join(sql.SQL("{0} = bulk_rows.{0}").format(_name(field)) for field in values)
    stored = sql.SQL(", ").join(sql.SQL("stored.{}").format(_name(field)) for field in values)
    given = sql.SQL(", ").join(sql.SQL("bulk_rows.{}").format(_name(field)) for field in values)
    return _compose(
        "UPDATE {table} stored SET {row} FROM bulk_rows WHERE {match} AND ({stored}) IS DISTINCT FROM ({given})",
        model,
        values,
        row=row,
        stored=stored,
        given=given,
        match=match,
    )


def _stage(cursor: Any, model: type[MasterData], rows: Iterable[MasterData]) -> int:
    """COPY the rows into the temporary table `bulk_rows`; returns how many."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.bulk_rows")
    cursor.execute(
        _compose(
            "CREATE TEMPORARY TABLE bulk_rows ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA",
            model,
            _fields(model),
        )
    )
    total = _copy(cursor, model, rows, into=sql.Identifier("bulk_rows"))
    cursor.execute("ANALYZE bulk_rows")
    return total


def _copy(cursor: Any, model: type[MasterData], rows: Iterable[MasterData], *, into: sql.Identifier) -> int:
    """COPY the rows into a table with the columns of the model; returns how many."""
    connection.send_context()  # type: ignore[attr-defined] # our own backend, erp/postgresql
    fields = _fields(model)
    columns, total = [_reader(field) for field in fields], 0
    with cursor.copy(_compose("COPY {into} ({columns}) FROM STDIN", model, fields, into=into)) as copy:
        for row in rows:
            copy.write_row([column(row) for column in columns])
            total += 1
    return total


def _reader(field: models.Field[Any, Any]) -> Callable[[MasterData], Any]:
    """What reads one column of an instance as the driver takes it."""

    def prepared(row: MasterData) -> Any:
        return field.get_db_prep_save(field.pre_save(row, add=True), connection)

    kind = type(field)
    if kind.pre_save is not models.Field.pre_save or not kind.get_prep_value.__module__.startswith("django."):
        return prepared
    read = attrgetter(field.attname)

    def plain(row: MasterData) -> Any:
        value = read(row)
        # The driver takes these as they are; Django's preparation would be most of the time of a large import.
        return value if value is None or type(value) in PLAIN else prepared(row)

    return plain


def _fields(model: type[MasterData]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if field.name not in STAMPS]


def _same(field: Any) -> sql.Composable:
    # IS NOT DISTINCT FROM would say the same, but PostgreSQL can't hash it: 20,000 rows would take minutes.
    same = (
        "coalesce(stored.{0}::text, '') = coalesce(bulk_rows.{0}::text, '')"
        if field.null
        else "stored.{0} = bulk_rows.{0}"
    )
    return sql.SQL(same).format(_name(field))


def _name(field: Any) -> sql.Identifier:
    return sql.Identifier(field.column)


def _compose(text: str, model: type[MasterData], fields: Sequence[Any], **parts: sql.Composable) -> str:
    composed = sql.SQL(text).format(
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join(_name(field) for field in fields),
        **parts,
    )
    return composed.as_string(connection.connection)
