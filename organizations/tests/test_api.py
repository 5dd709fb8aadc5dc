"""Organizations through the API."""

import pytest
from rest_framework.test import APIClient

from erp.identifiers import gstin_of
from locations.tests.factories import CountryFactory, LocationFactory, SubdivisionFactory
from organizations.models import (
    DocumentSeries,
    Organization,
    OrganizationBankAccount,
    OrganizationSettings,
    OrganizationTaxRegistration,
)
from organizations.tests.factories import DocumentSeriesFactory, FinancialYearFactory, OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings/organizations"


def acting(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_super_admin_makes_an_organization_with_its_settings(super_admin):
    CountryFactory()
    body = {"code": "nct", "name": "Narmada", "legal_name": "Narmada Ltd", "country": "IN", "base_currency": "INR"}
    answer = acting(super_admin).post(URL, body)
    assert answer.status_code == 201, answer.content
    made = Organization.objects.get(pk=answer.json()["id"])
    assert made.code == "NCT"
    (settings,) = acting(super_admin).get(f"{URL}/{made.pk}/settings").json()["results"]
    assert settings["id"] == str(OrganizationSettings.objects.get(organization=made).pk)


def test_internal_user_sees_its_own_organization_and_makes_none(internal_user, organization, other_organization):
    client = acting(internal_user("org_admin"))
    assert [row["id"] for row in client.get(URL).json()["results"]] == [str(organization.pk)]
    assert client.get(f"{URL}/{other_organization.pk}").status_code == 404
    assert client.get(f"{URL}/{other_organization.pk}/bank-accounts").status_code == 404
    assert client.post(URL, {}).status_code == 403


def test_registration_takes_its_state_from_the_gstin(internal_user, organization):
    SubdivisionFactory(iso_code="IN-MH")
    client = acting(internal_user("org_admin"))
    number = gstin_of(organization.pan, state="27")
    url = f"{URL}/{organization.pk}/tax-registrations"
    body = {"country": "IN", "scheme": "gstin", "number": f"{number[:2]} {number[2:].lower()}", "legal_name": "Narmada"}
    answer = client.post(url, {**body, "number": number.lower()})
    assert answer.status_code == 201, answer.content
    made = OrganizationTaxRegistration.objects.get()
    assert (made.number, made.subdivision.iso_code, made.organization_id) == (number, "IN-MH", organization.pk)
    wrong = client.post(url, {**body, "number": "27AAPFU0939F1ZV"})
    assert wrong.json()["errors"][0]["pointer"] == "/number"


def test_registrations_in_bulk_take_their_states_in_one_statement(internal_user, organization):
    rows = []
    for code, state in (("24", "IN-GJ"), ("27", "IN-MH"), ("29", "IN-KA")):
        SubdivisionFactory(iso_code=state)
        number = gstin_of(organization.pan, state=code)
        rows.append({"country": "IN", "scheme": "gstin", "number": number, "legal_name": "Narmada"})
    url = f"{URL}/{organization.pk}/tax-registrations/bulk"
    answer = acting(internal_user("org_admin")).post(url, {"rows": rows}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200, answer.content
    states = OrganizationTaxRegistration.objects.order_by("number").values_list("subdivision__iso_code", flat=True)
    assert list(states) == ["IN-GJ", "IN-MH", "IN-KA"]


def test_account_is_made_and_its_number_never_told(internal_user, organization):
    url = f"{URL}/{organization.pk}/bank-accounts"
    body = {
        "holder": "Narmada", "bank_name": "SBI", "country": "IN", "currency": "INR", "account_number": "3000 1234 5678",
        "ifsc": "sbin0001234",
    }  # fmt: skip
    client = acting(internal_user("org_admin"))
    answer = client.post(url, body)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["account_number"], answer.json()["ifsc"]) == ("XXXXXX5678", "SBIN0001234")
    assert OrganizationBankAccount.objects.get().account_number == "300012345678"
    twice = client.post(url, {**body, "account_number": "3000-1234-5678"})
    assert (twice.status_code, twice.json()["errors"]) == (
        400,
        [
            {
                "pointer": "/account_number",
                "code": "unique",
                "detail": "The organization has an account with this number already.",
            }
        ],
    )
    assert OrganizationBankAccount.objects.count() == 1


def test_bulk_and_single_accounts_have_the_same_fingerprint(super_admin):
    account = OrganizationBankAccountFactory()
    url = f"{URL}/{account.organization_id}/bank-accounts/bulk"
    row = {
        "holder": "N", "bank_name": "SBI", "country": "IN", "currency": "INR", "ifsc": "SBIN0001234",
        "account_number": account.account_number,
    }  # fmt: skip
    headers = {"Idempotency-Key": "k", "X-Change-Reason": "Opened last week"}
    answer = acting(super_admin).post(url, {"rows": [row]}, headers=headers)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/rows/0/account_number"
    assert error["detail"] == "The organization has an account with this number already."


def test_series_names_a_year_of_its_own_organization(super_admin, organization, other_organization):
    foreign = FinancialYearFactory(organization=other_organization)
    url = f"{URL}/{organization.pk}/document-series"
    answer = acting(super_admin).post(url, {"financial_year": str(foreign.pk), "document_type": "payment"})
    assert answer.json()["errors"][0]["pointer"] == "/financial_year"
    assert not DocumentSeries.objects.exists()


def test_numbers_never_go_back(super_admin):
    series = DocumentSeriesFactory(next_number=5)
    url = f"{URL}/{series.organization_id}/document-series/{series.pk}"
    answer = acting(super_admin).patch(url, {"next_number": 3}, headers={"If-Match": f'"{series.pk}:1"'})
    assert answer.json()["errors"][0]["pointer"] == "/next_number"


def test_settings_are_changed_but_neither_made_nor_deleted(internal_user, organization):
    client = acting(internal_user("org_admin"))
    row = OrganizationSettings.objects.get(organization=organization)
    url = f"{URL}/{organization.pk}/settings"
    answer = client.patch(f"{url}/{row.pk}", {"tds_rate": "0.100"}, headers={"If-Match": f'"{row.pk}:1"'})
    assert (answer.status_code, answer.json()["tds_rate"]) == (200, "0.100")
    assert client.post(url, {}).status_code == 405
    assert client.delete(f"{url}/{row.pk}", headers={"If-Match": f'"{row.pk}:2"'}).status_code == 405


def test_address_of_another_organization_is_unknown(internal_user, organization, other_organization):
    place = LocationFactory(organization=other_organization)
    answer = acting(internal_user("org_admin")).patch(
        f"{URL}/{organization.pk}",
        {"registered_address": str(place.pk)},
        headers={"If-Match": f'"{organization.pk}:{organization.version}"'},
    )
    assert answer.json()["errors"][0]["code"] == "does_not_exist"
