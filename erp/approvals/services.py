"""Asking for a change, deciding it, acting alone in an emergency. The desk and the API call these; guards.sql has the last word.

request = request_change(account, {"holder": "Narmada Cotton LLP"}, maker=asha, reason="Name corrected by the bank")
approve(request, by=sunita, comment="Seen on the bank's letter")
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from erp import context
from erp.approvals import guards
from erp.approvals.models import SHORTEST_BREAK_GLASS_REASON, ApprovalDecision, ChangeRequest, Delegation
from erp.models import MasterData

REFUSED = "ERP02"
DECIDE = "approvals.decide_changerequest"
BREAK_GLASS = "approvals.break_glass"

Kind = ChangeRequest.Kind
Status = ChangeRequest.Status


class ApprovalError(Exception):
    """A step that is not open to this person or this request; nothing was written."""


class OvertakenError(ApprovalError):
    """The record changed after the request was made. The request is now in conflict: let the caller's transaction commit."""

    def __init__(self, request: ChangeRequest) -> None:
        super().__init__(
            f"{request.object_label} changed after this was asked for: ask again for the change of the record as it is now."
        )
        self.request = request


# Asking ---------------------------------------------------------------------------------------------------------------


def guarded(model: type[models.Model]) -> frozenset[str]:
    """Names of the fields whose change needs a second person; empty for most models."""
    held = set(guards.columns(model))
    return frozenset(field.name for field in model._meta.concrete_fields if field.column in held)


def held_now(stored: models.Model) -> list[Any]:
    """Fields of a stored record whose change needs a second person, as the record stands now."""
    kept = guards.kept_values(type(stored))
    return [f for f in _fields(type(stored)) if f.column not in kept or getattr(stored, f.attname) == kept[f.column]]


