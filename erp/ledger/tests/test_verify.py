"""Verification: a clean record is clean, and every way of tampering is named with its exact place.

Whoever tampers here is the superuser with all triggers off: nothing but the comparison can notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils.module_loading import import_string

from erp import context
from erp.events import capture
from erp.events.models import Event
from erp.ledger import jobs, keys, notes, rotation, tree
from erp.ledger.models import Head, Key
from erp.ledger.seal import seal
from erp.ledger.state import seal_state
from erp.management.commands.seed_demo import prove
from erp.testing.roles import as_owner, as_superuser

PLACES = "locations_location"
HISTORY = "locations_historicallocation"
LEDGER = ("ledger_leaf", "ledger_node", "ledger_head", "ledger_key", "ledger_delivery", "ledger_salt")
LOG = ("event", "event_position", "event_pending", "event_stream")
RENAMES = 14


def sql(statement: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


ENABLE = """DO $$ DECLARE t record; BEGIN
    FOR t IN SELECT tgrelid::regclass AS name, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.name, t.tgname);
    END LOOP; END $$"""


@contextmanager
def tampering(*tables: str) -> Iterator[None]:
    """All triggers of the record off, as only its owner can switch them."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with as_owner():
        for table in tables or (*LOG, *LEDGER, PLACES, HISTORY):
            sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        sql(ENABLE)


@contextmanager
def undone() -> Iterator[None]:
    """What the block does to the database is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def tamper(statement: str, *parameters: Any) -> None:
    with tampering():
        sql(statement, *parameters)


# A test that commits leaves its events behind: the log only grows, while Django empties the tables that it knows.
STALE = """
SELECT EXISTS (SELECT FROM ledger_head) OR EXISTS (SELECT FROM event WHERE history_id IS NOT NULL)
    OR EXISTS (SELECT FROM event WHERE event_type = 'role.created' AND object_id NOT IN (SELECT id::text FROM auth_group))
