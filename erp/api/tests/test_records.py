"""Records through the API: read, made, changed, deleted, inside one's scope and nowhere else."""

import uuid
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commodities.models import Commodity, CommodityVariety
from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory, PoundFactory, UnitFactory
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory, SubdivisionFactory
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory, PartnerBankAccountFactory, pan

pytestmark = pytest.mark.django_db

LOCATIONS = "/api/v1/settings/locations"
COMMODITIES = "/api/v1/settings/commodities"
PARTNERS = "/api/v1/partners"


def body_of_location(**values):
    CountryFactory()
    return {
        "code": "RJK",
        "name": "Rajkot yard",
        "kind": "market_yard",
        "country": "IN",
        "timezone": "Asia/Kolkata",
        "subdivision": str(SubdivisionFactory().pk),
        **values,
    }


def etag(row):
    row.refresh_from_db()
    return f'"{row.pk}:{row.version}"'


class TestReading:
    def test_who_has_not_signed_in_gets_401_with_a_challenge(self, api):
        answer = api().get(LOCATIONS)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_authenticated"
        assert answer.json()["request_id"] == answer["X-Request-ID"]

    def test_list_holds_shared_and_own_rows_only(self, api, internal_user, organization, other_organization):
        LocationFactory(code="SHARED")
        LocationFactory(code="OWN", organization=organization)
        LocationFactory(code="OTHER", organization=other_organization)
        answer = api(internal_user("viewer")).get(LOCATIONS)
        assert answer.status_code == 200
        assert {row["code"] for row in answer.json()["results"]} == {"SHARED", "OWN"}

    def test_record_out_of_scope_is_answered_as_an_unknown_one(self, api, internal_user, other_organization):
        foreign = LocationFactory(organization=other_organization)
        client = api(internal_user("org_admin"))
        answers = []
        for key in (foreign.pk, uuid.uuid4(), "nonsense", "%00", "ü"):
            answer = client.get(f"{LOCATIONS}/{key}")
            body = answer.json()
            answers.append((answer.status_code, body["detail"], body["code"]))
        assert set(answers) == {(404, "There is no such record.", "not_found")}

    def test_role_without_the_permission_gets_403(self, api, external_user):
        answer = api(external_user).get("/api/v1/settings/organizations")
        assert answer.status_code == 403
        assert answer.json()["code"] == "permission_denied"

    def test_fields_and_expand_shape_the_answer_and_the_sql(self, api, super_admin):
        row = CommodityFactory()
        client = api(super_admin)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"{COMMODITIES}/{row.pk}?fields=code,category&expand=category")
        assert answer.json() == {
            "code": row.code,
            "category": {**answer.json()["category"], "id": str(row.category_id), "code": row.category.code},
        }
        assert len(queries) == 1
        assert "storage_notes" not in queries[0]["sql"]

    def test_external_user_sees_the_name_card_of_its_organization(self, api, external_user):
        row = BusinessPartner.objects.get(pk=external_user.partner_id)
        answer = api(external_user).get(f"{PARTNERS}/{row.pk}?fields=id,organization&expand=organization")
        own = row.organization
        assert answer.json()["organization"] == {"id": str(own.pk), "code": own.code, "name": own.name}

    def test_external_user_sees_no_field_of_the_staff(self, api, external_user, super_admin):
        url = f"{PARTNERS}/{external_user.partner_id}"
        assert "risk_score" in api(super_admin).get(url).json()
        assert "risk_score" not in api(external_user).get(url).json()
        assert "notes" not in api(external_user).get(url).json()
        for query in ("risk_score_min=5", "assigned_officer=x"):
            assert api(external_user).get(f"{PARTNERS}?{query}").status_code == 400
        for query in ("fields=notes", "expand=assigned_officer", "ordering=risk_score"):
            assert (
                api(external_user).get(f"{url}?{query}" if "order" not in query else f"{PARTNERS}?{query}").status_code
                == 400
            )

    def test_known_etag_is_304(self, api, super_admin):
        row = LocationFactory()
        client = api(super_admin)
        first = client.get(f"{LOCATIONS}/{row.pk}")
        assert first["ETag"] == etag(row)
        assert client.get(f"{LOCATIONS}/{row.pk}", headers={"If-None-Match": first["ETag"]}).status_code == 304
        assert client.get(f"{LOCATIONS}/{row.pk}", headers={"If-None-Match": '"x"'}).status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "colour=red",
            "limit=0",
            "limit=101",
            "limit=x",
            "cursor=forged",
            "cursor=%00",
            "search=%00",
            "ordering=organization__name",
            "ordering=name,name",
            "fields=nonsense",
            "expand=name",
            "type=nonsense",
            "is_active=maybe",
            "created_at_after=yesterday",
            "as_of=yesterday",
            f"search={'x' * 201}",
            "code=a&code=b",
        ],
    )
    def test_bad_parameters_are_400(self, api, super_admin, query):
        answer = api(super_admin).get(f"{LOCATIONS}?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"].startswith("?")

    def test_unknown_parameter_names_the_known_ones(self, api, super_admin):
        detail = api(super_admin).get(f"{LOCATIONS}?colour=red").json()["detail"]
        assert "type" in detail
        assert "created_at_after" in detail

    def test_seed_filters_work(self, api, super_admin):
        gujarat = LocationFactory(kind="seaport")
        LocationFactory(kind="city", subdivision=SubdivisionFactory(iso_code="IN-MH"), postal_code="")
        client = api(super_admin)
        for query in (
            "type=seaport,lab",
            "state=IN-GJ",
            f"state={gujarat.subdivision_id}",
            "type=seaport&limit=",
        ):
            assert [row["id"] for row in client.get(f"{LOCATIONS}?{query}").json()["results"]] == [str(gujarat.pk)], (
                query
            )

    def test_empty_filter_is_refused_rather_than_answered_with_everything(self, api, super_admin):
        for name in ("type", "state", "is_active", "created_at_after"):
            answer = api(super_admin).get(f"{LOCATIONS}?{name}=")
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"?{name}")

    def test_pages_hold_every_row_once_in_both_directions(self, api, super_admin):
        for number in range(7):
            LocationFactory(name=f"Yard {number % 3}")
        client = api(super_admin)
        seen, url, pages = [], f"{LOCATIONS}?limit=3&ordering=-name&include=count", []
        while url:
            page = client.get(url)
            assert (page.json()["count"], page.json()["count_exact"]) == (7, True)
            pages.append([row["id"] for row in page.json()["results"]])
            seen += pages[-1]
            last, url = page, page.json()["next"]
        assert len(seen) == len(set(seen)) == 7
        assert 'rel="prev"' in last["Link"]
        back = client.get(last.json()["previous"])
        assert [row["id"] for row in back.json()["results"]] == pages[-2]

    def test_links_keep_what_was_asked_for_and_change_the_cursor_alone(self, api, super_admin):
        for _ in range(3):
            LocationFactory(name="Yard & mill; 100% #1")
        client, said = api(super_admin), {"search": "& MILL; 100% #", "limit": "1", "fields": "name", "state": "IN-GJ"}
        first = client.get(LOCATIONS, said)
        following = client.get(first.json()["next"])
        for page in (first, following):
            link = urlsplit(page.json()["next"])
            asked = dict(parse_qsl(link.query))
            assert said == {name: text for name, text in asked.items() if name != "cursor"}
            assert link.query == urlencode(sorted(asked.items()))
            assert f"{link.scheme}://{link.netloc}{link.path}" == f"http://testserver{LOCATIONS}"
        assert first.json()["next"] != following.json()["next"]
        back = client.get(following.json()["previous"].replace("cursor=", "c%75rsor="))
        assert back.json()["results"] == first.json()["results"]
        assert dict(parse_qsl(urlsplit(back.json()["next"]).query)).keys() == {*said, "cursor"}

    def test_search_finds_part_of_the_name(self, api, super_admin):
        found = LocationFactory(name="Nhava Sheva")
        LocationFactory()
        results = api(super_admin).get(f"{LOCATIONS}?search=hava").json()["results"]
        assert [row["id"] for row in results] == [str(found.pk)]

    def test_a_short_text_begins_a_word(self, api, super_admin):
        LocationFactory(name="Nhava Sheva")
        LocationFactory(name="Shegaon yard")
        LocationFactory(name="Fresh yard")

        def found(text):
            return [row["name"] for row in api(super_admin).get(f"{LOCATIONS}?search={text}").json()["results"]]

        assert found("sh") == ["Nhava Sheva", "Shegaon yard"]
        assert found("s") == ["Nhava Sheva", "Shegaon yard"]
        assert found("esh") == ["Fresh yard"]
        assert found("es") == []

    def test_a_short_text_is_read_by_the_index(self, api, super_admin):
        client = api(super_admin)
        with CaptureQueriesContext(connection) as seen:
            client.get(f"{LOCATIONS}?search=zq")
        statement = seen.captured_queries[-1]["sql"].replace("%", "%%")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert plan.count("Bitmap Index Scan on location_search ") == 2, plan


