"""A database as production has it, for tests: made by the owner's role, used by the application's, read by the auditor's.

Its name does not begin with test_, so that nothing in it is switched off for tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from erp.testing.services import ROOT, WORKER, as_role


@dataclass(frozen=True)
class Installation:
    """One database. `server`: the superuser's address of it."""

    name: str
    server: str

    def url(self, role: str) -> str:
        """Its address for this role."""
        return as_role(self.server, role, self.name)

    def manage(self, role: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of manage.py in a process of its own."""
        return subprocess.run(  # noqa: S603
            [sys.executable, str(ROOT / "manage.py"), *map(str, arguments)],
            env=self.environment(role) | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def environment(self, role: str) -> dict[str, str]:
        """Environment of a process of the product on it."""
        return {**os.environ, "DATABASE_URL": self.url(role), "PGOPTIONS": ""}


@contextmanager
def connected_as(url: str) -> Iterator[None]:
    """Django's connection of this process leads to this address, until the end."""
    stood = connection.settings_dict
    connection.close()
    parts = psycopg.conninfo.conninfo_to_dict(url)
    host = {"host": parts["host"]} if "host" in parts else {}
    connection.settings_dict = {
        **stood, "NAME": parts["dbname"], "USER": parts["user"], "OPTIONS": {**stood["OPTIONS"], **host},
    }  # fmt: skip
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = stood


@contextmanager
def installed() -> Iterator[Installation]:
    """A migrated database with its grants, gone at the end. Needs pytest-django's `django_db_blocker.unblock()`."""
    server, template = os.environ.get("TEST_SERVER_URL", settings.DATABASE_URL), os.environ.get("TEST_TEMPLATE", "")
    name = f"installation{WORKER}_{os.getpid()}"
    made = Installation(name, server)
    with psycopg.connect(as_superuser(server), autocommit=True) as session:
        session.execute((ROOT / "deploy" / "postgresql" / "roles.sql").read_text())
        copied = f"TEMPLATE {template}" if template else ""
        session.execute(f"CREATE DATABASE {name} OWNER erp_owner {copied}")
        try:
            with connected_as(made.url("erp_owner")):
                _complete(migrate=not template)
            yield made
        finally:
            connection.close()
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")


def as_superuser(server: str) -> str:
    """The server's own database, as the user that the tests were given."""
    return urlsplit(server)._replace(scheme="postgresql", path="/postgres").geturl()


def _complete(*, migrate: bool) -> None:
    if migrate:
        call_command("migrate", verbosity=0)
    call_command("grant_roles", stdout=StringIO())
