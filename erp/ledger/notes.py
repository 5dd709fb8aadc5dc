"""Signed heads as text: C2SP checkpoints (c2sp.org/tlog-checkpoint) in C2SP signed notes (c2sp.org/signed-note).

cotton-erp/audit
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
timestamp 2026-11-23T05:30:00Z

— cotton-erp/audit Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"
TIME = "%Y-%m-%dT%H:%M:%SZ"
TEXT = re.compile(
    r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9]\d*)\n(?P<root>[A-Za-z0-9+/]{43}=)\ntimestamp (?P<time>[^\n]+)\n"
)
SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<value>[A-Za-z0-9+/]+=*)")


class NoteError(ValueError):
    """A checkpoint that is malformed, or that its key did not sign."""


class Signer(Protocol):
    """What signs a note: a name, 4 bytes of key id, and Ed25519."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class Signature:
    """One signature line: who signed, 4 bytes of key id, 64 bytes of Ed25519."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A parsed head. `text` is what was signed; nothing says that the signatures hold until `verify` did."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime
    text: str
    signatures: tuple[Signature, ...]


def key_id(name: str, public_key: bytes) -> bytes:
    """4 bytes that name an Ed25519 key in a signature line."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def checkpoint_text(*, origin: str, size: int, root: bytes, signed_at: datetime) -> str:
    """The text of a head, unsigned; `signed_at` to the second."""
    time = signed_at.astimezone(UTC).strftime(TIME)
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\ntimestamp {time}\n"


def sign(text: str, *keys: Signer) -> str:
    """The text as a signed note, with one line for each key. Raises: NoteError: the text doesn't end in a newline."""
    if not text.endswith("\n"):
        raise NoteError("A note ends in a newline: add it before signing.")
    lines = (f"— {key.name} {base64.b64encode(key.key_id + key.sign(text.encode())).decode()}\n" for key in keys)
    return f"{text}\n{''.join(lines)}"


def parse(checkpoint: str) -> Checkpoint:
    """What a checkpoint says. Raises: NoteError: it is malformed."""
    text, blank, signatures = checkpoint.rpartition("\n\n")
    said = TEXT.fullmatch(f"{text}\n")
    if not blank or not said:
        raise NoteError("This is no checkpoint: expected origin, size, root, timestamp, an empty line and signatures.")
    try:
        signed_at = datetime.strptime(said["time"], TIME).replace(tzinfo=UTC)
    except ValueError:
        raise NoteError(f"The checkpoint's time is {said['time']!r}, not like 2026-11-23T05:30:00Z.") from None
    return Checkpoint(
        origin=said["origin"],
        size=int(said["size"]),
        root=base64.b64decode(said["root"]),
        signed_at=signed_at,
        text=f"{text}\n",
        signatures=_signatures(signatures),
    )


def verify(checkpoint: str, keys: Mapping[tuple[str, bytes], bytes]) -> tuple[Checkpoint, list[Signature]]:
    """What a checkpoint says, and which of its signatures hold: one or more. Signatures of keys not given are passed over.

    keys: {(name, 4 bytes of key id): 32 bytes of public key}, as `known()` makes it.
    Raises: NoteError: it is malformed, a given key's signature is wrong, or none of the given keys signed it.
    """
    head = parse(checkpoint)
    held = []
    for signature in head.signatures:
        public_key = keys.get((signature.name, signature.key_id))
        if public_key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature.value, head.text.encode())
        except InvalidSignature:
            raise NoteError(
                f"The signature of {signature.name}+{signature.key_id.hex()} on the head of size {head.size} is wrong."
            ) from None
        held.append(signature)
    if not held:
        raise NoteError(f"The head of size {head.size} carries no signature of a known key.")
    return head, held


def known(*keys: tuple[str, bytes]) -> dict[tuple[str, bytes], bytes]:
    """Public keys, given as (name, 32 bytes), as `verify` looks them up."""
    return {(name, key_id(name, public_key)): public_key for name, public_key in keys}


def _signatures(lines: str) -> tuple[Signature, ...]:
    if not lines.endswith("\n"):
        raise NoteError("The checkpoint's last signature line doesn't end: it was cut off.")
    return tuple(_signature(line) for line in lines[:-1].split("\n"))


def _signature(line: str) -> Signature:
    found = SIGNATURE.fullmatch(line)
    try:
        value = base64.b64decode(found["value"], validate=True) if found else b""
    except binascii.Error:
        value = b""
    if not found or len(value) != 68:
        raise NoteError(f"The checkpoint's signature line {line!r} is malformed.")
    return Signature(found["name"], value[:4], value[4:])
