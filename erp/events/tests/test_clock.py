"""Clocks that stand still or run backwards change no order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from erp.testing.roles import as_owner

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


def set_clock(moment: datetime) -> None:
    """Replace the record's clock for this transaction."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION erp_clock() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '{moment.isoformat()}'::timestamptz $$"
        )


@pytest.fixture
def location(db: None) -> Any:
    set_clock(START)
    return import_string("locations.tests.factories.LocationFactory")(name="0")


@pytest.mark.parametrize("step", [timedelta(0), timedelta(hours=-1)], ids=["frozen", "backwards"])
def test_history_keeps_the_order_of_writing(location: Any, step: timedelta) -> None:
    for number in range(1, 5):
        set_clock(START + number * step)
        location.name = str(number)
        location.save()

    newest_first = list(location.history.all())
    assert [kept.name for kept in newest_first] == ["4", "3", "2", "1", "0"]
    assert [kept.version for kept in newest_first] == [5, 4, 3, 2, 1]
    dates = [kept.history_date for kept in reversed(newest_first)]
    assert dates == [START + timedelta(microseconds=n) for n in range(5)]
    assert newest_first[0].prev_record.name == "3"
    assert newest_first[4].next_record.name == "1"
    assert [type(location).history.as_of(date).get(pk=location.pk).name for date in dates] == ["0", "1", "2", "3", "4"]
    assert location.history.latest().name == "4"


def test_as_of_before_creation_finds_nothing(location: Any) -> None:
    assert not type(location).history.as_of(START - timedelta(seconds=1)).filter(pk=location.pk).exists()


def test_as_of_after_deletion_finds_nothing(location: Any) -> None:
    pk = location.pk
    set_clock(START + timedelta(hours=1))
    location.delete()
    assert type(location).history.as_of(START + timedelta(minutes=1)).get(pk=pk).name == "0"
    assert not type(location).history.as_of(START + timedelta(hours=2)).filter(pk=pk).exists()


def test_updated_at_never_goes_back(location: Any) -> None:
    before = location.updated_at
    set_clock(START - timedelta(days=1))
    location.name = "later"
    location.save()
    assert location.updated_at == before + timedelta(microseconds=1)