"""


def empty_record() -> None:
    """Neither record nor recorded rows."""
    tables = {*LOG, *LEDGER}
    for table in capture.tracked_tables():
        tables |= {table.table, *filter(None, [table.history_table])}
    with as_owner():
        sql(f"TRUNCATE {', '.join(sorted(tables))} CASCADE")


@pytest.fixture
def sealed(db: None, signing_key: keys.SigningKey) -> Any:
    """A place with a country, renamed 14 times, a deleted place, a user with a role and a domain event; two heads."""
    if sql(STALE) == [(True,)]:
        empty_record()
    return write_and_seal()


def write_and_seal() -> Any:
    with as_owner():
        group = import_string("django.contrib.auth.models.Group").objects.create(name="Gin")
    user = import_string("accounts.tests.factories.UserFactory")()
    user.groups.add(group)
    user.emit_event("user.password_changed", None)
    user.flush_events()
    factory = import_string("locations.tests.factories.LocationFactory")
    place = factory(name="Rajkot")
    factory(country=place.country).delete()
    assert seal()
    with context.acting(source="task", actor_id=user.pk, reason="Survey"):
        for number in range(RENAMES):
            sql(f"UPDATE {PLACES} SET name = %s WHERE id = %s", f"Rajkot {number}", place.pk)
    assert seal()
    return place


def verify(*arguments: str) -> tuple[int, list[tuple[str, ...]], list[dict[str, Any]]]:
    """Exit status, places of the findings, and the findings, from the command."""
    output, status = StringIO(), 0
    try:
        call_command("audit_verify", "--json", *arguments, stdout=output)
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    findings = json.loads(output.getvalue())["findings"]
    return status, [(str(f["layer"]), f["table"], f["row"], f["column"]) for f in findings], findings


def events_of(place: Any) -> list[Event]:
    return list(Event.objects.filter(object_id=str(place.pk)).order_by("id"))


def position_of(event: Event) -> int:
    return event.numbered.position


def test_clean_record_has_no_findings(sealed: Any) -> None:
    output = StringIO()
    call_command("audit_verify", stdout=output)
    events = Event.objects.count()
    assert f"{events} sealed events in " in output.getvalue()
    assert output.getvalue().endswith(" s, 0 findings.\n")
    assert verify() == (0, [], [])


def test_unsealed_events_are_mentioned_and_no_finding(sealed: Any) -> None:
    sql(f"UPDATE {PLACES} SET name = 'Gondal' WHERE id = %s", sealed.pk)
    output = StringIO()
    call_command("audit_verify", stdout=output)
    assert "1 events are not sealed yet" in output.getvalue()


def test_verifying_writes_nothing_unless_asked(sealed: Any) -> None:
    before = Event.objects.count()
    verify()
    assert Event.objects.count() == before
    verify("--record")
    assert Event.objects.filter(event_type="audit.verified").count() == 1


def test_edited_history_row_is_named_with_column_and_values(sealed: Any) -> None:
    event = events_of(sealed)[5]
    tamper(f"UPDATE {HISTORY} SET name = 'Morbi' WHERE history_id = %s", event.history_id)
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("3", HISTORY, str(event.history_id), "name")])
    assert (finding["expected"], finding["found"]) == ("Rajkot 4", "Morbi")


HISTORY_COLUMNS = {
    "history_date": "2001-01-01 00:00:00+00",
    "history_user_id": "00000000-0000-7000-8000-000000000bad",
    "history_change_reason": "Another",
    "history_type": "+",
    "updated_at": "2001-01-01 00:00:00+00",
    "created_at": "2001-01-01 00:00:00+00",
    "version": "99",
    "city": "never said by any event",
}


def test_no_column_of_a_history_row_can_be_edited_unnoticed(sealed: Any) -> None:
    event = events_of(sealed)[5]
    for column, value in HISTORY_COLUMNS.items():
        with undone():
            tamper(f"UPDATE {HISTORY} SET {column} = %s WHERE history_id = %s", value, event.history_id)
            assert verify()[:2] == (1, [("3", HISTORY, str(event.history_id), column)])


def test_deleted_history_row_is_named(sealed: Any) -> None:
    event = events_of(sealed)[5]
    tamper(f"DELETE FROM {HISTORY} WHERE history_id = %s", event.history_id)
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("3", HISTORY, str(event.history_id), "")])
    assert finding["expected"] == f"the row of event {event.id} (location.updated)"
    assert finding["found"] == "no row"


def test_inserted_history_row_is_named(sealed: Any) -> None:
    newest = events_of(sealed)[-1].history_id
    columns = ", ".join(c.column for c in type(sealed).history.model._meta.concrete_fields if c.column != "history_id")
    tamper(
        f"INSERT INTO {HISTORY} (history_id, {columns}) SELECT 1000000, {columns} FROM {HISTORY} WHERE history_id = %s",
        newest,
    )
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("3", HISTORY, "1000000", "")])
    assert finding["expected"] == "no row, as no event tells of it"


def test_edited_event_is_named_where_it_was_sealed_and_where_history_differs(sealed: Any) -> None:
    event = events_of(sealed)[5]
    tamper("UPDATE event SET payload = jsonb_set(payload, '{changes,name,1}', '\"Morbi\"') WHERE id = %s", event.id)
    status, places, findings = verify()
    assert (status, places) == (
        1, [("2", "event", str(event.id), ""), ("3", HISTORY, str(event.history_id), "name")]
    )  # fmt: skip
    assert findings[0]["expected"].startswith(f"the line sealed at position {position_of(event)}, ")


def test_no_column_of_an_event_can_be_edited_unnoticed(sealed: Any) -> None:
    event = Event.objects.get(event_type="user.password_changed")
    values = dict.fromkeys(("actor_label", "reason", "request_id", "ip", "db_role"), "'forged'")
    values |= {"xid": "'7'", "recorded_at": "recorded_at + interval '1 microsecond'", "schema_version": "2"}
    for column, value in values.items():
        with undone():
            tamper(f"UPDATE event SET {column} = {value} WHERE id = %s", event.id)
            assert verify()[:2] == (1, [("2", "event", str(event.id), "")]), column


def test_edited_event_with_its_leaf_breaks_the_head_over_it(sealed: Any) -> None:
    from erp.ledger import lines  # noqa: PLC0415

    event = events_of(sealed)[5]
    with tampering():
        sql("UPDATE event SET request_id = 'forged' WHERE id = %s", event.id)
        ((position, line),) = lines.read_lines(position_of(event) - 1, 1)
        sql("UPDATE ledger_leaf SET hash = %s WHERE position = %s", tree.leaf_hash(line), position)
    newest = Head.objects.order_by("-size").first()
    block = (position - 1) // 256
    nodes = [("2", "ledger_node", f"8/{block}", "hash")] if (block + 1) * 256 <= newest.size else []
    status, places, findings = verify()
    assert (status, places) == (1, [("2", "ledger_head", str(newest.size), "root"), *nodes])
    assert findings[0]["expected"] == bytes(newest.root).hex()


def test_edited_leaf_and_node_are_named(sealed: Any) -> None:
    for number in range(256):
        sql(f"UPDATE {PLACES} SET name = %s WHERE id = %s", f"{number}", sealed.pk)
    assert seal()
    first = Head.objects.order_by("size").first().size
    with undone():
        tamper("UPDATE ledger_node SET hash = %s WHERE level = 8 AND index = 0", bytes(32))
        assert verify()[:2] == (1, [("2", "ledger_node", "8/0", "hash")])
    with undone():
        tamper("DELETE FROM ledger_leaf WHERE position = 1")
        assert verify()[:2] == (1, [("2", "ledger_leaf", "1", "")])
    tamper("UPDATE ledger_leaf SET hash = %s WHERE position = 1", bytes(32))
    assert verify()[:2] == (
        1,
        [
            ("2", "event", str(Event.objects.get(numbered__position=1).id), ""),
            ("2", "ledger_head", str(first), "root"),
            ("2", "ledger_node", "8/0", "hash"),
        ],
    )


def test_deleted_event_is_named_in_every_order_that_it_stood_in(sealed: Any) -> None:
    event = events_of(sealed)[5]
    position, version = position_of(event), event.aggregate_version
    tamper("DELETE FROM event WHERE id = %s", event.id)
    status, places, findings = verify()
    assert status == 1
    assert places == [
        ("2", "event_position", str(position), ""),
        ("3", HISTORY, str(event.history_id), ""),
        ("5", "event_position", str(position), "event_id"),
        ("5", "event", f"location {sealed.pk}", "aggregate_version"),
    ]
    assert findings[-1]["expected"] == f"{version} after {version - 1}"


def drop_last_ten() -> None:
    """The end of the record, cut off everywhere: events, positions, leaves, heads, streams, history, live row."""
    ((last,),) = sql("SELECT max(position) - 10 FROM event_position")
    with tampering():
        gone = [event_id for (event_id,) in sql("SELECT event_id FROM event_position WHERE position > %s", last)]
        sql(f"DELETE FROM {HISTORY} WHERE history_id IN (SELECT history_id FROM event WHERE id = ANY (%s))", gone)
        sql("DELETE FROM event WHERE id = ANY (%s)", gone)
        sql("DELETE FROM event_position WHERE position > %s", last)
        sql("DELETE FROM ledger_head WHERE size > %s", last)
        sql("DELETE FROM ledger_leaf WHERE position > (SELECT max(size) FROM ledger_head)")
        sql("DELETE FROM ledger_node WHERE (index + 1) << level::int > (SELECT max(size) FROM ledger_head)")
        sql(
            "UPDATE event_stream s SET version = (SELECT max(aggregate_version) FROM event e "
            "WHERE (e.aggregate_type, e.aggregate_id) = (s.aggregate_type, s.aggregate_id))"
        )
        sql(
            f"UPDATE {PLACES} l SET (name, version, updated_at) = (SELECT name, version, updated_at FROM {HISTORY} h "
            "WHERE h.id = l.id ORDER BY history_id DESC LIMIT 1)"
        )


def test_dropped_end_is_found_by_a_head_kept_elsewhere_and_by_nothing_else(sealed: Any, tmp_path: Path) -> None:
    newest = Head.objects.order_by("-size").first()
    copy = tmp_path / "head.txt"
    copy.write_text(newest.checkpoint)
    assert verify("--head", str(copy)) == (0, [], [])
    drop_last_ten()
    assert verify() == (0, [], [])
    status, places, (finding,) = verify("--head", str(copy))
    assert (status, places) == (1, [("1", "ledger_head", str(newest.size), "")])
    assert finding["expected"] == f"the tree of {newest.size} events of {copy}"
    assert finding["found"] == f"one of {newest.size - RENAMES}"


def test_rewrite_of_everything_is_found_by_a_head_kept_elsewhere(
    sealed: Any, signing_key: keys.SigningKey, tmp_path: Path
) -> None:
    copy = tmp_path / "head.txt"
    copy.write_text(Head.objects.order_by("size").first().checkpoint)
    event = events_of(sealed)[0]
    with tampering():
        sql("UPDATE event SET request_id = 'forged' WHERE id = %s", event.id)
        for table in ("ledger_head", "ledger_leaf", "ledger_node"):
            sql(f"DELETE FROM {table}")
    assert seal()  # with the true key
    assert verify() == (0, [], [])
    status, places, _ = verify("--head", str(copy))
    assert status == 1
    assert places == [("1", str(copy), str(notes.parse(copy.read_text()).size), "root")]


def test_head_signed_with_another_key_is_named(sealed: Any, tmp_path: Path) -> None:
    keys.write(tmp_path / "stranger.pem")
    stranger = keys.read(tmp_path / "stranger.pem")
    head = Head.objects.order_by("size").first()
    forged = notes.sign(notes.parse(head.checkpoint).text, stranger)
    tamper("UPDATE ledger_head SET checkpoint = %s WHERE size = %s", forged, head.size)
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("1", "ledger_head", str(head.size), "checkpoint")])
    assert finding["expected"] == f"a signature of {Key.objects.get()}"

    with tampering():
        sql(
            "INSERT INTO ledger_key (key_id, name, public_key, retired_at) VALUES (%s, %s, %s, now())",
            stranger.key_id.hex(),
            stranger.name,
            stranger.public,
        )
    assert ("1", "ledger_key", stranger.key_id.hex(), "") in verify()[1]


def test_head_that_is_not_what_was_signed_is_named(sealed: Any) -> None:
    size = str(Head.objects.order_by("size").first().size)
    with undone():
        tamper("UPDATE ledger_head SET root = %s WHERE size = %s", bytes(32), size)
        assert verify()[:2] == (1, [("1", "ledger_head", size, "root"), ("2", "ledger_head", size, "root")])
    tamper("UPDATE ledger_head SET signed_at = signed_at - interval '1 day' WHERE size = %s", size)
    assert verify()[:2] == (1, [("1", "ledger_head", size, "signed_at")])


def test_live_row_changed_behind_the_triggers_is_named(sealed: Any) -> None:
    tamper(f"UPDATE {PLACES} SET name = 'Morbi' WHERE id = %s", sealed.pk)
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("4", PLACES, str(sealed.pk), "name")])
    assert (finding["expected"], finding["found"]) == (f"Rajkot {RENAMES - 1}", "Morbi")


def test_live_row_deleted_or_revived_behind_the_triggers_is_named(sealed: Any) -> None:
    deleted = Event.objects.get(event_type="location.deleted").object_id
    with tampering():
        columns = ", ".join(field.column for field in sealed._meta.concrete_fields)
        sql(
            f"INSERT INTO {PLACES} ({columns}) SELECT {columns} FROM {HISTORY} WHERE id = %s ORDER BY history_id LIMIT 1",
            deleted,
        )
        sql(f"DELETE FROM {PLACES} WHERE id = %s", sealed.pk)
    status, places, findings = verify()
    assert status == 1
    assert set(places) == {("4", PLACES, deleted, ""), ("4", PLACES, str(sealed.pk), "")}
    assert {finding["found"] for finding in findings} == {"a row", "no row"}


def test_role_taken_or_given_behind_the_triggers_is_named(sealed: Any) -> None:
    with tampering("accounts_user_groups"):
        ((taken, user, group),) = sql("DELETE FROM accounts_user_groups RETURNING id, user_id, group_id")
        ((given,),) = sql(
            "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s) RETURNING id", user, group
        )
    status, places, findings = verify()
    assert status == 1
    assert places == [("4", "accounts_user_groups", str(row), "") for row in sorted((taken, given))]
    assert [finding["found"] for finding in findings] == ["no row", "a row"]


def test_nulls_inside_json_and_personal_data_are_no_findings(sealed: Any) -> None:
    document = import_string("partners.tests.factories.PartnerDocumentFactory")()
    document.extracted = {"name": None, "parts": [{"area": None}]}
    document.save()
    again = import_string("partners.tests.factories.PartnerDocumentFactory")(
        extracted={"name": None, "tax": {"no": None}}
    )
    again.number = "X-1"
    again.save()
    event = events_of(again)[-1]
    again.delete()
    assert seal()
    assert verify() == (0, [], [])
    tamper("UPDATE ledger_salt SET salt = %s WHERE event_id = %s", bytes(16), event.id)
    assert verify()[:2] == (1, [("2", "event", str(event.id), "")])


def test_column_that_a_migration_added_later_has_its_default_and_nothing_else(sealed: Any) -> None:
    place = import_string("locations.tests.factories.LocationFactory")(city="")
    (event,) = events_of(place)
    tamper("UPDATE event SET payload = payload #- '{changes,city}' WHERE id = %s", event.id)
    assert seal()
    assert verify() == (0, [], [])
    tamper(f"UPDATE {HISTORY} SET city = 'Morbi' WHERE history_id = %s", event.history_id)
    status, places, findings = verify()
    assert (status, places[0]) == (1, ("3", HISTORY, str(event.history_id), "city"))
    assert (findings[0]["expected"], findings[0]["found"]) == ('""', "Morbi")


def test_changed_secret_is_named_without_its_value(sealed: Any) -> None:
    account = import_string("organizations.tests.factories.OrganizationBankAccountFactory")()
    seal()
    assert verify()[0] == 0
    table, history = account._meta.db_table, account.history.model._meta.db_table
    with tampering(table, history):
        for name in (table, history):
            sql(f"UPDATE {name} SET account_number = 'c2VjcmV0' WHERE id = %s", account.pk)
    status, places, (finding,) = verify()
    assert (status, places[0][1], places[0][3]) == (1, history, "account_number")
    assert "c2VjcmV0" not in str(finding)
    assert "$secret" in finding["found"]


def test_gap_in_positions_is_named(sealed: Any) -> None:
    sql(f"UPDATE {PLACES} SET name = 'Gondal' WHERE id = %s", sealed.pk)
    sql("SELECT event_sequence()")
    ((last,),) = sql("SELECT max(position) FROM event_position")
    tamper("UPDATE event_position SET position = position + 1 WHERE position = %s", last)
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("5", "event_position", str(last), "position")])
    assert (finding["expected"], finding["found"]) == (f"{last} after {last - 1}", str(last + 1))


def test_event_without_position_is_named(sealed: Any) -> None:
    sql(f"UPDATE {PLACES} SET name = 'Gondal' WHERE id = %s", sealed.pk)
    event = events_of(sealed)[-1]
    tamper("DELETE FROM event_pending")
    assert verify()[:2] == (1, [("5", "event", str(event.id), "")])


def test_gap_in_aggregate_versions_is_named(sealed: Any) -> None:
    sql(f"UPDATE {PLACES} SET name = 'Gondal' WHERE id = %s", sealed.pk)
    event = events_of(sealed)[-1]
    version = event.aggregate_version
    tamper("UPDATE event SET aggregate_version = aggregate_version + 1 WHERE id = %s", event.id)
    status, places, findings = verify()
    row = f"location {sealed.pk}"
    assert (status, places) == (
        1, [("5", "event", row, "aggregate_version"), ("5", "event_stream", row, "version")]
    )  # fmt: skip
    assert findings[0]["found"] == str(version + 1)


@pytest.mark.parametrize(("table", "trigger"), [(PLACES, "erp_capture_update"), ("ledger_leaf", "erp_append_only")])
def test_dropped_trigger_is_named(sealed: Any, table: str, trigger: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with as_owner():
        sql(f"DROP TRIGGER {trigger} ON {table}")
    assert verify()[:2] == (1, [("6", f"trigger {trigger} on {table}", "", "")])


def test_table_of_the_record_that_another_role_took_over_is_named(sealed: Any) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with as_superuser():
        sql("CREATE ROLE thief")
        sql(f"ALTER TABLE {HISTORY} OWNER TO thief")
    status, places, (finding,) = verify()
    assert (status, places) == (1, [("6", f"owner of {HISTORY}", "", "")])
    assert finding["found"] == "thief"


def test_heads_before_and_after_a_rotation_verify_and_an_edited_hand_over_does_not(
    sealed: Any, signing_key: keys.SigningKey, settings: Any, tmp_path: Path
) -> None:
    keys.write(tmp_path / "new.pem")
    new = keys.read(tmp_path / "new.pem")
    output = StringIO()
    call_command("audit_rotate_key", "--new-key", str(tmp_path / "new.pem"), stdout=output)
    assert "Set AUDIT_SIGNING_KEY_FILE to it" in output.getvalue()
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "new.pem")
    sql(f"UPDATE {PLACES} SET name = 'Gondal' WHERE id = %s", sealed.pk)
    assert seal().key_id == new.key_id.hex()
    event = Event.objects.get(event_type="audit.key_rotated")
    assert (event.category, event.source) == ("system", "command")
    assert list(Head.objects.order_by("size").values_list("key_id", flat=True)) == [
        signing_key.key_id.hex(), signing_key.key_id.hex(), new.key_id.hex(), new.key_id.hex()
    ]  # fmt: skip
    assert verify() == (0, [], [])
    half = {**event.payload, "acceptance": event.payload["endorsement"]}
    assert rotation.endorsed(event.payload, old=signing_key.public, name=new.name) == new.public
    assert rotation.endorsed(half, old=signing_key.public, name=new.name) is None

    tamper(
        "UPDATE event SET payload = payload || jsonb_build_object('endorsement', payload -> 'acceptance') WHERE id = %s",
        event.id,
    )
    with pytest.raises(CommandError, match="the ledger is signed with"):  # with the old key, as far as can be trusted
        verify()
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "audit-signing-key.pem")
    status, places, _ = verify()
    assert status == 1
    assert places[0] == ("1", "event", str(event.id), "payload")
    assert ("2", "event", str(event.id), "") in places


def test_retired_key_signs_nothing_any_more(
    sealed: Any, signing_key: keys.SigningKey, settings: Any, tmp_path: Path
) -> None:
    keys.write(tmp_path / "new.pem")
    rotation.rotate(keys.read(tmp_path / "new.pem"))
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "new.pem")
    newest = Head.objects.order_by("-size").first()
    forged = notes.sign(notes.parse(newest.checkpoint).text, signing_key)
    tamper(
        "UPDATE ledger_head SET checkpoint = %s, key_id = %s WHERE size = %s",
        forged, signing_key.key_id.hex(), newest.size,
    )  # fmt: skip
    assert verify()[:2] == (1, [("1", "ledger_head", str(newest.size), "key_id")])


def test_rotation_refuses_a_key_that_signs_already_and_writes_nothing(
    sealed: Any, signing_key: keys.SigningKey
) -> None:
    before = (Event.objects.count(), Head.objects.count(), Key.objects.count())
    with pytest.raises(rotation.RotationError, match="has signed before: make a new one"):
        rotation.rotate(signing_key)
    assert (Event.objects.count(), Head.objects.count(), Key.objects.count()) == before


def could_not(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("audit_verify", *arguments)
    assert refused.value.returncode == 2
    return str(refused.value)


def test_without_a_head_there_is_nothing_to_verify(db: None) -> None:
    empty_record()
    assert (
        could_not()
        == "Could not verify. Nothing is sealed, so nothing can be proven: run `manage.py audit_seal` first."
    )


def test_wrong_key_is_said_and_is_no_finding(sealed: Any, settings: Any, tmp_path: Path) -> None:
    keys.write(tmp_path / "other.pem")
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "other.pem")
    assert f"the ledger is signed with {Key.objects.get()}" in could_not()


def test_unreadable_outside_head_is_said(sealed: Any, tmp_path: Path) -> None:
    (tmp_path / "head.txt").write_text("no checkpoint")
    assert "This is no checkpoint" in could_not("--head", str(tmp_path / "head.txt"))
    assert "No such file" in could_not("--head", str(tmp_path / "missing.txt"))


def test_unreachable_database_is_said(sealed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError  # noqa: PLC0415

    def refuse(**_: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("erp.ledger.management.commands.audit_verify.verify", refuse)
    assert could_not() == "Could not verify. connection refused"


def test_nightly_job_keeps_its_result_for_the_desk(
    sealed: Any, django_assert_num_queries: Callable[[int], Any]
) -> None:
    assert seal_state()["verified"] is None
    tamper(f"UPDATE {PLACES} SET name = 'Morbi' WHERE id = %s", sealed.pk)
    jobs.verify(0)
    event = Event.objects.get(event_type="audit.verified")
    assert (event.category, event.source) == ("system", "task")
    assert event.payload["places"] == [f"4 {PLACES} {sealed.pk} name"]
    newest = Head.objects.order_by("-size").first()
    with django_assert_num_queries(2):
        state = seal_state()
    assert state == {
        "size": newest.size,
        "signed_at": newest.signed_at,
        "unsealed": 1,
        "undelivered": 0,
        "verified": {
            "at": event.occurred_at,
            "ok": False,
            "findings": 1,
            "seconds": event.payload["seconds"],
            "size": newest.size,
        },
    }


def test_demonstration_ends_sealed_and_verified(sealed: Any) -> None:
    sql(f"UPDATE {PLACES} SET name = 'Gondal' WHERE id = %s", sealed.pk)
    prove()
    shown = seal_state()
    assert shown["verified"] is not None
    assert (shown["unsealed"], shown["verified"]["ok"]) == (0, True)
    assert shown["size"] == shown["verified"]["size"] + 1 == Event.objects.count()
