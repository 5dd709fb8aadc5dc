"""Requests and delegations, valid by default; whoever makes them acts, as the database wants it."""

from __future__ import annotations

import datetime
from typing import Any

import factory

from erp import context
from erp.testing.factories import ModelFactory


class ChangeRequestFactory(ModelFactory):
    """A colleague asks for a new PAN of an organization."""

    class Meta:
        model = "approvals.ChangeRequest"

    maker = factory.SubFactory("accounts.tests.factories.UserFactory")
    organization = factory.SelfAttribute("maker.organization")
    object_type = "organizations.organization"
    object_id = factory.LazyAttribute(lambda made: str(made.organization.pk))
    object_label = factory.LazyAttribute(lambda made: made.organization.name)
    base_version = 1
    changes: Any = {"tan": ["", "RKTA12345B"]}
    reason = "Given by the tax office"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with context.acting(source="task", actor_id=kwargs["maker"].pk):
            return super()._create(model_class, *args, **kwargs)


class DelegationFactory(ModelFactory):
    """Two weeks away."""

    class Meta:
        model = "approvals.Delegation"

    from_user = factory.SubFactory("accounts.tests.factories.UserFactory")
    to_user = factory.SubFactory(
        "accounts.tests.factories.UserFactory", organization=factory.SelfAttribute("..from_user.organization")
    )
    valid_from = datetime.date(2026, 1, 1)
    valid_to = datetime.date(2099, 12, 31)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with context.acting(source="task", actor_id=kwargs["from_user"].pk):
            return super()._create(model_class, *args, **kwargs)
