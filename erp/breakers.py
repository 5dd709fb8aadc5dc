"""Calls to services outside: each has a circuit breaker, and what failed is tried again after a pause of random length.

    with_breaker("mail", lambda: send(message))

After `FAILURES` failures in a row nobody waits for the service any more: calls are refused at once, with `Unavailable`, for
`RESET_S` seconds. Then one call tries it (half-open) and closes the breaker, or opens it again. Each process counts for itself,
and calls of its threads don't wait for each other. Rate limits have a breaker of their own (erp/ratelimits.py): they count
on while the cache is away.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import attr
from procrastinate import RetryDecision, RetryStrategy
from procrastinate.jobs import Job

logger = logging.getLogger(__name__)

FAILURES = 5
RESET_S = 60.0
PAUSE_S = 0.2  # before a call is repeated at once: half to one and a half of it
JITTER = 0.25  # share of a job's pause that chance adds or takes
CLOSED, HALF_OPEN, OPEN = "closed", "half-open", "open"

Result = TypeVar("Result")
Watcher = Callable[[str, str], None]


class Unavailable(OSError):  # noqa: N818 (says what is, like Django's Http404)
    """The service failed too often a moment ago and is left alone. An OSError: whoever expects an outage expects this."""


class Breaker:
    """Counts failures in a row of one service, and says who may try. clock: seconds, only ever growing."""

    def __init__(self, service: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.clock = clock
        self.state = CLOSED
        self._failures = 0
        self._try_at = 0.0
        self._lock = Lock()

    def admit(self) -> None:
        """Raises: Unavailable: it is open. When it may be tried, the next caller is the one who tries."""
        with self._lock:
            if self.state == CLOSED:
                return
            if self.clock() < self._try_at:
                raise Unavailable(f"{self.service} failed {FAILURES} times in a row and is left alone for a while")
            # Whoever tries may die without a word: after another pause somebody else tries.
            self._try_at = self.clock() + RESET_S
            self._become(HALF_OPEN)

    def fail(self) -> None:
        """A call failed."""
        with self._lock:
            self._failures += 1
            if self.state == HALF_OPEN or self._failures >= FAILURES:
                self._try_at = self.clock() + RESET_S
                self._become(OPEN)

    def succeed(self) -> None:
        """The service answered."""
        with self._lock:
            self._failures = 0
            self._become(CLOSED)

    def _become(self, state: str) -> None:
        if state != self.state:
            self.state = state
            logger.warning("Breaker of %s: %s.", self.service, state)
            _tell(self)


_breakers: dict[str, Breaker] = {}
_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Tell `watcher(service, state)` of every breaker, now and whenever it changes: closed, half-open, open."""
    _watchers.append(watcher)
    for breaker in _breakers.values():
        watcher(breaker.service, breaker.state)


def breaker_of(service: str) -> Breaker:
    """The one breaker of this service in this process."""
    if service not in _breakers:
        _tell(_breakers.setdefault(service, Breaker(service)))
    return _breakers[service]


def with_breaker(
    service: str,
    call: Callable[[], Result],
    *,
    failures: tuple[type[Exception], ...] = (OSError,),
    tries: int = 1,
) -> Result:
    """What `call` returns. The call brings its own time limit.

    failures: exceptions that say that the service is in trouble; others pass, and count as an answer. tries: calls at most,
    with a short pause between; more than one only for calls that may be repeated and that somebody waits for.
    Raises: Unavailable: the breaker is open. One of `failures`: the last try failed.
    """
    breaker = breaker_of(service)
    for left in range(tries - 1, -1, -1):
        breaker.admit()
        try:
            result = call()
        except failures:
            breaker.fail()
            if not left:
                raise
            time.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 (spreads load, keeps no secret)
        except BaseException:
            breaker.succeed()
            raise
        else:
            breaker.succeed()
            return result
    raise AssertionError("tries is 1 or more")


def forget() -> None:
    """Start with closed breakers."""
    _breakers.clear()


@attr.dataclass(kw_only=True)
class JitteredRetry(RetryStrategy):
    """Procrastinate's pauses, up to a quarter shorter or longer: jobs that failed together don't come back together."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if super().get_retry_decision(exception=exception, job=job) is None:
            return None
        pause_s = self.wait + self.linear_wait * job.attempts + self.exponential_wait ** (job.attempts + 1)
        share = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        return RetryDecision(retry_in={"seconds": max(1, round(pause_s * share))})


# Jobs that send something: again after about 3, 9, 27 … seconds, the last time after five hours. Then they are shown as failed.
AGAIN = JitteredRetry(max_attempts=9, exponential_wait=3, retry_exceptions=[OSError])


def _tell(breaker: Breaker) -> None:
    for watcher in _watchers:
        watcher(breaker.service, breaker.state)
