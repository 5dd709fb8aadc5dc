"""Acting alone at the desk: allowed to few, seen by all who review, open until a colleague has signed it off."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from erp import context
from erp.admin.tests.pages import submit, url
from erp.approvals import services
from erp.approvals.models import ChangeRequest
from erp.approvals.tests.conftest import guarded, house  # noqa: F401 (fixtures)
from erp.events.models import Event
from erp.testing.contract import latest_event_id

pytestmark = pytest.mark.django_db
WHY = "The bank closes in ten minutes and nobody answers"
NEW_PAN = "ABCCE1234F"


@pytest.fixture
def meera(internal_user):
    """A director who may act alone."""
    user = internal_user("director_approver", full_name="Meera Joshi")
    user.groups.add(Group.objects.get(name="emergency_officer"))
    return user


@pytest.fixture
def people(meera, guarded) -> SimpleNamespace:  # noqa: F811
    """The house with guards in force, and Meera."""
    guarded.meera = meera
    return guarded


@pytest.fixture
def alone(people, client_for) -> ChangeRequest:
    """Meera has changed the partner's PAN alone, from the form on."""
    desk = client_for(people.meera)
    submit(desk, url(people.partner), pan=NEW_PAN)
    waiting = ChangeRequest.objects.get()
    page = desk.get(reverse("approval", args=[waiting.pk])).content.decode()
    assert "Change it alone" in page
    assert desk.post(page_of(waiting), {"act": "alone", "reason": WHY}).status_code == 302
    return ChangeRequest.objects.get(break_glass=True)


def page_of(found: ChangeRequest) -> str:
    return reverse("approval", args=[found.pk])


def listed(desk) -> list[ChangeRequest]:
    return list(desk.get(reverse("approvals"), {"show": "review"}).context["page"])


def test_it_is_in_force_at_once_and_stays_on_the_list_until_reviewed(alone, people, client_for):
    people.partner.refresh_from_db()
    assert (people.partner.pan, alone.status, alone.reason) == (NEW_PAN, "applied", WHY)
    assert ChangeRequest.objects.get(break_glass=False).status == "withdrawn"
    own, other = client_for(people.meera), client_for(people.sunita)
    assert listed(own) == listed(other) == [alone]
    assert "emergency change to review" in other.get(reverse("admin:index")).content.decode()
    assert other.post(page_of(alone), {"act": "review", "comment": "Called the bank"}).status_code == 302
    assert listed(own) == listed(other) == []
    alone.refresh_from_db()
    assert (alone.reviewed_by, alone.review_comment) == (people.sunita, "Called the bank")
    event = Event.objects.get(event_type="change_request.break_glass_reviewed", object_id=str(alone.pk))
    assert (event.actor_id, event.payload) == (people.sunita.pk, {"comment": "Called the bank"})


@pytest.mark.parametrize(
    ("who", "comment", "sentence"),
    [
        ("meera", "All is well", "Another person"),
        ("sunita", "  ", "Say what you found"),
    ],
)
def test_no_own_review_and_none_without_a_comment(alone, people, client_for, who, comment, sentence):
    desk = client_for(getattr(people, who))
    shown = desk.get(page_of(alone)).content.decode()
    assert ("I have looked at it" in shown) == (who == "sunita")
    before = latest_event_id()
    page = desk.post(page_of(alone), {"act": "review", "comment": comment})
    assert (page.status_code, latest_event_id()) == (409, before)
    assert sentence in page.content.decode()


@pytest.mark.parametrize(("who", "comment"), [("meera", "All is well"), ("sunita", " ")])
def test_database_refuses_such_reviews(alone, people, who, comment):
    user, rows = getattr(people, who), ChangeRequest.objects.filter(pk=alone.pk)
    values = {"reviewed_by": user, "reviewed_at": timezone.now(), "review_comment": comment}
    with context.acting(source="command", actor_id=user.pk), pytest.raises(DatabaseError), transaction.atomic():
        rows.update(**values)
    assert rows.get().reviewed_by is None


def test_viewer_sees_no_list_and_another_house_nothing(alone, people, client_for):
    for user in (people.harsh, people.stranger):
        desk = client_for(user)
        assert listed(desk) == []
        assert desk.post(page_of(alone), {"act": "review", "comment": "Fine"}).status_code == 404


@pytest.mark.parametrize(("who", "reason"), [("farhan", WHY), ("meera", "Urgent")])
def test_neither_without_the_right_nor_without_a_reason(people, client_for, who, reason):
    desk = client_for(getattr(people, who))
    submit(desk, url(people.partner), pan=NEW_PAN)
    waiting, before = ChangeRequest.objects.get(), latest_event_id()
    assert ("Change it alone" in desk.get(page_of(waiting)).content.decode()) == (who == "meera")
    page = desk.post(page_of(waiting), {"act": "alone", "reason": reason})
    assert (page.status_code, latest_event_id()) == (409, before)
    people.partner.refresh_from_db()
    assert people.partner.pan != NEW_PAN


def test_the_right_to_act_alone_gives_no_other_right(people):
    """Directors look at accounts; they don't change them."""
    before = latest_event_id()
    with pytest.raises(services.ApprovalError, match="not within reach"):
        services.break_glass(people.account, {"holder": "Alone Ltd"}, by=people.meera, reason=WHY)
    with pytest.raises(services.ApprovalError, match="not within reach"):
        services.break_glass(people.partner, {}, by=people.meera, reason=WHY, kind="delete")
    assert latest_event_id() == before


def test_record_that_moved_meanwhile_is_changed_as_it_is_now(people, client_for):
    desk = client_for(people.meera)
    submit(desk, url(people.partner), pan=NEW_PAN)
    waiting = ChangeRequest.objects.get()
    people.partner.refresh_from_db()
    people.partner.trade_name = "Ganesh"
    people.partner.save()
    assert desk.post(page_of(waiting), {"act": "alone", "reason": WHY}).status_code == 302
    people.partner.refresh_from_db()
    assert (people.partner.pan, people.partner.trade_name) == (NEW_PAN, "Ganesh")
