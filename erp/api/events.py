"""Recorded events as clients see them: rows in their scope, fields that the API shows, no secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Count, Q
from rest_framework.request import Request
from rest_framework.response import Response

from erp.api import schema
from erp.api.errors import bad_parameter
from erp.api.ownership import is_external
from erp.api.pagination import parse_limit
from erp.api.permissions import may
from erp.api.policy import MASKED
from erp.api.router import resource_of, resources
from erp.api.serializers import hidden_fields
from erp.api.views import ApiView
from erp.events import feed
from erp.events.models import Event, EventPosition
from erp.scoping import NOTHING, Kind, UserType

PAGE = 1_000
HIDDEN = {"masked": True}
SHARED = {Kind.SHARED, Kind.ORGANIZATION_OR_SHARED}
FILTERS = {"type": "event_type", "object_type": "object_type", "object_id": "object_id", "category": "category"}


def readable(user: Any) -> Q:
    """Events of a record that the user may see: not those from the time when it belonged to somebody else."""
    if not user.is_active:
        return NOTHING
    if user.user_type == UserType.SUPER_ADMIN:
        return Q()
    home = Q(organization_id=user.home_organization_id) | Q(organization_id__isnull=True)
    if user.user_type == UserType.INTERNAL and user.organization_id:
        return home
    if is_external(user) and user.partner_id:
        return home & (Q(partner_id=user.partner_id) | Q(partner_id__isnull=True))
    return NOTHING


def in_feed(user: Any) -> Q:
    """Events of all records that the user may see; with the permission to read events, those of sign-ins and roles too."""
    if user.user_type == UserType.SUPER_ADMIN:
        return Q()
    seen = [found.view.model for found in resources() if may(user, "view", found.view.model)]
    labels = {model._meta.label_lower for model in seen}
    shared = {model._meta.label_lower for model in seen if model.scope.kind in SHARED}
    ours = Q(object_type__in=labels)
    if may(user, "view", Event):
        ours |= ~Q(object_type__in={found.view.model._meta.label_lower for found in resources()})
    owner = Q(partner_id=user.partner_id) if is_external(user) else Q(organization_id=user.organization_id)
    everybody = Q(object_type__in=shared, partner_id__isnull=True) & (
        Q(organization_id__isnull=True) | Q(organization_id=user.home_organization_id)
    )
    return readable(user) & ((owner & ours) | everybody)


def shown(events: Iterable[Event], *, user: Any) -> list[dict[str, Any]]:
    """The events as JSON, in the given order. One statement at most, to learn which colleagues acted."""
    found = list(events)
    known = _known_actors(found, user) if is_external(user) else None
    return [_shown(event, user=user, known=known) for event in found]


def _shown(event: Event, *, user: Any, known: set[Any] | None) -> dict[str, Any]:
    # Who of the organization's staff acted, and why, is no business of a partner.
    ours = known is None or event.actor_id in known
    body = {
        "id": str(event.event_id),
        "type": event.event_type,
        "category": event.category,
        "occurred_at": event.occurred_at,
        "version": event.payload.get("version"),
        "object": {"type": event.object_type, "id": event.object_id, "label": event.payload.get("label")},
        "aggregate": {"type": event.aggregate_type, "id": event.aggregate_id, "version": event.aggregate_version},
        "actor": {"id": event.actor_id, "name": event.actor_label.partition(" <")[0]}
        if ours and event.actor_id
        else None,
        "reason": event.reason if ours else "",
        "source": event.source,
        "request_id": event.request_id,
        "changes": _changes(event, user),
    }
    return body if event.category == Event.Category.ROW or is_external(user) else {**body, "data": _data(event)}


def _data(event: Event) -> dict[str, Any]:
    """Payload of a domain event; a row's is told by `changes`."""
    return {} if "changes" in event.payload else event.payload


