"""Columns that the database holds only in cipher, and keyed fingerprints to find equal values without reading them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django import forms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.validators import MaxLengthValidator
from django.db import models


def encrypt(value: str) -> str:
    """AES-SIV in base64. The same value gives the same cipher, so an unchanged row stays unchanged (RFC 5297)."""
    return base64.b64encode(_cipher().encrypt(value.encode(), None)).decode()


def decrypt(value: str) -> str:
    """The text behind `encrypt`. Raises: ImproperlyConfigured: it was written with another key, or altered."""
    try:
        return _cipher().decrypt(base64.b64decode(value, validate=True), None).decode()
    except (InvalidTag, ValueError):
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEY does not open a stored value: start with the key that it was written with."
        ) from None


def keyed_hash(value: str) -> str:
    """HMAC-SHA256 in hex: equal values are found by it, and nobody without the key can try out values."""
    return hmac.new(
        _derived(settings.FIELD_ENCRYPTION_KEY, b"fingerprint", 32), value.encode(), hashlib.sha256
    ).hexdigest()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # no [] on Django's classes at run time
    """Text that is plain on the instance and cipher in the database. Found by equality only; empty stays empty."""

    LOOKUPS: ClassVar = {"exact", "in", "isnull"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return encrypt(plain) if plain else plain

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in self.LOOKUPS else None

    def formfield(self, **kwargs: Any) -> Any:
        """One line, whatever the admin gives to long texts; the model checks the length once separators are gone."""
        line = forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"})
        return super().formfield(**{**kwargs, "widget": line, "max_length": None})


def _cipher() -> AESSIV:
    return AESSIV(_derived(settings.FIELD_ENCRYPTION_KEY, b"column", 64))


@lru_cache(maxsize=8)
def _derived(secret: str, purpose: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=b"cotton-erp " + purpose).derive(secret.encode())
