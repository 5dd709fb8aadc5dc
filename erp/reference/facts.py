"""What must be true of the reference tables, row by row and between rows."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import available_timezones

from erp.reference.files import FILES, ReferenceFile, Tables, find_file
from erp.reference.tables import Row


class Fault(NamedTuple):
    """One broken fact. `row` is the line of the file, the header being line 1; 0 when the whole file is meant."""

    file: str
    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        return f"{find_file(self.file).relative_path} row {self.row}, column {self.column}: {self.sentence}."


Rule = Callable[[Tables], Iterator[Fault]]


def find_faults(tables: Tables) -> list[Fault]:
    """Every broken fact. Rules between rows run only when each value by itself is right."""
    faults = [fault for file in FILES for fault in _faults_of_values(file, tables)]
    return faults or [fault for rule in RULES for fault in rule(tables)]


def _numbered(tables: Tables, name: str) -> Iterator[tuple[int, Row]]:
    return enumerate(tables[name], start=2)


def _faults_of_values(file: ReferenceFile, tables: Tables) -> Iterator[Fault]:
    known = {
        column.refers_to: _values(tables, column.refers_to) for column in file.columns.values() if column.refers_to
    }
    for line, row in _numbered(tables, file.name):
        if tuple(row) != tuple(file.columns):
            yield Fault(file.name, line, "-", f"has columns {', '.join(row)} instead of {', '.join(file.columns)}")
            continue
        for name, column in file.columns.items():
            if sentence := column.fault(row[name], known=known):
                yield Fault(file.name, line, name, sentence)


def _values(tables: Tables, target: str) -> frozenset[str]:
    name, _, column = target.partition(".")
    return frozenset(row[column] for row in tables[name] if column in row)


def keys_are_unique(tables: Tables) -> Iterator[Fault]:
    """No two rows of a file share their natural key, whatever the case."""
    for file in FILES:
        seen: dict[tuple[str, ...], int] = {}
        for line, row in _numbered(tables, file.name):
            first = seen.setdefault(file.key_of(row), line)
            if first != line:
                yield Fault(file.name, line, "+".join(file.key), f"repeats the key of row {first}")


def names_are_unique(tables: Tables) -> Iterator[Fault]:
    """A name stands once where a clerk picks by name."""
    for file in FILES:
        if (file.domain == "locations" and file.name not in ("countries", "currencies")) or "name" not in file.columns:
            continue
        seen: Counter[tuple[str, str]] = Counter()
        for line, row in _numbered(tables, file.name):
            key = (row.get("commodity", ""), row["name"].casefold())
            seen[key] += 1
            if seen[key] > 1:
                yield Fault(file.name, line, "name", f"{row['name']!r} stands twice")


def other_codes_are_unique(tables: Tables) -> Iterator[Fault]:
    """Alternative codes point to one row: alpha3, numeric3, GST state code, Recommendation 20 code."""
    columns = (
        ("countries", "alpha3"),
        ("countries", "numeric3"),
        ("currencies", "numeric3"),
        ("subdivisions", "gst_state_code"),
        ("units", "un_ece_rec20"),
    )
    for name, column in columns:
        seen: set[str] = set()
        for line, row in _numbered(tables, name):
            if row[column] and row[column] in seen:
                yield Fault(name, line, column, f"{row[column]!r} stands twice")
            seen.add(row[column])


def each_dimension_has_one_base(tables: Tables) -> Iterator[Fault]:
    """One unit of each dimension is the base, and its factor is 1."""
    bases: Counter[str] = Counter()
    for line, row in _numbered(tables, "units"):
        if row["is_base"] == "1":
            bases[row["dimension"]] += 1
            if Decimal(row["factor_to_base"]) != 1:
                yield Fault("units", line, "factor_to_base", "a base unit has factor 1")
    for dimension in sorted({row["dimension"] for row in tables["units"]}):
        if bases[dimension] != 1:
            yield Fault("units", 0, "is_base", f"{dimension} has {bases[dimension]} base units instead of one")


def commodity_units_share_a_dimension(tables: Tables) -> Iterator[Fault]:
    """Base, trade and rate unit convert into each other; the base unit is the base of its dimension."""
    units = {row["code"]: row for row in tables["units"]}
    for line, row in _numbered(tables, "commodities"):
        base = units[row["base_unit"]]
        if base["is_base"] != "1":
            yield Fault("commodities", line, "base_unit", f"{row['base_unit']} is not the base of its dimension")
        for column in ("trade_unit", "rate_unit"):
            if units[row[column]]["dimension"] != base["dimension"]:
                yield Fault("commodities", line, column, f"{row[column]} is not a unit of {base['dimension']}")
        if row["price_quote_basis"] == "cents_per_lb" and row["rate_unit"] != "LBR":
            yield Fault("commodities", line, "rate_unit", "a price in cents a pound has rate unit LBR")
        if Decimal(row["min_order_qty"]) > Decimal(row["lot_size"]):
            yield Fault("commodities", line, "min_order_qty", "is larger than the lot")


def codes_stand_below_their_heading(tables: Tables) -> Iterator[Fault]:
    """A longer HS code has its shorter ones, and a tax code begins with its commodity's HS code."""
    headings = _values(tables, "hs_headings.code")
    for line, row in _numbered(tables, "hs_headings"):
        if len(row["code"]) > 2 and row["code"][:-2] not in headings:
            yield Fault("hs_headings", line, "code", f"{row['code']} stands without {row['code'][:-2]}")
    hs_codes = {row["code"]: row["hs_code"] for row in tables["commodities"]}
    for line, row in _numbered(tables, "tax_codes"):
        if row["code"][:6] != hs_codes[row["commodity"]]:
            yield Fault("tax_codes", line, "code", f"{row['code']} does not begin with {hs_codes[row['commodity']]}")


