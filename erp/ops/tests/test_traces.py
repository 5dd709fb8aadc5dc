"""One write, seen from the inside; and nothing at all while nobody collects."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from erp.ops import traces
from erp.testing.fixtures import PASSWORD


@pytest.mark.django_db(transaction=True)
def test_a_write_shows_its_steps_and_no_values(internal_user: Any) -> None:
    user = internal_user("org_admin")
    body = {"username": user.email, "password": PASSWORD}
    token = Client().post("/api/v1/auth/login", body, "application/json").json()["access_token"]
    exporter = InMemorySpanExporter()
    undo = traces.instrument(SimpleSpanProcessor(exporter))
    connection.close()  # one that is open already is not seen
    try:
        client = Client(headers={"Authorization": f"Bearer {token}"})
        assert client.post("/api/v1/auth/logout", {}, "application/json").status_code in {200, 204}
    finally:
        undo()
        connection.close()
    spans = exporter.get_finished_spans()
    names = [span.name for span in spans]
    assert {"middleware", "sign-in", "rate limit", "commit"} <= set(names)
    assert [name for name in names if name.startswith(("SELECT", "UPDATE", "INSERT"))]
    (root,) = [span for span in spans if span.parent is None and span.kind.name == "SERVER"]
    assert {span.context.trace_id for span in spans} == {root.context.trace_id}
    assert token not in str([dict(span.attributes or {}) for span in spans])
    assert user.email not in str([dict(span.attributes or {}) for span in spans])

    exporter.clear()
    Client().get("/healthz")
    assert exporter.get_finished_spans() == ()


def test_nothing_is_imported_while_nobody_collects() -> None:
    # redis imports the metrics half of the SDK of its own accord, where it is installed.
    ours = ("opentelemetry.instrumentation", "opentelemetry.exporter")
    code = f"import django, sys; django.setup(); print([one for one in sys.modules if one.startswith({ours!r})])"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "erp.settings", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    run = subprocess.run(command, cwd=configured.BASE_DIR, env=environment, check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[0] == "[]"
