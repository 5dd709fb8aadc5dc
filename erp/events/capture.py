"""Installs the capture: one function and its triggers per tracked table, written from one template.

The function is generated rather than generic so that PostgreSQL can keep its plans (docs/adr/0003). It names no column but
keys, owners and labels, everything else passes as JSON, so a migration may add or drop columns between two installs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections, models

from erp.events.tracking import STAMPS, Tracking
from erp.postgresql import locks

FUNCTIONS = (Path(__file__).parent / "capture.sql").read_text()
LOG_TABLES = ("event", "event_position")
# What a row is called where the model does not say: the first of these columns that it has.
LABELS = ("name", "legal_name", "full_name", "code")

MANY = 20  # rows from which on a statement gets a plan of its own
CONTEXT = "@context@"

CAPTURE = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET jit = off
SET work_mem = '64MB' AS $capture$
DECLARE
    context jsonb := coalesce(nullif(current_setting('erp.context', true), ''), '{{}}');
    was jsonb;
    is_now jsonb;
    this jsonb;
    labels jsonb;
    stream_version bigint;
    stream_at timestamptz;
    line bigint;
    logged bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
{insert}
    ELSIF TG_OP = 'UPDATE' THEN
{update}
    ELSE
{delete}
    END IF;
    RETURN NULL;
END $capture$;
"""

# Few rows one by one, by statements so plain that their kept plans cost little; many in one statement, which gets a plan of its
# own, because one made for a row would join a thousand in nested loops. Both write the same.
RECORD = """
    IF (SELECT count(*) FROM (SELECT FROM {rows} LIMIT {many}) AS few) = {many} THEN
        EXECUTE $many${together}$many$ USING context;
    ELSE {one_by_one}
    END IF;"""

ONE_BY_ONE = """
        FOR was, is_now IN SELECT c.was, c.is_now FROM ({changed}) AS c
                ORDER BY coalesce(c.is_now, c.was) ->> '{key}', coalesce(c.is_now, c.was) ->> '{pk}' LOOP
            this := coalesce(is_now, was);
            INSERT INTO event_stream AS s (aggregate_type, aggregate_id, version, last_at)
            VALUES ('{aggregate}', this ->> '{key}', 1, erp_clock())
            ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
                SET version = s.version + 1, last_at = greatest(excluded.last_at, s.last_at + interval '1 microsecond')
            RETURNING s.version, s.last_at INTO stream_version, stream_at;
            line := {next_history_id};{history}
            labels := '{{}}';{labels}
            INSERT INTO event ({columns}) VALUES ({values}) RETURNING id INTO logged;
            INSERT INTO event_pending (event_id, xid) VALUES (logged, pg_current_xact_id());
        END LOOP;"""

LABEL = """
            IF was ->> '{column}' IS DISTINCT FROM is_now ->> '{column}' THEN
                labels := labels || jsonb_build_object('{column}', jsonb_build_array({old}, {new}));
            END IF;"""

TOGETHER = """
WITH changed AS MATERIALIZED ({changed}),
numbered AS MATERIALIZED (
    SELECT was, is_now, coalesce(is_now, was) AS this, coalesce(is_now, was) ->> '{key}' AS aggregate_id,
           row_number() OVER (PARTITION BY coalesce(is_now, was) ->> '{key}' ORDER BY coalesce(is_now, was) ->> '{pk}') AS n,
           count(*) OVER (PARTITION BY coalesce(is_now, was) ->> '{key}') AS total,
           {next_history_id} AS line
    FROM changed
),
stream AS (
    INSERT INTO event_stream AS s (aggregate_type, aggregate_id, version, last_at)
    SELECT '{aggregate}', aggregate_id, count(*), erp_clock() FROM numbered GROUP BY aggregate_id ORDER BY aggregate_id
    ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
        SET version = s.version + excluded.version,
            last_at = greatest(excluded.last_at, s.last_at + excluded.version * interval '1 microsecond')
    RETURNING aggregate_id, version, last_at
),
dated AS MATERIALIZED (
    SELECT numbered.*, stream.version - total + n AS stream_version,
           stream.last_at - (total - n) * interval '1 microsecond' AS stream_at
    FROM numbered JOIN stream USING (aggregate_id)
),
{history}
logged AS (
    INSERT INTO event ({columns}) SELECT {values} FROM dated {joins} ORDER BY aggregate_id, n
    RETURNING id
)
INSERT INTO event_pending (event_id, xid) SELECT id, pg_current_xact_id() FROM logged;
"""

