"""Does the record still say what it said when it was sealed? Six layers, one snapshot, nothing written.

1. Heads are signed by keys that were in use, and agree with copies kept elsewhere.
2. Every sealed event still has the hash of its leaf, and the leaves those of the nodes and heads.
3. Every history row is what the events add up to.
4. Every live row is its newest history row; what was deleted is gone.
5. Positions, and the versions of each aggregate, have no gap.
6. Triggers, guards, functions and owners are as this release wants them.

What no comparison inside the database can find (a rewrite of everything by somebody who also holds the key) only a head
kept elsewhere shows: pass it in `outside`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from erp.events import capture, doctor
from erp.ledger import chain as chains
from erp.ledger import folding, keys, lines, notes, proofs, tree
from erp.ledger.findings import Finding, many_rows, rows

KEPT = 1_000  # findings of one run; the rest is only counted
BATCH = 5_000  # leaves in memory at a time
Progress = Callable[[str, int, int], None]  # what, how much of it, of how much

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
SETTINGS = """
SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL bytea_output = 'hex';
SET LOCAL work_mem = '64MB'; SET LOCAL jit = off
"""
SIZES = """
SELECT coalesce((SELECT max(size) FROM ledger_head), 0), coalesce((SELECT max(position) FROM ledger_leaf), 0),
       (SELECT count(*) FROM event)
"""
LEAVES = "SELECT position, hash FROM ledger_leaf WHERE position > %s AND position <= %s"
NODES = """
SELECT n.level, n.index, n.hash FROM (VALUES (8, %s, %s), (16, %s, %s), (24, %s, %s)) AS wanted (level, first, last)
JOIN ledger_node n ON n.level = wanted.level AND n.index BETWEEN wanted.first AND wanted.last
"""
BEYOND = """
SELECT 'ledger_leaf', position::text FROM ledger_leaf WHERE position > %s
UNION ALL SELECT 'ledger_node', level || '/' || index FROM ledger_node WHERE ((index + 1) << level::int) > %s
"""
GAPS = """
SELECT before, position FROM (SELECT position, lag(position, 1, 0::bigint) OVER (ORDER BY position) AS before
FROM event_position) AS p WHERE position <> before + 1 ORDER BY position
"""
UNNUMBERED = """
SELECT e.id, p.position, p.event_id FROM event e FULL JOIN event_position p ON p.event_id = e.id
WHERE p.event_id IS NULL AND NOT EXISTS (SELECT FROM event_pending w WHERE w.event_id = e.id) OR e.id IS NULL
"""
LOST = "SELECT event_id FROM event_pending w WHERE NOT EXISTS (SELECT FROM event e WHERE e.id = w.event_id)"
VERSIONS = """
SELECT aggregate_type, aggregate_id, before, aggregate_version FROM (
    SELECT aggregate_type, aggregate_id, aggregate_version, lag(aggregate_version, 1, 0::bigint) OVER
        (PARTITION BY aggregate_type, aggregate_id ORDER BY aggregate_version) AS before FROM event) AS e
WHERE aggregate_version <> before + 1 ORDER BY 1, 2, 4
"""
STREAMS = """
SELECT coalesce(s.aggregate_type, e.aggregate_type), coalesce(s.aggregate_id, e.aggregate_id), s.version, e.version
FROM event_stream s FULL JOIN (SELECT aggregate_type, aggregate_id, max(aggregate_version) AS version FROM event GROUP BY 1, 2)
    AS e ON e.aggregate_type = s.aggregate_type AND e.aggregate_id = s.aggregate_id
