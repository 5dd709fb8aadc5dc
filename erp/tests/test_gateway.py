"""nginx as deploy/nginx/nginx.conf makes it, before the product in its production profile, over TLS."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.conf import settings

from erp.testing.installation import installed

ROOT = Path(settings.BASE_DIR)
CONFIGURATION = ROOT / "deploy" / "nginx" / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin") or "nginx"
HOST = "erp.example.com"
GIVE_UP_S = 60
PROFILE = """
from erp.settings import *
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # none were collected
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configured(folder: Path, *, http: int, https: int, product: int) -> Path:
    """The file as it is shipped, but for places of this machine. Each replacement must find its line."""
    text = CONFIGURATION.read_text()
    for old, new in {
        "pid /run/nginx.pid;": f"pid {folder}/pid; daemon off;",
        "/dev/stderr": f"{folder}/error.log",
        "/dev/stdout": f"{folder}/access.log",
        "/var/cache/nginx": str(folder),
        "/run/secrets/tls_certificate": f"{folder}/tls.crt",
        "/run/secrets/tls_key": f"{folder}/tls.key",
        "server web:8000": f"server 127.0.0.1:{product}",
        "listen 80 ": f"listen 127.0.0.1:{http} ",
        "listen 443 ": f"listen 127.0.0.1:{https} ",
        "listen [::]:80 default_server;": "",
        "listen [::]:443 ssl http2 default_server;": "",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", f"/CN={HOST}", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + GIVE_UP_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "It ended."
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("gateway")
    folder.chmod(0o755)
    http, https, product = free_port(), free_port(), free_port()
    sample = (ROOT / "deploy" / "production.env.sample").read_text()
    lines = (line.split("=", 1) for line in sample.splitlines() if "=" in line and not line.startswith("#"))
    (folder / "profile.py").write_text(PROFILE)
    with django_db_blocker.unblock(), installed() as installation:
        environment = {
            **dict(lines),
            "PATH": str(Path(sys.executable).parent),
            "DATABASE_URL": installation.url("erp_app"),
            "REDIS_URL": settings.CACHES["default"]["LOCATION"],
            "TRUSTED_PROXIES": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "profile",
            "PYTHONPATH": f"{folder}:{ROOT}",
        }
        server = [sys.executable, "-m", "gunicorn", "erp.wsgi", "--config", "deploy/gunicorn.conf.py"]
        server += ["--bind", f"127.0.0.1:{product}", "--workers", "1", "--log-level", "error"]
        proxy = [NGINX, "-c", configured(folder, http=http, https=https, product=product), "-p", folder]
        started = [subprocess.Popen(server, env=environment, cwd=ROOT), subprocess.Popen(proxy)]
        try:
            for port, process in zip((product, https), started, strict=True):
                wait_for(port, process)
            yield SimpleNamespace(http=http, https=https, database=installation.url("erp_auditor"), folder=folder)
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()


def ask(gateway: SimpleNamespace, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
    trust = ssl._create_unverified_context()
    connection = HTTPSConnection("127.0.0.1", gateway.https, context=trust, timeout=30)
    sent = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_configuration_is_good_as_it_stands(tmp_path: Path) -> None:
    path = configured(tmp_path, http=free_port(), https=free_port(), product=free_port())
    said = subprocess.run([NGINX, "-t", "-c", path, "-p", tmp_path], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "[emerg]" not in said.stderr


def test_plain_http_is_sent_to_https_with_method_and_query(gateway: SimpleNamespace) -> None:
    connection = HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    connection.request("POST", "/api/v1/events?after=1", headers={"Host": HOST})
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{HOST}/api/v1/events?after=1")


def test_desk_comes_with_every_protection_of_a_browser(gateway: SimpleNamespace) -> None:
    answer = ask(gateway, "GET", "/admin/login/")
    assert answer.status == 200
    headers = answer.headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    cookie = headers["Set-Cookie"]
    assert all(word in cookie for word in ("csrftoken=", "Secure", "HttpOnly", "SameSite=Lax"))
    assert headers["Server"] == "nginx"


def test_the_clients_address_is_the_peers_whatever_it_says_itself(gateway: SimpleNamespace) -> None:
    body = json.dumps({"username": "nobody@example.com", "password": "wrong-password"})
    lies = {"X_Forwarded_For": "198.51.100.9", "X_Forwarded_Proto": "http", "Forwarded": "for=198.51.100.9"}
    answer = ask(
        gateway,
        "POST",
        "/api/v1/auth/login",
        body,
        Content_Type="application/json",
        X_Request_ID="from-the-client-1",
        **lies,
    )
    assert (answer.status, answer.headers["X-Request-ID"]) == (401, "from-the-client-1")
    with psycopg.connect(gateway.database) as session:
        row = session.execute("SELECT ip, db_role FROM event WHERE request_id = 'from-the-client-1'").fetchone()
    assert row == ("127.0.0.1", "erp_app")
    assert ask(gateway, "GET", "/healthz").headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/metrics?x=1", "//metrics", "/%6detrics"])
def test_what_monitoring_reads_is_hidden(gateway: SimpleNamespace, path: str) -> None:
    answer = ask(gateway, "GET", path)
    assert (answer.status, "X-Request-ID" in answer.headers) == (404, False)


def test_bodies_have_limits_and_the_api_says_so_in_its_own_form(gateway: SimpleNamespace) -> None:
    answer = ask(gateway, "POST", "/api/v1/auth/login", b"x" * 100_000, Content_Type="application/json")
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(answer.text)["code"] == "too_large"  # type: ignore[attr-defined]
    declared = {"Content_Length": str(27 * 1024 * 1024), "Expect": "100-continue"}
    assert ask(gateway, "POST", "/admin/login/", **declared).status == 413
    assert ask(gateway, "GET", "/healthz", Cookie="x" * 40_000).status == 400


def test_texts_are_compressed_and_old_protocols_refused(gateway: SimpleNamespace) -> None:
    connection = HTTPSConnection("127.0.0.1", gateway.https, context=ssl._create_unverified_context(), timeout=30)
    connection.request("GET", "/api/openapi.json", headers={"Host": HOST, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.status, answer.headers["Content-Encoding"], "Accept-Encoding" in answer.headers["Vary"]) == (
        200,
        "gzip",
        True,
    )
    text = CONFIGURATION.read_text()
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text


def test_other_hosts_are_refused(gateway: SimpleNamespace) -> None:
    assert ask(gateway, "GET", "/admin/login/", Host="evil.example.net").status == 400
