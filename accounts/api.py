"""Users and API keys in the partner API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, PermissionDenied, ValidationError

from accounts import logins
from accounts.models import ApiKey, User
from accounts.roles import EXTERNAL_ROLES, grantable_by, may_do_as_much
from erp import context
from erp.api.asked import CODE, SENTENCE
from erp.api.fields import TextField
from erp.api.ownership import chooses_owner
from erp.api.router import register
from erp.api.serializers import MasterDataSerializer
from erp.api.viewsets import READ_ONLY, MasterDataViewSet
from erp.approvals import asking, services
from erp.scoping import UserType

ROLES_MOST = 20


class UserSerializer(MasterDataSerializer):
    """A user as the acting user may make and change one: in its own scope, with roles that it could act in itself."""

    roles = serializers.ListField(
        child=TextField(max_length=150),
        required=False,
        max_length=ROLES_MOST,
        source="role_names",
        help_text='Names of roles. Example: ["viewer"]',
    )

    def new(self) -> Any:
        """Nobody signs in with it until a password is set."""
        user = super().new()
        user.set_unusable_password()
        user.role_names, user.granted = [], None
        return user

    def put(self, attrs: Any, row: Any) -> Any:
        """Puts the user where its type belongs."""
        values = dict(attrs)
        wanted: list[str] | None = values.pop("role_names", None)
        user = super().put(values, row)
        user.wanted = wanted
        acting = self.user
        if user._state.adding and not chooses_owner(acting):
            external = user.user_type == UserType.EXTERNAL
            user.organization_id = None if external else acting.organization_id
            if acting.user_type == UserType.EXTERNAL:
                user.partner_id = acting.partner_id
        return user

    def check(self, row: Any) -> None:
        """Adds who may make whom. Raises: ValidationError."""
        super().check(row)
        logins.note(self.context["request"]._request, row.email, row.mobile)
        acting = self.user
        if not chooses_owner(acting) and row.user_type == UserType.SUPER_ADMIN:
            raise ValidationError({"user_type": ["Only a super admin makes super admins."]})
        if acting.user_type == UserType.EXTERNAL and row.user_type != UserType.EXTERNAL:
            raise ValidationError({"user_type": ["Your users are external ones: choose EXTERNAL."]})
        row.granted = self._groups(row) if row.wanted is not None else None

    def create(self, validated_data: Any) -> Any:
        return self._grant(super().create(validated_data))

    def update(self, instance: Any, validated_data: Any) -> Any:
        return self._grant(super().update(instance, validated_data))

    def _groups(self, row: Any) -> list[Group]:
        wanted = set(row.wanted)
        if unknown := sorted(wanted - self.grantable.keys()):
            raise ValidationError({"roles": [f"{', '.join(unknown)}: there is no such role that you may give."]})
        external = row.user_type == UserType.EXTERNAL
        if misfits := sorted(name for name in wanted if (name in EXTERNAL_ROLES) != external):
            raise ValidationError({"roles": [f"{', '.join(misfits)}: not for {row.user_type} users."]})
        return [self.grantable[name] for name in wanted]

    @cached_property
    def grantable(self) -> dict[str, Group]:
        """Roles that the acting user may give, by name: asked once, however many users the request makes."""
        return {group.name: group for group in grantable_by(self.user)}

    def _grant(self, user: Any) -> Any:
        if user.granted is None:
            return user
        reason = context.current().reason or "Roles for the user's work"
        waiting = asking.ask_for_members(user, "groups", user.granted, maker=self.user, reason=reason)
        if waiting is not None:
            self.asked = waiting
            return user
        names = sorted(group.name for group in user.granted)
        if names != sorted(user.role_names):
            user.groups.set(user.granted)
            user.touch()
        user.role_names = names
        return user


@register("settings/users")
class Users(MasterDataViewSet):
    """In bulk users are made, not changed, and have no password: invite them, or reset it, as with any new user."""

    model = User
    serializer_base = UserSerializer
    fields = (
        "email", "mobile", "full_name", "user_type", "organization", "partner", "roles", "is_verified", "locale",
        "timezone", "mfa_enabled", "must_change_password",
    )  # fmt: skip
    filters = ("email", "mobile", "user_type", "organization", "partner", "is_verified", "is_active")
    ordering = ("full_name",)
    search = ("full_name", "email")
    staff_written = ("is_verified", "organization", "partner")

    def narrow(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """With the names of their roles."""
        names = Group.objects.filter(user=OuterRef("pk")).order_by("name").values("name")
        named: models.QuerySet[Any] = rows.annotate(role_names=ArraySubquery(names))
        return named

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """Whether roles need a second person, asked once."""
        self.roles_wait = any(row.wanted for row in rows) and services.in_force()

    def check_bulk(self, serializer: Any, row: Any) -> None:
        """Raises: ValidationError: a role, which needs a second person."""
        super().check_bulk(serializer, row)
        if row.granted and self.roles_wait:
            raise ValidationError({"roles": [ErrorDetail(SENTENCE, code=CODE)]})

    def after_bulk(self, rows: Sequence[Any]) -> None:
        """The roles of new users. They raise the version, as at one at a time."""
        holders = [row for row in rows if row.granted]
        held = User.groups.through
        held.objects.bulk_create([held(user=row, group=group) for row in holders for group in row.granted])
        User.objects.filter(pk__in=[row.pk for row in holders]).update(version=F("version") + 1)

    def guard(self, row: Any) -> None:
        """Raises: PermissionDenied: who may do less than a user can't change it, or would act as that user next."""
        if not may_do_as_much(self.request.user, row):
            raise PermissionDenied("This user may do more than you: ask somebody who may do as much.")


@register("settings/api-keys")
class ApiKeys(MasterDataViewSet):
    """Keys of machines; the key itself is shown once, when it is made."""

    model = ApiKey
    fields = (
        "name", "prefix", "user", "organization", "scopes", "allowed_ips", "expires_at", "last_used_at", "revoked_at",
    )  # fmt: skip
    filters = ("user", "prefix", "expires_at", "is_active")
    ordering = ("name", "expires_at")
    search = ("name",)
    verbs = READ_ONLY
