"""Who calls the API: `Authorization: Bearer` with an access token, or with the key of a machine.

Either way one SELECT brings the sign-in or key with user, organization and partner, or a snapshot of a moment ago that still
stands (erp/snapshots.py), so that a sign-out, a new password, another role or a deactivation (of the user, its organization
or its partner) counts from the next request on. After it `request.auth` is the `AuthSession` or the `ApiKey`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from datetime import timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from erp import context, snapshots, tokens
from erp.kept import KEY, TEXT_KEY, Records
from erp.snapshots import Snapshot

SCHEME = "Bearer"
API_KEY = re.compile(r"(erp_live_[0-9a-z]{6,23})_[0-9a-f]{64}")
SEEN_EVERY = timedelta(minutes=5)
# What a user who owes a new password may still do. Machines have no password: their keys go on.
OPEN_BEFORE_CHANGE = frozenset(f"/api/v1/auth/{step}" for step in ("password", "logout", "me"))


class BearerAuthentication(BaseAuthentication):
    """Takes what follows the scheme, which is compared without regard to case."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Raises: AuthenticationFailed: the credentials are there and no good. None: there are none for this class."""
        credentials = _credentials(request)
        return None if credentials is None else self.identify(request, credentials)

    def known(self, request: Request) -> Snapshot | None:
        """What this process remembers of the caller, on credentials that are good as far as they tell themselves."""
        credentials = _credentials(request)
        return None if credentials is None else self.recall(request, credentials)

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'

    def identify(self, request: Request, credentials: str) -> tuple[Any, Any] | None:
        """User and row behind the credentials; None if they are another class's."""
        raise NotImplementedError

    def recall(self, request: Request, credentials: str) -> Snapshot | None:
        """The snapshot of the row behind the credentials."""
        raise NotImplementedError


class SessionTokenAuthentication(BearerAuthentication):
    """An access token of an open sign-in."""

    def identify(self, request: Request, credentials: str) -> tuple[Any, Any] | None:
        if credentials.startswith("erp_live_"):
            return None
        try:
            claims = _claims(request, credentials)
        except tokens.ExpiredTokenError:
            raise AuthenticationFailed("The access token has expired: refresh it.", "token_expired") from None
        except tokens.TokenError:
            raise AuthenticationFailed("The access token is not valid: sign in.", "token_invalid") from None
        session = snapshots.signed_in(request, f"session:{claims.sid}", lambda: _session(claims.sid))
        if session is None or not session.is_open or not session.user.may_sign_in:
            raise AuthenticationFailed("This sign-in has ended: sign in again.", "session_ended")
        if session.user.must_change_password and request.path_info not in OPEN_BEFORE_CHANGE:
            raise PermissionDenied(
                "Change your password first: POST /api/v1/auth/password.", "password_change_required"
            )
        touch(session, "last_seen_at")
        return session.user, session

    def recall(self, request: Request, credentials: str) -> Snapshot | None:
        if credentials.startswith("erp_live_"):
            return None
        try:
            return snapshots.store.find(f"session:{_claims(request, credentials).sid}")
        except tokens.TokenError:
            return None


class ApiKeyAuthentication(BearerAuthentication):
    """An API key, from an address and for a part of the API that it is meant for."""

    def identify(self, request: Request, credentials: str) -> tuple[Any, Any] | None:
        if not credentials.startswith("erp_live_"):
            return None
        key = self._find(request, credentials)
        if not _comes_from(key.allowed_ips):
            raise AuthenticationFailed("The API key may not be used from this address.", "api_key_address")
        if key.scopes and part_of(request.path_info) not in {*key.scopes, "auth"}:
            raise PermissionDenied("The API key is not meant for this part of the API.", "api_key_scope")
        touch(key, "last_used_at")
        return key.user, key

    def recall(self, request: Request, credentials: str) -> Snapshot | None:
        match = API_KEY.fullmatch(credentials)
        found = snapshots.store.find(f"key:{match[1]}") if match else None
        # Before the secret is known to be right, nothing is counted against the key's user.
        fits = found is not None and hmac.compare_digest(found.row.sha256, fingerprint(credentials))
        return found if fits else None

    def _find(self, request: Request, credentials: str) -> Any:
        """The key that is good now. Raises: AuthenticationFailed, with one answer for every cause."""
        match = API_KEY.fullmatch(credentials)
        prefix = match[1] if match else ""
        key = snapshots.signed_in(request, f"key:{prefix}", lambda: _key(prefix)) if prefix else None
        fits = key is not None and hmac.compare_digest(key.sha256, fingerprint(credentials))
        if key is None or not fits or not key.is_usable or not key.user.may_sign_in:
            raise AuthenticationFailed("The API key is unknown, expired or revoked.", "api_key_invalid")
        return key


