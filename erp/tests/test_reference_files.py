"""The shipped reference files: what they say, and that a changed file does not pass unseen. No database."""

import json
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from erp.reference import build
from erp.reference.facts import find_faults
from erp.reference.files import FILES, find_file
from erp.reference.tables import ROOT, Row, Table, read_manifest, read_table, render

Tables = dict[str, Table]


@pytest.fixture
def tables() -> Tables:
    """A copy of every shipped table that a test may spoil."""
    return {file.name: read_table(file.path) for file in FILES}


def find_row(table: Table, **values: str) -> Row:
    """The only row that holds these values."""
    (row,) = [row for row in table if all(row[column] == value for column, value in values.items())]
    return row


# What the files say


def test_files_are_those_of_the_manifest_and_every_fact_holds() -> None:
    assert build.content_complaints() == []
    assert build.checksum_complaints() == []


def test_manifest_names_source_version_licence_and_attribution_of_every_file() -> None:
    entries = read_manifest()
    assert [entry["path"] for entry in entries] == sorted(file.relative_path for file in FILES)
    for entry in entries:
        assert all(entry[field] for field in ("source", "source_version", "licence", "attribution")), entry["path"]
        assert entry["rows"] == len(read_table(ROOT / str(entry["path"])))
    places = next(entry for entry in entries if entry["path"] == "locations/data/places.csv")
    assert "UNECE" in str(places["attribution"])
    assert "CC BY 4.0" in str(places["attribution"])


def test_files_are_utf8_with_lf_in_canonical_form_and_below_two_megabytes() -> None:
    for file in FILES:
        content = file.path.read_bytes()
        assert b"\r" not in content, file.name
        assert content == render(read_table(file.path), columns=tuple(file.columns)), file.name
    assert sum(file.path.stat().st_size for file in FILES) < 2_000_000


@pytest.mark.parametrize("name", sorted(build.MAKERS))
def test_generated_files_are_sorted_by_their_key(name: str) -> None:
    file = find_file(name)
    keys = [file.key_of(row) for row in read_table(file.path)]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("code", "dimension", "factor", "is_exact"),
    [
        ("LBR", "mass", "0.45359237", "1"),
        ("CANDY", "mass", "355.61641808", "1"),
        ("MAUND", "mass", "37.3242", "0"),
        ("QTL", "mass", "100", "1"),
        ("TNE", "mass", "1000", "1"),
        ("STN", "mass", "907.18474", "1"),
        ("LTN", "mass", "1016.0469088", "1"),
        ("ONZ", "mass", "0.028349523125", "1"),
        ("GLL", "volume", "3.785411784", "1"),
        ("YRD", "length", "0.9144", "1"),
        ("HAR", "area", "10000", "1"),
        ("BALE", "count", "1", "1"),
    ],
)
def test_unit_has_this_factor(tables: Tables, code: str, dimension: str, factor: str, is_exact: str) -> None:
    row = find_row(tables["units"], code=code)
    assert (row["dimension"], row["factor_to_base"], row["is_exact"]) == (dimension, factor, is_exact)


def test_pound_multiples_follow_from_the_pound(tables: Tables) -> None:
    factors = {row["code"]: Decimal(row["factor_to_base"]) for row in tables["units"]}
    pounds = {"CANDY": 784, "STN": 2000, "LTN": 2240, "CWA": 100, "CWI": 112}
    assert {code: factors[code] for code in pounds} == {code: count * factors["LBR"] for code, count in pounds.items()}
    assert factors["ONZ"] * 16 == factors["LBR"]


def test_base_units_are_kilogram_metre_litre_piece_and_square_metre(tables: Tables) -> None:
    bases = {row["dimension"]: row["code"] for row in tables["units"] if row["is_base"] == "1"}
    assert bases == {"mass": "KGM", "length": "MTR", "volume": "LTR", "count": "PCE", "area": "MTK"}


