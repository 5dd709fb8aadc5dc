"""Users and how they sign in."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from erp.crypto import decrypt, encrypt
from erp.events.tracking import Tracking
from erp.identifiers import E164_PATTERN, IdentifierField, validate_e164, validate_timezone
from erp.models import MasterData, uuid7
from erp.rules import known_choices
from erp.scoping import Kind, Scope, ScopedQuerySet, UserType
from erp.search import search_indexes

# Says nothing about who has the name: it may be somebody of another organization (accounts/logins.py).
NAME_REFUSED = "can't be used here. Ask the person for another one, or ask support."


class UserScope(Scope):
    """Users of an organization are its own and those of its partners; a partner's users see each other."""

    def _internal(self, user: Any, *, read: bool) -> Q:
        own = user.organization_id
        return Q(organization=own) | Q(partner__organization=own) if own else Q(pk__in=[])

    def _external(self, user: Any, *, read: bool) -> Q:
        return Q(partner=user.partner_id) if user.partner_id else Q(pk__in=[])


class UserManager(BaseUserManager["User"].from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """Creates users with a hashed password; finds them by login."""

    def create_user(self, *, password: str | None = None, **fields: Any) -> User:
        """A validated user. Raises: ValidationError: the role does not fit its organization or partner."""
        user: User = self.model(**fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, *, password: str | None = None, **fields: Any) -> User:
        """A SUPER_ADMIN, for `manage.py createsuperuser`."""
        return self.create_user(password=password, **{"user_type": UserType.SUPER_ADMIN, **fields})

    def get_by_natural_key(self, login: str) -> User:
        """User by email (any case) or mobile. Raises: User.DoesNotExist."""
        users = self.select_related("organization", "partner__organization")
        user: User = users.get(Q(email__iexact=login) | Q(mobile=login))
        return user


@known_choices
class User(MasterData, AbstractBaseUser, PermissionsMixin):
    """A person or system that signs in. What it may see follows from `user_type` and its organization or partner."""

    UserType = UserType

    scope = UserScope(Kind.ORGANIZATION, "organization", "partner")
    tracking = Tracking(
        "user",
        label="full_name",
        secret=("password",),
        pii=("email", "mobile", "full_name"),
        ignored=("last_login",),
        unkept=("password", "last_login"),
        approved=("user_type", "is_superuser", "organization", "partner"),
        harmless=(("is_superuser", False),),
    )

    email = models.EmailField(
        "email address", null=True, blank=True, help_text="Login, any case. Example: asha.patel@example.com"
    )
    mobile = IdentifierField(
        max_length=16,
        null=True,
        blank=True,
        validators=[validate_e164],
        help_text="Login, with country code. Example: +919812345678",
    )
    full_name = models.CharField(max_length=200, help_text="As the person signs. Example: Asha Patel")
    user_type = models.CharField(
        "type",
        max_length=20,
        choices=UserType.choices,
        help_text="Super admin sees everything, internal its organization, external its business partner.",
    )
    organization = models.ForeignKey(
        "organizations.Organization",
        models.PROTECT,
        related_name="users",
        null=True,
        blank=True,
        help_text="Internal users only.",
    )
    partner = models.ForeignKey(
        "partners.BusinessPartner",
        models.PROTECT,
        related_name="users",
        null=True,
        blank=True,
        help_text="External users only.",
    )
    is_verified = models.BooleanField("verified", default=False, help_text="Email or mobile was proven to be theirs.")
    locale = models.CharField(max_length=10, default="en-IN", help_text="Language and formats. Example: en-IN")
    timezone = models.CharField(
        max_length=50, default="Asia/Kolkata", validators=[validate_timezone], help_text="Example: Asia/Kolkata"
    )
    mfa_enabled = models.BooleanField("second factor", default=False, editable=False)
    must_change_password = models.BooleanField(default=False, help_text="Asked for a new password at the next sign-in.")
    last_password_change = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering = ("full_name",)
        indexes = search_indexes("user", code="email", name="full_name", also=("mobile",))
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=f"This email address {NAME_REFUSED}",
            ),
            models.UniqueConstraint(
                fields=("mobile",),
                name="user_mobile_unique",
                violation_error_message=f"This mobile number {NAME_REFUSED}",
            ),
            models.CheckConstraint(
                condition=~Q(email=""),
                name="user_email_not_empty",
                violation_error_message="Leave the email address unset instead of empty.",
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(mobile__isnull=False),
                name="user_has_login",
                violation_error_message="Give an email address or a mobile number: one of them is the login.",
            ),
            models.CheckConstraint(
                condition=Q(mobile__isnull=True) | Q(mobile__regex=E164_PATTERN),
                name="user_mobile_e164",
                violation_error_message="Write the mobile number with + and country code, digits only: +919812345678.",
            ),
            models.CheckConstraint(
                condition=Q(user_type=UserType.SUPER_ADMIN, organization__isnull=True, partner__isnull=True)
                | Q(user_type=UserType.INTERNAL, organization__isnull=False, partner__isnull=True)
                | Q(user_type=UserType.EXTERNAL, organization__isnull=True, partner__isnull=False),
                name="user_role_fits_owner",
                violation_error_message=(
                    "A super admin has no organization and no partner, an internal user has an organization only, "
                    "an external user a partner only."
                ),
            ),
            models.CheckConstraint(
                condition=Q(user_type=UserType.SUPER_ADMIN, is_superuser=True)
                | (~Q(user_type=UserType.SUPER_ADMIN) & Q(is_superuser=False)),
                name="user_superuser_is_super_admin",
                violation_error_message="Only a super admin has all permissions.",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    def clean(self) -> None:
        """Normalises the login; `user_type` decides who is superuser."""
        self.email = self.email.strip() if self.email else None
        self.mobile = self.mobile or None
        self.is_superuser = self.user_type == UserType.SUPER_ADMIN

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Django keeps the new password here until it is saved, and not when it only renews the hash at a sign-in.
        if getattr(self, "_password", None) is not None and not self._state.adding:
            self.emit_event("user.password_changed", None)
        super().save(*args, **kwargs)

    @property
    def is_staff(self) -> bool:
        """Whether the desk lets this user in; Django's admin asks."""
        return self.is_active and self.user_type in {UserType.SUPER_ADMIN, UserType.INTERNAL}

    @property
    def may_sign_in(self) -> bool:
        """Whether the user is active, and so are its organization or its partner and that one's organization."""
        owners = (self.organization, self.partner, self.partner and self.partner.organization)
        return self.is_active and all(owner.is_active for owner in owners if owner)

    @property
    def home_organization_id(self) -> uuid.UUID | None:
        """Own organization (internal) or the organization of the own partner (external)."""
        return self.partner.organization_id if self.partner else self.organization_id

    def _owner_id(self, owner: str) -> Any:
        # The partner's organization watches over its partners' users: their events are its own too.
        return self.home_organization_id if owner == "organization" else super()._owner_id(owner)

    def get_username(self) -> str:
        return self.email or self.mobile or ""

    def get_full_name(self) -> str:
        return self.full_name

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.last_password_change = timezone.now()


class SecondFactor(TOTPDevice):
    """django-otp's device, whose `key` is cipher in the database and on the instance; only `bin_key` opens it."""

    class Meta:
        proxy = True
        default_permissions = ()

    @classmethod
    def of(cls, user: User, *, key: str) -> SecondFactor:
        """An unsaved device with this key of 160 bits, in hex."""
        return cls(user=user, name="Authenticator", key=encrypt(key))

    @property
    def bin_key(self) -> bytes:
        """The key itself."""
        return bytes.fromhex(decrypt(self.key))


@known_choices
class AuthSession(models.Model):
    """One sign-in, at the desk or through the API, until it ends. Its id is the `sid` of the tokens."""

    class Kind(models.TextChoices):
        WEB = "web", "Desk"
        API = "api", "API"

    class Reason(models.TextChoices):
        LOGOUT = "logout", "Signed out"
        LOGOUT_ALL = "logout_all", "Signed out everywhere"
        PASSWORD = "password", "Password changed"
        REUSE = "reuse", "Old refresh token used"
        DEACTIVATED = "deactivated", "User deactivated"
        ADMIN = "admin", "Ended by an administrator"

    # Rows keep the owner of the day they were made: an internal user's organization, an external user's partner as well.
    scope = Scope.of_partner()
    tracking = Tracking(
        "user",
        part="session",
        parent="user",
        label="device_label",
        secret=("current_jti",),
        pii=("ip", "user_agent"),
        ignored=("last_seen_at", "current_jti"),
        category="security",
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="sessions")
    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="+", null=True, editable=False
    )
    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="+", null=True, editable=False)
    kind = models.CharField(max_length=3, choices=Kind.choices)
    current_jti = models.UUIDField("current token", null=True, editable=False)
    created_at = models.DateTimeField("signed in at", default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    ip = models.GenericIPAddressField("IP address", null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    device_label = models.CharField("device", max_length=100, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField("ended at", null=True, blank=True)
    revoke_reason = models.CharField("reason", max_length=12, choices=Reason.choices, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "sign-in"
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="authsession_end_has_reason",
                violation_error_message="An ended sign-in has a reason, an open one has none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.device_label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.organization_id, self.partner_id = self.user.home_organization_id, self.user.partner_id
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        """Whether tokens of this sign-in are still good."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class ApiKey(MasterData):
    """A key with which a machine signs in as its service user. The key itself is shown once and never stored."""

    scope = Scope.of_organization()
    tracking = Tracking(
        "api_key",
        label="name",
        secret=("sha256",),
        ignored=("last_used_at",),
        unkept=("last_used_at",),
        category="security",
    )

    name = models.CharField(max_length=100, help_text="What uses the key. Example: Weighbridge Rajkot")
    user = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="api_keys", help_text="The machine acts as this user."
    )
    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="api_keys", editable=False
    )
    prefix = models.CharField(max_length=32, unique=True, editable=False, help_text="Public part by which it is found.")
    sha256 = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Parts of the API that it may use, by comma; empty: all that its user may. Example: commodities,locations",
    )
    allowed_ips = ArrayField(
        models.GenericIPAddressField(),
        default=list,
        blank=True,
        verbose_name="allowed IP addresses",
        help_text="Addresses that it may come from, by comma; empty: any. Example: 203.0.113.7",
    )
    expires_at = models.DateTimeField(help_text="After this moment the key opens nothing.")
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="apikey_name_unique",
                violation_error_message="The organization has an API key with this name already.",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="apikey_sha256_format",
                violation_error_message="An API key is stored as its SHA-256 in hex.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The service user must belong to an organization."""
        super().clean()
        self._take_organization()
        if self.user_id and not self.user.home_organization_id:
            raise ValidationError(
                {"user": f"{self.user} belongs to no organization: choose an internal or external user."}
            )

    @property
    def is_usable(self) -> bool:
        """Whether it opens anything now."""
        return self.is_active and self.revoked_at is None and self.expires_at > timezone.now()

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Forms exclude what they don't show; the name is unique in the organization all the same."""
        super().validate_constraints(set(exclude or ()) - {"organization"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._take_organization()
        super().save(*args, **kwargs)

    def _take_organization(self) -> None:
        if self.user_id and (home := self.user.home_organization_id):
            self.organization_id = home
