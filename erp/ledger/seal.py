"""Sealing: the lines of new events become leaves, the tree grows, and its new head is signed. Off the request path."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from erp.events import feed
from erp.ledger import keys, lines, notes, proofs, tree
from erp.ledger.models import Head, Key

BATCH = 5_000  # lines in memory at a time
CHUNK = 200_000  # lines in one transaction; then a head, so that a first sealing that is interrupted can go on
LOCK = "SELECT pg_advisory_xact_lock(hashtext('ledger_seal'))"


class SealError(RuntimeError):
    """The ledger can't grow: what it stands on is not as it left it."""


def seal(*, key: keys.SigningKey | None = None, batch: int = BATCH, chunk: int = CHUNK, rest: float = 0) -> Head | None:
    """Seal every committed event and sign the head; None when there was nothing new.

    key: the installation's own unless given. Memory holds `batch` lines. A transaction takes `chunk` lines at most and
    ends with a head of its own. rest: seconds to rest for each second of work, so that requests on the same machine don't wait.
    Raises: ImproperlyConfigured: no signing key. SealError: a key that nobody handed over to, or a gap in the positions.
    """
    key = key or keys.load()
    goal = feed.number_events()
    newest = None
    while head := _seal_chunk(key, goal, batch=batch, chunk=chunk, rest=rest):
        newest = head
    return newest


def seal_gently() -> Head | None:
    """As the job seals: a quarter of one core at most, in stretches that no request notices (benchmarks/ledger.py)."""
    return seal(batch=250, rest=3)


def unsealed() -> int:
    """How many numbered events no head covers yet."""
    newest = Head.objects.order_by("-size").first()
    return feed.head() - (newest.size if newest else 0)


def _seal_chunk(key: keys.SigningKey, goal: int, *, batch: int, chunk: int, rest: float) -> Head | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        newest = Head.objects.order_by("-size").first()
        sealed = newest.size if newest else 0
        end = min(goal, sealed + chunk)
        if end <= sealed:
            return None
        _adopt(key)
        frontier = proofs.frontier(sealed)
        if newest and frontier.root() != bytes(newest.root):
            raise SealError(
                f"The stored tree of {sealed} leaves is not that of its head: run `manage.py audit_verify`."
            )
        while frontier.size < end:
            started = time.perf_counter()
            _grow(cursor, frontier, min(batch, end - frontier.size))
            time.sleep(rest * (time.perf_counter() - started))
        return _sign(cursor, frontier, key)


def _adopt(key: keys.SigningKey) -> None:
    """The first key is taken as it is. A later one must have been endorsed by the one before it."""
    current = Key.objects.filter(retired_at=None).first()
    if current is None and not Key.objects.exists():
        Key.objects.create(key_id=key.key_id.hex(), name=key.name, public_key=key.public, added_at=datetime.now(UTC))
    elif current is None or current.key_id != key.key_id.hex():
        raise SealError(
            f"The ledger is signed with the key {current}, not with {key.name}+{key.key_id.hex()}: start with the former, "
            "or hand over with `manage.py audit_rotate_key`."
        )


def _grow(cursor: Any, frontier: tree.Frontier, limit: int) -> None:
    """Read the next lines, keep new salts, leaves and complete subtrees."""
    leaves: list[tuple[int, bytes]] = []
    nodes: list[tuple[int, int, bytes]] = []
    salts: list[tuple[str, str, bytes]] = []

    def completed(level: int, index: int, hashed: bytes) -> None:
        if level % proofs.STEP == 0 and level <= proofs.LEVELS[0]:
            nodes.append((level, index, hashed))

    for row in lines.read_rows(frontier.size, limit):
        if row[0] != frontier.size + 1:
            break
        stored = lines.stored_salts(row)
        fresh = lines.fresh_salts(row, stored)
        salts += [(row[1], path, salt) for path, salt in fresh.items()]
        hashed = tree.leaf_hash(lines.line(row, stored | fresh))
        frontier.append(hashed, completed)
        leaves.append((row[0], hashed))
    if len(leaves) != limit:
        raise SealError(
            f"Position {frontier.size + 1} or its event is missing from the feed: nothing was sealed. Run `manage.py audit_verify`."
        )
    _copy(cursor, "ledger_salt (event_id, path, salt)", salts)
    _copy(cursor, "ledger_leaf (position, hash)", leaves)
    _copy(cursor, "ledger_node (level, index, hash)", nodes)


def _copy(cursor: Any, target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _sign(cursor: Any, frontier: tree.Frontier, key: keys.SigningKey) -> Head:
    now = datetime.now(UTC).replace(microsecond=0)
    root = frontier.root()
    text = notes.checkpoint_text(origin=key.name, size=frontier.size, root=root, signed_at=now)
    head = Head(size=frontier.size, root=root, signed_at=now, key_id=key.key_id.hex(), checkpoint=notes.sign(text, key))
    cursor.execute(
        "INSERT INTO ledger_head (size, root, signed_at, key_id, checkpoint) VALUES (%s, %s, %s, %s, %s)",
        [head.size, head.root, head.signed_at, head.key_id, head.checkpoint],
    )
    return head
