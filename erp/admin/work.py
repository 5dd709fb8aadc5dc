"""My work: filters that people saved, what they looked at and changed last, and what they asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from erp.admin import timeline, waiting
from erp.admin.generic import ModelAdmin
from erp.admin.models import SavedFilter
from erp.admin.scope import visible
from erp.approvals import services
from erp.events.models import Event

RECENT = 20
IMPORTS = 5
RECENT_TIMEOUT_S = 30 * 24 * 3600
READ_AHEAD = 100
# What in the address of a list is no filter: the page.
PLACE = ("p", "all")


@dataclass(frozen=True)
class Seen:
    """A record that was looked at, with its kind in words."""

    record: models.Model
    kind: str
    url: str


@dataclass(frozen=True)
class Chip:
    """A saved filter above its list."""

    saved: SavedFilter
    list_name: str
    url: str
    own: bool
    current: bool = False


class SaveForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """A name for the filter of the list that is open."""

    class Meta:
        model = SavedFilter
        fields = ("kind", "name", "query", "is_shared")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.instance.owner = request.user
        self.instance.organization_id = getattr(request.user, "organization_id", None)

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if site_of(kind, self.request) is None:
            raise forms.ValidationError("There is no such list.")
        return kind

    def clean_query(self) -> str:
        asked = QueryDict(self.cleaned_data["query"].lstrip("?"), mutable=True)
        for name in PLACE:
            asked.pop(name, None)
        if not asked:
            raise forms.ValidationError("The list isn't filtered: choose a filter or search first.")
        return asked.urlencode()

    def _get_validation_exclusions(self) -> set[str]:
        # The name is unique among the owner's, and sharing takes an organization; the form shows neither.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner", "organization"}


def site_of(kind: str, request: HttpRequest) -> Any:
    """The admin of a model, where there is one and the user may open its list; else None."""
    try:
        model = apps.get_model(kind)
    except (LookupError, ValueError):
        return None
    site = admin.site._registry.get(model)
    return site if site is not None and site.has_view_permission(request) else None


def list_url(kind: str) -> str:
    app, name = kind.lower().split(".")
    return reverse(f"admin:{app}_{name}_changelist")


def chips(request: HttpRequest, *, kind: str = "") -> list[Chip]:
    """Saved filters that the user may use, of one list or of all whose lists the user may open; one query."""
    rows = SavedFilter.objects.usable_by(request.user)
    found = []
    for saved in rows.filter(kind=kind) if kind else rows:
        site = site_of(saved.kind, request)
        if site is not None:
            own, current = saved.owner_id == request.user.pk, saved.query == request.GET.urlencode()
            name = str(site.opts.verbose_name_plural)
            found.append(Chip(saved, name, f"{list_url(saved.kind)}?{saved.query}", own, current))
    return found


# Recently viewed ------------------------------------------------------------------------------------------------------


class Remembered(ModelAdmin):
    """Remembers whose forms a user opened. In the cache, not in the record: looking is nobody else's business."""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        record = context.get("original")
        if record is not None and request.method == "GET":
            remember(request.user, record)
        return super().render_change_form(request, context, *args, **kwargs)


def remember(user: Any, record: models.Model) -> None:
    """Put a record first among those that the user looked at."""
    entry = (record._meta.label_lower, str(record.pk))
    others = [known for known in _recent(user) if known != entry]
    cache.set(_key(user), [entry, *others][:RECENT], RECENT_TIMEOUT_S)


def recently_viewed(request: HttpRequest) -> list[Seen]:
    """Records that the user looked at last and may still see, newest first; one query a kind."""
    entries = _recent(request.user)
    rows: dict[tuple[str, str], models.Model] = {}
    for kind in dict.fromkeys(label for label, _ in entries):
        if (site := site_of(kind, request)) is not None:
            keys = [key for label, key in entries if label == kind]
            found = visible(site.model._default_manager.filter(pk__in=keys), request.user)
            rows.update({(kind, str(row.pk)): row for row in found})
    return [_seen(rows[entry]) for entry in entries if entry in rows]


def _seen(row: models.Model) -> Seen:
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    return Seen(row, str(meta.verbose_name), url)


def _recent(user: Any) -> list[tuple[str, str]]:
    return [(label, key) for label, key in cache.get(_key(user)) or ()]


def _key(user: Any) -> str:
    return f"desk.recent.{user.pk}"


# Pages ----------------------------------------------------------------------------------------------------------------


@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """The page."""
    kinds = (Event.Category.ROW, Event.Category.DOMAIN)
    events = timeline.events_visible_to(request.user).filter(actor_id=request.user.pk, category__in=kinds)
    context = {
        **admin.site.each_context(request),
        "title": "My work",
        "chips": chips(request),
        "seen": recently_viewed(request),
        "changes": timeline.entries(events.order_by("-id")[:READ_AHEAD])[:RECENT],
        "asked": services.made_by(request.user)[:RECENT],
        "imports": list(waiting.imports_of(request.user).defer("result")[:IMPORTS]),
    }
    return TemplateResponse(request, "admin/my_work.html", context)


@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep the filter of a list, and go back to the list. Raises: PermissionDenied: the list isn't the user's to open."""
    form = SaveForm(request.POST, request=request)
    valid = form.is_valid()
    if "kind" in form.errors:
        raise PermissionDenied
    back = f"{list_url(form.cleaned_data['kind'])}?{QueryDict(request.POST.get('query', '').lstrip('?')).urlencode()}"
    if valid:
        saved = form.save()
        messages.success(request, f"The filter “{saved.name}” is saved.")
        return HttpResponseRedirect(back)
    for errors in form.errors.values():
        messages.error(request, f"Not saved: {' '.join(str(error) for error in errors)}")
    return HttpResponseRedirect(back)


@require_POST
def delete_filter(request: HttpRequest, pk: Any) -> HttpResponse:
    """Delete one's own filter. Raises: Http404: it is somebody else's, or gone."""
    saved = get_object_or_404(SavedFilter, pk=pk, owner=request.user.pk)
    saved.delete()
    messages.success(request, f"The filter “{saved.name}” is deleted.")
    return HttpResponseRedirect(reverse("my_work"))
