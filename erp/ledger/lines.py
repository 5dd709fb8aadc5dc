"""Leaf format 1: an event as the line of text that the ledger hashes.

    ["1","7","7","3f0c…","740","location",…,"{\\"changes\\": {\\"name\\": [null, \\"Guntur\\"]}}","2026-11-23T05:30:00.000000Z",…]

A JSON array of text or null: the format, the position, then every column of `event` in the table's order. PostgreSQL writes all
values as text in forms that no session setting changes. Personal data stand as commitments in the line and in plain in
`event` (docs/adr/0018): the stored salts, not today's declarations, say which values those are, so a line never changes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from django.db import connection, models

from erp.events import capture

FORMAT = "1"
COMMITMENT = "$c"
# How each column of `event` becomes text; in the order of the table.
TIME = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
COLUMNS: tuple[str, ...] = (
    "id", "event_id", "xid", "aggregate_type", "aggregate_id", "aggregate_version", "object_type", "object_id", "category",
    "event_type", "schema_version", "actor_id", "actor_label", "on_behalf_of", "organization_id", "partner_id", "request_id",
    "source", "ip", "db_role", "reason", "approval_id", "payload", "occurred_at", "recorded_at", "history_table", "history_id",
)  # fmt: skip
TIMES = {"occurred_at", "recorded_at"}
PAYLOAD = COLUMNS.index("payload") + 1  # position comes first
OBJECT_TYPE = COLUMNS.index("object_type") + 1
ROWS = f"""
SELECT p.position, {", ".join(TIME.format(f"e.{name}") if name in TIMES else f"e.{name}::text" for name in COLUMNS)},
       (SELECT json_object_agg(s.path, encode(s.salt, 'hex'))::text FROM ledger_salt s WHERE s.event_id = e.id)
FROM event_position p JOIN event e ON e.id = p.event_id
WHERE """  # noqa: S608 (constants)
READ = ROWS + "p.position > %s ORDER BY p.position LIMIT %s"
READ_SOME = ROWS + "p.position = ANY(%s) ORDER BY p.position"

Salts = dict[str, bytes]  # path in the payload ("changes/name/1") to 16 bytes


class _Number(str):
    """A number of a payload, exactly as PostgreSQL wrote it."""

    __slots__ = ()


def read_lines(after: int, limit: int) -> list[tuple[int, bytes]]:
    """(position, line) of at most `limit` numbered events above position `after`, in order, by one statement."""
    return [(row[0], line(row, stored_salts(row))) for row in read_rows(after, limit)]


def read_rows(after: int, limit: int) -> list[tuple[Any, ...]]:
    """Position as a number, the columns as text, and the stored salts as JSON or None."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [after, limit])
        return list(cursor.fetchall())


def read_some_lines(positions: Sequence[int]) -> list[tuple[int, bytes]]:
    """(position, line) of the numbered events at these positions, in order, by one statement; unknown ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(READ_SOME, [list(positions)])
        return [(row[0], line(row, stored_salts(row))) for row in cursor.fetchall()]


def line(row: tuple[Any, ...], salts: Salts) -> bytes:
    """The line of one row of `read_rows`, with a commitment for every salted value."""
    values = [FORMAT, str(row[0]), *row[1:-1]]
    if salts:
        values[1 + PAYLOAD] = committed(row[PAYLOAD], salts)
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def committed(payload: str, salts: Mapping[str, bytes]) -> str:
    """A payload (the text of a jsonb) with commitments for the values at these paths. Erased values stay as they are."""
    document = _load(payload)
    for path, salt in salts.items():
        *places, last = _keys(path)
        container = document
        for place in places:
            container = _step(container, place)
        value = _step(container, last)
        if value is not None and not is_commitment(value):
            container[_index(container, last)] = {COMMITMENT: commitment(_dump(value), salt)}
    return _dump(document)


def commitment(value: str, salt: bytes) -> str:
    """SHA-256 in hex over the salt and the value's JSON text, as PostgreSQL writes a jsonb."""
    return sha256(salt + value.encode()).hexdigest()


def is_commitment(value: Any) -> bool:
    """Whether a value of a payload has been erased: {"$c": 64 hex digits} stands in its place."""
    return isinstance(value, dict) and list(value) == [COMMITMENT] and _is_digest(value[COMMITMENT])


def fresh_salts(row: tuple[Any, ...], stored: Salts) -> Salts:
    """A new salt for each personal value that has none yet, in a row of `read_rows` that is being sealed."""
    places = personal_columns().get(row[OBJECT_TYPE])
    if not places:
        return {}
    values = _personal_values(_load(row[PAYLOAD]), places)
    return {path: os.urandom(16) for path, value in values if path not in stored and not is_commitment(value)}


def stored_salts(row: tuple[Any, ...]) -> Salts:
    """The salts that a row of `read_rows` brought along."""
    return {path: bytes.fromhex(salt) for path, salt in json.loads(row[-1]).items()} if row[-1] else {}


@cache
def personal_columns() -> dict[str, tuple[bool, frozenset[str], frozenset[str]]]:
    """By object type: whether the row's own label is personal, its personal columns, its keys to rows with such labels."""
    tables = {table.model: table for table in capture.tracked_tables()}
    found = {}
    for model, table in tables.items():
        keys = frozenset(
            str(field.column)
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and _label_is_personal(tables.get(field.remote_field.model))
        )
        columns = frozenset(_column(model, name) for name in table.tracking.pii)
        if keys or columns:
            found[model._meta.label_lower] = (_label_is_personal(table), columns, keys)
    return found


def _label_is_personal(table: capture.TrackedTable | None) -> bool:
    return table is not None and table.label_column in table.tracking.pii


def _column(model: Any, name: str) -> str:
    return str(model._meta.get_field(name).column)


def _personal_values(document: Any, places: tuple[bool, frozenset[str], frozenset[str]]) -> Iterator[tuple[str, Any]]:
    """(path, value) of what is there and not null."""
    own_label, columns, keys = places
    if own_label and document.get("label") is not None:
        yield "label", document["label"]
    for part, names in (("changes", columns), ("labels", keys)):
        for name, pair in document.get(part, {}).items():
            if name in names:
                yield from ((f"{part}/{name}/{side}", pair[side]) for side in (0, 1) if pair[side] is not None)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _keys(path: str) -> list[str]:
    return path.split("/")


def _index(container: Any, key: str) -> Any:
    return int(key) if isinstance(container, list) else key


def _step(container: Any, key: str) -> Any:
    """What is at a key, or None: a salt whose value was tampered away must give another line, not an error."""
    try:
        return container[_index(container, key)]
    except (LookupError, TypeError, ValueError):
        return None


def _load(payload: str) -> Any:
    return json.loads(payload, parse_int=_Number, parse_float=_Number)


def _dump(value: Any) -> str:
    """JSON in PostgreSQL's spelling of jsonb; the order of keys is kept, which is PostgreSQL's already."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_dump(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_dump, value)) + "]"
    return str(value) if type(value) is _Number else json.dumps(value, ensure_ascii=False)
