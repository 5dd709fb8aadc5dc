"""Every page of the desk shows, offers and takes rows of the user's scope only."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from commodities.models import Commodity, CommodityCategory, CommodityVariety
from commodities.tests.factories import (
    CommodityCategoryFactory,
    CommodityFactory,
    CommodityVarietyFactory,
)
from erp.admin.base import MasterDataAdmin
from erp.admin.tests.pages import read_form, submit, url
from erp.events.models import Event
from locations.models import Location
from locations.tests.factories import LocationFactory
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db
PAGES = ("change", "delete", "history")


@pytest.fixture
def own(organization):
    return CommodityFactory(organization=organization, name="Own cotton")


@pytest.fixture
def foreign(other_organization):
    return CommodityFactory(organization=other_organization, name="Foreign cotton")


@pytest.fixture
def shared():
    return CommodityFactory(organization=None, name="Shared cotton")


def listed(answer) -> set[str]:
    return {row.name for row in answer.context["cl"].result_list}


def test_list_shows_own_and_shared_rows(desk, admin_desk, own, foreign, shared):
    assert listed(desk.get(url(Commodity, "changelist"))) == {"Own cotton", "Shared cotton"}
    assert listed(admin_desk.get(url(Commodity, "changelist"))) == {"Own cotton", "Foreign cotton", "Shared cotton"}


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_a_foreign_row_answer_like_those_of_no_row(desk, foreign, page):
    missing = Commodity()
    known, unknown = desk.get(url(foreign, page)), desk.get(url(missing, page))
    assert (known.status_code, known.headers.get("Location")) == (unknown.status_code, unknown.headers.get("Location"))
    assert "Foreign cotton" not in known.content.decode()


def test_foreign_row_takes_no_change_and_no_deletion(desk, foreign):
    before = Event.objects.count()
    desk.post(url(foreign), {"name": "Taken over", "reason": "Ticket 1042"})
    desk.post(url(foreign, "delete"), {"post": "yes", "reason": "Ticket 1042"})
    chosen = {
        "action": "delete_selected",
        "_selected_action": [str(foreign.pk)],
        "post": "yes",
        "reason": "Ticket 1042",
    }
    desk.post(url(Commodity, "changelist"), chosen)
    foreign.refresh_from_db()
    assert (foreign.name, foreign.version, Event.objects.count()) == ("Foreign cotton", 1, before)


def test_shared_row_is_read_only_for_staff_of_an_organization(desk, shared):
    page = desk.get(url(shared))
    assert page.status_code == 200
    assert "Read only" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert desk.post(url(shared), {"name": "Changed", "reason": "Ticket 1042"}).status_code == 403
    assert desk.get(url(shared, "delete")).status_code == 403
    shared.refresh_from_db()
    assert shared.name == "Shared cotton"


def test_reference_data_of_everybody_is_written_by_super_admin_only(desk, admin_desk):
    category = CommodityCategoryFactory(name="Cotton")
    assert desk.get(url(CommodityCategory, "add")).status_code == 403
    assert desk.get(url(category)).status_code == 200
    assert desk.post(url(category), {"name": "Other", "reason": "Ticket 1042"}).status_code == 403
    assert submit(admin_desk, url(category), name="Cotton and waste").status_code == 302
    category.refresh_from_db()
    assert category.name == "Cotton and waste"


def test_compliance_reads_everything_of_its_organization_and_writes_nothing(compliance_desk, own, foreign):
    assert listed(compliance_desk.get(url(Commodity, "changelist"))) == {"Own cotton"}
    assert compliance_desk.get(url(own)).status_code == 200
    assert compliance_desk.get(url(own, "history")).status_code == 200
    assert compliance_desk.get(url(foreign, "history")).status_code == 404
    assert compliance_desk.get(url(Commodity, "add")).status_code == 403
    assert compliance_desk.post(url(own), {"name": "Changed", "reason": "Ticket 1042"}).status_code == 403
    assert compliance_desk.post(url(own, "delete"), {"post": "yes", "reason": "Ticket 1042"}).status_code == 403
    assert compliance_desk.get(url(Commodity, "import")).status_code == 403
    own.refresh_from_db()
    assert (own.name, own.version) == ("Own cotton", 1)


def test_external_user_has_no_desk(client_for, external_user):
    answer = client_for(external_user).get(url(Commodity, "changelist"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("admin:login"))


def test_staff_does_not_choose_the_owner(desk, organization, other_organization, own):
    page = desk.get(url(Commodity, "add"))
    assert "organization" not in read_form(page)
    data = read_form(desk.get(url(own)))
    del data["expected_version"]
    forged = {"code": "NEW", "name": "New", "organization": str(other_organization.pk), "_save": "Save"}
    assert desk.post(url(Commodity, "add"), {**data, **forged}).status_code == 302
    assert Commodity.objects.get(code="NEW").organization == organization


def test_staff_cannot_give_its_row_away(desk, other_organization, own):
    assert submit(desk, url(own), organization=str(other_organization.pk), name="Still own").status_code == 302
    own.refresh_from_db()
    assert (own.name, own.organization_id != other_organization.pk) == ("Still own", True)


def test_super_admin_chooses_the_owner(admin_desk, other_organization, own):
    assert submit(admin_desk, url(own), organization=str(other_organization.pk)).status_code == 302
    own.refresh_from_db()
    assert own.organization == other_organization


def test_choices_of_a_foreign_key_are_in_scope(desk, own, foreign, organization):
    variety = CommodityVarietyFactory(commodity=own, organization=organization)
    answer = submit(desk, url(variety), commodity=str(foreign.pk))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.as_data()["commodity"][0].code == "invalid_choice"
    variety.refresh_from_db()
    assert variety.commodity == own


def test_search_for_a_choice_finds_rows_in_scope_that_are_active(desk, own, foreign, shared, organization):
    CommodityFactory(organization=organization, name="Retired cotton", is_active=False)
    asked = {"app_label": "commodities", "model_name": "commodityvariety", "field_name": "commodity", "term": "cotton"}
    answer = desk.get(reverse("admin:autocomplete"), asked)
    assert {row["text"] for row in answer.json()["results"]} == {"Own cotton", "Shared cotton"}


def test_children_of_others_on_a_shared_parent_stay_hidden(desk, strange_desk, shared, organization):
    CommodityVarietyFactory(commodity=shared, organization=organization, name="Secret variety")
    assert "Secret variety" in desk.get(url(shared)).content.decode()
    assert "Secret variety" not in strange_desk.get(url(shared)).content.decode()
    assert "Secret variety" not in strange_desk.get(url(shared, "history")).content.decode()
    assert "Secret variety" in desk.get(url(shared, "history")).content.decode()


def test_filter_offers_rows_in_scope(desk, own, foreign):
    asked = {"app_label": "commodities", "model_name": "commodityvariety", "field_name": "commodity", "term": ""}
    assert {row["text"] for row in desk.get(reverse("admin:autocomplete"), asked).json()["results"]} == {"Own cotton"}
    chosen = desk.get(url(CommodityVariety, "changelist", commodity__id__exact=foreign.pk)).content.decode()
    assert "Foreign cotton" not in chosen


def test_filter_narrows_the_list(desk, own, organization):
    other = CommodityFactory(organization=organization, name="Yarn")
    CommodityVarietyFactory(commodity=own, organization=organization, name="Shankar-6")
    CommodityVarietyFactory(commodity=other, organization=organization, name="Ne 30")
    answer = desk.get(url(CommodityVariety, "changelist", commodity__id__exact=own.pk))
    assert listed(answer) == {"Shankar-6"}
    assert "Commodity: <b>Own cotton</b>" in answer.content.decode()


@pytest.mark.parametrize(
    "lookup",
    [
        "varieties__isnull=0",
        "varieties__name__startswith=S",
        "varieties__in=1",
        "category__code__startswith=C",
        "organization__pan__startswith=A",
        "organization__users__email__startswith=r",
        "history__name=x",
        "nonsense=1",
    ],
)
def test_lists_answer_no_questions_about_other_tables(desk, own, lookup):
    answer = desk.get(f"{url(Commodity, 'changelist')}?{lookup}")
    assert answer.status_code == 400


@pytest.mark.parametrize("lookup", ["name__startswith=Own", "category__isnull=0", "is_active__exact=1", "q=own"])
def test_lists_answer_questions_about_their_own_columns(desk, own, foreign, lookup):
    answer = desk.get(f"{url(Commodity, 'changelist')}?{lookup}")
    assert answer.status_code == 200
    assert listed(answer) == {"Own cotton"}


def test_filters_that_would_list_values_of_others_are_refused_by_the_system_check():
    class Values(MasterDataAdmin):
        list_filter = ("commodity__storage_notes",)

    class Unscoped(MasterDataAdmin):
        list_filter = (("commodity", admin.RelatedFieldListFilter),)

    class Scoped(MasterDataAdmin):
        list_filter = ("commodity", "commodity__is_active", "commodity__category")

    found = [[error.id for error in cls(CommodityVariety, admin.site).check()] for cls in (Values, Unscoped, Scoped)]
    assert [("desk.E002" in ids) for ids in found] == [True, True, False]


def test_partner_of_another_organization_is_out_of_reach(desk, other_organization):
    partner = BusinessPartnerFactory(organization=other_organization, legal_name="Foreign Partner Ltd")
    assert desk.get(url(partner, "history")).status_code == 404
    assert "Foreign Partner Ltd" not in desk.get(url(BusinessPartner, "changelist")).content.decode()


def test_user_without_organization_or_role_sees_no_record(client_for, internal_user, own):
    plain = client_for(internal_user())
    assert plain.get(url(Commodity, "changelist")).status_code == 403
    assert "You have no permission to see any records" in plain.get(reverse("admin:index")).content.decode()


def test_location_list_of_a_clerk_has_no_row_of_others(desk, strange_desk, organization):
    LocationFactory(organization=organization, name="Own gin")
    assert "Own gin" in desk.get(url(Location, "changelist")).content.decode()
    assert "Own gin" not in strange_desk.get(url(Location, "changelist")).content.decode()
