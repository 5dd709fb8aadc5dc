"""The fault drill: a production installation of its own on this machine, kept busy, while its parts are killed one by one.

    python -m benchmarks.drill [--rolling | --faults] [--seconds 15]

Twenty users write, read back and list, some 28 requests a second, without retries. After each fault comes calm. Then every
answer is compared with the database: what was acknowledged is there once, in table, history and event log; what was refused
is nowhere; what had no answer is repeated with its Idempotency-Key and ends as one row. Exits with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from benchmarks.drill import check
from benchmarks.drill.clients import Client
from benchmarks.drill.faults import FAULTS, ROLLING, Fault, World
from benchmarks.drill.journal import Call, Window, judge
from benchmarks.drill.services import Service, supervised
from benchmarks.installation import ROOT, Installation, installed, standby
from benchmarks.load import interrupt, wait_for
from benchmarks.stage import free_port

HOME = ROOT / "var" / "drill"
USERS, PLACES, CLIENTS = 40, 2_000, 20
WORKERS, THREADS = 2, 8
CALM_S = 3.0


def services(installation: Installation, port: int) -> dict[str, Service]:
    """The server as deploy/gunicorn.conf.py says, and the job worker."""
    environment = {**installation.environment, "WEB_CONCURRENCY": f"{WORKERS}", "WEB_THREADS": f"{THREADS}"}
    web = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    commands = {
        "web": [*web, "--pid", str(HOME / "web.pid")],
        "worker": ["manage.py", "procrastinate", "worker"],
    }
    return {name: Service(command, environment, HOME / f"{name}.log") for name, command in commands.items()}


@contextmanager
def busy(installation: Installation, port: int) -> Iterator[list[Client]]:
    """Clients at work while the block runs."""
    until = Event()
    accounts = [each for each in json.loads(installation.users_file.read_text()) if each["type"] == "INTERNAL"]
    clients = [Client(number, port, account, until) for number, account in enumerate(accounts[:CLIENTS])]
    for client in clients:
        client.sign_in()
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        until.set()
        for client in clients:
            client.join()


def suffer(world: World, faults: list[Fault], *, seconds: float) -> list[Window]:
    """One fault after the other; the time of each."""
    windows = []
    for fault in faults:
        time.sleep(CALM_S)
        print(f"  {fault.name} …", flush=True)
        began = time.monotonic()
        fault.act(world)
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        windows.append(Window(fault.name, began, time.monotonic(), away=fault.away, breaks=fault.breaks or fault.away))
    time.sleep(CALM_S)
    return windows


def report(windows: list[Window], calls: list[Call]) -> list[str]:
    """Print what happened in each window and between them; returns what is wrong."""
    wrong = []
    print(f"\n{'':<42}{'requests':>9}{'broken':>8}{'no write':>10}{'no read':>9}  statuses")
    for window in [*windows, *calm(windows, calls)]:
        figures = judge(window, calls)
        statuses = ", ".join(f"{count} × {status}" for status, count in figures.statuses.items())
        print(
            f"{window.name:<42}{figures.requests:>9}{figures.broken:>8}{figures.gap_write_s:>8.1f} s{figures.gap_read_s:>7.1f} s"
            f"  {statuses}"
        )
        wrong += [f"{window.name}: {fault}" for fault in figures.faults]
    return wrong


def calm(windows: list[Window], calls: list[Call]) -> list[Window]:
    """The times between the faults, where nothing may fail."""
    begins = [min(call.began for call in calls), *(window.ended for window in windows)]
    ends = [*(window.began for window in windows), max(call.ended for call in calls)]
    return [Window(f"calm {number}", *span) for number, span in enumerate(zip(begins, ends, strict=True))]


def verify(installation: Installation, clients: list[Client], calls: list[Call], since: float) -> list[str]:
    """Compare the answers with the database; returns what is wrong."""
    url = installation.environment["DATABASE_URL"]
    writes = [call for call in calls if call.is_write]
    print("\nwrites: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(check.tally(writes).items())))
    doubtful = [call for call in writes if call.verdict == "unknown"]
    wrong = check.outcome(writes, before := check.rows(url))
    answers, failed = check.resolve(doubtful, lambda call: clients[call.user].repeat(call))
    done = sum(str((call.body or {}).get("code")) in before for call in doubtful)
    print(f"in doubt: {len(doubtful)}, of which {done} had been written; each repeated with its key")
    replays = [client.repeat(own[-1]) for client in clients if (own := _acknowledged(client.calls))]
    wrong += failed + check.outcome([*answers, *replays], check.rows(url)) + check.orphans(url)
    return wrong + check.jobs(url, since) + check.record(installation.environment)


def _acknowledged(calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.is_write and call.succeeded]


def drill(faults: list[Fault], *, seconds: float) -> list[str]:
    """Everything; returns what is wrong."""
    port = free_port()
    HOME.mkdir(parents=True, exist_ok=True)
    with (
        installed(users=USERS, places=PLACES, home=HOME) as installation,
        standby(installation, home=HOME) as (copy, copy_url),
    ):
        installation.environment["DATABASE_REPLICA_URLS"] = copy_url
        running = services(installation, port)
        with supervised(running):
            wait_for(running["web"].process, port)
            world = World(installation, running, WORKERS * THREADS, HOME / "web.pid", copy)
            with busy(installation, port) as clients:
                windows = suffer(world, faults, seconds=seconds)
            calls = [call for client in clients for call in client.calls]
            wrong = report(windows, calls)
            return wrong + verify(installation, clients, calls, windows[-1].began)


def chosen(options: argparse.Namespace) -> list[Fault]:
    """Faults first: the rolling restart takes the server out of the supervisor's hands."""
    return [*(() if options.rolling else FAULTS), *(() if options.faults else (ROLLING,))]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--rolling", action="store_true", help="Only the rolling restart.")
    only.add_argument("--faults", action="store_true", help="Only the faults.")
    parser.add_argument("--seconds", type=float, default=15, help="Time of each fault.")
    return parser.parse_args()


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, interrupt)
    started = time.monotonic()
    try:
        wrong = drill(chosen(options), seconds=options.seconds)
    except KeyboardInterrupt:
        raise SystemExit("Interrupted: all processes have ended, nothing was judged.") from None
    for sentence in wrong[:40]:
        print(f"FAIL  {sentence}")
    print(f"{'FAIL' if wrong else 'pass'}  {len(wrong)} findings in {time.monotonic() - started:.0f} s")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
