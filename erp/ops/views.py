"""Addresses for those who run the product: how it is, and what it counts."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from erp.addresses import client_address
from erp.ops import health
from erp.ops import metrics as counted


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when this process can do its work, else 503. Who may watch also reads which part is in the way."""
    parts = health.parts()
    ready = not any(parts.values())
    status, word = (200, "ready") if ready else (503, "unavailable")
    if not may_watch(request):
        return HttpResponse(f"{word}\n", status=status, content_type="text/plain")
    return JsonResponse(
        {"status": word, "parts": {name: fact or "ok" for name, fact in parts.items()}},
        status=status,
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What Prometheus reads. Raises: Http404: the caller may not watch."""
    if not may_watch(request):
        raise Http404
    return HttpResponse(counted.exposition(), content_type=CONTENT_TYPE_LATEST)


def may_watch(request: HttpRequest) -> bool:
    """Whether the caller's address is in METRICS_ALLOWED, and known: not that of a proxy which speaks for somebody else."""
    peer, client = request.META.get("REMOTE_ADDR", ""), client_address(request)
    if not client or ("X-Forwarded-For" in request.headers and client == peer):
        return False
    address = ip_address(client)
    is_proxy = any(address in network for network in settings.TRUSTED_PROXIES)
    return not is_proxy and any(address in network for network in settings.METRICS_ALLOWED)
