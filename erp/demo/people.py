"""Names of people and houses that sound right and belong to nobody in particular."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

DATA = Path(__file__).parent / "data"
SOUTH = frozenset({"IN-TN", "IN-KL", "IN-KA", "IN-AP", "IN-TS", "IN-PY", "IN-LD"})


def read(name: str) -> list[dict[str, str]]:
    """Rows of a file of this package's data."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


class People:
    """Throws names, no house twice."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._parts = {row["part"]: row["words"].split() for row in read("names.csv")}
        self._houses = {""}

    def person(self, state: str = "") -> str:
        """Given and family name, as in the north or the south; `state` is ISO 3166-2."""
        half = "south" if state in SOUTH else "north"
        return f"{self._any(f'given_{half}')} {self._any(f'family_{half}')}"

    def house(self) -> str:
        """First word of a firm's name."""
        name = ""
        while name in self._houses:
            name = self._any("first_half") + self._any("second_half")
        self._houses.add(name)
        return name

    def _any(self, part: str) -> str:
        return self._dice.choice(self._parts[part])
