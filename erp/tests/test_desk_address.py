"""Where the desk is, and from where it can be reached."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from erp.testing.contract import latest_event_id

ELSEWHERE = """
import django; django.setup()
from django.conf import settings
from django.test import Client
from django.urls import resolve, reverse
from accounts import middleware
settings.ALLOWED_HOSTS.append("testserver")
client = Client()
print(reverse("admin:login"), middleware.DESK, [client.get(path).status_code for path in ("/desk-7f3a/", "/admin/login/", "/")])
"""


@pytest.fixture
def inside(settings: Any) -> None:
    settings.ADMIN_ALLOWED = [ip_network("10.1.0.0/16")]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/", "/admin", "/admin/login/", "/admin/partners/businesspartner/", "/"])
def test_desk_is_not_there_from_outside(path: str, inside: None) -> None:
    before = latest_event_id()
    outside = Client(REMOTE_ADDR="192.0.2.1")
    unknown = outside.get("/no-such-page/")
    for answer in (outside.get(path), outside.post(path, {"username": "a", "password": "b"})):
        assert (answer.status_code, answer.content) == (404, unknown.content)
        assert answer["X-Request-ID"]
    assert latest_event_id() == before
    assert Client(REMOTE_ADDR="10.1.2.3").get(path).status_code in {200, 301, 302}


@pytest.mark.django_db
def test_address_behind_a_proxy_counts_and_a_header_of_the_client_does_not(inside: None, settings: Any) -> None:
    lie = Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": "10.1.2.3"})
    assert lie.get("/admin/login/").status_code == 404
    settings.TRUSTED_PROXIES = [ip_network("192.0.2.1")]
    assert lie.get("/admin/login/").status_code == 200


@pytest.mark.django_db
def test_api_and_health_are_there_from_everywhere(inside: None) -> None:
    outside = Client(REMOTE_ADDR="192.0.2.1")
    assert outside.get("/healthz").status_code == 200
    assert outside.get("/api/v1/auth/me").status_code == 401
    assert outside.get("/administration").status_code == 404


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "erp.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_desk_lies_where_admin_path_says_and_home_does_not_tell() -> None:
    said = run(ELSEWHERE, ADMIN_PATH="desk-7f3a/")
    assert said.stdout.strip() == "/desk-7f3a/login/ /desk-7f3a/ [302, 404, 404]", said.stderr


@pytest.mark.parametrize("path", ["", "/", "desk", "/desk/", "api/", "static/", "Desk/", "a b/"])
def test_path_that_is_none_or_takes_another_ones_place_stops_the_start(path: str) -> None:
    said = run("import erp.settings", ADMIN_PATH=path)
    assert f"ADMIN_PATH is {path!r}: set a path of its own" in said.stderr


def test_network_that_is_none_stops_the_start() -> None:
    assert "ADMIN_ALLOWED: 'office' does not appear" in run("import erp.settings", ADMIN_ALLOWED="office").stderr
