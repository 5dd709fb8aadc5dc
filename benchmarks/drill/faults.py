"""What goes wrong in the drill, one thing after the other. Each act returns when what it broke is being mended or is mended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from benchmarks.drill.services import Service, is_running
from benchmarks.installation import POSTGRES_OPTIONS, Installation
from erp import embedded

AWAY_S = 3.0
HUNG_S = 5.0
MASTER_S = 60.0
# Left for the server (workers x threads), the job worker and people, when somebody else takes all other connections.
LEFT_FOR_OTHERS = 20


@dataclass(frozen=True)
class World:
    """What there is to break."""

    installation: Installation
    services: Mapping[str, Service]
    connections: int  # that the server needs
    pidfile: Path
    standby: Path  # data directory


@dataclass(frozen=True)
class Fault:
    """Something that happens to a running installation. away, breaks: as in journal.Window."""

    name: str
    act: Callable[[World], None]
    away: bool = False
    breaks: bool = False


def kill_web_workers(world: World) -> None:
    """Four times: its requests in flight have no answer; the master forks another."""
    for _ in range(4):
        world.services["web"].children[0].kill()
        time.sleep(1.3)


def kill_job_worker(world: World) -> None:
    world.services["worker"].process.kill()


def kill_valkey(world: World) -> None:
    world.installation.valkey.terminate()
    time.sleep(AWAY_S)
    world.installation.valkey.start()


def hang_valkey(world: World) -> None:
    pid = world.installation.valkey_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(HUNG_S)
    finally:
        os.kill(pid, signal.SIGCONT)


def kill_postgres(world: World) -> None:
    """The postmaster; its children see that and leave. Raises: SystemExit: the socket is elsewhere now."""
    folder = embedded.start(world.installation.data)
    os.kill(world.installation.postgres_pid, signal.SIGKILL)
    time.sleep(1)
    if embedded.start(world.installation.data, options=POSTGRES_OPTIONS) != folder:
        raise SystemExit(
            f"PostgreSQL listens in another folder than {folder}: run from a checkout with a shorter path."
        )


def kill_standby(world: World) -> None:
    """It stays away; what was read there comes from the primary."""
    os.kill(int((world.standby / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def crowd_postgres(world: World) -> None:
    """Another application takes all connections that the server doesn't need, and locks the table against writers."""
    url = world.installation.environment["DATABASE_URL"]
    with ExitStack() as stack:
        first = stack.enter_context(psycopg.connect(url))
        most = int(_one(first, "SHOW max_connections"))
        taken = int(_one(first, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
        mine = int(_one(first, "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'procrastinate'"))
        for _ in range(most - LEFT_FOR_OTHERS - max(taken, world.connections + mine)):
            stack.enter_context(psycopg.connect(url))
        first.execute("LOCK TABLE locations_location IN EXCLUSIVE MODE")
        time.sleep(HUNG_S)


def roll(world: World) -> None:
    """A release without a pause: a new master on the same socket loads the new code, then the old one ends its requests.

    Raises: SystemExit: the new one does not come, or the old one does not leave.
    """
    web = world.services["web"]
    web.is_watched = False  # the master that systemd started ends here, on purpose
    workers, old = len(web.children), web.process.pid
    os.kill(old, signal.SIGUSR2)
    new = _wait(lambda: _new_master(world.pidfile, workers), "no new master with all its workers")
    os.kill(old, signal.SIGTERM)
    _wait(lambda: web.process.poll() is not None, "the old master did not end")
    print(f"      master {old} handed over to {new}", flush=True)


def _new_master(pidfile: Path, workers: int) -> int:
    """Process id of the second master, when it has all its workers; else 0."""
    second = pidfile.with_name(f"{pidfile.name}.2")
    if not second.exists():
        return 0
    pid = int(second.read_text() or 0)
    return pid if pid and is_running(pid) and len(psutil.Process(pid).children()) >= workers else 0


def _wait(done: Callable[[], int], complaint: str) -> int:
    give_up = time.monotonic() + MASTER_S
    while not (found := done()):
        if time.monotonic() > give_up:
            raise SystemExit(f"Rolling restart: {complaint} within {MASTER_S:.0f} s; var/drill/web.log says why.")
        time.sleep(0.1)
    return found


def _one(connection: psycopg.Connection, statement: str) -> object:
    row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
    return row[0]


FAULTS = (
    Fault("kill -9 of web workers, four times", kill_web_workers, breaks=True),
    Fault("kill -9 of the job worker", kill_job_worker),
    Fault("kill -9 of Valkey, back after 3 s", kill_valkey),
    Fault("Valkey hangs for 5 s", hang_valkey),
    Fault("kill -9 of PostgreSQL", kill_postgres, away=True),
    Fault("connections taken, table locked for 5 s", crowd_postgres),
    Fault("kill -9 of the standby", kill_standby),
)
ROLLING = Fault("rolling restart", roll)
