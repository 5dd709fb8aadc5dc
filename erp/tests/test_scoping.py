"""Scope: who sees and edits which rows, and that everything unknown sees nothing."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.module_loading import import_string

from erp.scoping import EVERYTHING, NOTHING, Scope, UserType

HOUSE, PARTNER = uuid.uuid4(), uuid.uuid4()


def user(kind: Any, **values: Any) -> Any:
    return SimpleNamespace(
        **{
            "is_active": True,
            "user_type": kind,
            "organization_id": None,
            "partner_id": None,
            "home_organization_id": None,
        }
        | values
    )


ADMIN = user(UserType.SUPER_ADMIN)
CLERK = user(UserType.INTERNAL, organization_id=HOUSE, home_organization_id=HOUSE)
GUEST = user(UserType.EXTERNAL, partner_id=PARTNER, home_organization_id=HOUSE)
OWN, SHARED, MINE = Q(organization=HOUSE), Q(organization__isnull=True), Q(partner=PARTNER)

TABLE = [
    # scope, user, sees, edits
    (Scope.shared(), ADMIN, EVERYTHING, EVERYTHING),
    (Scope.shared(), CLERK, EVERYTHING, NOTHING),
    (Scope.shared(), GUEST, EVERYTHING, NOTHING),
    (Scope.of_organization(), ADMIN, EVERYTHING, EVERYTHING),
    (Scope.of_organization(), CLERK, OWN, OWN),
    (Scope.of_organization(), GUEST, NOTHING, NOTHING),
    (Scope.of_organization_or_shared(), ADMIN, EVERYTHING, EVERYTHING),
    (Scope.of_organization_or_shared(), CLERK, OWN | SHARED, OWN),
    (Scope.of_organization_or_shared(), GUEST, OWN | SHARED, NOTHING),
    (Scope.of_partner(), ADMIN, EVERYTHING, EVERYTHING),
    (Scope.of_partner(), CLERK, OWN, OWN),
    (Scope.of_partner(), GUEST, MINE, MINE),
    (Scope.of_organization("pk"), CLERK, Q(pk=HOUSE), Q(pk=HOUSE)),
    (Scope.of_partner("pk"), GUEST, Q(pk=PARTNER), Q(pk=PARTNER)),
]
SCOPES = [Scope.shared(), Scope.of_organization(), Scope.of_organization_or_shared(), Scope.of_partner()]
NOBODIES = {
    "anonymous": AnonymousUser(),
    "none": None,
    "inactive": user(UserType.SUPER_ADMIN, is_active=False),
    "unknown role": user("AUDITOR", organization_id=HOUSE, partner_id=PARTNER),
    "no role": user(None, organization_id=HOUSE),
    "internal without organization": user(UserType.INTERNAL),
    "external without partner": user(UserType.EXTERNAL, organization_id=HOUSE),
}


@pytest.mark.parametrize(("scope", "who", "sees", "edits"), TABLE)
def test_scope_table(scope: Scope, who: Any, sees: Q, edits: Q) -> None:
    assert scope.visible(who) == sees
    assert scope.editable(who) == edits


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.kind.value)
@pytest.mark.parametrize("nobody", NOBODIES.values(), ids=NOBODIES)
def test_closed_by_default(scope: Scope, nobody: Any) -> None:
    assert scope.visible(nobody) == NOTHING
    assert scope.editable(nobody) == NOTHING


@pytest.mark.django_db
def test_queryset_without_scope_is_refused() -> None:
    country = import_string("locations.tests.factories.CountryFactory")()
    rows = type(country).objects.all()
    rows.model = import_string("django.contrib.auth.models.Group")
    with pytest.raises(TypeError, match=r"auth.Group has no scope"):
        rows.visible_to(ADMIN)