def _credentials(request: Request) -> str | None:
    """What follows our scheme in the request's header."""
    scheme, _, credentials = request.headers.get("authorization", "").strip().partition(" ")
    return credentials.strip() if scheme.lower() == SCHEME.lower() else None


def _claims(request: Request, credentials: str) -> tokens.Claims:
    """What the access token of a request says, read once. Raises: tokens.TokenError."""
    known: tuple[str, tokens.Claims] | None = getattr(request._request, "claims", None)
    if known is None or known[0] != credentials:
        known = credentials, tokens.read(credentials, tokens.Kind.ACCESS)
        request._request.claims = known  # type: ignore[attr-defined]  # kept here for the request's second look
    return known[1]


def _name_of(row: Any) -> str:
    """What the snapshot of this sign-in or key is kept under."""
    return f"key:{row.prefix}" if hasattr(row, "prefix") else f"session:{row.pk}"


def _session(sid: uuid.UUID) -> Any:
    return next(iter(_sessions().get({KEY: sid})), None)


def _key(prefix: str) -> Any:
    return next(iter(_keys().get({TEXT_KEY: prefix})), None)


@cache
def _sessions() -> Records:
    rows = apps.get_model("accounts", "AuthSession")._default_manager.filter(pk=KEY, kind="api")
    return Records(rows.select_related("user__organization", "user__partner__organization"))


@cache
def _keys() -> Records:
    rows = apps.get_model("accounts", "ApiKey")._default_manager.filter(prefix=TEXT_KEY)
    return Records(rows.select_related("user__organization", "user__partner__organization"))


def fingerprint(api_key: str) -> str:
    """What is stored of an API key. Its 256 random bits need no slow hash."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def part_of(path: str) -> str:
    """The part of the API that a path belongs to, as API keys name it.

    >>> part_of("/api/v1/settings/commodities/7/varieties")
    'commodities'
    """
    steps = path.removeprefix("/api/v1/").removeprefix("settings/").split("/")
    return steps[0]


def touch(row: Any, column: str) -> None:
    """Note that this row was used now, at most once in five minutes, after the request's transaction and never waiting for another."""
    now = timezone.now()
    seen = getattr(row, column)
    if seen is not None and now - seen < SEEN_EVERY:
        return
    rows = type(row)._default_manager.filter(pk=row.pk)
    stale = rows.filter(Q(**{column: None}) | Q(**{f"{column}__lte": now - SEEN_EVERY}))
    free = stale.select_for_update(skip_locked=True, no_key=True).values("pk")

    def note() -> None:
        with transaction.atomic():
            rows.filter(pk__in=free).update(**{column: now})
        if kept := snapshots.store.find(_name_of(row)):
            setattr(kept.row, column, now)

    transaction.on_commit(note, robust=True)


def _comes_from(allowed: list[str]) -> bool:
    if not allowed:
        return True
    try:
        caller = _plain(context.current().ip)
    except ValueError:
        return False
    return any(_plain(address) == caller for address in allowed)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """The address, as IPv4 where it is one in IPv6 clothes. Raises: ValueError."""
    known = ip_address(address)
    return known.ipv4_mapped or known if isinstance(known, IPv6Address) else known


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself by being declared
    """How the API's document describes access tokens."""

    target_class = SessionTokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token that POST /api/v1/auth/login answers.",
        }


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's document describes API keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of a machine: erp_live_… Administrators make them at the desk.",
        }