@pytest.mark.parametrize(
    ("code", "digits"),
    [("JPY", "0"), ("INR", "2"), ("USD", "2"), ("KWD", "3"), ("BHD", "3"), ("OMR", "3"), ("IQD", "3"), ("MMK", "2")],
)
def test_currency_has_the_minor_units_of_iso_4217(tables: Tables, code: str, digits: str) -> None:
    assert find_row(tables["currencies"], alpha3=code)["minor_units"] == digits


def test_currencies_are_money_only(tables: Tables) -> None:
    codes = {row["alpha3"] for row in tables["currencies"]}
    assert codes.isdisjoint({"XAU", "XXX", "XTS", "CHE", "UYI", "XDR"})
    assert {"EUR", "CNY", "XOF", "XAF"} <= codes


def test_india_is_described_as_its_clerks_know_it(tables: Tables) -> None:
    assert find_row(tables["countries"], alpha2="IN") == {
        "alpha2": "IN",
        "alpha3": "IND",
        "numeric3": "356",
        "name": "India",
        "currency": "INR",
        "calling_code": "91",
        "postal_regex": r"^[1-9]\d{5}$",
        "is_sanctioned": "0",
        "region": "Asia",
    }


def test_every_open_gst_state_code_stands_once(tables: Tables) -> None:
    codes = sorted(row["gst_state_code"] for row in tables["subdivisions"] if row["gst_state_code"])
    assert codes == [f"{code:02}" for code in range(1, 39) if code not in (25, 28)]


@pytest.mark.parametrize(
    ("iso_code", "gst_state_code", "region"),
    [
        ("IN-GJ", "24", "WEST"),
        ("IN-MH", "27", "WEST"),
        ("IN-LA", "38", "NORTH"),
        ("IN-TS", "36", "SOUTH"),
        ("IN-AP", "37", "SOUTH"),
        ("IN-DH", "26", "WEST"),
        ("IN-UK", "05", "NORTH"),
        ("IN-OD", "21", "EAST"),
        ("IN-CG", "22", "CENTRAL"),
        ("IN-AS", "18", "NORTHEAST"),
    ],
)
def test_indian_state_has_its_gst_code_and_region(
    tables: Tables, iso_code: str, gst_state_code: str, region: str
) -> None:
    row = find_row(tables["subdivisions"], iso_code=iso_code)
    assert (row["gst_state_code"], row["region"]) == (gst_state_code, region)


@pytest.mark.parametrize(
    ("un_locode", "subdivision", "kind", "latitude", "longitude"),
    [
        ("INNSA", "IN-MH", "seaport", "18.949000", "72.951000"),
        ("INMUN", "IN-GJ", "seaport", "22.739000", "69.701000"),
        ("INTUT", "IN-TN", "seaport", "8.783333", "78.133333"),
        ("INHYD", "IN-TS", "icd_cfs", "17.384050", "78.456360"),
        ("CNYTN", "CN-GD", "seaport", "22.575000", "114.265000"),
        ("BDCGP", "BD-10", "seaport", "22.333333", "91.833333"),
    ],
)
def test_port_stands_where_it_is(
    tables: Tables, un_locode: str, subdivision: str, kind: str, latitude: str, longitude: str
) -> None:
    row = find_row(tables["places"], un_locode=un_locode)
    assert (row["subdivision"], row["kind"]) == (subdivision, kind)
    assert (row["latitude"], row["longitude"]) == (latitude, longitude)


def test_places_are_a_few_thousand_of_every_kind_and_indian_ones_inside_india(tables: Tables) -> None:
    kinds = Counter(row["kind"] for row in tables["places"])
    assert set(kinds) == {"seaport", "icd_cfs", "airport", "rail_head", "border"}
    assert 3000 <= kinds.total() <= 6000
    for row in tables["places"]:
        if row["country"] == "IN" and row["latitude"]:
            assert Decimal(6) <= Decimal(row["latitude"]) <= Decimal(37), row
            assert Decimal(68) <= Decimal(row["longitude"]) <= Decimal(98), row


