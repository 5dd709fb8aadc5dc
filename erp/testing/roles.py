"""Whose rights a test has: those of `erp_app`, which owns nothing. What needs an owner says so with `as_owner()`.

Django's sessions of the test process are opened by the server's superuser and handed to erp_app before anybody uses them, by
SET SESSION AUTHORIZATION: session_user and current_user are then the application's role, and SET ROLE leads nowhere else. The
same statement lets `as_owner()` lend the owner's rights inside a test's transaction. Every other process and session logs in
as erp_app.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from environ import Env
from psycopg.pq import TransactionStatus

from erp.events.roles import APP, grant

OWNER = "erp_owner"
# Where Django's connections go: the rest of its settings stays.
ADDRESS = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
_direct: dict[str, Any] = {}
# Of a run through a pooler, which logs in as erp_app and can't lend a session.
_pooled: dict[str, Any] = {}


def log_in_as_superuser() -> None:
    """Django's sessions of this process begin with the superuser, who makes the test databases, around any pooler."""
    default = settings.DATABASES["default"]
    if settings.DATABASE_POOLER:
        _pooled.update({key: default.get(key, "") for key in ADDRESS})
    login: dict[str, Any] = {"OPTIONS": {}} | Env.db_url_config(os.environ["TEST_SERVER_URL"])
    _direct.update({key: login[key] for key in ADDRESS})
    default |= _direct


@contextmanager
def application() -> Iterator[None]:
    """From here on Django works as the application in the test database, which is the owner's. Until the end."""
    _hand_over()
    connection.settings_dict |= _pooled
    connection_created.connect(_become_application)
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # not in the stubs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _emptied_by_owner(empty))
        yield
    connections.close_all()
    connection_created.disconnect(_become_application)
    connection.settings_dict |= _direct


@contextmanager
def as_owner(role: str = OWNER) -> Iterator[None]:
    """Django's connection has the owner's rights until the end, inside a transaction too. Through a pooler only outside."""
    if _pooled:
        with _directly(role):
            yield
        return
    with connection.cursor():
        session = connection.connection
    before = session.info.parameter_status("session_authorization")
    _become(session, role)
    try:
        yield
    finally:
        # A transaction that failed takes the change back with the rest when it is undone.
        if not session.closed and session.info.transaction_status != TransactionStatus.INERROR:
            _become(session, before)


def as_superuser() -> AbstractContextManager[None]:
    """Like `as_owner`, for what only the server's superuser may do: session_replication_role, other people's sessions."""
    return as_owner(superuser())


def superuser() -> str:
    """Name of the server's superuser."""
    return str(_direct["USER"])


def _hand_over() -> None:
    """The database that Django has just made belongs to the owner, and the application has its grants."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" OWNER TO {OWNER}')
        cursor.execute(f"SET SESSION AUTHORIZATION {OWNER}")
    grant()
    connection.close()


def _become_application(connection: Any, **_: Any) -> None:
    """For each new connection of Django's. One that a test opened for another role or database is its own affair."""
    test = settings.DATABASES["default"]
    if all(connection.settings_dict[key] == test[key] for key in ("NAME", "USER")) and not _pooled:
        _become(connection.connection, APP)


def _become(session: Any, role: str) -> None:
    session.execute(f'SET SESSION AUTHORIZATION "{role}"')


@contextmanager
def _directly(role: str) -> Iterator[None]:
    """Around the pooler, as this role."""
    stood = connection.settings_dict
    connection.close()
    connection.settings_dict = {**stood, **_direct, "USER": role}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = stood


def _emptied_by_owner(empty: Any) -> Any:
    """Django empties the tables after a test in which commits counted: only the owner may."""

    def emptied(case: TransactionTestCase) -> None:
        with as_owner():
            empty(case)

    return emptied
