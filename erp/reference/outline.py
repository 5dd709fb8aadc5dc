"""Outlines of the world's countries: the map of the desk, and whether a position lies on land.

The source is Natural Earth at 1:110 million as the npm package world-atlas ships it (TopoJSON, public domain), committed as
it was published. Coasts and borders in it are tens of kilometres off, and small countries and islands are missing:
good enough for a picture and for finding swapped coordinates, not for drawing a border.

Positions are (longitude, latitude) in degrees, east and north positive.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from erp.reference.files import Origin, find_file
from erp.reference.tables import ROOT, Table, read_table

Point = tuple[float, float]
Ring = tuple[Point, ...]

SOURCE = Path(__file__).with_name("data") / "countries-110m.json"
PICTURE = ROOT / "erp/admin/static/desk/world.svg"
ORIGIN = Origin(
    source="Natural Earth 1:110m, Admin 0 countries, by way of the npm package world-atlas",
    licence="Public domain; packaging ISC",
    attribution="Natural Earth, naturalearthdata.com",
    edition="world-atlas 2.0.2",
    note="countries-110m.json as published; coasts and borders are tens of kilometres off, small islands are missing.",
)
UNITS = 10  # of the picture, to a degree
GRID = 15  # degrees between the lines of the graticule
KM_OF_DEGREE = 111.2


@cache
def outlines() -> dict[str, tuple[Ring, ...]]:
    """Country → its rings, closed, within -180 to 180. Keys are ISO codes, or names where ISO has none (Kosovo).

    Holes are rings too: a point is inside when an odd number of rings holds it.
    """
    codes = {row["numeric3"]: row["alpha2"] for row in _countries()}
    countries = _shapes("countries")
    return {
        codes.get(country.get("id", ""), country["properties"]["name"]): _rings(country, _arcs())
        for country in countries
    }


def land() -> tuple[Ring, ...]:
    """The rings of all land, without the lines between countries."""
    return tuple(ring for shape in _shapes("land") for ring in _rings(shape, _arcs()))


@cache
def _topology() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
    return found


def _shapes(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _topology()["objects"][name]["geometries"]
    return found


@cache
def _arcs() -> list[list[Point]]:
    return [list(_positions(arc, _topology()["transform"])) for arc in _topology()["arcs"]]


def _rings(shape: dict[str, Any], arcs: Sequence[list[Point]]) -> tuple[Ring, ...]:
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    rings = (_joined(ring, arcs) for polygon in polygons for ring in polygon)
    return tuple(part for ring in rings for part in _split(ring))


@cache
def _countries() -> Table:
    return read_table(find_file("countries").path)


@cache
def names() -> dict[str, str]:
    """ISO code → name, of every country, whether the map draws it or not."""
    return {row["alpha2"]: row["name"] for row in _countries()}


def _positions(arc: Sequence[Sequence[int]], transform: dict[str, list[float]]) -> Iterator[Point]:
    """An arc stands in the file as whole steps from point to point."""
    (wide, high), (west, south) = transform["scale"], transform["translate"]
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        yield round(x * wide + west, 3), round(y * high + south, 3)


def _joined(numbers: Sequence[int], arcs: Sequence[list[Point]]) -> list[Point]:
    """The ring that these arcs make; a negative number is an arc run backwards."""
    ring: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def _split(ring: list[Point]) -> Iterator[Ring]:
    """A ring that crosses the antimeridian as one ring on each side of it, so that no line runs across the map."""
    if not any(abs(here[0] - there[0]) > 180 for here, there in itertools.pairwise(ring)):
        yield tuple(ring)
        return
    straight = _unrolled(ring)
    if abs(straight[0][0] - straight[-1][0]) > 180:
        yield tuple(_around_the_pole(ring))
        return
    for turn in (-360, 0, 360):
        part = _cut([(x + turn, y) for x, y in straight], at=-180.0, keep_above=True)
        part = _cut(part, at=180.0, keep_above=False)
        if len(part) > 3:
            yield tuple(part)


def _unrolled(ring: list[Point]) -> list[Point]:
    """The ring with longitudes that go on beyond 180 instead of jumping."""
    straight = [ring[0]]
    for x, y in ring[1:]:
        turns = round((straight[-1][0] - x) / 360)
        straight.append((x + 360 * turns, y))
    return straight


def _around_the_pole(ring: list[Point]) -> Iterator[Point]:
    """Antarctica: its ring goes around the globe; the map's lower edge closes it."""
    for here, there in itertools.pairwise(ring):
        yield here
        if abs(here[0] - there[0]) > 180:
            yield here[0], -90.0
            yield there[0], -90.0
    yield ring[-1]


