"""PgBouncer in transaction mode between a test run and its PostgreSQL: `PGBOUNCER=1 pytest …`.

Few server connections for many clients, so that consecutive transactions of one client meet sessions that others used.
Debian: `apt-get install pgbouncer`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import psycopg

from erp import embedded

SERVER_CONNECTIONS = 6
START_S = 20
PORT, CLIENT = 6432, "pooled"
# What PGOPTIONS says to PostgreSQL in a test run (erp/testing/services.py); the pooler drops startup options.
CONNECT_QUERY = "SET erp.test_flush = on; SET erp.four_eyes = off"


class PgBouncer:
    """One running pooler. `url` is the database's address through it, `folder` holds its socket."""

    def __init__(self, direct: str) -> None:
        self._folder = TemporaryDirectory(prefix="cotton-pool-")
        folder = Path(self._folder.name)
        parts = urlsplit(direct)
        # PostgreSQL's socket may lie in a folder that only its owner enters.
        self._user = _user()
        (folder / "pgbouncer.ini").write_text(_configuration(folder, direct))
        if self._user:
            for path in (folder, folder / "pgbouncer.ini"):
                shutil.chown(path, self._user)
        self._process = subprocess.Popen(  # noqa: S603
            [program(), str(folder / "pgbouncer.ini")],
            cwd=folder,
            **_identity(self._user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.folder = str(folder)
        self.url = f"postgresql://{CLIENT}@{parts.path}?{urlencode({'host': folder, 'port': PORT})}"
        self._wait(folder)

    def _wait(self, folder: Path) -> None:
        give_up = time.monotonic() + START_S
        while not (folder / f".s.PGSQL.{PORT}").exists():
            if self._process.poll() is not None or time.monotonic() > give_up:
                log = folder / "log"
                raise RuntimeError(f"PgBouncer does not start.\n{log.read_text() if log.exists() else ''}")
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=START_S)
        self._folder.cleanup()


def let_go(database: str) -> None:
    """Make the running pooler close every connection to this database."""
    folder = os.environ["PGBOUNCER"]
    with psycopg.connect(host=folder, port=PORT, user=CLIENT, dbname="pgbouncer", autocommit=True) as console:
        console.execute(f'KILL "{database}"', prepare=False)
        console.execute(f'RESUME "{database}"', prepare=False)


def program() -> str:
    """Path of the program. Raises: FileNotFoundError: none is installed."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        raise FileNotFoundError("PgBouncer is missing: install it (Debian: apt-get install pgbouncer).")
    return found


def _user() -> str | None:
    """Who runs it: PgBouncer refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return embedded.SYSTEM_USER if embedded.SYSTEM_USER in known else "nobody"


def _identity(user: str | None) -> dict[str, Any]:
    """How it runs as that user alone: with root's group it would be shut out of folders that others may pass."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _configuration(folder: Path, direct: str) -> str:
    parts = urlsplit(direct)
    query = parse_qs(parts.query)
    server = {
        "host": query.get("host", [parts.hostname or "127.0.0.1"])[0],
        "port": str(parts.port or query.get("port", ["5432"])[0]),
        "user": unquote(parts.username or embedded.USER),
        "password": unquote(parts.password or ""),
        "connect_query": CONNECT_QUERY,
    }
    target = " ".join(f"{name}='{value}'" for name, value in server.items() if value)
    return f"""
[databases]
* = {target}
[pgbouncer]
listen_addr =
listen_port = {PORT}
unix_socket_dir = {folder}
auth_type = any
admin_users = {CLIENT}
logfile = {folder}/log
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
max_client_conn = 500
ignore_startup_parameters = options,extra_float_digits
"""
