"""Scope of rows that are in memory already: the same conditions as in SQL, asked without a statement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import models
from django.db.models import Q

from erp.scoping import Scope, UserType

OWNER = "organization"
LOOKUPS = ("exact", "in", "isnull")


def holds(condition: Q, row: models.Model) -> bool:
    """Whether a scope's condition is true of this row. Knows the lookups that scopes use: exact, in, isnull."""
    answers = (
        holds(child, row) if isinstance(child, Q) else _compare(row, *child)  # type: ignore[misc]
        for child in condition.children
    )
    combined = any(answers) if condition.connector == Q.OR else all(answers)
    return not combined if condition.negated else combined


def is_editable(user: Any, row: Any) -> bool:
    """Whether the row belongs to those that this user may change, as far as ownership goes."""
    return holds(row.scope.editable(user), row)


def is_visible(user: Any, row: Any) -> bool:
    """Whether the row is in this user's scope."""
    return holds(row.scope.visible(user), row)


def historical(model: Any) -> Scope:
    """The model's scope, for its history table: there "pk" is the number of the version."""
    pk = model._meta.pk.attname
    scope: Scope = model.scope
    return replace(scope, **{name: pk for name in (OWNER, "partner") if getattr(scope, name) == "pk"})


def owner_field(model: Any) -> models.Field[Any, Any] | None:
    """The column in which a row of the model names its organization, where somebody has to fill it in."""
    scope = getattr(model, "scope", None)
    if not isinstance(scope, Scope) or scope.organization != OWNER:
        return None
    field = model._meta.get_field(OWNER)
    return field if field.editable else None


def chooses_owner(user: Any) -> bool:
    """Whether the user says to whom a record belongs; for all others it is their own organization."""
    return bool(getattr(user, "user_type", None) == UserType.SUPER_ADMIN)


def is_external(user: Any) -> bool:
    """Whether the user signs in for a business partner."""
    return bool(getattr(user, "user_type", None) == UserType.EXTERNAL)


def _compare(row: Any, lookup: str, wanted: Any) -> bool:
    path, _, last = lookup.rpartition("__")
    if last not in LOOKUPS:
        path, last = lookup, "exact"
    value = _value(row, path.split("__"))
    if last == "isnull":
        return (value is None) is wanted
    return value in wanted if last == "in" else value == getattr(wanted, "pk", wanted) and value is not None


def _value(row: Any, path: list[str]) -> Any:
    for name in path[:-1]:
        row = getattr(row, name)
        if row is None:
            return None
    last = path[-1]
    return row.pk if last == "pk" else getattr(row, row._meta.get_field(last).attname)
