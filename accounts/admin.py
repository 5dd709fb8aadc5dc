"""Users, roles, sign-ins and API keys at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.forms import AdminPasswordChangeForm, SetPasswordMixin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import api_keys, logins, second_factor, sessions
from accounts.models import ApiKey, AuthSession, User
from accounts.pages import DeskLoginForm
from accounts.roles import ROLES, grantable_by, may_do_as_much, roles_for
from erp import context
from erp.admin.base import MasterDataAdmin
from erp.admin.forms import ChangeForm
from erp.admin.generic import ModelAdmin
from erp.scoping import UserType


class RolesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """Roles by name and task."""

    def label_from_instance(self, obj: Any) -> str:
        name = obj.name.replace("_", " ").capitalize()
        return f"{name}: {ROLES[obj.name].title}" if obj.name in ROLES else name


class UserForm(ChangeForm):
    """A user as `acting_user` may change one: in its own organization, with the roles that it may grant."""

    acting_user: User
    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        """Puts the user where its type belongs. Raises: ValidationError: a role is not for this type of user."""
        cleaned = super().clean()
        logins.note(self.request, cleaned.get("email"), cleaned.get("mobile"))
        user_type = cleaned.get("user_type", "")
        if not self.acting_user.is_superuser:
            is_external = user_type == UserType.EXTERNAL
            self.instance.organization_id = None if is_external else self.acting_user.organization_id
        misfits = cleaned.get("groups", Group.objects.none()).exclude(pk__in=roles_for(user_type))
        if user_type and misfits:
            names = ", ".join(group.name for group in misfits)
            raise ValidationError(
                {"groups": f"{names}: not for {UserType(user_type).label.lower()} users, choose another role."}
            )
        return cleaned


class UserAddForm(SetPasswordMixin, UserForm):  # type: ignore[type-arg]  # takes none at run time
    """A new user with its first password."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    def clean(self) -> dict[str, Any]:
        """Adds that both passwords are the same."""
        self.validate_passwords()
        return super().clean()

    def _post_clean(self) -> None:
        super()._post_clean()
        self.validate_password_for_user(self.instance)

    def save(self, commit: bool = True) -> Any:
        """The user with its password hashed."""
        self.instance.set_password(self.cleaned_data["password1"])
        return super().save(commit)


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # takes none at run time
    """A new password; users who shall not sign in are deactivated instead."""

    usable_password = None


