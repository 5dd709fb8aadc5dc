"""Places of the two houses: offices, gins, warehouses, laboratories; three of them nobody has put on the map yet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from erp.demo.stage import Stage, change, chapter, create
from locations.models import Location

Kind = Location.Kind


SET_UP = -5


class Place(NamedTuple):
    """A place in or near a town of the shared list. `near` is its distance from the town's centre in 0.001 degrees."""

    code: str
    name: str
    kind: Kind
    town: str
    pin: str
    address: str
    near: tuple[int, int] | None


PLACES = {
    "mumbai": (
        Place("OFFICE", "Kapasvati registered office", Kind.OFFICE, "IN-MUMBAI", "400033", "Lint House, Sewri", (4, 9)),
        Place("BRANCH-RJK", "Rajkot branch", Kind.OFFICE, "IN-RAJKOT", "360003", "12 Bedipara Road", (-6, 3)),
        Place("BRANCH-AKL", "Akola branch", Kind.OFFICE, "IN-AKOLA", "444001", "Old Cotton Market", (2, -5)),
        Place("GDN-BHIWANDI-1", "Bhiwandi godown 1", Kind.WAREHOUSE, "IN-BHIWANDI", "421302", "Gala 14-22", (12, 7)),
        Place("GDN-BHIWANDI-2", "Bhiwandi godown 2", Kind.WAREHOUSE, "IN-BHIWANDI", "421302", "Gala 31-36", (13, 7)),
        Place("GDN-KADI", "Kadi godown", Kind.WAREHOUSE, "IN-KADI", "382715", "Survey 88, Chhatral Road", (-9, 14)),
        Place("GDN-AKOLA", "Akola godown", Kind.WAREHOUSE, "IN-AKOLA", "444004", "MIDC Phase 2, plot 7", (11, -8)),
        Place("GDN-ADILABAD", "Adilabad godown", Kind.WAREHOUSE, "IN-ADILABAD", "504001", "Market Yard Road", None),
        Place("GIN-GONDAL", "Gondal job gin", Kind.GINNING_FACTORY, "IN-GONDAL", "360311", "Jetpur Highway", (17, -4)),
        Place("GIN-KHARGONE", "Khargone job gin", Kind.GINNING_FACTORY, "IN-KHARGONE", "451001", "Julwania Road", None),
        Place("LAB-MUM", "Sewri sampling room", Kind.LAB, "IN-MUMBAI", "400015", "Lint House, 3rd floor", (4, 9)),
        Place("FPO-WANKANER", "Wankaner growers", Kind.FARM_CLUSTER, "IN-WANKANER", "363621", "14 villages", (40, 22)),
        Place("GDN-MUNDRA", "Mundra transit godown", Kind.WAREHOUSE, "IN-MUNDRA", "370421", "Port Road", (9, -11)),
        Place("GDN-WARDHA", "Wardha transit shed", Kind.WAREHOUSE, "IN-WARDHA", "442001", "Station Road", (3, 3)),
    ),
    "coimbatore": (
        Place(
            "OFFICE", "Noyyalvel registered office", Kind.OFFICE, "IN-COIMBATORE", "641018", "27 Avinashi Road", (6, 11)
        ),
        Place("BRANCH-GNT", "Guntur branch", Kind.OFFICE, "IN-GUNTUR", "522003", "Chilli Yard Road", (5, -2)),
        Place("GDN-TIRUPPUR", "Tiruppur godown", Kind.WAREHOUSE, "IN-TIRUPPUR", "641604", "Kangeyam Road", (8, 15)),
        Place("GDN-SULUR", "Sulur godown", Kind.WAREHOUSE, "IN-COIMBATORE", "641402", "Trichy Road", (21, 118)),
        Place(
            "GDN-TUTICORIN", "Tuticorin godown", Kind.WAREHOUSE, "IN-THOOTHUKUDI", "628004", "Harbour Road", (-4, 19)
        ),
        Place("GIN-RAICHUR", "Raichur job gin", Kind.GINNING_FACTORY, "IN-RAICHUR", "584101", "Lingsugur Road", None),
        Place(
            "MILL-DINDIGUL", "Dindigul job mill", Kind.SPINNING_MILL, "IN-DINDIGUL", "624001", "Batlagundu Road", (9, 9)
        ),
        Place("LAB-CBE", "Peelamedu fibre lab", Kind.LAB, "IN-COIMBATORE", "641004", "Mill Road", (14, 31)),
        Place("GDN-SALEM", "Salem shed", Kind.WAREHOUSE, "IN-SALEM", "636001", "Junction Road", (2, 2)),
    ),
}


# Rented in the last days, for the season.
RENTED = {
    "mumbai": (
        (20, Place("GDN-KADI-2", "Kadi godown 2", Kind.WAREHOUSE, "IN-KADI", "382715", "Survey 91", (-9, 16))),
        (22, Place("GDN-GONDAL", "Gondal yard", Kind.WAREHOUSE, "IN-GONDAL", "360311", "Jetpur Highway", (16, -5))),
    ),
    "coimbatore": (
        (
            22,
            Place("GDN-SULUR-2", "Sulur godown 2", Kind.WAREHOUSE, "IN-COIMBATORE", "641402", "Trichy Road", (21, 119)),
        ),
    ),
}