def in_force() -> bool:
    """Whether the database wants a second person: always, but for tests and demonstration data."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT erp_four_eyes()")
        return bool(cursor.fetchone() == (True,))


def refused(error: BaseException) -> bool:
    """Whether the database refused a write because it lacks an approval: SQLSTATE ERP02 anywhere in the chain of causes."""
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "sqlstate", None) == REFUSED:
            return True
        cause = cause.__cause__
    return False


def refusal(error: BaseException) -> str:
    """What people read of a write that the database refused for want of an approval: the thing, the fact, the way out."""
    cause: Any = error
    while cause is not None and getattr(cause, "diag", None) is None:
        cause = cause.__cause__
    diagnosis = getattr(cause, "diag", None)
    table, column = (getattr(diagnosis, f"{name}_name", None) for name in ("table", "column"))
    if table in {field.m2m_db_table() for field in guards.memberships().values()}:
        return "A user’s roles come and go with the approval of a second person: ask for that on the user’s form first."
    model = next((each for each in guards.guarded_models() if each._meta.db_table == table), None)
    if model is None:
        return "This needs the approval of a second person: ask for it on the record’s own form."
    names = [str(field.verbose_name) for field in _fields(model) if field.column == column]
    what = f"{names[0]} of this {model._meta.verbose_name}" if names else f"this {model._meta.verbose_name}"
    return f"{what[:1].upper()}{what[1:]} needs the approval of a second person: ask for it on the record’s own form."


def hold_back(instance: MasterData) -> dict[str, Any]:
    """Take the guarded values off an instance that is about to be saved: it keeps the stored ones, or harmless ones when new.

    Returns what was taken, {attribute: new value}; save the instance, then pass it to `request_change`.
    """
    model = type(instance)
    if not guarded(model):
        return {}
    if instance._state.adding:
        harmless = guards.harmless_values(model)
        before = {field: harmless[field.column] for field in _fields(model) if field.column in harmless}
    else:
        stored = model._base_manager.get(pk=instance.pk)
        before = {field: getattr(stored, field.attname) for field in held_now(stored)}
    taken = {}
    for field, value in before.items():
        if _spelling(field, value) != _spelling(field, getattr(instance, field.attname)):
            taken[field.attname] = getattr(instance, field.attname)
            setattr(instance, field.attname, value)
    return taken


def request_change(
    instance: MasterData, changes: Mapping[str, Any], *, maker: Any, reason: str, kind: str = "update"
) -> ChangeRequest:
    """Ask that a stored record gets these values, {field or attribute: value}, or is deleted (`kind="delete"`, no changes).

    Columns that follow from the values (the fingerprint of an account number) are added. The record stays as it is.
    Raises: ValidationError: the values break a rule, or change nothing. ApprovalError: the maker lacks a right.
    """
    stored = type(instance)._base_manager.get(pk=instance.pk)
    pairs = _differences(stored, changes) if kind == Kind.UPDATE else {}
    if kind == Kind.UPDATE and not pairs:
        raise ValidationError(f"{stored} has these values already: nothing to ask for.")
    return _ask(stored, kind, stored._meta.label_lower, f"{stored}", pairs, maker=maker, reason=reason)


def request_membership(
    user: Any, *, add: Iterable[Any] = (), remove: Iterable[Any] = (), maker: Any, reason: str
) -> list[ChangeRequest]:
    """Ask that a user gets and loses these roles (groups) or permissions; one request for each.

    Raises: ApprovalError: the maker lacks a right that a role would give.
    """
    asked = []
    with transaction.atomic():
        for kind, targets in ((Kind.ADD, add), (Kind.DELETE, remove)):
            for target in targets:
                label, field = next(
                    (label, field)
                    for label, field in guards.memberships().items()
                    if isinstance(target, field.related_model)
                )
                pair = [None, target.pk] if kind == Kind.ADD else [target.pk, None]
                changes = {field.m2m_reverse_name(): pair}
                asked.append(_ask(user, kind, label, f"{user}: {target}", changes, maker=maker, reason=reason))
    return asked


def withdraw(request: ChangeRequest, *, by: Any, reason: str = "Withdrawn") -> ChangeRequest:
    """Take one's own request back. Raises: ApprovalError: it is somebody else's, or decided already."""
    with _acting(by, reason), transaction.atomic():
        request = _locked(request)
        if request.maker_id != by.pk:
            raise ApprovalError(
                f"{request.maker} asked for this change, and only they take it back: reject it instead."
            )
        request.status = Status.WITHDRAWN
        request.save()
    return request


# Deciding -------------------------------------------------------------------------------------------------------------


def waiting_for(user: Any) -> QuerySet[ChangeRequest]:
    """Requests that this user may decide now, in own right or for a colleague who is away; newest first."""
    own = _decidable(user)
    for away in _away(user):
        own |= _decidable(away) & ~Q(maker=away.pk)
    lenders = _lenders(user).values("from_user")
    requests: QuerySet[ChangeRequest] = ChangeRequest.objects.pending().filter(own).exclude(maker=user.pk)
    return requests.exclude(maker__in=lenders).select_related("maker", "organization")


def made_by(user: Any) -> QuerySet[ChangeRequest]:
    """Requests that this user made; newest first."""
    requests: QuerySet[ChangeRequest] = ChangeRequest.objects.filter(maker=user.pk)
    return requests.select_related("maker", "organization")


def may_decide(user: Any, request: ChangeRequest) -> bool:
    """Whether this user may approve or reject this request now: never one's own, nor that of whoever is away."""
    return _standing(user, request) is not None


