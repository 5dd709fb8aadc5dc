"""Request id and context for every request; one transaction for every request that writes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from erp import context, replicas
from erp.addresses import client_address

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestContextMiddleware:
    """Opens `erp.context` with request id, address and source, and answers with X-Request-ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
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
        if request.user.is_authenticated:
            context.amend(
                actor_id=request.user.pk,
                actor_label=context.label_of(request.user),
                organization_id=getattr(request.user, "home_organization_id", None),
            )
        if hasattr(view, "_non_atomic_requests"):  # Django's own mark: what such a view writes outlives its refusal
            return None
        with transaction.atomic():
            return view(request, *args, **kwargs)
