"""Is the capture in force, exactly as the code wants it? Reads PostgreSQL's catalogue, trusts no list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from erp.events import capture

BODY = re.compile(r"CREATE OR REPLACE FUNCTION (\w+)\(.*?AS \$(\w*)\$(.*?)\$\2\$", re.S)
HISTORY_INDEXES = ("history_id DESC", "history_date DESC, history_id DESC")
CAPTURE_TRIGGERS = {"erp_capture_insert", "erp_capture_update", "erp_capture_delete", "erp_no_truncate"}


@dataclass(frozen=True)
class Finding:
    """One deviation: where it is, what the code wants, what the database has."""

    place: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, found {self.found}."


@dataclass(frozen=True)
class Owned:
    """Who owns the tables of the record, and whether that is the role we work with."""

    owner: str
    tables: int
    is_current: bool


_others: list[Callable[[], list[Finding]]] = []


def also(examiner: Callable[[], list[Finding]]) -> None:
    """Let another part of the core report what deviates in its functions and triggers; called from `ready()`."""
    _others.append(examiner)


def examine() -> list[Finding]:
    """All deviations of functions, triggers, history columns and history indexes; an empty list is a clean record."""
    tables = capture.tracked_tables()
    return [
        *_functions(tables),
        *_triggers(tables),
        *_history_columns(tables),
        *_history_indexes(tables),
        *_ownership(tables),
        *(finding for examiner in _others for finding in examiner()),
    ]


def owners() -> list[Owned]:
    """Owners of event and history tables. In production the application's role must own none of them."""
    rows = _rows(
        """
        SELECT pg_get_userbyid(relowner), count(*), pg_get_userbyid(relowner) = current_user FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
          AND oid IN (SELECT tgrelid FROM pg_trigger WHERE tgname = 'erp_append_only')
        GROUP BY relowner ORDER BY 1
        """
    )
    return [Owned(*row) for row in rows]


def _functions(tables: list[capture.TrackedTable]) -> Iterator[Finding]:
    found = dict(_rows("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
    script = capture.FUNCTIONS + "".join(table.sql for table in tables)
    for name, _, body in BODY.findall(script):
        if found.get(name) != body:
            fact = "another body" if name in found else "no such function"
            yield Finding(f"function {name}()", "the body of this release", fact)


def _triggers(tables: list[capture.TrackedTable]) -> Iterator[Finding]:
    # tgenabled: A = always, also under session_replication_role = replica.
    rows = _rows("SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal")
    found = {(table.strip('"'), trigger): enabled for table, trigger, enabled in rows}
    for table, trigger in _wanted_triggers(tables):
        state = found.get((table, trigger))
        if state != "A":
            fact = {None: "no trigger", "D": "a disabled one", "O": "one that a replica role skips"}.get(state, state)
            yield Finding(f"trigger {trigger} on {table}", "an always enabled trigger", str(fact))


def _wanted_triggers(tables: list[capture.TrackedTable]) -> Iterator[tuple[str, str]]:
    for log_table in capture.log_tables():
        yield log_table, "erp_append_only"
    for table in tables:
        for trigger in sorted(CAPTURE_TRIGGERS | ({"erp_stamp"} if table.stamped else set())):
            yield table.table, trigger
        if table.history:
            yield table.history_table, "erp_append_only"
            yield table.history_table, "erp_history_guard"


def _history_columns(tables: list[capture.TrackedTable]) -> Iterator[Finding]:
    rows = _rows("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
    columns: dict[str, set[str]] = {}
    for table, column in rows:
        columns.setdefault(table, set()).add(column)
    for tracked in tables:
        if tracked.history:
            kept = columns.get(tracked.history_table, set())
            missing = columns.get(tracked.table, set()) - kept - set(tracked.tracking.unkept)
            if missing:
                yield Finding(f"table {tracked.history_table}", f"columns {', '.join(sorted(missing))}", "none of them")


def _history_indexes(tables: list[capture.TrackedTable]) -> Iterator[Finding]:
    rows = _rows("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    for tracked in tables:
        if tracked.history:
            pk = tracked.model._meta.pk.column
            found = {definition for table, definition in rows if table == tracked.history_table}
            for tail in HISTORY_INDEXES:
                if not any(f"({pk}, {tail})" in definition for definition in found):
                    yield Finding(f"table {tracked.history_table}", f"an index on ({pk}, {tail})", "none")


def _ownership(tables: list[capture.TrackedTable]) -> Iterator[Finding]:
    """Whoever owns a table can switch its triggers off: all tables of the record have the owner of the event log."""
    owner = dict(_rows("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'"))
    wanted = owner.get("event")
    recorded = {name for tracked in tables for name in (tracked.table, tracked.history_table)}
    for table in sorted(recorded.union(capture.log_tables()) - {""}):
        if owner.get(table, wanted) != wanted:
            yield Finding(f"owner of {table}", f"{wanted}, who owns the event log", owner[table])


def _rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