@pytest.mark.parametrize(
    ("code", "subdivision", "kind"),
    [
        ("IN-RAJKOT", "IN-GJ", "market_yard"),
        ("IN-ADILABAD", "IN-TS", "market_yard"),
        ("IN-SRI-GANGANAGAR", "IN-RJ", "market_yard"),
        ("IN-COIMBATORE", "IN-TN", "city"),
        ("IN-MUMBAI", "IN-MH", "city"),
        ("US-MEMPHIS", "US-TN", "city"),
    ],
)
def test_cotton_town_is_there(tables: Tables, code: str, subdivision: str, kind: str) -> None:
    row = find_row(tables["cities"], code=code)
    assert (row["subdivision"], row["kind"]) == (subdivision, kind)


def test_indian_staples_carry_their_own_hsn_code_at_five_per_cent(tables: Tables) -> None:
    rows = [row for row in tables["tax_codes"] if row["tax_type"] == "gst" and row["code"].startswith("5201001")]
    assert {row["commodity"]: row["code"] for row in rows} == {
        "COTTON_DESHI": "52010011",
        "COTTON_SHORT": "52010012",
        "COTTON_MEDIUM": "52010013",
        "COTTON_MEDIUM_LONG": "52010014",
        "COTTON_LONG": "52010015",
        "COTTON_ELS": "52010019",
    }
    assert {(row["rate"], row["valid_from"], row["valid_to"]) for row in rows} == {("5.000", "2017-07-01", "")}


def test_bale_weighs_what_its_origin_presses(tables: Tables) -> None:
    weights = {
        row["code"]: row["net_weight_kg"] for row in tables["packaging_units"] if row["commodity"] == "COTTON_LINT"
    }
    assert weights["BALE_IN"] == "170"
    assert weights["BALE_US"] == weights["BALE_STAT"] == "217.724338"


# What the checks refuse


@pytest.mark.parametrize(
    ("name", "row", "column", "value", "sentence"),
    [
        ("commodities", 0, "category", "NOWHERE", "'NOWHERE' is not in categories.code"),
        ("commodities", 0, "trade_unit", "FURLONG", "'FURLONG' is not in units.code"),
        ("commodities", 0, "trade_unit", "MTR", "MTR is not a unit of mass"),
        ("commodities", 0, "base_unit", "TNE", "TNE is not the base of its dimension"),
        ("commodities", 0, "hs_code", "99", "does not look like"),
        ("commodities", 0, "weight_tolerance_pct", "101", "is not between 0 and 100"),
        ("commodity_parameters", 0, "parameter", "MICRO", "'MICRO' is not in quality_parameters.code"),
        ("commodity_parameters", 0, "max_value", "99", "max_value 99 is above hard_max 60"),
        ("commodity_parameters", 0, "target", "", "a discount is counted from a target"),
        ("countries", 0, "currency", "ADP", "'ADP' is not in currencies.alpha3"),
        ("trade_types", 1, "code", "DOMESTIC", "repeats the key of row 2"),
        ("delivery_terms", 0, "transport_modes", "any", "cfr is for sea"),
        ("places", 0, "country", "IN", "does not begin with IN"),
        ("places", 0, "timezone", "Asia/Bombay", "is not an IANA time zone"),
        ("places", 0, "latitude", "91", "is not between -90 and 90"),
        ("subdivisions", 0, "country", "QQ", "'QQ' is not in countries.alpha2"),
        ("subdivisions", 0, "gst_state_code", "24", "is for Indian states"),
        ("tax_codes", 0, "code", "52010011", "does not begin with 760110"),
        ("tax_codes", 0, "valid_from", "2025-02-30", "is not a day"),
        ("tax_codes", 0, "valid_to", "2017-01-01", "is not after valid_from"),
        ("units", 0, "factor_to_base", "0", "is not between 0.000000000001"),
        ("units", 0, "factor_to_base", "1.0000000000001", "more than 12 decimal places"),
        ("units", 0, "is_base", "1", "a base unit has factor 1"),
        ("units", 0, "code", "acr", "does not look like"),
        ("varieties", 0, "species", "sylvestris", "is none of hirsutum"),
    ],
)
def test_broken_value_is_named_with_file_row_and_column(
    tables: Tables, name: str, row: int, column: str, value: str, sentence: str
) -> None:
    tables[name][row][column] = value
    faults = [fault for fault in find_faults(tables) if fault.file == name and sentence in fault.sentence]
    assert faults
    assert faults[0].row == row + 2
    assert str(faults[0]).startswith(f"{find_file(name).relative_path} row {row + 2}, column ")


