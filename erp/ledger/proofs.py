"""Proofs from the tables: inclusion and consistency of sealed heads, by few hashes whatever the size of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from erp.ledger import tree

STEP = 8  # a kept subtree has 2^8 of the next smaller kept subtrees
LEVELS = (24, 16, 8, 0)
LEAVES = """
SELECT l.hash FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS wanted(first, beyond, n)
JOIN ledger_leaf l ON l.position > wanted.first AND l.position <= wanted.beyond ORDER BY n, l.position
"""
NODES = """
SELECT l.hash FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS wanted(first, beyond, n)
JOIN ledger_node l ON l.level = %s AND l.index >= wanted.first AND l.index < wanted.beyond ORDER BY n, l.index
"""


class NotSealedError(LookupError):
    """A proof about leaves that the tables don't hold."""


def inclusion(position: int, size: int) -> list[bytes]:
    """Proof (RFC 9162) that the event at `position`, from 1, is in the tree of `size`; from the leaf up.

    Raises: ValueError: the position is not in that tree. NotSealedError: the tree is not sealed up to `size`.
    """
    return range_roots(tree.inclusion_path(position - 1, size))


def consistency(old: int, new: int) -> list[bytes]:
    """Proof (RFC 9162) that the tree of `old` is the beginning of the tree of `new`.

    Raises: ValueError: `new` is the smaller one. NotSealedError: the tree is not sealed up to `new`.
    """
    return range_roots(tree.consistency_path(old, new))


def compact_range(start: int, end: int) -> list[bytes]:
    """Roots of the complete subtrees, largest first, that make up the leaves from `start` up to, not including, `end`.

    start: 0, or a multiple of a power of two not below the number of leaves, as ranges in proofs are.
    """
    return _subtree_roots(list(tree.subtrees(start, end)))


def frontier(size: int) -> tree.Frontier:
    """The tree of the first `size` leaves, ready to grow."""
    return tree.Frontier(size, compact_range(0, size))


def range_roots(ranges: Sequence[tree.Range]) -> list[bytes]:
    """The root of each range of a proof, by one query a kept level."""
    parts = [list(tree.subtrees(*wanted)) for wanted in ranges]
    roots = iter(_subtree_roots([part for split in parts for part in split]))
    return [tree.fold([next(roots) for _ in split]) for split in parts]


def sealed_positions(event_ids: Iterable[int]) -> dict[int, int | None]:
    """Position of each event that the newest head covers, None for the others; one query."""
    wanted = list(event_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id, position FROM event_position "
            "WHERE event_id = ANY(%s) AND position <= (SELECT max(size) FROM ledger_head)",
            [wanted],
        )
        return dict.fromkeys(wanted) | dict(cursor.fetchall())


def _subtree_roots(subtrees: Sequence[tree.Range]) -> list[bytes]:
    """Roots of complete subtrees, each put together from the largest kept ones inside it."""
    roots: dict[tree.Range, bytes] = {}
    for level in LEVELS:
        group = [wanted for wanted in subtrees if _kept_level(wanted) == level]
        if group:
            roots |= zip(group, _roots_from(level, group), strict=True)
    return [roots[wanted] for wanted in subtrees]


def _kept_level(subtree: tree.Range) -> int:
    start, end = subtree
    height = (end - start).bit_length() - 1
    return min(height // STEP * STEP, LEVELS[0])


def _roots_from(level: int, subtrees: Sequence[tree.Range]) -> list[bytes]:
    first = [start >> level for start, _ in subtrees]
    beyond = [end >> level for _, end in subtrees]
    with connection.cursor() as cursor:
        if level:
            cursor.execute(NODES, [first, beyond, level])
        else:
            cursor.execute(LEAVES, [first, beyond])
        hashes = [bytes(value) for (value,) in cursor.fetchall()]
    widths = [end - start for start, end in zip(first, beyond, strict=True)]
    if len(hashes) != sum(widths):
        raise NotSealedError(
            f"The ledger holds {len(hashes)} of {sum(widths)} hashes of level {level} that the proof needs: "
            "ask for a size up to the newest head, and run `manage.py audit_verify`."
        )
    rest = iter(hashes)
    return [tree.complete_root([next(rest) for _ in range(width)]) for width in widths]
