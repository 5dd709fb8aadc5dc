"""Rate limits as a client meets them: counts, headers, refusals, and whose count it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.urls import path
from django_ratelimit.core import get_usage
from django_redis import get_redis_connection
from redis import Redis
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from erp import caches, ratelimits
from erp.api.errors import handle
from erp.ratelimits import TIERS, Caller, RateLimited

pytestmark = pytest.mark.urls(__name__)

NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class ByHeader(BaseAuthentication):
    """`X-User: 7` signs user 7 in; `X-User: wrong` has wrong credentials."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        name = request.headers.get("X-User")
        if name == "wrong":
            raise AuthenticationFailed("The token is not valid.")
        return (SimpleNamespace(pk=name, is_authenticated=True), None) if name else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class Base(RateLimited):
    authentication_classes = [ByHeader]
    permission_classes: list[type[BasePermission]] = []
    parser_classes = [JSONParser]

    def get_exception_handler(self) -> Any:
        return handle

    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    def post(self, request: Request) -> Response:
        self.charge(request, rows=len(request.data.get("rows", [])))
        return Response({"ok": True})


class Nobody(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return False


def viewed(tier: str, **attributes: Any) -> type[Base]:
    return type(tier.title(), (Base,), {"tier": tier, **attributes})


urlpatterns = [
    *(path(f"api/{tier}", viewed(tier).as_view()) for tier in TIERS),
    path("api/refused", viewed("moderate", permission_classes=[Nobody]).as_view()),
]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimits, "table", ratelimits.Table())
    monkeypatch.setattr(caches, "breaker", caches.Breaker())


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A busy machine is no outage: connections of these tests wait longer."""
    pool = get_redis_connection("default").connection_pool
    pool.disconnect()
    with monkeypatch.context() as patch:
        patch.setitem(pool.connection_kwargs, "socket_timeout", 10.0)
        yield
    pool.disconnect()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at a moment of the test's choice."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture(params=["redis", "memory"])
def store(request: pytest.FixtureRequest, settings: Any) -> str:
    """Both places that count: every rule holds in each."""
    if request.param == "memory":
        settings.REDIS_URL = ""
    return request.param


def statuses(times: int, address: str = "/api/moderate", **extra: Any) -> Counter[int]:
    client = Client()
    return Counter(client.get(address, **extra).status_code for _ in range(times))


def login(username: Any = "asha@example.com", *, ip: str = "192.0.2.1") -> Any:
    body = json.dumps({"username": username, "password": "wrong"})
    return Client().post("/api/login", body, content_type="application/json", REMOTE_ADDR=ip)


def test_the_101st_request_in_a_minute_is_refused_and_the_next_minute_is_free(store: str, clock: Any) -> None:
    client = Client()
    assert statuses(99) == {200: 99}
    last = client.get("/api/moderate")
    wait = int(last["RateLimit"].rpartition("=")[2])
    assert (last.status_code, last["RateLimit"]) == (200, f'"minute";r=0;t={wait}')
    assert not last.has_header("Retry-After")

    refused = client.get("/api/moderate")
    assert refused.status_code == 429
    assert refused["Retry-After"] == str(wait)
    assert refused["RateLimit-Policy"] == '"minute";q=100;w=60'
    assert refused["RateLimit"] == f'"minute";r=0;t={wait}'
    assert refused["Content-Type"] == "application/problem+json"
    body = json.loads(refused.content)
    assert (body["status"], body["code"], body["instance"]) == (429, "throttled", "/api/moderate")
    assert body["detail"].startswith("The limit here is 100 requests a minute, and all are used. Try again in ")
    assert body["request_id"] == refused["X-Request-ID"]

    clock.shift(timedelta(seconds=wait - 1))
    assert client.get("/api/moderate").status_code == 429
    clock.shift(timedelta(seconds=1))
    free = client.get("/api/moderate")
    assert (free.status_code, free["RateLimit"]) == (200, '"minute";r=99;t=60')


def test_each_answer_tells_what_is_left(store: str) -> None:
    first, second = Client().get("/api/default"), Client().get("/api/default")
    assert first["RateLimit-Policy"] == '"hour";q=1000;w=3600, "day";q=10000;w=86400'
    assert [part.split(";")[:2] for part in second["RateLimit"].split(", ")] == [
        ['"hour"', "r=998"],
        ['"day"', "r=9998"],
    ]


def test_limits_count_before_permissions(store: str) -> None:
    assert statuses(101, "/api/refused", HTTP_X_USER="7") == {403: 100, 429: 1}


def test_users_are_counted_apart_wherever_they_are(store: str) -> None:
    assert statuses(60, HTTP_X_USER="7", REMOTE_ADDR="192.0.2.1") == {200: 60}
    assert statuses(60, HTTP_X_USER="7", REMOTE_ADDR="192.0.2.2") == {200: 40, 429: 20}
    assert statuses(1, HTTP_X_USER="8", REMOTE_ADDR="192.0.2.1") == {200: 1}
    assert statuses(1, REMOTE_ADDR="192.0.2.1") == {200: 1}


def test_wrong_credentials_count_on_the_address(store: str) -> None:
    assert statuses(101, HTTP_X_USER="wrong") == {401: 100, 429: 1}
    assert statuses(1) == {429: 1}
    assert statuses(1, HTTP_X_USER="7") == {200: 1}
    refused = Client().get("/api/moderate", HTTP_X_USER="wrong", REMOTE_ADDR="192.0.2.9")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert refused["RateLimit"].startswith('"minute";r=99;')


def test_a_spoofed_forwarded_header_changes_nothing(store: str) -> None:
    client = Client()
    spoofed = [client.get("/api/strict", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}").status_code for n in range(11)]
    assert spoofed == [200] * 10 + [429]


def test_behind_a_proxy_the_hop_that_it_adds_counts_and_not_those_to_its_left(store: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    client = Client()
    spoofed = [client.get("/api/strict", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 192.0.2.1") for n in range(11)]
    assert [answer.status_code for answer in spoofed] == [200] * 10 + [429]
    assert client.get("/api/strict", HTTP_X_FORWARDED_FOR="192.0.2.1, 192.0.2.2").status_code == 200


def test_addresses_of_one_ipv6_network_share_a_count(store: str) -> None:
    client = Client()
    answers = [client.get("/api/strict", REMOTE_ADDR=f"2001:db8:0:1::{n:x}").status_code for n in range(1, 12)]
    assert answers == [200] * 10 + [429]
    assert client.get("/api/strict", REMOTE_ADDR="2001:db8:0:2::1").status_code == 200


@pytest.mark.django_db
class TestLogin:
    def test_eleven_logins_from_one_address_are_refused_and_the_owner_elsewhere_is_not(self, store: str) -> None:
        answers = [login(f"guess{n}@example.com").status_code for n in range(10)]
        assert [*answers, login().status_code] == [200] * 10 + [429]
        assert login(ip="192.0.2.2").status_code == 200

    def test_one_account_takes_five_and_its_refusals_use_up_nothing_else(self, store: str) -> None:
        for spelling in [
            "asha@example.com",
            "ASHA@example.com",
            " asha@example.com",
            "asha@example.com",
            "Asha@Example.com",
        ]:
            assert login(spelling).status_code == 200
        for _ in range(20):
            assert login().status_code == 429
        other = login("ravi@example.com")
        assert other.status_code == 200
        assert other["RateLimit-Policy"] == '"minute";q=10;w=60, "account-minute";q=5;w=60'
        assert [part.split(";")[1] for part in other["RateLimit"].split(", ")] == ["r=4", "r=4"]
        assert login(ip="192.0.2.2").status_code == 200

    @pytest.mark.parametrize("username", [None, 7, ["a"], {"a": 1}, "\x00", "\ud800", "x" * 100_000], ids=repr)
    def test_an_odd_name_is_counted_like_any_other(self, store: str, username: Any) -> None:
        assert [login(username).status_code for _ in range(11)][-1] == 429

    @pytest.mark.parametrize("body", ["{", "[]", '"text"'])
    def test_an_unreadable_body_counts_and_is_refused_for_what_it_is(self, store: str, body: str) -> None:
        class View(viewed("login")):  # type: ignore[misc]
            def post(self, request: Request) -> Response:
                return Response(request.data)

        answers = [
            View.as_view()(RequestFactory().post("/api/login", body, content_type="application/json"))
            for _ in range(11)
        ]
        expected = 400 if body == "{" else 200
        assert [answer.status_code for answer in answers] == [expected] * 10 + [429]
        assert answers[0]["RateLimit"].startswith('"minute";r=9;')


@pytest.mark.django_db
class TestBulk:
    def post(self, rows: int, tier: str = "relaxed") -> Any:
        return Client().post(f"/api/{tier}", json.dumps({"rows": [0] * rows}), content_type="application/json")

    def test_costs_its_rows(self, store: str) -> None:
        assert self.post(600)["RateLimit"].startswith('"minute";r=400;')
        refused = self.post(500)
        assert refused.status_code == 429
        assert "399 are left and this one counts as 499" in json.loads(refused.content)["detail"]
        assert self.post(399)["RateLimit"].startswith('"minute";r=0;')

    def test_a_thousand_rows_fit_the_relaxed_tier(self, store: str) -> None:
        assert self.post(1000).status_code == 200


def test_the_switch_adds_the_default_to_each_tier(store: str, settings: Any) -> None:
    settings.RATE_LIMITS = "tier+default"
    assert Client().get("/api/default")["RateLimit-Policy"] == '"hour";q=1000;w=3600, "day";q=10000;w=86400'
    both = Client().get("/api/moderate")
    assert both["RateLimit-Policy"] == '"minute";q=100;w=60, "hour";q=1000;w=3600, "day";q=10000;w=86400'
    assert [part.split(";")[1] for part in both["RateLimit"].split(", ")] == ["r=99", "r=998", "r=9998"]


def test_the_table_is_the_agreed_one() -> None:
    assert {
        tier: [(policy.quota, policy.period, policy.by) for policy in policies] for tier, policies in TIERS.items()
    } == {
        "default": [(1000, "hour", "user"), (10_000, "day", "user")],
        "moderate": [(100, "minute", "user")],
        "relaxed": [(1000, "minute", "user")],
        "strict": [(10, "minute", "ip")],
        "login": [(10, "minute", "ip"), (5, "minute", "account")],
        "guesses": [(10, "minute", "everywhere"), (30, "hour", "everywhere")],
        "warnings": [(1, "day", "everywhere")],
    }
    for policies in TIERS.values():
        names = [policy.name for policy in (*policies, *TIERS["default"])]
        assert len(set(names)) == len({*policies, *TIERS["default"]})


def test_a_view_with_an_unknown_tier_does_not_load() -> None:
    with pytest.raises(ImproperlyConfigured, match="Odd has no tier 'often': choose one of default, moderate"):
        type("Odd", (Base,), {"tier": "often"})


def test_an_action_of_a_viewset_may_have_a_tier_of_its_own() -> None:
    class Lots(RateLimited, GenericViewSet):
        authentication_classes: list[Any] = []
        permission_classes: list[Any] = []
        tier = "relaxed"

        def list(self, request: Request) -> Response:
            return Response([])

    view = Lots.as_view({"get": "list"}, tier="strict")  # as `@action(tier=...)` does
    assert view(RequestFactory().get("/"))["RateLimit-Policy"] == '"minute";q=10;w=60'


class TestCounting:
    """`count` against django-ratelimit's own counting, and against the wire."""

    def library(self, tier: str, policy: ratelimits.Policy, *, group: str = "", increment: bool) -> dict[str, Any]:
        request = RequestFactory().get("/")
        request.user = SimpleNamespace(pk="7", is_authenticated=True)
        key = "ip" if policy.by == "ip" else "user_or_ip"
        usage = get_usage(
            request, group=group or tier, key=key, rate=f"{policy.quota}/{policy.window_s}s", increment=increment
        )
        assert usage is not None
        return usage

    @pytest.mark.parametrize("tier", ["default", "moderate", "strict"])
    def test_usage_equals_get_usage(self, tier: str, clock: Any) -> None:
        policies = TIERS[tier]
        caller = Caller(address="127.0.0.1", user="7")
        for number in range(min(policy.quota for policy in policies)):
            if number % 25 == 0:
                clock.shift(timedelta(seconds=number % 7))
            usage = ratelimits.count(tier, caller=caller)
            if number in {0, 1, 9, 50, 99, 999}:
                for used in usage.policies:
                    ours = {
                        "count": used.count,
                        "limit": used.policy.quota,
                        "should_limit": used.should_limit,
                        "time_left": used.time_left,
                    }
                    assert ours == self.library(tier, used.policy, increment=False)

    @pytest.mark.parametrize("tier", ["moderate", "strict"])
    def test_it_refuses_the_request_that_the_library_refuses(self, tier: str) -> None:
        [policy] = TIERS[tier]
        caller = Caller(address="127.0.0.1", user="7")
        for _ in range(policy.quota + 3):
            ours = ratelimits.count(tier, caller=caller).policies[0]
            theirs = self.library(tier, policy, group="theirs", increment=True)
            assert ours.should_limit == theirs["should_limit"]
            assert ours.count == min(theirs["count"], policy.quota)

    def test_all_policies_take_one_round_trip(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.RATE_LIMITS = "tier+default"
        caller = Caller(address="192.0.2.1", user="7", account="asha@example.com")
        get_redis_connection("default").script_load(ratelimits.SCRIPT)
        sent = []
        execute = Redis.execute_command
        monkeypatch.setattr(Redis, "execute_command", lambda *args, **kw: sent.append(args[1]) or execute(*args, **kw))
        assert len(ratelimits.count("login", caller=caller).policies) == 4
        assert sent == ["EVALSHA"]

    def test_an_exhausted_limit_increments_none_of_the_others(self, store: str, settings: Any) -> None:
        settings.RATE_LIMITS = "tier+default"
        caller = Caller(address="192.0.2.1", user="7", account="asha@example.com")
        for _ in range(5):
            assert not ratelimits.count("login", caller=caller).exhausted
        for _ in range(3):
            refused = ratelimits.count("login", caller=caller)
            assert [used.count for used in refused.policies] == [5, 5, 5, 5]
            assert [used.policy.name for used in refused.exhausted] == ["account-minute"]

    def test_what_redis_refuses_is_not_held_against_the_caller_here(self) -> None:
        caller = Caller(address="192.0.2.1")
        for _ in range(10):
            ratelimits.count("strict", caller=caller)
        ratelimits.table.forget()
        assert ratelimits.count("strict", caller=caller).exhausted
        assert [used.count for used in ratelimits._usage(*_peek(caller), cost=1).policies] == [0]

    def test_emptying_the_cache_starts_anew(self) -> None:
        caller = Caller(address="192.0.2.1")
        for _ in range(11):
            usage = ratelimits.count("strict", caller=caller)
        assert usage.exhausted
        cache.clear()
        assert not ratelimits.count("strict", caller=caller).exhausted

    def test_counters_expire_after_their_window(self) -> None:
        ratelimits.count("moderate", caller=Caller(address="192.0.2.1"))
        connection = get_redis_connection("default")
        [key] = [key for key in connection.keys("*") if b":rl:" in key]
        assert 60 < connection.ttl(key) <= 65


def _peek(caller: Caller) -> tuple[list[ratelimits.Counter], ratelimits.Taken]:
    """Counters and counts of this process, unchanged: a request that costs nothing."""
    counters = ratelimits._counters("strict", caller=caller)
    return counters, ratelimits.table.take(counters, cost=0)


class TestTable:
    def counters(self, number: int) -> list[ratelimits.Counter]:
        return ratelimits._counters("strict", caller=Caller(address=f"2001:db8:0:{number:x}::"))

    def test_is_bounded_and_a_flood_of_new_callers_frees_nobody(self) -> None:
        table = ratelimits.Table(size=100)
        for _ in range(10):
            assert table.take(self.counters(0), cost=1)[0]
        for number in range(1, 1000):
            table.take(self.counters(number), cost=1)
            assert len(table) <= 100
        assert not table.take(self.counters(0), cost=1)[0]

    def test_drops_ended_windows_first(self, clock: Any) -> None:
        table = ratelimits.Table(size=100)
        for number in range(100):
            table.take(self.counters(number), cost=2)
        clock.shift(2 * MINUTE)
        table.take(self.counters(0), cost=1)
        assert len(table) == 1

    def test_refuses_at_the_same_count_as_redis(self) -> None:
        counters = self.counters(1)
        for cost in (4, 5, 3, 1, 1):
            assert ratelimits.table.take(counters, cost=cost) == ratelimits._take_shared(counters, cost=cost)[0]


def test_development_counts_in_memory_without_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimits, "_take_shared", pytest.fail)
    settings.REDIS_URL = ""
    assert statuses(101) == {200: 100, 429: 1}
    assert not ratelimits.degraded()
