"""How many connections to PostgreSQL an installation opens, and whether the server allows them.

A process of the server holds one for each thread, a worker one for each job that runs at once and those of its queue. A pooler
in between opens as many as its pool says, however many come to it. Every number here is a most, not an average.
"""

from __future__ import annotations

from dataclasses import dataclass

# procrastinate's pool (psycopg_pool opens four unless told otherwise), and the one that listens for new jobs.
QUEUE = 4 + 1
# PostgreSQL's superuser_reserved_connections, a migration, and two people with psql.
RESERVED, COMMANDS = 3, 3


@dataclass(frozen=True)
class Need:
    """Connections by who opens them."""

    web: int
    pooled: int  # of `web`, what a pooler opens in its place; 0 without one
    workers: int
    spare: int

    @property
    def at_server(self) -> int:
        """What max_connections must allow."""
        return (self.pooled or self.web) + self.workers + self.spare


def connections_needed(
    *,
    processes: int,
    threads: int,
    replicas: int = 1,
    workers: int = 1,
    jobs_at_once: int = 1,
    pool_max: int = 0,
    pooler_size: int = 0,
) -> Need:
    """The most that this fleet opens.

    processes, threads: WEB_CONCURRENCY and WEB_THREADS of one replica. pool_max: DB_POOL_MAX of a process; 0: one a thread.
    workers: `manage.py procrastinate worker` in all replicas together. pooler_size: connections of PgBouncer to the
    application's database (max_db_connections, times the number of PgBouncers); 0: no pooler.

    Raises: ValueError: a count below zero, or a fleet without any process.
    """
    counts = (replicas, workers, jobs_at_once, pool_max, pooler_size)
    if min(processes, threads) < 1 or min(counts) < 0:
        raise ValueError("Count processes and threads from one up, and the others from zero.")
    web = replicas * processes * (pool_max or threads)
    return Need(
        web=web,
        pooled=min(pooler_size, web),
        workers=workers * (jobs_at_once + QUEUE),
        spare=RESERVED + COMMANDS,
    )
