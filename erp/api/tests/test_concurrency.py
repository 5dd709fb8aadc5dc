"""Two clients at once: one change wins, one repeated request is done once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from erp.api import idempotency
from erp.api.models import StoredAnswer
from erp.events.models import Event
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/settings/locations"


def at_once(user, act, *, times):
    """Answers of so many clients that act at the same moment, each on a connection of its own."""
    gate = Barrier(times)

    def run(_):
        client = APIClient()
        client.force_authenticate(user)
        gate.wait(timeout=20)
        try:
            return act(client)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_two_changes_of_one_version_are_one_200_and_one_412(super_admin):
    row = LocationFactory()
    headers = {"If-Match": f'"{row.pk}:1"'}
    answers = at_once(
        super_admin, lambda client: client.patch(f"{URL}/{row.pk}", {"city": "Kadi"}, headers=headers), times=2
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    row.refresh_from_db()
    assert (row.city, row.version) == ("Kadi", 2)


def test_one_request_sent_five_times_at_once_makes_one_row(super_admin):
    CountryFactory()
    body = {"code": "RJK", "name": "Rajkot", "kind": "city", "country": "IN", "timezone": "Asia/Kolkata"}
    headers = {"Idempotency-Key": "7d0b"}
    answers = at_once(super_admin, lambda client: client.post(URL, body, headers=headers), times=5)
    made = [answer for answer in answers if answer.status_code == 201]
    waited = [answer for answer in answers if answer.status_code == 409]
    assert len(made) >= 1
    assert len(made) + len(waited) == 5
    assert all(answer["Retry-After"] == "1" for answer in waited)
    row = Location.objects.get()
    assert {answer.json()["id"] for answer in made} == {str(row.pk)}
    assert Event.objects.filter(object_id=str(row.pk)).count() == 1


def test_an_answer_that_came_between_look_up_and_keep_undoes_this_one(super_admin, monkeypatch):
    CountryFactory()
    body = {"code": "RJK", "name": "Rajkot", "kind": "city", "country": "IN", "timezone": "Asia/Kolkata"}
    looked_up = idempotency._look_up

    def as_if_committed_after_the_snapshot(identity):
        free, _ = looked_up(identity)
        return free, None

    client, headers = APIClient(), {"Idempotency-Key": "7d0c"}
    client.force_authenticate(super_admin)
    first = client.post(URL, body, headers=headers)
    monkeypatch.setattr(idempotency, "_look_up", as_if_committed_after_the_snapshot)
    again = client.post(URL, {**body, "code": "RJK2"}, headers=headers)
    assert (first.status_code, again.status_code, again.json()["code"]) == (201, 409, "in_flight")
    assert again["Retry-After"] == "1"
    assert [*Location.objects.values_list("code", flat=True)] == ["RJK"]
    # What is a day old makes room.
    StoredAnswer.objects.update(created_at=timezone.now() - idempotency.KEPT)
    assert client.post(URL, {**body, "code": "RJK2"}, headers=headers).status_code == 201
    assert StoredAnswer.objects.get().body.count("RJK2") == 1
