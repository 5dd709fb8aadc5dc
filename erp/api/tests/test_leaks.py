"""What one house's people learn of another's: nothing, by whatever door they try."""

from __future__ import annotations

import uuid

import pytest

from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory, PaymentTermFactory
from erp.api.router import resources
from erp.events.models import Event
from erp.scoping import Kind
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import make_user
from erp.tests.test_architecture import contracts
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory
from organizations.tests.factories import FinancialYearFactory, OrganizationTaxRegistrationFactory
from partners.models import BusinessPartner
from partners.tests.factories import (
    BusinessPartnerFactory,
    PartnerBankAccountFactory,
    PartnerContactFactory,
    PartnerDocumentFactory,
    PartnerLocationFactory,
    PartnerTaxRegistrationFactory,
)

pytestmark = pytest.mark.django_db

API = "/api/v1"
LOCATIONS = f"{API}/settings/locations"
COMMODITIES = f"{API}/settings/commodities"
PARTNERS = f"{API}/partners"
UNKNOWN = uuid.UUID("01900000-0000-7000-8000-000000000000")


@pytest.fixture(autouse=True)
def _private_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def admin(api, internal_user):
    """A client of the administrator of `organization`."""
    return api(internal_user("org_admin"))


@pytest.fixture
def partner(external_user):
    """The partner that `external_user` signs in for."""
    return BusinessPartner.objects.get(pk=external_user.partner_id)


@pytest.fixture
def rival(organization):
    """Another partner of the same organization."""
    return BusinessPartnerFactory(organization=organization, legal_name="Rival Ginning Pvt Ltd")


def told(answer):
    """Everything that an answer tells, without what differs from request to request."""
    return answer.status_code, {**answer.json(), "request_id": "", "instance": ""}


def body_of_location(**values):
    CountryFactory()
    return {"code": "RJK", "name": "Rajkot", "kind": "city", "country": "IN", "timezone": "Asia/Kolkata", **values}


def match(row):
    row.refresh_from_db()
    return {"If-Match": f'"{row.pk}:{row.version}"', "X-Change-Reason": "To see what happens"}


