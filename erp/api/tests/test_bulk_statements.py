"""What requests cost the database, sign-in and transaction included: reviewed numbers in erp/testing/query_counts.json."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.tests.signin import signed_in
from erp.events.models import Event
from erp.testing.contract import QUERY_COUNTS, latest_event_id
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory, SubdivisionFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings/locations"
MANY = 1_000
COUNTS = json.loads(QUERY_COUNTS.read_text())["api"]


@pytest.fixture
def user(internal_user):
    """Keeps locations; has a role, whose permissions are read with every request."""
    return internal_user("commodity_manager")


@pytest.fixture
def client(user):
    """A program that signed in with a password, and is known to this process since its first requests."""
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in(user).access}")
    assert [program.get("/api/v1/auth/me").status_code for _ in range(3)] == [200] * 3
    return program


@pytest.fixture
def copies(monkeypatch):
    """COPY statements: Django's log of queries leaves them out."""
    seen, copy = [], psycopg.Cursor.copy

    def counted(self, statement, *args, **kwargs):
        seen.append(str(statement))
        return copy(self, statement, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "copy", counted)
    return seen


def rows(count, **values):
    CountryFactory()
    base = {
        "kind": "market_yard",
        "country": "IN",
        "timezone": "Asia/Kolkata",
        "subdivision": str(SubdivisionFactory().pk),
        **values,
    }
    return [{**base, "code": f"YARD-{number}", "name": f"Yard {number}"} for number in range(count)]


def send(client, bodies, *, key, mode="upsert"):
    cache.clear()  # 1,000 rows use up the minute
    headers = {"Idempotency-Key": key, "X-Change-Reason": "Yards of the season"}
    return client.post(f"{URL}/bulk", {"rows": bodies, "mode": mode}, headers=headers)


def cost(client, bodies, copies, **options):
    """Answer and number of statements of one bulk request, COPY included."""
    copies.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = send(client, bodies, **options)
    assert answer.status_code == 200, answer.content[:500]
    return answer.json(), len(queries) + len(copies)


def test_bulk_upsert_of_1000_takes_the_statements_of_10(client, copies):
    found = {}
    for count in (10, MANY):
        Location.objects.all().delete()
        result, found["add", count] = cost(client, rows(count), copies, key=f"add-{count}")
        assert result["added"] == count
        result, found["change", count] = cost(client, rows(count, city="Kadi"), copies, key=f"change-{count}")
        assert result["changed"] == count
        Location.objects.all().delete()
        result, found["insert", count] = cost(client, rows(count), copies, key=f"insert-{count}", mode="insert")
        assert result["added"] == count
    counts = {f"bulk_{act}": found[act, MANY] for act in ("add", "change", "insert")}
    assert counts == {name: COUNTS[name] for name in counts}
    assert all(found[act, MANY] == found[act, 10] for act in ("add", "change", "insert")), found


def test_each_of_1000_rows_has_its_history_and_its_events(client, user, organization):
    before = latest_event_id()
    made = send(client, rows(MANY), key="add").json()
    body = rows(MANY, city="Kadi")[: MANY // 2] + rows(MANY)[MANY // 2 :]
    result = send(client, body, key="change").json()
    assert {**result, "ids": 0} == {"added": 0, "changed": MANY // 2, "unchanged": MANY // 2, "ids": 0}
    assert result["ids"] == made["ids"]
    assert len(set(made["ids"])) == MANY
    assert Location.objects.filter(organization=organization, pk__in=made["ids"]).count() == MANY
    events = Event.objects.filter(id__gt=before, object_type="locations.location").order_by("id")
    by_type = {
        kind: list(events.filter(event_type=f"location.{kind}").values_list("object_id", flat=True))
        for kind in ("created", "updated")
    }
    assert sorted(by_type["created"]) == sorted(made["ids"])
    assert sorted(by_type["updated"]) == sorted(made["ids"][: MANY // 2])
    assert set(events.values_list("actor_id", "reason", "source", "organization_id")) == {
        (user.pk, "Yards of the season", "api", organization.pk)
    }
    versions = Location.history.filter(id__in=made["ids"])
    assert versions.count() == MANY + MANY // 2
    assert set(versions.filter(city="Kadi").values_list("version", flat=True)) == {2}
    assert set(Location.objects.filter(city="Kadi").values_list("version", flat=True)) == {2}


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"kind": "moon"}, "/rows/777/kind", "invalid_choice"),
        ({"colour": "red"}, "/rows/777/colour", "unknown"),
        ({"latitude": "91", "longitude": "70"}, "/rows/777/latitude", None),
        ({"country": "XX"}, "/rows/777/country", "does_not_exist"),
        ({"code": "yard-3"}, "/rows/777/code", "duplicate"),
        ({"code": "TAKEN"}, "/rows/777/code", "unique"),
    ],
)
def test_one_bad_row_of_1000_refuses_all_and_is_named(values, pointer, code, client, organization):
    LocationFactory(organization=organization, code="TAKEN")
    bodies = rows(MANY)
    bodies[777] |= values
    before = latest_event_id()
    answer = send(client, bodies, key="bad", mode="insert")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert code in {None, answer.json()["errors"][0]["code"]}
    assert Location.objects.count() == 1
    assert Location.history.count() == 1
    assert latest_event_id() == before
    good = send(client, rows(MANY), key="bad", mode="insert")
    assert good.json()["added"] == MANY, "a refusal is not kept for its key"


class TestBudget:
    """Exactly the reviewed number of statements, none of them of sign-in and roles: fewer is good news for the file.

    A write's own BEGIN and COMMIT (here the outer savepoint, since the test has a transaction) are not counted.
    """

    def count(self, client, method, url, body=None):
        with CaptureQueriesContext(connection) as queries:
            answer = getattr(client, method)(url, body)
        assert answer.status_code < 300, answer.content
        statements = [each["sql"] for each in queries]
        assert not [each for each in statements if "accounts_authsession" in each or "auth_permission" in each]
        if method == "get":
            return len(statements)
        begin, *own, commit = statements
        assert (begin.split()[0], commit.split()[0]) == ("SAVEPOINT", "RELEASE")
        return len(own)

    def test_list_of_100(self, client, organization):
        LocationFactory.create_batch(101, organization=organization)
        assert self.count(client, "get", f"{URL}?limit=100") == COUNTS["list"]
        assert self.count(client, "get", f"{URL}?limit=100&expand=country,subdivision") == COUNTS["list"]
        assert self.count(client, "get", f"{URL}?limit=100&include=count") == COUNTS["list"] + 1

    def test_record(self, client, organization):
        row = LocationFactory(organization=organization)
        assert self.count(client, "get", f"{URL}/{row.pk}") == COUNTS["retrieve"]
        assert self.count(client, "get", f"{URL}/{row.pk}?expand=country,subdivision") == COUNTS["retrieve"]

    def test_create_however_many_keys_it_names(self, client):
        (body,) = rows(1)
        assert self.count(client, "post", URL, body) == COUNTS["create"]
        body |= {"code": "YARD-1", "name": "Yard 1", "parent": str(LocationFactory().pk)}
        assert self.count(client, "post", URL, body) == COUNTS["create"]

    def test_reviewed_numbers_are_within_the_promise(self):
        assert (COUNTS["list"] <= 4, COUNTS["retrieve"] <= 3, COUNTS["create"] <= 6) == (True, True, True)
