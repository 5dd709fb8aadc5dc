"""Who uses the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts import desk, logins
from erp.middleware import API

DESK = f"/{settings.ADMIN_PATH}"
# What at the desk is open to who owes a new password.
OPEN_BEFORE_CHANGE = {"logout/", "password_change/", "jsi18n/"}


class SignInMiddleware(AuthenticationMiddleware):
    """`request.user` through the sign-in's row, so that ending it counts at once.

    Brings who owes a code or a new password to the page for it, and no further.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]  # Django's returns None
        if request.path_info.startswith(API):
            request.user = AnonymousUser()  # until the API's own sign-in (erp/authentication.py)
            return None
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: desk.user_of(request))  # type: ignore[assignment]
        return None

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not request.path_info.startswith(DESK) or SESSION_KEY not in request.session:
            return None
        if match.app_name == "admin" and match.url_name != "logout" and desk.owes_code(request):
            return redirect(reverse("second-factor", query={"next": request.get_full_path()}))
        if request.path_info.removeprefix(DESK) in OPEN_BEFORE_CHANGE:
            return None
        return redirect("admin:password_change") if getattr(request.user, "must_change_password", False) else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        logins.tell_owners(request, response)
        return response
