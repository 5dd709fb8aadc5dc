"""Outlines of the countries: decoded whole, split at the antimeridian, and true about well-known places."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest

from erp.reference import build, outline


def area_km2(rings):
    """Area of a country by the flat rings; near enough for a check of size."""
    found = 0.0
    for ring in rings:
        part = sum(
            math.radians(x2 - x1) * (2 + math.sin(math.radians(y1)) + math.sin(math.radians(y2)))
            for (x1, y1), (x2, y2) in pairwise(ring)
        )
        found += part * 6371.0**2 / 2
    return abs(found)


def test_rings_are_closed_within_the_world_and_never_jump_across_it():
    for country, rings in outline.outlines().items():
        for ring in rings:
            assert ring[0] == ring[-1], country
            assert len(ring) > 3, country
            assert all(abs(x) <= 180 and abs(y) <= 90 for x, y in ring), country
            jumps = [(here, there) for here, there in pairwise(ring) if abs(here[0] - there[0]) > 180]
            # Antarctica is closed along the lower edge of the map, where nobody sees it.
            assert all(here[1] == there[1] == -90 for here, there in jumps), country


@pytest.mark.parametrize(
    ("country", "km2"),
    [("IN", 3.2e6), ("US", 9.5e6), ("RU", 17e6), ("ZA", 1.22e6), ("FJ", 18e3), ("Antarctica", 12.3e6)],
)
def test_countries_have_about_their_size(country, km2):
    assert area_km2(outline.outlines()[country]) == pytest.approx(km2, rel=0.12)


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "country"),
    [
        ("Mumbai", 72.9, 19.1, "IN"),
        ("Memphis", -90.05, 35.15, "US"),
        ("Chukotka, beyond the antimeridian", -175.0, 66.5, "RU"),
        ("Chukotka, before it", 175.0, 67.0, "RU"),
        ("Taveuni, Fiji, beyond it", -179.9, -16.3, "FJ"),
        ("Vanua Levu, Fiji", 179.0, -16.6, "FJ"),
        ("Maseru, a hole in South Africa", 28.2, -29.5, "LS"),
        ("South Pole", 0.0, -89.9, "Antarctica"),
        ("Middle of the Atlantic", -40.0, 10.0, None),
        ("Bay of Bengal", 88.0, 15.0, None),
    ],
)
def test_place_lies_in_its_country(place, longitude, latitude, country):
    assert outline.country_at(longitude, latitude) == country


def test_land_is_all_countries_and_no_line_between_them():
    everywhere = sum(area_km2(rings) for rings in outline.outlines().values())
    assert area_km2(outline.land()) == pytest.approx(everywhere, rel=0.001)
    edges = [frozenset(edge) for ring in outline.land() for edge in pairwise(ring)]
    along_meridians = {edge for edge in edges if {abs(x) for x, _ in edge} == {180.0}}
    assert not {edge for edge, times in Counter(edges).items() if times > 1} - along_meridians
    pamir = [ring for ring in outline.outlines()["IN"] if any(34 < y < 36 and 76 < x < 79 for x, y in ring)]
    assert pamir, "the countries have such a line"
    assert not any(34 < y < 36 and 76 < x < 79 for ring in outline.land() for x, y in ring)


def test_distance_is_that_to_the_nearest_coast():
    assert outline.distance_km(72.9, 19.1, "IN") == 0
    assert 5 < outline.distance_km(72.8, 18.9, "IN") < 30
    assert outline.distance_km(-179.9, 60.0, "RU") == pytest.approx(260, abs=30)  # Cape Navarin, the short way around
    with pytest.raises(KeyError):
        outline.distance_km(103.8, 1.3, "SG")


def test_picture_is_the_committed_one_and_small():
    drawn = outline.picture()
    assert outline.PICTURE.read_text(encoding="utf-8") == drawn
    assert len(drawn) < 50_000
    assert build.outline_complaints() == []


def test_check_names_an_altered_picture_and_altered_outlines(tmp_path, monkeypatch):
    altered = tmp_path / "world.svg"
    altered.write_text(outline.picture().replace("M", "m", 1), encoding="utf-8")
    monkeypatch.setattr(outline, "PICTURE", altered)
    monkeypatch.setattr(build, "read_outline", dict)
    assert build.outline_complaints() == [
        "countries-110m.json is not as the manifest says; run the build.",
        "world.svg is not drawn from countries-110m.json; run the build.",
    ]
