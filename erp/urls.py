"""Addresses of the desk."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from erp.api import pages
from erp.api.views import UnknownAddress
from erp.ops import views as ops


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("api/v1/", include("erp.api.urls")),  # first, since each address is tried in turn and most requests are these
    path("api/v1/auth/", include("accounts.auth_urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", ops.readyz, name="readyz"),
    path("metrics", ops.metrics, name="metrics"),
    path(settings.ADMIN_PATH, include("accounts.desk_urls")),
    path(settings.ADMIN_PATH, include("erp.admin.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/openapi.json", pages.openapi, name="openapi"),
    path("api/docs", pages.swagger, name="swagger"),
    path("api/redoc", pages.redoc, name="redoc"),
    re_path("^api/", UnknownAddress.as_view()),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

handler400 = "erp.api.handlers.bad_request"
handler403 = "erp.api.handlers.permission_denied"
handler404 = "erp.api.handlers.page_not_found"
handler500 = "erp.api.handlers.server_error"
