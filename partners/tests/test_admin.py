"""The desk's pages of partners, as a browser uses them."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.module_loading import import_string

from erp.events.models import Event
from partners.models import BusinessPartner, PartnerDocument
from partners.tests import factories

pytestmark = pytest.mark.django_db

PREFIXES = ("roles", "contacts", "tax_registrations", "bank_accounts", "locations", "commodities", "documents")


@pytest.fixture
def partner(organization):
    return factories.BusinessPartnerFactory(organization=organization, legal_name="Ganesh Ginning Pvt Ltd")


@pytest.fixture
def officer(internal_user):
    return internal_user("partner_officer")


@pytest.fixture
def desk(client_for, officer):
    """The browser of a partner officer."""
    return client_for(officer)


def page(name, *args):
    return reverse(f"admin:partners_{name}", args=args)


def filled(response):
    """What the browser would send back from this form."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    bound = [field for form in forms for field in form]
    return {
        field.html_name: field.value()
        for field in bound
        if field.value() not in (None, "") and field.value() is not False
    }


def rows(prefix, *values):
    """New rows of one inline on a form that has none."""
    data = {f"{prefix}-TOTAL_FORMS": len(values), f"{prefix}-INITIAL_FORMS": 0}
    for number, row in enumerate(values):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def empty_inlines():
    data = {}
    for prefix in PREFIXES:
        data |= rows(prefix)
    return data


def new_partner(**values):
    country = import_string("locations.tests.factories.CountryFactory")()
    return {
        "legal_name": "Shree Mill Ltd",
        "entity_class": "business",
        "entity_type": "public_limited",
        "country": country.pk,
        "pan": "aaack0009f",
        "primary_currency": country.currency_id,
        "preferred_language": "en",
        "status": "pending",
        "kyc_status": "not_started",
        "is_active": "on",
        **empty_inlines(),
        **values,
    }


def errors(response):
    context = response.context
    if context is None:
        return []
    lists = [context["adminform"].form.errors]
    for inline in context["inline_admin_formsets"]:
        lists += [inline.formset.non_form_errors(), *inline.formset.errors]
    return [found for found in lists if found]


class TestList:
    def test_roles_are_shown_without_a_query_a_row(self, desk, organization, partner):
        def queries():
            with CaptureQueriesContext(connection) as made:
                response = desk.get(page("businesspartner_changelist"))
            return len(made), response.content.decode()

        for role in ("seller", "trader"):
            factories.PartnerRoleFactory(partner=partner, role=role)
        queries()
        few, html = queries()
        assert "Seller, Trader" in html
        for _ in range(5):
            factories.PartnerRoleFactory(partner=factories.BusinessPartnerFactory(organization=organization))
        many, _ = queries()
        assert many == few

    @pytest.mark.parametrize("text", ["BP-IN-000001", "ganesh", "market name", "AAACK0042F"])
    def test_it_is_found_by_code_names_and_pan(self, desk, organization, text):
        factories.BusinessPartnerFactory(
            organization=organization, legal_name="Ganesh Ginning", trade_name="Market Name", pan="AAACK0042F"
        )
        factories.BusinessPartnerFactory(organization=organization, legal_name="Somebody")
        found = desk.get(page("businesspartner_changelist"), {"q": text}).context["cl"].result_list
        assert [row.legal_name for row in found] == ["Ganesh Ginning"]