def _cut(ring: list[Point], *, at: float, keep_above: bool) -> list[Point]:
    """What of a closed ring lies on one side of a meridian, closed again along it."""
    kept: list[Point] = []
    for (x, y), (next_x, next_y) in itertools.pairwise(ring):
        inside, next_inside = (x >= at, next_x >= at) if keep_above else (x <= at, next_x <= at)
        if inside:
            kept.append((x, y))
        if inside != next_inside:
            kept.append((at, round(y + (next_y - y) * (at - x) / (next_x - x), 3)))
    return [*kept, kept[0]] if kept else []


def country_at(longitude: float, latitude: float) -> str | None:
    """The country that a position lies in (a key of `outlines`); None: at sea."""
    for code, rings in outlines().items():
        if sum(_holds(ring, longitude, latitude) for ring in rings) % 2:
            return code
    return None


def _holds(ring: Ring, x: float, y: float) -> bool:
    """Whether a ring runs around a point: a ray to the east crosses it an odd number of times."""
    odd = False
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


def distance_km(longitude: float, latitude: float, country: str) -> float:
    """How far a position is from the outline of a country; 0 inside. Flat, so only short distances are good.

    Raises: KeyError: the map draws no such country.
    """
    rings = outlines()[country]
    if sum(_holds(ring, longitude, latitude) for ring in rings) % 2:
        return 0.0
    narrow = math.cos(math.radians(latitude))
    edges = ((here, there) for ring in rings for here, there in itertools.pairwise(ring))
    return KM_OF_DEGREE * min(_degrees_to(edge, (longitude, latitude), narrow) for edge in edges)


def _degrees_to(edge: tuple[Point, Point], point: Point, narrow: float) -> float:
    """From a point to the nearest point of an edge, in degrees of latitude; `narrow` is what a degree east has of one."""
    (x1, y1), (x2, y2) = ((_near(x - point[0]) * narrow, y - point[1]) for x, y in edge)
    wide, high = x2 - x1, y2 - y1
    length = wide * wide + high * high
    along = max(0.0, min(1.0, -(x1 * wide + y1 * high) / length)) if length else 0.0
    return math.hypot(x1 + along * wide, y1 + along * high)


def _near(degrees: float) -> float:
    """A difference of longitudes the short way around."""
    return (degrees + 180) % 360 - 180


def picture() -> str:
    """The map as SVG, equirectangular: `#land` and `#graticule`, ten units to a degree, 0 0 at the null island, y down.

    No borders: where they run is disputed, and some countries forbid to show them otherwise than they do.
    """
    coasts = "".join(map(_path, land()))
    meridians = "".join(f"M{x * UNITS}-900v1800" for x in range(-180, 181, GRID))
    parallels = "".join(f"M-1800 {y * UNITS}h3600" for y in range(-90, 91, GRID))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1800 -900 3600 1800">'
        f"<!-- {ORIGIN.attribution}: {ORIGIN.licence.partition(';')[0].lower()} -->\n"
        f'<path id="graticule" fill="none" vector-effect="non-scaling-stroke" d="{meridians}{parallels}"/>\n'
        f'<path id="land" fill-rule="evenodd" vector-effect="non-scaling-stroke" d="{coasts}"/>\n'
        "</svg>\n"
    )


def _path(ring: Ring) -> str:
    """A ring as steps in whole units; points that fall together stand once."""
    whole = [(round(x * UNITS), round(-y * UNITS)) for x, y in ring]
    told, (x, y) = [f"M{whole[0][0]} {whole[0][1]}l"], whole[0]
    for next_x, next_y in whole[1:-1]:
        if (next_x, next_y) != (x, y):
            told.append(f"{_signed(next_x - x, first=len(told) == 1)}{_signed(next_y - y)}")
            x, y = next_x, next_y
    return f"{''.join(told)}z" if len(told) > 2 else ""


def _signed(number: int, *, first: bool = False) -> str:
    """A minus parts numbers as well as a space does."""
    return str(number) if number < 0 or first else f" {number}"
