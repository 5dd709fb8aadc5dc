"""Undoing a transaction: shown first, then all of it or nothing, by the rules and rights of today."""

from __future__ import annotations

import hashlib

import pytest
from django.db import transaction
from django.urls import reverse

from commodities.models import Commodity, CommodityVariety
from commodities.tests.factories import CommodityFactory, CommodityVarietyFactory
from erp import context
from erp.admin import undo
from erp.admin.tests.pages import REASON, url
from erp.events.models import Event
from organizations.tests.factories import OrganizationBankAccountFactory
from partners.models import BusinessPartner, PartnerBankAccount, PartnerContact, PartnerDocument
from partners.tests.factories import (
    BusinessPartnerFactory,
    PartnerBankAccountFactory,
    PartnerContactFactory,
    PartnerDocumentFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def commodity(organization):
    return CommodityFactory(organization=organization, name="Raw cotton")


def act(reason="Clean-up", **values):
    """One transaction with a reason."""
    values = {"source": "admin", **values}
    return context.acting(reason=reason, **values)


def newest(**values) -> Event:
    return Event.objects.filter(category="row", **values).order_by("-id").first()


def written() -> int:
    """How many events there are, besides those of people who looked."""
    return Event.objects.exclude(category="access").count()


def page_of(event) -> str:
    return reverse("undo", args=[event.event_id])


def problems(answer) -> list[str]:
    plan = answer.context["plan"]
    return [*plan.problems, *(step.problem for step in plan.steps if step.problem)]


def rename(commodity, name, **values) -> Event:
    with act(**values):
        commodity.name = name
        commodity.save()
    return newest(object_id=str(commodity.pk))


def test_page_shows_what_would_happen_and_writes_nothing(desk, commodity):
    event = rename(commodity, "Lint")
    before = written()
    answer = desk.get(page_of(event))
    text = answer.content.decode()
    assert problems(answer) == []
    assert "Changed back" in text
    assert "<del>Lint</del>" in text
    assert "<ins>Raw cotton</ins>" in text
    commodity.refresh_from_db()
    assert (commodity.name, commodity.version, written()) == ("Lint", 2, before)
    assert page_of(event) in desk.get(url(commodity, "history")).content.decode()


def test_undo_needs_a_reason_and_is_recorded_by_row_and_as_a_whole(desk, clerk, commodity):
    event = rename(commodity, "Lint")
    before = written()
    assert desk.post(page_of(event), {"reason": "no"}).status_code == 200
    commodity.refresh_from_db()
    assert (commodity.name, written()) == ("Lint", before)
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    commodity.refresh_from_db()
    row, whole = Event.objects.order_by("-id")[:2][::-1]
    assert (commodity.name, commodity.version) == ("Raw cotton", 3)
    assert (row.changes, row.reason, row.source, row.actor_id) == (
        {"name": ["Lint", "Raw cotton"]},
        REASON,
        "admin",
        clerk.pk,
    )
    assert (whole.event_type, whole.aggregate_id, whole.organization_id) == (
        "transaction.undone",
        event.xid,
        commodity.organization_id,
    )
    assert whole.payload["rows"] == 1
    assert row.xid == whole.xid
    assert "Undone by Ravi Menon" in desk.get(url(commodity, "history")).content.decode()


def test_value_that_was_changed_since_stops_it_and_names_by_whom(desk, commodity, super_admin):
    event = rename(commodity, "Lint")
    rename(commodity, "Linters", actor_id=super_admin.pk, actor_label="Asha Patel <asha@example.com>")
    answer = desk.post(page_of(event), {"reason": REASON})
    [problem] = problems(answer)
    assert answer.status_code == 409
    assert problem.startswith("Changed since by Asha Patel on ")
    assert problem.endswith(": name.")
    commodity.refresh_from_db()
    assert (commodity.name, commodity.version) == ("Linters", 3)


def test_later_change_of_another_field_stays(desk, commodity):
    event = rename(commodity, "Lint")
    commodity.description = "Loose"
    commodity.save()
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    commodity.refresh_from_db()
    assert (commodity.name, commodity.description) == ("Raw cotton", "Loose")


def test_deleted_partner_comes_back_with_its_children_and_secrets(desk, organization):
    partner = BusinessPartnerFactory(organization=organization, legal_name="Gujarat Ginning Pvt Ltd")
    contact = PartnerContactFactory(partner=partner)
    account = PartnerBankAccountFactory(partner=partner, account_number="123456789012")
    kept = [(row.pk, row.created_at) for row in (partner, contact, account)]
    with act(), transaction.atomic():
        PartnerBankAccount.objects.filter(partner=partner).delete()
        PartnerContact.objects.filter(partner=partner).delete()
        partner.delete()
    event = newest(object_id=str(kept[0][0]))
    page = desk.get(page_of(event))
    assert problems(page) == []
    assert "123456789012" not in page.content.decode()
    assert BusinessPartner.objects.count() == 0
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    restored = [BusinessPartner.objects.get(), PartnerContact.objects.get(), PartnerBankAccount.objects.get()]
    assert [row.pk for row in restored] == [key for key, _ in kept]
    assert restored[0].legal_name == "Gujarat Ginning Pvt Ltd"
    assert restored[2].account_number == "123456789012"
    assert restored[2].account_hmac == account.account_hmac


def test_deleted_paper_comes_back_with_its_file(desk, internal_user, organization):
    with act(actor_id=internal_user().pk):
        document = PartnerDocumentFactory(partner=BusinessPartnerFactory(organization=organization))
    key, name, digest = document.pk, document.file.name, document.sha256
    with act():
        document.delete()
    assert desk.post(page_of(newest(object_id=str(key))), {"reason": REASON}).status_code == 302
    restored = PartnerDocument.objects.get()
    assert (restored.pk, restored.file.name, restored.sha256) == (key, name, digest)
    assert hashlib.sha256(restored.file.read()).hexdigest() == digest


def test_undo_of_an_undo_is_an_undo(desk, commodity):
    event = rename(commodity, "Lint")
    desk.post(page_of(event), {"reason": REASON})
    assert desk.post(page_of(newest(object_id=str(commodity.pk))), {"reason": REASON}).status_code == 302
    commodity.refresh_from_db()
    assert (commodity.name, commodity.version) == ("Lint", 4)


def test_added_record_goes_unless_another_uses_it(desk, organization):
    with act():
        commodity = CommodityFactory(organization=organization)
    event = newest(object_id=str(commodity.pk))
    variety = CommodityVarietyFactory(commodity=commodity, organization=organization)
    answer = desk.post(page_of(event), {"reason": REASON})
    assert problems(answer) == ["Other records use it: commodity variety."]
    assert Commodity.objects.filter(pk=commodity.pk).exists()
    variety.delete()
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    assert not Commodity.objects.filter(pk=commodity.pk).exists()


def test_added_record_with_its_parts_goes_as_a_whole(desk, organization):
    category = CommodityFactory(organization=organization).category
    with act(), transaction.atomic():
        commodity = CommodityFactory(organization=organization, category=category)
        variety = CommodityVarietyFactory(commodity=commodity, organization=organization)
    event = newest(object_id=str(variety.pk))
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    assert not Commodity.objects.filter(pk=commodity.pk).exists()
    assert not CommodityVariety.objects.exists()


def test_undoing_a_part_alone_raises_the_version_of_the_whole(desk, commodity):
    variety = CommodityVarietyFactory(commodity=commodity, organization=commodity.organization, name="Bunny")
    event = rename(variety, "DCH-32")
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    variety.refresh_from_db()
    commodity.refresh_from_db()
    assert (variety.name, commodity.version) == ("Bunny", 2)


def test_code_that_another_record_has_taken_stops_it(desk, organization, commodity):
    old = commodity.code
    with act():
        commodity.code = "NEWCODE"
        commodity.save()
    event = newest(object_id=str(commodity.pk))
    CommodityFactory(organization=organization, code=old)
    [problem] = problems(desk.post(page_of(event), {"reason": REASON}))
    assert "code" in problem.lower()
    commodity.refresh_from_db()
    assert commodity.code == "NEWCODE"


def test_one_row_that_cannot_go_back_keeps_all_where_they_are(desk, organization):
    first, second = (CommodityFactory(organization=organization, name=name) for name in ("Raw cotton", "Waste"))
    with act(), transaction.atomic():
        for commodity in (first, second):
            commodity.description = "Loose"
            commodity.save()
    event = newest(object_id=str(first.pk))
    second.description = "Pressed"
    second.save()
    before = written()
    answer = desk.post(page_of(event), {"reason": REASON})
    assert (answer.status_code, len(answer.context["plan"].steps), len(problems(answer))) == (409, 2, 1)
    first.refresh_from_db()
    assert (first.description, written()) == ("Loose", before)


def test_rows_of_others_are_counted_and_stop_it(desk, admin_desk, commodity, other_organization):
    foreign = CommodityFactory(organization=other_organization, name="Secret cotton")
    with act(), transaction.atomic():
        for row in (commodity, foreign):
            row.name = f"{row.name}!"
            row.save()
    event = newest(object_id=str(commodity.pk))
    answer = desk.post(page_of(event), {"reason": REASON})
    assert problems(answer) == ["It also changed 1 record outside your scope: ask a super admin."]
    assert "Secret cotton" not in answer.content.decode()
    assert admin_desk.post(page_of(event), {"reason": REASON}).status_code == 302
    foreign.refresh_from_db()
    assert foreign.name == "Secret cotton"


def test_events_of_others_do_not_exist(strange_desk, commodity):
    event = rename(commodity, "Lint")
    assert strange_desk.get(page_of(event)).status_code == 404
    assert strange_desk.post(page_of(event), {"reason": REASON}).status_code == 404
    commodity.refresh_from_db()
    assert commodity.name == "Lint"


def test_who_may_not_change_such_records_may_not_undo(compliance_desk, commodity):
    event = rename(commodity, "Lint")
    before = written()
    answer = compliance_desk.post(page_of(event), {"reason": REASON})
    assert (answer.status_code, problems(answer)) == (409, ["Your role may not change it."])
    commodity.refresh_from_db()
    assert (commodity.name, written()) == ("Lint", before)


def test_column_that_the_form_does_not_offer_is_not_undone(desk, organization):
    partner = BusinessPartnerFactory(organization=organization)
    with act():
        BusinessPartner.objects.filter(pk=partner.pk).update(partner_code="BP-IN-000777")
    answer = desk.post(page_of(newest(object_id=str(partner.pk))), {"reason": REASON})
    partner.refresh_from_db()
    assert (problems(answer), partner.partner_code) == (["Your role may not change: code."], "BP-IN-000777")


def test_who_may_sign_in_is_not_undone(admin_desk, internal_user):
    user = internal_user("org_admin")
    with act():
        user.is_active = False
        user.save()
    answer = admin_desk.post(page_of(newest(object_id=str(user.pk))), {"reason": REASON})
    user.refresh_from_db()
    assert problems(answer) == ["It changed who may sign in or do what. Change that in the user's own form."]
    assert not user.is_active


def test_change_of_roles_in_the_same_transaction_stops_it(admin_desk, internal_user, organization):
    user, commodity = internal_user("viewer"), CommodityFactory(organization=organization, name="Raw cotton")
    with act(), transaction.atomic():
        commodity.name = "Lint"
        commodity.save()
        user.groups.clear()
    answer = admin_desk.post(page_of(newest(object_id=str(commodity.pk))), {"reason": REASON})
    commodity.refresh_from_db()
    assert problems(answer) == ["It changed who may sign in or do what. Change that in the user's own form."]
    assert commodity.name == "Lint"


def test_looking_at_an_undo_is_recorded(desk, clerk, organization):
    commodity = CommodityFactory(organization=organization)
    event = newest(object_id=str(commodity.pk))
    desk.get(page_of(event))
    seen = Event.objects.filter(event_type="audit.viewed").latest("id")
    assert (seen.actor_id, seen.organization_id) == (clerk.pk, organization.pk)
    assert "Undo of commodity.created" in str(seen.payload)


def test_replaced_secret_goes_back_without_being_shown(desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    with act():
        account.account_number = "998877665544"
        account.save()
    event = newest(object_id=str(account.pk))
    page = desk.get(page_of(event))
    assert problems(page) == []
    for number in ("123456789012", "998877665544"):
        assert number not in page.content.decode()
    assert desk.post(page_of(event), {"reason": REASON}).status_code == 302
    account.refresh_from_db()
    assert account.account_number == "123456789012"


def test_transaction_of_too_many_rows_is_refused(desk, commodity, monkeypatch):
    monkeypatch.setattr(undo, "MAX_ROWS", 1)
    with act(), transaction.atomic():
        commodity.name = "Lint"
        commodity.save()
        CommodityVarietyFactory.create_batch(2, commodity=commodity, organization=commodity.organization)
    answer = desk.get(page_of(newest(object_id=str(commodity.pk))))
    assert problems(answer) == ["It changed more than 1 rows. Correct them by an import instead."]
