"""Two times of a record side by side: fields, children, days; scoped and without secrets."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory
from erp import context
from erp.admin.tests.pages import url
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def commodity(organization):
    """Three versions; varieties come, change and go between them."""
    with context.acting(reason="First"):
        commodity = CommodityFactory(organization=organization, name="Raw cotton", description="In bales")
        kept, gone, _ = (
            CommodityVarietyFactory(commodity=commodity, organization=organization, name=name)
            for name in ("Shankar-6", "Bunny", "DCH-32")
        )
    with context.acting(reason="Second"):
        commodity.name = "Lint"
        commodity.save()
        kept.name = "Shankar-6 super"
        kept.save()
        gone.delete()
        CommodityVarietyFactory(commodity=commodity, organization=organization, name="MCU-5")
    with context.acting(reason="Third"):
        commodity.description = "Loose"
        commodity.save()
    return commodity


def numbers(commodity) -> list[int]:
    """Numbers of its versions, oldest first."""
    return list(commodity.history.order_by("history_id").values_list("history_id", flat=True))


def differing(page) -> dict[str, tuple[str, str]]:
    return {field.label: (field.then, field.now) for field in page.context["fields"] if field.differs}


def states(page) -> dict[str, str]:
    return {child.name: child.state for child in page.context["children"]}


def test_two_versions_show_their_fields_and_the_children_between_them(desk, commodity):
    first, second, third = numbers(commodity)
    page = desk.get(url(commodity, "compare", a=first, b=second))
    assert differing(page) == {"name": ("Raw cotton", "Lint")}
    assert states(page) == {"Shankar-6 super": "changed", "Bunny": "removed", "DCH-32": "same", "MCU-5": "added"}
    changed = next(child for child in page.context["children"] if child.state == "changed")
    assert [(field.then, field.now) for field in changed.fields] == [("Shankar-6", "Shankar-6 super")]
    assert set(states(desk.get(url(commodity, "compare", a=second, b=third))).values()) == {"same"}


def test_any_version_stands_beside_today(desk, commodity):
    page = desk.get(url(commodity, "compare", a=numbers(commodity)[0], b="now"))
    assert differing(page) == {"name": ("Raw cotton", "Lint"), "description": ("In bales", "Loose")}
    swapped = desk.get(url(commodity, "compare", a="now", b=numbers(commodity)[0]))
    assert differing(swapped)["name"] == ("Lint", "Raw cotton")
    assert states(swapped)["Bunny"] == "added"


def test_only_differences_leaves_out_what_is_equal(desk, commodity):
    first, second, _ = numbers(commodity)
    page = desk.get(url(commodity, "compare", a=first, b=second, only=1))
    assert [field.label for field in page.context["fields"]] == ["name"]
    assert "DCH-32" not in states(page)
    same = desk.get(url(commodity, "compare", a=second, b=second, only=1))
    assert "Nothing differs." in same.content.decode()


def test_record_as_it_was_on_a_day(desk, commodity):
    today = timezone.localdate()
    page = desk.get(url(commodity, "compare", a_on=today.isoformat()))
    choices = page.content.decode().partition('aria-label="A: version"')[2].partition("</select>")[0]
    assert (choices.count("selected"), '<option value="" selected>End of a day' in choices) == (1, True)
    assert differing(page) == {}
    before = desk.get(url(commodity, "compare", a_on=(today - datetime.timedelta(days=1)).isoformat()))
    assert "There was none" in before.content.decode()
    assert differing(before)["name"] == ("empty", "Lint")
    assert set(states(before).values()) == {"added"}


def test_day_that_is_none_is_told_and_unknown_versions_do_not_exist(desk, commodity):
    answer = desk.get(url(commodity, "compare", a_on="31/3/2026"), follow=True)
    assert "A day is written like 2026-03-31." in answer.content.decode()
    other = CommodityFactory(organization=commodity.organization).history.latest()
    assert desk.get(url(commodity, "compare", a=other.history_id)).status_code == 404
    assert desk.post(url(commodity, "compare")).status_code == 405


def test_foreign_records_are_not_compared(strange_desk, commodity):
    assert strange_desk.get(url(commodity, "compare")).status_code == 404
    assert strange_desk.get(url(commodity, "compare", a=numbers(commodity)[0])).status_code == 404


def test_deleted_record_is_compared_with_nothing(desk, strange_desk, organization):
    commodity = CommodityFactory(organization=organization, name="Raw cotton")
    address = url(commodity, "compare")
    commodity.delete()
    assert differing(desk.get(address))["name"] == ("Raw cotton", "empty")
    assert strange_desk.get(address).status_code == 404


def test_secrets_are_in_no_comparison(admin_desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    account.account_number = "998877665544"
    account.save()
    oldest = account.history.earliest().history_id
    pages = [url(account, "compare", a=oldest), url(organization, "compare", a_on=timezone.localdate().isoformat())]
    for page in pages:
        text = admin_desk.get(page).content.decode()
        assert "123456789012" not in text
        assert "998877665544" not in text
        assert account.account_hmac not in text


def test_many_children_cost_no_query_each(desk, organization):
    commodity = CommodityFactory(organization=organization)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert desk.get(url(commodity, "compare", a="now")).status_code == 200
        return len(found)

    CommodityVarietyFactory(commodity=commodity, organization=organization)
    queries()
    few = queries()
    CommodityVarietyFactory.create_batch(20, commodity=commodity, organization=organization)
    assert queries() == few
    assert Commodity.objects.count() == 1
