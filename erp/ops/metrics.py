"""What Prometheus reads at /metrics. Every label has few values: routes are names of URL patterns, never addresses.

Processes that share PROMETHEUS_MULTIPROC_DIR count into files there, and whichever of them is asked adds them up. What the
database knows is read when somebody asks, in one statement that is given a second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from erp import ratelimits
from erp.ops import queue

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
SAMPLE_S = 1.0  # a process looks at its own pool and breakers at most so often
STATES = {"closed": 0, "half-open": 1, "open": 2}
TIMEOUT_MS = 1_000

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "cotton_http_requests", "Requests answered.", ["method", "route", "status", "role"], registry=REGISTRY
)
DURATION = Histogram(
    "cotton_http_request_duration_seconds",
    "From the first middleware to the answer.",
    ["route"],
    registry=REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STATEMENTS = Counter("cotton_sql_statements", "SQL statements of requests.", ["route"], registry=REGISTRY)
REFUSALS = Counter("cotton_rate_limit_refusals", "Requests answered 429.", ["route"], registry=REGISTRY)
BREAKERS = Gauge(
    "cotton_breaker_state",
    "Circuit breaker of an outside service: 0 closed, 1 trying, 2 open.",
    ["service"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
POOL = Gauge(
    "cotton_pool_connections",
    "Database connections of the processes' pools; waiting: requests that wait for one.",
    ["state"],
    registry=REGISTRY,
    multiprocess_mode="livesum",
)

_next_sample = 0.0


def observe(request: HttpRequest, response: HttpResponseBase, *, seconds: float, sql: int) -> None:
    """Count one answered request."""
    route, method = route_of(request), request.method or ""
    REQUESTS.labels(
        method if method in METHODS else OTHER, route, str(response.status_code), role_of(user_of(request))
    ).inc()
    DURATION.labels(route).observe(seconds)
    if sql:
        STATEMENTS.labels(route).inc(sql)
    if response.status_code == 429:
        REFUSALS.labels(route).inc()
    _sample()


def route_of(request: HttpRequest) -> str:
    """Name of the URL pattern, of which there are as many as the code has; `other` for addresses that match none."""
    match = request.resolver_match
    return match.view_name or OTHER if match else OTHER


def user_of(request: HttpRequest) -> Any:
    """Who signed in, as far as somebody asked for it: nothing is read for this. None: nobody, or nobody asked."""
    user: Any = getattr(request, "user", None)
    if hasattr(user, "_wrapped"):  # Django's lazy object; `object()` until somebody looks
        user = user._wrapped
    return user if getattr(user, "is_authenticated", False) else None


def role_of(user: Any) -> str:
    """The kind of user: super_admin, internal, external, anonymous."""
    return str(getattr(user, "user_type", "") or "anonymous").lower()


def breaker_changed(service: str, state: str) -> None:
    """Keep the state that a breaker has now."""
    BREAKERS.labels(service).set(STATES[state])


def worker_gone(pid: int) -> None:
    """A process has ended: what it said of its present state no longer counts. Its totals stay."""
    if settings.PROMETHEUS_MULTIPROC_DIR:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    counted = REGISTRY
    if settings.PROMETHEUS_MULTIPROC_DIR:
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    asked = CollectorRegistry()
    asked.register(Stored())
    return generate_latest(counted) + generate_latest(asked)


def _sample() -> None:
    """What this process says of itself. Two threads may sample at once, which does no harm."""
    global _next_sample  # noqa: PLW0603 (one number a process)
    now = time.monotonic()
    if now < _next_sample:
        return
    _next_sample = now + SAMPLE_S
    breaker_changed("rate limits", "open" if ratelimits.degraded() else "closed")
    pool = connection.pool  # type: ignore[attr-defined]  # None without DB_POOL_MAX
    if pool is not None:
        stats = pool.get_stats()
        open_, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        POOL.labels("used").set(open_ - idle)
        POOL.labels("idle").set(idle)
        POOL.labels("waiting").set(stats.get("requests_waiting", 0))


# One row: what the record, the ledger, the queue and the server say. Each part reads an index or a small table.
STORED = f"""
WITH head AS (SELECT coalesce(max(size), 0) AS size FROM ledger_head),
     feed AS (SELECT coalesce(max(position), 0) AS position FROM event_position)
SELECT feed.position,
       feed.position - head.size + (SELECT count(*) FROM event_pending),
       coalesce(extract(epoch FROM now() - (SELECT min(recorded_at) FROM event WHERE id IN (
           (SELECT event_id FROM event_position WHERE position = head.size + 1),
           (SELECT min(event_id) FROM event_pending)))), 0),
       (SELECT count(*) FROM ledger_delivery WHERE delivered_at IS NULL),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),
       ({queue.AGE}),
       extract(epoch FROM now() - (SELECT max(last_heartbeat) FROM procrastinate_workers)),
       -- Not by backend_type: of other roles' sessions the application's role sees only whose they are and where.
       (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL AND datid IS NOT NULL),
       current_setting('max_connections')::int
FROM head, feed
"""  # noqa: S608 (all of it is ours)
# Names beside STORED's columns; `_total` is a counter.
FAMILIES = (
    ("cotton_event_position_total", "Newest position of the event feed."),
    ("cotton_unsealed_events", "Events that no signed head of the ledger covers yet."),
    ("cotton_seal_lag_seconds", "Age of the oldest event that no signed head covers."),
    ("cotton_undelivered_heads", "Signed heads that an outside sink has not taken yet."),
    ("cotton_jobs_ready", "Jobs that wait though their time has come."),
    ("cotton_jobs_running", "Jobs that workers are at."),
    ("cotton_jobs_failed", "Jobs that were given up and wait for a decision."),
    ("cotton_queue_age_seconds", "How long the oldest job has been waiting past its time."),
    ("cotton_worker_heartbeat_age_seconds", "Since a worker was last heard of; absent when there is none."),
    ("cotton_database_connections", "Client connections of the database server."),
    ("cotton_database_connections_max", "max_connections of the database server."),
)


def stored() -> tuple[Any, ...]:
    """The values of FAMILIES, None where there is nothing to say. Raises: DatabaseError: no answer within a second."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(TIMEOUT_MS)])
        cursor.execute(STORED)
        return tuple(cursor.fetchone())


class Stored(Collector):
    """What the database knows."""

    def collect(self) -> Iterator[Any]:
        try:
            values = stored()
        except DatabaseError:
            logger.warning("The database did not answer to the metrics.", exc_info=True)
            values = ()
        yield GaugeMetricFamily("cotton_database_up", "1: the database answered to this scrape.", value=bool(values))
        for (name, words), value in zip(FAMILIES, values, strict=False):
            if value is not None:
                family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
                yield family(name, words, value=float(value))
