"""Puts the guards of guards.sql on the tables whose models declare `tracking.approved`, and says whether they are in force."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, connections, models

from erp.approvals.models import ApprovalDecision, ChangeRequest, Delegation
from erp.events.doctor import BODY, Finding
from erp.events.tracking import Tracking
from erp.postgresql import locks

FUNCTIONS = (Path(__file__).parent / "guards.sql").read_text()
SWITCH = re.compile(r"CREATE OR REPLACE FUNCTION erp_four_eyes\(\)[^;]*;")
OFF = (
    "CREATE OR REPLACE FUNCTION erp_four_eyes() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT false $$"
)

# Who holds a right in a house; super admins hold all of them everywhere.
RIGHTS = """
CREATE OR REPLACE FUNCTION erp_holds(person uuid, house uuid, wanted text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM {user} u WHERE u.id = person AND u.is_active AND (u.is_superuser OR (u.organization_id = house AND EXISTS (
            SELECT FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
            WHERE t.app_label = 'approvals' AND p.codename = wanted AND (
                EXISTS (SELECT FROM {permissions} m WHERE m.user_id = u.id AND m.permission_id = p.id)
                OR EXISTS (SELECT FROM {groups} m JOIN auth_group_permissions g ON g.group_id = m.group_id
                           WHERE m.user_id = u.id AND g.permission_id = p.id))))))
$$;
CREATE OR REPLACE FUNCTION erp_is_active(person uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM {user} u WHERE u.id = person AND u.is_active)
$$;
"""

TRIGGER = """
CREATE OR REPLACE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} {condition}EXECUTE FUNCTION {function}({arguments});
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};
"""
COMPARED = re.compile(r'old\."?(\w+)"?\)?(?:::[\w ]+)? IS DISTINCT FROM')
INSTALLED = r"""
SELECT tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgname LIKE 'erp\_guard\_%' OR tgname IN ('erp_request', 'erp_decision', 'erp_delegation')
"""


@dataclass(frozen=True)
class Guard:
    """One trigger. `columns`: those whose change it looks at, for guards that look at some only."""

    name: str
    table: str
    when: str
    function: str
    arguments: tuple[str, ...] = ()
    condition: str = ""
    columns: tuple[str, ...] = ()
    each: str = "ROW"

    @property
    def sql(self) -> str:
        """The DDL; running it again changes nothing."""
        return TRIGGER.format(
            **{**vars(self), "arguments": ", ".join(map(_literal, self.arguments))},
        ).replace(f"{self.condition}EXECUTE", f"WHEN ({self.condition}) EXECUTE" if self.condition else "EXECUTE")


def columns(model: type[models.Model]) -> tuple[str, ...]:
    """Columns of this model whose change needs a second person, by name; none for most models."""
    tracking = getattr(model, "tracking", None)
    names = (*tracking.approved, *dict(tracking.kept)) if isinstance(tracking, Tracking) else ()
    return tuple(sorted(str(model._meta.get_field(name).column) for name in names))  # type: ignore[union-attr]


def guarded_models() -> list[type[models.Model]]:
    """Every model with guarded columns, by label."""
    found = [model for model in apps.get_models() if model._meta.managed and not hasattr(model, "instance_type")]
    return sorted((model for model in found if columns(model)), key=lambda model: model._meta.label)


def memberships() -> dict[str, Any]:
    """Many-to-many fields of users that give rights, by the label of their join table."""
    user = get_user_model()
    fields = (user._meta.get_field("groups"), user._meta.get_field("user_permissions"))
    return {field.remote_field.through._meta.label_lower: field for field in fields}  # type: ignore[union-attr]


def wanted() -> list[Guard]:
    """Every guard that this release wants."""
    found = [guard for model in guarded_models() for guard in _guards_of(model)]
    for label, field in memberships().items():
        arguments = (label, field.m2m_column_name(), field.m2m_reverse_name())
        found.append(
            Guard("erp_guard_member", field.m2m_db_table(), "INSERT OR UPDATE OR DELETE", "erp_guard_member", arguments)
        )
    for table, when in {
        "auth_group_permissions": "INSERT OR UPDATE OR DELETE",
        "auth_group": "UPDATE OR DELETE",
    }.items():
        found.append(Guard("erp_guard_release", table, when, "erp_guard_release", each="STATEMENT"))
    for model, name, when in (
        (ChangeRequest, "erp_request", "INSERT OR UPDATE OR DELETE"),
        (Delegation, "erp_delegation", "INSERT OR UPDATE"),
        (ApprovalDecision, "erp_decision", "INSERT"),
    ):
        found.append(Guard(name, model._meta.db_table, when, name))
    return found


def install(*, using: str = "default") -> None:
    """Make the database's guards those of the code."""
    guards = wanted()
    with connections[using].cursor() as cursor:
        existing = connections[using].introspection.table_names(cursor)
    if not {guard.table for guard in guards}.issubset(existing):  # migrated to an earlier state
        return
    with locks.short_transaction(using) as cursor:
        cursor.execute(_functions())
        names = {(guard.table, guard.name) for guard in guards}
        for table, name in _installed():
            if (table, name) not in names:
                cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"')
        cursor.execute("".join(guard.sql for guard in guards))


