"""Undoing a whole transaction: what one act wrote goes back to what was there before it, all of it or nothing.

The page that asks shows what would happen by doing it and rolling it back, so it promises only what will hold. Each row goes
through the model's rules and the user's permissions and scope; a row that was changed since stops the whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError, Q, RestrictedError
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime

from erp import context
from erp.admin import compare, timeline
from erp.admin.forms import ReasonForm
from erp.approvals import services
from erp.events import access, capture, feed, registry
from erp.events.models import Event, EventPosition
from erp.events.tracking import STAMPS
from erp.models import MasterData, StaleVersionError

UNDONE = registry.register("transaction.undone", category="system")
MAX_ROWS = 500
ACCESS = "It changed who may sign in or do what. Change that in the user's own form."
REFUSALS = (ValidationError, ProtectedError, RestrictedError, IntegrityError, StaleVersionError)


@dataclass
class Step:
    """One row that goes back. `before` and `after` are its history rows around the transaction; None where there was none."""

    desk: Any  # the model's admin
    key: Any
    before: Any
    after: Any
    last_event: int
    live: Any = None
    problem: str = ""

    @property
    def model(self) -> Any:
        return self.desk.model

    @property
    def verb(self) -> str:
        """What undoing does to the row."""
        return "deleted" if self.before is None else "brought back" if self.after is None else "changed back"

    @property
    def kind(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))

    @property
    def name(self) -> str:
        row = self.after if self.after is not None else self.before
        return str(getattr(row, self.model.tracking.label, "") or self.key)

    @cached_property
    def columns(self) -> list[Any]:
        """Columns that the transaction changed, as far as the history table holds them."""
        left_out = {*STAMPS, *self.model.tracking.ignored, *self.model.tracking.unkept}
        kept = [one for one in self.model._meta.concrete_fields if one.attname not in left_out and not one.primary_key]
        if self.before is None or self.after is None:
            return kept
        return [column for column in kept if _value(self.before, column) != _value(self.after, column)]

    def changes(self, request: HttpRequest) -> list[compare.Field]:
        """What a row that is changed back has now and will have."""
        if self.before is None or self.after is None:
            return []
        names = {column.name for column in self.columns}
        shown = compare.fields_of(self.model, request, self.after, self.before)
        secrets = [
            column for column in self.columns if column.attname in self.model.tracking.secret and column.editable
        ]
        hidden = [compare.Field(one.name, str(one.verbose_name), timeline.HIDDEN, timeline.HIDDEN) for one in secrets]
        return [*(one for one in shown if one.name in names and one.differs), *hidden]


@dataclass
class Plan:
    """Everything that undoing a transaction takes, and what stands in the way."""

    events: Sequence[Event]
    steps: list[Step] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def possible(self) -> bool:
        return bool(self.steps) and not self.problems and not any(step.problem for step in self.steps)


def undo_view(request: HttpRequest, event_id: Any) -> HttpResponse:
    """The transaction of this event: what undoing it would do (GET), and doing it (POST, with a reason).

    Raises: Http404: no such event among those that the user may read. PermissionDenied: not among the records either.
    """
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    event = timeline.events_visible_to(request.user).filter(event_id=event_id, category=Event.Category.ROW).first()
    if event is None:
        raise Http404
    desk = _desk_of(event.object_type)
    if desk is None:
        raise Http404
    if not desk.has_view_permission(request):
        raise PermissionDenied
    what = f"Undo of {event.event_type}"
    access.opened(
        access.AUDIT_VIEWED, request.user, page=f"undo.{event_id}", what=what, organization_id=event.organization_id
    )
    form = ReasonForm(request.POST if request.method == "POST" else None)
    plan = _run(request, event, keep=form.is_valid(), reason=form.cleaned_data["reason"] if form.is_valid() else "")
    if form.is_valid() and plan.possible:
        messages.success(request, f"Undone: {_rows(len(plan.steps))} as before.")
        return redirect(_page_after(event))
    return TemplateResponse(
        request,
        "admin/undo.html",
        {
            **admin.site.each_context(request),
            "title": "Undo a change",
            "plan": plan,
            "steps": [(step, step.changes(request)) for step in plan.steps],
            "entry": timeline.entries([event])[0],
            "form": form,
            "back_url": _page_after(event),
            "refused": form.is_valid(),
        },
        status=409 if form.is_valid() else 200,
    )


def _run(request: HttpRequest, event: Event, *, keep: bool, reason: str) -> Plan:
    """Undo in one transaction, and keep it only if asked to and if nothing stood in the way."""
    events = _events_with(event)
    if len(events) > MAX_ROWS:
        return Plan([event], problems=[f"It changed more than {MAX_ROWS} rows. Correct them by an import instead."])
    if keep:
        context.amend(reason=reason)
    with transaction.atomic():
        plan = _plan(request, events)
        _apply(request, plan)
        if keep and plan.possible:
            _record(plan)
        else:
            transaction.set_rollback(True)
    return plan


# What there is to do ------------------------------------------------------------------------------------------------------


def _events_with(event: Event) -> list[Event]:
    """Events of rows and of access in the same transaction, in order; of one that has more than MAX_ROWS, more than MAX_ROWS.

    Positions of a transaction are contiguous, so they are found from one event's without an index of transactions.
    """
    feed.number_events()
    position = EventPosition.objects.get(event=event).position
    reach = MAX_ROWS + 1
    near = EventPosition.objects.filter(position__range=(position - reach, position + reach), event__xid=event.xid)
    # Who holds which role has events but no history; what is left then are steps of a sign-in.
    unkept = [table.model._meta.label_lower for table in capture.tracked_tables() if not table.history]
    rows = near.filter(event__category__in=(Event.Category.ROW, Event.Category.SECURITY)).filter(
        Q(event__history_id__isnull=False) | Q(event__object_type__in=unkept)
    )
    return [place.event for place in rows.select_related("event").order_by("position")]


def _plan(request: HttpRequest, events: Sequence[Event]) -> Plan:
    plan = Plan(events)
    visible = timeline.events_visible_to(request.user).filter(pk__in=[event.pk for event in events])
    readable = set(visible.values_list("pk", flat=True))
    hidden = {(event.object_type, event.object_id) for event in events if event.pk not in readable}
    kinds: dict[str, dict[str, list[Event]]] = {}
    for event in events:
        if (event.object_type, event.object_id) not in hidden:
            kinds.setdefault(event.object_type, {}).setdefault(event.object_id, []).append(event)
    for kind, rows in kinds.items():
        desk = _desk_of(kind)
        if _is_access(desk, rows):
            plan.problems = [ACCESS]
        elif desk is None or not desk.has_view_permission(request):
            hidden |= {(kind, key) for key in rows}
        else:
            plan.steps += _steps(desk, rows)
    if hidden:
        plan.problems.append(f"It also changed {_rows(len(hidden))} outside your scope: ask a super admin.")
    if not plan.steps and not plan.problems:
        plan.problems.append("There is nothing to undo: it left every row as it had been.")
    plan.steps.sort(key=lambda step: -step.last_event)
    return plan


def _desk_of(kind: str) -> Any:
    """The admin of an event's model; None where the desk has none, or the model is no record."""
    try:
        model = apps.get_model(kind)
    except (LookupError, ValueError):
        return None
    return admin.site._registry.get(model) if issubclass(model, MasterData) else None