WHERE s.version IS DISTINCT FROM e.version ORDER BY 1, 2
"""


class CannotVerifyError(RuntimeError):
    """There is nothing to verify, or nothing to verify it with. Says nothing about the record."""


@dataclass
class Report:
    """What a run saw. size: events under the newest head; events: all; count: findings, of which `findings` holds the first."""

    size: int = 0
    events: int = 0
    count: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.count += 1
        if len(self.findings) < KEPT:
            self.findings.append(finding)

    @property
    def payload(self) -> dict[str, Any]:
        """The run as an event: places without values, which may be personal."""
        return {
            "ok": not self.count,
            "findings": self.count,
            "places": [f"{finding.layer} {finding.place}" for finding in self.findings[:20]],
            "seconds": round(self.seconds, 1),
            "size": self.size,
            "events": self.events,
        }


def verify(*, outside: Mapping[str, str] | None = None, progress: Progress = lambda what, done, total: None) -> Report:
    """Go through all six layers in one snapshot of the database.

    outside: checkpoints that were kept elsewhere, by the name that findings give them.
    Raises: CannotVerifyError: no head, a key that is not this ledger's, or a checkpoint that is none.
    """
    started, report, elsewhere = time.monotonic(), Report(), _outside(outside or {})
    with _snapshot():
        ((report.size, leaves, report.events),) = rows(SIZES)
        if not report.size and not elsewhere:
            raise CannotVerifyError("Nothing is sealed, so nothing can be proven: run `manage.py audit_seal` first.")
        chain = chains.read()
        _check_own_key(chain)
        tables = capture.tracked_tables()
        for layer in (
            _heads(chain, elsewhere, min(report.size, leaves)),
            _tree(min(report.size, leaves), elsewhere, progress),
            _by_table("3 history", folding.unfolded, tables, progress),
            _by_table("4 live rows", folding.unkept, tables, progress),
            _order(),
            _catalogue(),
        ):
            for finding in layer:
                report.add(finding)
    report.seconds = time.monotonic() - started
    return report


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the database for all queries, however long they take and whoever writes meanwhile.

    A transaction that is open already is taken as it is.
    """
    alone = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if alone:
                cursor.execute(SNAPSHOT)
            cursor.execute(SETTINGS)
        yield


def _outside(copies: Mapping[str, str]) -> list[tuple[str, notes.Checkpoint, str]]:
    try:
        found = [(name, notes.parse(text), text) for name, text in copies.items()]
    except notes.NoteError as error:
        raise CannotVerifyError(str(error)) from None
    return sorted(found, key=lambda copy: copy[1].size)


def _check_own_key(chain: chains.Chain) -> None:
    """The anchor: the newest key must be ours. An auditor's machine without a key takes the stored chain."""
    if not (settings.AUDIT_SIGNING_KEY_FILE or settings.DEBUG) or not chain.links:
        return
    try:
        own = keys.load()
    except ImproperlyConfigured as error:
        raise CannotVerifyError(str(error)) from None
    if own.public != chain.links[-1].public_key:
        raise CannotVerifyError(
            f"The settings name the key {own.name}+{own.key_id.hex()}, the ledger is signed with {chain.links[-1]}: "
            "set AUDIT_SIGNING_KEY_FILE and AUDIT_ORIGIN to those of this ledger."
        )


def _heads(chain: chains.Chain, elsewhere: list[tuple[str, notes.Checkpoint, str]], size: int) -> Iterator[Finding]:
    yield from chain.findings
    if chain.links:
        yield from chains.check_heads(chain)
    for name, head, text in elsewhere:
        try:
            notes.verify(text, chain.known)
        except notes.NoteError as error:
            yield Finding(
                1, name, str(head.size), "", "a signature of this ledger's keys", f"this: {error}".rstrip(".")
            )
        if head.size > size:
            yield Finding(
                1, "ledger_head", str(head.size), "", f"the tree of {head.size} events of {name}", f"one of {size}"
            )


def _tree(size: int, elsewhere: list[tuple[str, notes.Checkpoint, str]], progress: Progress) -> Iterator[Finding]:
    """One pass over the leaves, in order: against the events, the nodes above them, and every head on the way."""
    frontier = tree.Frontier()
    nodes: dict[tuple[int, int], bytes] = {}
    roots = _Roots(elsewhere)

    def completed(level: int, index: int, hashed: bytes) -> None:
        if level in proofs.LEVELS:
            nodes[level, index] = hashed

    while frontier.size < size:
        after, end = frontier.size, min(frontier.size + BATCH, size)
        stored = {position: bytes(leaf) for position, leaf in rows(LEAVES, [after, end])}
        told = {position: line for position, line in lines.read_lines(after, end - after) if position <= end}
        for position in range(after + 1, end + 1):
            line, leaf = told.get(position), stored.get(position)
            computed = tree.leaf_hash(line) if line is not None else None
            if computed != leaf or computed is None:
                yield _leaf_finding(position, leaf, computed, line)
            frontier.append(leaf or computed or b"", completed)
            yield from roots.reached(frontier)
        yield from _nodes(after, end, nodes)
        nodes.clear()
        progress("2 leaves", end, size)
    yield from roots.unreached(size)
    for table, row in rows(BEYOND, [size, size]):
        yield Finding(2, table, row, "", "nothing beyond the newest head", "a row")


