"""One value for many rows: previewed row by row, with a reason, all or none, and never over somebody's change."""

from __future__ import annotations

import pytest

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory
from erp.admin.tests.pages import REASON, read_form, url
from erp.events.models import Event
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(organization):
    return [CommodityFactory(organization=organization, code=code, name=code, lot_size=10) for code in ("A1", "B1")]


def choose(client, *rows, model=Commodity, **more):
    """The page of the action for these rows."""
    data = {"action": "edit_selected", "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(url(model, "changelist"), data)


def go_on(client, page, *, model=Commodity, **more):
    return client.post(url(model, "changelist"), {**read_form(page), **more})


def preview(client, *rows, field: str, value: object, model=Commodity):
    page = go_on(client, choose(client, *rows, model=model), model=model, field=field)
    return go_on(client, page, model=model, value=value, step="preview")


def diffs(page) -> dict[str, tuple[str, str, str]]:
    return {edit.row.code: (edit.old, edit.new, edit.problem) for edit in page.context["edits"]}


def test_chosen_rows_get_the_value_with_reason_and_one_request(desk, clerk, two):
    Commodity.objects.filter(pk=two[1].pk).update(lot_size=25)
    before = Event.objects.count()
    page = preview(desk, *two, field="lot_size", value="25")
    assert {code: shown[:2] for code, shown in diffs(page).items()} == {
        "A1": ("10", "25"),
        "B1": ("25", "25"),
    }
    assert Event.objects.count() == before
    assert go_on(desk, page, step="save", reason=REASON).status_code == 302
    assert list(
        Commodity.objects.filter(code__in=["A1", "B1"]).values_list("lot_size", "version").order_by("code")
    ) == [
        (25, 2),
        (25, 2),
    ]
    event = Event.objects.order_by("-pk")[: Event.objects.count() - before].get()
    assert (event.reason, event.actor_id, event.object_id) == (REASON, clerk.pk, str(two[0].pk))


def test_reason_is_needed(desk, two):
    page = go_on(desk, preview(desk, *two, field="lot_size", value="25"), step="save", reason="no")
    assert "at least 5 characters" in page.content.decode()
    assert set(Commodity.objects.filter(code__in=["A1", "B1"]).values_list("version", flat=True)) == {1}


def test_row_that_somebody_changed_since_the_preview_stops_all(desk, two):
    page = preview(desk, *two, field="lot_size", value="25")
    Commodity.objects.filter(pk=two[1].pk).update(is_active=False)
    page = go_on(desk, page, step="save", reason=REASON)
    assert diffs(page)["B1"][2] == "Somebody changed it since the preview: look at it again."
    assert list(Commodity.objects.filter(code__in=["A1", "B1"]).values_list("lot_size", flat=True)) == [10, 10]


def test_rule_of_the_model_stops_all(desk, two):
    page = preview(desk, *two, field="name", value="Same")
    page = go_on(desk, page, step="save", reason=REASON)
    assert page.status_code == 200
    assert [row.name for row in Commodity.objects.filter(code__in=["A1", "B1"]).order_by("code")] == ["A1", "B1"]


def test_other_value_than_the_one_that_was_shown_is_shown_first(desk, two):
    page = preview(desk, *two, field="lot_size", value="25")
    page = go_on(desk, page, step="save", value="30", reason=REASON)
    assert diffs(page)["A1"][1] == "30"
    assert set(Commodity.objects.filter(code__in=["A1", "B1"]).values_list("version", flat=True)) == {1}


def test_shared_and_foreign_rows_are_not_changed(desk, two, other_organization):
    shared = CommodityFactory(organization=None, code="SHARED")
    foreign = CommodityFactory(organization=other_organization, code="FOREIGN")
    answer = desk.post(
        url(Commodity, "changelist"),
        {"action": "edit_selected", "_selected_action": [str(two[0].pk), str(shared.pk)]},
        follow=True,
    )
    assert "1 of the chosen rows are not yours to change" in answer.content.decode()
    assert choose(desk, foreign).status_code == 302
    assert set(Commodity.objects.filter(pk__in=[shared.pk, foreign.pk]).values_list("version", flat=True)) == {1}


def test_guarded_and_secret_fields_are_not_offered(desk, organization):
    partner = BusinessPartnerFactory(organization=organization)
    page = choose(desk, partner, model=BusinessPartner)
    offered = {name for name, _ in page.context["field_form"].fields["field"].choices}
    assert "legal_name" in offered
    assert offered.isdisjoint({*BusinessPartner.tracking.approved, "organization", "change_reason"})
    page = go_on(desk, page, model=BusinessPartner, field="kyc_status")
    assert "kyc_status is not one of the available choices" in page.content.decode()


def test_view_rights_do_not_edit(compliance_desk, two):
    assert choose(compliance_desk, *two).status_code in {200, 302, 403}
    assert "edit_selected" not in compliance_desk.get(url(Commodity, "changelist")).content.decode()
    assert set(Commodity.objects.filter(code__in=["A1", "B1"]).values_list("version", flat=True)) == {1}