def _is_access(desk: Any, rows: dict[str, list[Event]]) -> bool:
    """Whether these rows say who may sign in or do what: their own forms decide about that, with rules of their own."""
    if desk is not None and desk.model is get_user_model():
        return True
    return any(
        event.category == Event.Category.SECURITY or event.history_id is None
        for found in rows.values()
        for event in found
    )


def _steps(desk: Any, rows: dict[str, list[Event]]) -> Iterator[Step]:
    """Steps of one model's rows, less those that ended as they began; three queries."""
    model, pk = desk.model, desk.model._meta.pk
    history = model.history.model._default_manager
    own = {row.history_id: row for row in history.filter(history_id__in=_ends(rows))}
    earlier = [Q(**{pk.attname: key}, history_id__lt=found[0].history_id) for key, found in rows.items()]
    latest = history.filter(reduce(or_, earlier)).order_by(pk.attname, "-history_id").distinct(pk.attname)
    before = {str(getattr(row, pk.attname)): row for row in latest}
    for key, found in rows.items():
        first, last = own[found[0].history_id], own[found[-1].history_id]
        # The history row of a deletion holds what was deleted.
        was = {"+": None, "-": first, "~": before.get(key)}[first.history_type]
        step = Step(desk, pk.to_python(key), was, None if last.history_type == "-" else last, found[-1].pk)
        if step.columns and (step.before is not None or step.after is not None):
            yield step


