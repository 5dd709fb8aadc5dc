"""The cache server, and doing without it: what asks it waits for it once, and then leaves it alone for a while.

`ask` stands around every call. Django's cache is this module's `Cache` in production: while the server is away it finds
nothing and keeps nothing, and nobody gets an error for it. Who must tell "nothing is there" from "not known" asks `strictly`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from threading import Lock
from typing import Any, TypeVar

from django_redis.cache import RedisCache  # type: ignore[import-untyped]
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from erp import snapshots

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
# What `ask` raises.
FAILURES = (RedisError, OSError)
_strict: ContextVar[bool] = ContextVar("strict", default=False)


class AwayError(ConnectionError):
    """The server failed a moment ago and was not asked."""


class Breaker:
    """Keeps requests from waiting for a server that is away: after a failure, one of them tries it every `pause_s` seconds."""

    def __init__(self, *, pause_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.pause_s = pause_s
        self.clock = clock
        self.away_at = 0.0  # Unix time when the server was last known to be away
        self._lock = Lock()
        self._try_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the last attempt failed."""
        return self._try_at is not None

    def admits(self) -> bool:
        """Whether this request should try. Who is admitted while it is open puts off the next for a pause: one at a time."""
        with self._lock:
            if self._try_at is None:
                return True
            if self.clock() < self._try_at:
                return False
            self._try_at = self.clock() + self.pause_s
            return True

    def fail(self, error: Exception) -> None:
        """An attempt failed."""
        with self._lock:
            opens = self._try_at is None
            self._try_at = self.clock() + self.pause_s
            self.away_at = time.time()
        if opens:
            logger.warning("Cache: Redis is away (%r); each process counts alone, and keeps nothing.", error)

    def succeed(self) -> None:
        """An attempt succeeded."""
        with self._lock:
            closes = self._try_at is not None
            if closes:
                self._try_at = None
                self.away_at = time.time()
        if closes:
            logger.warning("Cache: Redis is back; all processes count together.")


breaker = Breaker()


def ask(call: Callable[[], Result]) -> Result:
    """What `call` hears from the server. Raises: one of FAILURES: it is away."""
    if not breaker.admits():
        raise AwayError("the cache server failed a moment ago and is left alone")
    try:
        result = call()
    except FAILURES as error:
        breaker.fail(error)
        snapshots.store.distrust()
        raise
    breaker.succeed()
    return result


@contextmanager
def strictly() -> Iterator[None]:
    """Inside, the cache raises one of FAILURES while its server is away."""
    token = _strict.set(True)
    try:
        yield
    finally:
        _strict.reset(token)


class Cache(RedisCache):
    """Redis or Valkey that may be away. Only what stands here is guarded: the product uses no other command of Django's cache."""

    def run(self, *command: Any) -> Any:
        """The server's answer to a command, on a connection that this thread keeps. Not guarded: stand `ask` around it."""
        is_kept = "_own" in self.__dict__
        try:
            return self._own.execute_command(*command)
        except RedisConnectionError:
            # A kept one broke when the server was started anew.
            self.__dict__.pop("_own", None)
            if not is_kept:
                raise
        return self._own.execute_command(*command)

    @cached_property
    def _own(self) -> Any:  # Redis, whose stubs know no types
        # Django makes a cache for each thread.
        return Redis(connection_pool=self.client.get_client().connection_pool, single_connection_client=True)

    def get(self, key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The value; `default` where none is, or the server is away."""
        return _unless_away(lambda: RedisCache.get(self, key, default, *args, **kwargs), default)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        """Whether it was kept."""
        return _unless_away(lambda: RedisCache.set(self, *args, **kwargs), False)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        """Whether nothing was there, as far as anybody knows: who does something once does it once too often."""
        return _unless_away(lambda: RedisCache.add(self, *args, **kwargs), True)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Whether it was there."""
        return _unless_away(lambda: RedisCache.delete(self, *args, **kwargs), False)


def _unless_away(call: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return ask(call)
    except FAILURES:
        if _strict.get():
            raise
        return otherwise
