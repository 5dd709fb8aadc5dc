"""What PostgreSQL alone makes of the fast lane's statements: pgbench, the floor below every server.

    python -m benchmarks.pgbench [--rows 100000] [--rounds 5] [--seconds 3]

The statements are those that the API sends for a list of 25, a record and a rare search, with their values in them, planned anew
each time ("simple") or kept. 16 connections, as `benchmarks.compare` has; it and PostgreSQL share the machine.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks import (
    cpu,
    report,
    scenery,
    scratch,  # sets up Django first
)
from benchmarks.pages import LIST, TABLE, asker, execute, statement_of
from erp import embedded

MODES = ("simple", "prepared")
CONNECTIONS, JOBS = 16, 2


def statements(rows: int, tokens: list[str]) -> dict[str, str]:
    """Work → SQL."""
    ask = asker(tokens)
    ((key, word),) = execute(f"SELECT id, split_part(name, ' ', 2) FROM {TABLE} WHERE code = 'PL{rows // 2}'")
    paths = {"list": LIST, "detail": f"{LIST.partition('?')[0]}/{key}", "search": f"{LIST}&search={word}"}
    return {work: statement_of(lambda path=path: ask(path)).replace("%%", "%") for work, path in paths.items()}


def run(file: Path, mode: str, seconds: int) -> float:
    """Statements a second."""
    params: Any = connection.get_connection_params()
    command = [
        *(str(embedded.program("pgbench")), "--no-vacuum", "--protocol", mode, "--file", str(file)),
        *("--client", f"{CONNECTIONS}", "--jobs", f"{JOBS}", "--time", f"{seconds}"),
        *("--host", params["host"], "--username", params["user"], params["dbname"]),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.M)
    if not found:
        raise SystemExit(f"pgbench told no figure: {done.stdout}{done.stderr}")
    return float(found[1])


def measure(file: Path, mode: str, seconds: int) -> tuple[float, float]:
    """Statements a second, and milliseconds of PostgreSQL's processor time for each."""
    ((folder,),) = execute("SHOW data_directory")
    roots = {"PostgreSQL": int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])}
    before = cpu.seconds(roots)["PostgreSQL"]
    rate = run(file, mode, seconds)
    return rate, (cpu.seconds(roots)["PostgreSQL"] - before) * 1000 / (rate * seconds)


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    figures: dict[str, list[tuple[float, float]]] = {}
    with scratch.database(), TemporaryDirectory() as folder:
        _, tokens = scenery.make(options.rows, users=10)
        for work, statement in statements(options.rows, tokens).items():
            (Path(folder) / f"{work}.sql").write_text(f"{' '.join(statement.split())};\n")
        for _ in range(options.rounds):
            for work in ("list", "detail", "search"):
                for mode in MODES:
                    file = Path(folder) / f"{work}.sql"
                    figures.setdefault(f"{work}, {mode}", []).append(measure(file, mode, options.seconds))
    lines = (
        [name, report.spread([rate for rate, _ in found]), report.spread([ms for _, ms in found])]
        for name, found in figures.items()
    )
    print("\n".join(report.table(("", "statements a second", "PostgreSQL CPU ms"), lines)))
    report.finish([], figures, options.json)


if __name__ == "__main__":
    main()
