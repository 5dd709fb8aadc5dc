"""The load test's users: people of all three types who sign in and work through the partner API.

    python -m benchmarks.load             everything on this machine: `make load`, docs/performance.md
    locust --host https://erp.example.com --users 200 --spawn-rate 5    against a test installation

LOAD_USERS names a JSON file of users: [{"type": "INTERNAL", "username": …, "password": …, "otp_key": hex or ""}, …]. Each
locust user takes one of them. Every user comes from an address of its own, as X-Forwarded-For of a load balancer would say:
TRUSTED_PROXIES of the server must name the machine that runs locust. What a user creates, it deletes when it stops.

An answer counts as failed if its status is not the expected one (429 neither), or its body is not what was asked for.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import json
import os
import random
import struct
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, between, events
from locust.exception import StopUser

from benchmarks.mix import TASKS, USERS

API = "/api/v1"
COMMODITIES = f"{API}/settings/commodities"
LOCATIONS = f"{API}/settings/locations"
PARTNERS = f"{API}/partners"

SETTLE_S = 3.0  # between the last sign-in and the beginning of what is measured
RENEW_AT = 0.9  # of an access token's life
SEEN = 50  # rows that a user remembers of each kind
NOTICED = 5  # of those on one page
GARBAGE = (50_000, 20, 100)  # what a thousand users remember need not be gone through again and again
COPIED = {
    COMMODITIES: ("category", "hs_code", "base_unit", "trade_unit", "rate_unit", "default_currency"),
    LOCATIONS: ("kind", "country", "subdivision", "city", "postal_code", "timezone"),
}
NAMED = {COMMODITIES: "name", LOCATIONS: "name", PARTNERS: "legal_name"}

accounts: dict[str, deque[dict[str, str]]] = defaultdict(deque)
unexpected: Counter[str] = Counter()
ready: set[int] = set()


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    parser.add_argument(
        "--measure-s", type=float, default=0, help="Seconds to measure after the ramp, then end. 0: no end."
    )
    parser.add_argument("--progress", default="", help="File that gets a line of JSON when measuring begins and ends.")
    parser.add_argument("--keep-rows", action="store_true", help="Delete nothing: the database is dropped anyway.")


@events.test_start.add_listener
def begin(environment: Any, **_: Any) -> None:
    """Read who may sign in, and wait for the end of the ramp."""
    accounts.clear()
    for account in json.loads(Path(os.environ.get("LOAD_USERS", "var/load/users.json")).read_text()):
        accounts[account["type"]].append(account)
    ready.clear()
    gc.set_threshold(*GARBAGE)
    gevent.spawn(measure, environment)


def measure(environment: Any) -> None:
    """Forget the ramp when the last user has signed in; after the time to measure, tell the figures and end."""
    while len(ready) < max(1, environment.runner.target_user_count):
        gevent.sleep(0.1)
    gevent.sleep(SETTLE_S)
    options = environment.parsed_options
    unexpected.clear()
    environment.stats.reset_all()
    tell(options.progress, {"event": "measuring"})
    if options.measure_s:
        gevent.sleep(options.measure_s)
        tell(options.progress, {"event": "measured", **figures(environment.stats)})
        environment.runner.quit()


def tell(path: str, line: dict[str, Any]) -> None:
    if path:
        with Path(path).open("a") as file:
            file.write(f"{json.dumps(line)}\n")


def figures(stats: Any) -> dict[str, Any]:
    """What benchmarks/load.py judges. Times in milliseconds."""
    total = stats.total
    return {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "unexpected": dict(unexpected),
        "average_ms": total.avg_response_time,
        "p50_ms": total.get_response_time_percentile(0.5),
        "p95_ms": total.get_response_time_percentile(0.95),
        "p99_ms": total.get_response_time_percentile(0.99),
        "max_ms": total.max_response_time,
        "tasks": {
            entry.name: {
                "requests": entry.num_requests,
                "failures": entry.num_failures,
                "average_ms": entry.avg_response_time,
                "p95_ms": entry.get_response_time_percentile(0.95),
            }
            for entry in stats.entries.values()
        },
        "errors": [f"{error.occurrences} × {error.name}: {error.error}" for error in stats.errors.values()],
    }


def one_time_code(key: str, at: float) -> str:
    """The six digits of an authenticator app. Source: RFC 6238."""
    digest = hmac.digest(bytes.fromhex(key), struct.pack(">Q", int(at) // 30), hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack_from('>I', digest, offset)[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Person(FastHttpUser):
    """Signs in, keeps its tokens fresh, remembers what it saw and what it made."""

    abstract = True
    type = ""
    wait_time = between(1, 3)
    connection_timeout = 30.0
    network_timeout = 30.0

    def on_start(self) -> None:
        if not accounts[self.type]:
            raise StopUser(f"LOAD_USERS has no further user of type {self.type}: add some.")
        self.account = accounts[self.type].popleft()
        number = random.getrandbits(22)
        self.proxied = {
            "X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "X-Forwarded-Proto": "https",
        }
        self.seen: dict[str, deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=SEEN))
        self.next: dict[str, str] = {}
        self.made: dict[str, dict[str, str]] = {COMMODITIES: {}, LOCATIONS: {}}  # ETag by id
        self.sign_in()
        for collection in NAMED:
            self.show(collection, {})
        if "create location" in TASKS[self.type]:
            for collection in self.made:
                self.create(collection)
        ready.add(id(self))

    def on_stop(self) -> None:
        ready.discard(id(self))
        if not getattr(self.environment.parsed_options, "keep_rows", False):
            for collection, rows in getattr(self, "made", {}).items():
                for key in list(rows):
                    self.remove(collection, key)
        if account := getattr(self, "account", None):
            accounts[self.type].append(account)

    # Requests ---------------------------------------------------------------------------------------------------------
    @contextmanager
    def ask(self, method: str, path: str, *, name: str, expect: int, **given: Any) -> Iterator[Any]:
        """A request whose answer must have this status; the block may still call `failure`."""
        headers = {**self.proxied, "Authorization": self.authorization(), **given.pop("headers", {})}
        with self.client.request(method, path, name=name, headers=headers, catch_response=True, **given) as answer:
            if answer.status_code != expect:
                unexpected[f"{name}: {answer.status_code}"] += 1
                answer.failure(f"status {answer.status_code} instead of {expect}: {(answer.text or '')[:300]}")
            yield answer

    def sign_in(self) -> None:
        body = {"username": self.account["username"], "password": self.account["password"]}
        if key := self.account.get("otp_key"):
            body["otp"] = one_time_code(key, time.time())
        if not self.take_tokens("login", body):
            raise StopUser

    def take_tokens(self, act: str, body: dict[str, str]) -> bool:
        """Whether the server gave a pair of tokens."""
        with self.client.post(
            f"{API}/auth/{act}", json=body, headers=self.proxied, name=act, catch_response=True
        ) as answer:
            if answer.status_code != 200:
                unexpected[f"{act}: {answer.status_code}"] += 1
                answer.failure(f"status {answer.status_code} instead of 200: {(answer.text or '')[:300]}")
                return False
            tokens = answer.json()
        self.access, self.refresh = tokens["access_token"], tokens["refresh_token"]
        self.renew_at = time.monotonic() + RENEW_AT * tokens["expires_in"]
        return True

    def authorization(self) -> str:
        if time.monotonic() > self.renew_at and not self.take_tokens("refresh", {"refresh_token": self.refresh}):
            self.sign_in()
        return f"Bearer {self.access}"

    def show(self, collection: str, parameters: dict[str, str], *, path: str = "", verb: str = "list") -> None:
        """A page, of which something must be there: what is asked for was seen before."""
        kind = collection.rsplit("/", 1)[-1]
        with self.ask(
            "GET", path or collection, name=f"{verb} {kind}", expect=200, params=None if path else parameters
        ) as answer:
            if answer.status_code != 200:
                return
            page = answer.json()
            rows = page["results"]
            if not rows or any(NAMED[collection] not in row for row in rows):
                answer.failure(f"not a page of {kind}: {answer.text[:300]}")
            wrong = [row for row in rows for name in ("type", "state") if not matches(row, name, parameters)]
            if wrong:
                answer.failure(f"rows of another {parameters}: {wrong[0]}")
        self.seen[collection].extend(random.sample(rows, min(NOTICED, len(rows))))
        if verb == "list":
            following = urlsplit(page["next"] or "")  # an https address, which a proxy in front would answer
            self.next[collection] = f"{following.path}?{following.query}" if following.path else ""

    def read(self, collection: str) -> None:
        row = random.choice(self.seen[collection])
        name = "read commodity" if collection == COMMODITIES else "read location"
        with self.ask("GET", f"{collection}/{row['id']}", name=name, expect=200) as answer:
            if answer.status_code == 200 and answer.json()["id"] != row["id"]:
                answer.failure(f"another record than {row['id']}: {answer.text[:300]}")

    def search(self, collection: str) -> None:
        """A word of a name that was seen, so that there is something to find."""
        words = [word for word in random.choice(self.seen[collection])[NAMED[collection]].split() if len(word) > 3]
        word = random.choice(words) if words else "cotton"
        self.show(collection, {"search": word, "limit": "25"}, verb="search")

    def create(self, collection: str) -> None:
        like = random.choice(self.seen[collection])
        tag = uuid.uuid4().hex[:12].upper()
        body = {"code": f"LT-{tag}" if collection == LOCATIONS else f"LT_{tag}", "name": f"Load test {tag}"}
        body |= {field: like[field] for field in COPIED[collection]}
        name = "create commodity" if collection == COMMODITIES else "create location"
        headers = {"Idempotency-Key": uuid.uuid4().hex, "X-Change-Reason": "Load test"}
        with self.ask("POST", collection, name=name, expect=201, json=body, headers=headers) as answer:
            if answer.status_code != 201:
                return
            row = answer.json()
            if row["code"] != body["code"] or row["version"] != 1:
                answer.failure(f"not what was sent: {answer.text[:300]}")
            self.made[collection][row["id"]] = answer.headers["ETag"]

    def change(self, collection: str) -> None:
        """A record of the user's own: those of others may have another version by now, and 412 would be right."""
        key, tag = random.choice(list(self.made[collection].items()))
        text = f"Changed {uuid.uuid4().hex[:8]}"
        body = {"description" if collection == COMMODITIES else "address_line1": text}
        name = "change commodity" if collection == COMMODITIES else "change location"
        headers = {"If-Match": tag, "X-Change-Reason": "Load test"}
        with self.ask("PATCH", f"{collection}/{key}", name=name, expect=200, json=body, headers=headers) as answer:
            if answer.status_code != 200:
                return
            row = answer.json()
            if row["id"] != key or text not in row.values():
                answer.failure(f"not the change of {key}: {answer.text[:300]}")
            self.made[collection][key] = answer.headers["ETag"]

    def remove(self, collection: str, key: str) -> None:
        """Delete what this user made; where the limit of requests is reached, when it allows."""
        headers = {"If-Match": self.made[collection].pop(key), "X-Change-Reason": "Load test"}
        while True:
            with self.client.delete(
                f"{collection}/{key}",
                name="clean up",
                headers={**self.proxied, "Authorization": self.authorization(), **headers},
                catch_response=True,
            ) as answer:
                if answer.status_code != 429:
                    if answer.status_code != 204:
                        answer.failure(f"{key} was not deleted: {answer.status_code} {(answer.text or '')[:300]}")
                    return
                answer.success()
                wait_s = int(answer.headers["Retry-After"])
            gevent.sleep(wait_s)

    def browse(self, collection: str, *filters: str) -> None:
        """The next page of the last list, or a new one by values that were seen."""
        if (following := self.next.pop(collection, "")) and random.random() < 0.5:
            self.show(collection, {}, path=following)
            return
        like = random.choice(self.seen[collection])
        columns = {"type": "kind", "state": "subdivision", "category": "category"}
        chosen = {name: like[columns[name]] for name in filters if like.get(columns[name]) and random.random() < 0.5}
        self.show(collection, {**chosen, "limit": "25"})


