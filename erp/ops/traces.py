"""Traces of requests and jobs, sent by OTLP to OTEL_EXPORTER_OTLP_ENDPOINT. Unset, nothing is imported and nothing wrapped.

Libraries' own instrumentation makes spans of requests, statements and cache commands; `STEPS` and `spans.py` add ours from the
outside, so that the code they stand in knows nothing of traces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

# Where a step of a request is done, and what its span is called.
STEPS = (
    ("erp.middleware", "RequestContextMiddleware.__call__", "middleware"),
    ("erp.authentication", "SessionTokenAuthentication.authenticate", "sign-in"),
    ("erp.authentication", "ApiKeyAuthentication.authenticate", "sign-in"),
    ("erp.ratelimits", "count", "rate limit"),
    ("erp.postgresql.base", "DatabaseWrapper._commit", "commit"),
)
# What makes cursors and workers, whose statements and jobs have spans that spans.py makes.
CURSOR = ("erp.postgresql.base", "DatabaseWrapper.prepared_cursor")
WORKER = ("procrastinate.worker", "Worker.__init__")


def start() -> None:
    """Trace this process, if somebody collects traces."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        instrument(BatchSpanProcessor(OTLPSpanExporter()))


def instrument(processor: Any) -> Callable[[], None]:
    """Make spans and hand them to a span processor; returns what takes all of it back."""
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.instrumentation.django import DjangoInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.redis import RedisInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    from erp.ops import spans  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "cotton-erp"}))
    provider.add_span_processor(spans.Discreet(processor))
    instrumentors: list[Any] = [DjangoInstrumentor(), PsycopgInstrumentor(), RedisInstrumentor()]
    for instrumentor in instrumentors:
        # No values of parameters: they are personal data.
        instrumentor.instrument(tracer_provider=provider)
    tracer = trace.get_tracer("erp", tracer_provider=provider)
    _wrap_steps(tracer)

    def undo() -> None:
        _unwrap_steps()
        for instrumentor in instrumentors:
            instrumentor.uninstrument()
        provider.shutdown()

    return undo


def _wrap_steps(tracer: Any) -> None:
    from wrapt import wrap_function_wrapper  # noqa: PLC0415

    from erp.ops import spans  # noqa: PLC0415

    def spanned(name: str) -> Callable[..., Any]:
        def run(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            with tracer.start_as_current_span(name):
                return wrapped(*args, **kwargs)

        return run

    for module, path, name in STEPS:
        wrap_function_wrapper(module, path, spanned(name))
    wrap_function_wrapper(*CURSOR, spans.of_statements(tracer))
    wrap_function_wrapper(*WORKER, spans.of_jobs(tracer))


def _unwrap_steps() -> None:
    from opentelemetry.instrumentation.utils import unwrap  # noqa: PLC0415

    for module, path, *_ in (*STEPS, CURSOR, WORKER):
        owner, _, attribute = path.rpartition(".")
        unwrap(f"{module}.{owner}" if owner else _module(module), attribute)


def _module(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415

    return import_module(name)
