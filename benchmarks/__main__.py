"""All targets of the product in one table, or one of them: `make bench`, `make bench WORK=search`.

    python -m benchmarks [--work list,detail,create,patch,search,bulk,pages,events,changelist,memory] [--rounds 5] [--json FILE]

Each work runs in a process of its own, one after the other, on services started for it. `search` asks both the peers and
the table without its index. Further options of each: `python -m benchmarks.pages --help` and so on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report, stage

PEERS = ("list", "detail", "create", "patch", "search")
# Work → module, and its own options.
ALONE = {
    "bulk": ("bulk",),
    "search": ("pages", "--work", "search"),
    "pages": ("pages", "--work", "depth"),
    "events": ("events",),
    "changelist": ("changelist",),
}
WORKS = (*PEERS, "bulk", "pages", "events", "changelist", "memory")


def commands(works: list[str]) -> list[tuple[str, ...]]:
    """Modules with their options; works that share their data run together."""
    made: list[tuple[str, ...]] = []
    if compared := [work for work in works if work in PEERS]:
        made.append(("compare", "--work", ",".join(compared)))
    if {"search", "pages"} <= set(works):
        made.append(("pages",))
        works = [work for work in works if work not in {"search", "pages"}]
    return made + [ALONE[work] for work in works if work in ALONE] + [("memory",)] * ("memory" in works)


def run(command: tuple[str, ...], rounds: int, file: Path) -> dict[str, object]:
    """What one of them measured. Raises: SystemExit: it failed."""
    module, *own = command
    print(f"\n## {module}\n", flush=True)
    line = [sys.executable, "-m", f"benchmarks.{module}", *own, "--json", str(file)]
    line += [] if module == "memory" else ["--rounds", str(rounds)]
    if module in {"compare", "memory"}:  # they start services of their own
        ended = subprocess.run(line, check=False, cwd=stage.ROOT)
    else:
        with stage.services() as services:
            named = {name: services[name] for name in ("DATABASE_URL", "REDIS_URL")}
            ended = subprocess.run(line, check=False, cwd=stage.ROOT, env={**os.environ, **named, "DEBUG": "1"})
    if ended.returncode:
        raise SystemExit(f"benchmarks.{module} ended with {ended.returncode}.")
    measured: dict[str, object] = json.loads(file.read_text())
    return measured


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--work", default=",".join(WORKS))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # services end with us
    works = options.work.split(",")
    if unknown := set(works) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}. Choose of {', '.join(WORKS)}.")
    with TemporaryDirectory() as folder:
        measured = {
            " ".join(command): run(command, options.rounds, Path(folder) / "measured.json")
            for command in commands(works)
        }
    print("\n## Targets")
    targets = [report.Target(**each) for one in measured.values() for each in one["targets"]]  # type: ignore[attr-defined]
    report.finish(targets, {name: one["figures"] for name, one in measured.items()}, options.json)


if __name__ == "__main__":
    main()
