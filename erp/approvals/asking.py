"""What the desk and the API do alike: save what needs nobody else, ask for the rest, and say what was asked for.

held = held_back(account)
account.save()
requests = ask(account, held, maker=asha, reason="Name corrected by the bank")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q

from erp import masking
from erp.approvals import guards, services
from erp.approvals.models import ChangeRequest
from erp.approvals.services import Kind
from erp.models import MasterData

MASKED = {"masked": True}


@dataclass(frozen=True)
class Line:
    """One value of a request, from what to what. Secrets stand masked, derived columns don't stand at all."""

    field: Any
    name: str
    label: str
    old: Any
    new: Any


def held_back(row: MasterData) -> dict[str, Any]:
    """Take what needs a second person off a row that is about to be saved: {attribute: new value}, often empty."""
    held = services.hold_back(row)
    if held and not services.in_force():
        for name, value in held.items():
            setattr(row, name, value)
        return {}
    return held


def ask(row: MasterData, held: Mapping[str, Any], *, maker: Any, reason: str) -> list[ChangeRequest]:
    """A request for what was held back, once the rest is saved. Raises: as `services.request_change`."""
    return [services.request_change(row, held, maker=maker, reason=reason)] if held else []


def ask_to_delete(row: MasterData, *, maker: Any, reason: str) -> ChangeRequest | None:
    """A request to delete a guarded row; None where it may be deleted at once. Raises: as `services.request_change`."""
    if not services.guarded(type(row)) or not services.in_force():
        return None
    return services.request_change(row, {}, maker=maker, reason=reason, kind=Kind.DELETE)


def ask_for_members(
    user: Any, name: str, wanted: Iterable[Any], *, maker: Any, reason: str
) -> list[ChangeRequest] | None:
    """Requests so that `user` gets and loses roles (`name`: "groups") until it holds those that are wanted.

    None where they may be given at once. Raises: as `services.request_membership`.
    """
    wanted, held = set(wanted), set(getattr(user, name).all())
    if wanted == held or not services.in_force():
        return None
    more, less = (sorted(some, key=str) for some in (wanted - held, held - wanted))
    return services.request_membership(user, add=more, remove=less, maker=maker, reason=reason)


# Many rows at once are written or refused, never asked for ----------------------------------------------------------------


def guarded_values(row: MasterData) -> dict[str, Any]:
    """{field: value} of a stored row before it changes; of a new one, the values that need nobody else."""
    model = type(row)
    if not services.guarded(model):
        return {}
    if not row._state.adding:
        return {field.name: getattr(row, field.attname) for field in services.held_now(row)}
    harmless = guards.harmless_values(model)
    return {field.name: harmless[field.column] for field in model._meta.concrete_fields if field.column in harmless}


def touched(row: MasterData, before: Mapping[str, Any]) -> list[str]:
    """Fields that people write and that differ from `before`. Raises: ValidationError: a value is none of its field."""
    found = []
    for name, value in before.items():
        field: Any = row._meta.get_field(name)
        if field.editable and field.to_python(getattr(row, field.attname)) != field.to_python(value):
            found.append(name)
    return sorted(found)


# What a request says --------------------------------------------------------------------------------------------------------


def readable(user: Any) -> Q:
    """Requests that this user may read: the own ones, and those about records of kinds that the user may view."""
    own = Q(maker=user.pk)
    if not user.has_perm("approvals.view_changerequest"):
        return own
    seen = [model._meta.label_lower for model in guards.guarded_models() if services.may_look(user, model)]
    members = guards.memberships()
    people = next(iter(members.values())).model
    return own | Q(object_type__in=[*seen, *(members if services.may_look(user, people) else ())])


def is_membership(request: ChangeRequest) -> bool:
    """Whether it gives or takes a role or permission."""
    return request.object_type in guards.memberships()


def record_of(request: ChangeRequest) -> Any:
    """The record as it is now; None when it is gone."""
    try:
        return services.model_of(request)._base_manager.get(pk=request.object_id)
    except ObjectDoesNotExist:
        return None


def values(request: ChangeRequest) -> dict[str, Any]:
    """{attribute: new value} of an update, as `services.request_change` takes it."""
    fields = {field.column: field for field in services.model_of(request)._meta.concrete_fields}
    return {
        fields[column].attname: services.value_of(fields[column], new) for column, (_, new) in request.changes.items()
    }


def lines(request: ChangeRequest) -> list[Line]:
    """What changes, in the order of the record's columns."""
    if is_membership(request):
        return [_member_line(request)]
    found = []
    for field in services.model_of(request)._meta.concrete_fields:
        if field.column in request.changes and field.editable:
            old, new = (_plain(field, spelled) for spelled in request.changes[field.column])
            found.append(Line(field, field.name, str(field.verbose_name), old, new))
    return found


def member_of(request: ChangeRequest) -> Any:
    """The role or permission that a request is about; None when it is gone."""
    field = guards.memberships()[request.object_type]
    return field.related_model._base_manager.filter(pk=services.member_key(request)).first()


def summary(request: ChangeRequest) -> str:
    """In few words: "bank account number, holder", "role viewer", "deletion"."""
    if request.kind == Kind.DELETE and not is_membership(request):
        return "deletion"
    if is_membership(request):
        line = lines(request)[0]
        return f"{line.label} {line.new or line.old}"
    return ", ".join(line.label for line in lines(request)) or "derived values"


def _member_line(request: ChangeRequest) -> Line:
    field = guards.memberships()[request.object_type]
    name = str(member_of(request) or "no longer there")
    pair = (None, name) if request.kind == Kind.ADD else (name, None)
    label = "role" if field.name == "groups" else "permission"
    return Line(field, field.name, label, *pair)


def _plain(field: Any, spelled: Any) -> Any:
    """A value as whoever may view the record may see it."""
    value = services.value_of(field, spelled)
    if field.name in masking.MASKED:
        return masking.masked(value or "")
    return MASKED if field.attname in field.model.tracking.secret else value


def name_of(line: Line, value: Any, *, user: Any) -> str | None:
    """What the row is called that a foreign key names, if the user may see it; None for other fields and rows."""
    if value is None or not isinstance(line.field, models.ForeignKey):
        return None
    target = line.field.remote_field.model
    rows = target._default_manager
    row = (rows.visible_to(user) if hasattr(rows, "visible_to") else rows).filter(pk=value).first()
    return str(row) if row is not None else None
