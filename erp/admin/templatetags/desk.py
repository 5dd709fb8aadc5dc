"""What the desk's templates ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.apps import apps
from django.conf import settings
from django.contrib.admin.templatetags import admin_list
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

from erp.admin import maps, overview, waiting, work
from erp.admin.numbers import short_number

register = template.Library()

DEMO_DOMAIN = "@demo.example"
DEMO_PASSWORD = "cotton-demo-2026"  # noqa: S105 (shown on the login page of a demonstration)

# What a state means to its reader; a badge says it in words too.
TONES = {
    "good": {"active", "applied", "approved", "verified", "completed", "valid", "paid"},
    "wait": {
        "draft",
        "pending",
        "submitted",
        "in_review",
        "under_review",
        "in_progress",
        "expiring",
        "not_started",
        "invited",
    },
    "bad": {"blocked", "rejected", "suspended", "expired", "blacklisted", "failed", "cancelled", "revoked", "disabled"},
}


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[dict[str, Any]]:
    """The apps that the user may open: records first, then parts, in the order of INSTALLED_APPS, own apps first."""
    path = context["request"].path
    order = {config.label: number for number, config in enumerate(apps.get_app_configs())}
    found = []
    for app in context.get("available_apps") or ():
        roots = [entry for entry in app["models"] if overview.is_root(entry["model"])]
        parts = [entry for entry in app["models"] if entry not in roots]
        current = any(entry["admin_url"] and path.startswith(entry["admin_url"]) for entry in app["models"])
        found.append({**app, "roots": roots or parts, "parts": parts if roots else [], "current": current})
    return sorted(found, key=lambda app: (not any(map(_is_ours, app["models"])), order.get(app["app_label"], 0)))


def _is_ours(entry: dict[str, Any]) -> bool:
    return hasattr(entry["model"], "scope")


@register.simple_tag(takes_context=True)
def map_url(context: template.Context) -> str:
    """Address of the map; "" for whom it isn't."""
    return maps.map_url(context["request"])


@register.simple_tag(takes_context=True)
def overview_page(context: template.Context) -> dict[str, Any]:
    """Everything that the overview shows."""
    user, app_list = context["request"].user, menu(context)
    figures = overview.figures(app_list, user)
    return {
        "figures": figures,
        "groups": overview.groups(app_list, figures),
        "waiting": waiting.for_user(user, figures.rules),
        "latest": overview.latest(user),
    }


@register.simple_tag(takes_context=True)
def my_work_page(context: template.Context) -> dict[str, Any]:
    """What waits for the user, and the findings about data that the overview counts too."""
    user = context["request"].user
    rules = overview.figures(menu(context), user).rules
    return {"waiting": waiting.for_user(user, rules), "rules": [rule for rule in rules if rule.count]}


@register.filter
def page_of(part: Any) -> str:
    """Address of the page of an event's row, or ""."""
    return overview.url_of(part)


@register.simple_tag
def demo_users() -> dict[str, Any]:
    """Users of the demonstration with their password: staff, and partners, who use the API only. Only with DEBUG and DEMO."""
    if not (settings.DEBUG and settings.DEMO):
        return {}
    users = get_user_model()._default_manager.filter(email__endswith=DEMO_DOMAIN, is_active=True)
    known = list(users.prefetch_related("groups").order_by("user_type", "email"))
    return {
        "users": [user for user in known if user.is_staff],
        "partners": [user for user in known if not user.is_staff],
        "password": DEMO_PASSWORD,
    }


@register.inclusion_tag("admin/change_list_results.html")
def results(changelist: Any) -> dict[str, Any]:
    """The rows of a list: numbers to the right with separators, states as badges."""
    context: dict[str, Any] = admin_list.result_list(changelist)
    columns = [_column(changelist.model, name) for name in changelist.list_display]
    for header, column in zip(context["result_headers"], columns, strict=True):
        if _is_number(column):
            header["class_attrib"] = mark_safe(header["class_attrib"].replace('class="', 'class="num '))  # noqa: S308
    rows = zip(changelist.result_list, context["results"], strict=True)
    context["results"] = [list(_cells(row, columns, cells)) for row, cells in rows]
    return context


def _column(model: type[models.Model], name: Any) -> Any:
    try:
        return model._meta.get_field(name)
    except (FieldDoesNotExist, TypeError):
        return None


def _is_number(column: Any) -> bool:
    numbers = (models.IntegerField, models.DecimalField, models.FloatField)
    return isinstance(column, numbers) and not column.choices


def _cells(row: models.Model, columns: list[Any], cells: list[str]) -> Iterator[str]:
    for column, cell in zip(columns, cells, strict=True):
        if _is_number(column):
            yield _number_cell(cell, getattr(row, column.attname))
        elif column is not None and column.choices and column.name.endswith("status"):
            yield _badge_cell(cell, getattr(row, column.attname))
        else:
            yield cell


def _number_cell(cell: str, value: Any) -> str:
    marked = cell.replace('class="', 'class="num ', 1)
    if isinstance(value, Decimal) and "<a " not in marked:
        start, _, _ = marked.partition(">")
        marked = f"{start}>{short_number(value)}</td>"
    return mark_safe(marked)  # noqa: S308 (Django's own cell with a class more, and a number)


def _badge_cell(cell: str, value: Any) -> str:
    start, _, rest = cell.partition(">")
    content, _, end = rest.rpartition("</")
    return mark_safe(f'{start}><span class="badge {tone(value)}">{content}</span></{end}')  # noqa: S308 (escaped by Django)


@register.filter
def tone(state: Any) -> str:
    """CSS class of a state: good, wait, bad or plain."""
    return next((name for name, states in TONES.items() if str(state).lower() in states), "plain")


@register.filter
def badge(label: Any, state: Any) -> SafeString:
    """A state in words, coloured by what it means."""
    return format_html('<span class="badge {}">{}</span>', tone(state), label)


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, in the largest unit that fits: "3 hours ago"."""
    passed = timesince(moment, depth=1)
    return "just now" if passed.startswith("0") else f"{passed} ago"


@register.filter
def unsigned(number: int) -> int:
    """A number without its sign, where a proper minus stands before it."""
    return abs(number)


@register.filter
def words(name: str) -> str:
    """A technical name as people write it: "org_admin" is "Org admin"."""
    return name.replace("_", " ").capitalize()


@register.simple_tag(takes_context=True)
def saved_filters(context: template.Context, changelist: Any) -> list[work.Chip]:
    """Saved filters of a list: the user's own, and those that colleagues share."""
    return work.chips(context["request"], kind=changelist.opts.label_lower)


@register.simple_tag
def filters(changelist: Any) -> list[dict[str, Any]]:
    """The filters of a list with their choices, and which one is chosen."""
    found = []
    for spec in changelist.filter_specs:
        choices = list(spec.choices(changelist))
        chosen = [choice for choice in choices[1:] if choice.get("selected")]
        found.append(
            {
                "title": spec.title,
                "choices": choices,
                "chosen": ", ".join(str(choice["display"]) for choice in chosen),
                "search_url": getattr(spec, "search_url", ""),
                "parameter": getattr(spec, "lookup_kwarg", ""),
            }
        )
    return found
