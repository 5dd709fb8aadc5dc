"""What Prometheus reads: requests as they were, labels that stay few, several processes as one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from django.conf import settings as configured
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from erp import breakers, caches
from erp.events.tests.test_capture import dsn
from erp.ops import metrics
from erp.testing.roles import OWNER, superuser

ROOT: Path = configured.BASE_DIR
DASHBOARD = ROOT / "deploy" / "grafana" / "cotton-erp.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
RUNBOOKS = ROOT / "docs" / "operations.md"
OURS = re.compile(r"\bcotton_\w+")


def scrape(client: Client | None = None) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    response = (client or Client()).get("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def requests(samples: dict[Any, float], **labels: str) -> float:
    return sum(
        value
        for (name, found), value in samples.items()
        if name == "cotton_http_requests_total" and labels.items() <= dict(found).items()
    )


@pytest.mark.django_db
def test_connections_of_every_role_are_counted() -> None:
    with ExitStack() as sessions:
        for role in (OWNER, superuser()) * 10:
            sessions.enter_context(psycopg.connect(dsn(role)))
        counted = scrape()["cotton_database_connections", ()]
    assert counted >= 21


@pytest.mark.django_db
def test_a_request_is_counted_by_route_status_and_kind_of_user(
    client_for: Callable[..., Client], super_admin: Any
) -> None:
    before = scrape()
    client_for(super_admin).get("/admin/partners/businesspartner/")
    Client().get("/no/such/address-4711")
    Client().get("/no/such/address-4712")
    after = scrape()

    page = {
        "method": "GET",
        "route": "admin:partners_businesspartner_changelist",
        "status": "200",
        "role": "super_admin",
    }
    assert requests(after, **page) - requests(before, **page) == 1
    other = {"route": "other", "status": "404", "role": "anonymous"}
    assert requests(after, **other) - requests(before, **other) == 2
    assert not [name for name, labels in after if "4711" in str(labels)]
    route = (("route", page["route"]),)
    assert after["cotton_http_request_duration_seconds_count", route] >= 1
    assert after["cotton_sql_statements_total", route] >= 3


@pytest.mark.django_db
def test_a_refusal_by_a_rate_limit_is_counted() -> None:
    for _ in range(11):
        found = Client().post("/api/v1/auth/login", {"username": "nobody", "password": "x"}, "application/json")
    route = (("route", metrics.route_of(found.wsgi_request)),)
    assert found.status_code == 429
    assert scrape()["cotton_rate_limit_refusals_total", route] >= 1


@pytest.mark.django_db
def test_breakers_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_next_sample", 0.0)
    monkeypatch.setattr(caches.Breaker, "is_open", True)
    breaker = breakers.breaker_of("a test's service")
    for _ in range(breakers.FAILURES):
        breaker.fail()
    Client().get("/healthz")
    samples = scrape()
    assert samples["cotton_breaker_state", (("service", "rate limits"),)] == 2
    assert samples["cotton_breaker_state", (("service", "a test's service"),)] == 2


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),  # a proxy that nobody trusts
        ("10.9.9.9", {"X-Forwarded-For": "127.0.0.1"}, 200),
        ("10.9.9.9", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("10.9.9.9", {}, 404),  # the proxy itself: for whom it asks is unknown
    ],
)
@pytest.mark.django_db
def test_only_named_networks_may_read_them(peer: str, headers: dict[str, str], status: int, settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.9.9.9")]
    settings.METRICS_ALLOWED = [*settings.METRICS_ALLOWED, ip_network("10.9.9.0/24")]
    assert Client(REMOTE_ADDR=peer, headers=headers).get("/metrics").status_code == status


@pytest.mark.django_db
def test_a_database_that_does_not_answer_leaves_the_rest_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "STORED", "SELECT 1/0")
    samples = scrape()
    assert samples["cotton_database_up", ()] == 0
    assert ("cotton_event_position_total", ()) not in samples
    assert requests(samples) >= 0


PROCESS = """
import sys, django; django.setup()
from erp.ops import metrics
metrics.REQUESTS.labels("GET", "healthz", "200", "anonymous").inc(int(sys.argv[1]))
metrics.POOL.labels("used").set(int(sys.argv[1]))
print(__import__("os").getpid())
"""
READER = """
import sys, django; django.setup()
from erp.ops import metrics
metrics.worker_gone(int(sys.argv[1]))
metrics.Stored.collect = lambda self: []
print(metrics.exposition().decode())
"""


def test_processes_count_together_and_one_that_ended_leaves_only_its_totals(tmp_path: Path) -> None:
    environment = {
        **os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "erp.settings", "DEBUG": "1"
    }  # fmt: skip

    def run(code: str, argument: str) -> str:
        command = [sys.executable, "-c", code, argument]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout

    first = run(PROCESS, "3").strip()
    run(PROCESS, "4")
    text = run(READER, first)
    assert 'cotton_http_requests_total{method="GET",role="anonymous",route="healthz",status="200"} 7.0' in text
    assert 'cotton_pool_connections{state="used"} 4.0' in text


@pytest.mark.django_db
def test_dashboard_and_alerts_ask_for_what_a_scrape_shows(client_for: Callable[..., Client], super_admin: Any) -> None:
    client_for(super_admin).get("/admin/")
    metrics.REFUSALS.labels("x")
    metrics.POOL.labels("used").set(0)
    body = Client().get("/metrics").content.decode()
    shown = {sample.name for family in text_string_to_metric_families(body) for sample in family.samples}
    # Absent until a worker was there.
    shown |= {"cotton_worker_heartbeat_age_seconds"}
    asked = set(OURS.findall(DASHBOARD.read_text())) | set(OURS.findall(ALERTS.read_text()))
    assert len(asked) > 10
    assert asked <= shown


def test_every_alert_has_a_runbook() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    headings = {
        heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ ([\w ]+)$", RUNBOOKS.read_text(), re.M)
    }
    assert len(rules) > 8
    for rule in rules:
        path, _, anchor = rule["annotations"]["runbook_url"].rpartition("#")
        assert (path.endswith("docs/operations.md"), anchor in headings) == (True, True), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
    assert json.loads(DASHBOARD.read_text())["title"] == "Cotton ERP"
