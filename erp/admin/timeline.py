"""What happened to a record, told for people: who, when, why, and which field went from what to what."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst

from erp.admin.numbers import short_number, whole_number
from erp.checks import master_data_models
from erp.events.models import Event
from erp.events.tracking import STAMPS
from erp.scoping import Kind, UserType

HIDDEN = "hidden"
# What stands in the record in place of a secret, and of personal data that were erased.
MARKS = {"$secret": HIDDEN, "$c": "erased"}
EMPTY = "empty"
# Aggregate of the events that say that a whole transaction was undone (undo.py).
TRANSACTION = "transaction"
VERBS = {"created": "added", "updated": "changed", "deleted": "deleted"}
SOURCES = {
    "admin": "desk",
    "api": "API",
    "import": "import",
    "sync": "sync",
    "task": "background job",
    "command": "command line",
    "database": "outside the application",
}


@dataclass(frozen=True)
class Change:
    """One field, from what to what, as a person reads it."""

    label: str
    old: str
    new: str


@dataclass
class Part:
    """One event: a row, or the record itself, that was added, changed or deleted."""

    event: Event
    position: int | None = None  # in the sealed ledger

    @property
    def verb(self) -> str:
        """added, changed, deleted, or what another event is called: "login succeeded"."""
        _, *rest = self.event.event_type.split(".")
        return VERBS.get(rest[-1]) or " ".join(rest).replace("_", " ")

    @cached_property
    def model(self) -> type[models.Model] | None:
        """The row's model; None for one that this version of the application doesn't know any more."""
        try:
            return apps.get_model(self.event.object_type)
        except (LookupError, ValueError):
            return None

    @property
    def kind(self) -> str:
        """What kind of row it is, in words."""
        if self.model and not self.model._meta.auto_created:
            return str(self.model._meta.verbose_name)
        return self.event.event_type.split(".")[-2].replace("_", " ")

    @property
    def label(self) -> str:
        """The row's name as it was then, or what was looked at; what people do to their own sign-in names nobody else."""
        own = self.event.actor_label if self.event.object_id == str(self.event.actor_id) else ""
        return str(self.event.payload.get("label") or own or self.event.payload.get("what") or "")

    @cached_property
    def changes(self) -> list[Change]:
        """Changed fields in the order of the model, or what a domain event says; empty when only children changed."""
        if self.event.category == Event.Category.DOMAIN:
            return [Change(name, EMPTY, shown(value)) for name, value in self.event.payload.items()]
        fields = {column.attname: column for column in self.model._meta.concrete_fields} if self.model else {}
        order = {name: number for number, name in enumerate(fields)}
        labels = self.event.payload.get("labels", {})
        return [
            Change(
                capfirst(str(fields[name].verbose_name)) if name in fields else name,
                *(
                    shown(value, fields.get(name), label)
                    for value, label in zip(pair, labels.get(name, (None, None)), strict=True)
                ),
            )
            for name, pair in sorted(self.event.changes.items(), key=lambda item: order.get(item[0], len(order)))
        ]


@dataclass
class Entry:
    """Everything that one transaction did to a record."""

    parts: list[Part]
    actor: str = ""
    version: Part | None = None
    undone_by: Entry | None = None

    @property
    def first(self) -> Event:
        """The event that names who, when, why and from where; they are the same for the whole transaction."""
        return self.parts[0].event

    @property
    def when(self) -> datetime.datetime:
        return self.first.occurred_at

    @property
    def reason(self) -> str:
        return self.first.reason

    @property
    def source(self) -> str:
        """Where the change came from, in words."""
        return SOURCES.get(self.first.source, self.first.source)

    @property
    def outside(self) -> bool:
        """Whether it was made past the application, straight in the database."""
        return self.first.source == "database"

    @property
    def sealed(self) -> bool:
        """Whether every part stands in the sealed ledger."""
        return all(part.position is not None for part in self.parts)


@dataclass(frozen=True)
class Page:
    """A stretch of a history, newest first. `newer` and `older` are cursors of the neighbouring pages, or None."""

    entries: list[Entry]
    newer: int | None
    older: int | None


