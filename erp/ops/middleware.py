"""Stands first: counts and logs every request, whatever answers it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from erp.ops import metrics
from erp.postgresql.base import statements

logger = logging.getLogger("erp.access")


class WatchMiddleware:
    """One line and a few counters a request. The line names the pattern of the address: the address itself may hold a token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started, before = time.perf_counter(), statements()
        response = self.get_response(request)
        seconds, sql = time.perf_counter() - started, statements() - before
        metrics.observe(request, response, seconds=seconds, sql=sql)
        if logger.isEnabledFor(logging.INFO):
            _log(request, response, seconds=seconds, sql=sql)
        return response


def _log(request: HttpRequest, response: HttpResponse, *, seconds: float, sql: int) -> None:
    user, route = metrics.user_of(request), metrics.route_of(request)
    logger.info(
        "%s %s %s",
        request.method,
        route,
        response.status_code,
        extra={
            "request_id": response.headers.get("X-Request-ID", ""),
            "user": str(user.pk) if user else "",
            "organization": _organization_of(user),
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "sql": sql,
        },
    )


def _organization_of(user: Any) -> str:
    """For whom a user works, as far as it is known without asking the database."""
    if user is None:
        return ""
    known = getattr(user, "partner_id", None) is None or "partner" in user._state.fields_cache
    return str(getattr(user, "home_organization_id", None) or "") if known else ""