def examine() -> list[Finding]:
    """What deviates from `wanted()` in the database; an empty list is a guarded one."""
    return [*_examine_functions(), *_examine_triggers()]


@contextmanager
def four_eyes_off() -> Iterator[None]:
    """No guards in this transaction, which nobody else sees before it ends: for demonstration data.

    Call it inside a transaction: an error must roll the switch back too. Only the database's owner may do this.
    """
    with connection.cursor() as cursor:
        cursor.execute(OFF)
        yield
        for original in SWITCH.findall(FUNCTIONS):
            cursor.execute(original)


def _guards_of(model: type[models.Model]) -> Iterator[Guard]:
    label, table, guarded = model._meta.label_lower, model._meta.db_table, columns(model)
    old, new = (", ".join(f'{side}."{column}"' for column in guarded) for side in ("OLD", "NEW"))
    differ = f"({old}) IS DISTINCT FROM ({new})" if len(guarded) > 1 else f"{old} IS DISTINCT FROM {new}"
    key = str(model._meta.pk.column)
    differ = f'{differ} OR OLD."{key}" IS DISTINCT FROM NEW."{key}"'
    kept = kept_values(model)
    named = (f"{column}={kept[column]}" if column in kept else column for column in guarded)
    yield Guard("erp_guard_update", table, "UPDATE", "erp_guard", (label, key, *named), differ, (*guarded, key))
    yield Guard("erp_guard_delete", table, "DELETE", "erp_guard", (label, key))
    harmless = harmless_values(model)
    if harmless:
        free = " AND ".join(f'NEW."{column}" IS NOT DISTINCT FROM {_literal(v)}' for column, v in harmless.items())
        yield Guard("erp_guard_new", table, "INSERT", "erp_guard_new", tuple(harmless), f"NOT ({free})")


def harmless_values(model: type[models.Model]) -> dict[str, Any]:
    """Column to value: with these a new row needs no approval."""
    tracking: Tracking = model.tracking  # type: ignore[attr-defined]
    return {str(model._meta.get_field(name).column): value for name, value in tracking.harmless}  # type: ignore[union-attr]


def kept_values(model: type[models.Model]) -> dict[str, str]:
    """Column to value: only a row with this value needs approval to get another one."""
    tracking: Tracking = model.tracking  # type: ignore[attr-defined]
    return {str(model._meta.get_field(name).column): value for name, value in tracking.kept}  # type: ignore[union-attr]


def _functions() -> str:
    tables = {label: field.m2m_db_table() for label, field in memberships().items()}
    groups, permissions = tables.values()
    return FUNCTIONS + RIGHTS.format(user=get_user_model()._meta.db_table, groups=groups, permissions=permissions)


def _examine_functions() -> Iterator[Finding]:
    found = dict(_rows("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
    for name, _, body in BODY.findall(_functions()):
        if found.get(name) != body:
            yield Finding(
                f"function {name}()",
                "the body of this release",
                "another body" if name in found else "no such function",
            )


def _examine_triggers() -> Iterator[Finding]:
    installed = _installed()
    for guard in wanted():
        enabled, definition = installed.get((guard.table, guard.name), ("", ""))
        place = f"trigger {guard.name} on {guard.table}"
        if enabled != "A":
            yield Finding(place, "an always enabled trigger", "another state" if enabled else "no trigger")
        elif guard.columns and (set(COMPARED.findall(definition)) != set(guard.columns) or " AND " in definition):
            yield Finding(place, f"one for {', '.join(guard.columns)}", "one for other columns")
        elif f"EXECUTE FUNCTION {guard.function}({', '.join(map(_literal, guard.arguments))})" not in definition:
            yield Finding(place, f"one that calls {guard.function} for this table", "another one")
    for table, name in installed.keys() - {(guard.table, guard.name) for guard in wanted()}:
        yield Finding(f"trigger {name} on {table}", "none", "one")


def _installed() -> dict[tuple[str, str], tuple[str, str]]:
    """(table, trigger) to (state, definition)."""
    rows = _rows(INSTALLED)
    return {(table.strip('"'), name): (enabled, definition) for table, name, enabled, definition in rows}


def _rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _literal(value: bool | str | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    return "'" + value.replace("'", "''") + "'"
