"""Every door to a row leaves the same record: one history row equal to the live row, one event with the right diff."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.deletion import ProtectedError
from django.db.models.functions import Concat
from django.utils.module_loading import import_string

from erp import context
from erp.events.models import Event
from erp.events.roles import APP
from erp.testing.contract import assert_equal_to_live, history_of, latest_event_id
from erp.testing.roles import as_owner

DSN_KEYS = ("dbname", "user", "password", "host", "port")
ACTOR = uuid.UUID("00000000-0000-7000-8000-00000000ac70")


@pytest.fixture
def location(db: None) -> Any:
    record = import_string("locations.tests.factories.LocationFactory")(name="Rajkot")
    record.refresh_from_db()
    return record


@pytest.fixture
def acting() -> Any:
    with context.acting(
        source="task",
        actor_id=ACTOR,
        actor_label="Asha Patel <asha@example.com>",
        reason="Survey",
        request_id="req-12345",
        ip="192.0.2.7",
    ) as current:
        yield current


def save(row: Any) -> None:
    row.name = "Gondal"
    row.save()


def save_update_fields(row: Any) -> None:
    row.name, row.city = "Gondal", "never saved"
    row.save(update_fields=["name"])


def save_f_expression(row: Any) -> None:
    row.name = Concat(Value("Gon"), Value("dal"))
    row.save()


def queryset_update(row: Any) -> None:
    assert type(row).objects.filter(pk=row.pk).update(name="Gondal") == 1


def queryset_update_with_f(row: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(name=Concat(F("name"), Value("")))  # a change of nothing
    type(row).objects.filter(pk=row.pk).update(name=Concat(Value("Gon"), Value("dal")))


def bulk_update(row: Any) -> None:
    row.name = "Gondal"
    type(row).objects.bulk_update([row], ["name"])


def update_or_create(row: Any) -> None:
    type(row).objects.update_or_create(pk=row.pk, defaults={"name": "Gondal"})


def upsert_by_bulk_create(row: Any) -> None:
    row.name = "Gondal"
    type(row).objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["name"])


def raw_sql(row: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE locations_location SET name = 'Gondal' WHERE id = %s", [row.pk])


def loaddata(row: Any, tmp_path: Any) -> None:
    row.name = "Gondal"
    fixture = tmp_path / "location.json"
    fixture.write_text(serializers.serialize("json", [row]))
    call_command("loaddata", str(fixture), verbosity=0)


def history_switched_off(row: Any, settings: Any) -> None:
    settings.SIMPLE_HISTORY_ENABLED = False
    save(row)


def skip_history_when_saving(row: Any) -> None:
    row.skip_history_when_saving = True
    save(row)


def save_without_historical_record(row: Any) -> None:
    row.name = "Gondal"
    row.save_without_historical_record()


UPDATE_DOORS = [
    save, save_update_fields, save_f_expression, queryset_update, queryset_update_with_f, bulk_update, update_or_create,
    upsert_by_bulk_create, raw_sql, loaddata, history_switched_off, skip_history_when_saving, save_without_historical_record,
]  # fmt: skip


@pytest.mark.parametrize("door", UPDATE_DOORS, ids=lambda door: door.__name__)
def test_update_leaves_one_history_row_and_one_event(
    door: Any, location: Any, acting: Any, request: pytest.FixtureRequest
) -> None:
    before = latest_event_id()
    extra = {"loaddata": "tmp_path", "history_switched_off": "settings"}.get(door.__name__)
    door(location, *([request.getfixturevalue(extra)] if extra else []))

    assert history_of(location).count() == 2
    kept = history_of(location).first()
    assert_equal_to_live(kept, location)
    assert (kept.name, kept.version, kept.history_type) == ("Gondal", 2, "~")
    assert (kept.history_user_id, kept.history_change_reason) == (ACTOR, "Survey")
    event = Event.objects.get(id__gt=before)
    assert event.event_type == "location.updated"
    assert event.changes == {"name": ["Rajkot", "Gondal"]}
    assert (event.aggregate_type, event.aggregate_id, event.aggregate_version) == ("location", str(location.pk), 2)
    assert (event.object_type, event.object_id) == ("locations.location", str(location.pk))
    assert (event.actor_id, event.actor_label) == (ACTOR, "Asha Patel <asha@example.com>")
    assert (event.reason, event.source, event.request_id, event.ip) == ("Survey", "task", "req-12345", "192.0.2.7")
    assert (event.history_table, event.history_id) == (kept._meta.db_table, kept.history_id)
    assert event.occurred_at == kept.history_date


def create_by_save(model: Any, values: dict[str, Any]) -> Any:
    return model.objects.create(**values)


def create_by_bulk(model: Any, values: dict[str, Any]) -> Any:
    (row,) = model.objects.bulk_create([model(**values)])
    return row


def create_by_get_or_create(model: Any, values: dict[str, Any]) -> Any:
    return model.objects.get_or_create(code=values["code"], defaults=values)[0]


def create_by_erp_bulk(model: Any, values: dict[str, Any]) -> Any:
    bulk = import_string("erp.bulk.insert")
    row = model(**values)
    assert bulk([row], model=model) == 1
    return row


@pytest.mark.parametrize(
    "door",
    [create_by_save, create_by_bulk, create_by_get_or_create, create_by_erp_bulk],
    ids=lambda door: door.__name__,
)
def test_insert_leaves_one_history_row_and_one_event(door: Any, location: Any, acting: Any) -> None:
    before = latest_event_id()
    values = {"code": "GONDAL", "name": "Gondal", "kind": location.kind, "country_id": location.country_id}
    row = door(type(location), values)

    kept = history_of(row).get()
    assert_equal_to_live(kept, row)
    assert (kept.history_type, kept.version, kept.history_user_id) == ("+", 1, ACTOR)
    event = Event.objects.get(id__gt=before)
    assert (event.event_type, event.aggregate_version) == ("location.created", 1)
    assert event.changes["name"] == [None, "Gondal"]
    assert event.changes["country_id"] == [None, location.country_id]
    assert event.payload["labels"]["country_id"] == [None, location.country.name]
    assert "latitude" not in event.changes
    assert not {"id", "version", "created_at", "updated_at"} & set(event.changes)


def delete_instance(row: Any) -> None:
    row.delete()


def delete_queryset(row: Any) -> None:
    type(row).objects.filter(pk=row.pk).delete()


def delete_raw(row: Any) -> None:
    rows = type(row).objects.filter(pk=row.pk)
    rows._raw_delete(rows.db)


def delete_by_sql(row: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM locations_location WHERE id = %s", [row.pk])


@pytest.mark.parametrize(
    "door", [delete_instance, delete_queryset, delete_raw, delete_by_sql], ids=lambda door: door.__name__
)
def test_delete_leaves_the_last_state_and_one_event(door: Any, location: Any, acting: Any) -> None:
    before, pk = latest_event_id(), location.pk
    door(location)

    kept = type(location).history.filter(id=pk).first()
    assert (kept.history_type, kept.name, kept.history_user_id) == ("-", "Rajkot", ACTOR)
    assert type(location).history.filter(id=pk).count() == 2
    event = Event.objects.get(id__gt=before)
    assert event.event_type == "location.deleted"
    assert event.changes["name"] == ["Rajkot", None]
    assert event.reason == "Survey"


@pytest.mark.parametrize("count", [1, 3, 400])
def test_sets_of_every_size_are_recorded_row_by_row(location: Any, acting: Any, count: int) -> None:
    # Twenty rows and more take another path through the capture than a few.
    model = type(location)
    values = {"kind": location.kind, "country_id": location.country_id, "timezone": location.timezone}
    model.objects.bulk_create([model(code=f"P{n}", name=f"Place {n}", **values) for n in range(count)])
    before = latest_event_id()
    model.objects.filter(code__startswith="P").update(city="Surveyed")
    events = Event.objects.filter(id__gt=before)
    assert events.count() == count
    assert set(events.values_list("aggregate_version", "event_type")) == {(2, "location.updated")}
    assert {json.dumps(event.changes) for event in events} == {'{"city": ["", "Surveyed"]}'}
    assert model.history.filter(city="Surveyed", history_user_id=ACTOR).count() == count
    before = latest_event_id()
    model.objects.filter(code__startswith="P").delete()
    assert Event.objects.filter(id__gt=before, event_type="location.deleted", aggregate_version=3).count() == count


def told(events: Any) -> list[tuple[Any, ...]]:
    """What the events say, but for what is each row's own."""
    return [
        (
            event.event_type,
            event.aggregate_version,
            event.object_type,
            event.actor_id,
            event.organization_id,
            event.history_table,
            {name: pair for name, pair in event.changes.items() if name not in {"id", "code"}},
            event.payload["labels"],
            (event.payload["label"], event.payload["version"]),
        )
        for event in events
    ]