class TestForeignKeys:
    """A key of a row out of scope is answered as one that nobody has."""

    def test_of_another_organization(self, admin, organization, other_organization):
        commodity = CommodityFactory(organization=organization)
        partner = BusinessPartnerFactory(organization=organization)
        account = PartnerLocationFactory(partner=partner)
        year = FinancialYearFactory(organization=organization)
        cases = [
            (LOCATIONS, LocationFactory(organization=organization), "parent", LocationFactory(organization=other_organization)),
            (PARTNERS, partner, "parent_partner", BusinessPartnerFactory(organization=other_organization)),
            (PARTNERS, partner, "assigned_officer", make_user("INTERNAL", organization=other_organization)),
            (f"{PARTNERS}/{partner.pk}/locations", account, "location", LocationFactory(organization=other_organization)),
            (f"{PARTNERS}/{partner.pk}/locations", account, "contact",
             PartnerContactFactory(partner=BusinessPartnerFactory(organization=other_organization))),
            (f"{PARTNERS}/{partner.pk}/commodities", None, "commodity", CommodityFactory(organization=other_organization)),
            (f"{API}/settings/organizations/{organization.pk}/document-series", None, "financial_year",
             FinancialYearFactory(organization=other_organization, code=year.code)),
            (f"{API}/settings/organizations/{organization.pk}/document-series", None, "tax_registration",
             OrganizationTaxRegistrationFactory(organization=other_organization)),
            (f"{COMMODITIES}/{commodity.pk}/varieties", None, "origin_country", None),
        ]  # fmt: skip
        before = latest_event_id()
        for url, row, field, foreign in cases:
            answers = []
            for key in (str(foreign.pk), str(UNKNOWN)) if foreign else ("XX", "ZZ"):
                answers.append(told(admin.post(url, {field: key})))
                if row is not None:
                    answers.append(told(admin.patch(f"{url}/{row.pk}", {field: key}, headers=match(row))))
            half = len(answers) // 2
            assert answers[:half] == answers[half:], field
            error = {"pointer": f"/{field}", "code": "does_not_exist", "detail": "There is no such record."}
            assert all(status == 400 and error in body["errors"] for status, body in answers), (field, answers)
        assert latest_event_id() == before

    def test_of_another_partner(self, api, external_user, partner, rival):
        """The partner may edit its places; a rival's contact and registration are no keys for it."""
        place = PartnerLocationFactory(partner=partner)
        theirs = {
            "contact": PartnerContactFactory(partner=rival),
            "tax_registration": PartnerTaxRegistrationFactory(partner=rival),
        }
        document = PartnerDocumentFactory(partner=rival)
        client, url, before = api(external_user), f"{PARTNERS}/{partner.pk}/locations/{place.pk}", latest_event_id()
        for field, foreign in theirs.items():
            answers = [
                told(client.patch(url, {field: str(key)}, headers=match(place))) for key in (foreign.pk, UNKNOWN)
            ]
            assert answers[0] == answers[1]
            assert answers[0][1]["errors"][0]["code"] == "does_not_exist"
        answers = [
            told(client.post(f"{PARTNERS}/{partner.pk}/documents", {"supersedes": str(key)}))
            for key in (document.pk, UNKNOWN)
        ]
        assert answers[0] == answers[1]
        assert latest_event_id() == before

    def test_own_row_of_another_parent_is_refused_as_well(self, admin, organization):
        """In scope, but of another partner: the model's rule answers, and nothing is written."""
        first, second = (BusinessPartnerFactory(organization=organization) for _ in range(2))
        place, contact = PartnerLocationFactory(partner=first), PartnerContactFactory(partner=second)
        answer = admin.patch(
            f"{PARTNERS}/{first.pk}/locations/{place.pk}", {"contact": str(contact.pk)}, headers=match(place)
        )
        assert answer.status_code == 400
        place.refresh_from_db()
        assert (place.contact_id, place.version) == (None, 1)

    def test_in_bulk(self, admin, other_organization):
        foreign = LocationFactory(organization=other_organization)
        answers = [
            told(
                admin.post(
                    f"{LOCATIONS}/bulk",
                    {"rows": [body_of_location(parent=str(key))]},
                    headers={"Idempotency-Key": str(key)},
                )
            )
            for key in (foreign.pk, UNKNOWN)
        ]
        assert answers[0] == answers[1]
        assert answers[0][1]["errors"][0]["pointer"] == "/rows/0/parent"
        assert Location.objects.count() == 1


class TestChildren:
    @pytest.mark.parametrize("action", ["retrieve", "history", "patch", "delete"])
    def test_child_of_another_parent_is_unknown(self, action, admin, organization):
        """Both parents are the user's own: the address must still name the right one."""
        first, second = (BusinessPartnerFactory(organization=organization) for _ in range(2))
        contact = PartnerContactFactory(partner=first)
        answers = []
        for key in (contact.pk, UNKNOWN):
            url = f"{PARTNERS}/{second.pk}/contacts/{key}"
            headers = match(contact)
            answers.append(
                {
                    "retrieve": lambda url=url: admin.get(url),
                    "history": lambda url=url: admin.get(f"{url}/history"),
                    "patch": lambda url=url, headers=headers: admin.patch(url, {"name": "Taken"}, headers=headers),
                    "delete": lambda url=url, headers=headers: admin.delete(url, headers=headers),
                }[action]()
            )
        assert told(answers[0]) == told(answers[1])
        assert answers[0].status_code == 404
        contact.refresh_from_db()
        assert contact.version == 1

    def test_parent_is_not_the_bodys_to_choose(self, admin, organization):
        first, second = (BusinessPartnerFactory(organization=organization) for _ in range(2))
        body = {"name": "Ramesh", "email": "r@example.com", "partner": str(second.pk)}
        answer = admin.post(f"{PARTNERS}/{first.pk}/contacts", body)
        assert answer.json()["errors"][0]["code"] == "read_only"
        assert not first.contacts.exists()
        assert not second.contacts.exists()

    def test_house_variety_below_a_shared_commodity_is_the_houses_own(self, admin, other_organization):
        shared = CommodityFactory()
        theirs = CommodityVarietyFactory(commodity=shared, organization=other_organization)
        url = f"{COMMODITIES}/{shared.pk}/varieties"
        listed = admin.get(f"{url}?include=count").json()
        assert (listed["results"], listed["count"]) == ([], 0)
        assert told(admin.get(f"{url}/{theirs.pk}")) == told(admin.get(f"{url}/{UNKNOWN}"))


