import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Q

from erp import context
from erp.events.models import Event
from erp.reference import load
from locations.models import Country, Currency, Location, Subdivision

pytestmark = pytest.mark.django_db


def run(*only):
    """What the command prints, by file: (added, changed, unchanged, deactivated)."""
    out = io.StringIO()
    call_command("load_reference_data", *(("--only", *only) if only else ()), stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()[1:]]
    return {name: tuple(int(number.replace(",", "")) for number in numbers) for name, *numbers in lines}


@pytest.fixture
def currencies(tmp_path, monkeypatch):
    """A file of three currencies in place of the shipped ones; returns how to write another one."""
    path = tmp_path / "currencies.csv"
    source = load.Source(name="currencies", path=path, model=Currency, key=("alpha3",))
    monkeypatch.setattr(load, "_sources", {"currencies": source})

    def write(**names):
        lines = ["alpha3,numeric3,minor_units,name", *(f"{code},{line}" for code, line in names.items())]
        path.write_text("\n".join(lines) + "\n")

    write(INR="356,2,Indian Rupee", JPY="392,0,Japanese Yen", KWD="414,3,Kuwaiti Dinar")
    return write


def test_first_load_adds_every_place_of_the_files():
    outcome = run("currencies", "countries", "subdivisions", "places", "cities")
    assert {name: numbers[1:] for name, numbers in outcome.items()} == dict.fromkeys(outcome, (0, 0, 0))
    assert Location.objects.count() == outcome["places"][0] + outcome["cities"][0]
    port = Location.objects.get(code="INNSA")
    assert (port.un_locode, port.kind, port.organization, port.country_id) == ("INNSA", "seaport", None, "IN")
    assert (port.timezone, port.status, port.subdivision.iso_code) == ("Asia/Kolkata", "verified", "IN-MH")
    assert Decimal("18.9") < port.latitude < Decimal("19")
    assert Subdivision.objects.get(gst_state_code="38").iso_code == "IN-LA"
    assert Subdivision.objects.get(iso_code="IN-GJ").region == "west"
    assert Country.objects.get(pk="IN").currency_id == "INR"


def test_second_load_writes_nothing_at_all():
    first = run("currencies", "countries", "subdivisions")
    events, history = Event.objects.count(), Country.history.count()
    second = run("currencies", "countries", "subdivisions")
    assert second == {name: (0, 0, added, 0) for name, (added, *_) in first.items()}
    assert Event.objects.count() == events
    assert Country.history.count() == history
    assert not Country.objects.exclude(version=1).exists()


def test_every_row_says_where_it_came_from(currencies):
    run()
    event = Event.objects.filter(object_type="locations.currency").last()
    assert event.source == "command"
    assert event.reason.startswith("Reference data ")
    assert Currency.history.first().history_change_reason == event.reason


def test_changed_line_changes_its_row_only(currencies):
    run()
    currencies(INR="356,2,Rupee", JPY="392,0,Japanese Yen", KWD="414,3,Kuwaiti Dinar")
    assert run() == {"currencies": (0, 1, 2, 0)}
    assert Currency.objects.get(pk="INR").name == "Rupee"
    assert dict(Currency.objects.values_list("alpha3", "version")) == {"INR": 2, "JPY": 1, "KWD": 1}


def test_row_that_vanished_is_deactivated_and_comes_back(currencies):
    run()
    currencies(INR="356,2,Indian Rupee")
    assert run() == {"currencies": (0, 0, 1, 2)}
    assert list(Currency.objects.active()) == [Currency.objects.get(pk="INR")]
    assert run() == {"currencies": (0, 0, 1, 0)}
    currencies(INR="356,2,Indian Rupee", JPY="392,0,Japanese Yen")
    assert run() == {"currencies": (0, 1, 1, 0)}
    assert set(Currency.objects.active().values_list("pk", flat=True)) == {"INR", "JPY"}


def test_row_made_by_a_person_is_left_alone(currencies):
    with context.acting(source="admin", reason="New market"):
        Currency.objects.create(alpha3="XYZ", numeric3="001", minor_units=2, name="Test Money")
    assert run() == {"currencies": (3, 0, 0, 0)}
    assert Currency.objects.get(pk="XYZ").is_active


def test_row_deactivated_by_a_person_stays_so(currencies):
    run()
    with context.acting(source="admin", reason="Not traded here"):
        Currency.objects.filter(pk="JPY").update(is_active=False)
    currencies(INR="356,2,Indian Rupee", JPY="392,0,Yen", KWD="414,3,Kuwaiti Dinar")
    assert run() == {"currencies": (0, 1, 2, 0)}
    assert run() == {"currencies": (0, 0, 3, 0)}
    assert not Currency.objects.get(pk="JPY").is_active


def test_sanctions_set_by_a_person_survive():
    run("currencies", "countries")
    Country.objects.filter(pk="IR").update(is_sanctioned=True, name="Persia")
    assert run("countries")["countries"][1] == 1
    country = Country.objects.get(pk="IR")
    assert (country.is_sanctioned, country.name) == (True, "Iran")


def test_rows_of_an_organization_are_not_touched(organization):
    run("currencies", "countries", "subdivisions")
    own = Location.objects.create(
        code="INNSA",
        name="Our shed",
        kind="warehouse",
        country_id="IN",
        timezone="Asia/Kolkata",
        organization=organization,
    )
    run("places")
    own.refresh_from_db()
    assert (own.name, own.version, own.is_active) == ("Our shed", 1, True)
    assert Location.objects.filter(Q(code="INNSA")).count() == 2


def test_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(CommandError, match=r"no reference file planets: choose from .*countries"):
        run("planets")


def test_missing_parent_rows_are_named():
    with pytest.raises(CommandError, match=r"countries\.csv, line 2: currency EUR is unknown"):
        run("countries")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("356,two,Indian Rupee", "line 2: minor_units: .*two"),
        ("356x,2,Indian Rupee", "line 2: numeric3: .*at most 3"),
    ],
)
def test_wrong_value_names_file_and_line_and_nothing_is_written(currencies, line, sentence):
    currencies(INR=line)
    with pytest.raises(CommandError, match=sentence):
        run()
    assert not Currency.objects.exists()


def test_line_that_stands_twice_is_refused(currencies, tmp_path):
    path = tmp_path / "currencies.csv"
    path.write_text(path.read_text() + "INR,999,2,Another Rupee\n")
    with pytest.raises(CommandError, match="line 5: alpha3 stands in line 2 already"):
        run()


def test_files_come_after_those_that_they_refer_to():
    order = load.names()
    for earlier, later in (
        ("currencies", "countries"),
        ("countries", "subdivisions"),
        ("subdivisions", "cities"),
        ("units", "commodities"),
        ("categories", "commodities"),
        ("commodities", "tax_codes"),
        ("quality_parameters", "commodity_parameters"),
    ):
        assert order.index(earlier) < order.index(later)
