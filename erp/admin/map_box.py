"""A part of the world map: twice as wide as high, with a grid of cells that rows are counted in.

Longitude and latitude in degrees; on the page a box is always 1000 units wide and 500 high.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from django.db.models import F, FloatField, Q
from django.db.models.functions import Cast, Floor

WIDTH, HEIGHT = 1000, 500
WHOLE = 360.0
# So many degrees wide is the closest look: some 70 km.
CLOSEST = WHOLE / 2**9
# Nobody recognises a place without what lies around it.
CLOSEST_FIT = WHOLE / 2**5
LETTER = 7.6
LABEL_HEIGHT = 18
LONGEST_LABEL = 30


class BoxError(ValueError):
    """What is wrong with a box in an address, as a sentence."""


@dataclass(frozen=True)
class Box:
    """From west to east and from south to north."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """The box of an address, "west,south,east,north", widened to our shape. Raises: BoxError."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise BoxError("A part of the map is four numbers, west,south,east,north: 68,6,98,37.") from None
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise BoxError(
                "West must be less than east, both from -180 to 180, and south less than north, both from -90 to 90."
            )
        return cls.around((west + east) / 2, (south + north) / 2, max(east - west, 2 * (north - south)))

    @classmethod
    def around(cls, longitude: float, latitude: float, width: float) -> Self:
        """A box of this width with this middle, moved as far as the edge of the world asks for."""
        width = min(max(width, CLOSEST), WHOLE)
        half = width / 2
        west = min(max(longitude, half - 180), 180 - half) - half
        south = min(max(latitude, half / 2 - 90), 90 - half / 2) - half / 2
        return cls(west, south, west + width, south + half)

    @classmethod
    def fitting(cls, west: float, south: float, east: float, north: float) -> Self:
        """The smallest half, quarter, eighth ... of the world around these positions, with some air."""
        width, wanted = WHOLE, 1.1 * max(east - west, 2 * (north - south))
        while width / 2 >= max(wanted, CLOSEST_FIT):
            width /= 2
        step = width / 64  # in binary fractions, addresses stay exact
        east_of, north_of = (round(middle / step) * step for middle in ((west + east) / 2, (south + north) / 2))
        return cls.around(east_of, north_of, width)

    @property
    def width(self) -> float:
        return self.east - self.west

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return ",".join(plain(side) for side in (self.west, self.south, self.east, self.north))

    @property
    def is_whole(self) -> bool:
        return self.width >= WHOLE

    @property
    def is_closest(self) -> bool:
        return self.width <= CLOSEST

    @property
    def view(self) -> str:
        """The same box as viewBox of the picture of the world (erp/reference/outline.py)."""
        sides = (self.west, -self.north, self.width, self.width / 2)
        return " ".join(plain(round(side * 10, 6)) for side in sides)

    def zoomed(self, factor: float) -> Box:
        return Box.around((self.west + self.east) / 2, (self.south + self.north) / 2, self.width * factor)

    def holds(self, latitude: str, longitude: str) -> Q:
        """Rows inside; names are those of the columns. A position on a line between two boxes lies in one of them."""
        east = "lte" if self.east >= 180 else "lt"
        south = "gte" if self.south <= -90 else "gt"
        return Q(
            **{
                f"{longitude}__gte": _exact(self.west),
                f"{longitude}__{east}": _exact(self.east),
                f"{latitude}__{south}": _exact(self.south),
                f"{latitude}__lte": _exact(self.north),
            }
        )

    def columns(self, latitude: str, longitude: str, cells: int) -> dict[str, Floor]:
        """Expressions of the cell that a row lies in, the first in the north-west; `cell` says the same."""
        size = self.width / cells
        east, north = Cast(F(longitude), FloatField()), Cast(F(latitude), FloatField())
        return {"cell_x": Floor((east - self.west) / size), "cell_y": Floor((self.north - north) / (size / 2))}

    def cell(self, latitude: Decimal, longitude: Decimal, cells: int) -> tuple[int, int]:
        """(column, row) of the cell that a position lies in."""
        size = self.width / cells
        east, north = float(longitude), float(latitude)
        return math.floor((east - self.west) / size), math.floor((self.north - north) / (size / 2))

    def part(self, column: int, row: int, cells: int) -> Box:
        """The box of one cell, not closer than the closest."""
        size = self.width / cells
        west, north = self.west + column * size, self.north - row * size / 2
        return Box.around(west + size / 2, north - size / 4, size)

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a position stands on the page."""
        scale = WIDTH / self.width
        return round((longitude - self.west) * scale, 1), round((self.north - latitude) * scale, 1)


@dataclass(frozen=True)
class Mark:
    """One row or several at a place of the page.

    short: what may be written beside it. label: what is, at its `side`, "start" or "end"; "" where there is no room.
    """

    key: str
    x: float
    y: float
    number: int
    url: str
    name: str
    facts: str = ""
    short: str = ""
    label: str = ""
    side: str = "start"

    @property
    def radius(self) -> int:
        """More rows make a larger circle."""
        return 7 if self.number == 1 else 11 + 3 * len(str(self.number))

    def within(self, column: int, row: int, cells: int) -> Self:
        """The mark moved as far as it must to stand inside its cell: then no two circles touch."""
        moved = {}
        for axis, number, size in (("x", column, WIDTH / cells), ("y", row, HEIGHT / cells)):
            low, high = number * size + self.radius, (number + 1) * size - self.radius
            if low <= high:
                moved[axis] = round(min(max(getattr(self, axis), low), high), 1)
        return replace(self, **moved)

    @property
    def label_x(self) -> float:
        return self.x + 12 if self.side == "start" else self.x - 12


def labelled(marks: list[Mark]) -> list[Mark]:
    """The marks; the single ones with their names where these cover neither a mark nor another name."""
    taken = [(mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius) for mark in marks]
    told = []
    for mark in marks:
        label = mark.short if len(mark.short) <= LONGEST_LABEL else f"{mark.short[: LONGEST_LABEL - 1]}…"
        room = next((found for found in _rooms(mark, label) if not _covers(found[1], taken)), None)
        if mark.number == 1 and room is not None:
            taken.append(room[1])
            told.append(replace(mark, label=label, side=room[0]))
        else:
            told.append(mark)
    return told


Area = tuple[float, float, float, float]


def _rooms(mark: Mark, label: str) -> list[tuple[str, Area]]:
    """Where the name could stand: to the right, to the left; inside the page only."""
    width, top, bottom = LETTER * len(label), mark.y - LABEL_HEIGHT / 2, mark.y + LABEL_HEIGHT / 2
    rooms = [
        ("start", (mark.x + 10, top, mark.x + 14 + width, bottom)),
        ("end", (mark.x - 14 - width, top, mark.x - 10, bottom)),
    ]
    return [(side, area) for side, area in rooms if area[0] >= 0 and area[2] <= WIDTH]


def _covers(area: Area, taken: list[Area]) -> bool:
    left, top, right, bottom = area
    return any(left < other[2] and other[0] < right and top < other[3] and other[1] < bottom for other in taken)


def plain(number: float) -> str:
    """A number as short as it is exact to nine places."""
    return f"{round(number, 9) + 0.0:.9f}".rstrip("0").rstrip(".")


def _exact(side: float) -> Decimal:
    return Decimal(plain(side))