@chapter
def tell(stage: Stage) -> None:
    """Places are entered in the first days, one by one, then corrected."""
    for town, places in PLACES.items():
        for number, place in enumerate(places):
            day, by = SET_UP + number // 4, f"{'orgadmin' if number == 0 else 'commodity'}.{town}"
            clock = f"{12 + number % 4}:{10 + number}"
            stage.plan(day, clock, by, "Own places from the insurance policy", enter, stage, town, place)
        for day, place in RENTED[town]:
            by, reason = f"commodity.{town}", "Rented for the season's arrivals"
            stage.plan(day, "11:26", by, reason, enter, stage, town, place)
    plan_mumbai(stage)
    plan_coimbatore(stage)


def plan_mumbai(stage: Stage) -> None:
    """Corrections, a place that moved, one that was entered twice."""
    town, by = "mumbai", "commodity.mumbai"
    verified = Location.Status.VERIFIED
    stage.plan(
        4, "10:22", by, "Corrected pin code after returned post", alter, stage, town, "GDN-AKOLA", postal_code="444104"
    )
    for day, code in ((5, "GDN-KADI"), (6, "GDN-BHIWANDI-1"), (6, "GDN-BHIWANDI-2"), (9, "GIN-GONDAL")):
        stage.plan(day, "15:40", by, "Visited by the warehouse inspector", alter, stage, town, code, status=verified)
    stage.plan(8, "11:18", by, "Gate moved to the service road", alter, stage, town, "GDN-KADI", address_line2="Gate 2")
    stage.plan(
        12,
        "16:44",
        by,
        "Position measured at the gate",
        alter,
        stage,
        town,
        "GDN-MUNDRA",
        latitude=Decimal("22.851200"),
        longitude=Decimal("69.711900"),
        geocode_source=Location.GeocodeSource.MANUAL,
    )
    stage.plan(
        14, "12:05", by, "Signboard reads so", alter, stage, town, "GDN-WARDHA", name="Wardha transit shed (railway)"
    )
    stage.plan(
        17, "13:28", by, "Rented from the railway, lease ended", alter, stage, town, "GDN-WARDHA", is_active=False
    )
    stage.plan(19, "10:31", by, "Lease over, shed handed back; never used for stock", remove, stage, town, "GDN-WARDHA")
    stage.plan(
        21, "17:02", by, "Fire licence not renewed", alter, stage, town, "GDN-BHIWANDI-2", status=Location.Status.CLOSED
    )


def plan_coimbatore(stage: Stage) -> None:
    """The same at the other house, a little less."""
    town, by = "coimbatore", "commodity.coimbatore"
    verified = Location.Status.VERIFIED
    for day, code in ((4, "GDN-TIRUPPUR"), (5, "LAB-CBE"), (11, "GDN-TUTICORIN")):
        stage.plan(day, "15:12", by, "Seen by the branch manager", alter, stage, town, code, status=verified)
    stage.plan(
        9, "12:26", by, "Pin code as on the electricity bill", alter, stage, town, "GDN-SALEM", postal_code="636003"
    )
    stage.plan(
        13, "11:48", by, "Local name, so that search finds it", alter, stage, town, "LAB-CBE", aliases="Mill Road lab"
    )
    stage.plan(18, "16:15", by, "Entered twice: the shed is part of the Erode lease", remove, stage, town, "GDN-SALEM")


def enter(stage: Stage, town: str, place: Place) -> None:
    """A place of a house, inside a shared town and with the town's state and time zone."""
    around: Location = stage.row("locations.Location", code=place.town, organization=None)
    create(
        Location,
        organization=stage.cast[town],
        code=place.code,
        name=place.name,
        kind=place.kind,
        parent=around,
        country=around.country,
        subdivision=around.subdivision,
        city=around.name,
        postal_code=place.pin,
        address_line1=place.address,
        timezone=around.timezone,
        **position(around, place.near),
    )


def position(around: Location, near: tuple[int, int] | None) -> dict[str, Any]:
    """Coordinates so far from a town's centre; none where nobody knows them."""
    if near is None or around.latitude is None or around.longitude is None:
        return {}
    north, east = (Decimal(step) / 1000 for step in near)
    return {
        "latitude": around.latitude + north,
        "longitude": around.longitude + east,
        "geocode_source": Location.GeocodeSource.MANUAL,
    }


def find(stage: Stage, town: str, code: str) -> Location:
    """A place of a house by its code."""
    return Location.objects.get(organization=stage.cast[town], code=code)


def alter(stage: Stage, town: str, code: str, **values: Any) -> None:
    change(find(stage, town, code), **values)


def remove(stage: Stage, town: str, code: str) -> None:
    find(stage, town, code).delete()
