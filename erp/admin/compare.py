"""A record at two times, side by side: its fields, and the children that came, went or changed between them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Max
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from erp.admin import timeline
from erp.admin.scope import OWNER, foreign_keys, visible
from erp.checks import master_data_models
from erp.events.models import Event
from erp.events.tracking import STAMPS

NOW = "now"
GONE = "no longer there"


@dataclass(frozen=True)
class Side:
    """A record at one time. `row` is a version or the live record, None when there was none; `until` None means now."""

    address: str
    title: str
    row: Any
    until: datetime.datetime | None = None

    @property
    def is_now(self) -> bool:
        return self.until is None

    @property
    def day(self) -> str:
        """The day in ISO form, where the side is one."""
        return "" if self.is_now or self.address.isdigit() else self.address

    @property
    def restores(self) -> int | None:
        """Number of the version that restoring this side means."""
        return None if self.is_now or self.row is None else self.row.history_id


@dataclass(frozen=True)
class Field:
    """One field at two times, as people read it."""

    name: str
    label: str
    then: str
    now: str

    @property
    def differs(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True)
class Child:
    """A child that stands on one side or on both."""

    kind: str
    name: str
    state: str  # added, removed, changed, same
    fields: list[Field] = field(default_factory=list)


def side_of(record: models.Model, versions: models.QuerySet[Any], address: str, *, deleted: bool) -> Side:
    """What an address names: "now", the number of a version, or a day (its end).

    versions: the record's history rows in the user's scope, newest first.
    Raises: Http404: the record has no such version. ValueError: neither a number nor a day.
    """
    if address == NOW:
        return Side(NOW, "Deleted" if deleted else "Now", None if deleted else record)
    if address.isascii() and address.isdigit():
        past = versions.filter(history_id=address).first()
        if past is None:
            raise Http404
        title = f"Version {past.version}, {_moment(past.history_date)}"
        return Side(address, title, past, _end_of_act(record, past))
    day = datetime.date.fromisoformat(address)
    end = timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))
    past = versions.filter(history_date__lte=end).first()
    row = None if past is None or past.history_type == "-" else past
    return Side(address, f"End of {date_format(day, 'j M Y')}", row, end)


def _moment(when: datetime.datetime) -> str:
    return str(date_format(timezone.localtime(when), "j M Y, H:i"))


def _end_of_act(record: Any, past: Any) -> datetime.datetime:
    """When everything was written that was written together with this version: its children come some moments later."""
    event = Event.objects.filter(
        object_type=record._meta.label_lower, object_id=str(record.pk), history_id=past.history_id
    ).first()
    if event is None:
        return past.history_date  # type: ignore[no-any-return]
    act = Event.objects.filter(
        aggregate_type=event.aggregate_type,
        aggregate_id=event.aggregate_id,
        xid=event.xid,
        actor_id=event.actor_id,
        source=event.source,
        reason=event.reason,
    )
    return act.aggregate(last=Max("occurred_at"))["last"] or event.occurred_at


def fields_of(model: Any, request: HttpRequest, then: Any, now: Any) -> list[Field]:
    """Each field of the model in two of its rows. A row that another row names is shown only if it's in scope."""
    columns = list(shown_columns(model))
    names = _names(model, request, [then, now])
    return [
        Field(column.name, str(column.verbose_name), *(_shown(row, column, names) for row in (then, now)))
        for column in columns
    ]


def shown_columns(model: Any) -> Iterator[Any]:
    """Columns that a version tells about: no key, no stamps, no secrets."""
    left_out = {*STAMPS, *model.tracking.secret, *model.tracking.unkept}
    for column in model._meta.concrete_fields:
        if not column.primary_key and column.attname not in left_out:
            yield column


def _shown(row: Any, column: Any, names: dict[Any, str]) -> str:
    if row is None:
        return timeline.EMPTY
    value = getattr(row, column.attname)
    if isinstance(column, models.ForeignKey):
        return timeline.EMPTY if value is None else names.get((column.name, value), GONE)
    if value is not None and not isinstance(value, (bool, dict, list)):
        value = column.value_to_string(row)
    return timeline.shown(value, column)


def _names(model: Any, request: HttpRequest, rows: Iterable[Any]) -> dict[Any, str]:
    """(field, key) → name of the row that a foreign key names: one query a foreign key."""
    names: dict[Any, str] = {}
    there = [row for row in rows if row is not None]
    for column in foreign_keys(model):
        keys = {getattr(row, column.attname) for row in there} - {None}
        found = visible(column.remote_field.model._default_manager.filter(pk__in=keys), request.user) if keys else []
        names.update({(column.name, row.pk): str(row) for row in found})
    return names


def children_of(record: models.Model, request: HttpRequest, a: Side, b: Side) -> list[Child]:
    """The record's children of the kinds that the user may view, at `a` or at `b`."""
    kinds = [
        model
        for model in child_models(type(record))
        if request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    ]
    if not kinds:
        return []
    before, after = (_versions_at(record, side, request.user) for side in (a, b))
    found: list[Child] = []
    for model in kinds:
        kind = model._meta.label_lower
        found += _compared(model, request, before.get(kind, {}), after.get(kind, {}))
    return found


def child_models(model: type[models.Model]) -> list[Any]:
    """Models of the children that belong to the whole that this model is the root of."""
    tracking = model.tracking  # type: ignore[attr-defined]
    return [
        child
        for child in master_data_models()
        if not tracking.parent and child.tracking.parent and child.tracking.aggregate == tracking.aggregate
    ]


def _versions_at(record: Any, side: Side, user: Any) -> dict[str, dict[str, int]]:
    """Model → row → number of the history row that held at this time, as far as in scope; one query for all children."""
    events = (
        timeline.events_visible_to(user)
        .filter(aggregate_type=record.tracking.aggregate, aggregate_id=str(record.pk), history_id__isnull=False)
        .exclude(object_type=record._meta.label_lower)
    )
    if side.until is not None:
        events = events.filter(occurred_at__lte=side.until)
    newest = events.order_by("object_type", "object_id", "-id").distinct("object_type", "object_id")
    found: dict[str, dict[str, int]] = {}
    for kind, key, history_id, name in newest.values_list("object_type", "object_id", "history_id", "event_type"):
        if history_id and not name.endswith(".deleted"):
            found.setdefault(kind, {})[key] = history_id
    return found


def _compared(model: Any, request: HttpRequest, before: dict[str, int], after: dict[str, int]) -> Iterator[Child]:
    rows = {row.history_id: row for row in model.history.filter(history_id__in={*before.values(), *after.values()})}
    names = _names(model, request, rows.values())
    kind = str(model._meta.verbose_name)
    # Every child has the same whole and owner as its neighbours.
    columns = [column for column in shown_columns(model) if column.name not in {model.tracking.parent, OWNER}]
    for key in sorted({*before, *after}):
        then, now = (rows.get(side.get(key, 0)) for side in (before, after))
        named = now or then
        if named is None:
            continue
        fields = [
            Field(column.name, str(column.verbose_name), _shown(then, column, names), _shown(now, column, names))
            for column in columns
        ]
        differing = [one for one in fields if one.differs]
        state = "added" if then is None else "removed" if now is None else "changed" if differing else "same"
        yield Child(kind, str(getattr(named, model.tracking.label, "") or named.pk), state, differing)
