"""Every operation of the API, asked by every kind of user: expected answers stand in erp/testing/api_matrix.json.

One without a reviewed line fails. A refusal must leave no row and no event, and "not yours" must be answered as "there is
none". Each request is undone afterwards.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.db import transaction

from erp.api.models import StoredAnswer
from erp.api.permissions import grants_of
from erp.api.tests.world import Operation, World, operations
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import make_user

pytestmark = pytest.mark.django_db

MATRIX: dict[str, str] = json.loads((settings.BASE_DIR / "erp" / "testing" / "api_matrix.json").read_text())
ASKING = (
    "anonymous", "super_admin", "org_admin", "other_org_admin", "partner_admin", "other_partner_admin",
    "compliance_officer", "viewer",
)  # fmt: skip
READING = ("list", "retrieve", "history")
OUT_OF_REACH = 404
OPERATIONS = {str(operation): operation for operation in operations()}


def test_every_operation_has_a_reviewed_line() -> None:
    assert sorted(OPERATIONS) == sorted(MATRIX)


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_are_the_reviewed_ones(name: str, world: World) -> None:
    operation = OPERATIONS[name]
    answers = [_answer(world, operation, asking) for asking in ASKING]
    assert dict(zip(ASKING, answers, strict=True)) == dict(zip(ASKING, map(int, MATRIX[name].split()), strict=True))


def _answer(world: World, operation: Operation, asking: str) -> int:
    """Status of the answer; on the way, that a refusal wrote nothing and a 404 tells nothing."""
    cache.clear()  # of rate limits: sign-in allows ten requests a minute
    before, body = _written(operation), world.body(operation, asking=asking)
    with transaction.atomic():
        answer = world.send(operation, asking=asking, body=body)
        if answer.status_code >= 400 or operation.action in READING:
            assert _written(operation) == before, asking
        transaction.set_rollback(True)
    if answer.status_code == OUT_OF_REACH:
        with transaction.atomic():
            unknown = world.send(operation, asking=asking, body=body, unknown=True)
            transaction.set_rollback(True)
        assert _told(answer) == _told(unknown), asking
    return int(answer.status_code)


def test_users_of_one_role_share_what_they_may(internal_user: Any) -> None:
    first, second, other = internal_user("viewer"), internal_user("viewer"), internal_user("org_admin")
    group = Group.objects.get(name="viewer")
    names = {f"{app}.{code}" for app, code in group.permissions.values_list("content_type__app_label", "codename")}
    assert grants_of(first) == (names, {"viewer"})
    assert grants_of(second) is grants_of(first)
    more = Permission.objects.get(codename="delete_location")
    other.user_permissions.add(more)
    other.groups.add(group)
    assert grants_of(other).roles == {"org_admin", "viewer"}
    assert grants_of(other).permissions >= {*names, "locations.delete_location"}
    assert other.has_perm("locations.delete_location")
    assert grants_of(make_user("INTERNAL", organization=first.organization)) == (set(), set())


def _written(operation: Operation) -> tuple[int, ...]:
    """What a write would change: events, answers kept for repeats, the records and their past."""
    model = operation.resource.view.model if operation.resource else None
    counts = (model._base_manager.count(), model.history.count()) if model else ()
    return latest_event_id(), StoredAnswer.objects.count(), *counts


def _told(answer: Any) -> Any:
    return answer.status_code, {**answer.json(), "instance": "", "request_id": ""}, sorted(answer.headers)
