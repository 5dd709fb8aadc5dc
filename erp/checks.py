"""System checks: a model without scope, history or named constraints does not start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import models

from erp.events.tracking import Tracking
from erp.models import MasterData
from erp.scoping import Scope, ScopedQuerySet

# Switches of django-simple-history that would pretend to turn the record off.
HISTORY_SWITCHES = ("SIMPLE_HISTORY_ENABLED", "SIMPLE_HISTORY_EDIT")
# Through tables of Django's own that are tracked as events (accounts/apps.py).
KNOWN_MANY_TO_MANY = {"accounts.User.groups", "accounts.User.user_permissions"}


def master_data_models() -> list[type[MasterData]]:
    """Every concrete MasterData model, by label."""
    found = [model for model in apps.get_models() if issubclass(model, MasterData)]
    return sorted(found, key=lambda model: model._meta.label)


@register(Tags.models)
def check_master_data(**_: Any) -> list[CheckMessage]:
    """Every MasterData model declares scope and tracking, keeps history, and names its rules."""
    return [message for model in master_data_models() for message in _check_model(model)]


@register(Tags.security)
def check_history_switches(**_: Any) -> list[CheckMessage]:
    """The record of changes has no switch; settings must not suggest one."""
    return [
        Error(
            f"{name} is set, but the record of changes can't be switched or edited.",
            hint=f"Remove {name} from the settings.",
            id="erp.E010",
        )
        for name in HISTORY_SWITCHES
        if hasattr(settings, name)
    ]


@register(Tags.security, deploy=True)
def check_contact(**_: Any) -> list[CheckMessage]:
    """Users and the API's document name an address that somebody reads."""
    if settings.DEBUG or not settings.API_CONTACT_EMAIL.endswith("@cotton-erp.example"):
        return []
    hint = "Set API_CONTACT_EMAIL to the address of your support."
    return [
        Warning(f"{settings.API_CONTACT_EMAIL} reaches nobody, and users are sent to it.", hint=hint, id="erp.W030")
    ]


def _check_model(model: type[MasterData]) -> Iterator[CheckMessage]:
    if not isinstance(getattr(model, "scope", None), Scope):
        yield _error(model, "has no scope", "Declare `scope = Scope.…()`: who may see its rows?", "E001")
    if not isinstance(getattr(model, "tracking", None), Tracking):
        yield _error(model, "has no tracking", 'Declare `tracking = Tracking("aggregate")`.', "E002")
    if not hasattr(model._meta, "simple_history_manager_attribute"):
        yield _error(model, "keeps no history", "Don't redefine `history`; MasterData brings it.", "E003")
    if not isinstance(model._default_manager.all(), ScopedQuerySet):
        yield _error(model, "has a manager without scope", "Build `objects` from a ScopedQuerySet.", "E004")
    if any(
        isinstance(parent, type) and parent is not MasterData and _is_concrete(parent) for parent in model.__mro__[1:]
    ):
        yield _error(model, "inherits from another table", "Use an abstract base: one record, one row.", "E005")
    yield from _check_constraints(model)
    yield from _check_relations(model)


def _check_constraints(model: type[MasterData]) -> Iterator[CheckMessage]:
    default = models.BaseConstraint.default_violation_error_message
    for constraint in model._meta.constraints:
        if constraint.violation_error_message == default:
            yield _error(
                model, f"says nothing when {constraint.name} is violated", "Give it a violation_error_message.", "E006"
            )
    if not any(isinstance(rule, models.UniqueConstraint) for rule in model._meta.constraints) and not any(
        field.unique for field in model._meta.concrete_fields if not field.primary_key or field.name != "id"
    ):
        yield _error(model, "has no unique rule", "Name its natural key in a UniqueConstraint.", "E007")


def _check_relations(model: type[MasterData]) -> Iterator[CheckMessage]:
    for field in model._meta.local_many_to_many:
        if f"{model._meta.label}.{field.name}" not in KNOWN_MANY_TO_MANY:
            yield _error(
                model, f"has an automatic many-to-many field {field.name}", "Write the through model, tracked.", "E008"
            )
    for relation in model._meta.concrete_fields:
        if isinstance(relation, models.ForeignKey) and relation.remote_field.on_delete is not models.PROTECT:
            yield _error(
                model, f"does not protect {relation.name}", "Use on_delete=models.PROTECT; deactivate instead.", "E009"
            )


def _is_concrete(parent: type) -> bool:
    meta = getattr(parent, "_meta", None)
    return meta is not None and not meta.abstract


def _error(model: type[MasterData], fact: str, hint: str, number: str) -> Error:
    return Error(f"{model._meta.label} {fact}.", hint=hint, obj=model, id=f"erp.{number}")
