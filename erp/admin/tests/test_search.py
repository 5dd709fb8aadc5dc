"""Search of the desk: what is found by what, in which order, by whom; and the palette by keyboard."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from commodities.tests.factories import CommodityFactory
from erp import ratelimits, search
from erp.admin.tests.pages import url
from locations.models import Location
from locations.tests.factories import LocationFactory
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory, PartnerTaxRegistrationFactory

pytestmark = pytest.mark.django_db


def ask(client, text: str, status: int = 200):
    """The palette's answer."""
    answer = client.get(reverse("search"), {"q": text}, headers={"accept": "application/json"})
    assert answer.status_code == status, answer.content
    return answer.json()


def labels(client, text: str) -> list[str]:
    """What is found, in order."""
    return [hit["label"] for group in ask(client, text)["groups"] for hit in group["hits"]]


@pytest.fixture
def partner(organization):
    return BusinessPartnerFactory(
        organization=organization, legal_name="Shree Ganesh Ginning Pvt Ltd", trade_name="Kapas House"
    )


@pytest.mark.parametrize(
    "text", ["ganesh", "GANESH GINN", "shree pvt", "kapas", "gnesh", "ganesh gining", "Shri Ganesh", "  shree  ganesh "]
)
def test_partner_is_found_by_any_of_its_names_and_despite_a_slip(desk, organization, partner, text):
    BusinessPartnerFactory(organization=organization, legal_name="Vardhman Textiles Ltd")
    assert labels(desk, text) == ["Shree Ganesh Ginning Pvt Ltd"]


def test_identifiers_lead_to_the_partner(desk, partner):
    number = PartnerTaxRegistrationFactory(partner=partner).number
    for text in (partner.partner_code, partner.partner_code.lower(), partner.pan, number, number.lower()):
        (group,) = ask(desk, text)["groups"]
        assert group["name"] == "Business partners"
        assert group["hits"][0]["url"] == url(partner)
        assert len(group["hits"]) == 1


def test_places_goods_and_people_are_found_by_code_and_other_names(admin_desk, desk, clerk, organization):
    port = LocationFactory(organization=None, code="INNSA", name="Nhava Sheva", aliases="JNPT, JNPA")
    CommodityFactory(organization=organization, code="KAPAS_RAW", name="Seed cotton", hs_code="520300")
    LocationFactory(organization=None, code="DEBBG", name="Böblingen", city="")
    for text in ("böblingen", "BÖBL", "Böb", "ling"):
        assert labels(desk, text) == ["Böblingen"]
    for text in ("innsa", "jnpt", "nhava"):
        assert labels(desk, text) == ["Nhava Sheva"]
    assert ask(desk, "jnpa")["groups"][0]["hits"][0]["url"] == url(port)
    assert labels(desk, "kapas_raw") == labels(desk, "520300") == ["Seed cotton"]
    for client in (admin_desk, desk):
        assert labels(client, clerk.email) == [clerk.full_name]


def test_exact_code_comes_first_then_beginnings_then_words(desk, organization):
    for code, name in (
        ("AA", "Long staple"),
        ("STAPLE", "Zari"),
        ("STAPLE_2", "Yarn"),
        ("CC", "Staple fibre"),
        ("DD", "Upstaple"),
    ):
        CommodityFactory(organization=organization, code=code, name=name)
    assert labels(desk, "staple") == ["Zari", "Staple fibre", "Yarn", "Long staple", "Upstaple"]


def test_active_records_come_before_inactive_ones_but_after_an_exact_code(desk, organization):
    CommodityFactory(organization=organization, code="AA", name="Comber noil", is_active=False)
    CommodityFactory(organization=organization, code="BB", name="Comber waste")
    assert labels(desk, "comber") == ["Comber waste", "Comber noil"]
    assert labels(desk, "aa")[0] == "Comber noil"
    assert [hit["active"] for hit in ask(desk, "comber")["groups"][0]["hits"]] == [True, False]


def test_signs_of_a_pattern_stand_for_themselves(desk, organization):
    CommodityFactory(organization=organization, code="RATE", name="Cotton 100% carded")
    CommodityFactory(organization=organization, code="OTHER", name="Cotton 1000 carded")
    assert labels(desk, "100% c") == ["Cotton 100% carded"]
    assert labels(desk, "__") == labels(desk, "%%") == []
    assert labels(desk, "\\'; DROP") == []


def test_change_and_deletion_are_seen_at_once(desk, organization):
    commodity = CommodityFactory(organization=organization, name="Comber noil")
    assert labels(desk, "comber") == ["Comber noil"]
    commodity.name = "Flat strips"
    commodity.save()
    assert (labels(desk, "comber"), labels(desk, "flat str")) == ([], ["Flat strips"])
    commodity.delete()
    assert labels(desk, "flat str") == []


def test_nothing_of_another_organization_is_found(strange_desk, desk, organization, partner):
    number = PartnerTaxRegistrationFactory(partner=partner).number
    LocationFactory(organization=organization, name="Ganesh warehouse", code="GNW")
    place = LocationFactory(organization=None, name="Ganesh nagar", code="GNR")
    for text in ("ganesh", "gnesh", "gn", "gnw", "ga"):
        assert set(labels(strange_desk, text)) <= {place.name}
    for text in (partner.partner_code, partner.pan, number, "Ravi Menon", partner.trade_name):
        assert partner.legal_name not in labels(strange_desk, text)
        assert "Ravi Menon" not in labels(strange_desk, text)
    listed = strange_desk.get(url(BusinessPartner, "changelist", q=number)).context["cl"]
    assert listed.result_count == 0
    assert set(labels(desk, "ganesh")) == {partner.legal_name, "Ganesh warehouse", place.name}


