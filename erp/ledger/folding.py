"""Layers 3 and 4: history is what the events say, and the live rows are what history says.

One set-based statement a table names the objects that deviate, usually none. Only those are then folded event by event in
Python, to name the row, the column and both values. A deviation that lasts is reported where it begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.db import models

from erp.events.capture import TrackedTable
from erp.events.tracking import STAMPS
from erp.ledger.findings import Finding, rows, shown
from erp.ledger.lines import is_commitment

META = ("history_id", "history_date", "history_type", "history_user_id", "history_change_reason")
SIGNS = {"created": "+", "updated": "~", "deleted": "-"}

# Each history row against its event and the row before it. A row that is new or gone is recorded without its nulls.
UNFOLDED = """
WITH kept AS (
    SELECT history_id, "{pk}"::text AS object_id, history_type, history_date, history_user_id, history_change_reason, is_now,
           lag(is_now) OVER (PARTITION BY "{pk}" ORDER BY history_id) AS was,
           lag(history_type) OVER (PARTITION BY "{pk}" ORDER BY history_id) AS last_type, stamps,
           CASE history_type WHEN '+' THEN stamps -> 'updated_at'
                ELSE lag(stamps -> 'created_at') OVER (PARTITION BY "{pk}" ORDER BY history_id) END AS created_at
    FROM (SELECT h.*, (whole - {untold}) {digests} AS is_now, {stamps} AS stamps
          FROM "{history}" h, LATERAL (SELECT to_jsonb(h) AS whole OFFSET 0) AS one) AS h
),
told AS (
    SELECT id, object_id, event_type, actor_id, reason, occurred_at, history_id, history_table, payload,
           (SELECT coalesce(jsonb_object_agg(key, value -> 0), '{{}}') FROM jsonb_each(payload -> 'changes')
            WHERE key = ANY ({columns})) AS old,
           (SELECT coalesce(jsonb_object_agg(key, value -> 1), '{{}}') FROM jsonb_each(payload -> 'changes')
            WHERE key = ANY ({columns})) AS new
    FROM event WHERE object_type = '{object_type}' AND event_type = ANY ({types})
)
SELECT DISTINCT coalesce(kept.object_id, told.object_id)
FROM kept FULL JOIN told ON told.history_id = kept.history_id
WHERE (
    told.history_table = '{history}' AND told.object_id = kept.object_id
    AND told.event_type = '{name}.' || CASE kept.history_type WHEN '+' THEN 'created' WHEN '~' THEN 'updated' ELSE 'deleted' END
    AND kept.history_date = told.occurred_at AND kept.history_user_id IS NOT DISTINCT FROM told.actor_id
    AND coalesce(kept.history_change_reason, '') = told.reason AND {stamps_agree}
    AND CASE kept.history_type
        WHEN '+' THEN coalesce(kept.last_type, '-') = '-' AND jsonb_strip_nulls(kept.is_now) = told.new
        WHEN '~' THEN kept.last_type <> '-' AND kept.was || told.old = kept.was AND kept.was || told.new = kept.is_now
        ELSE kept.last_type <> '-' AND kept.was = kept.is_now AND jsonb_strip_nulls(kept.is_now) = told.old
    END
) IS NOT TRUE
ORDER BY 1
"""
STAMPS_AGREE = """kept.stamps = jsonb_build_object('version', told.payload -> 'version', 'created_at', kept.created_at,
        'updated_at', told.payload -> 'updated_at')"""
UNKEPT = """
WITH latest AS (SELECT DISTINCT ON ("{pk}") * FROM "{history}" ORDER BY "{pk}", history_id DESC)
SELECT coalesce(l."{pk}"::text, h."{pk}"::text), h.history_id, h.history_type,
       CASE WHEN l."{pk}" IS NOT NULL THEN (to_jsonb(l) - {left_out})::text END, (to_jsonb(h) - {left_out})::text
FROM "{table}" l FULL JOIN latest h ON h."{pk}" = l."{pk}"
WHERE CASE WHEN l."{pk}" IS NULL THEN h.history_type <> '-'
           ELSE h.history_id IS NULL OR h.history_type = '-' OR to_jsonb(l) - {left_out} <> to_jsonb(h) - {left_out} END
