"""Lists and records of the fast lane: statements kept per shape, bound to who asks, answered as bytes."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import models, router
from django.http import Http404, HttpResponse
from django.utils import timezone

from erp.api import concurrency
from erp.api.fastlane.layouts import Layout, layout_of, select
from erp.api.fastlane.questions import Question, is_same, opened, question_of, sample_of
from erp.api.filters import asked_of, narrowed
from erp.api.permissions import may
from erp.kept import PARENT, STAND_INS_OF, Kept, Records, Statement, Viewer, brought_by
from erp.search import is_crowd

JSON = "application/json"
UNKEPT = object()

layouts, statements, locks = Kept(), Kept(), Kept()


def lane_of(view: Any) -> Lane | None:
    """How this request is answered fast; None: the serializer answers it."""
    request, kind = view.request, cast("Hashable", type(view))
    if not settings.API_FAST_LANE or view.as_of or request.accepted_media_type != JSON or not _is_plain(kind):
        return None
    user, shape = request.user, view.shape
    viewer = Viewer.like(user)
    seen = tuple(name for name in sorted(shape.expand) if may(user, "view", _target(view.model, name)))
    key = (
        type(view),
        shape.fields,
        shape.expand,
        seen,
        viewer,
        timezone.get_current_timezone_name(),
    )
    layout = layouts.get(key, lambda: _layout(view, viewer))
    return Lane(view, viewer, layout, key) if layout else None


def _layout(view: Any, viewer: Viewer) -> Layout | None:
    rows = view.narrow(view.model._default_manager.all())
    return layout_of(view.get_serializer(), rows, viewer=viewer)


def _target(model: Any, name: str) -> Any:
    return model._meta.get_field(name).remote_field.model


@cache
def _is_plain(kind: Hashable) -> bool:
    """Whether a view reads its rows the way the base does."""
    from erp.api.viewsets import MasterDataViewSet as Base  # noqa: PLC0415 (views import the lane)

    steps = (
        "list", "retrieve", "get_object", "get_queryset", "rows_of", "filter_queryset", "shaped", "ordering_of",
        "paginate_queryset", "get_paginated_response", "get_serializer", "get_serializer_context",
        "pagination_class", "filter_backends", "renderer_classes",
    )  # fmt: skip
    return all(getattr(kind, step) is getattr(Base, step) for step in steps)


@dataclass(frozen=True)
class Lane:
    """One request on the fast lane. key: its shape, whoever asks."""

    view: Any
    viewer: Viewer
    layout: Layout
    key: tuple[Any, ...]

    def page(self) -> HttpResponse:
        """A page of a list. Raises: Problem."""
        view, request, pages = self.view, self.view.request, self.view.paginator
        asked = asked_of(request, view)
        order = tuple(view.ordering_of(request))
        pages.read(request, order=list(order), model=view.model)
        if asked.text and not pages.cursor:
            column = order[0].removeprefix("-")
            pages.gathers = is_crowd(view.model, asked.text, column=column, using=self.database)
        question = None if pages.counts or not is_kept(view) else question_of(view, asked, pages.after)
        made: Any = UNKEPT
        if question:
            shape = (*self.key, order, pages.limit, pages.gathers, question.kind)
            made = statements.get(shape, lambda: self._kept(question, order))
        if made is UNKEPT:
            rows = narrowed(view.get_queryset(), view, asked, user=request.user)
            made = self._list(pages.turn(rows, after=pages.after), order, prepared=False)
        brought = self._brought() | (question.brought if question else {})
        found = pages.keep(made.rows(brought, using=self.database) if made else [])
        texts = ",".join(row[0] for row in found)
        pages.rows = [self._place(row, order) for row in (found[:1] + found[-1:])]
        around, headers = pages.around()
        beside = json.dumps(around, separators=(",", ":"))
        return _answer(f'{{"results":[{texts}],{beside[1:]}', headers)

    def record(self, key: Any) -> HttpResponse:
        """One record. Raises: Http404: unknown or out of scope."""
        view, pk = self.view, self.view.model._meta.pk
        stand_in, places = STAND_INS_OF.get(type(pk)), (pk.name, "version")
        if stand_in and is_kept(view):
            made = statements.get((*self.key, None), lambda: self._one(self._rows(), stand_in, places))
        else:
            made = self._one(view.get_queryset(), key, places, prepared=False)
        found = made.rows(self._brought(key), using=self.database) if made else []
        if not found:
            raise Http404
        text, *values = found[0]
        row = SimpleNamespace(pk=values[0], version=values[1])
        if view.shape.expand:
            return _answer(text, None)
        if concurrency.is_known(view.request, row):
            return concurrency.unchanged(row)
        return _answer(text, {"ETag": concurrency.etag(row)})

    @property
    def database(self) -> str:
        """Alias of the database that this request is read from (erp/replicas.py)."""
        return str(router.db_for_read(self.view.model))

    def _rows(self) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = self.view.rows_of(self.viewer, parent=PARENT)
        return rows

    def _kept(self, question: Question, order: Sequence[str]) -> Any:
        """The statement of questions like this one, None where no row can be found; UNKEPT: it is another one for each.

        That it is the one which the ORM makes of this very question is looked at here, once.
        """
        asked = self._asked(question, order)
        if not question.values:
            return asked
        sample = sample_of(self.view, question)
        if sample is None:
            return UNKEPT
        kept = self._asked(sample, order)
        if kept is None or asked is None:
            return kept if kept is asked else UNKEPT
        kept = opened(kept, sample)
        return kept if is_same(kept, question, asked) else UNKEPT

    def _asked(self, question: Question, order: Sequence[str]) -> Statement | None:
        rows = narrowed(self._rows(), self.view, question.asked, user=self.viewer)
        rows = self.view.paginator.turn(rows, after=question.after)
        return self._list(rows, order, prepared=not question.is_chosen)

    def _list(self, rows: models.QuerySet[Any], order: Sequence[str], *, prepared: bool) -> Statement | None:
        return self._statement(rows, order, most=self.view.paginator.limit + 1, prepared=prepared)

    def _one(self, rows: Any, key: Any, places: Sequence[str], *, prepared: bool = True) -> Statement | None:
        return self._statement(rows.filter(pk=key).order_by(), places, most=1, prepared=prepared)

    def _statement(
        self, rows: models.QuerySet[Any], places: Sequence[str], *, most: int, prepared: bool
    ) -> Statement | None:
        """Text of each row's JSON, then the columns `places`; None where no row can be in scope."""
        layout = Layout("q", [*self.layout.paths], self.layout.members, self.layout.params)
        columns = [layout.column(self.view.model._meta.get_field(step.removeprefix("-")).attname) for step in places]
        try:
            sql, params = select(rows, layout.paths)
        except EmptyResultSet:
            return None
        source = layout.source(f"{sql} LIMIT {most:d}")
        shown = ", ".join(["row_to_json(j)::text", *columns])
        made = f"SELECT {shown} FROM {source}, LATERAL ({layout.made}) AS j"  # noqa: S608 (the ORM's SQL)
        return Statement(made, (*params, *layout.params), prepared)

    def _brought(self, key: Any = None) -> dict[Any, Any]:
        return _brought(self.view, self.view.request.user, key)

    def _place(self, row: Sequence[Any], order: Sequence[str]) -> Any:
        """As much of a row as its cursor names."""
        columns = [self.view.model._meta.get_field(step.removeprefix("-")).attname for step in order]
        return SimpleNamespace(**dict(zip(columns, row[1:], strict=True)))


