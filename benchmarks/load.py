"""The load test on this machine: database, Valkey, server, worker and locust, each a process of its own.

    python -m benchmarks.load [--users 1000] [--minutes 3] [--server gunicorn|granian] [--workers 2] [--threads 4]

Users of all types sign in with their passwords, then send the mix of benchmarks/mix.py with pauses of one to three seconds.
When the last has signed in, the figures start from nothing. Passed: less than 1 % failures and no unexpected status, 200 ms
on average at most, 95 of 100 answers within 500 ms. CPU time is what the kernel accounts to each part in the measured time.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from argon2 import PasswordHasher

from benchmarks import cpu
from benchmarks.installation import HOME, ROOT, USERS, Installation, installed
from benchmarks.stage import free_port

FAILURES_MOST, AVERAGE_MOST_MS, P95_MOST_MS = 0.01, 200.0, 500.0
# Sign-ins may take this much of one core; as much again goes into the rest of a login and the first requests of each user.
SIGN_IN_CORES = 0.4
REST_OF_SIGN_IN_S = 0.04
SPAWN_MOST = 20.0
STOP_S = 20
PARTS = ("server", "PostgreSQL", "Valkey", "worker", "locust")


def criteria(figures: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """What was wanted and what it was, in words, and whether it passed. figures: as locustfile.py tells them."""
    requests = figures["requests"]
    failed = figures["failures"] / requests if requests else 1.0
    odd = sum(figures["unexpected"].values())
    return [
        (
            f"failures below 1 %, no unexpected status: {failed:.2%}, {odd} unexpected",
            failed < FAILURES_MOST and odd == 0,
        ),
        (f"average below 200 ms: {figures['average_ms']:.0f} ms", 0 < figures["average_ms"] < AVERAGE_MOST_MS),
        (f"p95 below 500 ms: {figures['p95_ms']:.0f} ms", 0 < figures["p95_ms"] < P95_MOST_MS),
    ]


def hash_s() -> float:
    """Seconds of one core that checking a password takes here, with the parameters of accounts/passwords.py."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    kept = hasher.hash("a password")
    started = time.process_time()
    for _ in range(5):
        hasher.verify(kept, "a password")
    return (time.process_time() - started) / 5


def spawn_rate(cost_s: float) -> float:
    """Users a second whose sign-ins the machine takes beside the requests of those who are in already."""
    return min(SPAWN_MOST, SIGN_IN_CORES / (cost_s + REST_OF_SIGN_IN_S))


def server_command(server: str, port: int, *, workers: int, threads: int) -> list[str]:
    """How the server is started. `workers` and `threads` reach gunicorn through the environment."""
    if server == "gunicorn":
        return ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    # Backpressure counts connections, idle ones too, and is backlog / workers unless given: beyond it nobody is let in, and
    # whoever came first keeps its place.
    return [
        *(
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            f"{port}",
            "--workers",
            f"{workers}",
        ),
        *("--blocking-threads", f"{threads}", "--backlog", "4096", "--backpressure", "2048", "erp.wsgi:application"),
    ]


