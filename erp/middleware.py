"""Request id and context for every request; one transaction for every request that writes; what only the desk needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import uuid_utils
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware

from erp import context, replicas
from erp.addresses import client_address

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
API = "/api/v1/"
# What answers of the API may do in a browser that shows them as a page: nothing.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class RequestContextMiddleware:
    """Opens `erp.context` with request id, address and source, and answers with X-Request-ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid_utils.uuid4().hex
        source = "api" if request.path.startswith("/api/") else "admin"
        with context.acting(source=source, request_id=request_id, ip=client_address(request)):
            try:
                response = self.get_response(request)
            finally:
                replicas.reset()
            if request.method not in SAFE_METHODS:
                replicas.wrote(str(context.current().actor_id or ""))
        response["X-Request-ID"] = request_id
        return response


class DeskNetworkMiddleware:
    """From outside settings.ADMIN_ALLOWED the desk is not there, like any address that does not exist.

    The home address leads to the desk: it is not there either, nor where nobody is meant to guess ADMIN_PATH.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info.rstrip("/") + "/"
        closed = bool(settings.ADMIN_ALLOWED) and path.startswith(f"/{settings.ADMIN_PATH}")
        leads_there = path == "/" and (bool(settings.ADMIN_ALLOWED) or settings.ADMIN_PATH != "admin/")
        if (closed or leads_there) and not self._is_allowed(request):
            raise Http404
        return self.get_response(request)

    @staticmethod
    def _is_allowed(request: HttpRequest) -> bool:
        address = client_address(request)
        return bool(address) and any(ip_address(address) in network for network in settings.ADMIN_ALLOWED)


class ApiMiddleware:
    """What the API needs of those below that only the desk passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", API_POLICY)  # files bring a stricter one
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


class PastTheApi:
    """Mixin: requests of the API pass by. They have no session, no pages, and one policy for all."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(API):
            return self.get_response(request)  # type: ignore[attr-defined]  # likewise
        return super().__call__(request)  # type: ignore[misc]  # Django's, which it is mixed into


class DeskPolicyMiddleware(PastTheApi, CSPMiddleware):
    """Content-Security-Policy of pages."""


class DeskSessionMiddleware(PastTheApi, SessionMiddleware):
    """Sessions of people at the desk."""


class DeskCommonMiddleware(PastTheApi, CommonMiddleware):
    """Addresses with and without their last slash."""


class DeskMessageMiddleware(PastTheApi, MessageMiddleware):
    """What a page tells on the next one."""


class ActorMiddleware:
    """Names the signed-in user in the context and runs unsafe requests in one transaction. Stands last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if request.method in SAFE_METHODS:
            return None
        if not request.path_info.startswith(API) and request.user.is_authenticated:
            context.amend(
                actor_id=request.user.pk,
                actor_label=context.label_of(request.user),
                organization_id=getattr(request.user, "home_organization_id", None),
            )
        if hasattr(view, "_non_atomic_requests"):  # Django's own mark: what such a view writes outlives its refusal
            return None
        with transaction.atomic():
            return view(request, *args, **kwargs)
