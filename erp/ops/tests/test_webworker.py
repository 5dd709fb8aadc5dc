"""The web server's threads: connections that stay open, come together, wait, break off, and end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

APPLICATION = '''
import os

def application(environ, start_response):
    """`/wait` when somebody writes into the pipe, `/fail` and `/exit` never, `/process` with its id, the rest with its address."""
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise RuntimeError("as asked")
    if path == "/exit":
        raise SystemExit("as asked")
    body = open("gate", "rb").read() if path == "/wait" else path.encode()
    body = str(os.getpid()).encode() if path == "/process" else body
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
'''
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
WAIT_S = 20.0


class Server:
    """gunicorn with one process of two threads."""

    def __init__(self, home: Path, **options: int) -> None:
        self.gate = home / "gate"
        os.mkfifo(self.gate)
        (home / "application.py").write_text(APPLICATION)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        given = {"workers": 1, "threads": 2, "bind": f"fd://{listener.fileno()}", **options}
        command = [sys.executable, "-m", "gunicorn", "--worker-class", "erp.ops.webworker.Worker", "--chdir", str(home)]
        with listener:
            self.process = subprocess.Popen(
                [*command, *(f"--{name}={value}" for name, value in given.items()), "application"],
                env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
                pass_fds=[listener.fileno()],
                stderr=subprocess.DEVNULL,
            )

    def connect(self) -> HTTPConnection:
        """A connection; the kernel lets it wait until the server is up."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        connection.connect()
        return connection

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT_S)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    with ExitStack() as ends:

        def start(**options: int) -> Server:
            server = Server(tmp_path, **options)
            ends.callback(server.end)
            return server

        yield start


def ask(connection: HTTPConnection, path: str = "/hello") -> tuple[int, bytes, str | None]:
    """Status, body and what the server says of the connection."""
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("Connection")


def test_a_connection_carries_many_requests_and_there_may_be_more_of_them_than_threads(
    serve: Callable[..., Server],
) -> None:
    server = serve()
    connections = [server.connect() for _ in range(12)]
    for path in ("/one", "/two"):
        for connection in connections:
            kept = connection.sock
            assert ask(connection, path) == (200, path.encode(), "keep-alive")
            assert connection.sock is kept


def test_requests_that_come_together_are_answered_one_after_the_other(serve: Callable[..., Server]) -> None:
    with closing(serve().connect()) as connection:
        connection.sock.sendall(HELLO * 3)
        read = b""
        while read.count(b"/hello") < 3:
            read += connection.sock.recv(4096)
        assert read.count(b"HTTP/1.1 200 OK\r\n") == 3
        assert ask(connection, "/after") == (200, b"/after", "keep-alive")


def test_a_request_that_waits_holds_up_nobody(serve: Callable[..., Server]) -> None:
    server = serve()
    waiting, others = server.connect(), [server.connect() for _ in range(3)]
    waiting.request("GET", "/wait")
    with server.gate.open("wb") as gate:  # opens when the application reads
        for other in others:
            assert ask(other) == (200, b"/hello", "keep-alive")
        gate.write(b"at last")
    assert waiting.getresponse().read() == b"at last"
    assert ask(waiting) == (200, b"/hello", "keep-alive")


def test_connections_that_end_make_room(serve: Callable[..., Server]) -> None:
    server = serve(**{"worker-connections": 4})
    for _ in range(12):
        with closing(server.connect()) as connection:
            assert ask(connection)[0] == 200
    for _ in range(12):  # whoever hangs up in the middle of a request, or says nothing, takes no place either
        with closing(server.connect()) as connection:
            connection.sock.sendall(HELLO[:20])
        server.connect().close()
    with closing(server.connect()) as connection:
        assert ask(connection)[0] == 200


def test_processes_share_the_connections(serve: Callable[..., Server]) -> None:
    server = serve(workers=2)
    give_up = time.monotonic() + WAIT_S
    answered: dict[bytes, list[HTTPConnection]] = {}
    while len(answered) < 2 and time.monotonic() < give_up:  # the second one is there a moment later
        connection = server.connect()
        answered.setdefault(ask(connection, "/process")[1], []).append(connection)
    for _ in range(40 + sum(map(len, answered.values()))):
        connection = server.connect()
        answered[ask(connection, "/process")[1]].append(connection)
    counts = sorted(map(len, answered.values()))
    assert counts[0] >= counts[1] * 0.7, counts


def test_an_application_that_fails_costs_no_thread(serve: Callable[..., Server]) -> None:
    server = serve()
    for _ in range(6):
        with closing(server.connect()) as connection:
            assert ask(connection, "/fail")[0] == 500
    with closing(server.connect()) as connection:
        assert ask(connection) == (200, b"/hello", "keep-alive")


def test_an_application_that_wants_to_exit_costs_no_thread_and_no_place(serve: Callable[..., Server]) -> None:
    server = serve(**{"worker-connections": 4})
    for _ in range(6):
        with closing(server.connect()) as connection:
            connection.sock.sendall(HELLO.replace(b"/hello", b"/exit"))
            assert connection.sock.recv(1) == b""
    with closing(server.connect()) as connection:
        assert ask(connection) == (200, b"/hello", "keep-alive")


def test_an_idle_connection_is_closed_when_its_time_is_over(serve: Callable[..., Server]) -> None:
    with closing(serve(**{"keep-alive": 1}).connect()) as connection:
        assert ask(connection)[0] == 200
        assert connection.sock.recv(1) == b""


def test_a_stop_answers_what_is_under_way_and_closes_what_is_idle(serve: Callable[..., Server]) -> None:
    server = serve()
    idle, waiting = server.connect(), server.connect()
    assert ask(idle)[0] == 200
    waiting.request("GET", "/wait")
    with server.gate.open("wb") as gate:
        server.process.send_signal(signal.SIGTERM)
        assert idle.sock.recv(1) == b""
        gate.write(b"at last")
    assert waiting.getresponse().read() == b"at last"
    waiting.close()
    assert server.process.wait(WAIT_S) == 0


def test_while_it_stops_every_request_is_answered_and_the_last_one_hears_of_it(serve: Callable[..., Server]) -> None:
    server = serve()
    with closing(server.connect()) as connection:
        assert ask(connection) == (200, b"/hello", "keep-alive")
        server.process.send_signal(signal.SIGTERM)
        while (answer := ask(connection)) == (200, b"/hello", "keep-alive"):
            pass
        assert answer == (200, b"/hello", "close")
    assert server.process.wait(WAIT_S) == 0


def test_a_hard_stop_waits_for_nobody(serve: Callable[..., Server]) -> None:
    server = serve()
    with closing(server.connect()) as connection:
        assert ask(connection)[0] == 200
        server.process.send_signal(signal.SIGQUIT)
        assert connection.sock.recv(1) == b""
    assert server.process.wait(WAIT_S) == 0
