"""Filters under plain names, from what a view declares: `status=a,b`, `rate_min=5`, `created_at_after=2026-01-01`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from functools import cache
from typing import Any, NamedTuple

import django_filters
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from erp.api.errors import bad_parameter, invalid
from erp.api.parsers import is_clean
from erp.api.related import parse_key
from erp.search import holding, places_of

SEARCH_LENGTH = 200
# Columns by which people name a row, next to its id.
NATURAL = ("code", "iso_code", "partner_code")
STAMPS = ("created_at", "updated_at")


class ManyTexts(django_filters.BaseInFilter, django_filters.CharFilter):
    """One of several values."""


class Keys(ManyTexts):
    """Foreign key by id or by code: `category=COTTON,0190…`. An id that names nothing finds nothing."""

    def filter(self, qs: Any, value: Any, *, user: Any) -> Any:
        """The rows with one of these keys, or of the codes that this user may see."""
        if not value:
            return qs
        target = self.target(qs.model)
        keys, codes = parse_keys(target, value)
        condition = Q(**{f"{self.field_name}__in": keys})
        if natural := natural_column(target):
            # A partner may hang on another one whose code it does not know: only codes in scope name anything.
            named = target._default_manager.visible_to(user).filter(**{f"{natural}__in": codes})
            condition |= Q(**{f"{self.field_name}__in": named.values("pk")})
        return qs.filter(condition)

    def target(self, model: Any) -> Any:
        """The model whose rows are named."""
        return column_at(model, self.field_name).remote_field.model


def parse_keys(target: Any, texts: list[str]) -> tuple[list[Any], list[str]]:
    """Keys among the texts, and codes: whatever can't be a key."""
    keys = {text: parse_key(target, text) for text in texts}
    return [key for key in keys.values() if key is not None], [
        text.upper() for text, key in keys.items() if key is None
    ]


class ManyChoices(django_filters.BaseInFilter, django_filters.ChoiceFilter):
    """One of several of the known values."""


class Flag(django_filters.TypedChoiceFilter):
    """true or false."""

    def __init__(self, **kwargs: Any) -> None:
        options = {"choices": [("true", "true"), ("false", "false")], "coerce": lambda text: text == "true"}
        super().__init__(**{**kwargs, **options})


# Of these the SQL follows from their names and from how many values there are, or whether true or false.
EVEN = frozenset(
    {
        ManyTexts, ManyChoices, Keys, Flag, django_filters.NumberFilter, django_filters.DateFilter,
        django_filters.IsoDateTimeFilter,
    }
)  # fmt: skip


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
        return narrowed(queryset, view, asked_of(request, view), user=request.user)


class Asked(NamedTuple):
    """Which rows of a list are asked for: values of filters, in the order of their declaration, and a text to search for."""

    values: dict[str, Any]
    text: str


def asked_of(request: Request, view: Any) -> Asked:
    """What the query of a list asks for. Raises: Problem."""
    known, params = view.filterset_class.base_filters, request.query_params
    given = {name: str(text) for name, text in params.items() if name in known}
    if given and (refused := view.hidden_parameters().intersection(given)):
        raise unknown_parameter(sorted(refused)[0], known=sorted(set(known) - view.hidden_parameters()))
    if empty := [name for name, text in given.items() if not text]:
        # Most of all: a client whose variable is empty must not be answered with everything.
        raise bad_parameter(empty[0], "The filter is empty: give a value, or leave the parameter out.")
    values = _clean(view.filterset_class, given) if given else {}
    text = params.get("search", "").strip()
    if len(text) > SEARCH_LENGTH:
        raise bad_parameter("search", f"Search for at most {SEARCH_LENGTH} characters.")
    return Asked(values, text)


def narrowed(rows: Any, view: Any, asked: Asked, *, user: Any) -> Any:
    """The rows that are asked for. user: whose scope codes are looked up in."""
    filters = view.filterset_class.base_filters
    for name, value in asked.values.items():
        each = filters[name]
        rows = each.filter(rows, value, user=user) if isinstance(each, Keys) else each.filter(rows, value)
    return _search(rows, view, text=asked.text) if asked.text else rows


def _clean(filterset: Any, given: Mapping[str, str]) -> dict[str, Any]:
    """The values, as the filters' form fields read them. Raises: Problem: of all that are wrong."""
    values: dict[str, Any] = {}
    errors: list[dict[str, str]] = []
    for name, field in _form_fields(filterset).items():
        if name not in given:
            continue
        try:
            values[name] = field.clean(field.widget.value_from_datadict(given, {}, name))
        except ValidationError as error:
            errors += ({"pointer": f"?{name}", "code": "parameter", "detail": text} for text in error.messages)
    if errors:
        raise invalid(errors)
    return values


@cache
def _form_fields(filterset: Any) -> dict[str, Any]:
    """Made once: they hold nothing of a request, and a form of its own costs more than the rest of a list."""
    return {name: copy(each).field for name, each in filterset.base_filters.items()}


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
    condition = Q()
    for column in view.search:
        for lookup, wanted in places_of(text):
            condition |= Q(**{f"{column}__i{lookup}": wanted})
    return holding(rows, text, columns=view.search).filter(condition)
