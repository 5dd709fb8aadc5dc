"""A new signing key takes over: the old one signs it, it signs the old one, and the hand-over is an event like any other.

A reader who trusts one key of the chain can follow it to the others: forward by the endorsement (the old key names the new
one), backward by the acceptance (the new key names the old one). Neither can be made without the private key.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from erp.ledger import seal, state
from erp.ledger.keys import SigningKey, load
from erp.ledger.models import Head, Key

# What the old key signs about the new one, and the new key about the old one. Public keys in base64.
HANDOVER = "cotton-erp/ledger-handover\n{name}\n{public_key}\n"
ACCEPTANCE = "cotton-erp/ledger-acceptance\n{name}\n{public_key}\n"


class RotationError(RuntimeError):
    """The keys can't change hands; nothing was written."""


def rotate(new: SigningKey) -> Head | None:
    """Hand over from the current key to `new` and seal the hand-over with it; returns that head.

    Raises: RotationError: `new` has signed before, or the current key is not the one that the settings name.
    ImproperlyConfigured: no current key. SealError: the ledger can't be sealed.
    """
    old = load()
    seal.seal()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(seal.LOCK)
        _hand_over(old, new)
    return seal.seal(key=new)


def endorsed(payload: Mapping[str, Any], *, old: bytes, name: str) -> bytes | None:
    """The public key (32 bytes) that a rotation event hands over to, when both signatures hold; else None.

    old: public key that signed before. name: the installation's name in heads.
    """
    try:
        new = base64.b64decode(payload["new_public_key"], validate=True)
        for signer, text, other, field in ((old, HANDOVER, new, "endorsement"), (new, ACCEPTANCE, old, "acceptance")):
            signature = base64.b64decode(payload[field], validate=True)
            Ed25519PublicKey.from_public_bytes(signer).verify(signature, _message(text, name, other))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return None
    return new


def _hand_over(old: SigningKey, new: SigningKey) -> None:
    current = Key.objects.filter(retired_at=None).first()
    if current is None or current.key_id != old.key_id.hex():
        raise RotationError(
            f"The ledger is signed with {current}, the settings name {old.name}+{old.key_id.hex()}: "
            "set AUDIT_SIGNING_KEY_FILE to the key that signs now and rotate again."
        )
    if Key.objects.filter(key_id=new.key_id.hex()).exists():
        raise RotationError(f"The key {new.name}+{new.key_id.hex()} has signed before: make a new one.")
    now = datetime.now(UTC)
    payload = {
        "old_key_id": old.key_id.hex(),
        "new_key_id": new.key_id.hex(),
        "new_public_key": _text(new.public),
        "endorsement": _text(old.sign(_message(HANDOVER, new.name, new.public))),
        "acceptance": _text(new.sign(_message(ACCEPTANCE, new.name, old.public))),
    }
    state.emit(state.KEY_ROTATED, payload)
    Key.objects.filter(pk=current.pk).update(retired_at=now)
    Key.objects.create(
        key_id=new.key_id.hex(),
        name=new.name,
        public_key=new.public,
        added_at=now,
        endorsement=payload["endorsement"],
    )


def _message(text: str, name: str, public_key: bytes) -> bytes:
    return text.format(name=name, public_key=_text(public_key)).encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
