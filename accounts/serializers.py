"""Bodies of /api/v1/auth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from accounts.models import AuthSession, User
from erp.api.fields import TextField
from erp.api.permissions import grants_of


class StrictSerializer(serializers.Serializer[Any]):
    """A body with these fields and no others."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            sentence = f"There is no such field. Fields: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [sentence] for name in sorted(unknown)}, "unknown")
        return super().to_internal_value(data)


class LoginSerializer(StrictSerializer):
    username = TextField(max_length=254, help_text="Email in any case, or mobile as +919812345678.")
    password = TextField(max_length=1024, trim_whitespace=False)
    otp = TextField(max_length=8, required=False, help_text="Six digits, if the user has a second factor.")


class RefreshSerializer(StrictSerializer):
    refresh_token = TextField(max_length=4096)


class PasswordSerializer(StrictSerializer):
    current_password = TextField(max_length=1024, trim_whitespace=False)
    new_password = TextField(max_length=1024, trim_whitespace=False)


class OwnOrganizationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()


class OwnPartnerSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.CharField(source="partner_code")
    name = serializers.CharField(source="legal_name")


class CallerSerializer(serializers.ModelSerializer[User]):
    """The caller."""

    organization = OwnOrganizationSerializer(allow_null=True, read_only=True)
    partner = OwnPartnerSerializer(allow_null=True, read_only=True)
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = read_only_fields = (
            "id", "full_name", "email", "mobile", "user_type", "organization", "partner", "roles", "locale", "timezone",
            "mfa_enabled", "must_change_password",
        )  # fmt: skip

    def get_roles(self, user: User) -> list[str]:
        return sorted(grants_of(user).roles)


class MeSerializer(CallerSerializer):
    """The caller with every permission, as "app.verb_model"."""

    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = read_only_fields = (*CallerSerializer.Meta.fields, "permissions")

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.get_all_permissions())


class TokensSerializer(serializers.Serializer[Any]):
    """A pair of tokens: the access token for each request, the refresh token for the next pair."""

    access_token = serializers.CharField(source="access", read_only=True)
    refresh_token = serializers.CharField(source="refresh", read_only=True)
    token_type = serializers.CharField(read_only=True, help_text="Bearer")
    expires_in = serializers.IntegerField(read_only=True, help_text="Seconds that the access token is good for.")
    user = CallerSerializer(source="session.user", read_only=True)


class SessionSerializer(serializers.ModelSerializer[AuthSession]):
    """One open sign-in."""

    is_current = serializers.SerializerMethodField(help_text="Whether this request belongs to it.")

    class Meta:
        model = AuthSession
        fields = read_only_fields = (
            "id", "kind", "device_label", "ip", "user_agent", "created_at", "last_seen_at", "expires_at", "is_current",
        )  # fmt: skip

    def get_is_current(self, session: AuthSession) -> bool:
        return session == self.context.get("current")
