"""Us, the peers and the floor in turn, on one table with one payload, as ratios.

    python -m benchmarks.compare [--work list,detail,create,patch,search] [--rows 100000] [--rounds 5] [--seconds 4]

A round asks each application the same work for some seconds over 16 connections; rounds alternate. Prints, as medians with
their range: requests a second, processor milliseconds a request of the server and of PostgreSQL (by accounting), latency,
statements, and our ratios. `--json FILE` keeps everything.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import psutil
import psycopg

from benchmarks import cpu, pgbench, report, stage

WORKS = ("list", "detail", "create", "patch", "search")
USERS = 300
ROWS = 5000  # that are asked for and changed
CONNECTIONS = 16
WORKERS, THREADS = 2, 4
WORDS = ("Ambica", "Narmada", "Krishna", "Sardar", "Maruti")
PAYLOAD = {
    "kind": "city",
    "timezone": "Asia/Kolkata",
    "city": "Rajkot",
    "latitude": "22.303894",
    "longitude": "70.802162",
}
GUNICORN = (
    *("-m", "gunicorn", "--workers", str(WORKERS), "--threads", str(THREADS)),
    *("--log-level", "error", "--keep-alive", "75"),
)
WSGI, SQL_ALONE = "floor (WSGI)", "floor (pgbench)"
PEER = (*GUNICORN, "--worker-class", "gthread")  # as they would be deployed
# Requests a second against FastAPI at least, processor time against the floor at most.
TARGETS = {"list": (5.0, 3.0), "detail": (2.5, 3.0), "create": (2.5, 6.0), "patch": (2.5, 8.0)}


@dataclass
class Application:
    """One of those compared: how it starts, what its addresses are, whose tokens it takes. Without command: our SQL alone."""

    name: str
    command: tuple[str, ...]
    prefix: str = "/locations"
    environment: dict[str, str] = field(default_factory=dict)
    payload: dict[str, str] = field(default_factory=dict)
    ours: bool = False
    port: int = 0
    pid: int = 0
    rounds: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def paths(self) -> dict[str, str]:
        page = "?limit=25" if self.ours else ""
        search = f"{page}&search={{}}" if self.ours else "?search={}"
        return {
            "list": f"{self.prefix}{page}",
            "search": f"{self.prefix}{search}",
            "create": self.prefix,
            "detail": f"{self.prefix}/{{}}",
            "patch": f"{self.prefix}/{{}}",
        }


def applications() -> list[Application]:
    """Ours first."""
    django = {"DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings"}
    peer = {"payload": {"country_id": "IN"}}
    uvicorn = ("-m", "uvicorn", "benchmarks.peers.fast:app", "--workers", str(WORKERS), "--no-access-log")
    return [
        Application(
            "Cotton ERP",
            (*GUNICORN, "--config", "deploy/gunicorn.conf.py"),
            "/api/v1/settings/locations",
            payload={"country": "IN"},
            ours=True,
        ),
        Application("plain DRF", (*PEER, "benchmarks.peers.wsgi"), environment=django, **peer),
        Application(
            "django-ninja",
            (*PEER, "benchmarks.peers.wsgi"),
            environment={**django, "PEER_URLS": "benchmarks.peers.ninja"},
            **peer,
        ),
        Application("FastAPI", (*uvicorn, "--log-level", "error", "--loop", "uvloop", "--http", "httptools"), **peer),
        Application(
            WSGI,
            (*GUNICORN, "--worker-class", "erp.ops.webworker.Worker", "benchmarks.peers.floor:application"),
            **peer,
        ),
        Application(SQL_ALONE, ()),
    ]


@dataclass
class Data:
    """What the questions ask for: ids of rows, headers of each user for us and for the peers."""

    ids: list[str]
    ours: list[dict[str, str]]
    peers: list[dict[str, str]]
    scripts: dict[str, str]
    url: str


def fill(rows: int, environment: dict[str, str]) -> Data:
    """Tables of both sides with the same rows, and our statements. Runs migrations, so call it once."""
    os.environ.update(environment)
    from benchmarks import scenery  # noqa: PLC0415 (the environment first)

    organization, sessions = scenery.make(rows, users=USERS)
    secret = environment["JWT_SECRET"]
    owners = scenery.peers(organization)
    claims = {"token_type": "access", "exp": 4_000_000_000}
    tokens = [jwt.encode({**claims, "user_id": str(user), "jti": uuid.uuid4().hex}, secret) for user in owners]
    ids, headers, ours = scenery.ids(2 * ROWS), _headers(sessions), applications()[0]
    # Clients know the versions of their rows, so pgbench changes others.
    scripts = pgbench.scripts(ours.paths(), headers[0], ids[ROWS:], {**PAYLOAD, **ours.payload})
    return Data(ids[:ROWS], headers, _headers(tokens), scripts, environment["DATABASE_URL"])


def _headers(tokens: list[str]) -> list[dict[str, str]]:
    """Each user behind an address of its own."""
    return [
        {
            "Authorization": f"Bearer {token}",
            "X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}",
            "X-Forwarded-Proto": "https",
        }
        for number, token in enumerate(tokens)
    ]


@contextmanager
def running(chosen: list[Application], environment: dict[str, str]) -> Iterator[None]:
    """All of them at once; those that are not asked wait."""
    peer = {
        "PEER_SECRET": environment["JWT_SECRET"],
        "PEER_DATABASE": psycopg.conninfo.conninfo_to_dict(environment["DATABASE_URL"])["dbname"],
        "PEER_HOST": environment["DATABASE_FOLDER"],
    }
    with ExitStack() as stack:
        for application in chosen:
            if not application.command:
                continue
            application.port = stage.free_port()
            port = ("--port", str(application.port)) if "uvicorn" in application.command else (
                "--bind", f"{stage.HOST}:{application.port}"
            )  # fmt: skip
            own = {**environment, **peer, **application.environment}
            if application.ours:
                own["DJANGO_SETTINGS_MODULE"] = "erp.settings"
            path = "/healthz" if application.ours else "/nothing"
            application.pid = stack.enter_context(
                stage.server((*application.command, *port), own, application.port, path)
            )
        yield


def ask(
    application: Application, work: str, data: Data, *, seconds: float, connections: int = CONNECTIONS
) -> dict[str, Any]:
    """One round of one work. Raises: SystemExit: an unexpected answer."""
    if not application.command:
        return pgbench.run(data.scripts[work], data.url, seconds=seconds, clients=min(connections, WORKERS * THREADS))
    question = {
        "address": [stage.HOST, application.port],
        "work": work,
        "paths": application.paths(),
        "headers": data.ours if application.ours else data.peers,
        "ids": data.ids,
        "versions": application.versions,
        "words": WORDS,
        "payload": {**PAYLOAD, **application.payload},
        "prefix": f"B{random.randrange(16**8):08X}-",
        "connections": connections,
        "seconds": seconds,
    }
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.client"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
        cwd=stage.ROOT,
    )
    if run.returncode:
        raise SystemExit(f"{application.name}, {work}: {run.stderr.strip()[-1500:]}")
    seen: dict[str, Any] = json.loads(run.stdout)
    application.versions.update(seen["versions"])
    return seen


def measure(application: Application, work: str, data: Data, *, seconds: float) -> dict[str, float]:
    """One round with its costs: times in milliseconds, statements a request."""
    parts = {"database": stage.postgres()} | ({"server": application.pid} if application.pid else {})
    before = cpu.seconds(parts)
    seen = ask(application, work, data, seconds=seconds)
    spent = {name: after - before[name] for name, after in cpu.seconds(parts).items()}
    count, latencies = len(seen["latencies"]), seen["latencies"]
    return {
        "rps": count / seen["seconds"],
        **({"cpu_ms": spent["server"] / count * 1000} if application.pid else {}),
        "postgres_ms": spent["database"] / count * 1000,
        **{f"p{share}": latencies[int(count * share / 100)] * 1000 for share in (50, 95, 99)},
    }


def statements(application: Application, work: str, data: Data, url: str) -> float:
    """Statements a request, BEGIN and COMMIT included, once each process has met question and users."""
    if not application.command:  # of a prepared BEGIN the server counts the first only
        return float(data.scripts[work].count(";\n"))
    ask(application, work, data, seconds=3, connections=4)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_statements_reset()")
        seen = ask(application, work, data, seconds=1, connections=4)
        row = connection.execute(
            "SELECT sum(calls) FROM pg_stat_statements WHERE toplevel AND query NOT LIKE '%pg_stat_statements%'"
            " AND query NOT LIKE 'SELECT 1 FROM ONLY %'"  # PostgreSQL's own, for foreign keys
        ).fetchone()
    return float(row[0] or 0) / len(seen["latencies"]) if row else 0.0


def median(application: Application, work: str, figure: str) -> float:
    return statistics.median(each[figure] for each in application.rounds[work])


def spread(application: Application, work: str, figure: str) -> str:
    return report.spread([each[figure] for each in application.rounds[work]])


def table(work: str, chosen: list[Application], sql: dict[str, float]) -> Iterator[str]:
    """Markdown, with our ratios."""
    floor = next((each for each in chosen if each.name == WSGI), None)
    ours = chosen[0]
    yield f"\n### {work}\n"
    heads = ("", "requests/s", "server CPU ms", "PostgreSQL CPU ms", "p50 / p95 / p99 ms", "SQL", "CPU / floor")
    yield from report.table((*heads, "ours: times as many"), (cells(work, each, ours, floor, sql) for each in chosen))


def cells(
    work: str, each: Application, ours: Application, floor: Application | None, sql: dict[str, float]
) -> list[str]:
    served = "cpu_ms" in each.rounds[work][0]
    return [
        each.name,
        spread(each, work, "rps"),
        spread(each, work, "cpu_ms") if served else "",
        spread(each, work, "postgres_ms"),
        " / ".join(f"{median(each, work, name):.0f}" for name in ("p50", "p95", "p99")),
        f"{sql[each.name]:.1f}",
        f"{median(each, work, 'cpu_ms') / median(floor, work, 'cpu_ms'):.1f}" if floor and served else "",
        f"{median(ours, work, 'rps') / median(each, work, 'rps'):.2f}",
    ]


def targets(works: list[str], chosen: list[Application]) -> list[report.Target]:
    """Ours: rates against FastAPI, processor time against the floor."""
    by_name = {each.name: each for each in chosen}
    found: list[report.Target] = []
    for work in works:
        faster, dearer = TARGETS.get(work, (0.0, 0.0))
        if faster and (peer := by_name.get("FastAPI")):
            times = median(chosen[0], work, "rps") / median(peer, work, "rps")
            found.append(report.Target(f"{work}: requests a second against FastAPI", faster, times))
        if dearer and (floor := by_name.get(WSGI)):
            dear = median(chosen[0], work, "cpu_ms") / median(floor, work, "cpu_ms")
            found.append(report.Target(f"{work}: server CPU against the floor", dearer, dear, at_most=True))
    return found if chosen[0].ours else []


def machine() -> str:
    packages = ("django", "djangorestframework", "fastapi", "django-ninja", "gunicorn", "uvicorn", "psycopg", "asyncpg")
    from importlib.metadata import version  # noqa: PLC0415

    named = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"{psutil.cpu_count()} cores, Python {sys.version.split()[0]}, {named}"


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--work", default=",".join(WORKS))
    parser.add_argument("--apps", default="", help="beginnings of names, with commas; empty: all")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers end with us
    works = options.work.split(",")
    if unknown := set(works) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}. Choose of {', '.join(WORKS)}.")
    names = tuple(options.apps.split(","))
    chosen = [each for each in applications() if each.name.lower().startswith(tuple(name.lower() for name in names))]
    with stage.services() as services, stage.database(services, f"bench_{os.getpid()}") as environment:
        data = fill(options.rows, environment)
        with running(chosen, environment):
            run(chosen, works, data, environment["DATABASE_URL"], options)


def run(chosen: list[Application], works: list[str], data: Data, url: str, options: argparse.Namespace) -> None:
    print(f"{machine()}; {options.rows:,} rows, {options.rounds} rounds of {options.seconds:g} s, medians (range)")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    for work in works:
        sql = {each.name: statements(each, work, data, url) for each in chosen}
        for _ in range(options.rounds):
            for each in chosen:
                each.rounds.setdefault(work, []).append(measure(each, work, data, seconds=options.seconds))
        print("\n".join(table(work, chosen, sql)), flush=True)
    report.finish(targets(works, chosen), {each.name: each.rounds for each in chosen}, options.json)


if __name__ == "__main__":
    main()
