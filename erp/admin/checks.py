"""System checks of admin classes: no page that goes around reasons, versions or scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.utils import get_fields_from_path
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models


class DeskChecks(ModelAdminChecks):
    """Django's checks of a ModelAdmin, and ours."""

    def check(self, admin_obj: Any, **kwargs: Any) -> list[CheckMessage]:
        return [*super().check(admin_obj, **kwargs), *_check_editable(admin_obj), *_check_filters(admin_obj)]


def _check_editable(admin_obj: Any) -> Iterator[CheckMessage]:
    if admin_obj.list_editable:
        yield Error(
            "list_editable saves rows without a reason and without looking at their versions.",
            hint="Remove list_editable: rows are changed in their forms.",
            obj=admin_obj.__class__,
            id="desk.E001",
        )


def _check_filters(admin_obj: Any) -> Iterator[CheckMessage]:
    for entry in admin_obj.list_filter:
        path, used = entry if isinstance(entry, (list, tuple)) else (entry, None)
        if used is admin.RelatedFieldListFilter:
            yield _leak(admin_obj, path, "offers rows of everybody", "Name the field alone: its filter is scoped then.")
        elif isinstance(path, str) and "__" in path and _lists_values(admin_obj.model, path):
            yield _leak(
                admin_obj, path, "lists values of other people's rows", "Filter by a choice, a date or a foreign key."
            )


def _lists_values(model: type[models.Model], path: str) -> bool:
    """Whether Django would offer every value that this column of a related table has."""
    try:
        field: Any = get_fields_from_path(model, path)[-1]
    except FieldDoesNotExist:
        return False  # Django's own check says so
    closed = (models.BooleanField, models.DateField)
    return not (field.is_relation or field.choices or isinstance(field, closed))


def _leak(admin_obj: Any, path: str, fact: str, hint: str) -> CheckMessage:
    return Error(f"The list filter {path!r} {fact}.", hint=hint, obj=admin_obj.__class__, id="desk.E002")
