"""Reading a masked number at the desk: those whom the table names, on purpose, and never without an event."""

from __future__ import annotations

import pytest

from erp.admin.tests.pages import url
from erp.events.models import Event
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db
NUMBER = "123456789012"


@pytest.fixture
def account(organization):
    return OrganizationBankAccountFactory(organization=organization, account_number=NUMBER)


@pytest.fixture
def verifier(internal_user):
    return internal_user("kyc_verifier")


def readings() -> list[Event]:
    return list(Event.objects.filter(event_type="secret.read").order_by("id"))


def test_number_is_shown_on_demand_and_the_reading_recorded(client_for, verifier, organization, account):
    client, page = client_for(verifier), url(account, "secret")
    assert page in client.get(url(account)).content.decode()
    asked = client.get(page)
    assert NUMBER not in asked.content.decode()
    assert "XXXXXX9012" in asked.content.decode()
    assert readings() == []
    shown = client.post(page, {"reason": "Cheque 004211"})
    assert NUMBER in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    [event] = readings()
    assert (event.object_type, event.object_id) == ("organizations.organizationbankaccount", str(account.pk))
    assert (event.category, event.actor_id, event.organization_id) == ("access", verifier.pk, organization.pk)
    assert (event.reason, event.source, event.ip) == ("Cheque 004211", "admin", "127.0.0.1")
    assert event.payload == {
        "what": f"Bank account {account}",
        "fields": ["account_number"],
        "records": [str(account.pk)],
    }
    assert NUMBER not in str(event.__dict__)


def test_each_reading_is_recorded_also_without_a_reason(client_for, verifier, account):
    client = client_for(verifier)
    for _ in range(2):
        assert NUMBER in client.post(url(account, "secret")).content.decode()
    assert [event.reason for event in readings()] == ["", ""]


@pytest.mark.parametrize("role", ["org_admin", "compliance_officer", "viewer"])
def test_other_roles_are_refused_and_see_no_button(client_for, internal_user, account, role):
    client, page = client_for(internal_user(role)), url(account, "secret")
    assert page not in client.get(url(account)).content.decode()
    assert client.get(page).status_code == 403
    answer = client.post(page)
    assert answer.status_code == 403
    assert NUMBER not in answer.content.decode()
    assert readings() == []


def test_number_of_another_organization_does_not_exist(client_for, verifier, other_organization):
    foreign = OrganizationBankAccountFactory(organization=other_organization, account_number=NUMBER)
    client = client_for(verifier)
    assert client.post(url(foreign, "secret")).status_code == 404
    assert client.get(url(foreign, "secret")).status_code == 404
    assert readings() == []


def test_own_compliance_sees_the_reading_and_others_do_not(
    client_for, verifier, compliance_desk, strange_desk, account
):
    client_for(verifier).post(url(account, "secret"))
    for client, seen in ((compliance_desk, 1), (strange_desk, 0)):
        events = client.get("/admin/audit/events/", {"event": "secret.read"}).context["page"].events
        assert len(events) == seen