def matches(row: dict[str, Any], name: str, parameters: dict[str, str]) -> bool:
    """Whether the row has the value that the list was filtered by."""
    column = {"type": "kind", "state": "subdivision"}[name]
    return name not in parameters or row[column] == parameters[name]


ACTS: dict[str, Any] = {
    "list commodities": lambda person: person.browse(COMMODITIES, "category"),
    "list locations": lambda person: person.browse(LOCATIONS, "type", "state"),
    "list partners": lambda person: person.browse(PARTNERS),
    "read commodity": lambda person: person.read(COMMODITIES),
    "read location": lambda person: person.read(LOCATIONS),
    "create commodity": lambda person: person.create(COMMODITIES),
    "create location": lambda person: person.create(LOCATIONS),
    "change commodity": lambda person: person.change(COMMODITIES),
    "change location": lambda person: person.change(LOCATIONS),
    "search locations": lambda person: person.search(LOCATIONS),
    "search partners": lambda person: person.search(PARTNERS),
}


class SuperAdmin(Person):
    """Sees all organizations, and signs in with a second factor."""

    type = "SUPER_ADMIN"
    weight = USERS[type]
    tasks = {ACTS[name]: parts for name, parts in TASKS[type].items()}


class Internal(Person):
    """Works for one organization."""

    type = "INTERNAL"
    weight = USERS[type]
    tasks = {ACTS[name]: parts for name, parts in TASKS[type].items()}


class External(Person):
    """Signs in for one business partner, sees what is shared and its own, and writes neither places nor commodities."""

    type = "EXTERNAL"
    weight = USERS[type]
    tasks = {ACTS[name]: parts for name, parts in TASKS[type].items()}