class TestWriting:
    def test_create_gives_the_row_to_the_users_organization(self, api, internal_user, organization):
        user, body = internal_user("commodity_manager"), body_of_location()
        answer = api(user).post(LOCATIONS, body, headers={"X-Change-Reason": "New yard opened"})
        assert answer.status_code == 201, answer.content
        row = Location.objects.get(pk=answer.json()["id"])
        assert row.organization_id == organization.pk
        assert answer["ETag"] == f'"{row.pk}:1"'
        assert answer["Location"] == f"{LOCATIONS}/{row.pk}"
        event = Event.objects.get(object_id=str(row.pk))
        assert (event.actor_id, event.reason, event.source) == (user.pk, "New yard opened", "api")

    def test_reason_may_stand_in_the_body(self, api, internal_user):
        answer = api(internal_user("commodity_manager")).post(LOCATIONS, body_of_location(reason="Said in the body"))
        assert Event.objects.get(object_id=answer.json()["id"]).reason == "Said in the body"

    def test_owner_comes_from_the_user_not_from_the_body(self, api, internal_user, other_organization):
        body = body_of_location(organization=str(other_organization.pk))
        answer = api(internal_user("commodity_manager")).post(LOCATIONS, body)
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {"pointer": "/organization", "code": "read_only", "detail": "The server sets this field: leave it out."}
        ]
        assert not Location.objects.exists()

    def test_super_admin_chooses_the_owner_once(self, api, super_admin, organization):
        answer = api(super_admin).post(LOCATIONS, body_of_location(organization=str(organization.pk)))
        assert answer.status_code == 201, answer.content
        moved = api(super_admin).patch(
            f"{LOCATIONS}/{answer.json()['id']}", {"organization": None}, headers={"If-Match": answer["ETag"]}
        )
        assert moved.json()["errors"][0]["code"] == "read_only"

    def test_viewer_and_compliance_write_nothing(self, api, internal_user, organization):
        row = LocationFactory(organization=organization)
        for role in ("viewer", "compliance_officer"):
            client = api(internal_user(role))
            assert client.post(LOCATIONS, body_of_location()).status_code == 403
            assert client.patch(f"{LOCATIONS}/{row.pk}", {}, headers={"If-Match": etag(row)}).status_code == 403
            assert client.delete(f"{LOCATIONS}/{row.pk}", headers={"If-Match": etag(row)}).status_code == 403
        assert Location.objects.count() == 1

    def test_shared_row_is_read_by_all_and_changed_by_super_admins(self, api, internal_user, super_admin):
        row = LocationFactory()
        answer = api(internal_user("org_admin")).patch(
            f"{LOCATIONS}/{row.pk}", {"city": "Kadi"}, headers={"If-Match": etag(row)}
        )
        assert answer.status_code == 403
        row.refresh_from_db()
        assert row.city == "Gondal"
        answer = api(super_admin).patch(f"{LOCATIONS}/{row.pk}", {"city": "Kadi"}, headers={"If-Match": etag(row)})
        assert answer.status_code == 200
        assert answer.json()["city"] == "Kadi"
        assert answer["ETag"] == f'"{row.pk}:2"'

    def test_patch_out_of_scope_is_404_and_unchanged(self, api, internal_user, other_organization):
        row = LocationFactory(organization=other_organization)
        client = api(internal_user("org_admin"))
        for key in (row.pk, uuid.uuid4()):
            answer = client.patch(f"{LOCATIONS}/{key}", {"city": "Kadi"}, headers={"If-Match": etag(row)})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        row.refresh_from_db()
        assert row.version == 1

    def test_version_is_required_and_compared(self, api, super_admin):
        row = LocationFactory()
        client = api(super_admin)
        assert client.patch(f"{LOCATIONS}/{row.pk}", {"city": "Kadi"}).status_code == 428
        assert client.delete(f"{LOCATIONS}/{row.pk}").status_code == 428
        stale = client.patch(f"{LOCATIONS}/{row.pk}", {"city": "Kadi"}, headers={"If-Match": f'"{row.pk}:7"'})
        assert (stale.status_code, stale["ETag"]) == (412, f'"{row.pk}:1"')
        weak = client.patch(f"{LOCATIONS}/{row.pk}", {"city": "Kadi"}, headers={"If-Match": f"W/{etag(row)}"})
        assert weak.status_code == 412
        row.refresh_from_db()
        assert (row.version, row.city) == (1, "Gondal")

    def test_foreign_key_out_of_scope_is_answered_as_an_unknown_id(self, api, internal_user, other_organization):
        foreign = LocationFactory(organization=other_organization)
        own = LocationFactory(organization=internal_user().organization)
        client = api(internal_user("org_admin"))
        answers = []
        for key in (foreign.pk, uuid.uuid4()):
            made = client.post(LOCATIONS, body_of_location(parent=str(key)))
            changed = client.patch(f"{LOCATIONS}/{own.pk}", {"parent": str(key)}, headers={"If-Match": etag(own)})
            answers += [(made.status_code, made.json()["errors"]), (changed.status_code, changed.json()["errors"])]
        error = {"pointer": "/parent", "code": "does_not_exist", "detail": "There is no such record."}
        assert answers == [(400, [error])] * 4
        assert Location.objects.count() == 2

    @pytest.mark.parametrize(
        ("values", "pointer"),
        [
            ({"colour": "red"}, "/colour"),
            ({"version": 3}, "/version"),
            ({"name": 12}, "/name"),
            ({"name": None}, "/name"),
            ({"kind": ["seaport"]}, "/kind"),
            ({"kind": "moon"}, "/kind"),
            ({"is_active": "yes"}, "/is_active"),
            ({"country": "XX"}, "/country"),
            ({"country": 5}, "/country"),
            ({"subdivision": "x"}, "/subdivision"),
            ({"latitude": "north"}, "/latitude"),
            ({"latitude": True}, "/latitude"),
            ({"timezone": "Mars/Olympus"}, "/timezone"),
            ({"name": "x" * 201}, "/name"),
            ({"un_locode": "USNYC"}, "/un_locode"),
            ({"latitude": "91", "longitude": "1"}, "/latitude"),
        ],
    )
    def test_wrong_values_are_400_with_a_pointer(self, api, super_admin, values, pointer):
        answer = api(super_admin).post(LOCATIONS, body_of_location(**values))
        assert answer.status_code == 400, answer.content
        assert pointer in [error["pointer"] for error in answer.json()["errors"]] or pointer == "/un_locode"
        assert not Location.objects.exists()

    def test_broken_rule_of_the_database_is_the_fields_400(self, api, super_admin):
        row = LocationFactory()
        answer = api(super_admin).post(LOCATIONS, body_of_location(code=row.code.lower()))
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {"pointer": "/code", "code": "unique", "detail": "Another location has this code: choose another one."}
        ]
        assert Location.objects.count() == 1

    def test_delete_of_what_others_refer_to_is_409_and_names_their_kind(self, api, super_admin):
        row = CommodityVarietyFactory().commodity
        answer = api(super_admin).delete(f"{COMMODITIES}/{row.pk}", headers={"If-Match": etag(row)})
        assert answer.status_code == 409
        assert answer.json()["detail"] == (
            "Other records refer to this one (commodity varieties): deactivate it instead of deleting."
        )
        assert Commodity.objects.filter(pk=row.pk).exists()

    def test_delete_removes_and_keeps_the_history(self, api, super_admin):
        row = LocationFactory()
        client = api(super_admin)
        assert client.delete(f"{LOCATIONS}/{row.pk}", headers={"If-Match": etag(row)}).status_code == 204
        assert client.get(f"{LOCATIONS}/{row.pk}").status_code == 404
        history = client.get(f"{LOCATIONS}/{row.pk}/history").json()["results"]
        assert [event["type"] for event in history] == ["location.deleted", "location.created"]

    def test_put_is_no_verb_here(self, api, super_admin):
        answer = api(super_admin).put(f"{LOCATIONS}/{LocationFactory().pk}", {})
        assert answer.status_code == 405
        assert answer.json()["code"] == "method_not_allowed"
        assert "PATCH" in answer["Allow"]


