"""Which database the reads of a request come from: the primary, or a standby that has everything the caller wrote.

Only GET and HEAD of the API are read from standbys (DATABASE_REPLICA_URLS), and only master data and its past: who signs in,
what a role may do, approvals and jobs are always the primary's. A request that writes leaves the position of its commit in
the write-ahead log under its user's key; until a standby has replayed that position it is not asked for this user. Whatever is
not known for certain (no cache, no answer of the standby) is read from the primary. docs/adr/0027.
"""

from __future__ import annotations

import logging
import random
import time
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections, models

from erp import caches

logger = logging.getLogger(__name__)

# Read from the primary whatever the request is.
PRIMARY_APPS = frozenset(
    {"accounts", "auth", "approvals", "procrastinate", "sessions", "otp_totp", "ledger", "api", "desk"}
)
KNOWN_S = 0.2  # how long a standby's position is believed
AWAY_S = 5.0  # how long a standby that failed is left alone
KEPT_S = 300  # how long a client's last write is remembered: longer than any standby may lag
KEY = "replicas:wrote:{}"
BEYOND = 2**63  # no standby gets there
POSITION = (
    "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn,"
    " coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)"
)
WRITTEN = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"

_chosen: ContextVar[str] = ContextVar("replica", default=DEFAULT_DB_ALIAS)


class Router:
    """Django's view of it: reads where the request was sent, writes and migrations to the primary."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS if model._meta.app_label in PRIMARY_APPS else _chosen.get()

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


@dataclass
class Standby:
    """What this process knows of one standby."""

    alias: str
    position: int = -1
    lag_s: float = 0.0
    known_at: float = -KNOWN_S
    away_until: float = 0.0

    def has(self, position: int) -> bool:
        """Whether it answers and has replayed the log up to there."""
        now = time.monotonic()
        if now < self.away_until:
            return False
        if now - self.known_at > KNOWN_S or self.position < position:
            try:
                self.ask()
            except (DatabaseError, InterfaceError) as error:
                self.fail(error)
                return False
        return self.position >= position

    def ask(self) -> None:
        """Learn its position. Raises: DatabaseError."""
        with connections[self.alias].cursor() as cursor:
            cursor.execute(POSITION)
            position, lag = cursor.fetchone()
        # No position: it is no standby (any more), and what it has is not known.
        self.position = -1 if position is None else int(position)
        self.lag_s = float(lag)
        self.known_at = time.monotonic()

    def fail(self, error: BaseException) -> None:
        """Leave it alone for a while."""
        logger.warning("Standby %s does not answer, the primary is read for %.0f s: %s", self.alias, AWAY_S, error)
        self.away_until = time.monotonic() + AWAY_S
        connections[self.alias].close()


_standbys: dict[str, Standby] = {}
_lock = Lock()


def standbys() -> list[Standby]:
    """One for each address of DATABASE_REPLICA_URLS."""
    if len(_standbys) != len(settings.DATABASE_REPLICAS):
        with _lock:
            for alias in settings.DATABASE_REPLICAS:
                _standbys.setdefault(alias, Standby(alias))
    return [_standbys[alias] for alias in settings.DATABASE_REPLICAS]


def read_for(user_key: str) -> None:
    """Send the reads of this request where everything is that this user wrote."""
    if not settings.DATABASE_REPLICAS:
        return
    position = _position_of(user_key)
    if position is None:
        return
    for standby in random.sample(standbys(), len(settings.DATABASE_REPLICAS)):
        if standby.has(position):
            _chosen.set(standby.alias)
            return


def wrote(user_key: str) -> None:
    """The user's request has committed a write: remember where the log stood. Call it after the commit.

    What is committed can't fail any more: if the primary is away now, its author reads from the primary for a while.
    """
    if not settings.DATABASE_REPLICAS or not user_key:
        return
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(WRITTEN)
            position = int(cursor.fetchone()[0])
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The primary went away after a write: %s", error)
        position = BEYOND
    try:
        with caches.strictly():
            cache.set(KEY.format(user_key), position, KEPT_S)
    except caches.FAILURES as error:
        logger.warning("The position of a write could not be kept; its author may read an older state: %s", error)


def reset() -> None:
    """The request is over, or must see its own writes: read from the primary."""
    _chosen.set(DEFAULT_DB_ALIAS)


def lost(error: BaseException) -> bool:
    """Whether this error means that the standby of this request is gone. Its reads then come from the primary."""
    alias = _chosen.get()
    if alias == DEFAULT_DB_ALIAS or not isinstance(error, (OperationalError, InterfaceError)):
        return False
    _standbys[alias].fail(error)
    reset()
    return True


def _position_of(user_key: str) -> int | None:
    """Where the log stood after the user's last write; 0: none lately; None: not known."""
    try:
        with caches.strictly():
            return int(cache.get(KEY.format(user_key), 0))
    except caches.FAILURES:
        return None
