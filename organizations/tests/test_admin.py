"""Organizations at the desk: one page for all of it, and account numbers that nobody reads."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.urls import reverse

from erp.crypto import decrypt
from erp.identifiers import gstin_of
from erp.models import uuid7
from locations.tests.factories import SubdivisionFactory
from organizations.models import Organization, OrganizationBankAccount, OrganizationTaxRegistration
from organizations.tests.factories import FinancialYearFactory, OrganizationBankAccountFactory, OrganizationFactory
from organizations.tests.test_models import stored

pytestmark = pytest.mark.django_db

NUMBER = "50100123456789"


@pytest.fixture
def account(organization):
    return OrganizationBankAccountFactory(organization=organization, account_number=NUMBER)


def page(row, name="change"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def sent(account, **values):
    return {
        "organization": account.organization_id,
        "bank_name": account.bank_name,
        "branch": account.branch,
        "holder": account.holder,
        "country": account.country_id,
        "currency": account.currency_id,
        "purpose": account.purpose,
        "is_active": "on",
        "account_number": "",
        "iban": "",
        "ifsc": account.ifsc,
        "swift_bic": "",
        "routing": "",
        "reason": "Letter of the bank",
        "expected_version": account.version,
        **values,
    }


@pytest.mark.parametrize("who", ["org_admin", "viewer", "compliance_officer"])
def test_no_page_shows_an_account_number(who, account, internal_user, client_for):
    client = client_for(internal_user(who))
    account.branch = "Gondal"
    account.save()
    version = account.history.first().history_id
    pages = [
        page(account),
        page(account, "history"),
        reverse("admin:organizations_organizationbankaccount_changelist"),
        reverse("admin:organizations_organizationbankaccount_simple_history", args=[account.pk, version]),
        page(account.organization),
    ]
    bodies = [client.get(url) for url in pages]
    assert [response.status_code for response in bodies] == [200] * 5
    for response in bodies:
        assert NUMBER not in response.content.decode()
    assert "6789" in bodies[0].content.decode()


def test_saving_without_typing_a_number_keeps_it(account, super_admin, client_for):
    before = stored(account)
    response = client_for(super_admin).post(page(account), sent(account, branch="Gondal"))
    assert response.status_code == 302, response.context["errors"]
    assert stored(account) == before
    account.refresh_from_db()
    assert (account.branch, account.account_number, account.version) == ("Gondal", NUMBER, 2)


def test_long_iban_may_be_typed_in_groups(account, super_admin, client_for):
    iban = "MT84 MALT 0110 0001 2345 MTLC AST0 01S"
    response = client_for(super_admin).post(page(account), sent(account, iban=iban))
    assert response.status_code == 302, response.context["errors"]
    assert OrganizationBankAccount.objects.get().iban == iban.replace(" ", "")


def test_typing_a_number_replaces_it(account, super_admin, client_for):
    response = client_for(super_admin).post(page(account), sent(account, account_number="1111 2222 3333"))
    assert response.status_code == 302, response.context["errors"]
    assert decrypt(stored(account)[0]) == "111122223333"
    assert OrganizationBankAccount.objects.get().account_last4 == "3333"


def test_number_of_another_account_is_refused_with_a_sentence(account, super_admin, client_for):
    second = OrganizationBankAccountFactory(organization=account.organization)
    response = client_for(super_admin).post(page(second), sent(second, account_number=NUMBER))
    assert response.status_code == 200
    assert "has an account with this number already" in response.content.decode()
    assert OrganizationBankAccount.objects.get(pk=second.pk).version == 1


def test_export_leaves_the_number_out(account, super_admin, client_for):
    url = reverse("admin:organizations_organizationbankaccount_export")
    fields = {"organizationbankaccountresource_id": "on", "organizationbankaccountresource_bank_name": "on"}
    response = client_for(super_admin).post(url, {"format": "0", "resource": "", **fields})
    assert NUMBER not in response.content.decode()
    assert account.account_hmac not in response.content.decode()


def test_new_organization_is_saved_with_its_settings(super_admin, client_for, organization):
    values = {
        "name": "Saurashtra Cotton", "code": "sct", "legal_name": "Saurashtra Cotton LLP", "org_type": "llp",
        "country": organization.country_id, "base_currency": organization.base_currency_id, "timezone": "Asia/Kolkata",
        "pan": "aapfu 0939f", "fiscal_year_start_month": 4, "crop_year_start_month": 10, "is_active": "on", "reason": "",
    }  # fmt: skip
    response = client_for(super_admin).post(reverse("admin:organizations_organization_add"), values)
    assert response.status_code == 302, response.context["errors"]
    made = Organization.objects.get(code="SCT")
    assert (made.pan, made.settings.kyc_validity_days) == ("AAPFU0939F", 365)


def test_org_admin_sees_its_own_organization_only(internal_user, client_for, other_organization):
    client = client_for(internal_user("org_admin"))
    listed = client.get(reverse("admin:organizations_organization_changelist"))
    assert other_organization not in listed.context["cl"].result_list
    assert client.get(page(other_organization)).status_code == 302
    assert client.get(reverse("admin:organizations_organization_add")).status_code == 403


def test_year_of_another_organization_is_no_choice(internal_user, client_for):
    foreign = FinancialYearFactory(organization=OrganizationFactory())
    url = reverse("admin:autocomplete")
    query = {"app_label": "organizations", "model_name": "documentseries", "field_name": "financial_year", "term": ""}
    answer = client_for(internal_user("org_admin")).get(url, query)
    assert str(foreign.pk) not in answer.content.decode()


@pytest.mark.parametrize("who", ["org_admin", "super_admin"])
def test_an_account_that_is_there_already_is_refused_in_the_form(who, account, internal_user, super_admin, client_for):
    client = client_for(super_admin if who == "super_admin" else internal_user(who))
    values = sent(account, account_number=f"{NUMBER[:4]} {NUMBER[4:]}")
    del values["expected_version"]
    answer = client.post(reverse("admin:organizations_organizationbankaccount_add"), values)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.non_field_errors() == [
        "The organization has an account with this number already."
    ]
    assert OrganizationBankAccount.objects.count() == 1


def test_an_account_is_refused_where_no_form_shows_whose_it_is(account):
    again = OrganizationBankAccount.objects.get(pk=account.pk)
    again.pk, again._state.adding = uuid7(), True
    with pytest.raises(ValidationError, match="has an account with this number already"):
        again.full_clean(exclude={"organization"})


def test_identifiers_are_measured_without_what_people_type_between_them(organization, internal_user, client_for):
    SubdivisionFactory(iso_code="IN-MH")
    number = gstin_of(organization.pan, state="27")
    spaced = " ".join(number.lower())  # 29 characters; the column has 20
    client, url = client_for(internal_user("org_admin")), reverse("admin:organizations_organizationtaxregistration_add")
    values = {
        "country": "IN", "scheme": "gstin", "number": spaced, "legal_name": "Narmada", "branch_code": "",
        "valid_from": "", "is_active": "on", "reason": "Certificate of the branch",
    }  # fmt: skip
    answer = client.post(url, values)
    assert answer.status_code == 302, answer.context["errors"]
    assert OrganizationTaxRegistration.objects.get().number == number
    assert "maxlength" not in str(client.get(url).context["adminform"].form["number"])


def test_identifiers_that_are_too_long_stay_refused():
    form = modelform_factory(Organization, fields=["pan"])({"pan": "AAPF U0939 FX"})
    assert form.errors["pan"] == ["Ensure this value has at most 10 characters (it has 11)."]
