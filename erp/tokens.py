"""Tokens of the API: JSON Web Tokens that name a sign-in and nothing else.

simplejwt signs and reads them. What they may open is decided by the sign-in's row at each request (erp/authentication.py),
so a token holds no role, no scope and no name. The header's `kid` names the secret: after a change of JWT_SECRET, tokens of
JWT_SECRET_PREVIOUS stay good until they expire.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt import settings as simplejwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken

from erp.snapshots import Lru

MAX_LENGTH = 2000  # ours have about 400


class Kind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


class TokenError(Exception):
    """Not a token of ours, or not of this kind."""


class ExpiredTokenError(TokenError):
    """A token of ours whose time is over."""


@dataclass(frozen=True)
class Claims:
    """`sid` names the sign-in, `jti` this token."""

    sid: uuid.UUID
    jti: uuid.UUID


_read_before: Lru[tuple[Claims, int]] = Lru()


def lifetime(kind: Kind) -> timedelta:
    """How long a token of this kind is good for at most."""
    span: timedelta = getattr(simplejwt.api_settings, f"{kind.upper()}_TOKEN_LIFETIME")
    return span


def issue(kind: Kind, claims: Claims, *, until: datetime) -> str:
    """A signed token that is good until then, and no longer than its kind allows."""
    now = timezone.now()
    expires = min(until, now + lifetime(kind))
    secret = simplejwt.api_settings.SIGNING_KEY
    payload = {
        "token_type": kind.value,
        "sid": str(claims.sid),
        "jti": str(claims.jti),
        "iat": int(now.timestamp()),
        "exp": int(expires.timestamp()),
        "iss": simplejwt.api_settings.ISSUER,
        "aud": simplejwt.api_settings.AUDIENCE,
    }
    # simplejwt's own encode() can't name the key.
    backend = _backend(secret)
    return jwt.encode(payload, backend.prepared_signing_key, backend.algorithm, headers={"kid": key_id(secret)})


def read(token: str, kind: Kind) -> Claims:
    """The claims of a token of this kind, with signature, times, issuer and audience checked.

    Raises: ExpiredTokenError: its time is over. TokenError: anything else is wrong with it.
    """
    # A signature that was good once stays good; the token's end is looked at each time.
    name = _name_of(token, kind)
    claims, ends_at = _read_before.find(name) or _verify(token, kind)
    if ends_at <= time.time():
        raise ExpiredTokenError("The token has expired.")
    _read_before.keep(name, (claims, ends_at))
    return claims


def _verify(token: str, kind: Kind) -> tuple[Claims, int]:
    """The claims, and the second (Unix time) at which the token expires. Raises: TokenError."""
    try:
        payload = _backend(_secret_of(token)).decode(token)  # type: ignore[arg-type]  # the stubs want a Token
    except TokenBackendExpiredToken:
        raise ExpiredTokenError("The token has expired.") from None
    except TokenBackendError:
        raise TokenError("The token was not signed here, or was altered.") from None
    return _claims(payload, kind), _number(payload, "exp")


def _name_of(token: str, kind: Kind) -> bytes:
    """What a token that was read is remembered by: not the token itself, and another name under other settings."""
    rules = simplejwt.api_settings
    under = (rules.SIGNING_KEY, settings.JWT_SECRET_PREVIOUS, rules.ISSUER, rules.AUDIENCE, rules.ALGORITHM)
    return hashlib.sha256("\n".join((kind, *under, token)).encode(errors="surrogatepass")).digest()


def key_id(secret: str) -> str:
    """Public name of a secret."""
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:12]


def _secret_of(token: str) -> str:
    """The secret that the header names. Raises: TokenError."""
    if len(token) > MAX_LENGTH:
        raise TokenError("The token is too long to be one of ours.")
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError:
        raise TokenError("This is no token.") from None
    for secret in (simplejwt.api_settings.SIGNING_KEY, settings.JWT_SECRET_PREVIOUS):
        if secret and named == key_id(secret):
            return str(secret)
    raise TokenError("The token was signed with a key that is not in use.")


def _backend(secret: str) -> TokenBackend:
    return TokenBackend(
        simplejwt.api_settings.ALGORITHM,
        secret,
        audience=simplejwt.api_settings.AUDIENCE,
        issuer=simplejwt.api_settings.ISSUER,
    )


def _claims(payload: dict[str, Any], kind: Kind) -> Claims:
    """Raises: TokenError: a claim is missing, or not of the type and size that we write."""
    if payload.get("token_type") != kind.value:
        raise TokenError(f"This is no {kind.value} token.")
    span = _number(payload, "exp") - _number(payload, "iat")
    if not isinstance(payload.get("aud"), str) or not 0 < span <= lifetime(kind).total_seconds():
        raise TokenError("The token does not look like one of ours.")
    return Claims(_uuid(payload, "sid"), _uuid(payload, "jti"))


def _number(payload: dict[str, Any], name: str) -> int:
    value = payload.get(name)
    if type(value) is not int:
        raise TokenError(f"The token's claim {name} is not a whole number.")
    return value


def _uuid(payload: dict[str, Any], name: str) -> uuid.UUID:
    value = payload.get(name)
    try:
        return uuid.UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise TokenError(f"The token's claim {name} is not a UUID.") from None