class TestLists:
    def test_filter_by_a_foreign_key_or_code_finds_nothing_and_says_no_more(self, admin, other_organization):
        foreign = LocationFactory(organization=other_organization, code="HIDDEN")
        LocationFactory(organization=other_organization, code="BELOW", parent=foreign)
        partner = BusinessPartnerFactory(organization=other_organization)
        for url, pairs in {
            LOCATIONS: [
                ("parent", foreign.pk, UNKNOWN), ("parent", "HIDDEN", "NOBODY"), ("code", "HIDDEN", "NOBODY"),
                ("organization", other_organization.pk, UNKNOWN), ("organization", other_organization.code, "NOBODY"),
                ("search", foreign.name, "nobody"),
            ],
            PARTNERS: [
                ("partner_code", partner.partner_code, "NOBODY"), ("pan", partner.pan, "AAAAA0000A"),
                ("parent_partner", partner.pk, UNKNOWN), ("organization", other_organization.pk, UNKNOWN),
            ],
        }.items():  # fmt: skip
            for name, key, unknown in pairs:
                answers = [admin.get(f"{url}?include=count&{name}={value}") for value in (key, unknown)]
                assert answers[0].content == answers[1].content, name
                assert answers[0].json()["count"] == 0

    def test_own_row_is_not_found_by_the_code_of_what_it_hangs_on_out_of_scope(
        self, api, admin, external_user, partner, rival
    ):
        """The partner sees that it has a parent; which of the house's partners that is, no guess tells."""
        partner.parent_partner = rival
        partner.save()
        for client, found in ((api(external_user), []), (admin, [str(partner.pk)])):
            results = client.get(f"{PARTNERS}?parent_partner={rival.partner_code}").json()["results"]
            assert [row["id"] for row in results] == found

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("settings/locations", "ordering=organization"),
            ("settings/locations", "ordering=organization__name"),
            ("settings/locations", "ordering=organization__pan"),
            ("settings/locations", "organization__pan=AAACK0001F"),
            ("settings/locations", "parent__code=X"),
            ("settings/locations", "code__startswith=A"),
            ("settings/users", "ordering=password"),
            ("settings/users", "password=x"),
            ("settings/users", "fields=password"),
            ("settings/users", "ordering=email"),
            ("settings/users", "is_superuser=true"),
            ("settings/api-keys", "ordering=sha256"),
            ("settings/api-keys", "sha256=x"),
            ("settings/api-keys", "fields=sha256"),
            ("partners", "ordering=risk_score"),
            ("partners", "ordering=pan"),
            ("partners/{partner}/bank-accounts", "ordering=account_number"),
            ("partners/{partner}/bank-accounts", "account_number=30000000001"),
            ("partners/{partner}/bank-accounts", "account_hmac=x"),
            ("partners/{partner}/bank-accounts", "iban=x"),
            ("partners/{partner}/bank-accounts", "fields=account_hmac"),
        ],
    )
    def test_related_and_masked_columns_neither_filter_nor_sort(self, path, query, admin, organization):
        partner = BusinessPartnerFactory(organization=organization)
        answer = admin.get(f"{API}/{path}?{query}".replace("{partner}", str(partner.pk)))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"].startswith("?")

    def test_search_reaches_no_masked_column(self, admin, organization):
        account = PartnerBankAccountFactory(partner=BusinessPartnerFactory(organization=organization))
        url = f"{PARTNERS}/{account.partner_id}/bank-accounts"
        assert len(admin.get(url).json()["results"]) == 1
        assert admin.get(f"{url}?search={account.account_number[-4:]}").json()["results"] == []

    def test_counts_are_of_own_rows(self, api, admin, external_user, organization, other_organization):
        for house in (organization, other_organization, other_organization):
            LocationFactory(organization=house)
            PaymentTermFactory(organization=house)
            BusinessPartnerFactory(organization=house)
        for url, count in ((LOCATIONS, 1), (f"{API}/settings/payment-terms", 1), (PARTNERS, 2)):
            answer = admin.get(f"{url}?include=count&limit=1").json()
            assert (answer["count"], len(answer["results"])) == (count, 1), url
        assert api(external_user).get(f"{PARTNERS}?include=count").json()["count"] == 1

    def test_cursor_of_another_house_shows_own_rows_only(self, api, admin, stranger, organization, other_organization):
        own = [LocationFactory(organization=organization, name=f"Own {n}") for n in range(3)]
        for number in range(3):
            LocationFactory(organization=other_organization, name=f"Alien {number}")
        theirs = api(stranger).get(f"{LOCATIONS}?limit=1").json()["next"]
        results = admin.get(theirs.replace("limit=1", "limit=50")).json()["results"]
        assert [row["id"] for row in results] == [str(row.pk) for row in own]


