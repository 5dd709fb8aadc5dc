"""Filters under plain names, from what a view declares: `status=a,b`, `rate_min=5`, `created_at_after=2026-01-01`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import django_filters
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from erp.api.errors import bad_parameter, invalid
from erp.api.parsers import is_clean
from erp.api.related import parse_key
from erp.search import holding

SEARCH_LENGTH = 200
# Columns by which people name a row, next to its id.
NATURAL = ("code", "iso_code", "partner_code")
STAMPS = ("created_at", "updated_at")


class ManyTexts(django_filters.BaseInFilter, django_filters.CharFilter):
    """One of several values."""


class Keys(ManyTexts):
    """Foreign key by id or by code: `category=COTTON,0190…`. An id that names nothing finds nothing."""

    def filter(self, qs: Any, value: Any) -> Any:
        if not value:
            return qs
        target = qs.model._meta.get_field(self.field_name).remote_field.model
        keys = {text: parse_key(target, text) for text in value}
        condition = Q(**{f"{self.field_name}__in": [key for key in keys.values() if key is not None]})
        if natural := natural_column(target):
            codes = [text.upper() for text, key in keys.items() if key is None]
            # A partner may hang on another one whose code it does not know: only codes in scope name anything.
            named = target._default_manager.visible_to(self.parent.request.user).filter(**{f"{natural}__in": codes})
            condition |= Q(**{f"{self.field_name}__in": named.values("pk")})
        return qs.filter(condition)


class ManyChoices(django_filters.BaseInFilter, django_filters.ChoiceFilter):
    """One of several of the known values."""


class Flag(django_filters.TypedChoiceFilter):
    """true or false."""

    def __init__(self, **kwargs: Any) -> None:
        options = {"choices": [("true", "true"), ("false", "false")], "coerce": lambda text: text == "true"}
        super().__init__(**{**kwargs, **options})


def filterset_of(view: Any) -> Any:
    """FilterSet of a view class: its declared filters and the times of every record."""
    declared = view.declared_filters() | {name: name for name in STAMPS}
    found = {parameter: each for name, path in declared.items() for parameter, each in _filters(view.model, name, path)}
    meta = type("Meta", (), {"model": view.model, "fields": []})
    return type(f"{view.__name__}FilterSet", (django_filters.FilterSet,), {**found, "Meta": meta})


def column_at(model: Any, path: str) -> Any:
    """The column that a declared path like "subdivision__iso_code" ends in. Raises: FieldDoesNotExist."""
    *steps, last = path.split("__")
    for step in steps:
        model = model._meta.get_field(step).related_model
        if model is None:
            raise FieldDoesNotExist(path)
    return model._meta.get_field(last)


def natural_column(model: Any) -> str:
    """The column by which people name rows of a model, empty where it has none."""
    names = {field.name for field in model._meta.concrete_fields if not field.primary_key}
    return next((name for name in NATURAL if name in names), "")


def _filters(model: Any, name: str, path: str) -> Iterator[tuple[str, Any]]:
    column = column_at(model, path)
    match column:
        case models.ForeignKey():
            yield name, Keys(field_name=path)
        case models.BooleanField():
            yield name, Flag(field_name=path)
        case models.DateTimeField():
            yield f"{name}_after", django_filters.IsoDateTimeFilter(field_name=path, lookup_expr="gte")
            yield f"{name}_before", django_filters.IsoDateTimeFilter(field_name=path, lookup_expr="lt")
        case models.DateField():
            yield f"{name}_after", django_filters.DateFilter(field_name=path, lookup_expr="gte")
            yield f"{name}_before", django_filters.DateFilter(field_name=path, lookup_expr="lt")
        case models.DecimalField() | models.IntegerField():
            yield f"{name}_min", django_filters.NumberFilter(field_name=path, lookup_expr="gte")
            yield f"{name}_max", django_filters.NumberFilter(field_name=path, lookup_expr="lte")
        case _ if column.choices:
            yield name, ManyChoices(field_name=path, choices=column.choices)
        case _:
            yield name, ManyTexts(field_name=path)


class DeclaredFilters(DjangoFilterBackend):
    """Filters and search of a list; parameters that nobody declared are refused."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        known = view.filterset_class.base_filters
        hidden = view.hidden_parameters()
        given = {name: text for name, text in request.query_params.items() if name in known}
        if refused := hidden.intersection(given):
            raise unknown_parameter(sorted(refused)[0], known=sorted(set(known) - hidden))
        if empty := [name for name, text in given.items() if not text]:
            # Most of all: a client whose variable is empty must not be answered with everything.
            raise bad_parameter(empty[0], "The filter is empty: give a value, or leave the parameter out.")
        if given:
            filterset = _only(view.filterset_class, tuple(given))(data=given, queryset=queryset, request=request)
            if not filterset.is_valid():
                raise invalid(list(_errors(filterset.errors)))
            queryset = filterset.qs
        return _search(queryset, view, text=request.query_params.get("search", "").strip())


@lru_cache(maxsize=500)
def _only(filterset: Any, names: tuple[str, ...]) -> Any:
    """The same filters without those that are not asked for: each request gets copies of all that its class has."""
    kept: Any = type(filterset.__name__, (filterset,), {})
    kept.base_filters = {name: each for name, each in filterset.base_filters.items() if name in names}
    return kept


def check_parameters(params: Mapping[str, Any], *, known: frozenset[str]) -> None:
    """Raises: Problem: a parameter is unknown, given twice, or no text."""
    for name, values in params.lists():  # type: ignore[attr-defined]
        if name not in known:
            raise unknown_parameter(name, known=sorted(known))
        if len(values) > 1:
            raise bad_parameter(name, "The parameter is given twice: separate several values by commas.")
        if not is_clean(values[0]):
            raise bad_parameter(name, "The parameter holds a character that no text has.")


def unknown_parameter(name: str, *, known: list[str]) -> Any:
    """400 that names the parameters there are."""
    allowed = f"Parameters: {', '.join(known)}." if known else "This address takes no parameters."
    return bad_parameter(name[:100], f"There is no such parameter here. {allowed}")


def is_filterable(model: Any, path: str) -> bool:
    """Whether the path names a column."""
    try:
        column_at(model, path)
    except FieldDoesNotExist:
        return False
    return True


def _search(rows: Any, view: Any, *, text: str) -> Any:
    if not text:
        return rows
    if len(text) > SEARCH_LENGTH:
        raise bad_parameter("search", f"Search for at most {SEARCH_LENGTH} characters.")
    condition = Q()
    for column in view.search:
        condition |= Q(**{f"{column}__icontains": text})
    return holding(rows, text, columns=view.search).filter(condition)


def _errors(errors: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name, messages in errors.items():
        for message in messages:
            yield {"pointer": f"?{name}", "code": "parameter", "detail": str(message)}
