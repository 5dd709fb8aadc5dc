"""The application's database role: all doors work with it, and none of the ways around the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from commodities.models import TradeType
from erp import context
from erp.admin.imports import jobs
from erp.admin.tests.test_imports import upload
from erp.approvals import guards
from erp.approvals.models import ChangeRequest
from erp.events import roles
from erp.events.models import Event
from erp.imports.models import ImportJob
from erp.ledger import keys
from erp.testing.fixtures import PASSWORD, make, make_user
from erp.testing.installation import Installation, connected_as, installed

REASON = "The bank corrected it"
DEFINERS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE pronamespace = 'public'::regnamespace AND prosecdef
  AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)
"""
RECORD = """
SELECT relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = 2) FROM pg_class c
WHERE relkind = 'r' AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'erp_append_only')
"""

INSERTED_BY_FUNCTIONS = """
SELECT relname FROM pg_class c WHERE relkind = 'r' AND has_table_privilege('erp_app', oid, 'INSERT')
  AND (relname ~ '^event(_|$)' OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'erp_history_guard'))
"""


@pytest.fixture(scope="module")
def installation(django_db_blocker: Any) -> Iterator[Installation]:
    with django_db_blocker.unblock(), installed() as made:
        yield made


@pytest.fixture(scope="module")
def house(installation: Installation) -> SimpleNamespace:
    """People of one house and a partner's account, put there by the owner before guards are in force."""
    with connected_as(installation.url("erp_owner")), transaction.atomic(), guards.four_eyes_off():
        organization = make("organizations.tests.factories.OrganizationFactory")
        partner = make("partners.tests.factories.BusinessPartnerFactory", organization=organization)
        people = {"asha": "partner_officer", "sunita": "manager_approver", "farhan": "org_admin"}
        return SimpleNamespace(
            organization=organization,
            account=make("partners.tests.factories.PartnerBankAccountFactory", partner=partner),
            root=make_user("SUPER_ADMIN"),
            **{name: make_user("INTERNAL", role=role, organization=organization) for name, role in people.items()},
        )


