"""A stale save: base, theirs and yours side by side, a choice for each field, and nothing typed is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory
from erp import context
from erp.admin.tests.pages import read_form, submit, url
from locations.tests.factories import LocationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def commodity(organization):
    return CommodityFactory(organization=organization, name="Raw cotton", description="In bales", storage_notes="Dry")


def changed_by_asha(record, **fields):
    with context.acting(actor_label="Asha Patel <asha@example.com>", reason="Names of the exchange"):
        for name, value in fields.items():
            setattr(record, name, value)
        record.save()


@pytest.fixture
def refused(desk, commodity):
    """The page after a stale save: both changed the name, only Asha the description, only the clerk the notes."""
    page = desk.get(url(commodity))
    changed_by_asha(commodity, name="Lint", description="Pressed")
    return submit(desk, url(commodity), page, name="Cotton, raw", storage_notes="Dry, away from oil")


def clashes(page):
    form = page.context["adminform"].form
    return [(clash.name, clash.base, clash.theirs, clash.yours, clash.chosen) for clash in form.clashes]


def stored(commodity):
    commodity.refresh_from_db()
    return commodity.name, commodity.description, commodity.storage_notes, commodity.version


def test_fields_that_they_changed_stand_with_base_theirs_and_yours(refused, commodity):
    assert clashes(refused) == [
        ("name", "Raw cotton", "Lint", "Cotton, raw", ""),
        ("description", "In bales", "Pressed", "In bales", "theirs"),
    ]
    kept = read_form(refused)
    assert (kept["name"], kept["storage_notes"]) == ("Cotton, raw", "Dry, away from oil")
    assert "Both changed: choose" in refused.content.decode()
    assert refused.content.decode().count("What you typed is still here") == 1
    assert stored(commodity) == ("Lint", "Pressed", "Dry", 2)


@pytest.mark.parametrize(("choice", "name"), [("theirs", "Lint"), ("yours", "Cotton, raw")])
def test_chosen_value_is_saved_and_their_other_change_and_yours_stay(desk, refused, commodity, choice, name):
    answer = submit(desk, url(commodity), refused, **{"take-name": choice})
    assert answer.status_code == 302
    assert stored(commodity) == (name, "Pressed", "Dry, away from oil", 3)


def test_your_old_value_stands_over_their_change_only_when_chosen(desk, refused, commodity):
    submit(desk, url(commodity), refused, **{"take-name": "theirs", "take-description": "yours"})
    assert stored(commodity) == ("Lint", "In bales", "Dry, away from oil", 3)


def test_missing_choice_saves_nothing_and_asks_for_it(desk, refused, commodity):
    again = submit(desk, url(commodity), refused)
    assert again.status_code == 200
    assert "choose a value for each field that both of you changed" in again.content.decode()
    assert stored(commodity) == ("Lint", "Pressed", "Dry", 2)


def test_third_change_asks_again_and_keeps_the_choice(desk, refused, commodity):
    changed_by_asha(commodity, name="Linters")
    again = submit(desk, url(commodity), refused, **{"take-name": "yours"})
    assert again.status_code == 200
    assert clashes(again)[0] == ("name", "Raw cotton", "Linters", "Cotton, raw", "yours")
    assert stored(commodity)[0] == "Linters"


def test_another_error_keeps_the_choice_and_the_conflict(desk, refused, commodity):
    again = submit(desk, url(commodity), refused, **{"take-name": "theirs", "reason": ""})
    text = again.content.decode()
    assert again.status_code == 200
    assert "Say why" in text
    assert clashes(again)[0][-1] == "theirs"
    assert stored(commodity) == ("Lint", "Pressed", "Dry", 2)


def test_wrong_input_where_theirs_is_chosen_does_not_matter(desk, commodity):
    page = desk.get(url(commodity))
    changed_by_asha(commodity, name="Lint")
    refused = submit(desk, url(commodity), page, name="")
    assert clashes(refused) == [("name", "Raw cotton", "Lint", "empty", "")]
    answer = submit(desk, url(commodity), refused, **{"take-name": "theirs"})
    assert answer.status_code == 302
    assert stored(commodity)[0] == "Lint"


def test_names_of_related_records_are_shown_not_their_keys(desk, commodity):
    mine, theirs = CommodityFactory().category, CommodityFactory().category
    page, before = desk.get(url(commodity)), str(commodity.category)
    changed_by_asha(commodity, category=theirs)
    refused = submit(desk, url(commodity), page, category=str(mine.pk))
    assert clashes(refused) == [("category", before, str(theirs), str(mine), "")]


def test_rows_of_children_are_kept_and_changes_of_others_to_them_told(desk, commodity):
    variety = CommodityVarietyFactory(commodity=commodity, organization=commodity.organization, name="Shankar-6")
    page = desk.get(url(commodity))
    changed_by_asha(commodity, name="Lint")
    changed_by_asha(variety, name="S-6")
    refused = submit(desk, url(commodity), page, **{"varieties-0-name": "Shankar-6 super"})
    assert read_form(refused)["varieties-0-name"] == "Shankar-6 super"
    assert "<ins>S-6</ins>" in refused.content.decode()
    assert submit(desk, url(commodity), refused).status_code == 302
    variety.refresh_from_db()
    assert (variety.name, stored(commodity)[0]) == ("Shankar-6 super", "Lint")


@pytest.mark.parametrize("typed", ["x", "NaN", "1e"])
def test_text_in_a_field_of_numbers_stands_as_typed_in_the_conflict(desk, organization, typed):
    place = LocationFactory(organization=organization, latitude=Decimal(22), longitude=Decimal("70.5"))
    page = desk.get(url(place))
    changed_by_asha(place, longitude=Decimal("71.25"))
    refused = submit(desk, url(place), page, longitude=typed)
    assert refused.status_code == 200
    assert clashes(refused) == [("longitude", "70.50", "71.25", typed, "")]
    place.refresh_from_db()
    assert place.longitude == Decimal("71.25")
