"""Exports for auditors: sealed lines and their proofs in one file that an outsider checks with standalone/verify.py alone.

docs/compliance.md describes the format. A range holds every line from `first` to `last`, and the rest of the tree as few
subtree roots on both sides. A selection (one organization, or given positions) holds an inclusion proof beside each line.
Memory holds one batch of lines, whatever the size.
"""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone

from erp import context
from erp.events import registry
from erp.ledger import keys, lines, notes, proofs, state, tree
from erp.ledger.models import Head, Key

FORMAT = "cotton-erp/ledger-export"
VERSION = 1
BATCH = 1_000  # lines of a range in memory
NAMED = 20  # altered or missing positions in the summary
SELECTED = 250  # lines of a selection: each brings its proof, and the hashes that the proof is made from
EXPORTED = registry.register("audit.exported", category="access")

ANCHORS = """
SELECT DISTINCT ON (period) size, checkpoint, date_trunc(%s, signed_at AT TIME ZONE 'UTC') AS period
FROM ledger_head WHERE size >= %s AND size < %s ORDER BY period, size
"""
OF_ORGANIZATION = """
SELECT p.position FROM event_position p JOIN event e ON e.id = p.event_id
WHERE e.organization_id = %s AND p.position > %s AND p.position <= %s ORDER BY p.position LIMIT %s
"""
SOME_OF_ORGANIZATION = """
SELECT p.position FROM event_position p JOIN event e ON e.id = p.event_id
WHERE e.organization_id = %s AND p.position = ANY(%s) ORDER BY p.position
"""
ON_DAYS = """
SELECT min(p.position), max(p.position) FROM event_position p JOIN event e ON e.id = p.event_id
WHERE (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
  AND (%(before)s::timestamptz IS NULL OR e.occurred_at < %(before)s)
"""


class ExportError(ValueError):
    """An export that can't be made as asked."""


class Target(Protocol):
    """A file open for writing bytes."""

    def write(self, data: bytes, /) -> Any: ...


@dataclass(frozen=True)
class ExportSummary:
    """What was written. `altered` and `missing`: positions, up to 20 each, whose event is not what was sealed any more."""

    count: int
    first: int
    last: int
    head: int
    sha256: str
    unsealed: int = 0
    altered: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()


def write(
    file: Target,
    *,
    first: int = 1,
    last: int | None = None,
    organization: uuid.UUID | None = None,
    positions: Iterable[int] | None = None,
    head: int | None = None,
    also: Sequence[int] = (),
    selection: str = "",
) -> ExportSummary:
    """Write sealed lines `first` to `last` as one gzip file; with `organization` or `positions` only those of them.

    last: the newest sealed position by default. positions: kept in memory; those not sealed yet are left out and counted.
    head: size of the signed head that everything is proved against; the newest by default.
    also: sizes of earlier heads that somebody holds outside, to be compared with this export.
    selection: in words, what was selected.
    Raises: ExportError: nothing is sealed, or these lines are not. ImproperlyConfigured: no signing key.
    """
    key = keys.load()
    newest = _head(head)
    last = newest.size if last is None else last
    if not 1 <= first <= last <= newest.size:
        raise ExportError(
            f"Lines {first} to {last} can't be exported: the head covers 1 to {newest.size}. Choose lines from there, "
            "or seal newer ones with `manage.py audit_seal`."
        )
    out = _Writer(file)
    wanted = None if positions is None else sorted(set(positions))
    is_range = organization is None and wanted is None
    out.record(
        {
            **_header(newest, first, last, is_range=is_range),
            "heads": _heads(newest, first, also, period="day" if is_range else "month"),
            "scope": _scope(organization, selection),
        }
    )
    tally = _Tally()
    chunks = _every(first, last) if is_range else _selected(first, last, organization, wanted)
    for chunk in chunks:
        _write_lines(out, chunk, tally, proved_in=None if is_range else newest.size)
    out.record({"end": notes.sign(f"{key.name} export\nlines {tally.count}\nsha256 {out.so_far}\n", key)})
    return ExportSummary(
        count=tally.count,
        first=first,
        last=last,
        head=newest.size,
        sha256=out.close(),
        unsealed=sum(position > newest.size for position in wanted or ()),
        altered=tuple(tally.altered[:NAMED]),
        missing=tuple(tally.missing[:NAMED]),
    )


