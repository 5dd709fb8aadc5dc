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
    many boolean;
BEGIN
    -- PostgreSQL keeps a statement's plan for the number of rows of its first run. A plan made for one row would join a
    -- thousand in nested loops, so a large set gets a plan of its own.
    IF TG_OP = 'DELETE' THEN
        many := (SELECT count(*) FROM (SELECT FROM old_rows LIMIT {many}) AS few) = {many};
    ELSE
        many := (SELECT count(*) FROM (SELECT FROM new_rows LIMIT {many}) AS few) = {many};
    END IF;
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

RECORD = """
WITH changed AS MATERIALIZED ({changed}),
numbered AS MATERIALIZED (
    SELECT was, is_now, coalesce(is_now, was) AS row, coalesce(is_now, was) ->> '{key}' AS aggregate_id,
           row_number() OVER (PARTITION BY coalesce(is_now, was) ->> '{key}' ORDER BY coalesce(is_now, was) ->> '{pk}') AS n,
           count(*) OVER (PARTITION BY coalesce(is_now, was) ->> '{key}') AS total,
           {next_history_id} AS history_id
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
    SELECT numbered.*, stream.version - total + n AS aggregate_version,
           stream.last_at - (total - n) * interval '1 microsecond' AS at
    FROM numbered JOIN stream USING (aggregate_id)
),
{history}
logged AS (
    INSERT INTO event (aggregate_type, aggregate_id, aggregate_version, object_type, object_id, category, event_type,
        actor_id, actor_label, on_behalf_of, organization_id, partner_id, request_id, source, ip, reason, approval_id,
        payload, occurred_at, history_table, history_id)
    SELECT '{aggregate}', aggregate_id, aggregate_version, '{object_type}', dated.row ->> '{pk}', '{category}', '{name}.{verb}',
           (@context@ ->> 'actor_id')::uuid, coalesce(@context@ ->> 'actor_label', ''), (@context@ ->> 'on_behalf_of')::uuid,
           {organization}, {partner}, coalesce(@context@ ->> 'request_id', ''),
           coalesce(@context@ ->> 'source', 'database'), coalesce(@context@ ->> 'ip', ''), coalesce(@context@ ->> 'reason', ''),
           (@context@ ->> 'approval_id')::uuid,
           jsonb_build_object('changes', {changes}, 'label', dated.row -> '{label}',
               'version', dated.row -> 'version', 'updated_at', dated.row -> 'updated_at') || {labels},
           at, '{history_table}', dated.history_id
    FROM dated {joins}
    ORDER BY aggregate_id, n
    RETURNING id
)
INSERT INTO event_pending (event_id, xid) SELECT id, pg_current_xact_id() FROM logged;
"""

HISTORY = """history AS (
    INSERT INTO {history_table}
    SELECT (kept).* FROM (
        SELECT jsonb_populate_record(NULL::{history_table}, dated.row || jsonb_build_object(
            'history_id', dated.history_id, 'history_date', at, 'history_type', '{sign}',
            'history_user_id', @context@ ->> 'actor_id', 'history_change_reason', @context@ ->> 'reason')) AS kept
        FROM dated OFFSET 0 -- the fence: without it the function runs once for every column
    ) AS rows
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
        pk = _column(self.model._meta.pk)
        ignored = _array(self.tracking.ignored)
        different = f"(to_jsonb(o) - {ignored}) IS DISTINCT FROM (to_jsonb(n) - {ignored})"
        # An update of the key itself is one row gone and another one new.
        both = f'old_rows o JOIN new_rows n ON o."{pk}" = n."{pk}"'
        rekeyed = f"""
            UNION ALL SELECT to_jsonb(o), NULL FROM old_rows o WHERE NOT EXISTS (SELECT FROM new_rows n WHERE n."{pk}" = o."{pk}")
            UNION ALL SELECT NULL, to_jsonb(n) FROM new_rows n WHERE NOT EXISTS (SELECT FROM old_rows o WHERE o."{pk}" = n."{pk}")"""
        return CAPTURE.format(
            function=self.function,
            many=MANY,
            insert=self._record("SELECT NULL::jsonb AS was, to_jsonb(n) AS is_now FROM new_rows n", "created", "+"),
            update=self._record(
                f"SELECT to_jsonb(o) AS was, to_jsonb(n) AS is_now FROM {both} WHERE {different}{rekeyed}",
                "updated",
                "~",
            ),
            delete=self._record("SELECT to_jsonb(o) AS was, NULL::jsonb AS is_now FROM old_rows o", "deleted", "-"),
        )

    def _record(self, changed: str, verb: str, sign: str) -> str:
        tracking = self.tracking
        labels, joins = self._labels()
        values = {
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
            "history": HISTORY.format(history_table=self.history_table, sign=sign) if self.history else "",
            "history_table": self.history_table,
            "next_history_id": f"nextval(pg_get_serial_sequence('{self.history_table}', 'history_id'))"
            if self.history
            else "NULL::bigint",
        }
        one, all_at_once = (
            RECORD.format(changed=changed, verb=verb, labels=labels, joins=joins, **values).replace(CONTEXT, context)
            for context in ("context", "$1")
        )
        return f"IF many THEN\n    EXECUTE $many${all_at_once}$many$ USING context;\nELSE {one} END IF;"

    def _changes(self, verb: str) -> str:
        """SQL of {"column": [old, new]}; a row that is new or gone differs in every column that is not null.

        Inline, because a function called for every row would take longer than all the rest of a large import.
        """
        skip = _array((_column(self.model._meta.pk), *STAMPS, *self.tracking.ignored))
        source, old, new = {
            "created": (f"jsonb_strip_nulls(is_now - {skip})", "NULL", "value"),
            "updated": (f"dated.row - {skip}", "was -> key", "is_now -> key"),
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
                f"WHERE p.\"{pk}\" = (dated.row ->> '{key}')::{cast})"
            )
        return _owner_of(self.model, owner, "dated.row")

    def _foreign_key(self, name: str) -> str:
        return _column(self.model._meta.get_field(name))

    def _labels(self) -> tuple[str, str]:
        """SQL that adds {"labels": {"category_id": [old, new]}} for changed foreign keys, and the joins that it needs."""
        pairs, joins = [], []
        for number, field in enumerate(self._labelled_keys()):
            remote = field.remote_field.model
            column, target = _column(field), field.target_field
            label = _label_column(remote, getattr(getattr(remote, "tracking", None), "label", "name"))
            for alias, side in ((f"was_{number}", "was"), (f"now_{number}", "is_now")):
                joins.append(
                    f'LEFT JOIN "{remote._meta.db_table}" {alias} '
                    f"ON {alias}.\"{_column(target)}\" = (dated.{side} ->> '{column}')::{_cast(target)}"
                )
            pairs.append(
                f"CASE WHEN dated.was ->> '{column}' IS DISTINCT FROM dated.is_now ->> '{column}' THEN jsonb_build_object("
                f"'{column}', jsonb_build_array(was_{number}.\"{label}\", now_{number}.\"{label}\")) ELSE '{{}}' END"
            )
        if not pairs:
            return "'{}'::jsonb", ""
        return f"jsonb_build_object('labels', {' || '.join(pairs)})", " ".join(joins)

    def _labelled_keys(self) -> Iterator[Any]:
        for field in self.model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.name not in self.tracking.ignored:
                remote = field.remote_field.model
                if _label_column(remote, getattr(getattr(remote, "tracking", None), "label", "name")):
                    yield field


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
