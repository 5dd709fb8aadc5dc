"""What the templates of the audit log ask for."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def with_filter(context: template.Context, **filters: Any) -> str:
    """Address of the first page with these filters besides those that are set."""
    address: str = context["query"].without(*filters, **filters)
    return address