def _changes(event: Event, user: Any) -> list[dict[str, Any]]:
    names = _columns(event.object_type, user)
    labels = event.payload.get("labels", {})
    found = []
    for column, (old, new) in sorted(event.changes.items()):
        name = column if names is None else names.get(column)
        if name is None:
            continue
        change = {"field": name, "old": _plain(old, name), "new": _plain(new, name)}
        if column in labels and (names is None or _may_name(event.object_type, name, user)):
            change |= {"old_label": labels[column][0], "new_label": labels[column][1]}
        found.append(change)
    return found


def _may_name(object_type: str, name: str, user: Any) -> bool:
    """Whether the user may read what the rows behind a foreign key are called: a partner reads no other partner's name."""
    target: Any = apps.get_model(object_type)._meta.get_field(name).related_model
    return not is_external(user) or target.scope.kind in SHARED


def _plain(value: Any, name: str) -> Any:
    return (
        HIDDEN if value is not None and (name in MASKED or (isinstance(value, dict) and "$secret" in value)) else value
    )


def _columns(object_type: str, user: Any) -> dict[str, str] | None:
    """Column → field, for the fields that the API shows this user; None for records that the API does not show."""
    try:
        resource = resource_of(apps.get_model(object_type))
    except (LookupError, ValueError):
        return None
    if resource is None:
        return None
    meta = resource.view.serializer_class.Meta
    columns = {field.name: field.attname for field in meta.model._meta.concrete_fields}
    return {columns[name]: name for name in set(meta.fields) - hidden_fields(meta, user) if name in columns}


def _known_actors(events: Sequence[Event], user: Any) -> set[Any]:
    users: Any = get_user_model()._default_manager
    actors = {event.actor_id for event in events} - {None}
    return set(users.visible_to(user).filter(pk__in=actors).values_list("pk", flat=True))


class EventsView(ApiView):
    """Base of the feed's views: events in scope, filtered."""

    tier = "relaxed"
    schema = schema.EventSchema()

    def rows(self, request: Request, prefix: str) -> Q:
        """Condition for the events that are asked for. prefix: way to the event from the row that is asked."""
        condition = Q(in_feed(request.user))
        for name, column in FILTERS.items():
            if text := request.query_params.get(name, ""):
                condition &= Q(**{f"{column}__in": text.split(",")})
        return prefixed(condition, prefix) if prefix else condition


class Feed(EventsView):
    """Events in the one order in which they were committed. Keep the last `position` and ask for what is `after` it."""

    parameters = frozenset({"after", "limit", *FILTERS})

    def get(self, request: Request) -> Response:
        """At most `limit` (1,000) events above `after`. `last` is where to go on; it is the head once you have all."""
        text = request.query_params.get("after", "") or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise bad_parameter("after", "after is a position: 0 to begin, then the last one that you have.")
        limit, after = parse_limit(request, most=PAGE), int(text)
        head = feed.number_events()
        rows = EventPosition.objects.filter(self.rows(request, "event"), position__gt=after, position__lte=head)
        found = list(rows.select_related("event").order_by("position")[:limit])
        events = shown((row.event for row in found), user=request.user)
        results = [{"position": row.position, **event} for row, event in zip(found, events, strict=True)]
        last = found[-1].position if len(found) == limit else max(head, after)
        return Response({"results": results, "last": last, "head": head})


class FeedStats(EventsView):
    """How many events of each type there are in your scope."""

    parameters = frozenset(FILTERS)

    def get(self, request: Request) -> Response:
        """Counts by type, the most frequent first."""
        rows = Event.objects.filter(self.rows(request, "")).order_by().values("event_type")
        counted = rows.annotate(count=Count("pk")).order_by("-count", "event_type")
        results = [{"type": row["event_type"], "count": row["count"]} for row in counted]
        return Response({"results": results, "total": sum(row["count"] for row in results)})


def prefixed(condition: Q, prefix: str) -> Q:
    """The same condition for a row from which `prefix` leads to the event."""
    children: list[Any] = list(condition.children)
    moved = [
        prefixed(child, prefix) if isinstance(child, Q) else (f"{prefix}__{child[0]}", child[1]) for child in children
    ]
    return Q(*moved, _connector=condition.connector, _negated=condition.negated)
