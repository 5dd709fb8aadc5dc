"""Where each record lives: domains register their views, `erp/api/urls.py` makes addresses of them.

@register("settings/commodities/{commodity_id}/varieties")
class Varieties(MasterDataViewSet): ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, path
from django.urls.resolvers import RoutePattern
from django.utils.module_loading import autodiscover_modules

V = TypeVar("V", bound=type[Any])
PLACE = re.compile(r"\{(\w+)_id\}")
COLLECTION = {"get": "list", "post": "create"}
RECORD = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}


@dataclass(frozen=True)
class Resource:
    """One kind of record at one address, below /api/v1/."""

    address: str
    view: Any

    @property
    def name(self) -> str:
        """For operation ids and URL names: "commodities_varieties"."""
        steps = self.address.removeprefix("settings/").split("/")
        parts = [step for step in steps if not step.startswith("{")]
        return "_".join(parts).replace("-", "_")

    def urls(self) -> Iterator[URLPattern]:
        """Patterns of the collection, of one record, and of what hangs on them."""
        base = PLACE.sub(r"<str:\1_id>", self.address)
        for suffix, actions in (
            ("", COLLECTION),
            ("/bulk", {"post": "bulk"}),
            ("/<str:pk>", RECORD),
            ("/<str:pk>/history", {"get": "history"}),
            ("/<str:pk>/file", {"get": "file"}),
        ):
            answered = {*self.view.verbs, *({"bulk"} if self.view.instead_of_bulk else ())}
            allowed = {method: action for method, action in actions.items() if action in answered}
            if allowed:
                name = self.name + suffix.removesuffix("/<str:pk>").replace("/<str:pk>", "").replace("/", "-")
                kind = "detail" if suffix == "/<str:pk>" else "list" if not suffix else ""
                # A bulk request costs its rows, up to 1,000.
                tier = "relaxed" if suffix == "/bulk" else self.view.tier
                view = self.view.as_view(allowed, basename=self.name, tier=tier)
                yield path(f"{base}{suffix}", view, name=f"{name}-{kind}".rstrip("-"))


class Directory(URLResolver):
    """Patterns that are looked up by how many steps an address has and how it begins, instead of being tried one by one."""

    def __init__(self, patterns: list[URLPattern]) -> None:
        super().__init__(RoutePattern(""), patterns)
        self.places: dict[tuple[int, str], list[URLPattern]] = {}
        for pattern in patterns:
            self.places.setdefault(_place_of(str(pattern.pattern)), []).append(pattern)

    def resolve(self, path: str) -> ResolverMatch:
        """Raises: Resolver404."""
        for pattern in self.places.get(_place_of(path), ()):
            if match := pattern.resolve(path):
                return match
        raise Resolver404({"tried": [], "path": path})


def _place_of(path: str) -> tuple[int, str]:
    """Number of steps, and the first step; below "settings", which is common, the second one."""
    first, _, rest = path.partition("/")
    return path.count("/"), rest.partition("/")[0] if first == "settings" else first


_resources: dict[str, Resource] = {}


def register(address: str) -> Callable[[V], V]:
    """Class decorator: the view answers at /api/v1/<address>. `{commodity_id}` stands for the parent's key.

    Raises: ValueError: the address is taken, or names a parent that is no foreign key of the model.
    """

    def add(view: V) -> V:
        if address in _resources:
            raise ValueError(f"{address} is registered already: choose another address.")
        place = PLACE.search(address)
        view.place(address, parent=place.group(1) if place else "")
        _resources[address] = Resource(address, view)
        return view

    return add


def resources() -> list[Resource]:
    """All resources, by address."""
    autodiscover_modules("api")
    return [_resources[address] for address in sorted(_resources)]


def resource_of(model: type[models.Model]) -> Resource | None:
    """The resource that shows this kind of record, if any does."""
    return next((found for found in _resources.values() if found.view.model is model), None)
