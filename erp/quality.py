"""Rules about the data that no constraint can hold: what is missing, about to expire, or there twice.

A domain declares them in its `quality.py`, each in one place. The overview counts the offending rows in the user's scope, and
the list of the model shows exactly them (`?quality=without_coordinates`).

    @rule("locations.Location", "Without coordinates", help="They don't appear on the map.")
    def without_coordinates(locations: QuerySet[Location], user: Viewer) -> QuerySet[Location]:
        return locations.filter(latitude__isnull=True)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

# The offending ones among rows that a user sees; the user, where it takes rows of another model to tell.
Find = Callable[[QuerySet[Any], Any], QuerySet[Any]]


@dataclass(frozen=True)
class Rule:
    """One rule. `name` is that of its function, unique among the rules of a model; `help` says what to do about it.

    waits: how one row and many are told among what waits for whoever may change them, () where they don't wait; own: it finds
    rows of the asking user, who alone is told of them.
    """

    name: str
    label: str
    title: str
    help: str
    find: Find
    waits: tuple[str, str] | tuple[()] = ()
    own: bool = False

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)


_rules: dict[tuple[str, str], Rule] = {}


def rule(
    label: str, title: str, *, help: str, waits: tuple[str, str] | tuple[()] = (), own: bool = False
) -> Callable[[Find], Find]:
    """Declare a rule about the rows of a model. Raises: ValueError: the model has a rule of that name."""

    def declare(find: Find) -> Find:
        key = (label.lower(), find.__name__)
        if key in _rules:
            raise ValueError(f"{label} has two rules called {find.__name__}: give one of them another name.")
        _rules[key] = Rule(find.__name__, label, title, help, find, waits, own)
        return find

    return declare


def rules() -> list[Rule]:
    """All rules, in the order in which the domains declare them."""
    return list(_rules.values())


def rules_of(model: type[Model]) -> dict[str, Rule]:
    """Rules about the rows of one model, by name."""
    return {name: found for (label, name), found in _rules.items() if label == model._meta.label_lower}
