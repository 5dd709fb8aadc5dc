"""What the first page shows: the records there are, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse

from erp.admin import timeline
from erp.admin.figures import Figures
from erp.admin.figures import figures as read_figures
from erp.events.models import Event

LATEST = 10
# Events to read for the latest transactions: most have one or two, an import has thousands.
READ_AHEAD = 60
SHOWN_PARTS = 3


@dataclass(frozen=True)
class Card:
    """One kind of record with the number of its rows in the user's scope."""

    name: str
    count: int
    change: int  # in seven days: added less deleted
    url: str
    add_url: str


@dataclass(frozen=True)
class Group:
    """The cards of one app."""

    name: str
    cards: list[Card]


def figures(app_list: list[dict[str, Any]], user: Any) -> Figures:
    """Counts, changes per day, data quality and the seal for the models that this user may open."""
    shown = {entry["model"] for app in app_list for entry in app["models"] if entry["admin_url"]}
    return read_figures({model for model in shown if is_root(model)}, shown, user)


def groups(app_list: list[dict[str, Any]], found: Figures) -> list[Group]:
    """Cards of every app with records of its own. Children are counted on their parents' forms, so they have no card."""
    told = []
    for app in app_list:
        cards = [_card(entry, found) for entry in app["models"] if entry["model"]._meta.label in found.counts]
        if cards:
            told.append(Group(str(app["name"]), cards))
    return told


def _card(entry: dict[str, Any], found: Figures) -> Card:
    label = entry["model"]._meta.label
    add_url = entry["add_url"] or ""
    return Card(str(entry["name"]), found.counts[label], found.changes[label], entry["admin_url"], add_url)


def is_root(model: type[models.Model]) -> bool:
    """Whether rows of the model are records of their own, not parts of another one."""
    tracking = getattr(model, "tracking", None)
    return tracking is not None and not tracking.part


def latest(user: Any) -> list[timeline.Entry]:
    """The last transactions on records in the user's scope, newest first."""
    kinds = (Event.Category.ROW, Event.Category.DOMAIN)
    events = timeline.events_visible_to(user).filter(category__in=kinds).order_by("-id")[:READ_AHEAD]
    return timeline.entries(events)[:LATEST]


def url_of(part: timeline.Part) -> str:
    """The page of an event's row: its form, or its history once it's deleted; "" where the desk has none."""
    model = part.model
    if model is None or model not in admin.site._registry:
        return ""
    page = "history" if part.verb == "deleted" else "change"
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=[part.event.object_id])