ORDER BY 1
"""
# Tables without history: the newest value that an event gave each column, or nothing once the row was deleted.
UNTOLD = """
WITH told AS (
    SELECT id, object_id, event_type, payload FROM event WHERE object_type = '{object_type}' AND event_type = ANY ({types})
),
newest AS (
    SELECT DISTINCT ON (object_id, key) object_id, key, value -> 1 AS value FROM told, jsonb_each(payload -> 'changes')
    WHERE key = ANY ({columns}) ORDER BY object_id, key, id DESC
),
folded AS (SELECT object_id, jsonb_strip_nulls(jsonb_object_agg(key, value)) AS is_now FROM newest GROUP BY object_id),
last AS (SELECT DISTINCT ON (object_id) object_id, event_type FROM told ORDER BY object_id, id DESC),
live AS (
    SELECT "{pk}"::text AS object_id, jsonb_strip_nulls((whole - {untold}) {digests}) AS is_now
    FROM "{table}" t, LATERAL (SELECT to_jsonb(t) AS whole OFFSET 0) AS one
)
SELECT coalesce(live.object_id, last.object_id), NULL, CASE WHEN event_type = '{name}.deleted' THEN '-' ELSE event_type END,
       live.is_now::text, coalesce(folded.is_now, '{{}}')::text
FROM live FULL JOIN last USING (object_id) LEFT JOIN folded USING (object_id)
WHERE CASE WHEN live.object_id IS NULL THEN event_type <> '{name}.deleted'
           ELSE event_type IS NULL OR event_type = '{name}.deleted' OR live.is_now <> coalesce(folded.is_now, '{{}}') END
