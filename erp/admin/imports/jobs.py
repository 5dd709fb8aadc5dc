"""Imports: checking a file and writing it, in the request where it is small, by a worker where it is large.

A worker tells how far it is through a connection of its own, because its transaction shows nothing before its end. When the
worker dies, PostgreSQL takes everything back, and the job is given to another worker.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connections, transaction
from django.db.utils import DatabaseError
from django.utils import timezone
from procrastinate.contrib.django import app

from erp import context
from erp.admin.imports import files
from erp.admin.imports.plan import Importer, RefusedError, Report, silent
from erp.imports.models import ImportJob

IN_PAGE = 5_000
TASK = "erp.imports.run"
TELL_EVERY_S = 0.5
Status = ImportJob.Status


class CancelledError(Exception):
    """Somebody asked the import to stop; nothing was written."""


def receive(model: Any, *, name: str, data: bytes, user: Any) -> ImportJob:
    """Keep the file and check it, here or by a worker. Raises: files.FileError: it can't be read; nothing is kept."""
    table = files.read(data, name=name)
    job = ImportJob(
        user=user,
        organization_id=user.organization_id,
        kind=model._meta.label_lower,
        file_name=name[:255],
        sha256=hashlib.sha256(data).hexdigest(),
        rows=len(table.rows),
        total=len(table.rows),
        step="Waiting for a worker",
    )
    job.file.save(f"{job.pk}.bin", ContentFile(data), save=False)
    job.save(force_insert=True)
    if job.rows > IN_PAGE:
        _defer(job)
    else:
        check(job, table)
    return job


def confirm(job: ImportJob, *, reason: str) -> None:
    """Write the rows, here or by a worker, for the user and under the request id of the present context."""
    job.reason, job.request_id = reason, context.current().request_id
    job.status, job.step, job.done, job.total = Status.WRITING, "Waiting for a worker", 0, job.rows
    job.save()
    if job.rows > IN_PAGE:
        _defer(job)
    else:
        write(job)


def cancel(job: ImportJob) -> None:
    """Stop an import that is not done. A worker that is at it stops at its next step."""
    waiting = ImportJob.objects.filter(pk=job.pk, status=Status.CHECKED)
    if not waiting.update(status=Status.CANCELLED, finished_at=timezone.now()):
        ImportJob.objects.filter(pk=job.pk, status__in=ImportJob.ACTIVE).update(cancelling=True)


def check(job: ImportJob, table: files.Table | None = None, report: Report = silent) -> None:
    """Make the preview."""
    plan = _importer(job, report).preview(table or _table(job))
    job.result = plan.as_json()
    job.status = Status.FAILED if plan.faults else Status.CHECKED
    job.step, job.finished_at = "", timezone.now() if plan.faults else None
    job.save()


def write(job: ImportJob, report: Report = silent) -> None:
    """Write the rows; the status says in the same transaction that they are there."""
    context.amend(source="import", reason=job.reason)
    try:
        with transaction.atomic():
            _importer(job, report).write(_table(job), agreed=job.result.get("fingerprint", ""))
            job.status, job.step, job.finished_at = Status.DONE, "", timezone.now()
            job.done = job.total = job.rows
            job.save()
    except RefusedError as refused:
        job.result = {**refused.plan.as_json(), "refused": str(refused)}
        job.status, job.step, job.finished_at = Status.FAILED, "", timezone.now()
        job.save()


def run(job: ImportJob) -> None:
    """A worker's part: check or write, telling how far it is. Raises: what broke it off, after the status says so."""
    try:
        with context.acting(**_circumstance(job)), _reporting(job) as report:
            if job.status == Status.CHECKING:
                check(job, report=report)
            else:
                write(job, report)
    except CancelledError:
        _end(job, Status.CANCELLED, "")
    except (DatabaseError, files.FileError, OSError) as error:
        _end(job, Status.FAILED, f"It broke off: {type(error).__name__}. Nothing was written; upload the file again.")
        raise


def _defer(job: ImportJob) -> None:
    # By name: the module of the tasks is the workers'.
    app.configure_task(TASK).defer(job_id=str(job.pk))


def _circumstance(job: ImportJob) -> dict[str, Any]:
    user = job.user
    return {
        "source": "import",
        "actor_id": user.pk,
        "actor_label": context.label_of(user),
        "organization_id": user.home_organization_id,
        "request_id": job.request_id,
        "reason": job.reason,
    }


def _end(job: ImportJob, status: str, sentence: str) -> None:
    found = {**job.result, "refused": sentence} if sentence else job.result
    ImportJob.objects.filter(pk=job.pk).update(status=status, step="", result=found, finished_at=timezone.now())


@contextmanager
def _reporting(job: ImportJob) -> Iterator[Report]:
    """What writes progress, at most twice a second, by a connection of its own. Raises CancelledError when asked to stop."""
    own = connections.create_connection("default")
    told = {"step": "", "at": 0.0}

    def report(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step == told["step"] and now - float(told["at"]) < TELL_EVERY_S:  # type: ignore[arg-type]
            return
        told.update(step=step, at=now)
        with own.cursor() as cursor:
            cursor.execute(
                "UPDATE import_job SET step = %s, done = %s, total = %s WHERE id = %s RETURNING cancelling",
                [step, done, total, job.pk],
            )
            row = cursor.fetchone()
        if row and row[0]:
            raise CancelledError

    try:
        report("Reading the file", 0, job.rows)
        yield report
    finally:
        own.close()


def _importer(job: ImportJob, report: Report) -> Importer:
    return Importer(apps.get_model(job.kind), user=job.user, report=report)


def _table(job: ImportJob) -> files.Table:
    with job.file.open("rb") as file:
        return files.read(file.read(), name=job.file_name)
