"""Leaf format 1: all columns as text, the same in every session, and personal data as commitments."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.module_loading import import_string
from hypothesis import given, settings
from hypothesis import strategies as st

from erp import context
from erp.events import feed
from erp.events.models import Event
from erp.ledger import lines, proofs, tree
from erp.ledger.models import Leaf, Salt
from erp.ledger.seal import seal
from erp.testing.roles import as_owner

SESSION = {
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "lc_time": "C",
}
ACTOR = uuid.UUID("00000000-0000-7000-8000-00000000AC70")


def columns_of_event() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'event'::regclass AND attnum > 0 AND NOT attisdropped "
            "ORDER BY attnum"
        )
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db
def test_a_line_has_every_column_of_the_event_table_in_its_order() -> None:
    assert list(lines.COLUMNS) == columns_of_event()


@pytest.mark.django_db
def test_line_holds_all_values_as_text(empty_log: None) -> None:
    with context.acting(
        source="task", actor_id=ACTOR, actor_label="Ashā “A” Patel", reason="Survey\n2", ip="192.0.2.7"
    ):
        import_string("locations.tests.factories.CountryFactory")(name="Bhārat")
    head = feed.number_events()
    ((position, line),) = lines.read_lines(head - 1, 10)
    event = Event.objects.latest("id")
    assert position == head == Event.objects.count()
    assert line.startswith(f'["1","{head}","{event.id}"'.encode())
    assert b"\n" not in line
    assert "Ashā “A” Patel".replace('"', '\\"').encode() in line
    values = dict(zip(("format", "position", *lines.COLUMNS), json.loads(line), strict=True))
    assert all(value is None or isinstance(value, str) for value in values.values())
    assert values["id"] == str(event.id)
    assert values["event_id"] == str(event.event_id)
    assert values["actor_id"] == "00000000-0000-7000-8000-00000000ac70"
    assert values["reason"] == "Survey\n2"
    assert values["approval_id"] is values["on_behalf_of"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", values["occurred_at"])
    assert datetime.fromisoformat(values["occurred_at"]) == event.occurred_at
    assert json.loads(values["payload"]) == event.payload
    assert event.payload["changes"]["name"] == [None, "Bhārat"]


@pytest.mark.django_db
def test_lines_are_the_same_in_every_session(make_events: Callable[[int], Any]) -> None:
    import_string("partners.tests.factories.PartnerContactFactory")()
    make_events(2)
    seal()
    plain = lines.read_lines(0, 100)
    assert Salt.objects.exists()
    for name, value in SESSION.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL {name} = '{value}'")
            assert lines.read_lines(0, 100) == plain, name


@pytest.mark.django_db
def test_reading_is_one_statement_and_keeps_the_order(
    make_events: Callable[[int], Any], django_assert_num_queries: Any
) -> None:
    make_events(6)
    head = feed.number_events()
    with django_assert_num_queries(1):
        found = lines.read_lines(2, 3)
    assert [position for position, _ in found] == [3, 4, 5]
    assert lines.read_lines(head, 3) == []


@pytest.mark.django_db
def test_events_without_a_number_are_not_read(make_events: Callable[[int], Any]) -> None:
    make_events(1)
    assert lines.read_lines(0, 10) == []


@pytest.mark.django_db
def test_personal_values_enter_the_line_as_commitments(empty_log: None) -> None:
    contact = import_string("partners.tests.factories.PartnerContactFactory")(
        name="Ramesh Patel", email="ramesh@example.com", phone="+919812345678", designation="Manager"
    )
    contact.partner.legal_name = "Patel Ginning"
    seal()
    (event,) = Event.objects.filter(object_type="partners.partnercontact")
    position = event.numbered.position
    ((_, line),) = lines.read_lines(position - 1, 1)
    for value in ("Ramesh Patel", "ramesh@example.com", "+919812345678", contact.partner.legal_name):
        assert json.dumps(value, ensure_ascii=False)[1:-1].encode() not in line
    assert b"Manager" in line
    payload = json.loads(json.loads(line)[2 + lines.COLUMNS.index("payload")])
    salts = dict(Salt.objects.filter(event_id=event.id).values_list("path", "salt"))
    assert set(salts) == {
        "label", "changes/name/1", "changes/email/1", "changes/phone/1", "labels/partner_id/1"
    }  # fmt: skip
    assert len({bytes(salt) for salt in salts.values()}) == 5
    expected = sha256(bytes(salts["changes/name/1"]) + b'"Ramesh Patel"').hexdigest()
    assert payload["changes"]["name"] == [None, {"$c": expected}]
    assert payload["label"] == {"$c": sha256(bytes(salts["label"]) + b'"Ramesh Patel"').hexdigest()}
    assert payload["label"] != payload["changes"]["name"][1]
    assert event.changes["name"] == [None, "Ramesh Patel"], "The record itself keeps the value."


@pytest.mark.django_db
def test_an_erased_value_leaves_the_line_as_it_was(empty_log: None) -> None:
    import_string("partners.tests.factories.PartnerContactFactory")(name="Ramesh Patel")
    seal()
    (event,) = Event.objects.filter(object_type="partners.partnercontact")
    position = event.numbered.position
    ((_, before),) = lines.read_lines(position - 1, 1)
    paths = Salt.objects.filter(event_id=event.id).values_list("path", flat=True)
    sealed = json.loads(json.loads(before)[2 + lines.COLUMNS.index("payload")])
    assert list(paths)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE event DISABLE TRIGGER erp_append_only")
        cursor.execute("UPDATE event SET payload = %s WHERE id = %s", [json.dumps(sealed), event.id])
        cursor.execute("DELETE FROM ledger_salt WHERE event_id = %s", [event.id])
    ((_, after),) = lines.read_lines(position - 1, 1)
    assert after == before
    assert tree.leaf_hash(after) == bytes(Leaf.objects.get(position=position).hash)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE event SET payload = jsonb_set(payload, '{{changes,name,1}}', '\"Mahesh\"') WHERE id = {id}",
        "UPDATE event SET payload = payload #- '{{changes,name}}' WHERE id = {id}",
        "UPDATE event SET payload = payload - 'label' WHERE id = {id}",
        "UPDATE event SET payload = '[]' WHERE id = {id}",
        "UPDATE event SET payload = payload || '{{\"changes\": []}}' WHERE id = {id}",
        "UPDATE ledger_salt SET salt = decode(repeat('00', 16), 'hex') WHERE event_id = {id}",
        "DELETE FROM ledger_salt WHERE event_id = {id}",
        "INSERT INTO ledger_salt VALUES ({id}, 'changes/designation/1', decode(repeat('00', 16), 'hex'))",
    ],
)
def test_a_touched_personal_value_or_salt_gives_another_line(harm: str, empty_log: None) -> None:
    import_string("partners.tests.factories.PartnerContactFactory")(name="Ramesh Patel", designation="Manager")
    seal()
    (event,) = Event.objects.filter(object_type="partners.partnercontact")
    position = event.numbered.position
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE event DISABLE TRIGGER erp_append_only")
        cursor.execute(harm.format(id=event.id))
    ((_, after),) = lines.read_lines(position - 1, 1)
    assert tree.leaf_hash(after) != bytes(Leaf.objects.get(position=position).hash)


@pytest.mark.django_db
def test_personal_columns_are_those_that_the_models_declare() -> None:
    found = lines.personal_columns()
    assert found["partners.partnercontact"] == (True, {"name", "email", "phone"}, {"partner_id"})
    assert found["partners.partnerrole"] == (False, frozenset(), {"partner_id", "parent_broker_id"})
    assert "full_name" in found["accounts.user"][1]
    assert "locations.location" not in found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.decimals(allow_nan=False, allow_infinity=False, places=6).map(Decimal)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


@pytest.mark.django_db
def test_payloads_are_written_as_postgresql_writes_them() -> None:
    with connection.cursor() as cursor:

        @given(JSON)
        @settings(max_examples=150, deadline=None, database=None)
        def compare(value: Any) -> None:
            cursor.execute("SELECT %s::jsonb::text", [_text(value)])
            (written,) = cursor.fetchone()
            assert lines._dump(lines._load(written)) == written

        compare()


@pytest.mark.django_db
def test_sealed_positions_are_those_that_the_newest_head_covers(
    make_events: Callable[[int], Any], django_assert_num_queries: Any
) -> None:
    make_events(1)
    head = seal()
    assert head is not None
    sealed = list(Event.objects.order_by("id").values_list("id", flat=True))
    make_events(2)
    feed.number_events()
    make_events(1)
    later = list(Event.objects.filter(id__gt=sealed[-1]).values_list("id", flat=True))
    assert len(later) == 3
    with django_assert_num_queries(1):
        found = proofs.sealed_positions([*sealed, *later])
    assert found == {**{event: n for n, event in enumerate(sealed, start=1)}, **dict.fromkeys(later)}
    assert proofs.sealed_positions([]) == {}


@pytest.mark.django_db
def test_nothing_is_sealed_before_the_first_head(make_events: Callable[[int], Any]) -> None:
    make_events(1)
    feed.number_events()
    assert set(proofs.sealed_positions(Event.objects.values_list("id", flat=True)).values()) == {None}


def test_a_commitment_is_not_committed_again() -> None:
    erased = '{"label": {"$c": "' + "0" * 64 + '"}, "changes": {"name": [null, 1.50]}}'
    assert lines.committed(erased, {"label": bytes(16)}) == erased
    digest = sha256(bytes(16) + b"1.50").hexdigest()
    assert lines.committed(erased, {"changes/name/1": bytes(16)}) == erased.replace("1.50", f'{{"$c": "{digest}"}}')
