#!/usr/bin/env python3
"""Checks an export of Cotton ERP's record of changes, on any computer, without Cotton ERP.

    python3 -I verify.py log.jsonl.gz --key public.pem
    python3 -I verify.py log.jsonl.gz --key public.pem --head head-that-was-mailed-to-me.txt
    python3 -I verify.py log.jsonl.gz --key public.pem --show 1207
    python3 -I verify.py log.jsonl.gz --key public.pem --summary

You need Python 3.8 or newer and nothing else: no network, no database, no other package. This file is all there is to read.

Each event of the record is one line of text. All lines together have one fingerprint, the root of a Merkle tree (RFC 9162), and
the company's key signed it (Ed25519, RFC 8032) on a slip of text that is called a head. From the lines in the export this
program computes the fingerprint anew. If one character is different, or a line is missing, added or moved, so is the fingerprint.

Exit status: 0 everything fits; 1 refused, something does not fit; 2 could not check, a file is missing or not what it should be.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import gzip
import hashlib
import json
import re
import sys
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Point = tuple[int, int, int, int]

FORMAT = "cotton-erp/ledger-export"
VERSION = 1
LEAF_FORMAT = "1"
COLUMNS = (
    "leaf_format", "position", "id", "event_id", "xid", "aggregate_type", "aggregate_id", "aggregate_version",
    "object_type", "object_id", "category", "event_type", "schema_version", "actor_id", "actor_label", "on_behalf_of",
    "organization_id", "partner_id", "request_id", "source", "ip", "db_role", "reason", "approval_id", "payload",
    "occurred_at", "recorded_at", "history_table", "history_id",
)  # fmt: skip
CLOSING = re.compile(r"([^\n]+) export\nlines ([0-9]+)\nsha256 ([0-9a-f]{64})\n")
HANDOVER = "cotton-erp/ledger-handover\n{name}\n{public_key}\n"  # what a key signs about the next one
LONGEST = 64 * 1024 * 1024  # bytes of one record; a longer one is no export, and would fill the memory
MANY = 20  # changed lines that are named one by one

TAMPERED = (
    "Somebody or something changed this file, or the record that it was made from. Don't rely on it. "
    "Ask the company for a new export and for an explanation, and keep this one."
)
REWRITTEN = (
    "The company's record of today does not continue the record from which this head was taken: what was sealed then has been "
    "changed or removed since, by somebody who could sign again. Keep the head and this export, and ask for an explanation."
)
DAMAGED = "The file was damaged or cut off, perhaps while it was copied. It proves nothing as it is: ask for it again."


class Refused(Exception):  # noqa: N818 (the word that the reader sees)
    """Something does not fit; `meaning` says what that means to a person."""

    def __init__(self, fact: str, meaning: str = TAMPERED) -> None:
        super().__init__(fact)
        self.meaning = meaning


class CannotCheck(Exception):  # noqa: N818
    """Nothing was found wrong, because the check could not be made."""


def say(text: str = "") -> None:
    """One line to the reader."""
    sys.stdout.write(text + "\n")


# Signatures: Ed25519, RFC 8032 section 5.1. For checking only: nothing here is secret, so nothing needs constant time.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
ZERO = (0, 1, 1, 0)  # points are X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z


def add(p: Point, q: Point) -> Point:
    """Sum of two points of the curve."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, p: Point) -> Point:
    """A point added to itself so many times."""
    total: Point = ZERO
    while number:
        if number & 1:
            total = add(total, p)
        p = add(p, p)
        number >>= 1
    return total


def x_of(y: int, odd: int) -> int | None:
    """The other coordinate of a point; None where there is none."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    return P - x if x & 1 != odd else x


def point(encoded: bytes) -> Point | None:
    """The point that 32 bytes stand for."""
    number = int.from_bytes(encoded, "little")
    y, odd = number & (1 << 255) - 1, number >> 255
    x = x_of(y, odd)
    return None if x is None else (x, y, 1, x * y % P)


def encode(p: Point) -> bytes:
    """32 bytes of a point."""
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point(BASE_Y.to_bytes(32, "little")) or ZERO


def own_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature (64 bytes) is that of the key (32 bytes) on this message."""
    key = point(public_key)
    s = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    minus_key = (P - key[0], key[1], key[2], P - key[3])
    return encode(add(times(s, BASE), times(k, minus_key))) == signature[:32]


def ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The same, by the package `cryptography` where it is installed."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (may be missing)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return own_ed25519(public_key, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def who_does_the_arithmetic() -> str:
    try:
        import cryptography  # noqa: F401, PLC0415
    except ImportError:
        return "by this program's own arithmetic"
    return "by the installed package cryptography"


# The tree: RFC 9162 section 2.1.


def leaf_hash(line: bytes) -> bytes:
    """Fingerprint of one line, 32 bytes."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Fingerprint over two fingerprints."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def aligned(start: int, end: int) -> Iterator[tuple[int, int]]:
    """(level, leaves) of the complete subtrees, from left to right, that cover the leaves from `start` up to `end`."""
    while start < end:
        level = (start & -start).bit_length() - 1 if start else end.bit_length()
        while start + (1 << level) > end:
            level -= 1
        yield level, 1 << level
        start += 1 << level


class Tree:
    """Grows to the right, by leaves and by complete subtrees, and tells its root at any time."""

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[tuple[int, bytes]] = []

    def append(self, hashed: bytes, level: int = 0) -> None:
        """Add the root of a complete subtree of 2^level leaves."""
        self.size += 1 << level
        while self._nodes and self._nodes[-1][0] == level:
            hashed = node_hash(self._nodes.pop()[1], hashed)
            level += 1
        self._nodes.append((level, hashed))

    def append_range(self, start: int, end: int, hashes: Sequence[bytes]) -> None:
        """Add the lines that are not in the export, by the roots of the subtrees that they make up."""
        levels = [level for level, _ in aligned(start, end)]
        if len(levels) != len(hashes):
            raise Refused(
                f"The export gives {len(hashes)} fingerprints for lines {start + 1} to {end}, not {len(levels)}."
            )
        for i, level in enumerate(levels):
            self.append(hashes[i], level)

    def root(self) -> bytes:
        """Fingerprint of everything so far, 32 bytes."""
        if not self._nodes:
            return hashlib.sha256().digest()
        hashed = self._nodes[-1][1]
        for _, left in reversed(self._nodes[:-1]):
            hashed = node_hash(left, hashed)
        return hashed


def skip(node: int, last: int) -> tuple[int, int]:
    """Past the levels on which the last node has no sibling."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def is_included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from this leaf to the root of a tree of `size` (RFC 9162, 2.1.3.2)."""
    node, last, hashed = index, size - 1, leaf
    if not 0 <= index < size:
        return False
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            node, last = skip(node, last)
        else:
            hashed = node_hash(hashed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hashed == root


def is_beginning(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the earlier tree to be the beginning of the later one (RFC 9162, 2.1.4.2)."""
    if not 0 < old < new:
        return old == new and old_root == new_root and not proof
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_hash = new_hash = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_hash, new_hash = node_hash(sibling, old_hash), node_hash(sibling, new_hash)
            node, last = skip(node, last)
        else:
            new_hash = node_hash(new_hash, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_hash == old_root and new_hash == new_root


# Slips of signed text (c2sp.org/signed-note), and heads on them (c2sp.org/tlog-checkpoint).

HEAD = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\ntimestamp ([^\n]+)\n")
SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")


class Note:
    """Signed text, not checked yet."""

    def __init__(self, note: str, what: str) -> None:
        text, blank, signatures = note.rpartition("\n\n")
        if not blank:
            raise Refused(f"{what} is no signed text: its signature is missing.")
        self.what = what
        self.text = text + "\n"
        self.signatures = [self._signature(line) for line in signatures.splitlines()]

    def _signature(self, line: str) -> tuple[str, bytes, bytes]:
        found = SIGNATURE.fullmatch(line)
        value = decoded(found.group(2), self.what) if found else b""
        if not found or len(value) != 68:
            raise Refused(f"{self.what} has a malformed signature.")
        return found.group(1), value[:4], value[4:]

    def check(self, keys: Keys) -> str:
        """Id of the first key of ours whose signature holds. Raises: Refused: none signed it, or not this text."""
        for name, key_id, signature in self.signatures:
            public_key = keys.of(name, key_id)
            if public_key and not ed25519(public_key, self.text.encode(), signature):
                raise Refused(f"{self.what} was changed after it was signed: the signature does not fit its text.")
            if public_key:
                return key_id.hex()
        ids = ", ".join(key_id.hex() for _, key_id, _ in self.signatures) or "nobody"
        raise Refused(
            f"{self.what} was signed by the key {ids}, not by {keys.ids()}.",
            "Either the key that you gave is not the company's, or the signature is not. Compare the key's id with the one "
            "that the company gave you on another way than this file.",
        )


class Head(Note):
    """The signed fingerprint of the first `size` lines."""

    def __init__(self, note: str, what: str) -> None:
        super().__init__(note, what)
        said = HEAD.fullmatch(self.text)
        if not said:
            raise Refused(f"{what} is not a head: expected a name, a number of lines, a fingerprint and a time.")
        self.origin, self.size, self.time = said.group(1), int(said.group(2)), said.group(4)
        self.root = decoded(said.group(3), what)


def key_id(name: str, public_key: bytes) -> bytes:
    """4 bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key).digest()[:4]


class Keys:
    """Keys that we believe: the reader's own, and those that it, or one of them, handed over to."""

    def __init__(self, origin: str, given: bytes) -> None:
        self._origin = origin
        self._known = {key_id(origin, given): given}

    def of(self, name: str, wanted: bytes) -> bytes | None:
        return self._known.get(wanted) if name == self._origin else None

    def ids(self) -> str:
        return " or ".join(known.hex() for known in self._known)

    def hand_over(self, listed: Sequence[dict[str, Any]]) -> None:
        """Believe a key of the export that a key which we believe has signed; oldest first."""
        for entry in listed:
            public_key = decoded(entry["public_key"], "A key")
            signature = decoded(entry["endorsement"] or "", "A key")
            message = HANDOVER.format(name=self._origin, public_key=base64.b64encode(public_key).decode()).encode()
            if any(ed25519(known, message, signature) for known in list(self._known.values())):
                self._known[key_id(self._origin, public_key)] = public_key


# The file: one JSON record a line, compressed.


def decoded(text: Any, what: str) -> bytes:
    """Bytes of base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refused(f"{what} holds something that is no base64.") from None


def load(raw: bytes, what: str) -> Any:
    """A JSON document."""
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(f"{what} can't be read: it is no JSON.", DAMAGED) from None


class Export:
    """Reads an export record by record and keeps the checksum of what it has read."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._sha = hashlib.sha256()
        self._waiting: list[dict[str, Any]] = []
        self._count = 0
        self.before = ""  # SHA-256 in hex of everything before the record that was read last

    def next(self) -> dict[str, Any] | None:
        """The next record, None at the end of the file."""
        if self._waiting:
            return self._waiting.pop()
        raw = self._line()
        if not raw:
            return None
        self.before = self._sha.hexdigest()
        self._sha.update(raw)
        self._count += 1
        record = load(raw, f"Record {self._count} of the file")
        if not isinstance(record, dict):
            raise Refused(f"Record {self._count} of the file is no record.", DAMAGED)
        return record

    def put_back(self, record: dict[str, Any] | None) -> None:
        if record is not None:
            self._waiting.append(record)

    def _line(self) -> bytes:
        try:
            raw = self._file.readline(LONGEST)
        except EOFError:
            raise Refused(f"The file breaks off after record {self._count}.", DAMAGED) from None
        except (OSError, zlib.error) as error:
            raise Refused(f"The file is damaged after record {self._count} ({error}).", DAMAGED) from None
        if raw and not raw.endswith(b"\n"):
            raise Refused(f"The file breaks off in record {self._count + 1}.", DAMAGED)
        return raw


class Line:
    """One event: its position, its text, what the export says is its fingerprint, and in a selection its proof."""

    def __init__(self, record: dict[str, Any]) -> None:
        position, text = record.get("position"), record.get("line")
        if not isinstance(position, int) or not isinstance(text, str):
            raise Refused("The file holds a record that is neither a line nor the closing record.")
        self.position = position
        self.raw = text.encode("utf-8", "surrogatepass")
        self.hash = decoded(record.get("hash"), f"Line {self.position}")
        self.proof = [decoded(part, f"Line {self.position}") for part in record.get("proof", ())]

    @property
    def is_changed(self) -> bool:
        return leaf_hash(self.raw) != self.hash

    def columns(self) -> dict[str, Any]:
        """Name to text of the event's columns."""
        values = load(self.raw, f"Line {self.position}")
        if not isinstance(values, list) or len(values) != len(COLUMNS) or values[0] != LEAF_FORMAT:
            raise Refused(f"Line {self.position} is not an event in format {LEAF_FORMAT}.")
        if values[1] != str(self.position):
            raise Refused(f"Line {self.position} says that it is line {values[1]}: the two were swapped or renumbered.")
        return {name: values[i] for i, name in enumerate(COLUMNS)}


# The checks.


class Check:
    """Everything that is checked about one export, from its first record to its last."""

    def __init__(self, export: Export, given_key: bytes, outside: Sequence[Head], readers: Sequence[Any]) -> None:
        self.export = export
        self.given_key = given_key
        self.outside = list(outside)
        self.readers = readers  # see each line's columns once they have been read
        self.count = 0
        self.last_position = 0
        self.changed: list[int] = []
        self.watched: dict[int, list[Head]] = {}  # heads by their size, compared when the tree has grown to it

    def run(self) -> None:
        """Raises: Refused, CannotCheck."""
        self.read_header()
        self.check_heads()
        for head in self.outside:
            self.place(head)
        lines = self.run_of_lines() if self.is_range else self.selected_lines()
        closing = self.read_lines(lines)
        self.check_closing(closing)

    def read_header(self) -> None:
        header = self.export.next()
        if not header or header.get("format") != FORMAT:
            raise CannotCheck("This is no export of Cotton ERP's record: its first record does not say so.")
        if header.get("version") != VERSION or header.get("leaf_format") != LEAF_FORMAT:
            raise CannotCheck("This export has a newer format: use the verify.py that came with it.")
        self.header = header
        self.is_range = header["kind"] == "range"
        self.first, self.last = int(header["first"]), int(header["last"])
        self.organization = header["scope"].get("organization_id")
        self.origin = str(header["origin"])
        self.keys = Keys(self.origin, self.given_key)
        say(
            f"   Record of {printable(self.origin)}, made {printable(header['made_at'])} by {printable(header['made_by'])}."
        )
        if self.is_range:
            say(f"   It should hold every line from {self.first} to {self.last}.")
        else:
            say(f"   It should hold selected lines: {printable(header['scope']['text'])}.")

    def check_heads(self) -> None:
        self.keys.hand_over(self.header["keys"])
        *earlier, newest = self.header["heads"]
        self.head = Head(newest["checkpoint"], "The head")
        signer = self.head.check(self.keys)
        if self.head.origin != self.origin or not self.first - 1 <= self.last <= self.head.size:
            raise Refused("The head is not about these lines: it has another name, or covers fewer lines.")
        say(
            f"2  The head over lines 1 to {self.head.size}, of {self.head.time}, is signed by the key {signer}: "
            f"good ({who_does_the_arithmetic()})."
        )
        self.proofs = {entry["size"]: [decoded(part, "A head") for part in entry["consistency"]] for entry in earlier}
        for entry in earlier:
            if entry["checkpoint"]:
                head = Head(entry["checkpoint"], f"The earlier head over lines 1 to {entry['size']}")
                self.check_signature(head)
                self.place(head)

    def check_signature(self, head: Head) -> None:
        """By a key that we believe, or by an earlier one of the company's: what counts for that is that its lines are the same."""
        listed = {entry["id"]: entry for entry in self.header["keys"]}
        believed = any(self.keys.of(name, key) for name, key, _ in head.signatures)
        earlier = next((listed[key.hex()] for _, key, _ in head.signatures if key.hex() in listed), None)
        if believed or not earlier:
            head.check(self.keys)
        else:
            head.check(Keys(self.origin, decoded(earlier["public_key"], "A key")))

    def place(self, head: Head) -> None:
        """Compare a head with the export's own: by the proof that came along, and when the tree has grown to its size."""
        if head in self.outside:
            self.check_signature(head)
        in_reach = self.is_range and self.first - 1 <= head.size <= self.last
        if in_reach or head.size == self.head.size:
            self.watched.setdefault(head.size, []).append(head)
        if head.size == self.head.size:
            fits = head.root == self.head.root
        elif head.size in self.proofs:
            fits = is_beginning(head.size, self.head.size, head.root, self.head.root, self.proofs[head.size])
        elif in_reach:
            return
        elif head.size > self.head.size:
            raise CannotCheck(
                f"{head.what} is newer than this export, which knows {self.head.size} lines. Ask for a newer export."
            )
        else:
            raise CannotCheck(
                f"{head.what} (over {head.size} lines) can't be compared with this export. Send it to the company and "
                "ask for an export that was made with --include-head."
            )
        if not fits:
            raise Refused(
                f"{head.what} does not fit this export: since then, lines 1 to {head.size} have been changed.",
                REWRITTEN,
            )

    def read_lines(self, lines: Iterator[Line]) -> dict[str, Any] | None:
        """Go through the lines; returns the closing record."""
        for line in lines:
            self.count += 1
            self.last_position = line.position
            if line.is_changed:
                self.changed.append(line.position)
                continue
            columns = line.columns()
            if self.organization and columns["organization_id"] != self.organization:
                raise Refused(f"Line {line.position} belongs to another organization than the export says.")
            for reader in self.readers:
                reader(columns)
        if self.changed:
            raise Refused(self.changed_lines())
        return self.export.next()

    def changed_lines(self) -> str:
        named = ", ".join(map(str, self.changed[:MANY]))
        more = f" and {len(self.changed) - MANY} more" if len(self.changed) > MANY else ""
        return (
            f"Changed after it was sealed: line {named}{more}. The text does not give the fingerprint that was sealed."
        )

    def lines(self) -> Iterator[Line]:
        """Records up to the closing one."""
        while True:
            record = self.export.next()
            if record is None or "end" in record:
                self.export.put_back(record)
                return
            yield Line(record)

    def run_of_lines(self) -> Iterator[Line]:
        """Every line from first to last, each one in its place; then the whole tree against the head."""
        tree = Tree()
        tree.append_range(0, self.first - 1, [decoded(part, "The left edge") for part in self.header["left"]])
        self.compare(tree)
        expected, before = self.first, None
        for line in self.lines():
            if line.position != expected or expected > self.last:
                self.refuse_position(line, expected, before)
            yield line
            tree.append(line.hash)
            self.compare(tree)
            expected, before = expected + 1, line.raw
        if expected <= self.last and self.peek_end():
            raise Refused(
                f"Lines {expected} to {self.last} are missing: the file goes from line {expected - 1} to its end."
            )
        if expected > self.last:
            tree.append_range(
                self.last, self.head.size, [decoded(part, "The right edge") for part in self.header["right"]]
            )
            self.compare(tree, at_end=True)

    def refuse_position(self, line: Line, expected: int, before: bytes | None) -> None:
        found = line.position
        if found > self.last:
            raise Refused(f"Line {found} was added: the export ends at line {self.last}.")
        if found < expected:
            raise Refused(f"Line {found} comes twice: a line was duplicated.")
        following = next(self.lines(), None)
        if following and following.position == expected:
            raise Refused(f"Lines {expected} and {found} were swapped.")
        raise Refused(f"Line {expected} is missing: after line {expected - 1} comes line {found}.")

    def compare(self, tree: Tree, *, at_end: bool = False) -> None:
        """The tree of the lines so far against every head of this size."""
        for head in self.watched.get(tree.size, ()):
            if tree.root() != head.root:
                raise Refused(
                    f"{head.what} does not fit the lines: lines 1 to {head.size} are not those that it was made of.",
                    REWRITTEN,
                )
        if at_end and tree.root() != self.head.root:
            raise Refused(
                "The lines together do not give the fingerprint that was signed: a line, and the fingerprint beside it, was changed."
            )

    def selected_lines(self) -> Iterator[Line]:
        """Lines in ascending order, each with a proof that it is in the tree of the head."""
        before = 0
        for line in self.lines():
            if line.position == before:
                raise Refused(f"Line {line.position} comes twice: a line was duplicated.")
            if line.position < before:
                raise Refused(f"Lines {line.position} and {before} were swapped: they stand in the wrong order.")
            if not is_included(line.position - 1, self.head.size, line.hash, line.proof, self.head.root):
                raise Refused(
                    f"Line {line.position} is not in the sealed record: its proof does not lead to the head. It was added or changed."
                )
            before = line.position
            yield line

    def peek_end(self) -> bool:
        """Whether the closing record is next. Without one the file was cut off, which is said elsewhere."""
        record = self.export.next()
        self.export.put_back(record)
        return record is not None

    def check_closing(self, closing: dict[str, Any] | None) -> None:
        """The closing record counts the lines and holds the checksum of all before it, signed."""
        before = self.export.before
        if closing is None:
            raise Refused(
                f"The end of the file is missing: it stops after line {self.last_position} without its closing record.",
                DAMAGED,
            )
        note = Note(closing["end"], "The closing record")
        said = CLOSING.fullmatch(note.text)
        note.check(self.keys)
        if not said or said.group(1) != self.origin:
            raise Refused("The closing record is not that of an export.")
        if self.count != int(said.group(2)):
            raise Refused(
                f"Lines were dropped or added: the file was closed with {said.group(2)} lines and holds {self.count}."
            )
        if before != said.group(3):
            raise Refused(
                "The file was changed after it was closed, outside the text of its lines: its checksum is another one."
            )
        if self.export.next() is not None:
            raise Refused("Something was added after the closing record.")


class Summary:
    """Counts what happened, who did it and from where."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {"event_type": Counter(), "actor_label": Counter(), "source": Counter()}
        self.times: list[str] = []

    def __call__(self, columns: dict[str, Any]) -> None:
        for name, counter in self.counts.items():
            counter[columns[name] or "(nobody)"] += 1
        self.times = [min([*self.times[:1], columns["occurred_at"]]), max([*self.times[1:], columns["occurred_at"]])]

    def tell(self) -> None:
        say("\nWhat is in it")
        if self.times:
            say(f"  from {self.times[0]} to {self.times[1]}")
        titles = {"event_type": "What happened", "actor_label": "Who did it", "source": "From where"}
        for name, counter in self.counts.items():
            say(f"  {titles[name]}:")
            for value, count in counter.most_common(MANY):
                say(f"  {count:>9}  {printable(value)}")
            if len(counter) > MANY:
                say(f"             and {len(counter) - MANY} more")


class Show:
    """Keeps one event to print it."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.columns: dict[str, Any] = {}

    def __call__(self, columns: dict[str, Any]) -> None:
        if columns["position"] == str(self.position):
            self.columns = columns

    def tell(self) -> None:
        if not self.columns:
            say(f"\nLine {self.position} is not in this export, or was refused.")
            return
        say(f"\nLine {self.position}")
        payload = json.loads(self.columns["payload"])
        for name, value in self.columns.items():
            if value not in {None, ""} and name != "payload":
                say(f"  {name.replace('_', ' '):18} {printable(value)}")
        if "label" in payload:
            say(f"  {'name of the record':18} {printable(plain(payload['label']))}")
        for field, pair in payload.get("changes", {}).items():
            say(f"  {printable(field):18} {printable(plain(pair[0]))}  ->  {printable(plain(pair[1]))}")
        rest = {key: value for key, value in payload.items() if key not in {"changes", "label", "labels"}}
        say(f"  {'more':18} {printable(json.dumps(rest, ensure_ascii=False))}")


def plain(value: Any) -> str:
    """A value of a change in words."""
    if value in (None, ""):
        return "(nothing)" if value is None else "(empty)"
    if isinstance(value, dict) and "$c" in value:
        return "(personal data, not in the export; a fingerprint stands for it)"
    if isinstance(value, dict) and "$secret" in value:
        return "(secret, only a fingerprint is kept)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def printable(value: Any) -> str:
    """Text that can't move the cursor or colour the screen."""
    return "".join(character if character.isprintable() else " " for character in str(value))


def read_key(path: str) -> bytes:
    """32 bytes of the Ed25519 public key in a PEM file."""
    text = "".join(read_text(path).split("-----")[2:3])
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if len(der) != 44 or not der.startswith(bytes.fromhex("302a300506032b6570032100")):
        raise CannotCheck(
            f"{path} holds no Ed25519 public key: give the file that begins with -----BEGIN PUBLIC KEY-----."
        )
    return der[12:]


def read_head(path: str) -> Head:
    """A head that was kept outside."""
    try:
        return Head(read_text(path).replace("\r\n", "\n").strip("\n ") + "\n", f"Your head {path}")
    except Refused as error:
        raise CannotCheck(f"{error} Give the text of the head alone, as it was mailed or saved.") from None


def read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:  # editors of Windows put a mark in front
            return file.read(1024 * 1024)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotCheck(f"{path} can't be read: {error}.") from None


def check(options: argparse.Namespace, readers: Sequence[Any]) -> Check:
    """Open the files and check them."""
    key, outside = read_key(options.key), [read_head(path) for path in options.head]
    try:
        with open(options.export, "rb") as raw:
            if raw.read(2) != b"\x1f\x8b":
                raise CannotCheck(f"{options.export} is no export: it is not compressed with gzip.")
            raw.seek(0)
            say(f"1  The file {options.export}")
            with gzip.GzipFile(fileobj=raw) as file:
                checked = Check(Export(file), key, outside, readers)
                checked.run()
                return checked
    except OSError as error:
        raise CannotCheck(f"{options.export} can't be read: {error}.") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise Refused("A record of the file does not have the form that it should have.") from None


def tell_good(checked: Check) -> None:
    if checked.is_range:
        say(
            f"3  {checked.count} lines, {checked.first} to {checked.last}: every one is there, once, in its place, and unchanged."
        )
    else:
        say(
            f"3  {checked.count} lines: each one is in the sealed record and unchanged, and none was dropped since the export was made."
        )
    for head in checked.outside:
        say(
            f"4  {head.what}, over {head.size} lines, of {head.time}: this export continues it. Nothing before it was rewritten."
        )
    if not checked.outside:
        say(
            "4  You gave no head of your own. With one that you received earlier (--head) you would also see whether the company,"
        )
        say("   which has the key, made its whole record anew.")
    say("5  The closing record is signed, and the file is as it was made.")
    if not checked.is_range:
        say(
            "   That no line of the selection was left out when it was made, the company's signature says and nothing proves:"
        )
        say("   for that, ask for an export of all lines.")
    say(
        "\nRESULT: OK. These lines are what was sealed. Whether they were true when they were typed, no program can tell."
    )


def parser() -> argparse.ArgumentParser:
    about = argparse.ArgumentParser(
        description="Checks an export of Cotton ERP's record of changes.",
        epilog="Exit status: 0 everything fits; 1 refused; 2 could not check.",
    )
    about.add_argument("export", help="the file to check, such as log.jsonl.gz")
    about.add_argument(
        "--key", required=True, help="the company's public key, a PEM file that you received on another way"
    )
    about.add_argument(
        "--head", action="append", default=[], help="a signed head that you kept; may be given several times"
    )
    about.add_argument("--show", type=int, metavar="POSITION", help="print this event in words")
    about.add_argument("--summary", action="store_true", help="count what happened, by whom and from where")
    return about


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status."""
    options = parser().parse_args(arguments)
    readers: list[Any] = [Summary()] if options.summary else []
    readers += [] if options.show is None else [Show(options.show)]
    try:
        tell_good(check(options, readers))
        status = 0
    except Refused as error:
        say(f"\nRESULT: REFUSED. {error}\n\nWhat this means: {error.meaning}")
        status = 1
    except CannotCheck as error:
        say(f"\nRESULT: COULD NOT CHECK. {error}\n\nWhat this means: nothing is proved, neither good nor bad.")
        return 2
    for reader in readers:
        reader.tell()
    return status


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
