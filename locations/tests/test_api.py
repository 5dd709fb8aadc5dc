"""Places, countries and currencies through the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from erp.events.models import Event
from locations.models import Currency, Location
from locations.tests.factories import CountryFactory, CurrencyFactory, LocationFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings"


def acting(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_countries_and_currencies_are_found_by_their_codes(internal_user):
    CountryFactory()
    client = acting(internal_user("viewer"))
    answer = client.get(f"{URL}/countries/IN?expand=currency")
    assert (answer.json()["name"], answer.json()["currency"]["minor_units"]) == ("India", 2)
    assert client.get(f"{URL}/countries/IN")["ETag"].startswith('"IN:')
    for key in ("in", "XX", "INDIA", "I%00"):
        assert client.get(f"{URL}/countries/{key}").status_code == 404


def test_code_of_a_currency_is_given_once(super_admin):
    client = acting(super_admin)
    body = {"alpha3": "AED", "numeric3": "784", "minor_units": 2, "name": "UAE Dirham"}
    made = client.post(f"{URL}/currencies", body)
    assert made.status_code == 201, made.content
    assert made["Location"] == f"{URL}/currencies/AED"
    changed = client.patch(f"{URL}/currencies/AED", {"alpha3": "XXX"}, headers={"If-Match": made["ETag"]})
    assert changed.json()["errors"][0] == {
        "pointer": "/alpha3",
        "code": "read_only",
        "detail": "The server sets this field: leave it out.",
    }
    again = client.post(f"{URL}/currencies", {**body, "numeric3": "785", "name": "Other"})
    assert again.json()["errors"] == [
        {"pointer": "/alpha3", "code": "unique", "detail": "Another record has this value: choose another one."}
    ]
    assert Currency.objects.filter(numeric3="784").exists()


def test_currencies_are_written_by_super_admins_only(internal_user):
    row = CurrencyFactory()
    client = acting(internal_user("org_admin"))
    headers = {"If-Match": f'"INR:{row.version}"'}
    assert client.patch(f"{URL}/currencies/INR", {"name": "Rupee"}, headers=headers).status_code == 403
    assert client.post(f"{URL}/currencies", {}).status_code == 403


def test_place_can_not_lie_in_itself(super_admin):
    inner = LocationFactory()
    outer = LocationFactory()
    inner.parent = outer
    inner.save()
    answer = acting(super_admin).patch(
        f"{URL}/locations/{outer.pk}", {"parent": str(inner.pk)}, headers={"If-Match": f'"{outer.pk}:1"'}
    )
    assert answer.json()["errors"][0]["pointer"] == "/parent"


def test_thousand_places_are_changed_at_once_in_few_statements(internal_user, organization):
    CountryFactory()
    rows = [
        {"code": f"V{n}", "name": f"Village {n}", "kind": "farm_cluster", "country": "IN", "timezone": "Asia/Kolkata"}
        for n in range(1000)
    ]

    def send(body, key, most):
        client = acting(internal_user("commodity_manager"))
        headers = {"Idempotency-Key": key, "X-Change-Reason": "Survey of 2026"}
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(f"{URL}/locations/bulk", {"rows": body, "mode": "upsert"}, headers=headers)
        assert len(queries) <= most, [query["sql"][:100] for query in queries]
        return answer

    assert send(rows, "a", 26).json()["added"] == 1000
    bad = [*rows[:999], {**rows[999], "kind": "moon"}]
    refused = send(bad, "b", 26)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/rows/999/kind"]
    assert send([{**row, "city": "Kadi"} for row in rows], "c", 26).json()["changed"] == 1000
    assert Location.objects.filter(organization=organization, city="Kadi", version=2).count() == 1000
    assert Location.history.filter(organization=organization).count() == 2000
    events = Event.objects.filter(object_type="locations.location", organization_id=organization.pk)
    assert set(events.values_list("reason", flat=True)) == {"Survey of 2026"}
    assert events.count() == 2000


def test_bulk_costs_its_rows_of_the_limit(internal_user):
    CountryFactory()
    client = acting(internal_user("commodity_manager"))
    rows = [{"code": f"V{n}"} for n in range(600)]
    answers = [client.post(f"{URL}/locations/bulk", {"rows": rows}, headers={"Idempotency-Key": key}) for key in "ab"]
    assert [answer.status_code for answer in answers] == [400, 429]
    assert int(answers[1]["Retry-After"]) <= 60
