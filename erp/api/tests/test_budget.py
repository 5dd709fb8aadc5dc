"""Statements of the commonest requests, sign-in by token included, on a connection without a transaction of the test."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.roles import sync_roles
from accounts.tests.signin import signed_in
from erp.testing.fixtures import make_user
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory, SubdivisionFactory
from organizations.tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/settings/locations"
# What opens and closes a transaction is sent without waiting for data, and is not counted.
FRAME = ("BEGIN", "COMMIT")


@pytest.fixture
def client():
    """A machine of a commodity manager, signed in with a token."""
    sync_roles()
    user = make_user("INTERNAL", role="commodity_manager", organization=OrganizationFactory())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in(user).access}")
    client.get(URL)  # notes when the session was last seen, once a minute
    client.organization = user.organization
    return client


def statements(act):
    """What the database was asked, and the answer."""
    with CaptureQueriesContext(connection) as queries:
        answer = act()
    return [query["sql"] for query in queries if query["sql"] not in FRAME], answer


def test_list_of_100_takes_4(client):
    for _ in range(100):
        LocationFactory(organization=client.organization)
    asked, answer = statements(lambda: client.get(f"{URL}?limit=100&expand=country,subdivision,organization"))
    assert len(answer.json()["results"]) == 100
    assert len(asked) <= 4, asked


def test_detail_takes_3(client):
    row = LocationFactory(organization=client.organization)
    asked, answer = statements(lambda: client.get(f"{URL}/{row.pk}?expand=country"))
    assert answer.json()["country"]["name"] == "India"
    assert len(asked) <= 3, asked


def test_create_takes_6_however_many_keys_it_names(client):
    CountryFactory()
    body = {
        "code": "RJK", "name": "Rajkot yard", "kind": "market_yard", "country": "IN", "timezone": "Asia/Kolkata",
        "subdivision": str(SubdivisionFactory().pk), "parent": str(LocationFactory().pk),
    }  # fmt: skip
    asked, answer = statements(lambda: client.post(URL, body))
    assert answer.status_code == 201, answer.content
    assert len(asked) <= 6, asked
    assert Location.objects.get(code="RJK").organization_id == client.organization.pk