class TestVersions:
    def test_etag_of_a_foreign_row_is_as_good_as_any(self, admin, other_organization):
        """Neither a right guess nor a wrong one of the version makes a difference."""
        foreign = LocationFactory(organization=other_organization)
        url = f"{LOCATIONS}/{foreign.pk}"
        for verb in ("get", "patch", "delete"):
            answers = []
            for key in ("If-Match", "If-None-Match"):
                for tag in (f'"{foreign.pk}:1"', f'"{foreign.pk}:2"', "*", ""):
                    answer = getattr(admin, verb)(url, headers={key: tag})
                    assert "ETag" not in answer
                    answers.append(told(answer))
            unknown = told(getattr(admin, verb)(f"{LOCATIONS}/{UNKNOWN}"))
            assert answers == [unknown] * 8
        foreign.refresh_from_db()
        assert foreign.version == 1

    def test_replay_of_another_users_key_answers_nothing_of_it(self, api, admin, stranger):
        headers, body = {"Idempotency-Key": "one-key"}, body_of_location()
        theirs = api(stranger).post(LOCATIONS, body, headers=headers)
        own = admin.post(LOCATIONS, body, headers=headers)
        assert (theirs.status_code, own.status_code) == (201, 201)
        assert theirs.json()["id"] != own.json()["id"]
        assert "Idempotency-Replayed" not in own


