"""Versions on the wire: strong ETags, If-Match for every change, If-None-Match for reads."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from erp.api.errors import Problem


def etag(row: Any) -> str:
    """`"<id>:<version>"`: another version, another tag."""
    return f'"{row.pk}:{row.version}"'


def require_match(request: Request, row: Any) -> None:
    """Compares If-Match with the row, which the caller has locked. Raises: Problem: 428 missing, 412 another version."""
    given = request.headers.get("If-Match", "")
    if not given or given.strip() == "*":
        raise Problem(
            428,
            "precondition_required",
            "Send If-Match with the ETag of the version that you read, so that nothing is lost.",
        )
    if etag(row) not in parse_etags(given):
        raise Problem(
            412,
            "stale",
            "The record changed since you read it: read it again and repeat the change.",
            headers={"ETag": etag(row)},
        )


def is_known(request: Request, row: Any) -> bool:
    """Whether the client has this version already (If-None-Match)."""
    given = request.headers.get("If-None-Match", "")
    tags = parse_etags(given) if given else []
    return "*" in tags or any(tag.removeprefix("W/") == etag(row) for tag in tags)


def unchanged(row: Any) -> HttpResponse:
    """304 for a client that has this version."""
    return HttpResponse(status=304, headers={"ETag": etag(row)})
