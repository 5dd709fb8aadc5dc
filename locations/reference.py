"""The reference files of this domain and how their columns become fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.models import Q

from erp.reference.load import Source, register
from erp.reference.tables import Row
from locations.models import Country, Currency, Location, Subdivision

DATA = Path(__file__).parent / "data"


def register_files() -> None:
    """Called once, when the app is ready."""
    register(
        Source(name="currencies", path=DATA / "currencies.csv", model=Currency, key=("alpha3",)),
        Source(
            name="countries",
            path=DATA / "countries.csv",
            model=Country,
            key=("alpha2",),
            adapt=_region_in_lower_case,
            # The file knows no sanctions: a compliance officer sets them, and a load must not lift them.
            initial=("is_sanctioned",),
        ),
        Source(
            name="subdivisions",
            path=DATA / "subdivisions.csv",
            model=Subdivision,
            key=("iso_code",),
            adapt=_region_in_lower_case,
        ),
        Source(
            name="places",
            path=DATA / "places.csv",
            model=Location,
            key=("code",),
            adapt=_place,
            initial=("status",),
            owns=Q(un_locode__isnull=False),
        ),
        Source(
            name="cities",
            path=DATA / "cities.csv",
            model=Location,
            key=("code",),
            adapt=_city,
            initial=("status",),
            owns=Q(un_locode__isnull=True),
        ),
    )


def _region_in_lower_case(row: Row) -> dict[str, Any]:
    return {**row, "region": row["region"].lower()}


def _place(row: Row) -> dict[str, Any]:
    return {**_city(row), "code": row["un_locode"]}


def _city(row: Row) -> dict[str, Any]:
    source = row.pop("source")
    return {**row, "geocode_source": _geocode_source(source) if row["latitude"] else "", "status": "verified"}


def _geocode_source(source: str) -> Location.GeocodeSource:
    if "by hand" in source:
        return Location.GeocodeSource.MANUAL
    return Location.GeocodeSource.GEONAMES if "GeoNames" in source else Location.GeocodeSource.UN_LOCODE