def _leaf_finding(position: int, leaf: bytes | None, computed: bytes | None, line: bytes | None) -> Finding:
    if leaf is None:
        return Finding(2, "ledger_leaf", str(position), "", "a leaf, as a head covers it", "no row")
    if computed is None or line is None:
        return Finding(2, "event_position", str(position), "", "the event that was sealed", "none")
    event_id = line.split(b'"', 6)[5].decode()
    return Finding(2, "event", event_id, "", f"the line sealed at position {position}, {leaf.hex()}", computed.hex())


def _nodes(after: int, end: int, computed: dict[tuple[int, int], bytes]) -> Iterator[Finding]:
    span = [bound >> level for level in (8, 16, 24) for bound in (after, end - 1)]
    stored = {(level, index): bytes(hashed) for level, index, hashed in rows(NODES, span)}
    for (level, index), expected in computed.items():
        found = stored.get((level, index))
        if found != expected:
            place = f"{level}/{index}"
            yield Finding(2, "ledger_node", place, "hash", expected.hex(), found.hex() if found else "no row")


class _Roots:
    """Heads, stored and kept elsewhere, that wait for the tree to grow to their size."""

    def __init__(self, elsewhere: list[tuple[str, notes.Checkpoint, str]]) -> None:
        self._stored = many_rows("SELECT size, root FROM ledger_head ORDER BY size")
        self._next: Any = next(self._stored, None)
        self._elsewhere = [(name, head) for name, head, _ in elsewhere]
        self._good = True  # the last head fitted; of several bad ones in a row the first is the place

    def reached(self, frontier: tree.Frontier) -> Iterator[Finding]:
        """Compare the heads of the size that the tree has now."""
        root = None
        while self._elsewhere and self._elsewhere[0][1].size <= frontier.size:
            name, head = self._elsewhere.pop(0)
            root = root or frontier.root()
            if head.root != root:
                yield Finding(1, name, str(head.size), "root", head.root.hex(), f"{root.hex()} in this database")
        if self._next and self._next[0] == frontier.size:
            root, stored = root or frontier.root(), bytes(self._next[1])
            if self._good and stored != root:
                yield Finding(
                    2, "ledger_head", str(frontier.size), "root", stored.hex(), f"{root.hex()} over its leaves"
                )
            self._good = stored == root
            self._next = next(self._stored, None)

    def unreached(self, size: int) -> Iterator[Finding]:
        """Heads of more leaves than there are."""
        while self._next:
            yield Finding(2, "ledger_head", str(self._next[0]), "size", f"{self._next[0]} leaves", f"{size}")
            self._next = next(self._stored, None)


def _by_table(
    what: str,
    check: Callable[[capture.TrackedTable], Iterator[Finding]],
    tables: list[capture.TrackedTable],
    progress: Progress,
) -> Iterator[Finding]:
    for number, table in enumerate(tables, 1):
        yield from check(table)
        progress(what, number, len(tables))


def _order() -> Iterator[Finding]:
    """Layer 5: nothing is missing in the order of events, nor in any aggregate's."""
    for before, position in rows(GAPS):
        yield Finding(5, "event_position", str(before + 1), "position", f"{before + 1} after {before}", str(position))
    for event_id, position, numbered in rows(UNNUMBERED):
        if event_id is None:
            yield Finding(5, "event_position", str(position), "event_id", f"the event {numbered}", "no such event")
        else:
            yield Finding(5, "event", str(event_id), "", "a position", "none, and none pending")
    for (event_id,) in rows(LOST):
        yield Finding(5, "event_pending", str(event_id), "event_id", f"the event {event_id}", "no such event")
    for kind, identity, before, version in rows(VERSIONS):
        row = f"{kind} {identity}"
        yield Finding(5, "event", row, "aggregate_version", f"{before + 1} after {before}", str(version))
    for kind, identity, version, newest in rows(STREAMS):
        yield Finding(
            5, "event_stream", f"{kind} {identity}", "version", str(newest or "no row"), str(version or "no row")
        )


def _catalogue() -> Iterator[Finding]:
    """Layer 6: what audit_doctor examines."""
    for deviation in doctor.examine():
        yield Finding(6, deviation.place, "", "", deviation.expected, deviation.found)
