"""Organizations and document series, many in one request."""

import pytest

from erp.events.models import Event
from erp.testing.contract import latest_event_id
from organizations.models import DocumentSeries, Organization, OrganizationSettings
from organizations.services import issue_number
from organizations.tests.factories import (
    DocumentSeriesFactory,
    FinancialYearFactory,
    OrganizationFactory,
    OrganizationTaxRegistrationFactory,
)
from organizations.tests.test_api import URL, acting

pytestmark = pytest.mark.django_db


def send(client, url, *rows, mode="upsert", key="k"):
    return client.post(f"{url}/bulk", {"rows": rows, "mode": mode}, headers={"Idempotency-Key": key})


def house(number, **values):
    return {
        "code": f"nct{number}", "name": f"Narmada {number}", "legal_name": "Narmada Ltd", "country": "IN",
        "base_currency": "INR", **values,
    }  # fmt: skip


class TestOrganizations:
    def test_new_ones_get_their_settings_and_stored_ones_keep_theirs(self, super_admin):
        stored = OrganizationFactory(code="NCT0")
        before = latest_event_id()
        answer = send(acting(super_admin), URL, house(0, name="Renamed"), house(1), house(2))
        assert answer.status_code == 200, answer.content
        assert {**answer.json(), "ids": 0} == {"added": 2, "changed": 1, "unchanged": 0, "ids": 0}
        assert answer.json()["ids"][0] == str(stored.pk)
        names = Organization.objects.order_by("code").values_list("name", "settings__version", "version")
        assert list(names) == [("Renamed", 1, 2), ("Narmada 1", 1, 1), ("Narmada 2", 1, 1)]
        kinds = Event.objects.filter(id__gt=before).order_by("event_type").values_list("event_type", flat=True)
        assert list(kinds) == ["organization.created"] * 2 + ["organization.settings.created"] * 2 + [
            "organization.updated"
        ]
        history = Organization.history.filter(id__in=answer.json()["ids"])
        assert history.count() == 1 + 3

    def test_one_bad_row_refuses_all(self, super_admin):
        OrganizationFactory(name="Taken")
        before, count = latest_event_id(), Organization.objects.count()
        for values, pointer in (
            ({"name": "TAKEN"}, "/rows/1/name"),
            ({"pan": "AAPFU0939F"}, "/rows/1/pan"),
            ({"code": "nct0"}, "/rows/1/code"),
            ({"fiscal_year_start_month": 13}, "/rows/1"),
        ):
            answer = send(acting(super_admin), URL, house(0), house(1, **values), house(2))
            assert answer.status_code == 400, answer.content
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert (latest_event_id(), Organization.objects.count()) == (before, count)
        assert OrganizationSettings.objects.count() == count

    def test_a_pan_that_a_gstin_contradicts_is_refused(self, super_admin):
        registration = OrganizationTaxRegistrationFactory()
        owner = registration.organization
        row = {"code": owner.code, "pan": "AAACK0001F"}
        answer = send(acting(super_admin), URL, row)
        assert answer.json()["errors"] == [
            {
                "pointer": "/rows/0/pan",
                "code": "invalid",
                "detail": f"GSTIN {registration.number} carries another PAN than AAACK0001F: deactivate it first.",
            }
        ]
        registration.is_active = False
        registration.save()
        assert send(acting(super_admin), URL, row).json()["changed"] == 1

    def test_only_super_admins_make_them(self, internal_user):
        assert send(acting(internal_user("org_admin")), URL, house(0)).status_code == 403


class TestSeries:
    @pytest.fixture
    def series(self, organization):
        return DocumentSeriesFactory(organization=organization, next_number=5)

    @pytest.fixture
    def url(self, organization):
        return f"{URL}/{organization.pk}/document-series"

    def row(self, series, **values):
        return {"document_type": series.document_type, "financial_year": str(series.financial_year_id), **values}

    @pytest.mark.parametrize("number", [3, 6, 500])
    def test_counters_do_not_move(self, number, internal_user, series, url):
        client = acting(internal_user("org_admin"))
        rows = self.row(series, document_type="payment"), self.row(series, next_number=number, padding=6)
        answer = send(client, url, *rows)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["pointer"]) == (400, "/rows/1/next_number")
        assert error["detail"].startswith("The series stands at 5: leave next_number out")
        series.refresh_from_db()
        assert (series.next_number, series.version, DocumentSeries.objects.count()) == (5, 1, 1)

    def test_rest_is_changed_and_numbers_go_on(self, internal_user, series, url):
        rows = self.row(series, padding=6), self.row(series, document_type="payment", prefix="pay/", next_number=40)
        answer = send(acting(internal_user("org_admin")), url, *rows)
        assert {**answer.json(), "ids": 0} == {"added": 1, "changed": 1, "unchanged": 0, "ids": 0}, answer.content
        series.refresh_from_db()
        assert issue_number(series) == "NCT/25-26/000005"
        assert issue_number(DocumentSeries.objects.get(document_type="payment")) == "PAY/0040"

    def test_year_of_another_organization_is_unknown(self, internal_user, series, url, other_organization):
        year = FinancialYearFactory(organization=other_organization)
        row = self.row(series, document_type="payment", financial_year=str(year.pk))
        answer = send(acting(internal_user("org_admin")), url, row)
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            ("/rows/0/financial_year", "does_not_exist")
        ]
        # A super admin sees both organizations: the model refuses.
        assert acting(internal_user("org_admin")).get(url).json()["results"][0]["id"] == str(series.pk)

    def test_year_and_series_belong_together_for_super_admins_too(self, super_admin, series, url, other_organization):
        year = FinancialYearFactory(organization=other_organization)
        answer = send(acting(super_admin), url, self.row(series, document_type="payment", financial_year=str(year.pk)))
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/rows/0/financial_year"]
        assert DocumentSeries.objects.count() == 1


def test_settings_have_no_bulk_and_say_what_to_do(super_admin, organization):
    answer = send(acting(super_admin), f"{URL}/{organization.pk}/settings", {"tds_rate": "1"})
    problem = answer.json()
    assert (answer.status_code, answer["Allow"], problem["code"]) == (405, "", "method_not_allowed")
    assert problem["detail"] == "An organization has one record of settings, made with it: read that one and PATCH it."
    assert OrganizationSettings.objects.get(organization=organization).version == 1
