"""The Ed25519 key that signs heads: a PEM file that the application may read and the database never sees."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from erp.ledger import notes

MAKE_ONE = "Make one with `openssl genpkey -algorithm ed25519 -out FILE`, readable by the application alone."


@dataclass(frozen=True)
class SigningKey:
    """A key and the name that stands beside its signatures: the origin of this installation's heads."""

    name: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> bytes:
        """4 bytes; in the table `ledger_key` as 8 hex digits."""
        return notes.key_id(self.name, self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(message)


def load() -> SigningKey:
    """The key of this installation; development makes one where none is.

    Raises: ImproperlyConfigured: no file is named, it can't be read, or it holds another kind of key.
    """
    if settings.AUDIT_SIGNING_KEY_FILE:
        return read(Path(settings.AUDIT_SIGNING_KEY_FILE))
    if not settings.DEBUG:
        raise ImproperlyConfigured(f"AUDIT_SIGNING_KEY_FILE is not set: the ledger can't be sealed. {MAKE_ONE}")
    path = Path(settings.BASE_DIR) / "var" / "audit-signing-key.pem"
    if not path.exists():
        write(path)
    return read(path)


def read(path: Path) -> SigningKey:
    """The key in a PEM file (PKCS #8). Raises: ImproperlyConfigured: unreadable, or no Ed25519 key."""
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ImproperlyConfigured(f"The signing key {path} can't be read: {error.strerror}. {MAKE_ONE}") from None
    except (ValueError, TypeError):
        raise ImproperlyConfigured(f"The signing key {path} is no unencrypted PEM key. {MAKE_ONE}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ImproperlyConfigured(f"The signing key {path} is no Ed25519 key. {MAKE_ONE}")
    return SigningKey(settings.AUDIT_ORIGIN, private)


def write(path: Path) -> None:
    """Put a new key into a file that only its owner reads; a file that is there already stays.

    The whole file appears at once, so two processes that start together agree on one key.
    """
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def public_pem(public_key: bytes | None = None) -> str:
    """PEM of a raw public key, 32 bytes; of the installation's own key by default."""
    key = Ed25519PublicKey.from_public_bytes(public_key or load().public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@register(Tags.security, deploy=True)
def check_signing_key(**_: Any) -> list[CheckMessage]:
    """A production environment names its signing key. Whether the file is good, sealing says: a build has no secrets."""
    if settings.AUDIT_SIGNING_KEY_FILE:
        return []
    return [Error("AUDIT_SIGNING_KEY_FILE is not set: nothing will be sealed.", hint=MAKE_ONE, id="ledger.E001")]