def positions_on(first_day: date | None, last_day: date | None) -> tuple[int, int]:
    """The first and the last position of what happened on these days, both included, in the installation's time zone.

    Raises: ExportError: nothing happened.
    """
    since = _midnight(first_day) if first_day else None
    before = _midnight(last_day + timedelta(days=1)) if last_day else None
    with connection.cursor() as cursor:
        cursor.execute(ON_DAYS, {"since": since, "before": before})
        first, last = cursor.fetchone()
    if first is None:
        raise ExportError(
            f"Nothing was recorded from {first_day or 'the start'} to {last_day or 'now'}: choose other days."
        )
    return int(first), int(last)


def record(summary: ExportSummary, *, organization: uuid.UUID | None = None, selection: str = "") -> None:
    """The export becomes an event itself, with the checksum of its file: who took which lines, by the current context."""
    payload = {
        "first": summary.first,
        "last": summary.last,
        "count": summary.count,
        "head": summary.head,
        "sha256": summary.sha256,
        "selection": selection,
    }
    state.emit(EXPORTED, payload, organization_id=organization)


@dataclass
class _Tally:
    count: int = 0
    altered: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


class _Writer:
    """Compresses records into the file, and keeps the checksum of what it wrote, plain and compressed."""

    def __init__(self, file: Target) -> None:
        self._file = file
        self._packed = sha256()
        self._plain = sha256()
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self, mtime=0)

    def write(self, data: bytes) -> int:
        """Called by gzip."""
        self._packed.update(data)
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        """Called by gzip; the file is its owner's to flush."""

    def record(self, values: dict[str, Any]) -> None:
        """One JSON object on a line of its own."""
        raw = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._plain.update(raw)
        self._gzip.write(raw)

    @property
    def so_far(self) -> str:
        """SHA-256 in hex of all records so far."""
        return self._plain.hexdigest()

    def close(self) -> str:
        """End the file, which stays open; returns the SHA-256 in hex of its bytes."""
        self._gzip.close()
        return self._packed.hexdigest()


def _head(size: int | None) -> Head:
    heads = Head.objects.order_by("-size")
    found = heads.first() if size is None else heads.filter(size=size).first()
    if found is None:
        which = "head" if size is None else f"head over {size} lines"
        raise ExportError(f"There is no {which}, so nothing can be proved: run `manage.py audit_seal` first.")
    return found


def _header(head: Head, first: int, last: int, *, is_range: bool) -> dict[str, Any]:
    """What this is, which keys signed, and for a range the rest of the tree on both sides of it."""
    edges = {
        "left": _base64(proofs.range_roots(_aligned(0, first - 1))),
        "right": _base64(proofs.range_roots(_aligned(last, head.size))),
    }
    return {
        "format": FORMAT,
        "version": VERSION,
        "leaf_format": lines.FORMAT,
        "origin": notes.parse(head.checkpoint).origin,
        "kind": "range" if is_range else "selection",
        "first": first,
        "last": last,
        **(edges if is_range else {}),
        "keys": [
            {
                "id": key.key_id,
                "name": key.name,
                "public_key": _base64([bytes(key.public_key)])[0],
                "endorsement": key.endorsement,
            }
            for key in Key.objects.order_by("added_at")
        ],
        "made_at": f"{datetime.now(UTC):{notes.TIME}}",
        "made_by": context.current().actor_label or "the command line",
    }


def _scope(organization: uuid.UUID | None, selection: str) -> dict[str, Any]:
    return {"organization_id": str(organization) if organization else None, "text": selection or "chosen lines"}


