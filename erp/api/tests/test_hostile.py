"""Bodies and headers that are made to do harm get a 4xx problem, never 500."""

import datetime
import json

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import Http404
from django.utils import timezone
from psycopg.errors import DeadlockDetected, ForeignKeyViolation

from erp.api import errors, handlers, idempotency
from erp.api.models import StoredAnswer

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings/locations"
BODIES = {
    "deep lists": b"[" * 20_000 + b"]" * 20_000,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "40 levels": b"[" * 40 + b"]" * 40,
    "5,000 digits": b'{"name": ' + b"9" * 5_000 + b"}",
    "5,000 decimals": b'{"latitude": 0.' + b"9" * 5_000 + b"}",
    "huge exponent": b'{"latitude": 1e999999999}',
    "exponent beyond all": b'{"latitude": 1e99999999999999999999}',
    "not a number": b'{"latitude": NaN}',
    "NUL": b'{"name": "a\\u0000b"}',
    "NUL in a name": b'{"na\\u0000me": "a"}',
    "half a character": b'{"name": "\\ud800"}',
    "half a character in depth": b'{"name": [["\\udc00"]]}',
    "no JSON": b"{",
    "no UTF-8": b'{"name": "\xff"}',
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("address", [URL, f"{URL}/bulk", "/api/v1/partners"])
def test_hostile_body_is_a_4xx_problem(api, super_admin, name, address):
    answer = api(super_admin).generic(
        "POST", address, BODIES[name], content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400


def test_whole_characters_outside_the_plane_are_fine(api, super_admin):
    answer = api(super_admin).generic("POST", URL, b'{"name": "\\ud83d\\ude00"}', content_type="application/json")
    assert "/name" not in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"])
def test_other_content_types_are_415(api, super_admin, kind):
    answer = api(super_admin).generic("POST", URL, b"x", content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_other_charsets_are_400(api, super_admin):
    answer = api(super_admin).generic("POST", URL, b"{}", content_type="application/json; charset=bz2_codec")
    assert answer.status_code == 400


def test_too_large_body_is_413(api, super_admin):
    body = json.dumps({"name": "x" * (2 * 1024 * 1024)}).encode()
    answer = api(super_admin).generic("POST", URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_other_answers_than_json_are_406(api, super_admin):
    answer = api(super_admin).get(URL, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize("reason", ["no", "x" * 501, "\x01\x02"])
def test_bad_reason_is_400(api, super_admin, reason):
    answer = api(super_admin).post(URL, {}, headers={"X-Change-Reason": reason})
    assert answer.json()["errors"][0]["pointer"] == "/reason"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_unknown_address_is_a_404_problem(api, method):
    answer = getattr(api(), method)("/api/v1/nonsense")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_own_fault_is_a_500_problem_with_the_request_id(api, super_admin, monkeypatch):
    monkeypatch.setattr("erp.api.viewsets.MasterDataViewSet.ordering_of", lambda *_: 1 / 0)
    client = api(super_admin)
    client.raise_request_exception = False
    answer = client.get(URL)
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert "division" not in answer.content.decode()


def test_a_statement_that_takes_too_long_is_503_with_a_way_out(api, super_admin, monkeypatch):
    def slow(*_):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1")
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr("erp.api.viewsets.MasterDataViewSet.ordering_of", slow)
    answer = api(super_admin).get(URL)
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "5", "too_long")


class TestDjangosOwnRefusals:
    def test_they_are_problems_under_api_and_pages_elsewhere(self, rf):
        api_request, page_request = rf.get("/api/v1/x"), rf.get("/admin/x")
        for handler, status in (
            (lambda request: handlers.bad_request(request, SuspiciousOperation("x")), 400),
            (lambda request: handlers.permission_denied(request, PermissionDenied()), 403),
            (lambda request: handlers.page_not_found(request, Http404()), 404),
            (handlers.server_error, 500),
        ):
            answer = handler(api_request)
            assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
            assert json.loads(answer.content)["status"] == status
            assert handler(page_request)["Content-Type"].startswith("text/html")

    def test_rule_that_breaks_only_at_commit_is_the_clients_problem(self, rf, monkeypatch):
        error = IntegrityError("update or delete on table")
        error.__cause__ = ForeignKeyViolation()
        monkeypatch.setattr(handlers.sys, "exc_info", lambda: (type(error), error, None))
        answer = handlers.server_error(rf.post("/api/v1/x"))
        assert answer.status_code == 409

    def test_deadlock_is_503_with_retry_after(self):
        error = OperationalError("deadlock")
        error.__cause__ = DeadlockDetected()
        problem = errors.translate(error)
        assert (problem.status_code, problem.headers) == (503, {"Retry-After": "1"})


def test_answers_are_forgotten_after_a_day(super_admin):
    identity = {"user_id": super_admin.pk, "method": "POST", "path": URL, "fingerprint": "", "status": 201, "body": ""}
    day = datetime.timedelta(hours=24)
    StoredAnswer.objects.create(**identity, key="old", created_at=timezone.now() - day)
    StoredAnswer.objects.create(**identity, key="new", created_at=timezone.now())
    assert idempotency.purge() == 1
    assert StoredAnswer.objects.get().key == "new"


WRONG_TYPES = {
    "name": (5, True, [], {}, None),
    "code": (1.5, False, ["A"], {"a": 1}, None),
    "kind": (3, True, ["city"], {}, None, "no such kind"),
    "country": (7, True, ["IN"], {"id": "IN"}, None, "", "INDIA" * 50),
    "organization": (7, True, [], {}, "no uuid"),
    "latitude": (True, [], {}, "north", "9" * 60, "NaN", "Infinity"),
    "is_active": ("yes", 1, [], {}, None),
    "version": (1,),
    "nonsense": ("x",),
}


@pytest.mark.parametrize(
    ("field", "value"), [(name, value) for name, values in WRONG_TYPES.items() for value in values]
)
def test_wrong_type_is_400_that_points_at_the_field(api, super_admin, field, value):
    answer = api(super_admin).post(URL, {field: value})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert f"/{field}" in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("address", ["login", "refresh"])
def test_hostile_body_opens_nothing(api, name, address):
    answer = api().generic("POST", f"/api/v1/auth/{address}", BODIES[name], content_type="application/json")
    assert answer.status_code in {400, 413}
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 5_000, "limit=-1", "limit=1e2", "limit=%00", "limit=%EF%BC%91", "cursor=%00", "cursor=x", "search=%00",
        "search=" + "a" * 201, "fields=%00", "fields=password", "expand=code", "ordering=%00", "ordering=name,name", "as_of=never",
        "as_of=9999999-01-01T00:00:00Z", "include=all", "name__startswith=a", "status=%00", "status=open&status=closed",
        "created_at_after=x", "is_active=perhaps",
    ],
)  # fmt: skip
def test_hostile_query_is_400(api, super_admin, query):
    answer = api(super_admin).get(f"{URL}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content


@pytest.mark.parametrize("key", ["%00", "x", "9" * 5_000, "%ED%A0%80", "..%2F..", "null"])
def test_hostile_id_is_404(api, super_admin, key):
    answer = api(super_admin).get(f"{URL}/{key}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