def is_kept(view: Any) -> bool:
    """Whether a view's rows follow from its shape alone: a `narrow` of its own may look at the request."""
    from erp.api.viewsets import MasterDataViewSet as Base  # noqa: PLC0415 (views import the lane)

    return type(view).narrow is Base.narrow


def locked(view: Any, key: Any) -> Any:
    """The row of an address, locked for a change, with all that it refers to; None: unknown or out of scope."""
    user = view.request.user
    viewer = Viewer.like(user)
    made = locks.get((type(view), viewer), lambda: _locking(view, viewer))
    return next(iter(made.get(_brought(view, user, key))), None) if made else None


def _locking(view: Any, viewer: Viewer) -> Records | None:
    """None where no row can be in scope."""
    rows = with_joins(view.rows_of(viewer, parent=PARENT))
    key = STAND_INS_OF[type(view.model._meta.pk)]
    try:
        return Records(rows.select_for_update(no_key=True, of=("self",)).filter(pk=key).order_by())
    except EmptyResultSet:
        return None


def with_joins(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows with all that they refer to."""
    joins = [field.name for field in rows.model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return rows.select_related(*joins) if joins else rows


def _brought(view: Any, user: Any, key: Any) -> dict[Any, Any]:
    return brought_by(user, key=key, parent=view.parent_key() if view.parent else None)


def _answer(text: str, headers: Mapping[str, str] | None) -> HttpResponse:
    """The JSON as DRF's renderer would send it, which escapes two line separators that JavaScript can't bear."""
    body = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return HttpResponse(body.encode(), content_type=JSON, headers=headers)
