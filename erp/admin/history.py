"""The history of a record and its past versions, for those who may see the record (issues S1, S2, S6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin

from erp.admin import compare, explorer, exports, proof, timeline
from erp.admin.numbers import whole_number
from erp.admin.restore import Restore
from erp.events import access
from erp.scoping import Scope

READS = ("GET", "HEAD")
VERSIONS_TO_CHOOSE = 200


class SecureHistory(Restore, SimpleHistoryAdmin):
    """Read-only history pages that begin with the scoped record; a deleted one counts as it was when it was deleted."""

    history_list_per_page = 100

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/history/compare/", wrap(self.compare_view), name=f"{name}_compare"),
            path("<path:object_id>/history/export/", wrap(self.history_export_view), name=f"{name}_history_export"),
            path("<path:object_id>/history/proof/<int:event_id>/", wrap(self.proof_view), name=f"{name}_proof"),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Newest first. Raises: Http404: no such record in the user's scope, now or before it was deleted."""
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        record, deleted = self._opened(request, unquote(object_id))
        all_events = timeline.events_of(record, user=request.user)
        filters = timeline.Filters.of(request.GET, record, all_events)
        events, key = filters.apply(all_events), timeline.order_of(record)
        page = timeline.page_of(events, request.GET, key=key, size=self.history_list_per_page)
        proof.mark(page.entries)
        timeline.mark_versions(page.entries, record)
        timeline.mark_undone(page.entries)
        context = {
            **self._history_context(request, record, deleted=deleted),
            "title": f"History: {record}",
            "page": page,
            "entries": page.entries,
            "filters": filters,
            "exports": self._exports(request, record, filters),
            "last_version": last.history_id
            if deleted and (last := self._versions(request, record.pk).first())
            else None,
            "today": timezone.localdate().isoformat(),
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
        record, deleted = self._opened(request, unquote(object_id))
        versions = self._versions(request, record.pk)
        past = versions.filter(history_id=whole_number(version_id)).first()
        if past is None:
            raise Http404
        context = {
            **self._history_context(request, record, deleted=deleted),
            "title": f"{record} on {past.history_date:%-d %b %Y}",
            "past": past,
            "fields": compare.fields_of(self.model, request, past, None if deleted else record),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/record_version.html", context)

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Two times side by side: `a` and `b` are "now", a version's number or a day; `only` leaves out what is equal.

        Raises: Http404: the record is out of scope, or has no such version.
        """
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        record, deleted = self._opened(request, unquote(object_id))
        versions = self._versions(request, record.pk)
        try:
            a, b = (
                compare.side_of(record, versions, address, deleted=deleted) for address in _addresses(request, versions)
            )
        except ValueError:
            messages.error(request, "A day is written like 2026-03-31.")
            return HttpResponseRedirect(self._page(record, "history"))
        fields = compare.fields_of(self.model, request, a.row, b.row)
        children = compare.children_of(record, request, a, b)
        only = "only" in request.GET
        context = {
            **self._history_context(request, record, deleted=deleted),
            "title": f"Compare: {record}",
            "a": a,
            "b": b,
            "sides": (a, b),
            "only": only,
            "fields": [field for field in fields if field.differs or not only],
            "children": [child for child in children if child.state != "same" or not only],
            "nothing": not any(field.differs for field in fields) and all(one.state == "same" for one in children),
            "versions": versions[:VERSIONS_TO_CHOOSE],
        }
        return TemplateResponse(request, "admin/record_compare.html", context)

    def proof_view(self, request: HttpRequest, object_id: str, event_id: int) -> HttpResponse:
        """What an outsider needs to check that one entry stands in the sealed ledger, as a file.

        Raises: Http404: not an entry of this record, not in the user's scope, or not sealed yet.
        """
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        record, _ = self._opened(request, unquote(object_id))
        event = timeline.events_of(record, user=request.user).filter(pk=event_id).first()
        document = proof.document(event) if event is not None else None
        if document is None:
            raise Http404
        return JsonResponse(
            document,
            json_dumps_params={"indent": 2, "ensure_ascii": False},
            headers={"Content-Disposition": f'attachment; filename="proof-{document["position"]}.json"'},
        )

    def history_export_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The history as it is filtered, as a file (erp/admin/exports.py).

        Raises: Http404: no such record or format. PermissionDenied: the user may not export such records.
        """
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        record, _ = self._record(request, unquote(object_id))
        if not self.has_export_permission(request):
            raise PermissionDenied
        all_events = timeline.events_of(record, user=request.user)
        filters = timeline.Filters.of(request.GET, record, all_events)
        title = f"History of {self.opts.verbose_name} {record}"
        export = exports.Export(title, filters.apply(all_events), filters.describe(), request.user, subject=record)
        return exports.answer(request, export)

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

    def _opened(self, request: HttpRequest, object_id: str) -> tuple[Any, bool]:
        """As `_record`; that the user reads its history is recorded."""
        record, deleted = self._record(request, object_id)
        access.opened(
            access.HISTORY_VIEWED,
            request.user,
            page=f"{self.opts.label_lower}.{record.pk}",
            what=f"History of {self.opts.verbose_name} {record}",
            subject=access.subject_of(record),
            organization_id=access.owner_of(record, request.user),
        )
        return record, deleted

    def versions(self, request: HttpRequest, *, write: bool = False) -> models.QuerySet[Any]:
        """History rows of this model in the user's scope, newest first; with `write`, of rows that the user may change."""
        # In a history table "pk" is the version's own number.
        pk = self.model._meta.pk.attname
        names = {name: pk for name in ("organization", "partner") if getattr(self.model.scope, name) == "pk"}
        scope: Scope = replace(self.model.scope, **names)
        rows = scope.editable(request.user) if write else scope.visible(request.user)
        found: models.QuerySet[Any] = self.model.history.filter(rows).order_by("-history_id")
        return found

    def _versions(self, request: HttpRequest, key: Any) -> models.QuerySet[Any]:
        return self.versions(request).filter(**{self.model._meta.pk.attname: key})

    def _page(self, record: models.Model, page: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[record.pk])

    def _history_context(self, request: HttpRequest, record: models.Model, *, deleted: bool) -> dict[str, Any]:
        may_write = self.has_add_permission(request) if deleted else self.has_change_permission(request, record)
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "record": record,
            "deleted": deleted,
            "restore_url": (self._page_of_form(record, deleted=deleted) if may_write else ""),
            "may_undo": may_write,
            "module_name": str(self.opts.verbose_name_plural),
        }

    def _exports(self, request: HttpRequest, record: models.Model, filters: timeline.Filters) -> list[tuple[str, str]]:
        if not self.has_export_permission(request):
            return []
        address = self._page(record, "history_export")
        return [(name, f"{address}?{filters.query}format={key}") for key, name in explorer.FORMATS.items()]

    def _page_of_form(self, record: models.Model, *, deleted: bool) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_add") if deleted else reverse(f"{name}_change", args=[record.pk])


def _addresses(request: HttpRequest, versions: models.QuerySet[Any]) -> tuple[str, str]:
    """What to compare: as asked; a day typed beside a choice counts more; else the last change with what was before it."""
    a, b = (request.GET.get(f"{side}_on") or request.GET.get(side) or "" for side in "ab")
    if not a:
        numbers = [str(number) for number in versions.values_list("history_id", flat=True)[:2]]
        a = numbers[-1] if numbers else compare.NOW
    return a, b or compare.NOW