ORDER BY 1
"""
EVENTS = """
SELECT id, event_type, actor_id::text, reason, to_json(occurred_at) #>> '{{}}', history_id, history_table, payload::text
FROM event WHERE object_type = '{object_type}' AND object_id = %s AND event_type = ANY ({types}) ORDER BY id
"""
HISTORY = """
SELECT history_id, to_jsonb(h)::text FROM "{history}" h WHERE "{pk}"::text = %s ORDER BY history_id
"""

Row = dict[str, Any]


def unfolded(tracked: TrackedTable) -> Iterator[Finding]:
    """Layer 3: history rows of one table that are not what their events add up to, and either without the other."""
    table = _Table(tracked)
    if tracked.history:
        for (object_id,) in rows(UNFOLDED.format(**table.names)):
            yield from _Fold(table, object_id).findings()


def unkept(tracked: TrackedTable) -> Iterator[Finding]:
    """Layer 4: live rows of one table that are not the newest history row, or, without history, not what the events say."""
    table = _Table(tracked)
    query = UNKEPT if tracked.history else UNTOLD
    for object_id, history_id, last, live, recorded in rows(query.format(**table.names)):
        yield from _compare_live(
            table, object_id, f"history row {history_id}" if history_id else "events", last, live, recorded
        )


def _compare_live(
    table: _Table, object_id: str, record: str, last: str | None, live: str | None, recorded: str | None
) -> Iterator[Finding]:
    name = table.tracked.table
    if last is None:
        yield Finding(4, name, object_id, "", "no row, as nothing recorded one", "a row")
    elif live is None:
        yield Finding(4, name, object_id, "", f"the row of {record}", "no row")
    elif last == "-":
        yield Finding(4, name, object_id, "", "no row, as it was deleted", "a row")
    else:
        kept, is_now = _load(recorded or "{}"), _load(live)
        for column in sorted(kept.keys() | is_now.keys()):
            expected, found = table.visible(column, kept.get(column)), table.visible(column, is_now.get(column))
            if expected != found:
                yield Finding(4, name, object_id, column, shown(expected), shown(found))


class _Table:
    """The names and lists that the statements about one table need."""

    def __init__(self, tracked: TrackedTable) -> None:
        self.tracked = tracked
        self.pk = str(tracked.model._meta.pk.column)
        self.types = [f"{tracked.tracking.name}.{verb}" for verb in SIGNS]

    @cached_property
    def columns(self) -> dict[str, models.Field[Any, Any]]:
        """Columns whose values the events tell, with their fields."""
        tracking = self.tracked.tracking
        out = {self.pk, *STAMPS, *tracking.ignored, *(tracking.unkept if self.tracked.history else ())}
        return {str(f.column): f for f in self.tracked.model._meta.concrete_fields if f.column not in out}

    @cached_property
    def secrets(self) -> list[str]:
        return [column for column in self.tracked.tracking.secret if column in self.columns]

    @cached_property
    def names(self) -> dict[str, str]:
        tracking, stamped = self.tracked.tracking, self.tracked.stamped
        out = (*tracking.ignored, *tracking.unkept, *META)
        stamps = ", ".join(f"'{stamp}', whole -> '{stamp}'" for stamp in STAMPS)
        return {
            "table": self.tracked.table,
            "history": self.tracked.history_table,
            "pk": self.pk,
            "name": tracking.name,
            "object_type": self.tracked.model._meta.label_lower,
            "types": _array(self.types),
            "columns": _array(self.columns),
            "left_out": _array(out),
            "untold": _array((self.pk, *STAMPS, *out)),
            "digests": "".join(f"|| jsonb_build_object('{c}', erp_secret(whole -> '{c}'))" for c in self.secrets),
            "stamps": f"jsonb_build_object({stamps})" if stamped else "NULL::jsonb",
            "stamps_agree": STAMPS_AGREE if stamped else "true",
        }

    def visible(self, column: str, value: Any) -> Any:
        """A value as events and findings show it: of a secret only its digest."""
        return _digest(value) if column in self.secrets and not isinstance(value, dict) else value


@dataclass
class _Fold:
    """One object's history rebuilt from its events."""

    table: _Table
    object_id: str
    is_now: Row = field(default_factory=dict)
    created_at: Any = None
    # What deviated when last seen: the same value in a later row is no news.
    excused: Row = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """In the order of the history rows."""
        kept = {key: _load(row) for key, row in rows(HISTORY.format(**self.table.names), [self.object_id])}
        events = {}
        for event in rows(EVENTS.format(**self.table.names), [self.object_id]):
            if event[5] in events or event[6] != self.table.tracked.history_table:
                yield Finding(
                    3, "event", str(event[0]), "history_id", "a history row of its own", f"{event[6]} {event[5]}"
                )
            else:
                events[event[5]] = event
        for history_id in sorted(kept.keys() | events.keys()):
            yield from self._step(history_id, events.get(history_id), kept.get(history_id))

    def _step(self, history_id: int, event: Any, row: Row | None) -> Iterator[Finding]:
        name = self.table.tracked.history_table
        if event is None:
            self.excused |= row or {}
            yield Finding(3, name, str(history_id), "", "no row, as no event tells of it", f"a row of {self.object_id}")
            return
        yield from self._apply(event)
        if row is None:
            yield Finding(3, name, str(history_id), "", f"the row of event {event[0]} ({event[1]})", "no row")
            return
        for column, expected in self._expected(event).items():
            found = self.table.visible(column, row.get(column))
            if column == "history_change_reason":
                found = found or None
            if _same(expected, found) or (column in self.excused and _same(self.excused[column], found)):
                continue
            if column not in META:
                self.excused[column] = found
            yield Finding(3, name, str(history_id), column, shown(expected), shown(found))

    def _apply(self, event: Any) -> Iterator[Finding]:
        """Bring the state forward by one event, and say where the event contradicts the state before."""
        identity, event_type, *_, text = event
        payload = _load(text)
        if event_type.endswith(".created"):
            self.created_at = payload.get("updated_at")
            self.is_now = {column: self._unmentioned(column) for column in self.table.columns}
        for column, pair in payload.get("changes", {}).items():
            if column not in self.table.columns:
                continue
            old, new = pair
            before = self.is_now.get(column)
            if not (_same(old, before) or _same(old, self.excused.get(column)) or event_type.endswith(".created")):
                yield Finding(3, "event", str(identity), f"payload.changes.{column}.0", shown(before), shown(old))
            self.is_now[column] = old if event_type.endswith(".deleted") else new

    def _unmentioned(self, column: str) -> Any:
        """The value of a column that the event of the new row does not tell: null; or a later migration added the column."""
        field = self.table.columns[column]
        default = field.default if field.has_default() else "" if field.blank and field.empty_strings_allowed else None
        if field.null or callable(default):
            return None
        return default if isinstance(default, Decimal) else _load(json.dumps(default, default=str))

    def _expected(self, event: Any) -> Row:
        _, event_type, actor_id, reason, occurred_at, *_, text = event
        meta: Row = {
            "history_type": SIGNS[event_type.rpartition(".")[2]],
            "history_date": occurred_at,
            "history_user_id": actor_id,
            "history_change_reason": reason or None,
        }
        if self.table.tracked.stamped:
            payload = _load(text)
            meta |= {"created_at": self.created_at} | {name: payload.get(name) for name in ("version", "updated_at")}
        return self.is_now | meta


def _same(expected: Any, found: Any) -> bool:
    if is_commitment(expected):  # erased from event and history alike; the ledger still proves it
        return found in (None, "", expected) or found == json.dumps(expected)
    return bool(_bare(expected) == _bare(found))


def _bare(value: Any) -> Any:
    """Without nulls inside objects, which the event of a new row leaves out."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if item is not None}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _digest(value: Any) -> Any:
    """What the record keeps of a secret, as erp_secret() makes it."""
    return None if value is None else {"$secret": sha256(str(value).encode()).hexdigest()}


def _load(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _array(columns: Any) -> str:
    """An SQL array of names from our models."""
    return f"ARRAY[{', '.join(repr(str(column)) for column in columns)}]::text[]"
