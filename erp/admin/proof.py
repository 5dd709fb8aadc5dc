"""Proof badges: which entries of a history stand in the sealed ledger, and the file that shows it to an outsider."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from erp.admin.timeline import Entry
from erp.events.models import Event
from erp.ledger import lines, proofs
from erp.ledger.models import Head


def mark(entries: Iterable[Entry]) -> None:
    """Give each part its position in the ledger, where a signed head covers it; one query."""
    parts = [part for entry in entries for part in entry.parts]
    positions = proofs.sealed_positions(part.event.pk for part in parts) if parts else {}
    for part in parts:
        part.position = positions.get(part.event.pk)


def document(event: Event) -> dict[str, Any] | None:
    """Line, inclusion proof and signed head of one event, hashes in hex from the leaf up; None while it isn't sealed."""
    position = proofs.sealed_positions([event.pk])[event.pk]
    head = Head.objects.order_by("-size").first()
    if position is None or head is None:
        return None
    [(_, line)] = lines.read_some_lines([position])
    return {
        "format": "RFC 9162 inclusion proof; leaf = SHA-256(0x00, line), node = SHA-256(0x01, left, right)",
        "position": position,
        "line": line.decode(),
        "inclusion": [part.hex() for part in proofs.inclusion(position, head.size)],
        "tree_size": head.size,
        "root": bytes(head.root).hex(),
        "checkpoint": head.checkpoint,
    }
