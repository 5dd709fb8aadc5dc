"""Sign-ins: opened, carried on with a new pair of tokens, ended.

The row in `AuthSession` is the truth; tokens and cookies only name it. A user's new password, deactivation or change of owner
ends all of them by a trigger (accounts/constraints.py), whoever writes it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import security
from accounts.models import AuthSession, User
from erp import context, tokens
from erp.authentication import SCHEME

BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


class RefusedError(Exception):
    """The sign-in can't be opened or carried on."""


@dataclass(frozen=True)
class Tokens:
    """What an API client gets: the access token for `expires_in` seconds, the refresh token for one use."""

    session: AuthSession
    access: str
    refresh: str
    expires_in: int
    token_type: str = SCHEME


def open_session(user: User, *, kind: str, request: HttpRequest) -> AuthSession:
    """A new sign-in of a user who has just proven to be it.

    Raises: RefusedError: meanwhile the user was deactivated or the password changed.
    """
    agent = request.headers.get("user-agent", "").replace("\0", "")
    age = timedelta(seconds=settings.SESSION_COOKIE_AGE) if kind == AuthSession.Kind.WEB else _api_lifetime()
    with security.acting_as(user), transaction.atomic():
        # Under the lock of the row whose change ends all sign-ins: this one comes before the change, or not at all.
        fresh = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True, password=user.password)
        if not list(fresh.values_list("pk")):
            raise RefusedError(f"{user} can't sign in any more.")
        session = AuthSession.objects.create(
            user=user,
            kind=kind,
            current_jti=uuid.uuid4() if kind == AuthSession.Kind.API else None,
            ip=_address(),
            user_agent=agent[:300],
            device_label=device_of(agent),
            expires_at=timezone.now() + age,
        )
        User.objects.filter(pk=user.pk).update(last_login=session.created_at)
        security.record(security.LOGIN_SUCCEEDED, user, kind=kind, session=str(session.pk))
    return session


def tokens_of(session: AuthSession) -> Tokens:
    """A pair of tokens for an open API sign-in; the refresh token is the one that is current."""
    refresh = tokens.Claims(session.pk, session.current_jti or uuid.uuid4())
    return Tokens(
        session,
        access=tokens.issue(tokens.Kind.ACCESS, tokens.Claims(session.pk, uuid.uuid4()), until=session.expires_at),
        refresh=tokens.issue(tokens.Kind.REFRESH, refresh, until=session.expires_at),
        expires_in=int(tokens.lifetime(tokens.Kind.ACCESS).total_seconds()),
    )


def rotate(refresh_token: str) -> Tokens:
    """A new pair for the current refresh token, under the lock of the sign-in's row. An old one ends the sign-in.

    Commits by itself, so that the end holds although the caller is refused.
    Raises: tokens.TokenError; RefusedError: the sign-in has ended, or ends now.
    """
    claims = tokens.read(refresh_token, tokens.Kind.REFRESH)
    with transaction.atomic(durable=True):
        rows = AuthSession.objects.select_for_update(no_key=True, of=("self",)).filter(kind=AuthSession.Kind.API)
        session = rows.select_related("user__organization", "user__partner__organization").filter(pk=claims.sid).first()
        if session is None or not session.is_open or not session.user.may_sign_in:
            raise RefusedError("This sign-in has ended.")
        is_current = session.current_jti == claims.jti
        if is_current:
            session.current_jti, session.last_seen_at = uuid.uuid4(), timezone.now()
            session.save(update_fields=["current_jti", "last_seen_at"])
        else:
            # Two hold the same token, and one of them is not the owner.
            revoke(session, AuthSession.Reason.REUSE)
    if not is_current:
        raise RefusedError("This refresh token was used before.")
    return tokens_of(session)


def revoke(session: AuthSession, reason: str) -> None:
    """End one sign-in; one that has ended stays as it is."""
    ended = AuthSession.objects.filter(pk=session.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoke_reason=reason
    )
    if ended:
        event = security.LOGGED_OUT if reason == AuthSession.Reason.LOGOUT else security.SESSION_REVOKED
        security.record(event, session.user, session=str(session.pk), reason=reason)


def revoke_all(user: User, reason: str) -> int:
    """End all sign-ins of this user; returns how many."""
    open_ones = AuthSession.objects.filter(user=user, revoked_at=None)
    ended = open_ones.update(revoked_at=timezone.now(), revoke_reason=reason)
    if ended:
        security.record(security.SESSION_REVOKED, user, sessions=ended, reason=reason)
    return ended


def device_of(user_agent: str) -> str:
    """What a person calls the program behind a User-Agent header: "Chrome on Windows", "python-httpx"."""
    browser = next(
        (name for mark, name in BROWSERS.items() if mark in user_agent), user_agent.split("/", maxsplit=1)[0][:60]
    )
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser


def _api_lifetime() -> timedelta:
    return tokens.lifetime(tokens.Kind.REFRESH)


def _address() -> str | None:
    """The caller's address; None where there is none, as in a command."""
    try:
        return str(ip_address(context.current().ip))
    except ValueError:
        return None