def _ends(rows: dict[str, list[Event]]) -> set[Any]:
    return {found[end].history_id for found in rows.values() for end in (0, -1)}


# Doing it -----------------------------------------------------------------------------------------------------------------


def _apply(request: HttpRequest, plan: Plan) -> None:
    """Write every step that may be written. A row may wait for another (a parent, a code that is taken): repeat while some go."""
    for step in plan.steps:
        step.live = step.model._base_manager.select_for_update(no_key=True).filter(pk=step.key).first()
        step.problem = _changed_since(step) or _forbidden(request, step) or _needs_approval(step)
    waiting = [step for step in plan.steps if not step.problem]
    while waiting:
        left = [step for step in waiting if not _attempt(request, step)]
        if len(left) == len(waiting):
            return
        waiting = left
    if plan.possible:
        _touch_parents(plan.steps)
        _check_constraints(plan)


def _changed_since(step: Step) -> str:
    """Why the row is no longer what the transaction made of it, or ""."""
    if step.after is None:
        return f"It is there again{_by_whom(step)}." if step.live is not None else ""
    if step.live is None:
        return f"It was deleted since{_by_whom(step)}."
    changed = [column for column in step.columns if _value(step.live, column) != _value(step.after, column)]
    names = ", ".join(str(column.verbose_name) for column in changed)
    return f"Changed since{_by_whom(step)}: {names}." if changed else ""


def _by_whom(step: Step) -> str:
    newer = Event.objects.filter(
        category=Event.Category.ROW,
        object_type=step.model._meta.label_lower,
        object_id=str(step.key),
        pk__gt=step.last_event,
    )
    found = timeline.entries(newer.order_by("-pk")[:1])
    if not found:
        return ""
    return f" by {found[0].actor} on {date_format(localtime(found[0].when), 'j M Y, H:i')}"


def _forbidden(request: HttpRequest, step: Step) -> str:
    """Why this user may not do it, or ""."""
    if step.before is None:
        return "" if step.desk.has_delete_permission(request, step.live) else "Your role may not delete it."
    if step.after is None:
        return "" if step.desk.has_add_permission(request) else "Your role may not add such records."
    if not step.desk.has_change_permission(request, step.live):
        return "Your role may not change it."
    # Undoing gives no power over columns that this user's form of the record does not offer.
    offered = step.desk.get_form(request, step.live, change=True).base_fields
    names = ", ".join(
        str(column.verbose_name) for column in step.columns if column.editable and column.name not in offered
    )
    return f"Your role may not change: {names}." if names else ""


def _needs_approval(step: Step) -> str:
    """Why a second person has to agree, or "". The record's own form asks for it."""
    if step.after is None or not services.guarded(step.model) or not services.in_force():
        return ""
    if step.before is None:
        return "Needs approval (the deletion): ask for it on its own form."
    held = {field.name for field in services.held_now(step.live)}
    names = [str(column.verbose_name) for column in step.columns if column.name in held]
    return f"Needs approval ({', '.join(names)}): ask for it on its own form." if names else ""


