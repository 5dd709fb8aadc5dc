"""What happened to a record, told for people: who, when, why, and which field went from what to what."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst

from erp.admin.numbers import short_number
from erp.checks import master_data_models
from erp.events.models import Event
from erp.scoping import Kind, UserType

HIDDEN = "hidden"
EMPTY = "empty"
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
        """The row's name as it was then."""
        return str(self.event.payload.get("label") or "")

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
        return readable.filter(object_type=kind, object_id=key).order_by("-id")
    return readable.filter(aggregate_type=tracking.aggregate, aggregate_id=key).order_by("-aggregate_version")


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


def conflict(record: Any, *, seen: int | None) -> Conflict:
    """What happened to a record since its version `seen`."""
    newer = Event.objects.filter(object_type=record._meta.label_lower, object_id=str(record.pk))
    if seen is not None:
        newer = newer.filter(payload__version__gt=seen)
    found = entries(newer.order_by("-id")[:20])
    latest = found[0] if found else None
    return Conflict(record.version, latest.actor if latest else "somebody", latest.when if latest else None, found)


def shown(value: Any, column: Any = None, label: Any = None) -> str:
    """A recorded value as a person reads it: the name of a foreign key's row, the words of a choice, a local date."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, dict) and "$secret" in value:
        return HIDDEN
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
    if isinstance(column, models.DecimalField):
        return short_number(Decimal(str(value)))
    return str(value)


def _names(ids: set[Any]) -> dict[Any, str]:
    users = get_user_model()._default_manager.filter(pk__in=ids)
    return {user.pk: user.get_full_name() for user in users}
