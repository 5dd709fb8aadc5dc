"""The log and the history refuse UPDATE, DELETE and TRUNCATE, for the owner too, found from the catalogue."""

from __future__ import annotations

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils.module_loading import import_string

from erp.events import capture, doctor
from erp.events.apps import install_triggers
from erp.events.models import AppendOnlyError, Event
from erp.events.tests.test_capture import dsn
from erp.testing.roles import as_owner, as_superuser, superuser

STATEMENTS = {
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table} CASCADE",
}
REFUSED = (ProgrammingError, InternalError)


def record_tables() -> list[tuple[str, str]]:
    """Tables of the record and one column of each, by PostgreSQL's catalogue: what mentions history or events by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = 2) FROM pg_class c
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
              AND (relname IN ('event', 'event_position', 'ledger_leaf', 'ledger_node', 'ledger_head')
                   OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'history_change_reason'))
            ORDER BY relname
            """
        )
        return list(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_owner_cannot_rewrite_the_record(role: str) -> None:
    tables = record_tables()
    tracked = [table for table in capture.tracked_tables() if table.history]
    assert len(tables) == len(tracked) + 5
    for table, column in tables:
        for verb, statement in STATEMENTS.items():
            with pytest.raises(REFUSED) as refused, transaction.atomic(), as_superuser(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL erp.test_flush = off")
                cursor.execute(f"SET LOCAL session_replication_role = {role}")
                cursor.execute(statement.format(table=table, column=column))
            assert f"{verb} on {table} refused" in str(refused.value)


@pytest.mark.django_db
def test_tracked_tables_refuse_truncate() -> None:
    for table in capture.tracked_tables():
        with pytest.raises(REFUSED, match="refused"), transaction.atomic(), as_owner(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL erp.test_flush = off")
            cursor.execute(f'TRUNCATE "{table.table}" CASCADE')


@pytest.mark.django_db
def test_test_flush_is_refused_outside_a_test_database() -> None:
    name = f"desk_{connection.settings_dict['NAME']}"
    with psycopg.connect(dsn(superuser()), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        with psycopg.connect(psycopg.conninfo.make_conninfo(dsn(superuser()), dbname=name), autocommit=True) as desk:
            body = capture.FUNCTIONS[capture.FUNCTIONS.index("CREATE OR REPLACE FUNCTION erp_append_only") :]
            desk.execute(body[: body.index("END $$;") + 7])
            desk.execute("CREATE TABLE kept (id int)")
            desk.execute(capture.APPEND_ONLY.format(table="kept"))
            desk.execute("SET erp.test_flush = on")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="TRUNCATE on kept refused"):
                desk.execute("TRUNCATE kept")
    finally:
        with psycopg.connect(dsn(superuser()), autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}"')


@pytest.mark.django_db
def test_history_cannot_be_written_by_hand() -> None:
    row = import_string("locations.tests.factories.LocationFactory")()
    kept = row.history.first()
    kept.history_id = None
    by_hand = pytest.raises(REFUSED, match="history is written by the capture triggers")
    with by_hand, transaction.atomic(), as_owner():
        kept.save(force_insert=True)
    assert row.history.count() == 1


def test_events_cannot_be_written_through_the_orm() -> None:
    with pytest.raises(AppendOnlyError):
        Event().save()
    with pytest.raises(AppendOnlyError):
        Event().delete()


@pytest.mark.django_db
def test_doctor_finds_nothing_on_a_fresh_database() -> None:
    assert doctor.examine() == []
    output = StringIO()
    call_command("audit_doctor", stdout=output)
    assert f"{len(capture.tracked_tables())} tables under capture, 0 findings." in output.getvalue()


HARM = {
    "ALTER TABLE locations_location DISABLE TRIGGER erp_capture_update": "trigger erp_capture_update on locations_location",
    "ALTER TABLE locations_location ENABLE TRIGGER erp_capture_update": "trigger erp_capture_update on locations_location",
    "DROP TRIGGER erp_append_only ON locations_historicallocation": "trigger erp_append_only on locations_historicallocation",
    "DROP TRIGGER erp_append_only ON event": "trigger erp_append_only on event",
    "ALTER TABLE locations_historicallocation DROP COLUMN name": "table locations_historicallocation",
    "CREATE OR REPLACE FUNCTION erp_clock() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2001-01-01'::timestamptz $$": (
        "function erp_clock()"
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("harm", "place"), HARM.items())
def test_doctor_names_what_was_tampered_with(harm: str, place: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(harm)
    findings = doctor.examine()
    assert {finding.place for finding in findings} == {place}
    errors = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("audit_doctor", stdout=StringIO(), stderr=errors)
    assert stopped.value.code == 1


@pytest.mark.django_db
def test_doctor_misses_no_history_index() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'locations_historicallocation' AND indexdef LIKE '%%history_date%%'"
        )
        for (index,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{index}"')
    (finding,) = doctor.examine()
    assert finding.expected == "an index on (id, history_date DESC, history_id DESC)"


@pytest.mark.django_db
def test_migrate_puts_a_tampered_function_right() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE FUNCTION erp_clock() RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() $$")
        install_triggers(using="default")
    assert doctor.examine() == []
