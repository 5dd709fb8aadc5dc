"""Layer 1: who signed the heads. Every key but the first was handed over to by an event that both keys signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from erp.ledger import notes
from erp.ledger.findings import Finding, many_rows, rows
from erp.ledger.models import Key
from erp.ledger.rotation import endorsed
from erp.ledger.state import KEY_ROTATED

ROTATIONS = """
SELECT e.id, coalesce(p.position, 9223372036854775807), e.payload::text::json
FROM event e LEFT JOIN event_position p ON p.event_id = e.id WHERE e.event_type = %s ORDER BY 2, e.id
"""
HEADS = "SELECT size, root, signed_at, key_id, checkpoint FROM ledger_head ORDER BY size"


@dataclass(frozen=True)
class Link:
    """One key of the chain: 8 hex digits, its name, 32 bytes, and the position of the event that handed over to it."""

    key_id: str
    name: str
    public_key: bytes
    since: int
    endorsement: str = ""

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id}"


@dataclass
class Chain:
    """The keys in the order in which they signed, as far as their hand-overs hold; and what does not hold."""

    links: list[Link] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def known(self) -> dict[tuple[str, bytes], bytes]:
        """The keys as `notes.verify` takes them."""
        return notes.known(*((link.name, link.public_key) for link in self.links))

    def index(self, key_id: str) -> int:
        """Place of a key in the chain; -1 of a stranger's."""
        return next((place for place, link in enumerate(self.links) if link.key_id == key_id), -1)

    def due(self, size: int) -> int:
        """Place of the key that signs, at the earliest, the head of this size: an earlier one has been retired."""
        return sum(link.since <= size for link in self.links) - 1


def read() -> Chain:
    """Follow the hand-overs from the first key, and compare the table of keys with them."""
    chain = Chain()
    stored = list(Key.objects.order_by("added_at", "key_id"))
    if not stored:
        return chain
    first = stored[0]
    chain.links.append(Link(first.key_id, first.name, bytes(first.public_key), 0))
    for event_id, position, payload in rows(ROTATIONS, [KEY_ROTATED.name]):
        last = chain.links[-1]
        new = endorsed(payload, old=last.public_key, name=last.name)
        if new is None or payload["old_key_id"] != last.key_id:
            expected = f"a hand-over from {last}, signed by both keys"
            chain.findings.append(
                Finding(1, "event", str(event_id), "payload", expected, "signatures that do not hold")
            )
            continue
        key_id = notes.key_id(last.name, new).hex()
        chain.links.append(Link(key_id, last.name, new, position, payload["endorsement"]))
    chain.findings += _stored_keys(chain, stored)
    return chain


def _stored_keys(chain: Chain, stored: list[Key]) -> Iterator[Finding]:
    links = {link.key_id: link for link in chain.links}
    for key in stored:
        link = links.pop(key.key_id, None)
        public_key = bytes(key.public_key)
        if link is None:
            yield Finding(1, "ledger_key", key.key_id, "", "no key, as no event hands over to it", f"{key}")
        elif notes.key_id(key.name, public_key).hex() != key.key_id or public_key != link.public_key:
            yield Finding(1, "ledger_key", key.key_id, "public_key", f"the key {key.key_id}", public_key.hex())
        elif key.endorsement != link.endorsement:
            yield Finding(1, "ledger_key", key.key_id, "endorsement", "that of the event", key.endorsement or "none")
        elif (key.retired_at is None) is not (link is chain.links[-1]):
            yield Finding(1, "ledger_key", key.key_id, "retired_at", "only the newest key in use", f"{key.retired_at}")
    for link in links.values():
        yield Finding(1, "ledger_key", link.key_id, "", f"the key {link} of the hand-over", "no row")


def check_heads(chain: Chain) -> Iterator[Finding]:
    """Every head: its signature holds, its columns are what was signed, and its key was the one in use."""
    last = 0
    for size, root, signed_at, key_id, checkpoint in many_rows(HEADS):
        try:
            head, signatures = notes.verify(checkpoint, chain.known)
        except notes.NoteError as error:
            signer = chain.links[chain.due(size)]
            yield Finding(
                1, "ledger_head", str(size), "checkpoint", f"a signature of {signer}", f"this: {error}".rstrip(".")
            )
            continue
        signed: dict[str, tuple[Any, Any]] = {
            "size": (head.size, size),
            "root": (head.root.hex(), bytes(root).hex()),
            "signed_at": (head.signed_at, signed_at),
            "key_id": (signatures[0].key_id.hex(), key_id),
        }
        for column, (expected, found) in signed.items():
            if expected != found:
                yield Finding(1, "ledger_head", str(size), column, f"{expected}, as it was signed", f"{found}")
        place = chain.index(signatures[0].key_id.hex())
        if place < max(last, chain.due(size)):
            expected = f"a signature of {chain.links[max(last, chain.due(size))]}"
            yield Finding(1, "ledger_head", str(size), "key_id", expected, f"the retired key {chain.links[place]}")
        last = max(last, place)
