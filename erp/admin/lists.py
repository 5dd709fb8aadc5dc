"""Lists of large tables: counts that don't read the table, filters that don't read other people's rows (issue S7)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from erp.admin.generic import Paginator
from erp.admin.scope import visible

# Below this the exact count is quick, and people notice when a small number is wrong.
EXACT_BELOW = 20_000
# A filter offers at most so many rows where its model has no search.
CHOICES = 200


class EstimatedCountPaginator(Paginator):
    """Counts a large table that nothing filters by PostgreSQL's own estimate."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet) and not rows.query.where and not rows.query.distinct:
            estimate = _estimate(rows)
            if estimate >= EXACT_BELOW:
                return estimate
        return int(super().count)


def _estimate(rows: QuerySet[Any]) -> int:
    """Rows of the table as PostgreSQL last counted them; -1 before the first time."""
    with connections[rows.db].cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [rows.model._meta.db_table]
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """Filter by a foreign key. Offers rows in the user's scope only; a searchable model's rows are fetched when asked for."""

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.search_url = self._search_url(field, request, args[2])
        super().__init__(field, request, *args, **kwargs)

    def _search_url(self, field: Any, request: HttpRequest, model_admin: Any) -> str:
        """Where rows are searched for, or "" where the related model's admin has no search or the user no right."""
        related = model_admin.admin_site._registry.get(field.remote_field.model)
        if related is None or not related.get_search_fields(request) or not related.has_view_permission(request):
            return ""
        options = field.model._meta
        asked = {"app_label": options.app_label, "model_name": options.model_name, "field_name": field.name}
        return f"{reverse(f'{model_admin.admin_site.name}:autocomplete')}?{urlencode(asked)}"

    def has_output(self) -> bool:
        return bool(self.search_url) or super().has_output()

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        rows = visible(field.remote_field.model._default_manager.all(), request.user)
        if self.search_url:
            if not self.lookup_val:
                return []
            rows = rows.filter(**{f"{field.target_field.name}__in": self.lookup_val})
        return [(row.serializable_value(field.target_field.attname), str(row)) for row in rows[:CHOICES]]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": "None" if choice["display"] == self.empty_value_display else choice["display"]}