# What an event says, and where it stands. CONTEXT is the variable in the function and the parameter of the statement.
EVENT = {
    "aggregate_type": "'{aggregate}'",
    "aggregate_id": "this ->> '{key}'",
    "aggregate_version": "stream_version",
    "object_type": "'{object_type}'",
    "object_id": "this ->> '{pk}'",
    "category": "'{category}'",
    "event_type": "'{name}.{verb}'",
    "actor_id": "(@context@ ->> 'actor_id')::uuid",
    "actor_label": "coalesce(@context@ ->> 'actor_label', '')",
    "on_behalf_of": "(@context@ ->> 'on_behalf_of')::uuid",
    "organization_id": "{organization}",
    "partner_id": "{partner}",
    "request_id": "coalesce(@context@ ->> 'request_id', '')",
    "source": "coalesce(@context@ ->> 'source', 'database')",
    "ip": "coalesce(@context@ ->> 'ip', '')",
    "reason": "coalesce(@context@ ->> 'reason', '')",
    "approval_id": "(@context@ ->> 'approval_id')::uuid",
    "payload": """jsonb_build_object('changes', {changes}, 'label', this -> '{label}', 'version', this -> 'version',
                'updated_at', this -> 'updated_at') || {labels}""",
    "occurred_at": "stream_at",
    "history_table": "'{history_table}'",
    "history_id": "line",
}

KEPT = """jsonb_populate_record(NULL::{history_table}, this || jsonb_build_object(
            'history_id', line, 'history_date', stream_at, 'history_type', '{sign}',
            'history_user_id', @context@ ->> 'actor_id', 'history_change_reason', @context@ ->> 'reason'))"""
HISTORY_OF_ONE = """
            INSERT INTO {history_table} SELECT (k.kept).* FROM (SELECT {kept} AS kept OFFSET 0) AS k;"""
HISTORY_OF_MANY = """history AS (
    INSERT INTO {history_table}
    -- OFFSET 0 is a fence: without it the function runs once for every column.
    SELECT (kept).* FROM (SELECT {kept} AS kept FROM dated OFFSET 0) AS rows
),"""

TRIGGERS = """
CREATE OR REPLACE TRIGGER erp_capture_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE OR REPLACE TRIGGER erp_capture_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE OR REPLACE TRIGGER erp_capture_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE OR REPLACE TRIGGER erp_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION erp_append_only();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER erp_capture_insert, ENABLE ALWAYS TRIGGER erp_capture_update,
    ENABLE ALWAYS TRIGGER erp_capture_delete, ENABLE ALWAYS TRIGGER erp_no_truncate;
"""

STAMP = """
CREATE OR REPLACE TRIGGER erp_stamp BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION erp_stamp({arguments});
ALTER TABLE {table} ENABLE ALWAYS TRIGGER erp_stamp;
"""

APPEND_ONLY = """
CREATE OR REPLACE TRIGGER erp_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION erp_append_only();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER erp_append_only;
"""

HISTORY_GUARD = """
CREATE OR REPLACE TRIGGER erp_history_guard BEFORE INSERT ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION erp_history_guard();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER erp_history_guard;
"""


@dataclass(frozen=True)
class Label:
    """The name of what a foreign key means: its column, the other table, the column that it names there, and the label's."""

    column: str
    table: str
    target: Any
    label: str

    def subquery(self, side: str) -> str:
        """SQL of the label on one side of a change, "was" or "is_now"."""
        return f'(SELECT l."{self.label}" FROM "{self.table}" l WHERE l."{_column(self.target)}" = {self._key(side)})'

    def join(self, number: int, side: str) -> str:
        """The join that brings the label of one side, for `pair`."""
        alias = f"{side}_{number}"
        return f'LEFT JOIN "{self.table}" {alias} ON {alias}."{_column(self.target)}" = {self._key(side)}'

    def pair(self, number: int) -> str:
        """SQL of {column: [old label, new label]}, empty where the key did not change."""
        both = f'was_{number}."{self.label}", is_now_{number}."{self.label}"'
        return (
            f"CASE WHEN was ->> '{self.column}' IS DISTINCT FROM is_now ->> '{self.column}' THEN "
            f"jsonb_build_object('{self.column}', jsonb_build_array({both})) ELSE '{{}}' END"
        )

    def _key(self, side: str) -> str:
        return f"({side} ->> '{self.column}')::{_cast(self.target)}"