def approve(request: ChangeRequest, *, by: Any, comment: str = "", on_behalf_of: Any = None) -> Any:
    """Approve and put into force, in one transaction; returns the record as it is now (deleted ones as they were).

    Raises: ApprovalError: the user may not decide it, or it is decided, withdrawn or too old. OvertakenError: the record
    changed meanwhile; the request is in conflict. ValidationError: the record breaks a rule by now; nothing was written.
    """
    with transaction.atomic():
        request = _locked(request)
        standing = _standing_or_error(by, request, on_behalf_of)
        target = _target(request)
        with _acting(by, comment or request.reason, approval_id=request.pk, on_behalf_of=_other(standing, by)):
            if not _is_current(request, target):
                request.status = Status.CONFLICT
                request.save()
                target = None
            else:
                _decide(request, by, ApprovalDecision.Verdict.APPROVED, comment, standing)
                _apply(request, target)
    if target is None:
        raise OvertakenError(request)
    return target


def reject(request: ChangeRequest, *, by: Any, comment: str, on_behalf_of: Any = None) -> ChangeRequest:
    """Refuse a change. Raises: ApprovalError: the user may not decide it, or no comment says why."""
    if not comment.strip():
        raise ApprovalError("Say why the change is rejected: its maker reads the comment.")
    with transaction.atomic():
        request = _locked(request)
        standing = _standing_or_error(by, request, on_behalf_of)
        with _acting(by, comment, approval_id=request.pk, on_behalf_of=_other(standing, by)):
            _decide(request, by, ApprovalDecision.Verdict.REJECTED, comment, standing)
    return request


def expire_due() -> int:
    """Close requests that nobody decided in seven days; returns how many."""
    count = 0
    with transaction.atomic():
        for request in ChangeRequest.objects.overdue().select_for_update(no_key=True, of=("self",)).order_by("pk"):
            request.status = Status.EXPIRED
            request.save()
            count += 1
    return count


# Alone, in an emergency ---------------------------------------------------------------------------------------------------


def break_glass(instance: MasterData, changes: Mapping[str, Any], *, by: Any, reason: str, kind: str = "update") -> Any:
    """Change a guarded record without a second person, at once. It stays on the review list, and compliance hears of it.

    Raises: ApprovalError: no right to act alone, or too short a reason. ValidationError: as `request_change`.
    """
    _check_break_glass(by, reason)
    stored = type(instance)._base_manager.get(pk=instance.pk)
    pairs = _differences(stored, changes) if kind == Kind.UPDATE else {}
    return _alone(stored, kind, stored._meta.label_lower, f"{stored}", pairs, by=by, reason=reason)


def break_glass_membership(user: Any, target: Any, *, by: Any, reason: str, remove: bool = False) -> Any:
    """Give a role or permission to a user, or take it, without a second person. Raises: as `break_glass`."""
    _check_break_glass(by, reason)
    label, field = next((label, f) for label, f in guards.memberships().items() if isinstance(target, f.related_model))
    kind, pair = (Kind.DELETE, [target.pk, None]) if remove else (Kind.ADD, [None, target.pk])
    return _alone(user, kind, label, f"{user}: {target}", {field.m2m_reverse_name(): pair}, by=by, reason=reason)


def to_review(user: Any) -> QuerySet[ChangeRequest]:
    """Emergency changes in the user's scope that wait for another person's look."""
    requests: QuerySet[ChangeRequest] = ChangeRequest.objects.visible_to(user).to_review()
    return requests.exclude(maker=user.pk).select_related("maker", "organization")


def review(request: ChangeRequest, *, by: Any, comment: str) -> ChangeRequest:
    """Confirm that somebody else has looked at an emergency change. Raises: ApprovalError."""
    with transaction.atomic():
        request = _locked(request, status=Status.APPLIED)
        if not request.break_glass or request.reviewed_by_id:
            raise ApprovalError("Only an emergency change is reviewed, and once.")
        if request.maker_id == by.pk or not _reaches(by, request) or not by.has_perm("approvals.view_changerequest"):
            raise ApprovalError("Another person with a right to see approvals reviews an emergency change.")
        if not comment.strip():
            raise ApprovalError("Say what you found: the review is kept with the change.")
        with _acting(by, comment, approval_id=request.pk):
            request.reviewed_by, request.reviewed_at, request.review_comment = by, timezone.now(), comment
            request.emit_event("change_request.break_glass_reviewed", by.pk, {"comment": comment})
            request.save()
    return request


