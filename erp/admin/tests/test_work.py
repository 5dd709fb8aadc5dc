"""My work: saved filters, recently viewed records, own changes."""

from __future__ import annotations

import pytest
from django.urls import reverse

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory
from erp.admin.models import SavedFilter
from erp.admin.tests.pages import submit, url

pytestmark = pytest.mark.django_db
PAGE = "/admin/my-work/"
SAVE = "/admin/my-work/filters/"
KIND = "commodities.commodity"


@pytest.fixture
def colleague_desk(client_for, internal_user):
    return client_for(internal_user("viewer", full_name="Meera Shah"))


def save(browser, name="Active cotton", query="?q=pressed&is_active__exact=1&p=2", **others):
    return browser.post(SAVE, {"kind": KIND, "name": name, "query": query, **others}, follow=True)


def chips(browser):
    answer = browser.get(url(Commodity, "changelist"))
    assert answer.status_code == 200
    return answer.content.decode().partition('<ul aria-label="Saved filters">')[2].partition("</ul>")[0]


def test_filter_is_saved_from_its_list_without_the_page_and_opens_it_again(desk, organization, clerk):
    CommodityFactory(organization=organization, name="Lint, pressed")
    CommodityFactory(organization=organization, name="Ring yarn")
    assert "Save this filter" not in desk.get(url(Commodity, "changelist")).content.decode()
    assert "Save this filter" in desk.get(url(Commodity, "changelist", q="cotton")).content.decode()
    save(desk)
    saved = SavedFilter.objects.get()
    assert (saved.owner, saved.organization, saved.query) == (clerk, organization, "q=pressed&is_active__exact=1")
    address = f"{url(Commodity, 'changelist')}?{saved.query}"
    assert f'<a href="{address.replace("&", "&amp;")}">Active cotton</a>' in chips(desk)
    assert [row.name for row in desk.get(address).context["cl"].result_list] == ["Lint, pressed"]


def test_shared_filter_is_the_organizations_and_an_own_one_is_nobody_elses(desk, colleague_desk, strange_desk):
    save(desk, "Own")
    save(desk, "Everybody's", is_shared="on")
    assert ("Own" in chips(desk), "Everybody" in chips(desk)) == (True, True)
    assert ("Own" in chips(colleague_desk), "Everybody" in chips(colleague_desk)) == (False, True)
    assert chips(strange_desk) == ""


def test_only_the_owner_deletes_a_filter(desk, colleague_desk):
    save(desk, is_shared="on")
    address = reverse("filter_delete", args=[SavedFilter.objects.get().pk])
    assert "Active cotton" in colleague_desk.get(PAGE).content.decode()
    assert colleague_desk.post(address).status_code == 404
    assert SavedFilter.objects.count() == 1
    assert desk.post(address).status_code == 302
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"query": "?p=2"}, "The list isn&#x27;t filtered"),
        ({"name": ""}, "This field is required"),
        ({"name": "Taken"}, "You have a filter of this name"),
    ],
)
def test_useless_filter_is_refused_in_words(desk, given, said):
    save(desk, "Taken")
    assert said in save(desk, **{"name": "New", **given}).content.decode()
    assert SavedFilter.objects.count() == 1


def test_shared_filter_needs_an_organization(admin_desk):
    assert "you belong to none" in save(admin_desk, is_shared="on").content.decode()
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize("kind", ["partners.businesspartner", "nothing.here", "sessions.session"])
def test_filter_of_a_list_that_the_user_may_not_open_is_refused(client_for, internal_user, kind):
    browser = client_for(internal_user())
    assert browser.post(SAVE, {"kind": kind, "name": "Any", "query": "?q=a"}).status_code == 403
    assert SavedFilter.objects.count() == 0


def test_recently_viewed_records_stand_newest_first_while_in_scope(desk, colleague_desk, organization):
    first, second = CommodityFactory.create_batch(2, organization=organization)
    for record in (first, second, first):
        desk.get(url(record))
    assert [one.record for one in desk.get(PAGE).context["seen"]] == [first, second]
    assert colleague_desk.get(PAGE).context["seen"] == []
    second.delete()
    assert [one.record for one in desk.get(PAGE).context["seen"]] == [first]


def test_own_changes_are_told_and_nobody_elses(desk, colleague_desk, organization):
    record = CommodityFactory(organization=organization, name="Raw cotton")
    submit(desk, url(record), name="Lint, pressed")
    assert "Lint, pressed" in desk.get(PAGE).content.decode()
    assert colleague_desk.get(PAGE).context["changes"] == []
