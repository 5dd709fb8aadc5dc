"""What workers do for imports, and how imports of dead workers find living ones."""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

from erp.admin.imports import jobs
from erp.imports.models import ImportJob

# A worker that has not been heard of for so long is dead.
STALLED_S = 60


@app.task(name=jobs.TASK, pass_context=False)
def run_import(job_id: str) -> None:
    """Check or write a large file. May be repeated: what is done is done once, what was broken off was never written."""
    with connection.cursor() as cursor:
        # Whoever holds it is at work with this file: a repeat of a job that only seemed dead leaves.
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [job_id])
        if cursor.fetchone() != (True,):
            return
    try:
        job = ImportJob.objects.select_related("user").filter(pk=job_id).first()
        if job is not None and job.is_active:
            jobs.run(job)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [job_id])


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="resume_imports", pass_context=False)
def resume_imports(timestamp: int) -> None:
    """Give imports of dead workers to living ones."""
    resume(stalled_s=STALLED_S)


def resume(*, stalled_s: float) -> int:
    """Queue again every import whose worker has been silent for so long; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
            WHERE j.status = 'doing' AND j.task_name = %s
              AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))
            """,
            [jobs.TASK, stalled_s],
        )
        stalled = [row[0] for row in cursor.fetchall()]
        for job in stalled:
            cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [job])
    return len(stalled)