def tax_rates_do_not_overlap(tables: Tables) -> Iterator[Fault]:
    """At most one rate a day for a commodity, country, scheme and tax type; `valid_to` is the first day without it."""
    groups: defaultdict[tuple[str, ...], list[tuple[str, str, int]]] = defaultdict(list)
    for line, row in _numbered(tables, "tax_codes"):
        end = row["valid_to"] or "9999-12-31"
        if end <= row["valid_from"]:
            yield Fault("tax_codes", line, "valid_to", "is not after valid_from")
        key = (row["commodity"], row["country"], row["scheme"], row["tax_type"])
        groups[key].append((row["valid_from"], end, line))
    for spans in groups.values():
        for (_, end, first), (start, _, line) in pairwise(sorted(spans)):
            if start < end:
                yield Fault("tax_codes", line, "valid_from", f"overlaps the interval of row {first}")


def parameter_bounds_nest(tables: Tables) -> Iterator[Fault]:
    """min <= default, target <= max, all of them inside the hard bounds of the parameter."""
    parameters = {row["code"]: row for row in tables["quality_parameters"]}
    for line, row in _numbered(tables, "quality_parameters"):
        yield from _faults_of_order("quality_parameters", line, row, ("hard_min", "hard_max"))
        if (row["data_type"] == "choice") != bool(row["choices"]):
            yield Fault("quality_parameters", line, "choices", "choices belong to data_type choice and only there")
    for line, row in _numbered(tables, "commodity_parameters"):
        wide = {**row, **parameters[row["parameter"]]}
        for middle in ("default_value", "target"):
            chain = ("hard_min", "min_value", middle, "max_value", "hard_max")
            yield from _faults_of_order("commodity_parameters", line, wide, chain)
        if "1" in (row["discount_below"], row["discount_above"]) and not row["target"]:
            yield Fault("commodity_parameters", line, "target", "a discount is counted from a target")


def _faults_of_order(name: str, line: int, row: Row, chain: tuple[str, ...]) -> Iterator[Fault]:
    present = [column for column in chain if row[column]]
    for lower, upper in pairwise(present):
        if Decimal(row[lower]) > Decimal(row[upper]):
            yield Fault(name, line, lower, f"{lower} {row[lower]} is above {upper} {row[upper]}")


def delivery_terms_keep_incoterms(tables: Tables) -> Iterator[Fault]:
    """Incoterms 2020: FAS, FOB, CFR and CIF are for sea; CIP insures by clause A and CIF by clause C."""
    clauses = {"cip": "a", "cif": "c"}
    for line, row in _numbered(tables, "delivery_terms"):
        mode = "sea" if row["incoterm"] in {"fas", "fob", "cfr", "cif"} else "any"
        if row["transport_modes"] != mode:
            yield Fault("delivery_terms", line, "transport_modes", f"{row['incoterm']} is for {mode}")
        if row["insurance_clause"] != clauses.get(row["incoterm"], ""):
            yield Fault("delivery_terms", line, "insurance_clause", f"is wrong for {row['incoterm']}")


def places_stand_in_their_country(tables: Tables) -> Iterator[Fault]:
    """Code, subdivision and country agree; latitude and longitude come together; the time zone exists."""
    zones = available_timezones()
    for name, code in (("subdivisions", "iso_code"), ("places", "un_locode"), ("cities", "code")):
        for line, row in _numbered(tables, name):
            if row[code][:2] != row["country"]:
                yield Fault(name, line, code, f"{row[code]} does not begin with {row['country']}")
            if row.get("subdivision", "")[:2] not in ("", row["country"]):
                yield Fault(name, line, "subdivision", f"{row['subdivision']} is not in {row['country']}")
            if bool(row.get("latitude")) != bool(row.get("longitude")):
                yield Fault(name, line, "latitude", "latitude and longitude come together")
            if "timezone" in row and row["timezone"] not in zones:
                yield Fault(name, line, "timezone", f"{row['timezone']} is not an IANA time zone")


def indian_states_have_gst_codes(tables: Tables) -> Iterator[Fault]:
    """Every Indian state and union territory has a GST state code and a region; no other country has."""
    for line, row in _numbered(tables, "subdivisions"):
        for column in ("gst_state_code", "region"):
            if bool(row[column]) != (row["country"] == "IN"):
                yield Fault("subdivisions", line, column, "is for Indian states, and for all of them")


RULES: tuple[Rule, ...] = (
    keys_are_unique,
    names_are_unique,
    other_codes_are_unique,
    each_dimension_has_one_base,
    commodity_units_share_a_dimension,
    codes_stand_below_their_heading,
    tax_rates_do_not_overlap,
    parameter_bounds_nest,
    delivery_terms_keep_incoterms,
    places_stand_in_their_country,
    indian_states_have_gst_codes,
)
