"""API keys: made, shown once, ended. `erp_live_<id>_<secret>`; the id is public, of the whole only the SHA-256 is stored."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from accounts.models import ApiKey, User
from erp.authentication import fingerprint


def issue(
    user: User, *, name: str, expires_at: datetime, scopes: Sequence[str] = (), allowed_ips: Sequence[str] = ()
) -> tuple[ApiKey, str]:
    """A new key of this user, and the text that opens the API; it can't be shown again.

    Raises: ValidationError: the name is taken, or the user belongs to no organization.
    """
    key = ApiKey(user=user, name=name, expires_at=expires_at, scopes=list(scopes), allowed_ips=list(allowed_ips))
    text = assign(key)
    key.full_clean()
    key.save()
    return key, text


def assign(key: ApiKey) -> str:
    """Give an unsaved key its id and secret; returns the text to show once."""
    key.prefix = f"erp_live_{secrets.token_hex(6)}"
    text = f"{key.prefix}_{secrets.token_hex(32)}"
    key.sha256 = fingerprint(text)
    return text


def revoke(key: ApiKey) -> None:
    """From the next request on the key opens nothing."""
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save()
