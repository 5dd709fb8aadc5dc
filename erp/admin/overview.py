"""What the first page shows: the records there are, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.db import models
from django.urls import reverse

from erp.admin import timeline
from erp.admin.scope import visible
from erp.events.models import Event

COUNTS_TIMEOUT_S = 60
LATEST = 10
# Events to read for the latest transactions: most have one or two, an import has thousands.
READ_AHEAD = 60
SHOWN_PARTS = 3


@dataclass(frozen=True)
class Card:
    """One kind of record with the number of its rows in the user's scope."""

    name: str
    count: int
    url: str
    add_url: str


@dataclass(frozen=True)
class Group:
    """The cards of one app."""

    name: str
    cards: list[Card]


def groups(app_list: list[dict[str, Any]], user: Any) -> list[Group]:
    """Cards of every app with records of its own. Children are counted on their parents' forms, so they have no card."""
    counts = _counts(app_list, user)
    found = []
    for app in app_list:
        cards = [
            Card(str(entry["name"]), counts[entry["model"]._meta.label], entry["admin_url"], entry["add_url"] or "")
            for entry in app["models"]
            if entry["model"]._meta.label in counts
        ]
        if cards:
            found.append(Group(str(app["name"]), cards))
    return found


def _counts(app_list: list[dict[str, Any]], user: Any) -> dict[str, int]:
    """Label → number of visible rows of each root model, at most a minute old; alike for users of one organization."""
    roots = [
        entry["model"] for app in app_list for entry in app["models"] if is_root(entry["model"]) and entry["admin_url"]
    ]
    labels = sorted(model._meta.label for model in roots)
    kinds = sha256(",".join(labels).encode()).hexdigest()[:16]
    key = f"desk.counts.{user.user_type}.{getattr(user, 'organization_id', None)}.{kinds}"
    stored: dict[str, int] | None = cache.get(key)
    if stored is None:
        stored = {model._meta.label: visible(model._default_manager.all(), user).count() for model in roots}
        cache.set(key, stored, COUNTS_TIMEOUT_S)
    return stored


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
