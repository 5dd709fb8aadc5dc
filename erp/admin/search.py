"""Search at the desk: the palette's answer, the same as a page, and the search of lists. All of it by erp/search.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from erp import ratelimits, search
from erp.admin.generic import ModelAdmin
from erp.scoping import UserType

STAFF = {UserType.SUPER_ADMIN, UserType.INTERNAL}
PER_GROUP = 6
JSON = "application/json"
LENGTH = f"Type {search.SHORTEST} to {search.LONGEST} characters."


class SearchTier:
    """How often one user may search: as fast as somebody types."""

    tier = "relaxed"


@dataclass
class Group:
    """Hits of one kind of record, best first."""

    name: str
    hits: list[dict[str, Any]] = field(default_factory=list)


class SearchedLists(ModelAdmin):
    """A list whose model has a search index is searched by it; the others by their `search_fields`."""

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if search.search_index(self.model) is None or not search.normal(search_term):
            return super().get_search_results(request, queryset, search_term)
        return search.narrow(queryset, search_term, request.user, among=_viewable(request)), False


@require_safe
def search_view(request: HttpRequest) -> HttpResponseBase:
    """Found records, grouped by kind: JSON for the palette, a page for everybody else."""
    if getattr(request.user, "user_type", None) not in STAFF:
        raise PermissionDenied
    as_json = request.get_preferred_type(["text/html", JSON]) == JSON
    text = request.GET.get("q", "")
    problem = "" if search.normal(text) and len(text) <= search.LONGEST else LENGTH
    status = 400 if problem and (text or as_json) else 200
    try:
        ratelimits.limit(request, SearchTier(), user=request.user)
    except ratelimits.LimitExceeded as refusal:
        problem, status = str(refusal.detail), 429
    groups = [] if problem else found(request, text)
    answer = _json(groups, problem, status) if as_json else _page(request, text, groups, problem, status)
    patch_vary_headers(answer, ["Accept"])
    return answer


def found(request: HttpRequest, text: str) -> list[Group]:
    """Hits in groups, in the order of the best hit of each."""
    groups: dict[type[models.Model], Group] = {}
    for hit in search.find(text, request.user, among=_registered()):
        group = groups.setdefault(hit.model, Group(str(capfirst(hit.model._meta.verbose_name_plural))))
        if len(group.hits) < PER_GROUP:
            group.hits.append(
                {"label": hit.label, "code": hit.code, "active": hit.is_active, "url": _url(hit.model, hit.pk)}
            )
    return list(groups.values())


def _registered() -> list[type[models.Model]]:
    """Searched models whose hits have a page."""
    return [model for model in search.searchable() if search.opened(model) in admin.site._registry]


def _viewable(request: HttpRequest) -> list[type[models.Model]]:
    """Searched models that the user may view at the desk."""
    pages = admin.site._registry
    return [model for model in _registered() if model in pages and pages[model].has_view_permission(request)]


def _url(model: type[models.Model], pk: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def _json(groups: list[Group], problem: str, status: int) -> HttpResponseBase:
    if problem:
        return JsonResponse({"detail": problem}, status=status)
    return JsonResponse({"groups": [{"name": group.name, "hits": group.hits} for group in groups]})


def _page(request: HttpRequest, text: str, groups: list[Group], problem: str, status: int) -> HttpResponseBase:
    context = {
        **admin.site.each_context(request),
        "title": "Search",
        "text": text,
        "groups": groups,
        "problem": problem if text else "",
        "longest": search.LONGEST,
        "shortest": search.SHORTEST,
    }
    return TemplateResponse(request, "admin/search.html", context, status=status)