class TestUniqueness:
    def test_codes_of_other_houses_are_free(self, admin, other_organization):
        LocationFactory(organization=other_organization, code="RJK")
        assert admin.post(LOCATIONS, body_of_location()).status_code == 201

    def test_code_of_own_row_is_taken_and_the_error_names_no_row(self, admin, organization):
        row = LocationFactory(organization=organization, code="RJK", name="Old yard")
        answer = admin.post(LOCATIONS, body_of_location())
        assert answer.json()["errors"] == [
            {"pointer": "/code", "code": "unique", "detail": "Another location has this code: choose another one."}
        ]
        for secret in (str(row.pk), "Old yard", str(organization.pk)):
            assert secret not in answer.content.decode()

    def test_numbers_of_partners_of_other_houses_are_free(self, admin, other_organization):
        theirs = BusinessPartnerFactory(organization=other_organization, partner_code="BP-IN-000001")
        body = {
            "legal_name": "Own Ginners Pvt Ltd", "entity_type": "private_limited", "country": "IN",
            "primary_currency": "INR", "pan": theirs.pan, "partner_code": theirs.partner_code,
        }  # fmt: skip
        answer = admin.post(PARTNERS, body)
        assert answer.status_code == 201, answer.content

    def test_bulk_upsert_finds_own_rows_only(self, admin, other_organization):
        theirs = BusinessPartnerFactory(organization=other_organization, partner_code="BP-X")
        body = {
            "legal_name": "Own Ginners Pvt Ltd", "entity_type": "private_limited", "country": "IN",
            "primary_currency": "INR", "pan": theirs.pan, "partner_code": "BP-X",
        }  # fmt: skip
        answer = admin.post(
            f"{PARTNERS}/bulk", {"rows": [body], "mode": "upsert"}, headers={"Idempotency-Key": "upsert"}
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["added"] == 1
        assert answer.json()["ids"] != [str(theirs.pk)]
        theirs.refresh_from_db()
        assert theirs.version == 1

    def test_partial_row_of_an_upsert_is_incomplete_where_the_key_is_anothers(self, admin, other_organization):
        LocationFactory(organization=other_organization, code="HIDDEN")
        answers = [
            told(
                admin.post(
                    f"{LOCATIONS}/bulk",
                    {"rows": [{"code": code, "city": "Kadi"}], "mode": "upsert"},
                    headers={"Idempotency-Key": code},
                )
            )
            for code in ("HIDDEN", "NOBODY")
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 400


class TestPast:
    def test_as_of_is_the_past_of_own_rows(self, admin, organization, other_organization):
        own = LocationFactory(organization=organization)
        foreign = LocationFactory(organization=other_organization)
        foreign.refresh_from_db()
        when = foreign.updated_at.isoformat().replace("+", "%2B")
        listed = admin.get(f"{LOCATIONS}?as_of={when}&include=count").json()
        assert ([row["id"] for row in listed["results"]], listed["count"]) == ([str(own.pk)], 1)
        answers = [told(admin.get(f"{LOCATIONS}/{key}?as_of={when}")) for key in (foreign.pk, UNKNOWN)]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404

    def test_past_of_a_child_stays_below_its_parent(self, admin, organization, other_organization):
        contact = PartnerContactFactory(partner=BusinessPartnerFactory(organization=other_organization))
        own = BusinessPartnerFactory(organization=organization)
        contact.refresh_from_db()
        when = contact.updated_at.isoformat().replace("+", "%2B")
        for parent in (contact.partner_id, own.pk):
            url = f"{PARTNERS}/{parent}/contacts"
            assert admin.get(f"{url}/{contact.pk}?as_of={when}").status_code == 404
            assert contact.name not in admin.get(f"{url}?as_of={when}").content.decode()

    def test_history_of_foreign_and_deleted_rows_is_unknown(self, admin, other_organization):
        foreign, gone = (LocationFactory(organization=other_organization) for _ in range(2))
        key = gone.pk
        gone.delete()
        answers = [told(admin.get(f"{LOCATIONS}/{each}/history")) for each in (foreign.pk, key, UNKNOWN)]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 404

    def test_rows_that_moved_in_bring_no_past_of_their_former_house(self, admin, organization, other_organization):
        row = LocationFactory(organization=other_organization, city="Secret City")
        row.refresh_from_db()
        then = row.updated_at.isoformat().replace("+", "%2B")
        row.organization = organization
        row.city = "Kadi"
        row.save()
        url = f"{LOCATIONS}/{row.pk}"
        assert admin.get(url).status_code == 200
        assert admin.get(f"{url}?as_of={then}").status_code == 404
        types = [event["type"] for event in admin.get(f"{url}/history").json()["results"]]
        assert "location.created" not in types

    def test_masked_columns_stay_masked_in_the_past(self, admin, organization):
        account = PartnerBankAccountFactory(partner=BusinessPartnerFactory(organization=organization))
        account.refresh_from_db()
        when = account.updated_at.isoformat().replace("+", "%2B")
        url = f"{PARTNERS}/{account.partner_id}/bank-accounts"
        for answer in (
            admin.get(f"{url}?as_of={when}"),
            admin.get(f"{url}/{account.pk}?as_of={when}"),
            admin.get(f"{url}/{account.pk}/history"),
            admin.get(f"{API}/events?limit=1000"),
        ):
            assert answer.status_code == 200
            assert account.account_number not in answer.content.decode()


class TestEvents:
    def test_filters_find_no_event_of_another_house(self, admin, other_organization):
        foreign = LocationFactory(organization=other_organization)
        events = Event.objects.filter(object_id=str(foreign.pk))
        assert events.exists()
        for query in (f"object_id={foreign.pk}", "object_type=locations.location", "type=location.created"):
            answer = admin.get(f"{API}/events?limit=1000&{query}")
            assert answer.status_code == 200
            assert str(foreign.pk) not in answer.content.decode()
        assert admin.get(f"{API}/events/stats?object_id={foreign.pk}").json() == {"results": [], "total": 0}

    def test_partner_reads_no_event_of_a_rival_or_the_house(self, api, external_user, partner, rival, organization):
        PartnerContactFactory(partner=rival)
        account = PartnerBankAccountFactory(partner=rival)
        year = FinancialYearFactory(organization=organization)
        content = api(external_user).get(f"{API}/events?limit=1000").content.decode()
        for row in (rival, account, year):
            assert str(row.pk) not in content
        assert str(partner.pk) in content

    def test_feeds_of_two_houses_share_shared_rows_only(self, api, admin, stranger, organization, other_organization):
        for house in (organization, other_organization):
            LocationFactory(organization=house)
            BusinessPartnerFactory(organization=house)
        shared = {found.view.model._meta.label_lower for found in resources()}
        seen = [
            {
                event["object"]["id"]: event["object"]["type"]
                for event in client.get(f"{API}/events?limit=1000").json()["results"]
            }
            for client in (admin, api(stranger))
        ]
        common = set(seen[0]) & set(seen[1])
        assert {seen[0][key] for key in common} <= shared
        owners = Event.objects.filter(object_id__in=common).values_list("organization_id", flat=True)
        assert set(owners) <= {None}


class TestBulk:
    def test_bulk_gives_rows_to_nobody_else(self, admin, other_organization):
        rows = [body_of_location(organization=str(other_organization.pk))]
        answer = admin.post(f"{LOCATIONS}/bulk", {"rows": rows}, headers={"Idempotency-Key": "bulk"})
        assert answer.json()["errors"][0]["pointer"] == "/rows/0/organization"
        assert not Location.objects.exists()

    def test_bulk_below_a_rivals_address_is_unknown(self, api, external_user, rival):
        rows = {"rows": [{"name": "Ramesh", "email": "r@example.com"}]}
        answers = [
            told(api(external_user).post(f"{PARTNERS}/{key}/contacts/bulk", rows, headers={"Idempotency-Key": "bulk"}))
            for key in (rival.pk, UNKNOWN)
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
        assert not rival.contacts.exists()

    def test_own_id_of_a_foreign_row_is_no_field(self, admin, other_organization):
        foreign = LocationFactory(organization=other_organization)
        for url, body in (
            (LOCATIONS, body_of_location(id=str(foreign.pk))),
            (f"{LOCATIONS}/bulk", {"rows": [body_of_location(id=str(foreign.pk))], "mode": "upsert"}),
        ):
            answer = admin.post(url, body, headers={"Idempotency-Key": "own-id"})
            assert answer.status_code == 400
            assert "/id" in answer.json()["errors"][0]["pointer"]
        foreign.refresh_from_db()
        assert foreign.version == 1


OF_HOUSE_OR_SHARED = [found for found in resources() if found.view.model.scope.kind is Kind.ORGANIZATION_OR_SHARED]


@pytest.mark.parametrize("resource", OF_HOUSE_OR_SHARED, ids=lambda resource: resource.name)
def test_shared_row_is_read_by_every_house_and_written_by_none(resource, admin, stranger, api):
    """Its own organization's rights end at rows that belong to everybody."""
    parent = resource.view.parent
    row = contracts()[resource.view.model].factory()
    url = f"{API}/{resource.address}/{row.pk}".replace(f"{{{parent}_id}}", str(getattr(row, f"{parent}_id", "")))
    before = latest_event_id()
    for client in (admin, api(stranger)):
        assert client.get(url).status_code == 200
        for answer in (
            client.patch(url, {"is_active": False}, headers=match(row)),
            client.delete(url, headers=match(row)),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    row.refresh_from_db()
    assert (row.version, row.is_active, latest_event_id()) == (1, True, before)