class TestForm:
    def test_a_new_partner_belongs_to_the_officers_organization_and_gets_a_code(self, desk, organization):
        response = desk.post(page("businesspartner_add"), new_partner())
        assert response.status_code == 302, errors(response)
        partner = BusinessPartner.objects.get()
        assert (partner.organization, partner.partner_code, partner.pan) == (organization, "BP-IN-000001", "AAACK0009F")

    def test_a_buyer_and_its_delivery_address_are_entered_on_one_form(self, desk):
        state = import_string("locations.tests.factories.SubdivisionFactory")()
        place = {
            "kind": "ship_to",
            "name": "Mill gate",
            "address_line1": "Plot 7",
            "city": "Kadi",
            "country": "IN",
            "subdivision": state.pk,
            "status": "active",
            "can_ship_to": "on",
            "is_active": "on",
        }
        values = new_partner(**rows("locations", place))
        refused = desk.post(page("businesspartner_add"), values)
        assert errors(refused) == [
            {
                "can_ship_to": [
                    "Shree Mill Ltd neither buys nor trades, so nothing is delivered there: "
                    "give it the role of buyer or trader first."
                ]
            }
        ]
        assert not BusinessPartner.objects.exists()
        values |= rows("roles", {"role": "buyer", "status": "active", "is_active": "on"})
        response = desk.post(page("businesspartner_add"), values)
        assert response.status_code == 302, errors(response)
        partner = BusinessPartner.objects.get()
        assert [role.role for role in partner.roles.all()] == ["buyer"]
        assert [location.organization for location in partner.locations.all()] == [partner.organization]

    def test_two_partners_with_one_pan_are_refused_on_the_form(self, desk, organization):
        factories.BusinessPartnerFactory(organization=organization, pan="AAACK0009F")
        response = desk.post(page("businesspartner_add"), new_partner())
        assert response.status_code == 200
        assert errors(response) == [
            {"__all__": ["Another partner of the organization has this PAN: use that one, or name it as the parent."]}
        ]
        assert BusinessPartner.objects.count() == 1

    def test_a_time_keeps_its_microseconds_and_is_recorded_only_when_it_changes(self, desk, partner):
        partner.risk_assessed_at = datetime(2026, 3, 1, 10, 20, 30, 123456, tzinfo=UTC)
        partner.save()
        url = page("businesspartner_change", partner.pk)
        data = filled(desk.get(url)) | {"reason": "Name of the shop", "trade_name": "Ganesh"}
        data |= {"risk_assessed_at_0": "2026-03-01", "risk_assessed_at_1": "15:50:30"}
        assert desk.post(url, data).status_code == 302
        stored, event = partner.risk_assessed_at, Event.objects.filter(object_id=str(partner.pk)).latest("occurred_at")
        partner.refresh_from_db()
        assert (partner.risk_assessed_at, list(event.changes)) == (stored, ["trade_name"])
        data = filled(desk.get(url)) | {"reason": "Assessed again", "risk_assessed_at_0": "2026-03-01"}
        assert desk.post(url, data | {"risk_assessed_at_1": "15:50:31"}).status_code == 302
        partner.refresh_from_db()
        assert partner.risk_assessed_at == datetime(2026, 3, 1, 10, 20, 31, tzinfo=UTC)

    def test_the_code_can_not_be_edited(self, desk, partner):
        response = desk.get(page("businesspartner_change", partner.pk))
        data = {**filled(response), "reason": "Try to renumber", "partner_code": "OTHER", "trade_name": "Ganesh"}
        response = desk.post(page("businesspartner_change", partner.pk), data)
        assert response.status_code == 302, errors(response)
        partner.refresh_from_db()
        assert (partner.partner_code, partner.trade_name) == ("BP-IN-000001", "Ganesh")

    def test_a_part_stays_with_its_partner(self, desk, partner, organization):
        contact = factories.PartnerContactFactory(partner=partner)
        other = factories.BusinessPartnerFactory(organization=organization)
        url = page("partnercontact_change", contact.pk)
        data = {**filled(desk.get(url)), "reason": "Moves to the other", "partner": other.pk, "designation": "Owner"}
        assert desk.post(url, data).status_code == 302
        contact.refresh_from_db()
        assert (contact.partner, contact.designation) == (partner, "Owner")


