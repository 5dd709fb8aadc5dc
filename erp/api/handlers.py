"""Django's own error pages: problem documents under /api/, Django's pages everywhere else."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.views import defaults

from erp.api.errors import DENIED, NOT_FOUND, Problem, as_response, is_api, translate


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: refused before it came to a view."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    known = translate(exception)
    return as_response(known or Problem(400, "bad_request", "The request is malformed."), request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return as_response(Problem(403, "permission_denied", DENIED), request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return as_response(Problem(404, "not_found", NOT_FOUND), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; what the database refused only at commit is the client's problem all the same, and 503 while it is away."""
    exception = sys.exc_info()[1]
    known = translate(exception) if isinstance(exception, Exception) else None
    if not is_api(request):
        away = known is not None and known.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        return _try_again(known) if known and away else defaults.server_error(request)
    failed = Problem(500, "server_error", "Something failed on our side. Name the request id.")
    return as_response(known or failed, request)


def _try_again(problem: Problem) -> HttpResponse:
    """The desk's page for 503. Rendered without the request: who asks can't be looked up now."""
    page = get_template("503.html").render({"is_saved_unknown": problem.code == "outcome_unknown"})
    return HttpResponse(page, status=problem.status_code, headers=problem.headers)
