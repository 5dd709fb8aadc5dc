"""The feed of events: in order, in scope, field by field what the API shows anyway."""

import pytest

from erp.events import feed
from erp.testing.contract import latest_event_id
from locations.tests.factories import LocationFactory
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory, PartnerBankAccountFactory, PartnerContactFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/events"


@pytest.fixture
def start(db):
    """Position before the test."""
    return feed.number_events()


def types(answer):
    return [event["type"] for event in answer.json()["results"]]


def test_feed_goes_on_where_the_client_stopped(api, super_admin, start):
    client = api(super_admin)
    first, second = LocationFactory(), LocationFactory()
    page = client.get(f"{URL}?after={start}&limit=1&object_type=locations.location").json()
    assert [event["object"]["id"] for event in page["results"]] == [str(first.pk)]
    assert page["last"] == page["results"][0]["position"]
    page = client.get(f"{URL}?after={page['last']}&object_type=locations.location").json()
    assert [event["object"]["id"] for event in page["results"]] == [str(second.pk)]
    assert page["last"] == page["head"]
    assert client.get(f"{URL}?after={page['last']}").json()["results"] == []


def test_feed_holds_own_and_shared_rows_only(api, internal_user, organization, other_organization, start):
    client = api(internal_user("commodity_manager"))
    LocationFactory(organization=other_organization)
    BusinessPartnerFactory(organization=other_organization)
    own = LocationFactory(organization=organization)
    shared = LocationFactory()
    results = client.get(f"{URL}?after={start}&object_type=locations.location,partners.businesspartner").json()[
        "results"
    ]
    assert [event["object"]["id"] for event in results] == [str(own.pk), str(shared.pk)]


def test_feed_leaves_out_kinds_that_the_role_may_not_view(api, internal_user, organization, start):
    partner = BusinessPartnerFactory(organization=organization)
    PartnerContactFactory(partner=partner)
    seen = types(api(internal_user("viewer")).get(f"{URL}?after={start}&limit=1000"))
    assert "partner.contact.created" in seen
    seen = types(api(internal_user("commodity_manager")).get(f"{URL}?after={start}&limit=1000"))
    assert "partner.created" in seen
    assert "partner.contact.created" not in seen


def test_changes_of_roles_are_for_those_who_may_read_events(api, internal_user, start):
    client, reader = api(internal_user("viewer")), api(internal_user("compliance_officer"))
    assert "user.role.created" not in types(client.get(f"{URL}?after={start}&limit=1000"))
    # A user's groups belong to no organization in the record: only super admins see all of them.
    assert reader.get(f"{URL}?after={start}&limit=1000").status_code == 200


def test_partner_sees_its_own_events_without_fields_of_the_staff(api, external_user, organization, start):
    row = BusinessPartner.objects.get(pk=external_user.partner_id)
    row.notes, row.trade_name = "Pays late", "Ganesh"
    row.save()
    BusinessPartnerFactory(organization=organization)
    results = api(external_user).get(f"{URL}?after=0&limit=1000&type=partner.updated,partner.created").json()["results"]
    assert {event["object"]["id"] for event in results} == {str(row.pk)}
    assert results[-1]["changes"] == [{"field": "trade_name", "old": "", "new": "Ganesh"}]
    assert "Pays late" not in str(results)


def test_partner_learns_no_other_partners_name(api, external_user, organization):
    row = BusinessPartner.objects.get(pk=external_user.partner_id)
    row.parent_partner = BusinessPartnerFactory(organization=organization, legal_name="Hidden Holdings Pvt Ltd")
    row.save()
    url = f"/api/v1/partners/{row.pk}"
    for answer in (api(external_user).get(f"{url}/history"), api(external_user).get(f"{url}?expand=parent_partner")):
        assert answer.status_code == 200
        assert "Hidden Holdings" not in answer.content.decode()


def test_no_secret_is_in_the_feed(api, super_admin, start):
    account = PartnerBankAccountFactory()
    body = api(super_admin).get(f"{URL}?after={start}&limit=1000").content.decode()
    assert account.account_number not in body
    assert account.account_hmac not in body


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=1001", "colour=red", "type=%00"])
def test_bad_parameters_are_400(api, super_admin, query):
    assert api(super_admin).get(f"{URL}?{query}").status_code == 400


def test_stats_count_types_in_scope(api, internal_user, organization, other_organization):
    client = api(internal_user("commodity_manager"))
    before = client.get(f"{URL}/stats?type=location.created").json()["total"]
    newest = latest_event_id()
    LocationFactory(organization=organization)
    LocationFactory(organization=other_organization)
    answer = client.get(f"{URL}/stats?type=location.created").json()
    assert answer == {"results": [{"type": "location.created", "count": before + 1}], "total": before + 1}
    assert latest_event_id() > newest


def test_nobody_reads_events_without_signing_in(api):
    assert api().get(URL).status_code == 401
    assert api().get(f"{URL}/stats").status_code == 401
