"""Migrations step back where others hold a lock, and come again; nobody waits behind them for long."""

from __future__ import annotations

import io
import threading

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, migrations, transaction

from erp.events import capture
from erp.events.tests.test_capture import dsn
from erp.management.commands import migrate
from erp.postgresql import locks
from erp.testing.roles import as_owner, as_superuser

pytestmark = pytest.mark.django_db(transaction=True)

LOCK = "LOCK TABLE locations_location IN ACCESS SHARE MODE"
ADD = "ALTER TABLE locations_location ADD COLUMN docks integer"


@pytest.fixture(autouse=True)
def _briefly(settings, monkeypatch):
    settings.MIGRATE_LOCK_TIMEOUT_MS = 20
    monkeypatch.setattr(migrate, "PAUSE_S", 0.01)


@pytest.fixture(autouse=True)
def _by_the_owner(transactional_db):
    """Who migrates."""
    with as_owner():
        yield


@pytest.fixture
def report():
    """A session that reads the table in a transaction."""
    with psycopg.connect(dsn()) as session:
        session.execute(LOCK)
        yield session


def columns():
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, "locations_location")}


def lock_timeout():
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return cursor.fetchone()[0]


def test_migration_in_a_transaction_gives_up_on_a_lock_and_changes_nothing(report):
    with pytest.raises(OperationalError) as caught, connection.schema_editor(atomic=True) as editor:
        editor.execute(ADD)
    assert locks.came_too_late(caught.value)
    assert "docks" not in columns()


def test_only_the_migration_s_own_transaction_waits_briefly():
    with connection.schema_editor(atomic=True):
        assert lock_timeout() == "20ms"
    assert lock_timeout() == "0"
    with connection.schema_editor(atomic=False):
        assert lock_timeout() == "0"


def test_capture_gives_up_on_a_lock_too(report):
    report.execute("LOCK TABLE locations_location IN SHARE MODE")
    with pytest.raises(OperationalError) as caught:
        capture.install()
    assert locks.came_too_late(caught.value)
    report.rollback()
    capture.install()
    assert lock_timeout() == "0"


@pytest.fixture
def planned(monkeypatch, report):
    """What Django's own command does in each attempt: one migration, told how often it was tried."""
    attempts = []

    def handle(self, *args, **options):
        attempts.append(args)
        migration = migrations.Migration("docks", "locations")
        migration.operations = [migrations.RunSQL(ADD)]
        with connection.schema_editor(atomic=True) as editor:
            migration.operations[0].database_forwards("locations", editor, None, None)

    monkeypatch.setattr(migrate.migrate.Command, "handle", handle)
    yield attempts
    report.rollback()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE locations_location DROP COLUMN IF EXISTS docks")


def test_migrate_comes_again_until_the_lock_is_free(report, planned):
    said = io.StringIO()
    ended = threading.Event()

    def end_after_two():
        while len(planned) < 3 and not ended.wait(0.005):
            pass
        report.rollback()

    thread = threading.Thread(target=end_after_two)
    thread.start()
    try:
        call_command("migrate", stderr=said, skip_checks=True)
    finally:
        ended.set()
        thread.join()
    assert "docks" in columns()
    assert len(planned) >= 3
    assert "A lock did not come within 20 ms: others go first, attempt 2 of 60 follows." in said.getvalue()


def test_migrate_that_never_gets_its_lock_says_whom_to_look_for(report, planned, monkeypatch):
    monkeypatch.setattr(migrate, "ATTEMPTS", 3)
    with pytest.raises(CommandError, match=r"Others held a lock in all 3 attempts\. pg_stat_activity names"):
        call_command("migrate", stderr=io.StringIO(), skip_checks=True)
    assert len(planned) == 3
    assert "docks" not in columns()


def test_other_errors_are_not_tried_again(monkeypatch):
    def handle(self, *args, **options):
        with transaction.atomic(), as_superuser(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(migrate.migrate.Command, "handle", handle)
    with pytest.raises(OperationalError, match="terminating connection"):
        call_command("migrate", stderr=io.StringIO(), skip_checks=True)
    connection.close()
