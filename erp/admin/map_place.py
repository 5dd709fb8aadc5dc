"""Does a place lie where its country is? Told from outlines that are coarse: a port lies near a coast, not on it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from erp.admin.map_box import WHOLE, Box
from erp.reference import outline

# How far beside its country, as the map draws it, a right position may lie.
NEAR_KM = 100
AROUND = WHOLE / 16
COARSE = "The map is coarse: coasts and borders are tens of kilometres off, small islands are missing."


@dataclass(frozen=True)
class Place:
    """A position on a small map, and what there is to say of it. Without `box` there is none."""

    words: str
    doubtful: bool = False
    box: Box | None = None
    x: float = 0
    y: float = 0
    note: str = COARSE

    @classmethod
    def of(cls, latitude: Any, longitude: Any, *, country: str = "") -> Self:
        """The place at these degrees. country: ISO code of where it should be, "" if nobody said."""
        if latitude is None and longitude is None:
            return cls("No coordinates: the place is missing on the map.", note="")
        try:
            north, east = float(latitude), float(longitude)
        except (TypeError, ValueError):
            return cls("Latitude and longitude only make a place together.", note="")
        if not (abs(north) <= 90 and abs(east) <= 180):
            return cls("There is no such place: latitude is -90 to 90, longitude -180 to 180.", doubtful=True, note="")
        box = Box.around(east, north, AROUND)
        x, y = box.place(north, east)
        words, doubtful = _told(north, east, country)
        return cls(words, doubtful, box, x, y)


def place_of(latitude: str, longitude: str, country: str) -> Place:
    """The place of coordinates as somebody types them."""
    return Place.of(_degrees(latitude), _degrees(longitude), country=country)


def _degrees(text: str) -> Any:
    """The number; None for nothing, the text itself for what is no number."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return text.strip()[:20] or None
    return number if number.is_finite() else text[:20]


def _told(north: float, east: float, country: str) -> tuple[str, bool]:
    """What the map says of a position, and whether somebody should look at it again."""
    found = outline.country_at(east, north)
    where = f"On land, in {_name(found)}" if found else "At sea"
    if country not in outline.outlines():
        missing = f": {_name(country)} is too small for this map" if country in outline.names() else ""
        return f"{where}{missing}.", False
    if found == country:
        return f"{where}.", False
    away = outline.distance_km(east, north, country)
    if away <= NEAR_KM:
        return f"{where}, {_edge(found)} of {_name(country)}.", False
    if abs(east) <= 90 and outline.distance_km(north, east, country) <= NEAR_KM:
        return (
            f"{where}, not in {_name(country)}; with latitude and longitude swapped it would be: are they swapped?",
            True,
        )
    return f"{where}, about {_rounded(away)} km from {_name(country)}: check the coordinates and the country.", True


def _edge(found: str | None) -> str:
    return "near the border" if found else "near the coast"


def _name(country: str | None) -> str:
    return outline.names().get(country or "", country or "")


def _rounded(distance: float) -> str:
    """Two digits are as exact as the map is."""
    return f"{int(float(f'{distance:.1e}')):,}"