@dataclass(frozen=True)
class Choice:
    """One entry of a filter's list."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Filters:
    """Which events of a history are asked for, and what could be: a field or a kind of part, and who made the change."""

    field: str
    user: str
    fields: list[Choice]
    users: list[Choice]

    NOBODY: ClassVar[str] = "nobody"

    @classmethod
    def of(cls, asked: Mapping[str, str], record: Any, events: models.QuerySet[Event]) -> Filters:
        """Filters as the address asks for them; what isn't among the choices is no filter. One query."""
        field, user = asked.get("field", ""), asked.get("user", "")
        fields = [Choice(value, label, value == field) for value, label in _field_choices(record)]
        users = [Choice(value, label, value == user) for value, label in _user_choices(events)]
        return cls(_chosen(fields), _chosen(users), fields, users)

    @property
    def active(self) -> bool:
        return bool(self.field or self.user)

    @property
    def query(self) -> str:
        """The filters as the beginning of a query string, ready for a cursor: "field=name&"."""
        return urlencode({name: value for name in ("field", "user") if (value := getattr(self, name))}) + "&"

    def describe(self) -> list[str]:
        """The filters in words: "Changes of: Name"."""
        kinds = (("Changes of", self.fields), ("User", self.users))
        return [f"{words}: {choice.label}" for words, choices in kinds for choice in choices if choice.chosen]

    def apply(self, events: models.QuerySet[Event]) -> models.QuerySet[Event]:
        if "." in self.field:
            events = events.filter(object_type=self.field)
        elif self.field:
            events = events.filter(payload__changes__has_key=self.field)
        if self.user == self.NOBODY:
            return events.filter(actor_id__isnull=True)
        return events.filter(actor_id=self.user) if self.user else events


@dataclass(frozen=True)
class Conflict:
    """What others did to a record while a form of it was open."""

    version: int
    who: str
    when: datetime.datetime | None
    entries: Sequence[Entry] = field(default_factory=list)

    def __str__(self) -> str:
        when = f" on {date_format(timezone.localtime(self.when), 'j M Y, H:i')}" if self.when else ""
        return (
            f"Not saved: {self.who} changed this record{when}, after you had opened it. What you typed is still here."
        )


def events_visible_to(user: Any) -> models.QuerySet[Event]:
    """Events that this user may read: all, or those of the own organization and of shared data."""
    if not getattr(user, "is_active", False):
        return Event.objects.none()
    if user.user_type == UserType.SUPER_ADMIN:
        return Event.objects.all()
    if user.user_type != UserType.INTERNAL or not user.organization_id:
        return Event.objects.none()
    shared = [
        model._meta.label_lower
        for model in master_data_models()
        if model.scope.kind in {Kind.SHARED, Kind.ORGANIZATION_OR_SHARED}
    ]
    own = Q(organization_id=user.organization_id)
    return Event.objects.filter(own | Q(organization_id__isnull=True, object_type__in=shared))


def order_of(record: models.Model) -> str:
    """The column by which a record's events are in order, and which an index serves."""
    return "id" if record.tracking.parent else "aggregate_version"  # type: ignore[attr-defined]


def events_of(record: models.Model, *, user: Any) -> models.QuerySet[Event]:
    """A record's events, newest first, with those of its children; for a child, its own.

    The caller has checked that the user may see the record, so rows of it without an organization are shown.
    """
    tracking = record.tracking  # type: ignore[attr-defined]
    kind, key = record._meta.label_lower, str(record.pk)
    readable = events_visible_to(user)
    if user.user_type == UserType.INTERNAL:
        readable |= Event.objects.filter(object_type=kind, object_id=key, organization_id__isnull=True)
    if tracking.parent:
        rows = readable.filter(object_type=kind, object_id=key, aggregate_type=tracking.aggregate)  # not who read it
        return rows.order_by(f"-{order_of(record)}")
    return readable.filter(aggregate_type=tracking.aggregate, aggregate_id=key).order_by(f"-{order_of(record)}")