def _heads(newest: Head, first: int, also: Sequence[int], *, period: str) -> list[dict[str, Any]]:
    """The first head of each period, which mailboxes get, and those that were asked for; the newest comes last.

    Each comes with the proof that it is the beginning of the newest.
    """
    with connection.cursor() as cursor:
        cursor.execute(ANCHORS, [period, first, newest.size])
        known: dict[int, str] = {size: checkpoint for size, checkpoint, _ in cursor.fetchall()}
    asked = [size for size in also if 0 < size < newest.size]
    known |= dict.fromkeys(asked, "") | dict(Head.objects.filter(size__in=asked).values_list("size", "checkpoint"))
    earlier = [
        {"size": size, "checkpoint": known[size], "consistency": _base64(proofs.consistency(size, newest.size))}
        for size in sorted(known)
    ]
    return [*earlier, {"size": newest.size, "checkpoint": newest.checkpoint, "consistency": []}]


def _aligned(start: int, end: int) -> list[tree.Range]:
    """The fewest complete subtrees, from left to right, that cover the leaves from `start` up to `end`."""
    found = []
    while start < end:
        width = 1 << ((end - start).bit_length() - 1)
        if start:
            width = min(width, start & -start)
        found.append((start, start + width))
        start += width
    return found


def _every(first: int, last: int) -> Iterator[Sequence[int]]:
    for start in range(first, last + 1, BATCH):
        yield range(start, min(start + BATCH, last + 1))


def _selected(
    first: int, last: int, organization: uuid.UUID | None, wanted: Sequence[int] | None
) -> Iterator[Sequence[int]]:
    """The selected positions from first to last, ascending, a few at a time."""
    if wanted is None:
        yield from _of_organization(first, last, organization)
        return
    rest = (position for position in wanted if first <= position <= last)
    while chunk := list(islice(rest, SELECTED)):
        yield chunk if organization is None else _query(SOME_OF_ORGANIZATION, organization, chunk)


def _of_organization(first: int, last: int, organization: uuid.UUID | None) -> Iterator[Sequence[int]]:
    after = first - 1
    while chunk := _query(OF_ORGANIZATION, organization, after, last, SELECTED):
        yield chunk
        after = chunk[-1]


def _query(statement: str, *parameters: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [position for (position,) in cursor.fetchall()]


def _write_lines(out: _Writer, positions: Sequence[int], tally: _Tally, *, proved_in: int | None) -> None:
    """Each line with the hash that was sealed, so that a reader sees which line is not what it was."""
    found = dict(lines.read_some_lines(positions))
    hashes = _leaf_hashes(positions)
    proved = _proofs(positions, proved_in) if proved_in else {}
    for position in positions:
        if position not in found or position not in hashes:
            tally.missing.append(position)
            continue
        line, sealed = found[position], hashes[position]
        if tree.leaf_hash(line) != sealed:
            tally.altered.append(position)
        values = {"position": position, "line": line.decode(), "hash": _base64([sealed])[0]}
        out.record(values | ({"proof": _base64(proved[position])} if proved_in else {}))
        tally.count += 1


def _leaf_hashes(positions: Sequence[int]) -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT position, hash FROM ledger_leaf WHERE position = ANY(%s)", [list(positions)])
        return {position: bytes(hashed) for position, hashed in cursor.fetchall()}


def _proofs(positions: Sequence[int], size: int) -> dict[int, list[bytes]]:
    """Inclusion proofs of several lines together: neighbours share most of their hashes."""
    paths = {position: tree.inclusion_path(position - 1, size) for position in positions}
    ranges = sorted({wanted for path in paths.values() for wanted in path})
    roots = dict(zip(ranges, proofs.range_roots(ranges), strict=True))
    return {position: [roots[wanted] for wanted in path] for position, path in paths.items()}


def _base64(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(hashed).decode() for hashed in hashes]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
