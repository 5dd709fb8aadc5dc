"""Who uses the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts import desk


class SignInMiddleware(AuthenticationMiddleware):
    """`request.user` through the sign-in's row, so that ending it counts at once; brings who owes a code to that page."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]  # Django's returns None
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: desk.user_of(request))  # type: ignore[assignment]
        return None

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        at_desk = match is not None and match.app_name == "admin" and match.url_name != "logout"
        if at_desk and SESSION_KEY in request.session and desk.owes_code(request):
            return redirect(reverse("second-factor", query={"next": request.get_full_path()}))
        return None
