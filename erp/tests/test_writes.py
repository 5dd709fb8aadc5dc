"""Saves on statements that are made once: what they refuse, how often they are sent, and who is named."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from erp import context
from erp.events.models import Event
from erp.models import StaleVersionError
from locations.models import Location
from locations.tests.factories import LocationFactory

ASHA, BALA = uuid.uuid4(), uuid.uuid4()


def acting_as(user: uuid.UUID) -> Any:
    return context.acting(source="task", actor_id=user, actor_label="Someone")


def actors(row: Any) -> list[tuple[str, uuid.UUID | None]]:
    """Each event of the row: its new name or city, and who did it."""
    found = []
    for event in Event.objects.filter(object_id=str(row.pk)).order_by("id"):
        changed = event.changes
        found.append(((changed.get("name") or changed["city"])[1], event.actor_id))
    return found


def fresh_place(**values: Any) -> Any:
    given = {"code": "FRESH", "name": "Kadi", "kind": "city", "country_id": "IN", "timezone": "Asia/Kolkata"}
    return Location(**{**given, **values})


@pytest.fixture
def location(db: None) -> Any:
    return LocationFactory(name="Rajkot")


def test_a_save_is_one_statement_that_brings_the_context(location: Any) -> None:
    location.city = "Kadi"
    with acting_as(ASHA), CaptureQueriesContext(connection) as queries:
        location.save()
        fresh = fresh_place(name="Fresh")
        fresh.save(force_insert=True)
    assert [query["sql"].split()[0] for query in queries] == ["UPDATE", "INSERT"]
    assert (location.version, fresh.version) == (2, 1)
    assert actors(location)[-1] == ("Kadi", ASHA)
    assert actors(fresh) == [("Fresh", ASHA)]


def test_a_text_that_is_too_long_is_refused_and_not_cut(location: Any) -> None:
    location.name = "x" * 201
    with pytest.raises(DataError), transaction.atomic():
        location.save()
    with pytest.raises(DataError), transaction.atomic():
        fresh_place(code="C" * 31).save(force_insert=True)
    assert [*Location.objects.values_list("name", "version")] == [("Rajkot", 1)]


def test_each_of_two_users_in_one_transaction_is_named(location: Any) -> None:
    with transaction.atomic():
        for user, city in ((ASHA, "Kadi"), (BALA, "Unjha")):
            with acting_as(user):
                location.city = city
                location.save()
        with acting_as(BALA):  # by another door, for which the save has sent the context already
            Location.objects.filter(pk=location.pk).update(city="Deesa")
        with acting_as(ASHA):
            Location.objects.filter(pk=location.pk).update(city="Palanpur")
    assert actors(location)[1:] == [("Kadi", ASHA), ("Unjha", BALA), ("Deesa", BALA), ("Palanpur", ASHA)]


def test_after_a_refusal_the_context_is_sent_again(location: Any) -> None:
    twin = fresh_place(id=location.pk)
    with acting_as(ASHA), transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save(force_insert=True)
        Location.objects.filter(pk=location.pk).update(city="Kadi")
    assert actors(location)[1:] == [("Kadi", ASHA)]


@pytest.mark.django_db(transaction=True)
def test_what_follows_outside_of_the_transaction_has_its_own_context() -> None:
    location = LocationFactory(name="Rajkot")
    with acting_as(ASHA):
        location.city = "Kadi"
        location.save()
    Location.objects.filter(pk=location.pk).update(city="Unjha")
    with acting_as(BALA):  # as `loaddata` saves, without a transaction
        location.city = "Deesa"
        location.save_base()
        Location.objects.filter(pk=location.pk).update(city="Palanpur")
    assert actors(location)[1:] == [("Kadi", ASHA), ("Unjha", None), ("Deesa", BALA), ("Palanpur", BALA)]


def test_a_version_that_is_no_longer_stored_is_told(location: Any) -> None:
    Location.objects.filter(pk=location.pk).update(city="Kadi")
    location.city = "Unjha"
    with pytest.raises(StaleVersionError):
        location.save(expected_version=1)
    assert Location.objects.get(pk=location.pk).city == "Kadi"
    location.save(expected_version=2)
    assert (location.version, Location.objects.get(pk=location.pk).city) == (3, "Unjha")
