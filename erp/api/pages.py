"""The API's document and the two pages that show it. Nothing is fetched from outside, and no script stands in a page."""

from __future__ import annotations

from functools import cache

from csp.constants import NONCE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer


@cache
def document() -> bytes:
    """The OpenAPI document. It follows from the code: a process makes it once."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    made: bytes = OpenApiJsonRenderer().render(schema, renderer_context={})
    return made


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The document."""
    return HttpResponse(document(), content_type="application/vnd.oai.openapi+json")


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """Swagger UI: requests can be tried out."""
    return render(request, "drf_spectacular/swagger_ui.html")


# ReDoc makes its styles while it runs. All but two, which it makes before it takes options, bear the answer's nonce.
REDOC_STYLES = [
    NONCE,
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]


# It also searches in a worker that it makes itself: this page alone allows both.
@csp_update({"style-src": REDOC_STYLES, "worker-src": ["blob:"]})
@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    """ReDoc: for reading."""
    return render(request, "drf_spectacular/redoc.html")
