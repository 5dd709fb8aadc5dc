"""Background jobs that were given up, for super admins: what they were to do, and letting them run again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from erp import context
from erp.admin.forms import ReasonForm
from erp.events import registry
from erp.ledger.jobs import post_head
from erp.ledger.models import Delivery
from erp.ops import logs
from erp.scoping import UserType

RETRIED = registry.register("job.retried", category="system")
STREAM = "job"
PER_PAGE = 50
FAILED = "failed"


@dataclass(frozen=True)
class Row:
    """One job as the pages show it: its arguments and its error without what is secret."""

    pk: int
    task: str
    arguments: list[tuple[str, str]]
    attempts: int
    failed_at: datetime | None
    error: str

    @property
    def name(self) -> str:
        """The task's last word: "post_head"."""
        return self.task.rpartition(".")[2]


def may_see(user: Any) -> bool:
    """Jobs belong to no organization: only super admins see them."""
    return bool(getattr(user, "user_type", None) == UserType.SUPER_ADMIN)


def _failed(request: HttpRequest) -> QuerySet[Any]:
    """Raises: PermissionDenied."""
    if not may_see(request.user):
        raise PermissionDenied
    rows: QuerySet[Any] = ProcrastinateJob.objects.filter(status=FAILED)
    return rows


def _rows(jobs: list[Any]) -> list[Row]:
    deliveries = [job.args.get("delivery_id") for job in jobs if job.task_name == post_head.name]
    errors = dict(Delivery.objects.filter(pk__in=deliveries).values_list("pk", "error")) if deliveries else {}
    return [
        Row(
            pk=job.pk,
            task=job.task_name,
            arguments=[(name, str(logs.scrub_value(name, value))) for name, value in job.args.items()],
            attempts=job.attempts,
            failed_at=job.failed_at,
            error=logs.scrub(errors.get(job.args.get("delivery_id"), "")) if job.task_name == post_head.name else "",
        )
        for job in jobs
    ]


def _dated(jobs: QuerySet[Any]) -> QuerySet[Any]:
    # The last thing that happened to a failed job is its failure.
    dated: QuerySet[Any] = jobs.annotate(failed_at=Max("procrastinateevent__at"))
    return dated


@require_safe
def jobs_page(request: HttpRequest) -> HttpResponse:
    """Failed jobs, newest first."""
    found = _dated(_failed(request)).order_by("-failed_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {**admin.site.each_context(request), "title": "Failed jobs", "page": page, "rows": _rows(list(page))}
    return TemplateResponse(request, "admin/jobs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def job_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One failed job. POST with a reason: it runs again. Raises: Http404: it doesn't exist, or is not a failed one (any more)."""
    job = _dated(_failed(request)).filter(pk=pk).first()
    if job is None:
        raise Http404
    [row] = _rows([job])
    form = ReasonForm(request.POST if request.method == "POST" else None, label_suffix="")
    refused = False
    if form.is_valid():
        if _retry(row, reason=form.cleaned_data["reason"]):
            messages.success(request, f"Runs again within seconds: {row.name} {row.pk}.")
            return redirect("jobs")
        refused = True
    title = f"{row.name} {row.pk}"
    shown = {**admin.site.each_context(request), "title": title, "row": row, "form": form, "refused": refused}
    return TemplateResponse(request, "admin/job.html", shown, status=409 if refused else 200)


def _retry(row: Row, *, reason: str) -> bool:
    """Put it back into the queue, with an event; False, and nothing written, when it can't be any more."""
    context.amend(reason=reason)
    try:
        with transaction.atomic():
            # procrastinate would also take one that a worker is at.
            if not ProcrastinateJob.objects.select_for_update().filter(pk=row.pk, status=FAILED).exists():
                return False
            app.job_manager.retry_job_by_id(row.pk, retry_at=timezone.now())
            _record(row)
    except ConnectorException:  # one with its queueing lock waits already
        return False
    return True


def _record(row: Row) -> None:
    event = {
        "aggregate_type": STREAM,
        "aggregate_id": str(row.pk),
        "object_type": STREAM,
        "object_id": str(row.pk),
        "category": RETRIED.category,
        "event_type": RETRIED.name,
        "schema_version": RETRIED.version,
        "organization_id": None,
        "payload": {"label": f"{row.name} {row.pk}", "task": row.task, "attempts": row.attempts},
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_emit(%s::jsonb)", [json.dumps([event])])