@dataclass(frozen=True)
class TrackedTable:
    """One table under capture. `history` is None for tables that leave events only (Django's own join tables)."""

    model: type[models.Model]
    tracking: Tracking
    history: type[models.Model] | None

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def function(self) -> str:
        return f"erp_capture_{self.table}"

    @property
    def history_table(self) -> str:
        return self.history._meta.db_table if self.history else ""

    @property
    def label_column(self) -> str:
        """What a row is called; empty where nothing names it."""
        return _label_column(self.model, self.tracking.label)

    @cached_property
    def sql(self) -> str:
        """The DDL that puts this table under capture; running it again changes nothing."""
        parts = [self._function_sql(), TRIGGERS.format(table=self.table, function=self.function)]
        if self.stamped:
            arguments = ", ".join(f"'{column}'" for column in self.tracking.ignored)
            parts.append(STAMP.format(table=self.table, arguments=arguments))
        if self.history:
            parts.append(APPEND_ONLY.format(table=self.history_table))
            parts.append(HISTORY_GUARD.format(table=self.history_table))
        return "".join(parts)

    @property
    def stamped(self) -> bool:
        """Whether the database keeps this table's times and version."""
        return {field.name for field in self.model._meta.concrete_fields}.issuperset(STAMPS)

    def _function_sql(self) -> str:
        pk, ignored = _column(self.model._meta.pk), ""
        if self.tracking.ignored:
            ignored = f" - {_array(self.tracking.ignored)}"
        # An update of the key itself is one row gone and another one new.
        updated = f"""SELECT p.was, p.is_now FROM (SELECT to_jsonb(o) AS was, to_jsonb(n) AS is_now
            FROM old_rows o FULL JOIN new_rows n ON o."{pk}" = n."{pk}" OFFSET 0) AS p
            WHERE (p.was{ignored}) IS DISTINCT FROM (p.is_now{ignored})"""
        return CAPTURE.format(
            function=self.function,
            insert=self._record("SELECT NULL::jsonb AS was, to_jsonb(n) AS is_now FROM new_rows n", "created", "+"),
            update=self._record(updated, "updated", "~"),
            delete=self._record("SELECT to_jsonb(o) AS was, NULL::jsonb AS is_now FROM old_rows o", "deleted", "-"),
        )

    def _record(self, changed: str, verb: str, sign: str) -> str:
        tracking = self.tracking
        values = {
            "changed": changed,
            "verb": verb,
            "sign": sign,
            "aggregate": tracking.aggregate,
            "name": tracking.name,
            "category": tracking.category,
            "key": self._foreign_key(tracking.parent) if tracking.parent else _column(self.model._meta.pk),
            "pk": _column(self.model._meta.pk),
            "label": _label_column(self.model, tracking.label),
            "object_type": self.model._meta.label_lower,
            "organization": self._owner("organization"),
            "partner": self._owner("partner"),
            "changes": self._changes(verb),
            "history_table": self.history_table,
            "next_history_id": f"nextval(pg_get_serial_sequence('{self.history_table}', 'history_id'))"
            if self.history
            else "NULL::bigint",
        }
        return RECORD.format(
            rows="old_rows" if verb == "deleted" else "new_rows",
            many=MANY,
            together=self._together(values).replace(CONTEXT, "$1"),
            one_by_one=self._one_by_one(values).replace(CONTEXT, "context"),
        )

    def _one_by_one(self, values: dict[str, str]) -> str:
        steps = "".join(
            LABEL.format(
                column=label.column,
                old="NULL" if values["verb"] == "created" else label.subquery("was"),
                new="NULL" if values["verb"] == "deleted" else label.subquery("is_now"),
            )
            for label in self._labels()
        )
        labels = "jsonb_build_object('labels', labels)" if steps else "'{}'::jsonb"
        history = HISTORY_OF_ONE.format(kept=KEPT.format(**values), **values) if self.history else ""
        return ONE_BY_ONE.format(labels=steps, history=history, **self._event(labels, values), **values)

    def _together(self, values: dict[str, str]) -> str:
        labels = [*self._labels()]
        joins = (label.join(number, side) for number, label in enumerate(labels) for side in ("was", "is_now"))
        pairs = " || ".join(label.pair(number) for number, label in enumerate(labels))
        history = HISTORY_OF_MANY.format(kept=KEPT.format(**values), **values) if self.history else ""
        event = self._event(f"jsonb_build_object('labels', {pairs})" if labels else "'{}'::jsonb", values)
        return TOGETHER.format(joins=" ".join(joins), history=history, **event, **values)

    @staticmethod
    def _event(labels: str, values: dict[str, str]) -> dict[str, str]:
        return {
            "columns": ", ".join(EVENT),
            "values": ", ".join(EVENT.values()).format(labels=labels, **values),
        }

    def _changes(self, verb: str) -> str:
        """SQL of {"column": [old, new]}; a row that is new or gone differs in every column that is not null.

        Inline, because a function called for every row would take longer than all the rest of a large import.
        """
        skip = _array((_column(self.model._meta.pk), *STAMPS, *self.tracking.ignored))
        source, old, new = {
            "created": (f"jsonb_strip_nulls(is_now - {skip})", "NULL", "value"),
            "updated": (f"this - {skip}", "was -> key", "is_now -> key"),
            "deleted": (f"jsonb_strip_nulls(was - {skip})", "value", "NULL"),
        }[verb]
        differs = "WHERE was -> key IS DISTINCT FROM is_now -> key" if verb == "updated" else ""
        if self.tracking.secret:
            hidden = f"key = ANY ({_array(self.tracking.secret)})"
            old, new = (f"CASE WHEN {hidden} THEN erp_secret({side}) ELSE {side} END" for side in (old, new))
        pairs = f"jsonb_object_agg(key, jsonb_build_array({old}, {new}))"
        return f"(SELECT coalesce({pairs}, '{{}}') FROM jsonb_each({source}) {differs})"

    def _owner(self, owner: str) -> str:
        scope, parent = getattr(self.model, "scope", None), self.tracking.parent
        if scope is None and parent:  # a table of Django's own, such as the roles of a user: whose the user is
            target: Any = self.model._meta.get_field(parent).related_model
            key, pk = self._foreign_key(parent), _column(target._meta.pk)
            cast = _cast(target._meta.pk)
            return (
                f'(SELECT {_owner_of(target, owner, "to_jsonb(p)")} FROM "{target._meta.db_table}" p '
                f"WHERE p.\"{pk}\" = (this ->> '{key}')::{cast})"
            )
        return _owner_of(self.model, owner, "this")

    def _foreign_key(self, name: str) -> str:
        return _column(self.model._meta.get_field(name))

    def _labels(self) -> Iterator[Label]:
        """What changed foreign keys are called: {"labels": {"category_id": [old, new]}}."""
        for field in self.model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.name not in self.tracking.ignored:
                remote = field.remote_field.model
                label = _label_column(remote, getattr(getattr(remote, "tracking", None), "label", "name"))
                if label:
                    yield Label(_column(field), remote._meta.db_table, field.target_field, label)


