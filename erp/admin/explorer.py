"""The audit log: every event of every record in the user's scope, filtered, page by page, without ever counting it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from erp.admin import timeline
from erp.admin.explorer_query import ExplorerQuery
from erp.events import access
from erp.events.models import Event
from erp.scoping import UserType

PERMISSION = "events.view_event"
STAFF = {UserType.SUPER_ADMIN, UserType.INTERNAL}
SHOWN_PARTS = 3
FORMATS = {"csv": "CSV", "xlsx": "Excel", "jsonl": "JSON Lines", "pdf": "PDF"}
# Filters that stand in the toolbar; the others are one click away.
FIRST = ("type", "verb", "user", "since", "until")
# Questions that are asked again and again: title and filters.
VIEWS: tuple[tuple[str, dict[str, str]], ...] = (
    ("All events", {}),
    ("Deleted", {"verb": "deleted"}),
    ("Outside the application", {"source": "database"}),
    ("Without a reason", {"unexplained": "on"}),
)
VIEW_FILTERS = ("verb", "source", "unexplained")


def may_read(user: Any) -> bool:
    """Whether the audit log is this user's to read. Which events they see in it is decided by scope."""
    return getattr(user, "user_type", None) in STAFF and user.has_perm(PERMISSION)


def filtered(request: HttpRequest) -> ExplorerQuery:
    """What the address asks for. Raises: PermissionDenied: the user may not read the audit log."""
    if not may_read(request.user):
        raise PermissionDenied
    return ExplorerQuery(request.user, request.GET)


@dataclass(frozen=True)
class Row:
    """One event as the log shows it."""

    part: timeline.Part

    @property
    def url(self) -> str:
        """The history of its record, also of a deleted one; "" where the desk has none."""
        model = self.part.model
        if model is None or model not in admin.site._registry:
            return ""
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_history"
        return reverse(name, args=[self.part.event.object_id])

    @cached_property
    def changes(self) -> list[timeline.Change]:
        """Fields from what to what; of an event that is no change of a row, what it says."""
        event = self.part.event
        if event.category == Event.Category.ROW or "changes" in event.payload:
            return self.part.changes
        return [
            timeline.Change(name.replace("_", " ").capitalize(), timeline.EMPTY, timeline.shown(value))
            for name, value in event.payload.items()
        ]


@dataclass
class Act:
    """What was done together, with its first events in plain sight."""

    entry: timeline.Entry
    goes_on: bool = False

    @cached_property
    def rows(self) -> list[Row]:
        return [Row(part) for part in self.entry.parts]

    @property
    def shown(self) -> list[Row]:
        return self.rows[:SHOWN_PARTS]

    @property
    def folded(self) -> list[Row]:
        return self.rows[SHOWN_PARTS:]

    @property
    def summary(self) -> str:
        """ "12 records: 10 added, 2 changed"; "" for a single one."""
        if len(self.rows) == 1:
            return ""
        records = len({(row.part.event.object_type, row.part.event.object_id) for row in self.rows})
        verbs = Counter(row.part.verb for row in self.rows)
        told = ", ".join(f"{count} {verb}" for verb, count in verbs.most_common())
        return f"{records} record{'s' if records > 1 else ''}: {told}"


def acts(events: Iterable[Event], *, following: Event | None = None) -> list[Act]:
    """Events with what was done in the same transaction beside them, at the place of its newest one.

    following: the event after these; the act that it belongs to goes on.
    """
    found = list(events)
    newest = {event.xid: number for number, event in reversed(list(enumerate(found)))}
    found.sort(key=lambda event: newest[event.xid])
    groups = [Act(entry) for entry in timeline.entries(found)]
    if following is not None and groups and groups[-1].entry.first.xid == following.xid:
        groups[-1].goes_on = True
    return groups


def _views(query: ExplorerQuery) -> Iterator[dict[str, Any]]:
    given = {name: value for name, value in query.set_filters.items() if name in VIEW_FILTERS}
    for title, filters in VIEWS:
        yield {"title": title, "query": query.without(*VIEW_FILTERS, **filters), "current": given == filters}


def _exports(query: ExplorerQuery) -> list[tuple[str, str]]:
    """(name, address) of each format in which exactly these events can be taken along."""
    address = reverse("explorer_export")
    return [(name, f"{address}{query.without(format=key)}") for key, name in FORMATS.items()]


def _record_access(query: ExplorerQuery) -> None:
    """Reading the log stands in the log, with what was asked for."""
    asked = query.describe()
    page = f"explorer.{sha256(repr(asked).encode()).hexdigest()}"
    access.opened(access.AUDIT_VIEWED, query.user, page=page, what="the audit log", payload={"filters": asked})


@require_safe
def explorer(request: HttpRequest) -> HttpResponse:
    """The page. Raises: PermissionDenied. Http404: the place in the pages is no event that the user sees."""
    query = filtered(request)
    _record_access(query)
    page = query.page(after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        **admin.site.each_context(request),
        "title": "Audit log",
        "query": query,
        "form": query.form,
        "first_fields": [query.form[name] for name in FIRST],
        "more_fields": [field for field in query.form if field.name not in FIRST],
        "more_chosen": bool(set(query.set_filters) - set(FIRST)),
        "views": list(_views(query)),
        "page": page,
        "acts": acts(page.events, following=page.following),
        "exports": _exports(query),
        "may_undo": any(".change_" in name for name in request.user.get_all_permissions()),
        "newer": page.newer and query.without(before=page.newer),
        "older": page.older and query.without(after=page.older),
    }
    return TemplateResponse(request, "admin/explorer.html", context, status=200 if query.form.is_valid() else 400)