@admin.register(User)
class UserAdmin(MasterDataAdmin, auth_admin.UserAdmin):  # type: ignore[type-arg]  # takes none at run time
    list_display = ("full_name", "email", "mobile", "user_type", "organization", "partner", "last_login", "is_active")
    list_filter = ("user_type", "is_active", "is_verified")
    search_fields = ("full_name", "email", "mobile")
    ordering = ("full_name",)
    filter_horizontal = ()
    change_password_form = PasswordForm
    readonly_fields = ("password_page", "last_login", "last_password_change", "mfa_enabled")
    add_form_template = None
    actions = ("forget_second_factor",)
    person: Any = ("Person", {"fields": ("full_name", ("email", "mobile"), ("locale", "timezone"))})
    access: Any = ("Access", {"fields": ("user_type", ("organization", "partner"), "groups")})
    fieldsets = (
        person,
        access,
        (
            "Sign-in",
            {
                "fields": (
                    ("is_active", "is_verified", "must_change_password"),
                    ("password_page", "last_password_change"),
                    ("last_login", "mfa_enabled"),
                )
            },
        ),
    )
    add_fieldsets = (
        person,
        access,
        ("Sign-in", {"fields": (("password1", "password2"), ("is_verified", "must_change_password"))}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may do less than a user can't change it: a new password would give away what they lack."""
        return super().has_change_permission(request, obj) and (obj is None or self._may_do_as_much(request, obj))

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Passwords don't come from files."""
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Hashes can't be guessed letter by letter through filters."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def fixed_owner(self, request: HttpRequest) -> dict[str, Any]:
        """The own organization; `UserForm` empties it for a partner's user."""
        user: Any = request.user
        return {} if user.is_superuser else {"organization_id": user.organization_id}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = UserForm if obj else UserAddForm
        attributes = {
            "owner": self.fixed_owner(request),
            "acting_user": request.user,
            "request": request,
            "refusal": getattr(request, "desk_refusal", ""),
        }
        kwargs.setdefault("form", type(form.__name__, (form,), attributes))
        return super().get_form(request, obj, change=change, **kwargs)

    @admin.display(description="password")
    def password_page(self, user: User) -> SafeString:
        """Link to the page that sets a new one."""
        return format_html(
            '<a href="{}">Set a new password</a>', reverse("admin:auth_user_password_change", args=[user.pk])
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs |= {
                "form_class": RolesField,
                "queryset": grantable_by(request.user),
                "widget": forms.CheckboxSelectMultiple,
                "label": "Roles",
                "help_text": "Only roles that you could act in yourself.",
            }
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_type" and not request.user.is_superuser:
            kwargs["choices"] = [choice for choice in UserType.choices if choice[0] != UserType.SUPER_ADMIN]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        context.amend(reason="Password set by an administrator")
        return super().user_change_password(request, id, form_url)

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """Who may change users may help one whose telephone is gone."""
        return request.user.has_perm("accounts.change_user")

    @admin.action(description="Forget the second factor of selected users", permissions=["forget"])
    def forget_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """They sign in with the password alone, or set up another one where their type must have it."""
        for user in queryset.editable_by(request.user).filter(mfa_enabled=True):  # type: ignore[attr-defined]
            if may_do_as_much(request.user, user):
                second_factor.turn_off(user, reason="Second factor forgotten by an administrator")
                sessions.revoke_all(user, AuthSession.Reason.ADMIN)
            else:
                self.message_user(request, f"{user} may do more than you: not changed.", messages.WARNING)

    def _may_do_as_much(self, request: HttpRequest, user: User) -> bool:
        answers: dict[Any, bool] = request.__dict__.setdefault("_desk_may_do_as_much", {})
        if user.pk not in answers:
            answers[user.pk] = may_do_as_much(request.user, user)
        return answers[user.pk]


class ReadOnly(ModelAdmin):
    """What the system keeps itself: people look at it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ReadOnly):
    """Roles come with the release (accounts/roles.py); here everybody can read what each may do."""

    list_display = ("name", "title", "holders")
    search_fields = ("name",)
    fields = ("name", "title", "may")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        # A subquery in scope: how many users of others hold a role is nobody's business.
        users = User.objects.visible_to(request.user)
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(user_count=Count("user", filter=Q(user__in=users)))

    @admin.display(description="what for")
    def title(self, group: Group) -> str:
        """The role's task in one line."""
        return ROLES[group.name].title if group.name in ROLES else ""

    @admin.display(description="users", ordering="user_count")
    def holders(self, group: Any) -> int:
        """Users in the viewer's scope who hold the role."""
        return int(group.user_count)

    @admin.display(description="may")
    def may(self, group: Group) -> SafeString:
        """One line for each kind of record: "Commodity: view, add, change"."""
        permissions = group.permissions.select_related("content_type").order_by(
            "content_type__app_label", "content_type__model", "pk"
        )
        return format_html_join("", "<div>{}: {}</div>", _verbs(permissions))


def _verbs(permissions: QuerySet[Permission]) -> Iterator[tuple[str, str]]:
    for content_type, group in groupby(permissions, key=lambda permission: permission.content_type):
        yield content_type.name.capitalize(), ", ".join(permission.codename.split("_")[0] for permission in group)


@admin.register(AuthSession)
class AuthSessionAdmin(ReadOnly):
    actions = ("end",)
    list_display = ("user", "kind", "device_label", "ip", "created_at", "last_seen_at", "expires_at", "revoked_at")
    list_filter = ("kind", "revoke_reason")
    list_select_related = ("user",)
    search_fields = ("user__full_name", "user__email")
    fields = (
        "user", "kind", "device_label", "ip", "user_agent", "created_at", "last_seen_at", "expires_at", "revoked_at",
        "revoke_reason",
    )  # fmt: skip
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuthSession]:
        rows: QuerySet[AuthSession] = AuthSession.objects.visible_to(request.user)
        return rows

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Who may change users may end their sign-ins."""
        return request.user.has_perm("accounts.change_user")

    @admin.action(description="End selected sign-ins", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[AuthSession]) -> None:
        """The programs and browsers behind them must sign in again."""
        context.amend(reason="Sign-in ended by an administrator")
        for session in queryset.select_related("user"):
            if may_do_as_much(request.user, session.user):
                sessions.revoke(session, AuthSession.Reason.ADMIN)
            else:
                self.message_user(request, f"{session.user} may do more than you: not ended.", messages.WARNING)


class ApiKeyForm(ChangeForm):
    """A new key, for a user who may do no more than `acting_user`: who holds the key acts as that user."""

    acting_user: User

    def clean(self) -> dict[str, Any]:
        """Raises: ValidationError: the user may do more, or the key would open nothing."""
        cleaned = super().clean()
        user, expires_at = cleaned.get("user"), cleaned.get("expires_at")
        if user and not may_do_as_much(self.acting_user, user):
            self.add_error("user", f"{user} may do more than you: choose another user.")
        if expires_at and expires_at <= timezone.now():
            self.add_error("expires_at", "Choose a time in the future: after it the key opens nothing.")
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(MasterDataAdmin):
    list_display = ("name", "prefix", "user", "organization", "expires_at", "last_used_at", "revoked_at", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "prefix")
    form = ApiKeyForm
    actions = ("revoke",)
    fields = (
        "name",
        "prefix",
        "user",
        "organization",
        "scopes",
        "allowed_ips",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    readonly_fields = ("prefix", "organization", "last_used_at", "revoked_at")

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Keys don't come from files."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a key opens is settled when it is made; revoke it and make another one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revoked key stays, so that its traces can be read."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """The role's permission; the list shows only keys in scope."""
        return request.user.has_perm("accounts.change_apikey")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else [name for name in self.fields if name not in self.readonly_fields]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs.setdefault("form", self.owned_form(request, acting_user=request.user))
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        request.__dict__["issued_key"] = api_keys.assign(obj)
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The page that shows the key, this once: a message would keep it in a cookie."""
        page = {**self.admin_site.each_context(request), "title": "New API key", "opts": self.opts, "original": obj}
        return TemplateResponse(request, "admin/api_key_issued.html", {**page, "key": request.__dict__["issued_key"]})

    @admin.action(description="Revoke selected API keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """They open nothing from now on."""
        context.amend(reason="API key revoked at the desk")
        for key in queryset:
            api_keys.revoke(key)


# django-otp's own page would show the keys of everybody's second factor.
admin.site.unregister(TOTPDevice)
admin.site.login_form = DeskLoginForm
