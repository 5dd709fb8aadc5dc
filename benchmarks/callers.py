"""Signed-in callers for benchmarks that measure no sign-in: `python -m benchmarks.callers COUNT` prints their tokens as JSON.

The limits hold for them as for everybody, so there are many, and they take turns.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.http import HttpRequest

from accounts import sessions
from accounts.models import AuthSession, User


def tokens(count: int) -> list[str]:
    """Access tokens of as many internal users."""
    users = User.objects.filter(user_type="INTERNAL").order_by("email")[:count]
    opened = (sessions.open_session(user, kind=AuthSession.Kind.API, request=HttpRequest()) for user in users)
    return [sessions.tokens_of(session).access for session in opened]


if __name__ == "__main__":
    print(json.dumps(tokens(int(sys.argv[1]))))
