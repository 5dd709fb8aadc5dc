"""What the benchmarks share: options, medians with their range, tables, and targets as reached or missed.

A missed target is a result, not an error: the command that measured it exits with 0.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROUNDS = 5


@dataclass(frozen=True)
class Target:
    """A figure that is wanted, and what was measured. at_most: smaller is better."""

    name: str
    wanted: float
    measured: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted

    def cells(self) -> tuple[str, str, str, str]:
        sign = "≤" if self.at_most else "≥"
        return self.name, f"{sign} {self.wanted:,g}", figure(self.measured), "reached" if self.reached else "**missed**"


def parser(doc: str | None, *, rounds: int = ROUNDS) -> argparse.ArgumentParser:
    """Options that every benchmark has: --rounds and --json."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--json", type=Path, help="a file for figures and targets")
    return made


def figure(value: float) -> str:
    """Two decimals where they say something."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.2f}"


def spread(values: Sequence[float]) -> str:
    """Median (least–greatest)."""
    return f"{figure(statistics.median(values))} ({figure(min(values))}–{figure(max(values))})"


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Of the medians."""
    return statistics.median(above) / statistics.median(below)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Markdown, line by line."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def finish(targets: Sequence[Target], figures: Any, file: Path | None) -> None:
    """Print the targets, and keep them with the figures in the file where one is named."""
    if targets:
        print("\n" + "\n".join(table(("target", "wanted", "measured", ""), (each.cells() for each in targets))))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"targets": [asdict(each) for each in targets], "figures": figures}, indent=1))
