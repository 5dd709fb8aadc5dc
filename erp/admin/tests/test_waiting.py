"""What waits for a user: each line counts exactly what its list shows, and nothing of another organization."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from erp.admin.tests.pages import url
from erp.approvals import services
from erp.approvals.models import ChangeRequest
from erp.approvals.tests.conftest import asked, guarded, house  # noqa: F401 (fixtures)
from erp.imports.models import ImportJob
from partners.models import BusinessPartner, PartnerDocument
from partners.tests.factories import BusinessPartnerFactory, PartnerDocumentFactory

pytestmark = pytest.mark.django_db
INDEX, WORK = "/admin/", "/admin/my-work/"
KIND = "partners.businesspartner"


def told(browser, page=INDEX):
    """{address: (count, words)} of what waits, as the page says it now."""
    cache.clear()
    found = browser.get(page).context["page"]["waiting"]
    return {one.url: (one.count, one.words) for one in found}


def listed(browser, address):
    """Keys that a list shows; the lines of what waits are all links to such lists."""
    answer = browser.get(address)
    assert answer.status_code == 200
    if "cl" in answer.context:
        return {row.pk for row in answer.context["cl"].result_list}
    return {row.pk for row, _ in answer.context["rows"]}


def requests(**query):
    return reverse("approvals", query=query)


def imports(state):
    return reverse("imports", query={"state": state})


def job(user, status, *, days_ago=0, **values):
    ended = timezone.now() - timedelta(days=days_ago) if status in {"done", "failed"} else None
    given = {"organization_id": user.organization_id, "kind": KIND, "file_name": "partners.csv", "finished_at": ended}
    return ImportJob.objects.create(user=user, status=status, **given, **values)


def test_a_request_waits_for_who_may_decide_and_is_news_to_its_maker(asked, guarded, client_for):  # noqa: F811
    maker, other, stranger = (client_for(user) for user in (guarded.asha, guarded.sunita, guarded.stranger))
    mine, theirs = requests(show="asked", state="open"), requests(show="mine")
    assert told(maker)[mine] == (1, "request of yours waits for somebody else")
    assert told(other)[theirs] == (1, "request waits for you")
    assert (listed(maker, mine), listed(other, theirs)) == ({asked.pk}, {asked.pk})
    assert told(stranger) == {}
    services.reject(asked, by=guarded.sunita, comment="The letter names another bank")
    refused = requests(show="asked", state="refused")
    assert told(maker)[refused] == (1, "request of yours was refused or ran out")
    assert mine not in told(maker)
    assert theirs not in told(other)
    assert listed(maker, refused) == {asked.pk}
    assert listed(maker, mine) == set()


def test_a_withdrawn_request_is_no_news(asked, guarded, client_for):  # noqa: F811
    services.withdraw(asked, by=guarded.asha)
    assert told(client_for(guarded.asha)) == {}


def test_a_change_made_alone_waits_for_another_persons_look(guarded: SimpleNamespace, client_for):  # noqa: F811
    reason = "Bank closes at noon, nobody else is here"
    services.break_glass(guarded.account, {"holder": "Ganesh Ginning LLP"}, by=guarded.root, reason=reason)
    address = requests(show="review", state="others")
    assert address not in told(client_for(guarded.root))
    browser, stranger = client_for(guarded.sunita), client_for(guarded.stranger)
    assert address not in told(stranger)
    assert told(browser)[address] == (1, "emergency change to review")
    found = ChangeRequest.objects.get(break_glass=True)
    assert listed(browser, address) == {found.pk}
    assert listed(client_for(guarded.root), address) == set()
    services.review(found, by=guarded.sunita, comment="Seen with the bank")
    assert address not in told(browser)


def test_own_imports_wait_or_are_news_for_a_week(desk, strange_desk, clerk, internal_user):
    failed, done, old = job(clerk, "failed"), job(clerk, "done", days_ago=6), job(clerk, "done", days_ago=8)
    checked = job(clerk, "checked")
    job(internal_user("partner_officer"), "failed")
    expected = {
        imports("checked"): (1, "import waits for your confirmation"),
        imports("failed"): (1, "import of yours failed"),
        imports("done"): (1, "import of yours is finished"),
    }
    assert told(desk) == expected
    assert told(strange_desk) == {}
    shown = {address: listed(desk, address) for address in expected}
    assert shown == {imports("checked"): {checked.pk}, imports("failed"): {failed.pk}, imports("done"): {done.pk}}
    assert listed(desk, reverse("imports")) == {checked.pk, failed.pk, done.pk, old.pk}
    assert listed(strange_desk, reverse("imports")) == set()
    assert desk.get(imports("burnt")).status_code == 404


def test_papers_that_end_soon_wait_for_who_may_change_partners(desk, strange_desk, client_for, internal_user, clerk):
    soon = timezone.localdate() + timedelta(days=30)
    organization = clerk.organization
    one = BusinessPartnerFactory(organization=organization, status="active", kyc_expires_on=soon)
    BusinessPartnerFactory(organization=organization, status="active", kyc_expires_on=soon + timedelta(days=1))
    paper = PartnerDocumentFactory(partner=one, expires_on=soon)
    kyc = url(BusinessPartner, "changelist", quality="kyc_expiring")
    papers = url(PartnerDocument, "changelist", quality="expiring")
    assert told(desk) == {
        kyc: (1, "partner whose KYC expires in 30 days"),
        papers: (1, "licence or paper that expires in 30 days"),
    }
    assert (listed(desk, kyc), listed(desk, papers)) == ({one.pk}, {paper.pk})
    assert told(strange_desk) == {}
    assert told(client_for(internal_user("viewer"))) == {}
    assert told(client_for(internal_user("compliance_officer"))) == {}


def test_own_partners_that_nobody_approved_wait_for_their_officer_alone(desk, client_for, internal_user, clerk):
    officer = internal_user("partner_officer")
    place = {"organization": clerk.organization, "assigned_officer": officer}
    own = BusinessPartnerFactory(**place, status="pending")
    BusinessPartnerFactory(**place, status="active")
    BusinessPartnerFactory(organization=clerk.organization, status="pending")
    address = url(BusinessPartner, "changelist", quality="own_pending")
    browser = client_for(officer)
    assert told(browser) == told(browser, WORK) == {address: (1, "partner of yours is not active yet")}
    assert listed(browser, address) == {own.pk}
    assert address not in told(desk)
    assert "Yours, not active yet" not in desk.get(INDEX).content.decode()


def test_my_work_tells_findings_about_the_data_and_takes_few_queries(desk, clerk):
    BusinessPartnerFactory(organization=clerk.organization, status="active")
    job(clerk, "failed")
    with CaptureQueriesContext(connection) as cold:
        desk.get(WORK)
    with CaptureQueriesContext(connection) as warm:
        page = desk.get(WORK)
    rules = page.context["page"]["rules"]
    assert {(rule.title, rule.count) for rule in rules} >= {("Without a primary contact", 1)}
    assert all(rule.count for rule in rules)
    address = url(BusinessPartner, "changelist", quality="without_primary_contact")
    assert f'<a href="{address}"><b class="num">1</b>' in page.content.decode()
    assert len(cold) <= 18
    # Session, sign-in, the user's and the roles' permissions are read on every page.
    assert len(warm) - 4 <= 7
