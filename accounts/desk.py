"""Signing in to the desk: the password, then the second factor where there is one, then a row in `AuthSession`.

Until that row exists the browser is nobody, although Django's session knows whose password was right.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts import second_factor, sessions
from accounts.models import AuthSession, User
from erp.authentication import touch

SID = "sid"
OWES_SINCE = "owes_code_since"
PATIENCE_S = 600


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """Whoever has signed in, with organization and partner: one SELECT besides that of Django's session."""
    sid, user_id = request.session.get(SID), request.session.get(SESSION_KEY)
    if not sid or not user_id:
        return AnonymousUser()
    rows = AuthSession.objects.filter(pk=sid, user=user_id, kind=AuthSession.Kind.WEB)
    session = rows.select_related("user__organization", "user__partner__organization").first()
    if session is None or not session.is_open or not session.user.may_sign_in or not _knows(request, session.user):
        return AnonymousUser()
    touch(session, "last_seen_at")
    user: User = session.user
    return user


def owes_code(request: HttpRequest) -> bool:
    """Whether the password was right in this browser, some minutes ago at most, and the second factor is missing."""
    return bool(time.time() - request.session.get(OWES_SINCE, 0) < PATIENCE_S)


def owing_user(request: HttpRequest) -> User | None:
    """The user who owes the code."""
    if not owes_code(request):
        return None
    users = User.objects.select_related("organization", "partner__organization")
    user = users.filter(pk=request.session[SESSION_KEY]).first()
    return user if user and user.may_sign_in and _knows(request, user) else None


def sign_in(request: HttpRequest, user: User) -> None:
    """Open the sign-in that makes this browser the user's. A user who was just deactivated stays outside."""
    try:
        session = sessions.open_session(user, kind=AuthSession.Kind.WEB, request=request)
    except sessions.RefusedError:
        return
    request.session.pop(OWES_SINCE, None)
    request.session[SID] = str(session.pk)
    request.user = user


@receiver(user_logged_in, dispatch_uid="accounts.desk_password")
def after_password(request: HttpRequest, user: User, **_: Any) -> None:
    """Django has checked the password."""
    request.session.pop(SID, None)
    if second_factor.is_owed_by(user):
        request.session[OWES_SINCE] = time.time()
    else:
        sign_in(request, user)


@receiver(user_logged_out, dispatch_uid="accounts.desk_logout")
def end(request: HttpRequest, **_: Any) -> None:
    """End the sign-in of this browser."""
    if sid := request.session.get(SID):
        for session in AuthSession.objects.filter(pk=sid).select_related("user"):
            sessions.revoke(session, AuthSession.Reason.LOGOUT)


def _knows(request: HttpRequest, user: User) -> bool:
    """Whether the session was made with the user's present password."""
    known = request.session.get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(known, value) for value in hashes)
