"""The tests themselves work as the application's role: a right that the product lacks in production fails here, too."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from erp.events import roles
from erp.events.tests.test_capture import dsn
from erp.testing.fixtures import make
from erp.testing.roles import APP, OWNER, as_owner, as_superuser, superuser

POWERLESS = (APP, APP, False, False, False, False, 0, False)
# `pg_shdepend` knows what a role owns: tables, functions, schemas, types, databases.
POWERS = """
SELECT session_user, current_user, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication,
    (SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o'),
    has_schema_privilege('public', 'CREATE') OR has_database_privilege(current_database(), 'CREATE')
        OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid)
FROM pg_roles r WHERE r.rolname = current_user
"""


def asked(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def user() -> tuple[str, str]:
    found: tuple[str, str] = asked("SELECT session_user, current_user")
    return found


@pytest.mark.django_db
def test_tests_work_as_a_role_that_owns_nothing() -> None:
    assert asked(POWERS) == POWERLESS
    with psycopg.connect(dsn()) as other:
        assert other.execute(POWERS).fetchone() == POWERLESS
    assert urlsplit(os.environ["DATABASE_URL"]).username == APP, "Processes that a test starts have another role."


@pytest.mark.django_db(transaction=True)
def test_every_new_connection_of_djangos_is_that_role() -> None:
    def powers() -> Any:
        try:
            return asked(POWERS)
        finally:
            connection.close()

    assert powers() == powers() == POWERLESS
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(powers).result() == POWERLESS


@pytest.mark.django_db
def test_the_test_database_is_the_owners_and_has_the_grants_of_production() -> None:
    assert asked("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()") == (OWNER,)
    assert asked("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname ~ '^(event|locations_)'") == (
        OWNER,
    )
    with as_owner():
        assert roles.grant(check_only=True) == ([], [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "way", [f"SET ROLE {OWNER}", "TRUNCATE event", "CREATE TABLE mine ()", "DELETE FROM auth_group"]
)
def test_a_test_has_no_right_of_the_owners(way: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        asked(way)


@pytest.mark.django_db
def test_the_owners_rights_end_with_the_block_however_it_ends() -> None:
    make("locations.tests.factories.LocationFactory")
    with as_owner():
        assert user() == (OWNER, OWNER)
        with as_superuser():
            assert user() == (superuser(), superuser())
        assert user() == (OWNER, OWNER)
    assert user() == (APP, APP)
    with pytest.raises(ZeroDivisionError), as_owner():
        _ = 1 / 0
    assert user() == (APP, APP)
    with pytest.raises(ProgrammingError), transaction.atomic(), as_owner():
        asked("SELECT no_such_column")
    assert user() == (APP, APP)