def _attempt(request: HttpRequest, step: Step) -> bool:
    """Write one row; False, with the problem and nothing written, when a rule forbids it."""
    try:
        with transaction.atomic():
            _write(step)
            step.problem = "" if _still_theirs(request, step) else "It would belong to others then."
            if step.problem:
                transaction.set_rollback(True)
    except REFUSALS as error:
        step.problem = _sentence(step, error)
    except DatabaseError as error:
        if not services.refused(error):
            raise
        step.problem = "Needs approval: restore it from its history, which asks for that."
    return not step.problem


def _write(step: Step) -> None:
    if step.before is None:
        step.live.delete()
        return
    row = step.live if step.live is not None else step.model(pk=step.key)
    for column in step.columns:
        setattr(row, column.attname, _value(step.before, column))
    row.full_clean()
    row.save(**({"expected_version": row.version} if step.live is not None else {"force_insert": True}))
    wrong = [column for column in step.columns if _value(row, column) != _value(step.before, column)]
    if wrong:
        raise ValidationError({column.name: "A rule of today sets another value." for column in wrong})


def _still_theirs(request: HttpRequest, step: Step) -> bool:
    rows = step.model._default_manager.filter(pk=step.key)
    return step.before is None or rows.editable_by(request.user).exists()


def _sentence(step: Step, error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return " ".join(f"{_label(step.model, name)}{' '.join(texts)}" for name, texts in found.items())
    if isinstance(error, (ProtectedError, RestrictedError)):
        rows = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        kinds = sorted({str(row._meta.verbose_name) for row in rows})
        return f"Other records use it: {', '.join(kinds)}."
    return str(step.desk._sentence(error))


def _label(model: Any, name: str) -> str:
    return f"{capfirst(str(model._meta.get_field(name).verbose_name))}: " if name and name != "__all__" else ""


def _touch_parents(steps: Iterable[Step]) -> None:
    """Raise the version of each whole whose parts alone changed, as a form does."""
    written = {(step.model, step.key) for step in steps}
    parents = {}
    for step in steps:
        name = step.model.tracking.parent
        if name:
            row = step.before if step.before is not None else step.after
            parent = step.model._meta.get_field(name).remote_field.model
            parents[parent, getattr(row, f"{name}_id")] = parent
    for (parent, key), model in parents.items():
        whole = model._base_manager.filter(pk=key).first() if (parent, key) not in written else None
        if whole is not None:
            whole.touch()


def _check_constraints(plan: Plan) -> None:
    """Rules that the database would check at the end only: now, where they can still be told."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError as error:
        plan.problems.append(str(plan.steps[0].desk._sentence(error)))


def _record(plan: Plan) -> None:
    """One event beside those of the rows: which transaction was undone."""
    first = plan.events[0]
    owners = {event.organization_id for event in plan.events}
    event = {
        "aggregate_type": timeline.TRANSACTION,
        "aggregate_id": first.xid,
        "object_type": timeline.TRANSACTION,
        "object_id": first.xid,
        "category": UNDONE.category,
        "event_type": UNDONE.name,
        "schema_version": UNDONE.version,
        "organization_id": str(owners.pop()) if len(owners) == 1 and None not in owners else None,
        "payload": {"rows": len(plan.steps), "request_id": first.request_id, "first_event": str(first.event_id)},
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_emit(%s::jsonb)", [json.dumps([event])])


def _page_after(event: Event) -> str:
    model = apps.get_model(event.object_type)
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_history", args=[event.object_id])


def _value(row: Any, column: Any) -> Any:
    value = getattr(row, column.attname)
    return value.name if isinstance(value, FieldFile) else value


def _rows(number: int) -> str:
    return f"{number} record" if number == 1 else f"{number} records"
