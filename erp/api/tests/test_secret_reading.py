"""An answer of the API that shows a masked number in plain is recorded; one that masks it is not."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from erp.events.models import Event
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db
NUMBERS = ("123456789012", "210987654321")


@pytest.fixture
def accounts(organization, other_organization):
    OrganizationBankAccountFactory(organization=other_organization)
    return [OrganizationBankAccountFactory(organization=organization, account_number=number) for number in NUMBERS]


def address(organization) -> str:
    return f"/api/v1/settings/organizations/{organization.pk}/bank-accounts"


def readings() -> list[Event]:
    return list(Event.objects.filter(event_type="secret.read").order_by("id"))


def test_list_with_numbers_in_plain_is_one_event(api, internal_user, organization, accounts):
    verifier = internal_user("kyc_verifier")
    answer = api(verifier).get(address(organization))
    assert {row["account_number"] for row in answer.json()["results"]} == set(NUMBERS)
    [event] = readings()
    assert (event.category, event.actor_id, event.organization_id) == ("access", verifier.pk, organization.pk)
    assert (event.source, event.object_type) == ("api", "access")
    assert event.payload["fields"] == ["account_number"]
    assert event.payload["records"] == sorted(str(account.pk) for account in accounts)
    assert not any(number in str(event.__dict__) for number in NUMBERS)


def test_one_record_is_named_by_the_event(api, internal_user, organization, accounts):
    client = api(internal_user("kyc_verifier"))
    for _ in range(2):
        client.get(f"{address(organization)}/{accounts[0].pk}")
    assert [(event.object_type, event.object_id) for event in readings()] == [
        ("organizations.organizationbankaccount", str(accounts[0].pk))
    ] * 2


def test_masked_answers_and_those_without_the_column_are_no_events(api, internal_user, organization, accounts):
    api(internal_user("org_admin")).get(address(organization))
    api(internal_user("kyc_verifier")).get(address(organization), {"fields": "id,bank_name"})
    assert readings() == []


def test_recording_costs_one_statement_however_many_rows(api, internal_user, organization, accounts):
    def statements(**query) -> list[str]:
        client = api(internal_user("kyc_verifier"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address(organization), query).status_code == 200
        return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]

    plain, without = statements(), statements(fields="id,bank_name")
    assert len(plain) == len(without) + 1
    assert sum("event_emit" in sql for sql in plain) == 1