def test_external_users_and_strangers_get_nothing(client_for, client, external_user):
    address = reverse("search")
    answer = client_for(external_user).get(address, {"q": "cotton"}, headers={"accept": "application/json"})
    assert answer.status_code in {302, 403}
    assert client.get(address, {"q": "cotton"}).status_code == 302


def test_only_kinds_that_the_user_may_view_are_searched(client_for, internal_user, partner, organization):
    reader = internal_user()
    reader.user_permissions.add(Permission.objects.get(codename="view_commodity"))
    CommodityFactory(organization=organization, name="Ganesh lint")
    PartnerTaxRegistrationFactory(partner=partner)
    assert labels(client_for(reader), "ganesh") == ["Ganesh lint"]
    reader.user_permissions.add(Permission.objects.get(codename="view_partnertaxregistration"))
    assert labels(client_for(reader), "ganesh") == ["Ganesh lint"]
    reader.user_permissions.add(Permission.objects.get(codename="change_businesspartner"))
    assert labels(client_for(reader), "ganesh") == ["Ganesh lint", partner.legal_name]


def test_permissions_are_those_that_django_gives(internal_user):
    for role in ("org_admin", "compliance_officer", ""):
        user = internal_user(role)
        user.user_permissions.add(Permission.objects.get(codename="view_commodity"))
        with connection.cursor() as cursor:
            cursor.execute(*search._granted(user))
            assert {name for (name,) in cursor.fetchall()} == user.get_all_permissions()


@pytest.mark.parametrize("text", ["", "a", " a ", "x" * 101, "\0\0\0"])
def test_text_of_another_length_is_refused(desk, text):
    assert ask(desk, text, status=400) == {"detail": "Type 2 to 100 characters."}


def test_palette_asks_three_questions_at_most(desk, admin_desk, partner):
    for client in (desk, admin_desk):
        labels(client, "warm up")
        for text in ("ganesh", "gnesh", "zz top"):
            with CaptureQueriesContext(connection) as queries:
                ask(client, text)
            assert len(queries) <= 3, [query["sql"][:120] for query in queries]


def test_who_searches_too_often_waits(desk, monkeypatch):
    monkeypatch.setitem(ratelimits.TIERS, "relaxed", (ratelimits.Policy(2, "minute"),))
    ask(desk, "cotton")
    ask(desk, "cotton")
    refused = ask(desk, "cotton", status=429)
    assert "2 requests a minute" in refused["detail"]


def test_page_without_scripts_shows_the_same(desk, partner):
    page = desk.get(reverse("search"), {"q": "gnesh"})
    assert f'<a href="{url(partner)}">Shree Ganesh Ginning Pvt Ltd</a>' in page.content.decode()
    assert ("no-store" in page["Cache-Control"], "Accept" in page["Vary"]) == (True, True)
    assert (
        "Nothing that you may see is called “&lt;b&gt;zzqx”"
        in desk.get(reverse("search"), {"q": "<b>zzqx"}).content.decode()
    )
    assert desk.get(reverse("search")).status_code == 200


def test_list_is_searched_by_the_same_engine(desk, organization, partner):
    number = PartnerTaxRegistrationFactory(partner=partner).number
    other = BusinessPartnerFactory(organization=organization, legal_name="Vardhman Textiles Ltd")

    def listed(text: str) -> list[str]:
        return [
            row.legal_name for row in desk.get(url(BusinessPartner, "changelist", q=text)).context["cl"].result_list
        ]

    for text in ("gnesh", "kapas", number, partner.pan, "ginning shree"):
        assert listed(text) == [partner.legal_name]
    assert listed("ltd") == [partner.legal_name, other.legal_name]
    assert listed("zzz nothing") == []
    assert len(listed("v")) >= 1


def test_list_of_another_kind_is_found_alike(desk, organization, clerk):
    LocationFactory(organization=organization, name="Gondal yard", code="GDL", city="Gondal")
    found = desk.get(url(Location, "changelist", q="gndal")).context["cl"].result_list
    assert [row.code for row in found] == ["GDL"]
    assert [row.pk for row in desk.get(url(User, "changelist", q="mnon")).context["cl"].result_list] in ([clerk.pk], [])


def test_every_searched_model_has_its_beginnings_indexed():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
        existing = {name for (name,) in cursor.fetchall()}
    for model in search.searchable():
        name = search.search_index(model).name
        assert {name, f"{name}_code", f"{name}_name"} <= existing


def test_planner_reads_the_indexes_of_search(organization, super_admin):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on")
        statement, params = search._statement("GANESH", super_admin, [BusinessPartner])
        cursor.execute(f"EXPLAIN {statement}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for index in (
        "businesspartner_search ",
        "businesspartner_search\n",
        "businesspartner_search_code",
        "businesspartner_search_name",
    ):
        assert index.strip() in plan


def test_search_of_the_api_loses_no_row_to_the_index(organization, clerk):
    rows = Location.objects.visible_to(clerk)
    for number, name in enumerate(("Gondal 100% yard", "gondal_yard", "Böblingen", "Nothing")):
        LocationFactory(organization=organization, name=name, code=f"P{number}", city="")
    for text in ("gondal", "100%", "l_y", "BÖB", "böb", "\\"):
        plain = set(rows.filter(name__icontains=text))
        held = search.holding(rows, text, columns=("name",))
        assert set(held.filter(name__icontains=text)) == plain
        assert "Nothing" not in {row.name for row in held}
    assert set(search.holding(rows, "gondal", columns=("name", "district"))) == set(rows)
