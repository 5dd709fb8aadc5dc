"""Can this process do its work? Each part is asked in a thread of its own and has a second to answer, so that nothing that
hangs holds the answer up; what hangs holds a thread, and there are `THREADS` of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLateError
from functools import cache
from threading import Lock

from django.core.cache import cache as store
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from erp import caches
from erp.ledger import keys
from erp.ops import queue as waiting

TIMEOUT_S = 1.0
KEPT_S = 1.0  # anybody may ask: the parts are asked again at most so often
QUEUE_S = 300  # a job that has waited so long past its time says that no worker does its work
THREADS = 12
PROBE = "ops.readyz"

# Returns nothing, or what is in the way; an exception says the same.
Probe = Callable[[], str | None]


@cache
def _threads() -> ThreadPoolExecutor:
    """Made in the process that asks: threads do not survive a fork."""
    return ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="readyz")


def database() -> str | None:
    """The database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def migrations() -> str | None:
    """Nothing is left to migrate. Once so, it is not asked again: new code is a new process."""
    return _migrated() or None


def cache_answers() -> str | None:
    """The cache keeps what it is given."""
    with caches.strictly():
        store.set(PROBE, 1, 10)
        return None if store.get(PROBE) == 1 else "the cache forgot at once what it was given"


def signing_key() -> str | None:
    """The key of the ledger can be read."""
    try:
        keys.load()
    except ImproperlyConfigured:
        return "AUDIT_SIGNING_KEY_FILE can't be read or is no key"
    return None


def queue() -> str | None:
    """Workers do the jobs."""
    age_s = waiting.age_s()
    return f"a job has been waiting for {age_s:.0f} seconds: is a worker running?" if age_s > QUEUE_S else None


PROBES: dict[str, Probe] = {
    "database": database,
    "migrations": migrations,
    "cache": cache_answers,
    "signing key": signing_key,
    "queue": queue,
}

_lock = Lock()
_last: tuple[float, dict[str, str]] | None = None


def also(name: str, probe: Probe) -> None:
    """Let another part of the product be asked, such as replicas; called from `ready()`."""
    PROBES[name] = probe


def parts() -> dict[str, str]:
    """What is in the way of each part, by its name; empty: nothing. At most a second old, within little more than a second."""
    global _last  # noqa: PLW0603 (one answer a process)
    with _lock:
        if _last is None or time.monotonic() - _last[0] > KEPT_S:
            facts = _ask()
            _last = time.monotonic(), facts
        return _last[1]


def forget() -> None:
    """Ask again at once."""
    global _last  # noqa: PLW0603
    _last = None
    _migrated.cache_clear()


@cache
def _migrated() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        # An exception is not cached.
        raise NotMigratedError(f"{len(plan)} migrations are not applied: run `manage.py migrate`")
    return ""


class NotMigratedError(RuntimeError):
    """The database is older than the code."""


def _ask() -> dict[str, str]:
    give_up = time.monotonic() + TIMEOUT_S
    asked = {name: _threads().submit(_answer, probe) for name, probe in PROBES.items()}
    return {name: _fact(answer, give_up) for name, answer in asked.items()}


def _fact(answer: Future[str], give_up: float) -> str:
    try:
        return answer.result(timeout=max(0, give_up - time.monotonic()))
    except TooLateError:
        answer.cancel()
        return f"no answer within {TIMEOUT_S:g} s"


def _answer(probe: Probe) -> str:
    try:
        return probe() or ""
    except NotMigratedError as error:
        return str(error)
    except Exception as error:
        return f"fails with {type(error).__name__}"
    finally:
        connections.close_all()