# Reading a request ---------------------------------------------------------------------------------------------------------


def model_of(request: ChangeRequest) -> Any:
    """Model of the record; for a role or permission of a user that of users."""
    return get_user_model() if request.object_type in guards.memberships() else apps.get_model(request.object_type)


def member_key(request: ChangeRequest) -> Any:
    """Primary key of the role or permission that a request is about."""
    ((pair),) = request.changes.values()
    return pair[0] if request.kind == Kind.DELETE else pair[1]


def value_of(field: Any, spelled: Any) -> Any:
    """The Python value of a column as a request spells it."""
    if hasattr(field, "from_db_value"):
        return field.from_db_value(spelled, None, connection)
    return (field.target_field if field.is_relation else field).to_python(spelled)


def may_look(user: Any, model: Any) -> bool:
    """Whether the user may view records of this model."""
    return bool(user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"))


# Inside -------------------------------------------------------------------------------------------------------------------


def _fields(model: type[models.Model]) -> list[Any]:
    held = set(guards.columns(model))
    return [field for field in model._meta.concrete_fields if field.column in held]


def _spelling(field: Any, value: Any) -> Any:
    """A value as JSON that the database reads back in the type of the column, exactly."""
    stored = field.get_db_prep_save(value, connection)
    if stored is None or isinstance(stored, (bool, int, str)):
        return stored
    return stored.isoformat() if isinstance(stored, (date, datetime, time)) else str(stored)


def _differences(stored: MasterData, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{column: [old, new]} of the guarded columns, derived ones included. Raises: ValidationError."""
    names, candidate = {name for each in held_now(stored) for name in (each.name, each.attname)}, copy.copy(stored)
    candidate._state = copy.copy(stored._state)
    for name, value in changes.items():
        if name not in names:
            raise ValidationError(f"{name} of {stored._meta.verbose_name} needs no approval: save it as usual.")
        setattr(candidate, name, value)
    candidate.full_clean(exclude=["password"])
    pairs = {}
    for field in _fields(type(stored)):
        old, new = (_spelling(field, getattr(row, field.attname)) for row in (stored, candidate))
        if old != new:
            pairs[field.column] = [old, new]
    return pairs


def _ask(
    target: Any,
    kind: str,
    object_type: str,
    label: str,
    changes: dict[str, Any],
    *,
    maker: Any,
    reason: str,
    **more: Any,
) -> ChangeRequest:
    request = ChangeRequest(
        organization_id=_house(target),
        kind=kind,
        object_type=object_type,
        object_id=str(target.pk),
        object_label=label[:300],
        base_version=target.version,
        changes=changes,
        reason=reason.strip(),
        maker=maker,
        **more,
    )
    if not _may_give(maker, request):
        raise ApprovalError(f"{maker} can't give to others more than they may do: ask somebody who may.")
    with _acting(maker, reason):
        request.full_clean()
        request.save()
    return request


def _alone(
    target: Any, kind: str, object_type: str, label: str, changes: dict[str, Any], *, by: Any, reason: str
) -> Any:
    with transaction.atomic():
        request = _ask(target, kind, object_type, label, changes, maker=by, reason=reason, break_glass=True)
        row = _target(request)
        if row is None or not (_may_write(by, request) and _reaches(by, request) and _sees_record(by, request)):
            raise ApprovalError(f"{label} is not within reach of {by}.")
        with _acting(by, reason, approval_id=request.pk):
            request.emit_event("change_request.break_glass", by.pk, {"reason": reason})
            request.status = Status.APPROVED
            request.save()
            _apply(request, row)
        _tell(request)
    return row


def _tell(request: ChangeRequest) -> None:
    from erp.approvals.jobs import tell_of_break_glass  # noqa: PLC0415 (jobs call services)

    tell_of_break_glass.defer(request_id=str(request.pk))


def _check_break_glass(by: Any, reason: str) -> None:
    if not by.has_perm(BREAK_GLASS):
        raise ApprovalError(f"{by} has no right to act alone: ask for the change instead.")
    if len(reason.strip()) < SHORTEST_BREAK_GLASS_REASON:
        raise ApprovalError(
            f"Say in {SHORTEST_BREAK_GLASS_REASON} characters or more why it can't wait for a second person."
        )


def _house(target: Any) -> uuid.UUID | None:
    """Organization of a record; for a user also that of its partner."""
    home = getattr(target, "home_organization_id", None)
    found: uuid.UUID | None = home or target._owner_id("organization")
    return found


def _locked(request: ChangeRequest, *, status: str = Status.PENDING) -> ChangeRequest:
    """The request as it is stored, held until commit. Raises: ApprovalError: it has another status, or is too old."""
    rows = ChangeRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("maker")
    found: ChangeRequest = rows.get(pk=request.pk)
    if found.status != status:
        raise ApprovalError(f"This request is no longer open: {found.get_status_display().lower()}.")
    if status == Status.PENDING and not ChangeRequest.objects.pending().filter(pk=found.pk).exists():
        raise ApprovalError("Nobody decided this request within seven days: ask again.")
    return found


def _target(request: ChangeRequest) -> Any:
    """The record, held until commit; None when it is gone."""
    rows = model_of(request)._base_manager.select_for_update(no_key=True, of=("self",))
    try:
        return rows.get(pk=request.object_id)
    except ObjectDoesNotExist:
        return None


def _is_current(request: ChangeRequest, target: Any) -> bool:
    """Whether the record is still what the maker saw. A role or permission: whether it is still to be given or taken."""
    if target is None:
        return False
    field = guards.memberships().get(request.object_type)
    if field is None:
        return bool(target.version == request.base_version)
    held = getattr(target, field.name).filter(pk=member_key(request)).exists()
    return bool(held == (request.kind == Kind.DELETE))


def _decide(request: ChangeRequest, by: Any, verdict: str, comment: str, standing: Any) -> None:
    decision = ApprovalDecision(
        request=request,
        maker_id=request.maker_id,
        approver=by,
        on_behalf_of_id=_other(standing, by),
        verdict=verdict,
        comment=comment.strip(),
    )
    decision.save(force_insert=True)
    request.status = Status(verdict)
    request.save()


def _apply(request: ChangeRequest, target: Any) -> None:
    """Write what was approved; the guard marks the request as applied."""
    if field := guards.memberships().get(request.object_type):
        member = field.related_model._base_manager.get(pk=member_key(request))
        held = getattr(target, field.name)
        (held.add if request.kind == Kind.ADD else held.remove)(member)
    elif request.kind == Kind.DELETE:
        target.delete()
    else:
        by_column = {each.column: each for each in _fields(type(target))}
        for column, (_, new) in request.changes.items():
            setattr(target, by_column[column].attname, value_of(by_column[column], new))
        target.full_clean(exclude=["password"])
        target.save()
    request.refresh_from_db()
    if request.status == Status.APPROVED:
        _mark(request)


def _mark(request: ChangeRequest) -> None:
    """Where guards are off (tests, demonstration data) nothing marked the request."""
    if in_force():
        raise ApprovalError(f"{request.object_label} has these values already: withdraw the request.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT erp_mark_unguarded(%s)", [request.pk])
    request.refresh_from_db()


# Who may ----------------------------------------------------------------------------------------------------------------------


def _standing_or_error(by: Any, request: ChangeRequest, on_behalf_of: Any) -> Any:
    if request.maker_id == by.pk:
        raise ApprovalError("Nobody decides their own request: ask a colleague.")
    standing = _standing(by, request) if on_behalf_of is None else _lent(by, request, on_behalf_of)
    if standing is None:
        raise ApprovalError(f"{by} can't decide this request: ask a colleague who may.")
    return standing


def _standing(user: Any, request: ChangeRequest) -> Any:
    """Whose right the user would use: own, or that of a colleague who is away; None when there is none."""
    lenders = list(_away(user))
    if not user.is_active or request.maker_id in {user.pk, *(away.pk for away in lenders)}:
        return None
    return next((person for person in (user, *lenders) if _has_right(person, request)), None)


def _lent(user: Any, request: ChangeRequest, away: Any) -> Any:
    if away.pk in {lender.pk for lender in _away(user)} and request.maker_id not in {user.pk, away.pk}:
        return away if user.is_active and _has_right(away, request) else None
    return None


def _other(standing: Any, by: Any) -> Any:
    return None if standing.pk == by.pk else standing.pk


def _lenders(user: Any) -> QuerySet[Delegation]:
    today = timezone.localdate()
    found: QuerySet[Delegation] = Delegation.objects.filter(
        to_user=user.pk, is_active=True, valid_from__lte=today, valid_to__gte=today
    )
    return found


def _away(user: Any) -> Iterator[Any]:
    """Colleagues for whom this user decides today."""
    for delegation in _lenders(user).select_related("from_user"):
        yield delegation.from_user


def _has_right(user: Any, request: ChangeRequest) -> bool:
    return (
        user.has_perm(DECIDE)
        and may_look(user, model_of(request))
        and _reaches(user, request)
        and _sees_record(user, request)
        and _may_give(user, request)
    )


def _may_write(user: Any, request: ChangeRequest) -> bool:
    """Whether the user's own roles let the user write such records at all."""
    model = model_of(request)
    is_row = request.object_type == model._meta.label_lower
    verb = "delete" if is_row and request.kind == Kind.DELETE else "change"
    return bool(user.has_perm(f"{model._meta.app_label}.{verb}_{model._meta.model_name}"))


def _reaches(user: Any, request: ChangeRequest) -> bool:
    """Whether scope lets the user see the request."""
    return bool(ChangeRequest.objects.visible_to(user).filter(pk=request.pk).exists())


def _sees_record(user: Any, request: ChangeRequest) -> bool:
    """Whether scope lets the user see the record; one that is gone hides nothing, and its request is overtaken."""
    model = model_of(request)
    seen = model._default_manager.visible_to(user).filter(pk=request.object_id).exists()
    return bool(seen or not model._base_manager.filter(pk=request.object_id).exists())


def _may_give(user: Any, request: ChangeRequest) -> bool:
    """Nobody gives, or lets another one give, what they lack: rights of a role, a permission, the rank of super admin."""
    if user.is_superuser:
        return True
    if "is_superuser" in request.changes:
        return False
    field = guards.memberships().get(request.object_type)
    if field is None or request.kind != Kind.ADD:
        return True
    permissions = apps.get_model("auth.Permission")._base_manager.select_related("content_type")
    given = {"group": member_key(request)} if field.name == "groups" else {"pk": member_key(request)}
    held = user.get_all_permissions()
    return all(f"{each.content_type.app_label}.{each.codename}" in held for each in permissions.filter(**given))


def _decidable(user: Any) -> Q:
    """Condition for requests within the user's right to decide, whoever made them."""
    if not user.has_perm(DECIDE):
        return Q(pk__in=[])
    seen = [model._meta.label_lower for model in guards.guarded_models() if may_look(user, model)]
    if may_look(user, get_user_model()):
        seen += guards.memberships()
    return ChangeRequest.scope.visible(user) & Q(object_type__in=seen)


@contextmanager
def _acting(user: Any, reason: str, **more: Any) -> Iterator[None]:
    """Act as this user; what the edge knows beside (source, address, request id) stays."""
    with context.acting(actor_id=user.pk, actor_label=context.label_of(user), reason=reason, **more):
        yield