class TestChildren:
    def test_child_stands_under_its_parent_only(self, api, super_admin):
        variety, other = CommodityVarietyFactory(), CommodityFactory()
        client = api(super_admin)
        own = f"{COMMODITIES}/{variety.commodity_id}/varieties"
        assert [row["id"] for row in client.get(own).json()["results"]] == [str(variety.pk)]
        assert client.get(f"{own}/{variety.pk}").status_code == 200
        for url in (f"{COMMODITIES}/{other.pk}/varieties/{variety.pk}", f"{COMMODITIES}/{uuid.uuid4()}/varieties"):
            assert client.get(url).status_code == 404

    def test_parent_out_of_scope_is_404_for_every_verb(self, api, internal_user, other_organization):
        foreign = CommodityFactory(organization=other_organization)
        shared = CommodityVarietyFactory(commodity=foreign, organization=other_organization)
        client = api(internal_user("org_admin"))
        url = f"{COMMODITIES}/{foreign.pk}/varieties"
        body = {"code": "S6", "name": "Shankar-6"}
        headers = {"If-Match": etag(shared)}
        answers = [
            client.get(url),
            client.post(url, body),
            client.get(f"{url}/{shared.pk}"),
            client.get(f"{url}/{shared.pk}/history"),
            client.patch(f"{url}/{shared.pk}", body, headers=headers),
            client.delete(f"{url}/{shared.pk}", headers=headers),
            client.post(f"{url}/bulk", {"rows": [body]}, headers={"Idempotency-Key": "k-1"}),
        ]
        assert [answer.status_code for answer in answers] == [404] * 7
        assert CommodityVariety.objects.count() == 1

    def test_child_of_a_shared_parent_belongs_to_the_users_organization(self, api, internal_user, organization):
        parent = CommodityFactory()
        url = f"{COMMODITIES}/{parent.pk}/varieties"
        answer = api(internal_user("commodity_manager")).post(url, {"code": "s6", "name": "Shankar-6"})
        assert answer.status_code == 201, answer.content
        row = CommodityVariety.objects.get()
        assert (row.organization_id, row.commodity_id, row.code) == (organization.pk, parent.pk, "S6")
        assert answer.json()["commodity"] == str(parent.pk)

    def test_partner_keeps_its_own_contacts_and_no_others(self, api, external_user, organization):
        other = BusinessPartnerFactory(organization=organization)
        client, body = api(external_user), {"name": "Ramesh Patel", "email": "ramesh@example.com"}
        made = client.post(f"{PARTNERS}/{external_user.partner_id}/contacts", body)
        assert made.status_code == 201, made.content
        assert client.post(f"{PARTNERS}/{other.pk}/contacts", body).status_code == 404
        assert client.post(PARTNERS, {}).status_code == 403

    def test_account_numbers_are_masked_but_for_verifiers(self, api, internal_user, organization, super_admin):
        account = PartnerBankAccountFactory(partner=BusinessPartnerFactory(organization=organization))
        url = f"{PARTNERS}/{account.partner_id}/bank-accounts/{account.pk}"
        masked = f"XXXXXX{account.account_number[-4:]}"
        assert api(super_admin).get(url).json()["account_number"] == masked
        assert api(internal_user("org_admin")).get(url).json()["account_number"] == masked
        assert api(internal_user("kyc_verifier")).get(url).json()["account_number"] == account.account_number
        client, headers = api(super_admin), {"If-Match": etag(account)}
        unexplained = client.patch(url, {"branch": "Main"}, headers=headers)
        assert unexplained.json()["code"] == "reason_required"
        sent_back = client.patch(url, {"account_number": masked, "reason": "New branch"}, headers=headers)
        assert sent_back.json()["errors"][0]["code"] == "masked"
        changed = client.patch(url, {"branch": "Main", "reason": "New branch"}, headers=headers)
        assert changed.status_code == 200, changed.content
        history = client.get(f"{url}/history").json()["results"]
        assert account.account_number not in str(history)
        assert {"field": "account_number", "old": None, "new": {"masked": True}} in history[1]["changes"]