@pytest.fixture
def as_app(installation: Installation, house: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """Django works with the application's role."""
    with connected_as(installation.url("erp_app")):
        yield house


def signed_in(user: Any) -> Client:
    """A browser after its sign-in at the desk."""
    client = Client()
    answer = client.post(reverse("admin:login"), {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def program(user: Any) -> Client:
    """A program after its sign-in to the API."""
    answer = Client().post(
        "/api/v1/auth/login", {"username": user.email, "password": PASSWORD}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    return Client(headers={"Authorization": f"Bearer {answer.json()['access_token']}", "X-Change-Reason": REASON})


def newest(**wanted: Any) -> Event:
    return Event.objects.filter(**wanted).latest("id")


# Doors ------------------------------------------------------------------------------------------------------------------


def test_desk_saves_a_change_and_the_event_names_person_and_role(as_app: SimpleNamespace) -> None:
    desk = signed_in(as_app.root)
    add = reverse("admin:commodities_tradetype_add")
    form = {
        "organization": as_app.organization.pk, "code": "ROLE1", "name": "By the role", "is_active": "on",
    }  # fmt: skip
    answer = desk.post(add, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors if answer.context else answer.content
    event = newest(event_type="trade_type.created")
    assert (event.db_role, event.actor_id, event.reason) == ("erp_app", as_app.root.pk, "Added at the desk")
    page = desk.get(reverse("admin:commodities_tradetype_history", args=[event.object_id]))
    assert (page.status_code, "Added at the desk" in page.content.decode()) == (200, True)


def test_api_creates_changes_in_bulk_and_reads_the_feed(as_app: SimpleNamespace) -> None:
    api, url = program(as_app.root), "/api/v1/settings/trade-types"
    house = str(as_app.organization.pk)
    made = api.post(url, {"organization": house, "code": "API1", "name": "One"}, content_type="application/json")
    assert made.status_code == 201, made.content
    row = made.json()
    changed = api.patch(
        f"{url}/{row['id']}", {"name": "Two"}, content_type="application/json", headers={"If-Match": made["ETag"]}
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.content
    rows = [{"organization": house, "code": f"BULK{number}", "name": f"Row {number}"} for number in range(25)]
    bulk = api.post(
        f"{url}/bulk",
        {"mode": "upsert", "rows": rows},
        content_type="application/json",
        headers={"Idempotency-Key": "rows-of-the-role"},
    )
    assert bulk.status_code in {200, 201}, bulk.content
    positions = [event["position"] for event in api.get("/api/v1/events?after=0").json()["results"]]
    assert positions == list(range(positions[0], positions[0] + len(positions)))


def test_a_second_person_decides_and_the_guard_applies(as_app: SimpleNamespace) -> None:
    account = as_app.account
    url = f"/api/v1/partners/{account.partner_id}/bank-accounts/{account.pk}"
    tag = program(as_app.asha).get(url)["ETag"]
    asked = program(as_app.asha).patch(
        url, {"holder": "Ganesh Ginning LLP"}, content_type="application/json", headers={"If-Match": tag}
    )
    assert asked.status_code == 202, asked.content
    request = ChangeRequest.objects.get(object_id=str(account.pk))
    answer = program(as_app.sunita).post(
        f"/api/v1/change-requests/{request.pk}/approve", {"comment": "Seen"}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "applied"), answer.content
    account.refresh_from_db()
    assert account.holder == "Ganesh Ginning LLP"


def test_worker_imports_seals_and_verifies(
    as_app: SimpleNamespace, installation: Installation, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "key.pem")
    keys.write(tmp_path / "key.pem")
    monkeypatch.setattr(jobs, "IN_PAGE", 10)  # more is for the worker
    lines = ["code,name", *(f"IMP{number},Type {number}" for number in range(20))]
    answer = upload(signed_in(as_app.farhan), "\n".join(lines).encode(), model=TradeType)
    assert answer.status_code == 302, answer.content
    (tmp_path / "worker_settings.py").write_text(f"from erp.settings import *\nMEDIA_ROOT = {str(tmp_path)!r}\n")
    environment = {
        "AUDIT_SIGNING_KEY_FILE": settings.AUDIT_SIGNING_KEY_FILE,
        "DJANGO_SETTINGS_MODULE": "worker_settings",
        "PYTHONPATH": f"{tmp_path}:{settings.BASE_DIR}",
    }
    done = installation.manage("erp_app", "procrastinate", "worker", "--one-shot", "--no-listen-notify", **environment)
    assert done.returncode == 0, done.stderr
    job = ImportJob.objects.get()
    assert (job.status, job.total) == ("checked", 20), done.stderr
    call_command("audit_seal")
    call_command("audit_verify")


def test_auditor_reads_and_writes_nothing(as_app: SimpleNamespace, installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_auditor"), autocommit=True) as session:
        session.execute("SET default_transaction_read_only = off")
        (events,) = session.execute("SELECT count(*) FROM event").fetchone() or (0,)
        assert events > 0
        for statement in (
            "INSERT INTO ledger_salt VALUES (1, 'a', '')", "DELETE FROM commodities_tradetype",
            "SELECT event_sequence()", "SELECT event_emit('[]')", "SELECT nextval('procrastinate_jobs_id_seq')",
            "CREATE TEMPORARY TABLE mine (id int)", "CREATE TABLE mine (id int)",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


# Ways around ------------------------------------------------------------------------------------------------------------

FORBIDDEN = [
    "ALTER TABLE commodities_tradetype DISABLE TRIGGER ALL",
    "ALTER TABLE commodities_tradetype DISABLE TRIGGER erp_capture_update",
    "ALTER TABLE commodities_tradetype ADD COLUMN x int",
    "DROP TRIGGER erp_capture_update ON commodities_tradetype",
    "DROP TABLE commodities_historicaltradetype",
    "TRUNCATE commodities_tradetype",
    "CREATE TRIGGER mine BEFORE INSERT ON commodities_tradetype FOR EACH ROW EXECUTE FUNCTION erp_stamp()",
    "CREATE RULE mine AS ON DELETE TO commodities_tradetype DO INSTEAD NOTHING",
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION erp_clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "CREATE OR REPLACE FUNCTION erp_four_eyes() RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    "CREATE SCHEMA mine",
    "SET session_replication_role = replica",
    "SET ROLE erp_owner",
    "SET SESSION AUTHORIZATION erp_owner",
    "GRANT erp_owner TO erp_app",
    "INSERT INTO event_pending VALUES (1, '1')",
    "DELETE FROM event_pending",
    "UPDATE event_stream SET version = 1",
    "INSERT INTO commodities_historicaltradetype SELECT * FROM commodities_historicaltradetype",
    "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1)",
    "UPDATE django_content_type SET model = 'mine'",
    "SELECT setval('procrastinate_jobs_id_seq', 1)",
    "SELECT erp_fulfil('a', 'b', 'update', 1, '{}', NULL)",
    "COPY commodities_tradetype TO PROGRAM 'true'",
    "SELECT pg_read_file('PG_VERSION')",
    "ALTER ROLE erp_app SUPERUSER",
    "ALTER DATABASE {database} SET erp.test_flush = 'on'",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_application_role_is_refused(installation: Installation, statement: str) -> None:
    with psycopg.connect(installation.url("erp_app")) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement.replace("{database}", installation.name))


@pytest.mark.parametrize("verb", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_application_role_can_change_no_table_of_the_record(installation: Installation, verb: str) -> None:
    with psycopg.connect(installation.url("erp_app"), autocommit=True) as session:
        tables = session.execute(RECORD).fetchall()
        assert len(tables) > 40
        for table, column in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                session.execute(verb.format(table=table, column=column))


def test_application_role_inserts_only_where_no_function_does_it_for_the_record(installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_auditor")) as session:
        assert session.execute(INSERTED_BY_FUNCTIONS).fetchall() == []


def test_capture_functions_cannot_be_put_on_a_table_of_the_roles_own(installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_app"), autocommit=True) as session:
        session.execute("CREATE TEMPORARY TABLE mine (LIKE commodities_tradetype)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="erp_capture_commodities_tradetype"):
            session.execute(
                "CREATE TRIGGER mine AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT "
                "EXECUTE FUNCTION erp_capture_commodities_tradetype()"
            )


def test_functions_with_the_owners_rights_find_only_the_owners_tables(installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_auditor")) as session:
        assert session.execute(DEFINERS).fetchall() == []


# Grants -----------------------------------------------------------------------------------------------------------------


def test_grants_are_made_once_and_a_deviation_is_named(installation: Installation) -> None:
    with connected_as(installation.url("erp_owner")):
        assert roles.grant() == ([], [])
        with connection.cursor() as cursor:
            cursor.execute("GRANT DELETE ON event TO erp_app; REVOKE SELECT ON event FROM erp_auditor")
        missing, excess = roles.grant(check_only=True)
        assert [str(right) for right in missing] == ["SELECT of erp_auditor on event"]
        assert [str(right) for right in excess] == ["DELETE of erp_app on event"]
        assert roles.grant() == (missing, excess)
        assert roles.grant() == ([], [])


def test_a_new_table_and_function_are_closed_until_the_next_run(installation: Installation) -> None:
    with connected_as(installation.url("erp_owner")), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id int); CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        cursor.execute("SELECT has_table_privilege('erp_app', 'later', 'SELECT')")
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT has_function_privilege('erp_app', 'later()', 'EXECUTE')")
        assert cursor.fetchone() == (False,)
        roles.grant()
        cursor.execute("SELECT has_function_privilege('erp_app', 'later()', 'EXECUTE')")
        assert cursor.fetchone() == (True,)
        cursor.execute("DROP TABLE later; DROP FUNCTION later()")


def test_a_role_that_no_grant_holds_back_is_refused(installation: Installation) -> None:
    with connected_as(installation.url("erp_owner")):
        with pytest.raises(CommandError, match="postgres is a superuser and may create roles"):
            call_command("grant_roles", app="postgres")
        with pytest.raises(
            CommandError, match="erp_owner can become the owner of the database: no grant holds it back"
        ):
            call_command("grant_roles", app="erp_owner")
        with pytest.raises(CommandError, match="There is no role nobody_here: run deploy/postgresql"):
            call_command("grant_roles", auditor="nobody_here")


def test_context_is_the_applications_word(installation: Installation, as_app: SimpleNamespace) -> None:
    with context.acting(source="command", reason=REASON), connection.cursor() as cursor:
        cursor.execute("UPDATE locations_country SET name = name || ' ' WHERE alpha2 = 'IN'")
    assert newest(event_type="country.updated").reason == REASON
