"""Server processes share their counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request as Call
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from erp.ratelimits import RateLimited


class View(RateLimited):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    tier = "moderate"

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [path("api/moderate", View.as_view())]


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """Two server processes of the product with the test run's Valkey, and no database."""
    environment = {**os.environ, "TRUSTED_PROXIES": "127.0.0.1"}
    command = [sys.executable, "-c", f"import erp.wsgi; from {__name__} import serve; serve(erp.wsgi.application)"]
    with ExitStack() as stack:
        servers = []
        for _ in range(2):
            server = stack.enter_context(
                subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True)
            )
            stack.callback(server.terminate)
            servers.append(server)
        yield [int(server.stdout.readline()) for server in servers]


def get(port: int, address: str) -> int:
    try:
        with urlopen(Call(f"http://127.0.0.1:{port}/api/moderate", headers={"X-Forwarded-For": address})) as answer:
            return answer.status
    except HTTPError as refusal:
        refusal.close()
        return refusal.code


def test_two_server_processes_share_one_counter(ports: list[int]) -> None:
    for attempt in range(3):
        address = f"192.0.2.{attempt}"
        answers = [get(ports[number % 2], address) for number in range(100)]
        refused = [get(port, address) for port in ports]
        if Counter(answers) == {200: 100} and refused == [429, 429]:
            return
        # A window ended in between. That of another address ends at another time.
    pytest.fail(f"{answers} {refused}")


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing."""


def serve(application: Any) -> None:
    """One server process: prints its port and answers until it is ended."""
    settings.ROOT_URLCONF = __name__
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        print(server.server_port, flush=True)  # noqa: T201
        server.serve_forever()
