"""Rate limits: how often one caller may call. `TIERS` is the whole table; a view names a row of it: `tier = "moderate"`.

All policies of a request are counted in one call of a Lua script, in the fixed windows and under the keys of
django-ratelimit, so that its `get_usage` reads the same counters. Each process keeps its own count as well. That count
decides while Redis is away, and after its return until the window ends in which it was away: limits then hold for
each process. Nothing here answers 500, and nothing lets everything through.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha1, sha256
from threading import Lock
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, cast

import uuid_utils
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_ratelimit import ALL  # type: ignore[import-untyped]
from django_ratelimit.core import (  # type: ignore[import-untyped]
    EXPIRATION_FUDGE,
    _get_window,
    _make_cache_key,
)
from redis.exceptions import NoScriptError
from rest_framework.exceptions import APIException, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from erp import caches, snapshots
from erp.addresses import block_of, client_address
from erp.snapshots import Epochs, Lookup, Snapshot

Watched = Sequence[str]
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Policy:
    """At most `quota` requests a period, counted by address, by user (an anonymous one by address), by account and address,
    or by account from everywhere."""

    quota: int
    period: Literal["minute", "hour", "day"]
    by: Literal["ip", "user", "account", "everywhere"] = "user"

    @property
    def name(self) -> str:
        """What the headers call it; no two policies of a view share a name."""
        return f"{self.by}-{self.period}" if self.by in {"account", "everywhere"} else self.period

    @property
    def window_s(self) -> int:
        """Length of its windows."""
        return SECONDS[self.period]


# A tier replaces the default one; RATE_LIMITS=tier+default adds the default to each.
TIERS: Mapping[str, tuple[Policy, ...]] = {
    "default": (Policy(1000, "hour"), Policy(10_000, "day")),
    "moderate": (Policy(100, "minute"),),
    "relaxed": (Policy(1000, "minute"),),
    "strict": (Policy(10, "minute", by="ip"),),
    "login": (Policy(10, "minute", by="ip"), Policy(5, "minute", by="account")),
    # No views': what accounts/guard.py counts. Wrong passwords of one account, and messages to its owner about them.
    "guesses": (Policy(10, "minute", by="everywhere"), Policy(30, "hour", by="everywhere")),
    "warnings": (Policy(1, "day", by="everywhere"),),
}

# KEYS: one counter a policy, then the epochs of a sign-in (erp/snapshots.py), the generation first, or none.
# ARGV: the number of counters, a generation for a server that has none, the cost, quota and lifetime in seconds of each counter.
# Counts all or, if one quota would be exceeded, none. Answers {1 if counted else 0, count, count ..., epoch, epoch ...}.
SCRIPT = """
local counters = tonumber(ARGV[1])
local cost = tonumber(ARGV[3])
local values = redis.call('MGET', unpack(KEYS))
if #KEYS > counters and not values[counters + 1] then
  values[counters + 1] = ARGV[2]
  redis.call('SET', KEYS[counters + 1], ARGV[2])
end
local counted = 1
for i = 1, counters do
  values[i] = tonumber(values[i] or 0)
  if values[i] + cost > tonumber(ARGV[2 * i + 2]) then counted = 0 end
end
if counted == 1 then
  for i = 1, counters do
    values[i] = redis.call('INCRBY', KEYS[i], cost)
    if values[i] == cost then redis.call('EXPIRE', KEYS[i], ARGV[2 * i + 3]) end
  end
