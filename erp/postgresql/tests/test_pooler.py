"""PgBouncer in transaction mode: the tests of concurrency through it, and the settings that go with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

THROUGH = (
    "erp/postgresql/tests/through_pooler.py",
    "erp/events/tests/test_context.py",
    "erp/events/tests/test_sequence.py",
    "erp/api/tests/test_concurrency.py",
    "erp/api/tests/test_concurrency_live.py",
    "accounts/tests/test_auth_concurrency.py",
    "organizations/tests/test_numbers.py",
)
# A client learns a number from the pooler, not its session's, and can't end that; one load on positions is enough.
LEFT_OUT = "not killed_writer and not (positions_are_dense and all)"


@pytest.mark.timeout(240)
def test_concurrency_holds_through_a_pooler_in_transaction_mode():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", *THROUGH, "-k", LEFT_OUT, "-q", "-p", "no:randomly", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=settings.BASE_DIR,
        env={**environment, "PGBOUNCER": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed.group(1)) == 36


READ = """
import sys
sys.argv = [sys.argv[1]]
from erp import settings
database = settings.DATABASES["default"]
print(database["HOST"], database.get("DISABLE_SERVER_SIDE_CURSORS"), database.get("OPTIONS", {}))
"""
POOLED = {
    "DEBUG": "1",
    "DATABASE_URL": "postgresql://erp@pooler.example:6432/cotton",
    "DATABASE_POOLER": "transaction",
    "DATABASE_DIRECT_URL": "postgresql://erp@server.example:5432/cotton",
}


def settings_of(program, **values):
    """What this program's settings say with these variables: (output, errors)."""
    environment = {**os.environ, **POOLED, **values}
    done = subprocess.run(
        [sys.executable, "-c", READ, program],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip(), done.stderr


def test_server_goes_through_the_pooler_and_commands_around_it():
    assert settings_of("gunicorn")[0] == "pooler.example True {'prepare_threshold': None}"
    assert settings_of("/srv/cotton/manage.py")[0] == "server.example None {}"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"DATABASE_DIRECT_URL": ""}, "DATABASE_DIRECT_URL must be set with DATABASE_POOLER"),
        ({"DATABASE_POOLER": "session"}, "DATABASE_POOLER is 'session': leave it empty, or set transaction."),
        ({"DATABASE_URL": f"{POOLED['DATABASE_URL']}?options=-cstatement_timeout=9"}, "DATABASE_URL carries options"),
    ],
)
def test_a_start_that_would_lose_something_is_refused(values, says):
    output, errors = settings_of("gunicorn", **values)
    assert output == ""
    assert f"ImproperlyConfigured: {says}" in errors


# Where a statement needs one session from start to end, and why that is safe: it runs in commands of manage.py only.
SESSION = re.compile(
    r"pg_(try_)?advisory_(lock|unlock)|\bLISTEN\b|CREATE TEMP(?!\w* TABLE \w+ ON COMMIT DROP)|WITH HOLD|"
    r"\"SET (?!LOCAL|CONSTRAINTS|TRANSACTION)[A-Za-z_.]+ (=|TO)"
)
KNOWN = {
    "erp/admin/imports/tasks.py",  # the worker's
    "erp/management/commands/desk.py",
}


def test_no_new_code_needs_a_session_of_its_own():
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for room in ("erp", "accounts", "commodities", "locations", "organizations", "partners")
        for kind in ("*.py", "*.sql")
        for path in (settings.BASE_DIR / room).rglob(kind)
        if not {"tests", "testing"} & set(path.parts) and SESSION.search(path.read_text())
    }
    assert found == KNOWN