@contextmanager
def process(name: str, arguments: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process in a group of its own, with its output in var/load; the whole group ends with the block."""
    with (HOME / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        end(started)


def end(started: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        started.wait(STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def wait_for(server: subprocess.Popen[bytes], port: int, *, most_s: float = 60) -> None:
    """Raises: SystemExit: it doesn't answer."""
    give_up = time.monotonic() + most_s
    while server.poll() is None and time.monotonic() < give_up:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return
        time.sleep(0.1)
    raise SystemExit(f"The server does not answer; its last lines:\n{tail('server')}")


def tail(name: str, lines: int = 15) -> str:
    return "\n".join((HOME / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def serving(
    installation: Installation, *, server: str = "gunicorn", workers: int, threads: int
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The server, and its address, while the block runs."""
    port = free_port()
    environment = {**installation.environment, "WEB_CONCURRENCY": f"{workers}", "WEB_THREADS": f"{threads}"}
    with process("server", server_command(server, port, workers=workers, threads=threads), environment) as started:
        wait_for(started, port)
        yield started, f"http://127.0.0.1:{port}"


def locust_command(host: str, options: argparse.Namespace, rate: float, progress: Path) -> list[str]:
    return [
        *("-m", "locust", "--locustfile", "locustfile.py", "--headless", "--host", host, "--only-summary"),
        *("--users", f"{options.users}", "--spawn-rate", f"{rate:.1f}", "--measure-s", f"{options.minutes * 60:.0f}"),
        *("--progress", f"{progress}", "--keep-rows", "--html", f"{HOME / 'report.html'}"),
    ]


def follow(progress: Path, locust: subprocess.Popen[bytes], *, until: float) -> Iterator[dict[str, Any]]:
    """The lines that locust tells, as they come. Raises: SystemExit: it ended or took too long before it told the figures."""
    told = 0
    while True:
        ended = locust.poll() is not None
        lines = progress.read_text().splitlines() if progress.exists() else []
        for line in lines[told:]:
            yield json.loads(line)
        told = len(lines)
        if ended or time.monotonic() > until:
            raise SystemExit(f"Locust told no figures; its last lines:\n{tail('locust')}")
        time.sleep(0.1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The figures of locust, with `seconds` measured and `cpu_s` of each part in them."""
    cost_s = hash_s()
    rate = spawn_rate(cost_s)
    print(
        f"Checking a password takes {cost_s * 1000:.0f} ms of a core, so {rate:.1f} users sign in a second.", flush=True
    )
    progress = HOME / "progress.jsonl"
    with ExitStack() as stack:
        # granian ends idle threads, and their connections with them: there a pool keeps them.
        pool = options.threads if options.pool or options.server == "granian" else 0
        installation = stack.enter_context(installed(users=max(USERS, options.users), pool=pool))
        progress.unlink(missing_ok=True)
        environment = installation.environment
        server, host = stack.enter_context(
            serving(installation, server=options.server, workers=options.workers, threads=options.threads)
        )
        worker = stack.enter_context(process("worker", ["manage.py", "procrastinate", "worker"], environment))
        locust = stack.enter_context(
            process(
                "locust",
                locust_command(host, options, rate, progress),
                {**os.environ, "LOAD_USERS": str(installation.users_file)},
            )
        )
        pids = (server.pid, installation.postgres_pid, installation.valkey_pid, worker.pid, locust.pid)
        roots = dict(zip(PARTS, pids, strict=True))
        most_s = 3 * options.users / rate + 60 * options.minutes + 120
        before: dict[str, float] = {}
        began = 0.0
        for line in follow(progress, locust, until=time.monotonic() + most_s):
            if line["event"] == "measuring":
                before, began = cpu.seconds(roots), time.monotonic()
                print(f"All {options.users} users are in; measuring for {options.minutes * 60:.0f} s …", flush=True)
                continue
            after, seconds = cpu.seconds(roots), time.monotonic() - began
            return {
                **line,
                "seconds": seconds,
                "cpu_s": {part: after[part] - before[part] for part in PARTS},
            }
    raise AssertionError("follow() returns figures or raises")


def report(figures: Mapping[str, Any], options: argparse.Namespace) -> bool:
    """Print the figures; whether all criteria passed."""
    requests, seconds = max(1, figures["requests"]), figures["seconds"]
    print(f"\n{options.users} users, {options.server}, {options.workers} × {options.threads} threads, {seconds:.0f} s")
    print(f"\n{'':<22}{'requests':>10}{'failed':>8}{'average ms':>12}{'p95 ms':>9}")
    for name, entry in sorted(figures["tasks"].items()):
        print(
            f"{name:<22}{entry['requests']:>10,}{entry['failures']:>8}{entry['average_ms']:>12.0f}{entry['p95_ms']:>9.0f}"
        )
    print(f"\n{'':<22}{'CPU ms a request':>18}{'cores':>8}")
    for part, spent_s in [*figures["cpu_s"].items(), ("all", sum(figures["cpu_s"].values()))]:
        print(f"{part:<22}{spent_s * 1000 / requests:>18.2f}{spent_s / seconds:>8.2f}")
    for line in [
        *figures["errors"],
        *(f"unexpected: {count} × {what}" for what, count in figures["unexpected"].items()),
    ]:
        print(line[:300])
    print(f"\n{figures['requests'] / seconds:.0f} requests a second; locust's report: var/load/report.html")
    checked = criteria(figures)
    for sentence, is_passed in checked:
        print(f"{'pass' if is_passed else 'FAIL'}  {sentence}")
    return all(is_passed for _, is_passed in checked)


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--server", choices=["gunicorn", "granian"], default="gunicorn")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--pool", action="store_true", help="A pool of connections instead of one a thread.")
    return parser.parse_args()


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        is_passed = report(measure(options), options)
    except KeyboardInterrupt:
        raise SystemExit("Interrupted: all processes have ended, nothing was judged.") from None
    raise SystemExit(0 if is_passed else 1)


if __name__ == "__main__":
    main()
