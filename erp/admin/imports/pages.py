"""Pages of one import: its preview, its progress, its errors as a file."""

from __future__ import annotations

import io
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_POST, require_safe

from erp.admin import sheets, waiting
from erp.admin.forms import ReasonForm
from erp.admin.imports import jobs
from erp.imports.models import ImportJob

REFRESH_S = 3
PER_PAGE = 50
COUNTS = ("new", "updated", "unchanged", "invalid")


def find(request: HttpRequest, pk: Any) -> tuple[ImportJob, Any]:
    """The import and the admin of its records. Raises: Http404: unknown or out of scope. PermissionDenied."""
    job = ImportJob.objects.visible_to(request.user).select_related("user").filter(pk=pk).first()
    if job is None:
        raise Http404
    desk = admin.site._registry.get(apps.get_model(job.kind))
    if desk is None:
        raise Http404
    if not desk.has_import_permission(request):  # type: ignore[attr-defined]
        raise PermissionDenied
    return job, desk


@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """The user's own imports, newest first; `?state=` as `waiting.imports_of`. Raises: Http404: no such state."""
    state = request.GET.get("state", "")
    if state not in {"", *waiting.IMPORTS}:
        raise Http404
    rows = waiting.imports_of(request.user, state).select_related("user").defer("result")
    found = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": "My imports",
        "state": state,
        "states": {"": "All", **{key: ImportJob.Status(key).label for key in waiting.IMPORTS}},
        "page": found,
        "rows": [(job, apps.get_model(job.kind)._meta.verbose_name_plural) for job in found],
    }
    return TemplateResponse(request, "admin/imports.html", context)


@require_safe
def page(request: HttpRequest, pk: Any) -> HttpResponse:
    """An import as it stands."""
    job, desk = find(request, pk)
    return show(request, job, desk)


@require_safe
def progress(request: HttpRequest, pk: Any) -> JsonResponse:
    """How far an import is: {"status", "label", "step", "done", "total", "percent", "active"}."""
    job, _ = find(request, pk)
    return JsonResponse(
        {
            "status": job.status,
            "label": job.get_status_display(),
            "step": job.step,
            "done": job.done,
            "total": job.total,
            "percent": job.percent,
            "active": job.is_active,
        },
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def errors(request: HttpRequest, pk: Any) -> HttpResponse:
    """What is wrong with the file, as CSV."""
    job, _ = find(request, pk)
    file = io.BytesIO()
    rows = [(one["row"] or "", one["column"], one["value"], one["message"]) for one in job.result.get("errors", [])]
    sheets.write_csv(file, ("row", "column", "value", "error"), rows)
    headers = {"Content-Disposition": 'attachment; filename="import-errors.csv"', "Cache-Control": "no-store"}
    return HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
def cancel(request: HttpRequest, pk: Any) -> HttpResponse:
    """Stop an import. Only who uploaded the file may."""
    job, _ = find(request, pk)
    if job.user_id != request.user.pk:
        raise PermissionDenied
    jobs.cancel(job)
    return redirect("import_job", pk=job.pk)


def show(request: HttpRequest, job: ImportJob, desk: Any, form: ReasonForm | None = None) -> TemplateResponse:
    """The page of an import: its preview, and the form that confirms it."""
    opts, mine = desk.opts, job.user_id == request.user.pk
    totals = job.result.get("totals", {})
    return TemplateResponse(
        request,
        "admin/import_job.html",
        {
            **admin.site.each_context(request),
            "title": f"Import {opts.verbose_name_plural}",
            "opts": opts,
            "job": job,
            "mine": mine,
            "confirm_form": (form or ReasonForm()) if job.status == ImportJob.Status.CHECKED and mine else None,
            "totals": [(capfirst(name), totals.get(name, 0)) for name in COUNTS],
            "sentence": ", ".join(f"{totals.get(name, 0):,} {name}" for name in COUNTS),
            "rows": job.result.get("rows", []),
            "more": totals.get("new", 0) + totals.get("updated", 0) - len(job.result.get("rows", [])),
            "errors": job.result.get("errors", []),
            "upload_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_import"),
            "process_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_process_import"),
            "list_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
            "refresh_s": REFRESH_S,
        },
    )
