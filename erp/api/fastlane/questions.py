"""What a list is asked for, as a kind, which decides the SQL, and values, which are only bound to it.

The SQL of a kind is made from a sample: a question with stand-ins for values, which goes the way that all questions go.
So nothing here knows what a filter makes of its value, nor where in the SQL it puts it: the stand-ins are looked for.
"""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.core.validators import EMPTY_VALUES
from django.db import connection, models
from django.db.models.expressions import Col

from erp.api.filters import EVEN, Asked, Keys, column_at, natural_column, parse_keys
from erp.kept import Given, Statement
from erp.search import is_short

MOST_VALUES = 20  # SQL for more of them is not kept
LONG_AGO = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)
SECONDS = 9_000 * 365 * 86_400
Part = tuple[Hashable, Sequence[Any]]


@dataclass(frozen=True)
class Question:
    """Questions of one kind have one SQL. after: values of the cursor. is_chosen: whether more than a cursor is bound."""

    asked: Asked
    after: Sequence[Any] | None
    kind: tuple[Any, ...]
    values: tuple[Any, ...]
    is_chosen: bool

    @property
    def brought(self) -> dict[Any, Any]:
        """What stands for the stand-ins of the kept statement."""
        return {Given(place): value for place, value in enumerate(self.values)}


def question_of(view: Any, asked: Asked, after: Sequence[Any] | None) -> Question | None:
    """None: it has too many values, a short text, or a value that its column can't hold: the ORM alone knows what to do."""
    if asked.text and is_short(asked.text):
        return None
    filters = view.filterset_class.base_filters
    if any(type(filters[name]) not in EVEN for name in asked.values):
        return None
    try:
        parts = [*_filters(view, asked), *_search(view, asked)]
        place = _place(view, after)
    except (EmptyResultSet, FullResultSet):
        return None
    chosen = [value for _, values in parts for value in values]
    if len(chosen) > MOST_VALUES:
        return None
    direction = None if after is None else view.paginator.backwards
    return Question(asked, after, (direction, *(kind for kind, _ in parts)), (*chosen, *place), bool(chosen))


def sample_of(view: Any, question: Question) -> Question | None:
    """One of the same kind with stand-ins for its values; None where nothing can stand for one of them."""
    filters, kinds = view.filterset_class.base_filters, question.kind[1:]
    try:
        values = {
            name: _sample(view.model, filters[name], kind)
            for name, kind in zip(question.asked.values, kinds, strict=False)
        }
        after = question.after and [_stand_in(_column(view, step)) for step in view.paginator.order]
    except LookupError:
        return None
    made = question_of(view, Asked(values, _text() if question.asked.text else ""), after)
    return made if made and made.kind == question.kind else None


def opened(statement: Statement, sample: Question) -> Statement:
    """The statement of a sample, with a place for each value."""
    places: dict[Any, Given] = {}
    for place, value in enumerate(sample.values):
        places.setdefault(_typed(value), Given(place))
    return replace(statement, params=tuple(places.get(_typed(each), each) for each in statement.params))


def is_same(statement: Statement, question: Question, other: Statement) -> bool:
    """Whether the statement, bound to this question, is the other one."""
    brought = question.brought
    bound = [brought[each] if isinstance(each, Given) else each for each in statement.params]
    return statement.sql == other.sql and [*map(_typed, bound)] == [*map(_typed, other.params)]


def _typed(value: Any) -> Any:
    """1, True and 1.0 are not the same here. The values are lists where names of permissions are."""
    return type(value), repr(value)


def _filters(view: Any, asked: Asked) -> list[Part]:
    filters = view.filterset_class.base_filters
    return [_filter(view.model, filters[name], value) for name, value in asked.values.items()]


def _filter(model: Any, each: Any, value: Any) -> Part:
    """Kind and values of one filter. As a kind, False is not 0."""
    path = each.field_name
    if value in EMPTY_VALUES:
        return (path, each.lookup_expr, None), ()
    if isinstance(each, Keys):
        target = each.target(model)
        keys, codes = parse_keys(target, value)
        natural = natural_column(target)
        named = _bound(target._meta.get_field(natural), "in", codes) if natural and codes else []
        known = _bound(target._meta.pk, "in", keys) if keys else []
        return (path, "in", len(known), len(named)), [*known, *named]
    column = column_at(model, path)
    if isinstance(column, models.BooleanField):
        return (path, str(value), value), ()
    values = _bound(column, each.lookup_expr, value)
    return (path, each.lookup_expr, len(values)), values


def _search(view: Any, asked: Asked) -> list[Part]:
    if not asked.text:
        return []
    return [("search", [_bound(_column(view, name), "icontains", asked.text)[0] for name in view.search])]


def _place(view: Any, after: Sequence[Any] | None) -> list[Any]:
    if after is None:
        return []
    steps = zip(view.paginator.order, after, strict=True)
    return [value for step, given in steps for value in _bound(_column(view, step), "exact", given)]


def _bound(column: Any, lookup: str, value: Any) -> Sequence[Any]:
    """What the lookup sends to the database. Raises: EmptyResultSet, FullResultSet: it need not ask."""
    made = column.get_lookup(lookup)(Col("q", column), value)
    bound: Sequence[Any] = made.process_rhs(None, connection)[1]
    return bound


def _column(view: Any, step: str) -> Any:
    return view.model._meta.get_field(step.removeprefix("-"))


def _sample(model: Any, each: Any, kind: tuple[Any, ...]) -> Any:
    """A value of the filter. Raises: LookupError."""
    if kind[-1] is None:
        return None
    if isinstance(each, Keys):
        key = each.target(model)._meta.pk
        return [*(str(_stand_in(key)) for _ in range(kind[2])), *(_text() for _ in range(kind[3]))]
    column = column_at(model, each.field_name)
    if isinstance(column, models.BooleanField):
        return kind[-1]
    return [_stand_in(column) for _ in range(kind[2])] if each.lookup_expr == "in" else _stand_in(column)


def _text() -> str:
    """In capitals, as codes are asked for, and no key of any kind: longer than one may be."""
    return f"STAND-IN {uuid.uuid4().hex.upper()}"


def _moment() -> datetime.datetime:
    return LONG_AGO + datetime.timedelta(seconds=random.randrange(SECONDS), microseconds=random.randrange(10**6))  # noqa: S311 (no secret)


STAND_INS: dict[type[models.Field[Any, Any]], Callable[[], Any]] = {
    models.UUIDField: uuid.uuid4,
    models.CharField: lambda: uuid.uuid4().hex,
    models.TextField: _text,
    models.DateTimeField: _moment,
    models.DateField: lambda: _moment().date(),
    models.DecimalField: lambda: Decimal(random.getrandbits(60)).scaleb(-6),
    models.IntegerField: lambda: random.randrange(10_000, 32_767),  # noqa: S311
}


def _stand_in(column: Any) -> Any:
    """Raises: LookupError: nothing can stand for values of this column."""
    kind = next((kind for kind in type(column).__mro__ if kind in STAND_INS), None)
    return STAND_INS[kind]()  # type: ignore[index]  # KeyError is what it raises