def test_few_rows_and_many_leave_the_same_record(location: Any, acting: Any) -> None:
    model, house = type(location), import_string("organizations.tests.factories.OrganizationFactory")(name="Kadi House")
    values = {"kind": "city", "country_id": "IN", "timezone": "Asia/Kolkata", "organization": house, "name": "Kadi"}
    records = []
    for letter, together in (("F", 1), ("M", 24)):
        before = latest_event_id()
        for start in range(0, 24, together):
            numbers = range(start, start + together)
            model.objects.bulk_create([model(code=f"{letter}{number}", **values) for number in numbers])
            rows = model.objects.filter(code__in=[f"{letter}{number}" for number in numbers])
            rows.update(parent=location, city="Kadi")
            rows.update(city="Kadi")  # changes nothing
            rows.delete()
        found = [*Event.objects.filter(id__gt=before).order_by("event_type", "id")]
        history = model.history.filter(code__startswith=letter).order_by("history_type", "history_id")
        kept = [(row.history_type, row.version, row.city, row.parent_id, row.history_user_id) for row in history]
        records.append((told(found), kept))
    assert records[0] == records[1]
    assert len(records[0][0]) == len(records[0][1]) == 72
    created, updated = records[0][0][0], records[0][0][-1]
    assert created[7] == {"country_id": [None, "India"], "organization_id": [None, "Kadi House"]}
    assert updated[6] == {"city": ["", "Kadi"], "parent_id": [None, str(location.pk)]}
    assert updated[7] == {"parent_id": [None, "Rajkot"]}


