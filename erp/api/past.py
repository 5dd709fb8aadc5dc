"""The past of records: `as_of=` a moment, and the versions that a record went through."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, When
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from erp.api import events
from erp.api.errors import bad_parameter
from erp.api.ownership import historical
from erp.api.pagination import KeysetPagination
from erp.events.models import Event


def moment(request: Request) -> datetime.datetime | None:
    """The time that `as_of` names; without a zone it is UTC. Raises: Problem."""
    text = request.query_params.get("as_of", "").strip()
    if not text:
        return None
    try:
        # A plus sign that nobody escaped arrives as a space.
        found = parse_datetime(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
    except ValueError:
        found = None
    if found is None:
        raise bad_parameter("as_of", "as_of is a time, as 2026-03-31T18:30:00Z.")
    return found if timezone.is_aware(found) else found.replace(tzinfo=datetime.UTC)


def rows_at(model: Any, when: datetime.datetime) -> models.QuerySet[Any]:
    """The rows as they were then, as instances of the model. Fields have the names of the model; `pk` has not.

    A version counts from its `updated_at`, which clients know; simple-history's `as_of` counts from the moment of recording,
    some microseconds later.
    """
    pk = model._meta.pk.attname
    since = Case(When(history_type="-", then=F("history_date")), default=F("updated_at"), output_field=DateTimeField())
    then = model.history.annotate(since=since).filter(since__lte=when)
    newer = then.filter(**{pk: OuterRef(pk)}, history_id__gt=OuterRef("history_id"))
    rows: models.QuerySet[Any] = then.filter(~Exists(newer)).as_instances()
    return rows


def history(view: Any, request: Request, key: Any) -> Response:
    """Versions of a record that is, or when it was deleted was, in the user's scope.

    Raises: Http404: it never was.
    """
    pk = view.model._meta.pk.attname
    if not view.get_queryset().filter(**{pk: key}).exists() and not _was_visible(view, request, key):
        raise Http404
    changes = {"aggregate_type": view.model.tracking.aggregate}  # not who read it
    rows = Event.objects.filter(object_type=view.model._meta.label_lower, object_id=str(key), **changes)
    pages = KeysetPagination()
    found = pages.cut(rows.filter(events.readable(request.user)), request, order=["-id"], model=Event)
    return pages.get_paginated_response(events.shown(found, user=request.user))


def _was_visible(view: Any, request: Request, key: Any) -> bool:
    model, pk = view.model, view.model._meta.pk.attname
    if model._base_manager.filter(pk=key).exists():
        return False
    below = {f"{view.parent}_id": view.parent_key()} if view.parent else {}
    last = model.history.filter(**{pk: key}).order_by("-history_id").values("history_id")[:1]
    return bool(model.history.filter(historical(model).visible(request.user), history_id__in=last, **below).exists())
