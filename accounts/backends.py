"""Signing in to the desk with email or mobile."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from accounts.models import User


class LoginBackend(ModelBackend):
    """Email in any case, or mobile in E.164; one query also brings what scoping needs."""

    def get_user(self, user_id: Any) -> User | None:
        users: QuerySet[User] = User.objects.select_related("organization", "partner")
        user = users.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
