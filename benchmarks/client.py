"""Asks one application one kind of question without pause, over connections that stay open, and prints what it saw as JSON.

    python -m benchmarks.client < question.json

The question: address [host, port], work (list, detail, search, create, patch), paths, headers (one set a user, used in turn),
ids, words, payload and prefix of what is created, connections, seconds. Any status but the expected one ends the run. It
speaks just enough HTTP/1.1 for that, because it shares the processors with what it measures.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvloop

EXPECTED = {"list": b"200", "detail": b"200", "search": b"200", "create": b"201", "patch": b"200"}
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class AnswerError(Exception):
    """Not the answer that was asked for, or none."""


class Asker(asyncio.Protocol):
    """One closed loop over one connection, which changes rows of its own."""

    def __init__(self, question: dict[str, Any], number: int, users: Iterator[bytes], numbers: Iterator[int]) -> None:
        self.question, self.users, self.numbers = question, users, numbers
        self.work, self.path = question["work"], question["paths"][question["work"]]
        self.rows = question["ids"][number :: question["connections"]]
        self.versions = {key: question["versions"].get(key, 1) for key in self.rows}
        self.until = time.monotonic() + question["seconds"]
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.answer = b""
        message = self.message()
        self.asked_at = time.monotonic()
        self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return
        now = time.monotonic()
        self.latencies.append(now - self.asked_at)
        if head[9:12] != EXPECTED[self.work] or not length:
            self.done.set_exception(AnswerError(f"{self.path}: {self.answer[:1500].decode(errors='replace')}"))
        elif now < self.until:
            self.ask()
        else:
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(AnswerError(f"{self.path}: the server closed the connection ({error})."))

    def message(self) -> bytes:
        if self.work in {"list", "search"}:
            return self.spell("GET", self.path.format(random.choice(self.question["words"])))
        if self.work == "create":
            number = f"{self.question['prefix']}{next(self.numbers)}"
            return self.spell(
                "POST", self.path, {**self.question["payload"], "code": number, "name": f"Place {number}"}
            )
        key = random.choice(self.rows)
        if self.work == "detail":
            return self.spell("GET", self.path.format(key))
        version = self.versions[key]
        self.versions[key] = version + 1
        body = {"city": f"Town {random.random()}"}
        return self.spell("PATCH", self.path.format(key), body, f'If-Match: "{key}:{version}"\r\n')

    def spell(self, method: str, path: str, body: dict[str, str] | None = None, extra: str = "") -> bytes:
        text = json.dumps(body).encode() if body else b""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n" if body else ""
        start = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}{kind}"
        return start.encode() + next(self.users) + b"\r\n" + text


def spelled(headers: dict[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


async def run(question: dict[str, Any]) -> dict[str, Any]:
    """Seconds taken, latencies in seconds in order, the version that each changed row has now."""
    headers = [spelled(each) for each in question["headers"]]
    first = random.randrange(len(headers))
    users, numbers = itertools.cycle(headers[first:] + headers[:first]), itertools.count()
    host, port = question["address"]
    loop, started = asyncio.get_running_loop(), time.monotonic()
    askers = [Asker(question, number, users, numbers) for number in range(question["connections"])]
    for asker in askers:
        await loop.create_connection(lambda asker=asker: asker, host, port)  # type: ignore[misc]
    await asyncio.gather(*(asker.done for asker in askers))
    elapsed = time.monotonic() - started
    versions = {key: version for asker in askers for key, version in asker.versions.items() if version > 1}
    latencies = sorted(latency for asker in askers for latency in asker.latencies)
    return {"seconds": elapsed, "latencies": latencies, "versions": versions}


if __name__ == "__main__":
    try:
        json.dump(uvloop.run(run(json.load(sys.stdin))), sys.stdout)
    except AnswerError as error:  # no SystemExit: the loop would wait for the other connections
        sys.exit(str(error))
