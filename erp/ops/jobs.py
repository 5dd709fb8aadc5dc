"""Background jobs that keep tables small."""

from django.core.management import call_command
from django.db import connection
from procrastinate.contrib.django import app

KEPT_DAYS = 7
# Given-up jobs stay until somebody decides about them (erp/admin/jobs.py).
OLD_JOBS = """
DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'cancelled', 'aborted') AND id IN (
    SELECT job_id FROM procrastinate_events GROUP BY job_id HAVING max(at) < now() - make_interval(days => %s))
"""


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="forget_old_jobs", pass_context=False)
def forget_old_jobs(timestamp: int) -> None:
    """Forget jobs that ended well a week ago: periodic jobs alone leave thousands a day."""
    with connection.cursor() as cursor:
        cursor.execute(OLD_JOBS, [KEPT_DAYS])


@app.periodic(cron="29 3 * * *")
@app.task(queueing_lock="forget_web_sessions", pass_context=False)
def forget_web_sessions(timestamp: int) -> None:
    """Forget browser sessions that have expired. Sign-ins (accounts.AuthSession) stay: they are the record of who came."""
    call_command("clearsessions")
