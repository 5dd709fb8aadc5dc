"""Parts of a partner, many in one request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from erp.testing.contract import latest_event_id
from locations.tests.factories import CountryFactory, SubdivisionFactory
from partners.models import PartnerDocument, PartnerLocation, PartnerRole
from partners.tests.factories import BusinessPartnerFactory, PartnerLocationFactory, PartnerRoleFactory
from partners.tests.test_api import URL, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(organization):
    return BusinessPartnerFactory(organization=organization)


@pytest.fixture
def client(internal_user):
    return acting(internal_user("partner_officer"))


def send(client, partner, kind, *rows, mode="upsert", key="k"):
    url = f"{URL}/{partner.pk}/{kind}/bulk"
    return client.post(url, {"rows": rows, "mode": mode}, headers={"Idempotency-Key": key})


def pointers(answer):
    assert answer.status_code == 400, answer.content
    return [error["pointer"] for error in answer.json()["errors"]]


class TestRoles:
    def test_they_are_added_and_changed_with_the_partners_organization(self, client, partner):
        stored = PartnerRoleFactory(partner=partner, role="buyer")
        answer = send(client, partner, "roles", {"role": "buyer", "status": "suspended"}, {"role": "seller"})
        assert {**answer.json(), "ids": 0} == {"added": 1, "changed": 1, "unchanged": 0, "ids": 0}, answer.content
        rows = PartnerRole.objects.order_by("role").values_list("role", "status", "version", "organization")
        assert list(rows) == [
            ("buyer", "suspended", 2, partner.organization_id),
            ("seller", "active", 1, partner.organization_id),
        ]
        assert answer.json()["ids"][0] == str(stored.pk)
        assert PartnerRole.history.count() == 3

    def test_a_sub_broker_needs_a_broker(self, client, partner, organization, other_organization):
        broker, none, foreign = (
            PartnerRoleFactory(partner=BusinessPartnerFactory(organization=owner), role=role).partner
            for owner, role in ((organization, "broker"), (organization, "buyer"), (other_organization, "broker"))
        )
        before = latest_event_id()
        for named in (none, foreign, None):
            row = {"role": "sub_broker", "parent_broker": named and str(named.pk)}
            expected = ["/rows/1/parent_broker"] if named else ["/rows/1"]
            assert pointers(send(client, partner, "roles", {"role": "seller"}, row)) == expected
        assert (PartnerRole.objects.filter(partner=partner).count(), latest_event_id()) == (0, before)
        row = {"role": "sub_broker", "parent_broker": str(broker.pk)}
        assert send(client, partner, "roles", {"role": "seller"}, row).json()["added"] == 2


class TestPlaces:
    def place(self, name, **values):
        CountryFactory()
        return {
            "kind": "factory", "name": name, "address_line1": "112 Chhatral Road", "city": "Kadi", "country": "IN",
            "subdivision": str(SubdivisionFactory().pk), **values,
        }  # fmt: skip

    def test_deliveries_need_a_partner_that_buys(self, client, partner):
        rows = self.place("Kadi"), self.place("Kalol", can_ship_to=True)
        assert pointers(send(client, partner, "locations", *rows)) == ["/rows/1/can_ship_to"]
        assert not PartnerLocation.objects.exists()
        PartnerRoleFactory(partner=partner, role="buyer")
        assert send(client, partner, "locations", *rows).json()["added"] == 2
        assert send(client, partner, "locations", *rows, key="again").json()["unchanged"] == 2
        assert set(PartnerLocation.objects.values_list("organization", flat=True)) == {partner.organization_id}

    def test_a_branch_in_another_state_than_the_principal_place_needs_its_registration(self, client, partner):
        other = str(SubdivisionFactory(iso_code="IN-MH").pk)
        branch = self.place("Nagpur", kind="branch", subdivision=other)
        principal = self.place("Rajkot", kind="principal")
        assert pointers(send(client, partner, "locations", branch, principal)) == ["/rows/0/tax_registration"]
        PartnerLocationFactory(partner=partner, kind="principal", name="Rajkot")
        assert pointers(send(client, partner, "locations", branch)) == ["/rows/0/tax_registration"]
        moved = {"name": "Rajkot", "subdivision": other}
        assert send(client, partner, "locations", branch, moved).json()["added"] == 1

    def test_a_name_in_another_case_is_taken(self, client, partner):
        PartnerLocationFactory(partner=partner, name="Kadi")
        assert pointers(send(client, partner, "locations", self.place("KADI"))) == ["/rows/0/name"]

    def test_statements_do_not_grow(self, client, partner):
        PartnerRoleFactory(partner=partner, role="trader")
        PartnerLocationFactory(partner=partner, kind="principal")
        counts = []
        for count in (1, 12):
            rows = [self.place(f"{count} {n}", kind="branch", can_ship_to=True) for n in range(count)]
            with CaptureQueriesContext(connection) as queries:
                assert send(client, partner, "locations", *rows, key=f"k{count}").status_code == 200
            counts.append(len(queries))
        assert counts[1] <= counts[0], counts


def test_papers_have_no_bulk_and_say_what_to_do(client, partner):
    answer = send(client, partner, "documents", {"document_type": "pan_card"})
    assert answer.status_code == 405
    assert answer.json()["detail"] == (
        "Each paper brings a file of up to 7 MB: send them one at a time, to this address without /bulk."
    )
    assert not PartnerDocument.objects.exists()