class TestRepeats:
    def test_repeated_post_answers_the_same_and_writes_once(self, api, super_admin):
        client, body = api(super_admin), body_of_location()
        headers = {"Idempotency-Key": "5f1c"}
        first, second = client.post(LOCATIONS, body, headers=headers), client.post(LOCATIONS, body, headers=headers)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        assert (second["ETag"], second["Idempotency-Replayed"]) == (first["ETag"], "true")
        assert Location.objects.count() == 1
        assert Event.objects.filter(object_id=first.json()["id"]).count() == 1
        other = client.post(LOCATIONS, {**body, "code": "XYZ"}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    def test_refusal_is_not_kept(self, api, super_admin):
        client, body = api(super_admin), body_of_location()
        headers = {"Idempotency-Key": "5f1c"}
        assert client.post(LOCATIONS, {**body, "name": ""}, headers=headers).status_code == 400
        assert client.post(LOCATIONS, body, headers=headers).status_code == 201

    def test_key_is_the_users_own(self, api, super_admin, internal_user):
        headers = {"Idempotency-Key": "5f1c"}
        body = body_of_location()
        assert api(super_admin).post(LOCATIONS, body, headers=headers).status_code == 201
        assert api(internal_user("org_admin")).post(LOCATIONS, body, headers=headers).status_code == 201
        assert Location.objects.count() == 2

    def test_bad_key_is_400(self, api, super_admin):
        answer = api(super_admin).post(LOCATIONS, body_of_location(), headers={"Idempotency-Key": "a b"})
        assert answer.json()["code"] == "idempotency_key"


class TestPast:
    def test_as_of_shows_the_record_and_the_list_as_they_were(self, api, super_admin):
        row = LocationFactory(city="Gondal")
        row.refresh_from_db()
        then = row.updated_at
        row.city = "Kadi"
        row.save()
        later = LocationFactory()
        client = api(super_admin)
        when = then.isoformat().replace("+", "%2B")
        past = client.get(f"{LOCATIONS}/{row.pk}?as_of={when}")
        assert past.status_code == 200, past.content
        assert past.json()["city"] == "Gondal"
        assert client.get(f"{LOCATIONS}/{later.pk}?as_of={when}").status_code == 404
        listed = client.get(f"{LOCATIONS}?as_of={when}&type=market_yard&search=yard").json()["results"]
        assert [(each["id"], each["city"], each["version"]) for each in listed] == [(str(row.pk), "Gondal", 1)]

    def test_past_of_a_foreign_row_is_404(self, api, internal_user, other_organization):
        row = LocationFactory(organization=other_organization)
        client = api(internal_user("org_admin"))
        assert client.get(f"{LOCATIONS}/{row.pk}/history").status_code == 404
        assert client.get(f"{LOCATIONS}/{row.pk}?as_of=2100-01-01T00:00:00Z").status_code == 404

    def test_history_tells_who_changed_what_and_why(self, api, super_admin):
        row = LocationFactory()
        client = api(super_admin)
        client.patch(
            f"{LOCATIONS}/{row.pk}",
            {"city": "Kadi", "country": "IN", "reason": "Moved to Kadi"},
            headers={"If-Match": etag(row)},
        )
        newest = client.get(f"{LOCATIONS}/{row.pk}/history").json()["results"][0]
        assert newest["changes"] == [{"field": "city", "old": "Gondal", "new": "Kadi"}]
        assert (newest["version"], newest["reason"]) == (2, "Moved to Kadi")
        assert newest["actor"] == {"id": str(super_admin.pk), "name": super_admin.full_name}

    def test_partner_learns_neither_which_colleague_of_ours_acted_nor_why(self, api, external_user, super_admin):
        row = BusinessPartner.objects.get(pk=external_user.partner_id)
        url = f"{PARTNERS}/{row.pk}"
        body = {"trade_name": "Ganesh", "notes": "Pays late", "reason": "Asked by the bank"}
        assert api(super_admin).patch(url, body, headers={"If-Match": etag(row)}).status_code == 200
        newest = api(external_user).get(f"{url}/history").json()["results"][0]
        assert (newest["actor"], newest["reason"]) == (None, "")
        assert newest["changes"] == [{"field": "trade_name", "old": "", "new": "Ganesh"}]


class TestBulk:
    def post(self, client, rows, *, key="k-1", mode="insert", url=LOCATIONS):
        return client.post(f"{url}/bulk", {"rows": rows, "mode": mode}, headers={"Idempotency-Key": key})

    def rows(self, count, **values):
        base = body_of_location(**values)
        return [{**base, "code": f"YARD-{number}", "name": f"Yard {number}"} for number in range(count)]

    def test_statements_do_not_grow_with_rows(self, api, internal_user):
        client, counts = api(internal_user("commodity_manager")), []
        parents = [LocationFactory(parent=LocationFactory()) for _ in range(6)]
        for key, number in (("a", 2), ("b", 6)):
            for mode in ("upsert", "upsert"):
                rows = [
                    {**row, "name": f"{mode} {key} {n}", "parent": str(parents[n].pk)}
                    for n, row in enumerate(self.rows(number))
                ]
                with CaptureQueriesContext(connection) as queries:
                    answer = self.post(client, rows, key=f"{key}-{len(counts)}", mode=mode)
                assert answer.status_code == 200, answer.content
                counts.append(len(queries))
        assert len(set(counts)) <= 2, counts
        assert counts[1] == counts[3]

    def test_upsert_adds_changes_and_leaves_alone(self, api, internal_user, organization):
        client, before = api(internal_user("commodity_manager")), latest_event_id()
        first = self.post(client, self.rows(3)).json()
        assert first == {"added": 3, "changed": 0, "unchanged": 0, "ids": first["ids"]}
        rows = [{"code": "yard-0"}, {"code": "YARD-1", "city": "Kadi"}, *self.rows(4)[3:]]
        second = self.post(client, rows, key="k-2", mode="upsert")
        assert second.status_code == 200, second.content
        assert second.json()["ids"][:2] == first["ids"][:2]
        assert {**second.json(), "ids": 0} == {"added": 1, "changed": 1, "unchanged": 1, "ids": 0}
        row = Location.objects.get(code="YARD-1")
        assert (row.city, row.name, row.version, row.organization_id) == ("Kadi", "Yard 1", 2, organization.pk)
        assert Event.objects.filter(object_type="locations.location", id__gt=before).count() == 5

    def test_one_bad_row_refuses_all_and_is_named(self, api, internal_user, organization):
        client = api(internal_user("commodity_manager"))
        taken = LocationFactory(organization=organization, code="TAKEN")
        for number, (values, pointer) in enumerate(
            [
                ({"kind": "moon"}, "/rows/2/kind"),
                ({"postal_code": "x"}, "/rows/2/postal_code"),
                ({"code": "YARD-1"}, "/rows/2/code"),
                ({"code": taken.code}, "/rows/2/code"),
                ({"un_locode": "USNYC"}, "/rows/2"),
                ({"parent": str(uuid.uuid4())}, "/rows/2/parent"),
            ]
        ):
            rows = self.rows(4)
            rows[2] |= values
            answer = self.post(client, rows, key=f"k-{number}")
            assert answer.status_code == 400, answer.content
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert Location.objects.count() == 1

    def test_rows_of_others_are_neither_found_nor_changed(self, api, internal_user, other_organization):
        foreign = LocationFactory(organization=other_organization, code="YARD-0", city="Gondal")
        shared = LocationFactory(code="YARD-0")
        answer = self.post(api(internal_user("commodity_manager")), self.rows(1, city="Kadi"), mode="upsert")
        assert answer.json()["added"] == 1
        for row in (foreign, shared):
            row.refresh_from_db()
            assert row.city == "Gondal"

    def test_replay_and_missing_key(self, api, super_admin):
        client = api(super_admin)
        missing = client.post(f"{LOCATIONS}/bulk", {"rows": self.rows(1)})
        assert missing.json()["code"] == "idempotency_key_required"
        assert self.post(client, self.rows(1)).json() == self.post(client, self.rows(1)).json()
        assert Location.objects.count() == 1

    def test_too_many_and_no_rows_are_400(self, api, super_admin):
        client = api(super_admin)
        for body in ({"rows": []}, {"rows": [{}] * 1001}, {}, {"rows": {}}, [1], {"rows": [{}], "mode": "x"}):
            answer = client.post(f"{LOCATIONS}/bulk", body, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 400, body

    def test_partners_get_their_numbers(self, api, internal_user):
        CountryFactory()
        rows = [
            {"legal_name": f"Ginner {n}", "entity_type": "private_limited", "country": "IN", "primary_currency": "INR",
             "pan": pan(5000 + n)}
            for n in range(3)
        ]  # fmt: skip
        answer = self.post(api(internal_user("org_admin")), rows, url=PARTNERS)
        assert answer.status_code == 200, answer.content
        codes = BusinessPartner.objects.order_by("partner_code").values_list("partner_code", flat=True)
        assert list(codes) == ["BP-IN-000001", "BP-IN-000002", "BP-IN-000003"]

    def test_units_keep_their_dimension(self, api, super_admin):
        UnitFactory()
        PoundFactory()
        url = "/api/v1/settings/units"
        rows = [{"code": "LBR", "dimension": "length"}]
        answer = self.post(api(super_admin), rows, mode="upsert", url=url)
        assert answer.json()["errors"][0]["pointer"] == "/rows/0/dimension"
        answer = self.post(api(super_admin), [{"code": "LBR", "symbol": "lb"}], mode="upsert", url=url, key="k-2")
        assert answer.json()["changed"] == 1
