"""Partners through the API."""

import base64

import pytest
from rest_framework.test import APIClient

from erp.identifiers import gstin_of
from erp.testing.fixtures import make_user
from locations.tests.factories import CountryFactory, SubdivisionFactory
from partners.models import BusinessPartner, PartnerDocument, PartnerLocation, PartnerRole
from partners.tests.factories import (
    BusinessPartnerFactory,
    PartnerDocumentFactory,
    PartnerRoleFactory,
    PartnerTaxRegistrationFactory,
    pan,
)

pytestmark = pytest.mark.django_db

URL = "/api/v1/partners"
PAPER = base64.b64encode(b"%PDF-1.7 paper").decode()


def acting(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def body(**values):
    CountryFactory()
    return {
        "legal_name": "Shree Ganesh Ginning Pvt Ltd", "entity_type": "private_limited", "country": "IN",
        "primary_currency": "INR", "pan": "aaack 0001f", **values,
    }  # fmt: skip


def test_new_partner_gets_the_next_number(internal_user, organization):
    BusinessPartnerFactory(organization=organization)
    answer = acting(internal_user("partner_officer")).post(URL, body())
    assert answer.status_code == 201, answer.content
    made = BusinessPartner.objects.get(pk=answer.json()["id"])
    assert (made.partner_code, made.pan, made.organization_id) == ("BP-IN-000002", "AAACK0001F", organization.pk)


def test_numbers_in_bulk_go_on_after_those_of_deleted_partners(internal_user, organization):
    BusinessPartnerFactory(organization=organization).delete()
    rows = [body(legal_name=f"Ginning {number}", pan=pan(9000 + number)) for number in range(2)]
    client = acting(internal_user("partner_officer"))
    assert client.post(f"{URL}/bulk", {"rows": rows}, headers={"Idempotency-Key": "k"}).status_code == 200
    codes = BusinessPartner.objects.order_by("partner_code").values_list("partner_code", flat=True)
    assert list(codes) == ["BP-IN-000002", "BP-IN-000003"]


def test_second_partner_with_the_same_pan_is_refused_in_its_own_organization_only(internal_user, other_organization):
    BusinessPartnerFactory(organization=other_organization, pan="AAACK0001F")
    client = acting(internal_user("partner_officer"))
    assert client.post(URL, body()).status_code == 201
    answer = client.post(URL, body(legal_name="Another Pvt Ltd"))
    assert answer.json()["errors"][0]["pointer"] == "/pan"
    assert BusinessPartner.objects.count() == 2


def test_partner_sees_itself_and_no_other(external_user, organization):
    other = BusinessPartnerFactory(organization=organization)
    client = acting(external_user)
    assert [row["id"] for row in client.get(URL).json()["results"]] == [str(external_user.partner_id)]
    for path in ("", "/history", "/contacts", "/bank-accounts", "/documents"):
        assert client.get(f"{URL}/{other.pk}{path}").status_code == 404


def test_partner_changes_nothing_about_itself(external_user):
    row = BusinessPartner.objects.get(pk=external_user.partner_id)
    headers = {"If-Match": f'"{row.pk}:1"'}
    assert acting(external_user).patch(f"{URL}/{row.pk}", {"status": "active"}, headers=headers).status_code == 403


def test_bulk_finds_stored_partners_by_code_and_checks_their_gstins(internal_user, organization):
    row = BusinessPartnerFactory(organization=organization)
    PartnerTaxRegistrationFactory(partner=row, number=gstin_of(row.pan, state="24"))
    client = acting(internal_user("org_admin"))

    def send(**values):
        rows = [{"partner_code": row.partner_code, **values}]
        key = {"Idempotency-Key": f"{values}".replace(" ", "")}
        return client.post(f"{URL}/bulk", {"rows": rows, "mode": "upsert"}, headers=key)

    assert send(trade_name="Ganesh").json()["changed"] == 1
    assert send(pan=pan(7777)).json()["errors"][0]["pointer"] == "/rows/0/pan"
    row.refresh_from_db()
    assert (row.trade_name, row.version) == ("Ganesh", 2)


def test_paper_is_handed_in_by_the_partner_and_verified_by_the_staff(external_user, internal_user, settings, tmp_path):
    url = f"{URL}/{external_user.partner_id}/documents"
    paper = {"document_type": "pan_card", "country": "IN", "file": PAPER, "file_name": "PAN card.pdf"}
    client = acting(external_user)
    assert client.post(url, {**paper, "status": "verified"}).json()["errors"][0]["code"] == "read_only"
    answer = client.post(url, paper)
    assert answer.status_code == 201, answer.content
    made = PartnerDocument.objects.get()
    assert (made.file_name, made.mime, made.uploaded_by_id) == ("PAN card.pdf", "application/pdf", external_user.pk)
    assert "file" not in answer.json()
    assert "uploaded_by" not in answer.json()
    headers = {"If-Match": answer["ETag"]}
    # A colleague at the partner can't verify it either.
    colleague = make_user("EXTERNAL", role="partner_admin", partner=external_user.partner)
    refused = acting(colleague).patch(f"{url}/{made.pk}", {"status": "verified"}, headers=headers)
    assert refused.json()["errors"][0]["code"] == "read_only"
    verifier = internal_user("kyc_verifier")
    verified = acting(verifier).patch(f"{url}/{made.pk}", {"status": "verified"}, headers=headers)
    assert verified.status_code == 200, verified.content
    assert verified.json()["verified_by"] == str(verifier.pk)


@pytest.mark.parametrize("content", ["%%%", base64.b64encode(b"MZ").decode(), "", 5])
def test_what_is_no_paper_is_400(super_admin, content):
    row = BusinessPartnerFactory()
    answer = acting(super_admin).post(
        f"{URL}/{row.pk}/documents", {"document_type": "pan_card", "country": "IN", "file": content}
    )
    assert answer.status_code == 400, answer.content
    assert "/file" in {error["pointer"] for error in answer.json()["errors"]}


def test_stored_file_stays(super_admin):
    row = PartnerDocumentFactory()
    url = f"{URL}/{row.partner_id}/documents/{row.pk}"
    headers = {"If-Match": f'"{row.pk}:1"'}
    for values in ({"file": PAPER}, {"file_name": "other.pdf"}):
        answer = acting(super_admin).patch(url, values, headers=headers)
        assert answer.status_code == 400, answer.content


def test_sub_broker_needs_a_broker_of_the_same_organization(internal_user, organization, other_organization):
    row = BusinessPartnerFactory(organization=organization)
    foreign = PartnerRoleFactory(partner=BusinessPartnerFactory(organization=other_organization), role="broker").partner
    url, client = f"{URL}/{row.pk}/roles", acting(internal_user("partner_officer"))
    answer = client.post(url, {"role": "sub_broker", "parent_broker": str(foreign.pk)})
    assert answer.json()["errors"] == [
        {"pointer": "/parent_broker", "code": "does_not_exist", "detail": "There is no such record."}
    ]
    assert client.post(url, {"role": "seller"}).status_code == 201
    assert PartnerRole.objects.filter(partner=row).count() == 1


def test_place_where_nothing_may_be_delivered_is_refused(internal_user, organization):
    row = BusinessPartnerFactory(organization=organization)
    place = {
        "kind": "factory", "name": "Kadi", "address_line1": "112 Chhatral Road", "city": "Kadi", "country": "IN",
        "subdivision": str(SubdivisionFactory().pk), "can_ship_to": True,
    }  # fmt: skip
    url, client = f"{URL}/{row.pk}/locations", acting(internal_user("partner_officer"))
    assert client.post(url, place).json()["errors"][0]["pointer"] == "/can_ship_to"
    PartnerRoleFactory(partner=row, role="buyer")
    assert client.post(url, place).status_code == 201
    assert PartnerLocation.objects.count() == 1
