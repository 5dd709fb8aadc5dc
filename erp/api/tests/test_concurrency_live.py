"""Programs at the same moment, over real connections to a running server, signed in with real tokens."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from django.db import connections

from accounts.tests.signin import signed_in
from erp.api.models import StoredAnswer
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/settings/locations"
BODY = {"code": "RJK", "name": "Rajkot", "kind": "city", "country": "IN", "timezone": "Asia/Kolkata"}


class Answer:
    """What the server sent."""

    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()

    def json(self):
        return json.loads(self.text)


@pytest.fixture
def request_(live_server, super_admin):
    """`request_("PATCH", url, body, header=…)` sends one request on a connection of its own."""
    host, token = urlsplit(live_server.url).netloc, signed_in(super_admin).access

    def send(method, path, body=None, **headers):
        connection = http.client.HTTPConnection(host, timeout=30)
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    yield send
    connections.close_all()


def at_once(act, *, times):
    """Answers of so many calls of `act(number)` that begin together."""
    gate = Barrier(times)

    def run(number):
        gate.wait(timeout=20)
        return act(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_two_changes_with_one_etag_are_one_200_and_one_412(request_):
    row = LocationFactory()
    tag = request_("GET", f"{URL}/{row.pk}").headers["ETag"]
    cities = ("Kadi", "Unjha")
    answers = at_once(
        lambda number: request_("PATCH", f"{URL}/{row.pk}", {"city": cities[number]}, If_Match=tag), times=2
    )
    assert sorted(answer.status for answer in answers) == [200, 412]
    won = next(answer for answer in answers if answer.status == 200)
    lost = next(answer for answer in answers if answer.status == 412)
    row.refresh_from_db()
    assert (row.city, row.version) == (won.json()["city"], 2)
    assert lost.headers["ETag"] == won.headers["ETag"] == f'"{row.pk}:2"'
    assert lost.json()["code"] == "stale"
    assert Event.objects.filter(object_id=str(row.pk), event_type="location.updated").count() == 1


def test_change_and_deletion_with_one_etag_do_not_both_happen(request_):
    row = LocationFactory()
    tag = f'"{row.pk}:1"'
    acts = (("PATCH", {"city": "Kadi"}), ("DELETE", None))
    answers = at_once(
        lambda number: request_(acts[number][0], f"{URL}/{row.pk}", acts[number][1], If_Match=tag), times=2
    )
    changed, deleted = (answer.status for answer in answers)
    assert (changed, deleted) in {(200, 412), (404, 204)}
    assert Location.objects.filter(pk=row.pk).exists() is (changed == 200)


def test_replayed_post_is_the_same_201_and_one_row(request_):
    CountryFactory()
    first, second = (request_("POST", URL, BODY, Idempotency_Key="k-1") for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert (first.text, first.headers["ETag"]) == (second.text, second.headers["ETag"])
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    other = request_("POST", URL, {**BODY, "name": "Rajkot yard"}, Idempotency_Key="k-1")
    assert (other.status, other.json()["code"]) == (422, "idempotency_key_reused")
    row = Location.objects.get()
    assert Event.objects.filter(object_id=str(row.pk)).count() == 1
    assert StoredAnswer.objects.count() == 1


def test_concurrent_replays_make_one_row(request_):
    CountryFactory()
    answers = at_once(lambda _: request_("POST", URL, BODY, Idempotency_Key="k-1"), times=6)
    assert {answer.status for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status == 201]
    row = Location.objects.get()
    assert {answer.json()["id"] for answer in made} == {str(row.pk)}
    assert all(answer.headers["Retry-After"] == "1" for answer in answers if answer.status == 409)
    assert Event.objects.filter(object_id=str(row.pk)).count() == 1
    assert request_("POST", URL, BODY, Idempotency_Key="k-1").json()["id"] == str(row.pk)


def test_concurrent_replays_of_a_bulk_request_write_it_once(request_):
    CountryFactory()
    before = latest_event_id()
    rows = [{**BODY, "code": f"YARD-{number}"} for number in range(20)]
    answers = at_once(lambda _: request_("POST", f"{URL}/bulk", {"rows": rows}, Idempotency_Key="k-1"), times=4)
    assert {answer.status for answer in answers} <= {200, 409}
    done = [answer.json() for answer in answers if answer.status == 200]
    assert done[0]["added"] == 20
    assert all(each == done[0] for each in done)
    assert Location.objects.count() == 20
    assert Event.objects.filter(id__gt=before, object_type="locations.location").count() == 20


def test_one_code_claimed_twice_at_once_is_one_201_and_one_400(request_):
    CountryFactory()
    answers = at_once(lambda _: request_("POST", URL, BODY), times=2)
    assert sorted(answer.status for answer in answers) == [201, 400]
    refused = next(answer for answer in answers if answer.status == 400)
    assert refused.json()["errors"][0]["pointer"] == "/code"
    assert Location.objects.count() == 1