def page_of(events: models.QuerySet[Event], asked: Mapping[str, str], *, key: str, size: int) -> Page:
    """The stretch that `before=<cursor>` or `after=<cursor>` asks for, by a column `key` that grows with each event.

    Nothing is counted: one event more than fits tells whether there is another page.
    """
    before, after = (_cursor(asked.get(name)) for name in ("before", "after"))
    backwards = after is not None
    limits = {f"{key}__{side}": cursor for side, cursor in (("lt", before), ("gt", after)) if cursor is not None}
    found = list(events.filter(**limits).order_by(key if backwards else f"-{key}")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page([], None, None)
    newest, oldest = (getattr(event, key) for event in (found[0], found[-1]))
    has_newer, has_older = (more, True) if backwards else (before is not None, more)
    return Page(entries(found), newest if has_newer else None, oldest if has_older else None)


def _cursor(text: str | None) -> int | None:
    return whole_number(text or "")


def mark_versions(found: Sequence[Entry], record: models.Model) -> None:
    """Tell the entries in which the record itself, not only a part of it, got a new version."""
    kind = record._meta.label_lower
    for entry in found:
        own = (part for part in entry.parts if part.event.object_type == kind and part.event.history_id)
        entry.version = next(own, None)


def mark_undone(found: Sequence[Entry]) -> None:
    """Tell the entries whose transaction somebody undid by whom; one query, and one for names."""
    transactions = {entry.first.xid for entry in found}
    events = Event.objects.filter(aggregate_type=TRANSACTION, aggregate_id__in=transactions) if transactions else ()
    undone = {entry.first.aggregate_id: entry for event in events for entry in entries([event])}
    for entry in found:
        entry.undone_by = undone.get(entry.first.xid)


def _field_choices(record: Any) -> list[tuple[str, str]]:
    tracking = record.tracking
    own = [
        (column.attname, capfirst(str(column.verbose_name)))
        for column in record._meta.concrete_fields
        if not column.primary_key and column.attname not in {*STAMPS, *tracking.ignored}
    ]
    parts = [
        (model._meta.label_lower, f"Parts: {model._meta.verbose_name_plural}")
        for model in master_data_models()
        if not tracking.parent and model.tracking.parent and model.tracking.aggregate == tracking.aggregate
    ]
    return [*own, *parts]


def _user_choices(events: models.QuerySet[Event]) -> list[tuple[str, str]]:
    """Everybody who changed this record, deleted users too, as the events name them."""
    people = events.order_by().values_list("actor_id", "actor_label").distinct()
    labels: dict[str, str] = {}
    for key, label in people:
        value = Filters.NOBODY if key is None else str(key)
        labels[value] = "System or database" if key is None else (label.partition(" <")[0] or labels.get(value, ""))
    return sorted(((value, label or value) for value, label in labels.items()), key=lambda choice: choice[1].lower())


def _chosen(choices: Iterable[Choice]) -> str:
    return next((choice.value for choice in choices if choice.chosen), "")


def entries(events: Iterable[Event]) -> list[Entry]:
    """Events grouped by what was done together, in the given order, with the names of their actors: one query at most."""
    groups: list[Entry] = []
    for event in events:
        if groups and _together(groups[-1], event):
            groups[-1].parts.append(Part(event))
        else:
            groups.append(Entry([Part(event)]))
    unnamed = {entry.first.actor_id for entry in groups if not entry.first.actor_label} - {None}
    names = _names(unnamed) if unnamed else {}
    for entry in groups:
        label = entry.first.actor_label.partition(" <")[0]
        nobody = f"database user {entry.first.db_role}" if entry.outside else "system"
        entry.actor = label or names.get(entry.first.actor_id, "") or nobody
    return groups


def _together(entry: Entry, event: Event) -> bool:
    """Whether an event belongs to the same act: one transaction and reason, and the row not told about yet."""
    first = entry.first
    same = (first.xid, first.actor_id, first.source, first.reason) == (
        event.xid,
        event.actor_id,
        event.source,
        event.reason,
    )
    return same and all(part.event.object_id != event.object_id for part in entry.parts)


def _same_act(event: Event) -> Q:
    """Everything that was written together with an event."""
    actor = Q(actor_id__isnull=True) if event.actor_id is None else Q(actor_id=event.actor_id)
    return actor & Q(xid=event.xid, source=event.source, reason=event.reason)


def conflict(record: Any, *, seen: int | None) -> Conflict:
    """What happened to a record since its version `seen`, and to its parts."""
    tracking = record.tracking
    kind, key = record._meta.label_lower, str(record.pk)
    own = Event.objects.filter(object_type=kind, object_id=key, aggregate_type=tracking.aggregate)
    newer = own if seen is None else own.filter(payload__version__gt=seen)
    base = None if seen is None or tracking.parent else own.filter(payload__version=seen).order_by("-id").first()
    if base is not None:
        whole = Event.objects.filter(aggregate_type=tracking.aggregate, aggregate_id=key, category=Event.Category.ROW)
        newer = whole.filter(id__gt=base.id).exclude(_same_act(base))
    found = entries(newer.order_by("-id")[:20])
    latest = found[0] if found else None
    return Conflict(record.version, latest.actor if latest else "somebody", latest.when if latest else None, found)


def shown(value: Any, column: Any = None, label: Any = None) -> str:
    """A recorded value as a person reads it: the name of a foreign key's row, the words of a choice, a local date."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, dict) and (mark := next(iter(value), "")) in MARKS:
        return MARKS[mark]
    if label is not None:
        return str(label)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    choices = dict(getattr(column, "flatchoices", None) or ())
    if isinstance(value, str | int) and value in choices:
        return str(choices[value])
    return _formatted(value, column)


def _formatted(value: Any, column: Any) -> str:
    if isinstance(column, models.DateTimeField) and (moment := parse_datetime(str(value))):
        return date_format(timezone.localtime(moment) if timezone.is_aware(moment) else moment, "j M Y, H:i")
    if isinstance(column, models.DateField) and (day := parse_date(str(value))):
        return date_format(day, "j M Y")
    if isinstance(column, models.DecimalField) and (number := _number(value)) is not None:
        return short_number(number)
    return str(value)


def _number(value: Any) -> Decimal | None:
    """None for what was typed into a field of numbers and is none."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _names(ids: set[Any]) -> dict[Any, str]:
    users = get_user_model()._default_manager.filter(pk__in=ids)
    return {user.pk: user.get_full_name() for user in users}
