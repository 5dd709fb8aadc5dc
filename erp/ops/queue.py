"""How long jobs wait for a worker."""

from django.db import connection

# Seconds that the oldest job has been waiting past its time. One without a time waits since its last event.
AGE = """
SELECT coalesce(extract(epoch FROM now() - min(coalesce(job.scheduled_at,
           (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id)))), 0)
FROM procrastinate_jobs job WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now()
"""


def age_s() -> float:
    """Seconds that the oldest job has been waiting past its time; 0: none waits."""
    with connection.cursor() as cursor:
        cursor.execute(AGE)
        return float(cursor.fetchone()[0])
