"""Sign-ins that this process read a moment ago, so that most requests need no SELECT to know their caller.

A snapshot is good for one request if the request's one call to Redis (erp/ratelimits.py) answers the epochs that stood when
the snapshot was read, and for 30 seconds at most. Epochs are named after what a sign-in hangs on: the user, its
organization, its partner and that one's organization. Triggers tell the connection that changes one of them
(accounts/constraints.py), whatever statement did it; the connection raises its epoch after COMMIT, before anybody is answered
(erp/postgresql). Without Redis no snapshot is used.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import models
from django.db.models.base import ModelState
from django_redis import get_redis_connection  # type: ignore[import-untyped]
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

LIFETIME_S = 30.0
# A raised epoch is needed as long as a snapshot from before may live. One that is not there was not raised lately.
KEPT_S = 120
MOST = 10_000
EVERYTHING = "*"  # what concerns all sign-ins, such as the permissions of a role
MANY = 100  # changes at once that are told as one of everything
GENERATION = "signin:generation"
SHARED = "_shared_by_twins"
Value = TypeVar("Value")
# The generation, then the epoch of each thing that is watched; None: not raised within KEPT_S.
Epochs = tuple[bytes | None, ...]


class Lru(Generic[Value]):
    """At most `size` values by key; the one that was used longest ago makes room. For many threads."""

    def __init__(self, size: int = MOST) -> None:
        self.size = size
        self._lock = Lock()
        self._values: OrderedDict[Any, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def find(self, key: Any) -> Value | None:
        """The value, which counts as used now."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: Any, value: Value) -> None:
        """Keep this value under the key."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self.size:
                self._values.popitem(last=False)

    def remove(self, key: Any) -> None:
        """Forget the value under this key, if there is one."""
        with self._lock:
            self._values.pop(key, None)

    def drop(self, wanted: Callable[[Value], bool]) -> None:
        """Forget the values of which this is true."""
        with self._lock:
            for key in [key for key, value in self._values.items() if wanted(value)]:
                del self._values[key]


@dataclass
class Snapshot:
    """The row of a sign-in or key with its user, as it was read; no request ever gets it but as a twin.

    epochs: those before it was read. None: not known, so the row is no good and the rest tells what to watch.
    """

    name: str
    row: Any
    generation: bytes | None
    read_at: float = field(default_factory=time.monotonic)
    epochs: Epochs | None = None

    @property
    def user_key(self) -> str:
        """Key of the user, as rate limits count it."""
        return str(self.row.user_id)

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """What must not have changed since."""
        user = self.row.user
        owners = (user.organization_id, user.partner_id, user.partner and user.partner.organization_id)
        return tuple(str(each) for each in (user.pk, *owners) if each)

    def is_current(self, epochs: Epochs | None) -> bool:
        """Whether it still says what the database says, going by these epochs."""
        young = time.monotonic() - self.read_at < LIFETIME_S
        return epochs is not None and young and self.epochs == epochs

    def confirm(self, epochs: Epochs | None) -> None:
        """Epochs that were read after the row: they stood before it as well, if nothing was raised within KEPT_S."""
        if epochs and self.generation and epochs[0] == self.generation and not any(epochs[1:]):
            self.epochs = epochs


@dataclass
class Lookup:
    """What one request knows: the snapshot of its caller and, once it was counted, the epochs that stand."""

    snapshot: Snapshot
    epochs: Epochs | None = None


class Store(Lru[Snapshot]):
    """The snapshots of this process."""

    generation: bytes | None = None  # of Redis, as it was last seen

    def forget(self, changed: Collection[str]) -> None:
        """Forget what hangs on one of these."""
        if EVERYTHING in changed:
            self.drop(lambda _: True)
        elif changed:
            keys = frozenset(changed)
            self.drop(lambda snapshot: not keys.isdisjoint(snapshot.watched))

    def distrust(self) -> None:
        """Redis failed: what it says next may be from before a change that it was not told of."""
        self.generation = None
        self.drop(lambda _: True)


def signed_in(request: Any, name: str, read: Callable[[], Any]) -> Any:
    """The row of a sign-in with its user: a twin of the snapshot if that stands, otherwise what `read` answers.

    request: Django's, or DRF's around it. The caller checks the row in any case: a snapshot replaces the SELECT and nothing else.
    """
    request = getattr(request, "_request", request)
    lookup: Lookup | None = getattr(request, "signin", None)
    if lookup and lookup.snapshot.name == name and lookup.snapshot.is_current(lookup.epochs):
        return twin(lookup.snapshot.row)
    fresh = Snapshot(name, None, store.generation)  # notes the time before the row is read
    row = read()
    if row is None:
        store.remove(name)
        return None
    row.user.__dict__[SHARED] = {}
    fresh.row = twin(row)
    if lookup and lookup.snapshot.watched == fresh.watched:
        fresh.epochs = lookup.epochs
    request.signin = Lookup(fresh)
    store.keep(name, fresh)
    return row


def shared(row: Any) -> dict[str, Any] | None:
    """What all twins of this user remember together, as long as their snapshot lives; None: it has no twins."""
    found: dict[str, Any] | None = row.__dict__.get(SHARED)
    return found


def twin(row: Any, twins: dict[int, Any] | None = None) -> Any:
    """A copy of a row and of the rows joined to it, which may be changed without harm to the other one.

    twins: those made already, by identity of the row: rows may know each other.
    """
    twins = {} if twins is None else twins
    if id(row) in twins:
        return twins[id(row)]
    copy = twins[id(row)] = row.__class__.__new__(row.__class__)
    copy.__dict__.update(row.__dict__)
    copy._state = ModelState()
    copy._state.db, copy._state.adding = row._state.db, False
    copy._state.fields_cache = {
        name: twin(each, twins) if isinstance(each, models.Model) else each
        for name, each in row._state.fields_cache.items()
    }
    return copy


# Epochs -------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=MOST)
def key_of(watched: str) -> str:
    """Key of the epoch in Redis."""
    key: str = cache.make_key(GENERATION if watched == EVERYTHING else f"signin:{watched}")
    return key


def raise_epochs(changed: Iterable[str]) -> None:
    """Tell all processes that these have changed; to be called after COMMIT. Never fails.

    While Redis is away it is tried again until no snapshot from before can be left.
    """
    if not settings.REDIS_URL:
        return
    with _owing:
        _owed.update(changed)
    if not _pay():
        Thread(target=_pay_later, name="signin-epochs", daemon=True).start()


_owing = Lock()
_owed: set[str] = set()


def _pay() -> bool:
    """Raise what is owed, in one round trip. False: Redis is away."""
    with _owing:
        due = frozenset(_owed)
    told = {EVERYTHING} if EVERYTHING in due or len(due) > MANY else due
    # Values that were never there before: a counter would begin again when Redis loses its data.
    value = uuid.uuid4().hex
    try:
        with get_redis_connection("default").pipeline(transaction=False) as pipe:
            for each in told:
                pipe.set(key_of(each), value, ex=None if each == EVERYTHING else KEPT_S)
            pipe.execute()
    except (RedisError, OSError) as error:
        logger.warning("Sign-ins: Redis did not hear of a change (%r); it is told again.", error)
        store.distrust()
        return False
    with _owing:
        _owed.difference_update(due)
    return True


def _pay_later() -> None:
    until = time.monotonic() + LIFETIME_S + 1
    while time.monotonic() < until:
        time.sleep(0.2)
        if _pay():
            return
    with _owing:
        _owed.clear()


store = Store()
