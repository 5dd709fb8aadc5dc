"""What the log tells about sign-ins: who came in, who failed, who left, whose password changed.

The rows of sign-ins and keys are recorded by the triggers as well; these events say what people look for.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.db import connection, transaction
from django.db.models import Q
from django.dispatch import receiver

from accounts.models import User
from erp import context
from erp.crypto import keyed_hash
from erp.events import registry

CATEGORY = "security"
LOGIN_SUCCEEDED = registry.register("user.login.succeeded", category=CATEGORY)
LOGIN_FAILED = registry.register("user.login.failed", category=CATEGORY)
GUESSED_AT = registry.register("user.login.guessed_at", category=CATEGORY)
LOGGED_OUT = registry.register("user.logged_out", category=CATEGORY)
PASSWORD_CHANGED = registry.register("user.password_changed", category=CATEGORY)
SESSION_REVOKED = registry.register("user.session.revoked", category=CATEGORY)
# Somebody tried a name that nobody has. An aggregate of its own, because there is no user.
UNKNOWN_LOGIN = registry.register("login.failed", category=CATEGORY)
UNKNOWN_GUESSED_AT = registry.register("login.guessed_at", category=CATEGORY)


def acting_as(user: User) -> AbstractContextManager[context.Context]:
    """Until the block ends, the record names this user, who has just proven to be it."""
    return context.acting(
        actor_id=user.pk, actor_label=context.label_of(user), organization_id=user.home_organization_id
    )


def record(event: registry.EventType, user: User, **payload: Any) -> None:
    """One event in the user's stream, by whoever acts."""
    user.emit_event(event.name, None, payload)
    user.flush_events()


@receiver(user_login_failed, dispatch_uid="accounts.login_failed")
def record_failure(credentials: dict[str, Any], **_: Any) -> None:
    """One event for each failed attempt, at the desk or through the API, with the same work whoever was meant."""
    login = str(credentials.get("username", "")).replace("\0", "")
    owned = User.objects.select_related("organization", "partner__organization")
    user = owned.filter(Q(email__iexact=login) | Q(mobile=login)).first()
    if user is None:
        _record_unknown(UNKNOWN_LOGIN, login)
    else:
        record(LOGIN_FAILED, user, reason="password" if user.may_sign_in else "inactive")


def record_guessing(user: User | None, login: str) -> None:
    """Somebody tries one password after the other for this name."""
    if user is None:
        _record_unknown(UNKNOWN_GUESSED_AT, login)
    else:
        record(GUESSED_AT, user)


def _record_unknown(kind: registry.EventType, login: str) -> None:
    """People type their password into the wrong field: only a keyed hash is kept, by which repeated attempts are seen."""
    subject = keyed_hash(login.strip().lower())
    event = {
        "aggregate_type": "login",
        "aggregate_id": subject,
        "object_type": "login",
        "object_id": subject,
        "category": kind.category,
        "event_type": kind.name,
        "schema_version": kind.version,
        "payload": {},
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT event_emit(%s::jsonb)", [json.dumps([event])])