_event_only: dict[str, Tracking] = {}


def track_events_only(model_label: str, tracking: Tracking) -> None:
    """Put a table that is not ours (Django's groups and join tables) under capture; called from `ready()`."""
    _event_only[model_label] = tracking


_append_only: dict[str, None] = dict.fromkeys(LOG_TABLES)


def keep_append_only(*tables: str) -> None:
    """Guard tables that another part of the record brings; called from `ready()`."""
    _append_only.update(dict.fromkeys(tables))


def log_tables() -> tuple[str, ...]:
    """Every table that is not history and only grows."""
    return tuple(_append_only)


def tracked_tables() -> list[TrackedTable]:
    """Every table under capture, by name."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        tracking = _event_only.get(model._meta.label) or getattr(model, "tracking", None)
        if isinstance(tracking, Tracking) and model._meta.managed and not hasattr(model, "instance_type"):
            history = getattr(model, "history", None)
            found.append(TrackedTable(model, tracking, history.model if history else None))
    return sorted(found, key=lambda table: table.table)


def install(*, using: str = "default") -> None:
    """Make the database's functions and triggers those of the code."""
    connection, tables = connections[using], tracked_tables()
    with connection.cursor() as cursor:
        existing = connection.introspection.table_names(cursor)
    if not {table.table for table in tables}.union(log_tables()).issubset(existing):
        return  # migrated to an earlier state
    append_only = (APPEND_ONLY.format(table=table) for table in log_tables())
    for statement in (FUNCTIONS, *append_only, *(table.sql for table in tables)):
        with locks.short_transaction(using) as cursor:  # nobody at one table waits for the lock of another
            cursor.execute(statement)


def _column(field: Any) -> str:
    return str(field.column)


def _array(columns: tuple[str, ...]) -> str:
    return f"ARRAY[{', '.join(repr(column) for column in columns)}]::text[]"


def _cast(field: Any) -> str:
    return str(field.rel_db_type(connections["default"])).split("(")[0]


def _owner_of(model: Any, owner: str, row: str) -> str:
    """SQL of the owner of a row in JSON. A row of no organization but of a partner is of the partner's organization."""
    scope: Any = getattr(model, "scope", None)
    lookup: str = getattr(scope, owner, "")
    if not lookup:
        return "NULL::uuid"
    field = model._meta.pk if lookup == "pk" else model._meta.get_field(lookup)
    own = f"({row} ->> '{_column(field)}')::uuid"
    if owner != "organization" or not field.null or not getattr(scope, "partner", ""):
        return own
    partner = model._meta.get_field(scope.partner)
    theirs = partner.related_model
    lookup = _column(theirs._meta.get_field(theirs.scope.organization))
    return (
        f'coalesce({own}, (SELECT o."{lookup}" FROM "{theirs._meta.db_table}" o '
        f"WHERE o.\"{_column(theirs._meta.pk)}\" = ({row} ->> '{_column(partner)}')::uuid))"
    )


def _label_column(model: type[models.Model], preferred: str) -> str:
    columns = {field.column for field in model._meta.concrete_fields}
    return next((name for name in (preferred, *LABELS) if name in columns), "")
