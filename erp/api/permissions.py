"""What a user may do: Django's model permissions, read in one statement, on top of the scope of rows."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import F, Value
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from erp import snapshots
from erp.kept import USER, Statement
from erp.scoping import NOTHING, UserType

VERBS = {
    "list": "view",
    "retrieve": "view",
    "history": "view",
    "file": "view",
    "create": "add",
    "bulk": "add",
    "partial_update": "change",
    "destroy": "delete",
    # Steps of a change request (approvals.py), whose services say who may take them.
    "approve": "view",
    "reject": "view",
    "withdraw": "view",
}
WRITES = frozenset({"add", "change", "delete"})
_CACHE = "_api_grants"
ROLE = "role."


class Grants(NamedTuple):
    """Permissions as "app.verb_model", and the names of the roles that the user holds."""

    permissions: frozenset[str]
    roles: frozenset[str]


def grants_of(user: Any) -> Grants:
    """Permissions and roles of a user: one statement, remembered on the user and with the snapshot of its sign-in."""
    found: Grants | None = user.__dict__.get(_CACHE)
    if found is None:
        kept = snapshots.shared(user)
        found = (kept or {}).get(_CACHE) or _read_grants(user)
        if kept is not None:
            kept[_CACHE] = found
        setattr(user, _CACHE, found)
        user._perm_cache = found.permissions  # where Django's has_perm() looks
    return found


def _read_grants(user: Any) -> Grants:
    ((names,),) = _grants_statement().rows({USER: user.pk})
    return _grants(tuple(names or ()))


@lru_cache(maxsize=500)
def _grants(names: tuple[str, ...]) -> Grants:
    """What these names stand for: one object for all users with the same roles."""
    roles = {name for name in names if name.startswith(ROLE)}
    return Grants(frozenset(names) - roles, frozenset(name.removeprefix(ROLE) for name in roles))


@cache
def _grants_statement() -> Statement:
    """All names in one row, which is quicker read than hundreds."""
    columns = {"app": F("content_type__app_label"), "code": F("codename")}
    named = Group.objects.filter(user=USER).order_by().values_list(Value(ROLE[:-1]), "name")
    rows = named.union(
        Permission.objects.filter(group__user=USER).order_by().values_list(*columns.values()),
        Permission.objects.filter(user=USER).order_by().values_list(*columns.values()),
    )
    sql, params = rows.query.sql_with_params()
    return Statement(f"SELECT array_agg(app || '.' || code) FROM ({sql}) AS granted (app, code)", params)  # noqa: S608 (the ORM's SQL)


def may(user: Any, verb: str, model: type[models.Model]) -> bool:
    """Whether the user's roles let it `verb` ("view", "add", "change", "delete") rows of the model, wherever they are."""
    if not user.is_active:
        return False
    if user.user_type == UserType.SUPER_ADMIN:
        return True
    meta = model._meta
    return f"{meta.app_label}.{verb}_{meta.model_name}" in grants_of(user).permissions


def may_ever(user: Any, verb: str, model: Any) -> bool:
    """As `may`, and for writes: whether there can be any row at all that the scope lets the user write."""
    return may(user, verb, model) and (verb not in WRITES or model.scope.editable(user) != NOTHING)


class SignedIn(BasePermission):
    """401 for everybody who has not signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated and request.user.is_active)


class RolePermission(SignedIn):
    """403 where the user's roles never allow what the view's action does, whatever the row."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        verb = VERBS.get(view.action) if view.action in view.verbs else None
        if verb is None:  # no such verb at this address: 405 follows
            return True
        parent = view.parent_model
        return may_ever(request.user, verb, view.model) and (parent is None or may(request.user, "view", parent))
