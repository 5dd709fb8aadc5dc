"""The desk's page for the second factor: ask for the code, set it up, turn it off."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import desk, guard, second_factor, security
from accounts.models import User
from accounts.passwords import SAME_PASSWORD
from erp.ratelimits import LimitExceeded, limit

KEY = "second_factor_key"
WRONG = "This code is wrong or was used before. Wait for the next one; after several wrong codes, wait longer."


class DeskLoginForm(AdminAuthenticationForm):
    """The desk's login, under the limits of the API's."""

    tier = "login"
    wait_s = 0  # until it makes sense to try again, where there were too many attempts

    def clean(self) -> dict[str, Any]:
        """Raises: ValidationError: too many attempts, or not a user of the desk."""
        name = self.cleaned_data.get("username") or ""
        try:
            _count(self, self.request, account=name)
            attempt = guard.admit(self.request, name) if self.request and name else None
        except LimitExceeded as refusal:
            self.wait_s = refusal.usage.wait_s
            raise _too_many(refusal) from None
        cleaned = super().clean()
        if attempt and self.get_user():
            attempt.give_back()
        return cleaned

    def confirm_login_allowed(self, user: Any) -> None:
        try:
            super().confirm_login_allowed(user)
        except forms.ValidationError:
            security.record(security.LOGIN_FAILED, user, reason="not staff")
            raise


class CodeForm(forms.Form):
    """The six digits that the app shows now."""

    code = forms.RegexField(
        r"^\d{6}$",
        error_messages={"invalid": "Write the six digits that the app shows now."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
    )


@method_decorator([never_cache, sensitive_post_parameters("code")], name="dispatch")
class SecondFactorPage(RedirectURLMixin, View):
    """For a browser that owes the code, and for users who have signed in and want a second factor, or none any more."""

    tier = "login"
    user: User
    is_owed: bool

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        owing = None if request.user.is_authenticated else desk.owing_user(request)
        user: Any = owing or request.user
        if not user.is_authenticated or not user.is_staff:
            return redirect("admin:login")
        self.user, self.is_owed = user, owing is not None
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        if not self.user.mfa_enabled:
            request.session.setdefault(KEY, second_factor.new_key())
        return self._page(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        with security.acting_as(self.user):
            if form.is_valid():
                self._try(form)
        return self._page(form) if form.errors else redirect(self.get_success_url())

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index")

    def _try(self, form: CodeForm) -> None:
        """Count the attempt, and do what the page is for if the code is right."""
        try:
            _count(self, self.request, account=self.user.get_username())
        except LimitExceeded as refusal:
            form.add_error("code", _too_many(refusal))
            return
        if not self._take(form.cleaned_data["code"]):
            form.add_error("code", WRONG)
            security.record(security.LOGIN_FAILED, self.user, reason="code")

    def _take(self, code: str) -> bool:
        """Do what the page is for, if the code is right."""
        if not self.user.mfa_enabled:
            return self._turn_on(code)
        if not second_factor.verify(self.user, code):
            return False
        if not self.is_owed:
            self._turn_off()
            return True
        self.request.session.cycle_key()
        desk.sign_in(self.request, self.user)
        return True

    def _turn_on(self, code: str) -> bool:
        key = self.request.session.get(KEY)
        if not key or not second_factor.turn_on(self.user, key=key, code=code):
            return False
        del self.request.session[KEY]
        messages.success(self.request, "From now on the desk asks for a code after your password.")
        if self.is_owed:
            self.request.session.cycle_key()
            desk.sign_in(self.request, self.user)
        return True

    def _turn_off(self) -> None:
        second_factor.turn_off(self.user)
        messages.success(self.request, "Your password alone opens the desk again.")

    def _page(self, form: CodeForm) -> HttpResponse:
        key = "" if self.user.mfa_enabled else self.request.session.get(KEY, "")
        return TemplateResponse(
            self.request,
            "admin/second_factor.html",
            {
                **admin.site.each_context(self.request),
                "title": "Second factor",
                "form": form,
                "person": self.user,
                "is_owed": self.is_owed,
                "is_required": second_factor.is_required_of(self.user),
                "address": second_factor.address_of(self.user, key) if key else "",
                "key": _readable(key),
                "next": self.get_redirect_url(),
            },
        )


class OwnPasswordForm(AdminPasswordChangeForm):
    """A new password of one's own; the administrator's wish for one is fulfilled with it."""

    def clean_new_password1(self) -> str:
        """Raises: ValidationError: it is the old one."""
        password: str = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise forms.ValidationError(SAME_PASSWORD, "same_password")
        return password

    def save(self, commit: bool = True) -> Any:
        """The user with its password hashed."""
        self.user.must_change_password = False
        return super().save(commit)


def login(request: HttpRequest) -> HttpResponse:
    """Django's page. After too many attempts it says so to programs as well."""
    response = admin.site.login(request)
    form = (getattr(response, "context_data", None) or {}).get("form")
    if wait_s := getattr(form, "wait_s", 0):
        response.status_code = 429
        response.headers["Retry-After"] = str(wait_s)
    return response


def change_password(request: HttpRequest) -> HttpResponse:
    """Django's page. The new password ends all sign-ins; this browser, which has just sent both, gets a new one."""
    response: HttpResponse = admin.site.admin_view(_password_page, cacheable=True)(request)
    user: Any = request.user
    if request.method == "POST" and response.status_code == 302 and user.is_authenticated:
        desk.sign_in(request, user)
    return response


def _password_page(request: HttpRequest) -> Any:
    return PasswordChangeView.as_view(
        form_class=OwnPasswordForm,
        success_url=reverse("admin:password_change_done"),
        extra_context=admin.site.each_context(request),
    )(request)


def _count(page: Any, request: HttpRequest | None, *, account: str) -> None:
    """Count an attempt against the page's tier. Raises: LimitExceeded."""
    if request is not None:
        limit(request, page, account=account)


def _too_many(refusal: LimitExceeded) -> forms.ValidationError:
    return forms.ValidationError(f"Too many attempts: {refusal.detail}", "limit")


def _readable(key: str) -> str:
    """The key as apps let people type it: base32 in groups of four."""
    text = b32encode(bytes.fromhex(key)).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