class TestAccounts:
    NUMBER = "30001234567"

    @pytest.fixture
    def account(self, partner):
        return factories.PartnerBankAccountFactory(partner=partner, account_number=self.NUMBER)

    @pytest.mark.parametrize("role", ["partner_officer", "viewer", "compliance_officer", "kyc_verifier"])
    def test_no_page_shows_the_number(self, client_for, internal_user, account, partner, role):
        client = client_for(internal_user(role))
        for url in (
            page("partnerbankaccount_changelist"),
            page("partnerbankaccount_change", account.pk),
            page("partnerbankaccount_history", account.pk),
            page("businesspartner_change", partner.pk),
            page("businesspartner_history", partner.pk),
        ):
            response = client.get(url)
            assert response.status_code == 200, url
            assert self.NUMBER not in response.content.decode(), url

    def test_saving_without_typing_keeps_the_number_and_its_version(self, desk, account, partner):
        url = page("businesspartner_change", partner.pk)
        data = {**filled(desk.get(url)), "reason": "Name as in the market", "trade_name": "Ganesh"}
        response = desk.post(url, data)
        assert response.status_code == 302, errors(response)
        account.refresh_from_db()
        assert (account.account_number, account.version) == (self.NUMBER, 1)

    def test_the_same_number_twice_is_refused_on_the_form(self, desk, account, partner):
        url = page("businesspartner_change", partner.pk)
        second = {
            "holder": "Ganesh",
            "bank_name": "SBI",
            "country": "IN",
            "currency": "INR",
            "account_number": self.NUMBER,
            "ifsc": "SBIN0001234",
            "purpose": "operations",
            "status": "pending",
            "is_active": "on",
        }
        data = {**filled(desk.get(url)), "reason": "Second account"}
        data |= {f"bank_accounts-1-{name}": value for name, value in second.items()}
        data["bank_accounts-TOTAL_FORMS"] = 2
        response = desk.post(url, data)
        assert response.status_code == 200
        assert errors(response) == [{"__all__": ["The partner has an account with this number already."]}]
        assert partner.bank_accounts.count() == 1

    def test_other_partners_with_the_account_are_named(self, desk, account, organization):
        other = factories.BusinessPartnerFactory(organization=organization, legal_name="Twin <Traders>")
        factories.PartnerBankAccountFactory(partner=other, account_number=self.NUMBER)
        html = desk.get(page("partnerbankaccount_change", account.pk)).content.decode()
        assert f"Twin &lt;Traders&gt; ({other.partner_code})" in html


class TestDocuments:
    def test_a_paper_is_uploaded_with_the_officers_name(self, desk, officer, partner):
        data = {
            "partner": partner.pk,
            "document_type": "pan_card",
            "country": "IN",
            "status": "uploaded",
            "is_active": "on",
            "file": SimpleUploadedFile("pan.pdf", b"%PDF-1.7 pan", "application/pdf"),
        }
        response = desk.post(page("partnerdocument_add"), data)
        assert response.status_code == 302, errors(response)
        document = PartnerDocument.objects.get()
        assert (document.uploaded_by, document.file_name) == (officer, "pan.pdf")

    def test_a_paper_is_not_verified_by_its_uploader(self, client_for, internal_user, desk, officer, partner):
        document = factories.PartnerDocumentFactory(partner=partner, uploaded_by=officer)
        url = page("partnerdocument_change", document.pk)
        data = {**filled(desk.get(url)), "status": "verified", "reason": "Looks right"}
        refused = desk.post(url, data)
        assert "Nobody verifies what they uploaded: ask a colleague." in refused.content.decode()
        verifier = internal_user("kyc_verifier")
        assert client_for(verifier).post(url, data).status_code == 302
        document.refresh_from_db()
        assert (document.status, document.verified_by) == ("verified", verifier)

    @pytest.mark.parametrize("role", ["partner_officer", "viewer"])
    def test_no_page_links_to_the_file(self, client_for, internal_user, partner, role):
        document = factories.PartnerDocumentFactory(partner=partner)
        client = client_for(internal_user(role))
        for url in (page("partnerdocument_change", document.pk), page("businesspartner_change", partner.pk)):
            html = client.get(url).content.decode()
            assert "PAN card.pdf" in html
            assert document.file.name not in html
        assert client.get(f"/{document.file.name}").status_code == 404

    def test_a_table_of_papers_can_not_be_imported(self, desk):
        assert desk.get(page("partnerdocument_import")).status_code == 403
        assert desk.get(page("partnercontact_import")).status_code == 200
