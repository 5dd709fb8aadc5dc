"""Data quality at the desk: a filter of lists, and how many rows break each rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse

from erp import quality
from erp.admin.generic import ModelAdmin
from erp.admin.scope import visible

PARAMETER = "quality"


class QualityFilter(admin.SimpleListFilter):
    """Exactly those rows of a list that break a rule."""

    title = "data quality"
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(rule.name, rule.title) for rule in quality.rules_of(model_admin.model).values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rule = quality.rules_of(queryset.model).get(self.value() or "")
        if rule is not None:
            return rule.find(queryset, request.user)
        return queryset.none() if self.value() else queryset


class QualityLists(ModelAdmin):
    """Gives the lists of models that have rules their filter."""

    def get_list_filter(self, request: HttpRequest) -> Any:
        declared = super().get_list_filter(request)
        return [*declared, QualityFilter] if quality.rules_of(self.model) else declared


@dataclass(frozen=True)
class Broken:
    """A rule, how many rows in scope break it, and the list that shows them. `label`: of the model; `waits`: as the rule says."""

    title: str
    help: str
    count: int
    url: str
    label: str = ""
    waits: tuple[str, str] | tuple[()] = ()


def broken(models_shown: set[type[models.Model]], user: Any) -> list[Broken]:
    """Rules about these models with the number of rows that break them, the most first; one query."""
    asked = [
        rule for rule in quality.rules() if not rule.own and rule.model in models_shown & set(admin.site._registry)
    ]
    found = {(rule.label, rule.name): rule.find(visible(_all(rule.model), user), user) for rule in asked}
    numbers = counted({".".join(key): rows for key, rows in found.items()})
    told = [Broken(r.title, r.help, numbers[f"{r.label}.{r.name}"], list_of(r), r.label, r.waits) for r in asked]
    return sorted(told, key=lambda one: one.count == 0)


def own_rows(user: Any) -> dict[quality.Rule, QuerySet[Any]]:
    """What the rules about the user's own rows find, where the user may change such rows."""
    asked = [rule for rule in quality.rules() if rule.own and rule.model in admin.site._registry]
    return {rule: rule.find(visible(_all(rule.model), user), user) for rule in asked if may_change(user, rule.label)}


def may_change(user: Any, label: str) -> bool:
    """Whether the user's permissions let it change rows of this model ("partners.BusinessPartner")."""
    app, _, name = label.lower().partition(".")
    return bool(user.has_perm(f"{app}.change_{name}"))


def counted(queries: dict[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each query has, by its name; one query for all of them."""
    parts = [
        rows.order_by().annotate(counted_name=Value(name)).values("counted_name").annotate(counted_rows=Count("pk"))
        for name, rows in queries.items()
    ]
    if not parts:
        return {}
    first, *others = (part.values_list("counted_name", "counted_rows") for part in parts)
    counts = dict(first.union(*others, all=True)) if others else dict(first)
    return {name: counts.get(name, 0) for name in queries}


def _all(model: type[models.Model]) -> QuerySet[Any]:
    return model._default_manager.all()


def list_of(rule: quality.Rule) -> str:
    """Address of the list of exactly the rows that a rule finds."""
    meta = rule.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", query={PARAMETER: rule.name})