end
return {counted, unpack(values, 1, #KEYS)}
"""
SCRIPT_SHA = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Caller:
    """Who calls: the address, the user's key if one has signed in, and the account that a login names."""

    address: str
    user: str = ""
    account: str = ""

    def counted(self, by: str) -> str:
        """Whose count it is under a policy; empty if the policy doesn't apply."""
        if by in {"account", "everywhere"}:
            # Hashed: it is what a stranger typed, of any length and in any characters.
            login = self.account.strip().casefold().encode(errors="surrogatepass")
            place = self.address if by == "account" else "everywhere"
            return f"{sha256(login).hexdigest()} {place}" if login else ""
        return (by == "user" and self.user) or self.address or "unknown"


@dataclass(frozen=True)
class Counter:
    """The counter of one policy for one caller in one window, which ends with the second `ends_at` (Unix time)."""

    policy: Policy
    key: str
    ends_at: int

    @property
    def began_at(self) -> int:
        """First second of its window."""
        return self.ends_at - self.policy.window_s + 1

    @cached_property
    def redis_key(self) -> str:
        """What Redis keeps it under."""
        return str(cache.make_key(self.key))

    def refuses(self, count: int) -> bool:
        """Whether that many requests in one window are too many."""
        return count > self.policy.quota


@dataclass(frozen=True)
class PolicyUsage:
    """How far one policy is used, in the words of django-ratelimit's `get_usage`."""

    policy: Policy
    count: int
    time_left: int
    should_limit: bool

    @property
    def left(self) -> int:
        """Requests left in this window."""
        return max(0, self.policy.quota - self.count)

    @property
    def reset_s(self) -> int:
        """Seconds until the next window: a window includes its last second."""
        return self.time_left + 1


@dataclass(frozen=True)
class Usage:
    """How far each policy of a view is used, after a request of this cost was counted or refused."""

    policies: tuple[PolicyUsage, ...]
    cost: int = 1
    epochs: Epochs | None = None  # of the sign-in that was asked about, in the same call; None: Redis did not say

    @property
    def exhausted(self) -> tuple[PolicyUsage, ...]:
        """The policies that refuse the request; none if it was counted."""
        return tuple(usage for usage in self.policies if usage.should_limit)

    @property
    def wait_s(self) -> int:
        """Seconds until the request can succeed; 0 if it was counted."""
        return max((usage.reset_s for usage in self.exhausted), default=0)


class LimitExceeded(Throttled):
    """429, with `wait` in seconds and `usage`. `sentence` says what is limited where the numbers would tell too much."""

    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."

    def __init__(self, usage: Usage, sentence: str = "") -> None:
        self.usage = usage
        if sentence:
            super().__init__(usage.wait_s, sentence)
            return
        full = max(usage.exhausted, key=lambda policy: policy.reset_s)
        fact = f"{full.left} are left and this one counts as {usage.cost}" if usage.cost > 1 else "all are used"
        limit = f"{full.policy.quota:,} requests a {full.policy.period}"
        super().__init__(usage.wait_s, f"The limit here is {limit}, and {fact}.")


class Tiered(Protocol):
    """A view or form that names its tier."""

    @property
    def tier(self) -> str: ...


def limit(
    request: HttpRequest, view: Tiered, *, user: Any = None, account: str = "", cost: int = 1, watched: Watched = ()
) -> Usage:
    """Count the request against the view's tier, all policies or none; asks for the epochs of what is watched, if anything is.

    Raises: LimitExceeded: a policy is exhausted.
    """
    key = str(user.pk) if user is not None and user.is_authenticated else ""
    return _admitted(count(view.tier, caller=_caller(request, key, account), cost=cost, watched=watched))


def _caller(request: HttpRequest, user: str, account: str = "") -> Caller:
    return Caller(address=block_of(client_address(request)), user=user, account=account)


def _admitted(usage: Usage) -> Usage:
    if usage.exhausted:
        raise LimitExceeded(usage)
    return usage


def authentication_failed(request: HttpRequest, view: Tiered) -> Usage:
    """Count a request whose credentials are wrong: by its address, since nobody has signed in. Raises: LimitExceeded."""
    return limit(request, view)


def headers(usage: Usage) -> dict[str, str]:
    """RateLimit-Policy, RateLimit and, on a refusal, Retry-After. Source: draft-ietf-httpapi-ratelimit-headers."""
    named = [(f'"{used.policy.name}"', used) for used in usage.policies]
    fields = {
        "RateLimit-Policy": ", ".join(f"{name};q={used.policy.quota};w={used.policy.window_s}" for name, used in named),
        "RateLimit": ", ".join(f"{name};r={used.left};t={used.reset_s}" for name, used in named),
    }
    return {**fields, "Retry-After": str(usage.wait_s)} if usage.exhausted else fields


class RateLimited(APIView):
    """An API view that counts requests against its tier: before permissions and, unless the caller's sign-in was read a
    moment ago, after authentication.

    Stands before other bases: `class Lots(RateLimited, GenericViewSet)`. An `initial` of their own must authenticate.
    """

    tier: ClassVar[str] = "default"
    usage: Usage | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.tier not in TIERS:
            raise ImproperlyConfigured(
                f"{cls.__qualname__} has no tier {cls.tier!r}: choose one of {', '.join(TIERS)}."
            )

    def perform_authentication(self, request: Request) -> None:
        """Authenticate and count: the step of `initial` before permissions. Raises: LimitExceeded."""
        if known := _known(request):
            self._count_known(request, known)
            return
        try:
            super().perform_authentication(request)
        except APIException:
            self._count(lambda: authentication_failed(request, self))
            raise
        account, unreadable = "", None
        try:
            account = self.get_account(request)
        except APIException as error:
            unreadable = error
        found: Lookup | None = getattr(request._request, "signin", None)
        watched = found.snapshot.watched if found else ()
        usage = self._count(lambda: limit(request, self, user=request.user, account=account, watched=watched))
        if found:
            found.snapshot.confirm(usage.epochs)
        if unreadable:
            raise unreadable

    def _count_known(self, request: Request, known: Snapshot) -> None:
        """Count by what a snapshot says of the caller; the epochs that come back tell whether it stands."""
        counters = _all_counters(self.tier, caller=_caller(request, known.user_key))
        usage = self._count(lambda: _admitted(_count(counters, cost=1, watched=known.watched)))
        request._request.signin = Lookup(known, usage.epochs)  # type: ignore[attr-defined]
        try:
            super().perform_authentication(request)
        except APIException:
            Reservation(counters, usage).give_back()
            self._count(lambda: authentication_failed(request, self))
            raise

    def get_account(self, request: Request) -> str:
        """The account that the request tries to open, where the tier counts by account: `username` of the body."""
        if not any(policy.by in {"account", "everywhere"} for policy in TIERS[self.tier]):
            return ""
        name = request.data.get("username") if isinstance(request.data, Mapping) else None
        return name if isinstance(name, str) else ""

    def charge(self, request: Request, *, rows: int) -> None:
        """Count a bulk request by its rows, once they are known: it counted as one so far. Raises: LimitExceeded."""
        if rows > 1:
            self._count(lambda: limit(request, self, user=request.user, cost=rows - 1))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """The answer with the limit's headers, refusals included."""
        final: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        if self.usage:
            for name, value in headers(self.usage).items():
                final[name] = value
        return cast("Response", final)

    def _count(self, act: Callable[[], Usage]) -> Usage:
        """Count and keep the usage for the headers."""
        try:
            self.usage = act()
        except LimitExceeded as refusal:
            self.usage = refusal.usage
            raise
        return self.usage


def _known(request: Request) -> Snapshot | None:
    """What this process remembers of the caller, asked of those ways to authenticate that remember for a moment."""
    for way in request.authenticators or ():
        if hasattr(way, "known") and (found := way.known(request)):
            return cast("Snapshot", found)
    return None


def count(tier: str, *, caller: Caller, cost: int = 1, watched: Watched = ()) -> Usage:
    """Count a request against every policy of a tier, or against none if one of them is exhausted.

    Redis that fails or is slower than its timeouts (settings.CACHES) is left alone for a while (erp/caches.py).
    """
    return _count(_all_counters(tier, caller=caller), cost=cost, watched=watched)


def _all_counters(tier: str, *, caller: Caller) -> list[Counter]:
    counters = _counters(tier, caller=caller)
    if settings.RATE_LIMITS == "tier+default" and tier != "default":
        counters += _counters("default", caller=caller)
    return counters


@dataclass(frozen=True)
class Reservation:
    """Something that was counted before it was known whether it counts; refused if `usage` is exhausted."""

    counters: Sequence[Counter]
    usage: Usage

    def give_back(self) -> None:
        """It doesn't count after all."""
        if not self.usage.exhausted:
            _count(self.counters, cost=-1)


def reserve(tier: str, *, account: str) -> Reservation:
    """Count something about an account ahead of its outcome, so that many at once can't pass together. Never refuses itself."""
    counters = _counters(tier, caller=Caller(address="", account=account))
    return Reservation(counters, _count(counters, cost=1))


def degraded() -> bool:
    """Whether Redis is away, so that each process counts alone."""
    return caches.breaker.is_open


def _count(counters: Sequence[Counter], *, cost: int, watched: Watched = ()) -> Usage:
    """Count all of them here and in Redis or, if one is exhausted, none."""
    here = table.take(counters, cost=cost)
    if not settings.REDIS_URL or _full_since(counters, here, cost=cost) <= caches.breaker.away_at:
        return _usage(counters, here, cost=cost)
    try:
        there, epochs = caches.ask(lambda: _take_shared(counters, cost=cost, watched=watched))
    except caches.FAILURES:
        return _usage(counters, here, cost=cost)
    if epochs:
        snapshots.store.generation = epochs[0]
    if here.counted and not there.counted:
        table.give_back(counters, cost=cost)
    return _usage(counters, there, cost=cost, epochs=epochs)


def _full_since(counters: Sequence[Counter], here: Taken, *, cost: int) -> float:
    """First second of the oldest window that is full here: had Redis been away since, it knows too little."""
    if here.counted:
        return math.inf
    return min(
        counter.began_at for counter, used in zip(counters, here.counts, strict=True) if counter.refuses(used + cost)
    )


def _counters(tier: str, *, caller: Caller) -> list[Counter]:
    """The counters of the tier's policies in the current windows."""
    found = []
    for policy in TIERS[tier]:
        if value := caller.counted(policy.by):
            found.append(_counter(tier, policy, value, _get_window(value, policy.window_s)))
    return found


@lru_cache(maxsize=2_000)
def _counter(tier: str, policy: Policy, value: str, ends_at: int) -> Counter:
    return Counter(policy, _make_cache_key(tier, ends_at, (policy.quota, policy.window_s), value, ALL), ends_at)


class Taken(NamedTuple):
    """Counts after a request, and whether it was counted (False: one quota would have been exceeded, nothing was counted)."""

    counted: bool
    counts: Sequence[int]


def _usage(counters: Sequence[Counter], taken: Taken, *, cost: int, epochs: Epochs | None = None) -> Usage:
    """The counts as usage. A refused request is due to those policies that had less left than it costs."""
    now = int(time.time())
    return Usage(
        tuple(
            PolicyUsage(
                policy=counter.policy,
                count=used,
                time_left=max(0, counter.ends_at - now),
                should_limit=not taken.counted and counter.refuses(used + cost),
            )
            for counter, used in zip(counters, taken.counts, strict=True)
        ),
        cost,
        epochs,
    )


def _take_shared(counters: Sequence[Counter], *, cost: int, watched: Watched = ()) -> tuple[Taken, Epochs | None]:
    """Count in Redis, for all processes: one round trip, two when the server has just been started."""
    run: Callable[..., list[Any]] = cache.run  # type: ignore[attr-defined]  # our own cache, where REDIS_URL is set
    keys = [counter.redis_key for counter in counters]
    if watched:
        keys += map(snapshots.key_of, (snapshots.EVERYTHING, *watched))
    arguments: list[Any] = [*keys, len(counters), uuid_utils.uuid4().hex, cost]
    for counter in counters:
        arguments += (counter.policy.quota, counter.policy.window_s + EXPIRATION_FUDGE)
    try:
        answer = run("EVALSHA", SCRIPT_SHA, len(keys), *arguments)
    except NoScriptError:
        answer = run("EVAL", SCRIPT, len(keys), *arguments)
    counted, *values = answer
    return Taken(bool(counted), values[: len(counters)]), tuple(values[len(counters) :]) or None


class Table:
    """Counters of this process: what it let through itself. Same rule as `SCRIPT`, at most `size` counters."""

    def __init__(self, *, size: int = 10_000) -> None:
        self.size = size
        self._lock = Lock()
        self._counts: dict[str, tuple[int, int]] = {}  # by key: count, end of the window

    def __len__(self) -> int:
        return len(self._counts)

    def take(self, counters: Sequence[Counter], *, cost: int) -> Taken:
        """Count all or, if one quota would be exceeded, none."""
        with self._lock:
            counts = [self._counts.get(counter.key, (0, 0))[0] for counter in counters]
            if any(counter.refuses(used + cost) for counter, used in zip(counters, counts, strict=True)):
                return Taken(False, counts)
            self._add(counters, cost)
            return Taken(True, [used + cost for used in counts])

    def give_back(self, counters: Sequence[Counter], *, cost: int) -> None:
        """Undo `take`: Redis knew of more requests and refused this one."""
        with self._lock:
            self._add([counter for counter in counters if counter.key in self._counts], -cost)

    def forget(self) -> None:
        """Start from nothing."""
        with self._lock:
            self._counts.clear()

    def _add(self, counters: Sequence[Counter], cost: int) -> None:
        for counter in counters:
            used, _ = self._counts.get(counter.key, (0, 0))
            self._counts[counter.key] = max(0, used + cost), counter.ends_at
        if len(self._counts) > self.size:
            self._trim()

    def _trim(self) -> None:
        """Drop ended windows, then the smallest counts: a flood of new callers can't push out an exhausted one."""
        now = time.time()
        running = [(key, entry) for key, entry in self._counts.items() if entry[1] >= now - 1]
        self._counts = dict(heapq.nlargest(self.size * 9 // 10, running, key=lambda item: item[1]))


table = Table()
