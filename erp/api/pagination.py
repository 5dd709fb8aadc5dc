"""Pages by keyset: a cursor holds the last row's place in the order, so page 4,000 costs as much as page 1."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from erp.api.errors import bad_parameter

DEFAULT, MOST = 25, 100
COUNTED = 10_000
SALT = "erp.api.cursor"
CURSOR_LENGTH = 4_000
GIVEN_CURSOR = re.compile(r"(?<=[?&])cursor=[^&#]*")
MARK = uuid.uuid4().hex


@dataclass(frozen=True)
class Cursor:
    """A place between two rows of one order; `backwards` reads what stands before it."""

    order: list[str]
    values: list[str]
    backwards: bool = False

    def __str__(self) -> str:
        return signing.dumps([self.order, self.values, self.backwards], salt=SALT)

    @classmethod
    def read(cls, text: str, *, order: list[str]) -> Cursor:
        """A cursor that we made for this order. Raises: Problem: it is another one."""
        try:
            cursor = cls(*signing.loads(text[:CURSOR_LENGTH], salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            raise bad_parameter("cursor", "This is no cursor of ours: take it from next or previous.") from None
        if cursor.order != order:
            raise bad_parameter("cursor", "The cursor belongs to another order: begin again without it.")
        return cursor


def parse_limit(request: Request, *, most: int = MOST) -> int:
    """The page size that the client asks for. Raises: Problem."""
    text = request.query_params.get("limit", "").strip()
    if not text:
        return min(DEFAULT, most)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise bad_parameter("limit", f"limit is a number from 1 to {most}.")
    return int(text)


class KeysetPagination(BasePagination):
    """`limit`, `cursor`, `ordering`, and `include=count` for a count that stops at 10,000."""

    count: int | None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page, in the order that the view takes from the request."""
        return self.cut(queryset, request, order=view.ordering_of(request), model=view.model)

    def cut(self, queryset: Any, request: Request, *, order: list[str], model: type[models.Model]) -> list[Any]:
        """The rows of the page. order: total, by columns of the model that are never null."""
        self.read(request, order=order, model=model)
        return self.keep(list(self.turn(queryset, after=self.after)[: self.limit + 1]))

    def read(self, request: Request, *, order: list[str], model: type[models.Model]) -> None:
        """What the request asks for, beginning with one row more than the page holds. Raises: Problem."""
        self.request, self.limit = request, parse_limit(request)
        self.order, self.model = order, model
        text = request.query_params.get("cursor", "")
        self.cursor = Cursor.read(text, order=self.order) if text else None
        include = request.query_params.get("include", "")
        if include not in {"", "count"}:
            raise bad_parameter("include", "include is count, or left out.")
        self.counts, self.count = bool(include), None
        self.backwards = self.cursor is not None and self.cursor.backwards
        self.gathers = False  # whether to find all rows before sorting, instead of reading them in their order
        self.after = self._values(self.cursor.values) if self.cursor else None

    def turn(self, queryset: Any, *, after: Sequence[Any] | None) -> Any:
        """The rows after a place in the order in which they are read; all of them counted, if that was asked for."""
        self.count = self._count(queryset) if self.counts else None
        steps = [_flipped(step) for step in self.order] if self.backwards else self.order
        if after is not None:
            queryset = queryset.filter(_beyond(steps, after))
        return queryset.order_by(*(_sorted(steps) if self.gathers else steps))

    def keep(self, found: list[Any]) -> list[Any]:
        """The rows of the page, of those that were read."""
        more, rows = len(found) > self.limit, found[: self.limit]
        self.rows = rows[::-1] if self.backwards else rows
        self.has_next = more if not self.backwards else True
        self.has_previous = more if self.backwards else self.cursor is not None
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        """{"results", "next", "previous"}, the count if it was asked for, and both links in a header."""
        around, headers = self.around()
        return Response({"results": data, **around}, headers=headers)

    def around(self) -> tuple[dict[str, Any], dict[str, str] | None]:
        """What a page says beside its rows, in the body and in the headers."""
        ends = {
            "next": self._cursor(self.rows[-1], backwards=False) if self.rows and self.has_next else None,
            "previous": self._cursor(self.rows[0], backwards=True) if self.rows and self.has_previous else None,
        }
        links = self._links(ends) if any(ends.values()) else ends
        header = ", ".join(f'<{url}>; rel="{rel.removesuffix("ious")}"' for rel, url in links.items() if url)
        counted = (
            {} if self.count is None else {"count": min(self.count, COUNTED), "count_exact": self.count <= COUNTED}
        )
        return {**links, **counted}, {"Link": header} if header else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Shape of a page, OpenAPI 3.1."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": {**link, "description": "Address of the next page; null on the last one."},
                "previous": {**link, "description": "Address of the page before; null on the first one."},
                "count": {
                    "type": "integer",
                    "description": f"With include=count: how many there are, up to {COUNTED}.",
                },
                "count_exact": {"type": "boolean", "description": "false: there are more than `count`."},
            },
        }

    def _count(self, rows: Any) -> int:
        return int(rows.order_by()[: COUNTED + 1].count())

    def _links(self, ends: Mapping[str, Cursor | None]) -> dict[str, str | None]:
        before, after = _around_cursor(GIVEN_CURSOR.sub("cursor=", self.request.build_absolute_uri()))
        return {rel: f"{before}{quote_plus(str(end))}{after}" if end else None for rel, end in ends.items()}

    def _cursor(self, row: Any, *, backwards: bool) -> Cursor:
        return Cursor(self.order, [self._text(row, step) for step in self.order], backwards)

    def _text(self, row: Any, step: str) -> str:
        return str(self._column(step).value_to_string(row))

    def _column(self, step: str) -> models.Field[Any, Any]:
        column: Any = self.model._meta.get_field(step.removeprefix("-"))
        return column  # type: ignore[no-any-return]

    def _values(self, texts: Sequence[str]) -> list[Any]:
        try:
            return [self._column(step).to_python(text) for step, text in zip(self.order, texts, strict=True)]
        except (ValidationError, ValueError):
            raise bad_parameter("cursor", "This is no cursor of ours: take it from next or previous.") from None


@lru_cache(maxsize=500)
def _around_cursor(address: str) -> tuple[str, str]:
    """What stands before and after the cursor in a link to another page of this address."""
    before, _, after = replace_query_param(address, "cursor", MARK).partition(MARK)
    return before, after


def _beyond(steps: Sequence[str], values: Sequence[Any]) -> Q:
    beyond, equal = Q(), Q()
    for step, value in zip(steps, values, strict=True):
        name, than = step.removeprefix("-"), "lt" if step.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{name}__{than}": value})
        equal &= Q(**{name: value})
    first = steps[0].removeprefix("-")
    # Implied by the rest, and what an index on the first column can use.
    return Q(**{f"{first}__{'lte' if steps[0].startswith('-') else 'gte'}": values[0]}) & beyond


def _sorted(steps: Sequence[str]) -> list[Any]:
    """The same order, in a spelling that no index has."""
    name = steps[0].removeprefix("-")
    value = Func(F(name), template="(%(expressions)s || '')", output_field=models.TextField())
    return [value.desc() if steps[0].startswith("-") else value.asc(), *steps[1:]]


def _flipped(step: str) -> str:
    return step.removeprefix("-") if step.startswith("-") else f"-{step}"