def test_overlapping_tax_rates_are_refused_and_adjoining_ones_pass(tables: Tables) -> None:
    cake = [row for row in tables["tax_codes"] if row["commodity"] == "COTTONSEED_CAKE"]
    assert [(row["rate"], row["valid_from"], row["valid_to"]) for row in cake] == [
        ("5.000", "2017-07-01", "2017-09-22"),
        ("0.000", "2017-09-22", ""),
    ]
    cake[0]["valid_to"] = "2017-09-23"
    (fault,) = find_faults(tables)
    assert fault.sentence.startswith("overlaps the interval of row ")


def test_second_base_unit_of_a_dimension_is_refused(tables: Tables) -> None:
    find_row(tables["units"], code="BALE")["is_base"] = "1"
    assert [fault.sentence for fault in find_faults(tables)] == ["count has 2 base units instead of one"]


def test_lone_latitude_is_refused(tables: Tables) -> None:
    find_row(tables["places"], un_locode="INNSA")["longitude"] = ""
    assert [fault.sentence for fault in find_faults(tables)] == ["latitude and longitude come together"]


# What the command does


@pytest.fixture
def copied_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reference files below a root of their own, seen by the command instead of the shipped ones."""
    for file in FILES:
        copy = tmp_path / file.relative_path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, copy)
    monkeypatch.setattr("erp.reference.files.ROOT", tmp_path)
    monkeypatch.setattr(build, "find_spec", lambda _package: None)  # the rebuild is the builder's own proof
    return tmp_path


def test_check_passes_on_the_shipped_files(copied_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build.main(["--check"])
    assert capsys.readouterr().out.endswith(f"{len(FILES)} reference files are as the manifest says.\n")


def test_check_stops_at_an_altered_file_that_is_true_in_itself(
    copied_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied_root / "commodities/data/units.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("355.61641808", "355.62"), encoding="utf-8")
    with pytest.raises(SystemExit, match="1"):
        build.main(["--check"])
    assert capsys.readouterr().err == (
        "commodities/data/units.csv differs from its checksum in the manifest; run the build.\n"
    )


def test_check_stops_at_a_foreign_header(copied_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copied_root / "commodities/data/trade_types.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("code,name,", "code,title,"), encoding="utf-8")
    with pytest.raises(SystemExit, match="1"):
        build.main(["--check"])
    assert capsys.readouterr().err.startswith(
        "commodities/data/trade_types.csv row 1: has columns code, title, description, is_active and needs code, name,"
    )


def test_check_stops_at_a_file_that_the_manifest_does_not_name(
    copied_root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shortened = copied_root / "manifest.json"
    entries = [entry for entry in read_manifest() if not str(entry["path"]).endswith("places.csv")]
    shortened.write_text(json.dumps({"files": entries, "outline": build.outline_entry()}), encoding="utf-8")
    monkeypatch.setattr("erp.reference.tables.MANIFEST", shortened)
    with pytest.raises(SystemExit, match="1"):
        build.main(["--check"])
    assert capsys.readouterr().err == "locations/data/places.csv is missing from the manifest.\n"
