"""The history of a record and its past versions, for those who may see the record (issues S1, S2, S6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from simple_history.admin import SimpleHistoryAdmin

from erp.admin import timeline
from erp.admin.scope import foreign_keys, visible
from erp.events.tracking import STAMPS
from erp.scoping import Scope

READS = ("GET", "HEAD")


@dataclass(frozen=True)
class Field:
    """One field of a past version beside what it is today."""

    label: str
    then: str
    now: str

    @property
    def differs(self) -> bool:
        return self.then != self.now


class SecureHistory(SimpleHistoryAdmin):
    """Read-only history pages that begin with the scoped record; a deleted one counts as it was when it was deleted."""

    history_list_per_page = 100

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Newest first. Raises: Http404: no such record in the user's scope, now or before it was deleted."""
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        record, deleted = self._record(request, unquote(object_id))
        events = timeline.events_of(record, user=request.user)
        page = Paginator(events, self.history_list_per_page).get_page(request.GET.get("p"))
        context = {
            **self._history_context(request, record, deleted=deleted),
            "title": f"History: {record}",
            "page": page,
            "entries": timeline.entries(page.object_list),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/record_history.html", context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """One past version beside today's. Nothing is ever written here.

        Raises: Http404: the record is out of scope, or has no such version.
        """
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        record, deleted = self._record(request, unquote(object_id))
        versions = self._versions(request, record.pk)
        past = versions.filter(history_id=version_id).first() if version_id.isdigit() else None
        if past is None:
            raise Http404
        context = {
            **self._history_context(request, record, deleted=deleted),
            "title": f"{record} on {past.history_date:%-d %b %Y}",
            "past": past,
            "fields": list(self._beside(request, past, None if deleted else record)),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/record_version.html", context)

    def _record(self, request: HttpRequest, object_id: str) -> tuple[Any, bool]:
        """The live record, or what it was when it was deleted, and whether it was.

        Raises: Http404: out of scope or unknown. PermissionDenied: the user may not view such records.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = self.model._meta.pk
        try:
            key = pk.to_python(object_id)
        except ValidationError:
            raise Http404 from None
        record = self.get_queryset(request).filter(pk=key).first()
        if record is not None:
            return record, False
        last = self._versions(request, key).first()
        if last is None or self.model._base_manager.filter(pk=key).exists():
            raise Http404
        return last.instance, True

    def _versions(self, request: HttpRequest, key: Any) -> Any:
        """History rows of one record in the user's scope, newest first."""
        pk = self.model._meta.pk.attname
        scope = self.model.scope
        # In a history table "pk" is the version's own number.
        names = {name: pk for name in ("organization", "partner") if getattr(scope, name) == "pk"}
        scoped: Scope = replace(scope, **names)
        return self.model.history.filter(scoped.visible(request.user), **{pk: key}).order_by("-history_id")

    def _beside(self, request: HttpRequest, past: Any, now: Any) -> Iterator[Field]:
        """Each field of the model, then and now. A row that another row names is shown only if it's in scope."""
        left_out = {*STAMPS, *self.model.tracking.secret, *self.model.tracking.unkept}
        names = self._names(request, past, now)
        for column in self.model._meta.concrete_fields:
            if column.primary_key or column.attname in left_out:
                continue
            then, today = (
                timeline.shown(_value(row, column), column, names.get((column.name, getattr(row, column.attname))))
                if row is not None
                else timeline.EMPTY
                for row in (past, now)
            )
            yield Field(str(column.verbose_name), then, today)

    def _names(self, request: HttpRequest, *rows: Any) -> dict[Any, str]:
        """(field, key) → name of the row that a foreign key names: one query a foreign key."""
        names: dict[Any, str] = {}
        for column in foreign_keys(self.model):
            keys = {getattr(row, column.attname) for row in rows if row is not None} - {None}
            found = (
                visible(column.remote_field.model._default_manager.filter(pk__in=keys), request.user) if keys else []
            )
            names.update({(column.name, row.pk): str(row) for row in found})
        return names

    def _history_context(self, request: HttpRequest, record: models.Model, *, deleted: bool) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "record": record,
            "deleted": deleted,
            "module_name": str(self.opts.verbose_name_plural),
        }


def _value(row: Any, column: Any) -> Any:
    value = getattr(row, column.attname)
    return value if value is None or isinstance(value, (bool, dict)) else column.value_to_string(row)
