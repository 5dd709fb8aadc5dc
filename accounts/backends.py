"""Signing in to the desk with email or mobile."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from accounts.models import User


class LoginBackend(ModelBackend):
    """Email in any case, or mobile in E.164; one query also brings what scoping needs."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Neither a deactivated user nor one of an organization or partner that was deactivated."""
        return bool(user.may_sign_in)

    def get_user(self, user_id: Any) -> User | None:
        users: QuerySet[User] = User.objects.select_related("organization", "partner__organization")
        user = users.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
