"""The fault drill: what it takes for acknowledged, refused and unknown, and what it finds. Nothing is killed here."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest

from benchmarks.drill import check
from benchmarks.drill.clients import Client
from benchmarks.drill.journal import Call, Window, judge

WRITE = Call(user=0, began=0.0, ended=1.0, status=201, key="k", body={"code": "DR-1"}, row="a")
READ = Call(user=0, began=0.0, ended=1.0, status=200)
REFUSED = replace(WRITE, status=503, problem="unavailable", retry_after="5", row="")
IN_DOUBT = replace(REFUSED, problem="outcome_unknown")
BROKEN = replace(WRITE, status=None, row="")
ONCE = (1, 1, 1, "a")
LENGTH = b"content-length: "


@pytest.mark.parametrize(
    ("call", "verdict"),
    [(WRITE, "acknowledged"), (REFUSED, "refused"), (IN_DOUBT, "unknown"), (BROKEN, "unknown")],
)
def test_what_a_client_may_rely_on(call, verdict):
    assert call.verdict == verdict


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (WRITE, [ONCE]),
        (REFUSED, []),
        (IN_DOUBT, [ONCE]),
        (IN_DOUBT, []),
        (BROKEN, [ONCE]),
        (BROKEN, []),
    ],
)
def test_what_the_database_may_hold(call, found):
    assert check.outcome([call], {"DR-1": found}) == []


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (WRITE, []),
        (WRITE, [(1, 1, 1, "another")]),
        (WRITE, [(1, 0, 1, "a")]),
        (WRITE, [(1, 1, 0, "a")]),
        (WRITE, [(1, 1, 2, "a")]),
        (WRITE, [ONCE, ONCE]),
        (REFUSED, [ONCE]),
        (BROKEN, [ONCE, (1, 1, 1, "b")]),
        (BROKEN, [(1, 1, 0, "a")]),
    ],
)
def test_what_it_must_not_hold_is_named(call, found):
    [sentence] = check.outcome([call], {"DR-1": found})
    assert sentence.startswith(f"DR-1 was {call.verdict} (")


def test_a_write_in_doubt_is_repeated_until_it_is_acknowledged():
    answers = iter([BROKEN, IN_DOUBT, WRITE])
    done, wrong = check.resolve([BROKEN], lambda call: next(answers), every_s=0)
    assert (done, wrong) == ([WRITE], [])


def test_one_that_stays_in_doubt_is_named():
    done, wrong = check.resolve([BROKEN], lambda call: REFUSED, most_s=0)
    assert (done, wrong) == ([REFUSED], ["DR-1: repeated with its key, still 503 unavailable"])


class TestWindow:
    away = Window("PostgreSQL", 0.0, 20.0, away=True, breaks=True)
    calm = Window("calm", 0.0, 5.0)

    @pytest.mark.parametrize(
        ("call", "fault"),
        [
            (BROKEN, "broken connection"),
            (REFUSED, "status 503 unavailable"),
            (replace(READ, status=404, problem="not_found"), "status 404 not_found"),
            (replace(READ, status=502), "status 502"),
        ],
    )
    def test_nothing_may_fail_in_calm(self, call, fault):
        assert judge(self.calm, [WRITE, READ, call]).faults == [f"1 × {fault}"]

    def test_while_the_database_is_away_503_with_retry_after_is_right(self):
        calls = [*self._work(), REFUSED, IN_DOUBT, BROKEN]
        figures = judge(self.away, calls)
        assert figures.faults == []
        assert (figures.requests, figures.broken, figures.statuses) == (43, 1, {"200": 20, "201": 20, "503": 2})

    @pytest.mark.parametrize(
        ("call", "fault"),
        [
            (replace(REFUSED, retry_after=""), "503 without a problem document or Retry-After"),
            (replace(REFUSED, problem=""), "503 without a problem document or Retry-After"),
            (replace(REFUSED, status=500, problem="server_error"), "status 500 server_error"),
            (replace(REFUSED, began=11.0, ended=12.0), "503 more than 10 s after the fault"),
        ],
    )
    def test_nothing_else_is(self, call, fault):
        assert judge(self.away, [*self._work(), call]).faults == [f"1 × {fault}"]

    def test_a_pause_of_more_than_ten_seconds_is_named(self):
        calls = [call for call in self._work() if not (call.is_write and 3 < call.ended < 15)]
        figures = judge(self.away, calls)
        assert (figures.gap_write_s, figures.gap_read_s) == (13.0, 1.0)
        assert figures.faults == ["no write for 13.0 s"]

    def test_what_ended_elsewhere_is_not_counted(self):
        assert judge(self.calm, [replace(REFUSED, ended=5.0)]).requests == 0

    def _work(self) -> list[Call]:
        moments = [number + 0.5 for number in range(20)]
        return [replace(call, ended=moment) for moment in moments for call in (WRITE, READ)]


@contextmanager
def server(*answers: bytes) -> Iterator[int]:
    """Port of a server that gives each connection one of these answers and closes it; empty: without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as request:
                    length = sum(
                        int(line[16:]) for line in iter(request.readline, b"\r\n") if line[:16].lower() == LENGTH
                    )
                    request.read(length)
                    connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def answered(status: str, body: dict[str, Any], *headers: str) -> bytes:
    text = json.dumps(body)
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(text)}", "", text]).encode()


class TestClient:
    @pytest.fixture
    def client(self) -> Callable[[int], Client]:
        return lambda port: Client(0, port, {}, Event())

    def test_a_closed_connection_is_no_failed_request(self, client):
        with server(*[answered("201 Created", {"id": "a"})] * 2, answered("200 OK", {}, "Connection: close")) as port:
            someone = client(port)
            calls = []
            for _ in range(3):
                calls.append(someone.ask("POST", "/", body={"code": "DR-1"}, key="k"))
                wait_for_end(someone)
        assert [(call.status, call.row) for call in calls] == [(201, "a"), (201, "a"), (200, "")]

    def test_no_answer_is_one_in_doubt(self, client):
        with server(b"") as port:
            call = client(port).ask("POST", "/", body={"code": "DR-1"}, key="k")
        assert (call.status, call.verdict) == (None, "unknown")

    def test_a_problem_is_read(self, client):
        headers = ("Content-Type: application/problem+json", "Retry-After: 5")
        with server(answered("503 Service Unavailable", {"code": "unavailable"}, *headers)) as port:
            call = client(port).ask("GET", "/")
        assert (call.status, call.problem, call.retry_after) == (503, "unavailable", "5")


def wait_for_end(client: Client) -> None:
    """Until the server's end of the connection is here."""
    if client.connection.sock:
        client.connection.sock.recv(1, socket.MSG_PEEK)
