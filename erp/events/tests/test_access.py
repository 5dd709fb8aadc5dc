"""Events of looking: who is named, who may read them, and how often one is written."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import transaction

from commodities.tests.factories import CommodityFactory
from erp.admin import timeline
from erp.events import access
from erp.events.models import Event

pytestmark = pytest.mark.django_db


def written(kind) -> list[Event]:
    return list(Event.objects.filter(event_type=kind.name).order_by("id"))


def test_event_names_the_reader_where_the_context_does_not(internal_user, organization):
    user = internal_user("compliance_officer", full_name="Asha Rao")
    access.record(access.EXPORTED, user, what="Audit log", payload={"count": 2})
    [event] = written(access.EXPORTED)
    assert (event.actor_id, event.actor_label.partition(" <")[0]) == (user.pk, "Asha Rao")
    assert (event.category, event.organization_id) == ("access", organization.pk)
    assert event.payload == {"what": "Audit log", "count": 2}


def test_access_by_nobodys_user_to_a_shared_record_is_not_for_everybody(super_admin, internal_user):
    shared = CommodityFactory(organization=None)
    access.record(access.HISTORY_VIEWED, super_admin, what="History", subject=access.subject_of(shared))
    [event] = written(access.HISTORY_VIEWED)
    reader = internal_user("compliance_officer")
    assert event not in timeline.events_visible_to(reader)
    assert event in timeline.events_visible_to(super_admin)


def test_page_that_is_opened_again_is_one_event_each_user_and_page(internal_user):
    one, two = internal_user("org_admin"), internal_user("org_admin")
    for user, page in ((one, "a"), (one, "a"), (one, "b"), (two, "a")):
        access.opened(access.AUDIT_VIEWED, user, page=page, what=page)
    assert [(event.actor_id, event.payload["what"]) for event in written(access.AUDIT_VIEWED)] == [
        (one.pk, "a"),
        (one.pk, "b"),
        (two.pk, "a"),
    ]
    cache.clear()  # the time is over
    access.opened(access.AUDIT_VIEWED, one, page="a", what="a")
    assert len(written(access.AUDIT_VIEWED)) == 4


def test_opening_that_could_not_be_recorded_is_recorded_next_time(internal_user):
    user = internal_user("org_admin")
    with pytest.raises(TypeError), transaction.atomic():
        access.opened(access.AUDIT_VIEWED, user, page="a", what="a", payload={"bad": object()})
    access.opened(access.AUDIT_VIEWED, user, page="a", what="a")
    assert len(written(access.AUDIT_VIEWED)) == 1
