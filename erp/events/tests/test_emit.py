"""emit_event and flush_events: pending on one instance, written with it, refused when unknown or stale."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils.module_loading import import_string

from erp import context
from erp.events import registry
from erp.events.models import Event
from erp.models import StaleVersionError

USER = uuid.uuid4()


@pytest.fixture(autouse=True)
def _price_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_types", dict(registry._types))
    registry.register("location.surveyed", version=2, upcasters={1: lambda payload: {"by": payload["surveyor"]}})


@pytest.fixture
def location(db: None) -> Any:
    return import_string("locations.tests.factories.LocationFactory")(name="start")


def surveyed(row: Any) -> list[Event]:
    return list(Event.objects.filter(event_type="location.surveyed", aggregate_id=str(row.pk)).order_by("id"))


def test_flush_writes_pending_events_in_order(location: Any) -> None:
    with context.acting(
        source="task", actor_id=USER, actor_label="Surveyor", reason="Yearly survey", request_id="r" * 8
    ):
        location.emit_event("location.surveyed", USER, {"by": "SGS"})
        location.emit_event("location.surveyed", None, {"by": "BV"})
        assert location.flush_events() == 2
    first, second = surveyed(location)
    assert (first.payload, second.payload) == ({"by": "SGS"}, {"by": "BV"})
    assert (first.aggregate_version, second.aggregate_version) == (2, 3)
    assert (first.schema_version, first.category, first.actor_id, second.actor_id) == (2, "domain", USER, USER)
    assert (first.actor_label, first.reason, first.source) == ("Surveyor", "Yearly survey", "task")
    assert location.flush_events() == 0


def test_save_flushes_in_the_same_transaction(location: Any) -> None:
    location.emit_event("location.surveyed", USER, {"by": "SGS"})
    with pytest.raises(RuntimeError), transaction.atomic():
        location.name = "changed"
        location.save()
        assert len(surveyed(location)) == 1
        raise RuntimeError
    assert surveyed(location) == []


def test_events_wait_on_one_instance_only(location: Any) -> None:
    other = type(location).objects.get(pk=location.pk)
    location.emit_event("location.surveyed", USER, {})
    assert other.pending_events == []
    assert len(location.pending_events) == 1


def test_unregistered_type_is_refused(location: Any) -> None:
    with pytest.raises(registry.UnknownEventTypeError, match=r"'location\.exploded' is not registered"):
        location.emit_event("location.exploded", USER, {})
    assert location.pending_events == []


def test_stale_stream_is_refused_and_events_stay_pending(location: Any) -> None:
    location.emit_event("location.surveyed", USER, {}, expected_version=7)
    with pytest.raises(DatabaseError, match="is at version 1, not 7"), transaction.atomic():
        location.flush_events()
    assert surveyed(location) == []
    assert len(location.pending_events) == 1


def test_stale_save_is_refused_and_writes_nothing(location: Any) -> None:
    location.refresh_from_db()
    type(location).objects.filter(pk=location.pk).update(name="theirs")
    location.name = "mine"
    with pytest.raises(StaleVersionError, match="is no longer at version 1"):
        location.save(expected_version=1)
    location.refresh_from_db()
    assert (location.name, location.version) == ("theirs", 2)
    location.name = "mine"
    location.save(expected_version=2)
    assert location.version == 3


def test_upcasters_lift_old_payloads() -> None:
    assert registry.get("location.surveyed").lift({"surveyor": "SGS"}, 1) == {"by": "SGS"}
    assert registry.get("location.surveyed").lift({"by": "SGS"}, 2) == {"by": "SGS"}


def test_registry_refuses_double_names_and_missing_upcasters() -> None:
    with pytest.raises(ValueError, match="registered already"):
        registry.register("location.surveyed", version=1)
    with pytest.raises(ValueError, match="no upcaster from schema version 1"):
        registry.register("location.weighed", version=2)
