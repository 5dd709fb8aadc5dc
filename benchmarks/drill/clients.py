"""People and programs that keep working during the drill: each writes a place, reads it back, looks at a list. No retries.

Connections are kept alive, and one that the server has closed is noticed before the next request, as every pool of
connections does. An answer's `Connection: close` is honoured.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import select
import time
import uuid
from dataclasses import replace
from threading import Event, Thread
from typing import Any

from benchmarks.drill.journal import Call

LOCATIONS = "/api/v1/settings/locations"
COPIED = ("kind", "country", "subdivision", "city", "postal_code", "timezone")
TIMEOUT_S = 30.0
EVERY_S = 0.7  # below the limit of 100 requests a minute


class Client(Thread):
    """One user, one connection, one request every EVERY_S seconds at most."""

    def __init__(self, number: int, port: int, account: dict[str, str], until: Event) -> None:
        super().__init__(daemon=True)
        self.number, self.account, self.until = number, account, until
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self.calls: list[Call] = []
        self.own: list[str] = []
        self.headers = {
            "X-Forwarded-For": f"10.9.{number}.1",
            "X-Forwarded-Proto": "https",
            "Content-Type": "application/json",
        }

    def sign_in(self) -> None:
        """Raises: SystemExit: the server does not let this user in."""
        body = {name: self.account[name] for name in ("username", "password")}
        status, _, answer = self._send("POST", "/api/v1/auth/login", body)
        if status != 200:
            raise SystemExit(f"{self.account['username']} can't sign in: {status} {answer}")
        self.headers["Authorization"] = f"Bearer {answer['access_token']}"
        _, _, page = self._send("GET", f"{LOCATIONS}?limit=1", None)
        self.like = {name: page["results"][0][name] for name in COPIED}

    def run(self) -> None:
        acts = itertools.islice(itertools.cycle([self._create, self._read_own, self._list]), self.number % 3, None)
        due = time.monotonic() + EVERY_S * random.random()
        self.until.wait(max(0.0, due - time.monotonic()))
        while not self.until.is_set():
            self.calls.append(next(acts)())
            due = max(due + EVERY_S, time.monotonic())
            self.until.wait(max(0.0, due - time.monotonic()))

    def repeat(self, call: Call) -> Call:
        """Send a write once more, with its own key."""
        return self.ask("POST", LOCATIONS, body=call.body, key=call.key)

    def ask(self, method: str, path: str, *, body: dict[str, Any] | None = None, key: str = "") -> Call:
        """Send one request; a broken connection is a result like any other."""
        began = time.monotonic()
        call = Call(user=self.number, began=began, ended=began, status=None, key=key, body=body)
        try:
            status, headers, answer = self._send(method, path, body, **({"Idempotency-Key": key} if key else {}))
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return replace(call, ended=time.monotonic())
        is_problem = headers.get("Content-Type", "") == "application/problem+json"
        return replace(
            call,
            ended=time.monotonic(),
            status=status,
            problem=answer.get("code", "") if is_problem else "",
            retry_after=headers.get("Retry-After", ""),
            row=str(answer.get("id", "")),
        )

    def _create(self) -> Call:
        tag = uuid.uuid4().hex[:12].upper()
        body = {**self.like, "code": f"DR-{tag}", "name": f"Drill {tag}"}
        call = self.ask("POST", LOCATIONS, body=body, key=uuid.uuid4().hex)
        if call.succeeded:
            self.own.append(call.row)
        return call

    def _read_own(self) -> Call:
        """What was acknowledged is there: 404 would be a fault."""
        return self.ask("GET", f"{LOCATIONS}/{self.own[-1]}") if self.own else self._list()

    def _list(self) -> Call:
        return self.ask("GET", f"{LOCATIONS}?limit=10")

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, dict[str, Any]]:
        """Raises: OSError, HTTPException: the connection broke."""
        if self.connection.sock and select.select([self.connection.sock], [], [], 0)[0]:
            self.connection.close()
        sent = None if body is None else json.dumps(body)
        self.connection.request(method, path, sent, {**self.headers, **headers})
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            document = json.loads(text)
        except ValueError:
            document = {}
        return answer.status, answer.headers, document if isinstance(document, dict) else {}
