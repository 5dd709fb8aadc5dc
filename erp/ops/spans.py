"""Spans of our own that need to know what they stand for, and what leaves the house of any span. Imported by traces.py alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanKind, Status, Tracer
from wrapt import ObjectProxy

from erp.ops import logs

# Addresses of requests may hold tokens and what somebody searched for; `http.route` names the pattern.
ADDRESSES = {"http.url", "http.target", "url.full", "url.path", "url.query"}


class Discreet(SpanProcessor):
    """Hands spans on without what may be secret or personal.

    An error keeps its class: texts of errors, PostgreSQL's above all, show the values of the row.
    """

    def __init__(self, following: SpanProcessor) -> None:
        self.following = following

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a copy."""
        kind_of_error = (span.status.description or "").partition(":")[0] or None
        self.following.on_end(
            ReadableSpan(
                name=span.name,
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes={name: value for name, value in (span.attributes or {}).items() if name not in ADDRESSES},
                links=span.links,
                kind=span.kind,
                status=Status(span.status.status_code, kind_of_error),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )

    def shutdown(self) -> None:
        self.following.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.following.force_flush(timeout_millis)


def of_jobs(tracer: Tracer) -> Callable[..., Any]:
    """Wrapper of `Worker.__init__`: the worker makes one span for each attempt at a job, with its error if it fails."""

    def run(call_next: Callable[[], Any], context: Any, worker: Any) -> Any:
        job = context.job
        facts = {"job.task": job.task_name, "job.id": job.id, "job.attempt": job.attempts + 1}
        with tracer.start_as_current_span(f"job {job.task_name}", attributes=facts) as span:
            try:
                return call_next()
            except Exception as error:
                span.set_attribute("job.error", said_of(error))
                raise

    def make(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> None:
        wrapped(*args, **kwargs)
        instance.task_middleware = [*instance.task_middleware, run]

    return make


def said_of(error: Exception) -> str:
    """Class and first line of an error, as the log would have it. PostgreSQL shows the row's values from the second line on."""
    first, *_ = str(error).splitlines() or [""]
    return logs.scrub(f"{type(error).__name__}: {first}")


class Prepared(ObjectProxy):  # type: ignore[type-arg]  # generic for mypy alone
    """A cursor that psycopg's instrumentation doesn't see, since it is no product of the connection's factory."""

    _self_tracer: Tracer

    def execute(self, query: str, *args: Any, **kwargs: Any) -> Any:
        facts = {"db.system": "postgresql", "db.statement": query}
        with self._self_tracer.start_as_current_span(
            query.split(maxsplit=1)[0], kind=SpanKind.CLIENT, attributes=facts
        ):
            return self.__wrapped__.execute(query, *args, **kwargs)


def of_statements(tracer: Tracer) -> Callable[..., Any]:
    """Wrapper of `DatabaseWrapper.prepared_cursor`."""

    def make(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        cursor = wrapped(*args, **kwargs)
        cursor.cursor = Prepared(cursor.cursor)
        cursor.cursor._self_tracer = tracer
        return cursor

    return make