def test_an_update_of_keys_is_rows_gone_and_rows_new(location: Any, acting: Any) -> None:
    model, before = type(location), latest_event_id()
    old, new = location.pk, uuid.uuid4()
    model.objects.filter(pk=old).update(id=new)
    events = Event.objects.filter(id__gt=before).values_list("event_type", "object_id", "aggregate_version")
    assert {*events} == {("location.updated", str(old), 2), ("location.updated", str(new), 1)}


def test_cascade_to_a_join_table_is_a_security_event(acting: Any, db: None) -> None:
    user = import_string("accounts.tests.factories.UserFactory")()
    with as_owner():
        role = import_string("django.contrib.auth.models.Group").objects.create(name="Auditors of the year")
    user.groups.add(role)
    before, pk = latest_event_id(), user.pk
    user.delete()

    events = list(Event.objects.filter(id__gt=before).order_by("id"))
    assert [event.event_type for event in events] == ["user.role.deleted", "user.deleted"]
    assert events[0].category == "security"
    assert events[0].payload["labels"]["group_id"] == ["Auditors of the year", None]
    assert {event.aggregate_id for event in events} == {str(pk)}


def test_foreign_keys_refuse_to_cascade(location: Any) -> None:
    with pytest.raises(ProtectedError):
        location.country.delete()
    assert not Event.objects.filter(event_type="country.deleted").exists()


def test_password_change_is_recorded_without_its_value(acting: Any, db: None) -> None:
    user = import_string("accounts.tests.factories.UserFactory")()
    before = latest_event_id()
    user.set_password("another pass phrase")
    user.save()

    event = Event.objects.get(id__gt=before, event_type="user.updated")
    assert set(event.changes) == {"password", "last_password_change"}
    assert {tuple(value) for value in event.changes["password"]} == {("$secret",)}
    assert user.password not in json.dumps(event.payload)
    assert not hasattr(history_of(user).first(), "password")


def test_last_login_is_no_change(db: None) -> None:
    user = import_string("accounts.tests.factories.UserFactory")()
    before, version = latest_event_id(), user.version
    type(user).objects.filter(pk=user.pk).update(last_login="2026-01-01T00:00:00Z")
    user.refresh_from_db()
    assert user.version == version
    assert not Event.objects.filter(id__gt=before).exists()


def test_change_of_nothing_leaves_nothing(location: Any, acting: Any) -> None:
    before, changed = latest_event_id(), location.updated_at
    location.save()
    type(location).objects.filter(pk=location.pk).update(name="Rajkot", version=1)
    location.refresh_from_db()
    assert (location.version, location.updated_at) == (1, changed)
    assert history_of(location).count() == 1
    assert not Event.objects.filter(id__gt=before).exists()


def test_rollback_leaves_nothing(location: Any, acting: Any) -> None:
    before = latest_event_id()
    with pytest.raises(RuntimeError), transaction.atomic():
        save(location)
        raise RuntimeError
    assert history_of(location).count() == 1
    assert not Event.objects.filter(id__gt=before).exists()
    location.refresh_from_db()
    assert location.name == "Rajkot"


def test_touch_raises_the_version_with_a_record(location: Any, acting: Any) -> None:
    before = latest_event_id()
    location.touch()
    assert location.version == 2
    assert Event.objects.get(id__gt=before).changes == {}
    assert_equal_to_live(history_of(location).first(), location)


def test_times_and_version_belong_to_the_database(location: Any) -> None:
    created = location.created_at
    type(location).objects.filter(pk=location.pk).update(
        created_at="2001-01-01T00:00:00Z", updated_at="2001-01-01T00:00:00Z", name="A"
    )
    location.refresh_from_db()
    assert location.created_at == created
    assert location.updated_at > created
    assert location.version == 2


@pytest.mark.django_db(transaction=True)
def test_another_connection_without_context_is_recorded_as_outside_the_application() -> None:
    row = import_string("locations.tests.factories.LocationFactory")(name="Rajkot")
    before = latest_event_id()
    with psycopg.connect(dsn()) as outside:
        outside.execute("UPDATE locations_location SET name = 'Gondal' WHERE id = %s", [row.pk])

    kept = history_of(row).first()
    assert_equal_to_live(kept, row)
    assert (kept.history_user_id, kept.history_change_reason) == (None, None)
    event = Event.objects.get(id__gt=before)
    assert event.changes == {"name": ["Rajkot", "Gondal"]}
    assert (event.source, event.actor_id, event.reason) == ("database", None, "")
    assert event.db_role == APP


def dsn(user: str = APP) -> str:
    """Connection string of the test database, for a connection that Django knows nothing of."""
    params = connection.get_connection_params() | {"user": user}
    return psycopg.conninfo.make_conninfo(**{key: params[key] for key in DSN_KEYS if params.get(key)})
