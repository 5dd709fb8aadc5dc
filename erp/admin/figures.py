"""Figures of the overview that users of one organization and role share: counts, changes per day, data quality, the seal.

They are read at most once a minute.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import models
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from erp.admin import explorer, timeline
from erp.admin.quality import Broken, broken, counted
from erp.admin.scope import visible
from erp.events.models import Event
from erp.ledger.state import SealState, seal_state

TIMEOUT_S = 60
DAYS = 30
WEEK = 7
VERBS = tuple(timeline.VERBS.values())
# Size of the chart in its own units, and of one day in it.
HEIGHT = 120
STEP = 24
BAR = 16

Daily = dict[tuple[datetime.date, str, str], int]


@dataclass(frozen=True)
class Bar:
    """One piece of a day's column, from `y` down."""

    verb: str
    y: float
    height: float


@dataclass(frozen=True)
class Day:
    """What happened to records on one day. `x` is the place of its column; `url` its events, "" for whom they are not."""

    day: datetime.date
    added: int
    changed: int
    deleted: int
    x: int
    bars: list[Bar]
    url: str

    @property
    def total(self) -> int:
        return self.added + self.changed + self.deleted

    @property
    def words(self) -> str:
        """ "Mon 23 Nov: 2 added, 1 changed, 0 deleted"."""
        return f"{date_format(self.day, 'D j M')}: {self.added} added, {self.changed} changed, {self.deleted} deleted"


@dataclass(frozen=True)
class Figures:
    """counts: model label → rows in scope; changes: model label → added less deleted in seven days; days: oldest first."""

    counts: dict[str, int]
    changes: dict[str, int]
    days: list[Day]
    peak: int
    rules: list[Broken]
    seal: SealState | None = None
    width: int = field(default=DAYS * STEP)
    height: int = field(default=HEIGHT)


def figures(roots: Iterable[type[models.Model]], shown: set[type[models.Model]], user: Any) -> Figures:
    """The figures, at most a minute old.

    roots: models that have cards; shown: models whose lists the user may open.
    """
    counted_models = sorted(roots, key=lambda model: model._meta.label)
    key = _key([model._meta.label for model in counted_models], shown, user)
    stored: Figures | None = cache.get(key)
    if stored is None:
        stored = _read(counted_models, shown, user)
        cache.set(key, stored, TIMEOUT_S)
    return stored


def _key(labels: list[str], shown: set[type[models.Model]], user: Any) -> str:
    """Whoever may see the same models of the same organization sees the same figures."""
    lists = sorted(model._meta.label for model in shown)
    seen = repr((labels, lists, explorer.may_read(user), timezone.localdate().isoformat()))
    rights = sha256(seen.encode()).hexdigest()[:20]
    return f"desk.figures.{user.user_type}.{getattr(user, 'organization_id', None)}.{rights}"


def _read(roots: list[type[models.Model]], shown: set[type[models.Model]], user: Any) -> Figures:
    events = _daily(user, {Event.Category.ROW, *(model.tracking.category for model in roots)})  # type: ignore[attr-defined]
    daily = events[Event.Category.ROW]
    rows = {model._meta.label: visible(model._default_manager.all(), user) for model in roots}
    days = _days(daily, linked=explorer.may_read(user))
    return Figures(
        counts=counted(rows),
        changes=_week(_merged(events.values()), roots),
        days=days,
        peak=max(day.total for day in days),
        rules=broken(shown, user),
        seal=seal_state() if explorer.may_read(user) else None,
    )


def _daily(user: Any, categories: set[str]) -> dict[str, Daily]:
    """category → (day, record type, verb) → changes of rows in the last thirty days; one query."""
    first = timezone.localdate() - datetime.timedelta(days=DAYS - 1)
    since = timezone.make_aware(datetime.datetime.combine(first, datetime.time.min))
    events = timeline.events_visible_to(user).filter(category__in=categories, occurred_at__gte=since)
    rows = (
        events.order_by()
        .annotate(day=TruncDate("occurred_at"))
        .values_list("category", "day", "object_type", "event_type")
        .annotate(number=Count("id"))
    )
    found: dict[str, Daily] = {category: {} for category in categories}
    for category, day, kind, event_type, number in rows:
        if verb := timeline.VERBS.get(event_type.rpartition(".")[2]):
            of_category = found[category]
            of_category[day, kind, verb] = of_category.get((day, kind, verb), 0) + number
    return found


def _merged(parts: Iterable[Daily]) -> Daily:
    found: Daily = {}
    for part in parts:
        for key, number in part.items():
            found[key] = found.get(key, 0) + number
    return found


def _week(daily: Daily, roots: list[type[models.Model]]) -> dict[str, int]:
    since = timezone.localdate() - datetime.timedelta(days=WEEK - 1)
    labels = {model._meta.label_lower: model._meta.label for model in roots}
    found = dict.fromkeys(labels.values(), 0)
    for (day, kind, verb), number in daily.items():
        if day >= since and kind in labels:
            found[labels[kind]] += {"added": number, "deleted": -number}.get(verb, 0)
    return found


def _days(daily: Daily, *, linked: bool) -> list[Day]:
    today = timezone.localdate()
    dates = [today - datetime.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    numbers: dict[datetime.date, dict[str, int]] = {day: dict.fromkeys(VERBS, 0) for day in dates}
    for (day, _, verb), number in daily.items():
        if day in numbers:
            numbers[day][verb] += number
    peak = max(sum(of_day.values()) for of_day in numbers.values()) or 1
    return [
        Day(day, **numbers[day], x=place * STEP, bars=_bars(numbers[day], peak), url=_events_of(day) if linked else "")
        for place, day in enumerate(dates)
    ]


def _bars(numbers: dict[str, int], peak: int) -> list[Bar]:
    """A day's column from the bottom up; a single change is still to be seen beside an import of thousands."""
    bars, top = [], float(HEIGHT)
    for verb in VERBS:
        if numbers[verb]:
            height = max(2.0, round(numbers[verb] / peak * (HEIGHT - 6), 1))
            top = round(top - height, 1)
            bars.append(Bar(verb, top, height))
    return bars


def _events_of(day: datetime.date) -> str:
    asked = {"since": day.isoformat(), "until": day.isoformat(), "category": Event.Category.ROW.value}
    return reverse("explorer", query=asked)
