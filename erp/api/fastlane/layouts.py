"""From a serializer to SQL: which columns a kind of row reads, and the JSON object that PostgreSQL makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models.expressions import RawSQL
from rest_framework.fields import empty
from rest_framework.serializers import ModelSerializer

from erp.api.fastlane.spelling import spelled
from erp.api.permissions import may
from erp.api.serializers import Expanded, MasterDataSerializer

Params = tuple[Any, ...]


@dataclass
class Layout:
    """Columns that a query selects, called `alias`.c0, c1 …, and members of the JSON object, as SQL."""

    alias: str = "q"
    paths: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)

    def column(self, path: str) -> str:
        """SQL of the column at this path, selected once."""
        if path not in self.paths:
            self.paths.append(path)
        return f"{self.alias}.c{self.paths.index(path)}"

    def add(self, name: str, sql: str) -> None:
        """One more member of the object."""
        self.members.append(f"{sql} AS {connection.ops.quote_name(name)}")

    @property
    def made(self) -> str:
        """The row of which PostgreSQL makes the object."""
        return f"SELECT {', '.join(self.members)}"

    def source(self, sql: str) -> str:
        """The ORM's SQL under the names of the columns."""
        names = ", ".join(f"c{number}" for number in range(len(self.paths)))
        return f"({sql}) AS {self.alias}({names})"


def layout_of(serializer: MasterDataSerializer, rows: models.QuerySet[Any], *, viewer: Any) -> Layout | None:
    """How the fields of this serializer are read from these rows; None where one of them can't be.

    viewer: whose rows of `expand` are shown; its keys may stand for those of all users of the same standing.
    """
    layout = Layout()
    return layout if _fill(layout, serializer, rows, viewer=viewer) else None


def _fill(layout: Layout, serializer: Any, rows: models.QuerySet[Any], *, viewer: Any) -> bool:
    if not _is_plain(type(serializer)):
        return False
    columns = {column.name: column for column in rows.model._meta.concrete_fields}
    for each in serializer._readable_fields:
        name, column = each.field_name, columns.get(each.source)
        if column is None and (made := rows.query.annotation_select.get(each.source)):
            column, path = made.output_field, each.source
        elif column is None:
            if _is_left_out(each, rows.model):
                continue
            return False
        else:
            path = column.attname
        sql = layout.column(path)
        found = _expanded(layout, each, sql, viewer=viewer) if type(each) is Expanded else spelled(each, column, sql)
        if found is None:
            return False
        layout.add(name, found)
    return True


def _is_plain(kind: type[Any]) -> bool:
    """Whether records are shown field by field, as the base class does it."""
    return kind.to_representation is ModelSerializer.to_representation and kind.data is ModelSerializer.data


def _is_left_out(each: Any, model: type[models.Model]) -> bool:
    """Whether the serializer leaves the field out because the rows have no such attribute."""
    return not (each.required or each.allow_null or hasattr(model, each.source)) and each.default is empty


def _expanded(layout: Layout, each: Any, key: str, *, viewer: Any) -> str | None:
    """The record behind a foreign key, as serializers.Expanded shows it: all of it, a name card, or the key."""
    request = each.context["request"]
    nested = each.serializer_class(context={"request": request})
    model = nested.model
    ways = []
    if may(request.user, "view", model):
        rows = model._default_manager.visible_to(viewer).filter(pk=RawSQL(key, []))  # noqa: S611 (our own alias)
        inner = Layout(alias=f"{layout.alias}{len(layout.members)}")
        if not _fill(inner, nested, rows, viewer=viewer):
            return None
        ways.append(_object(layout, inner, rows))
    if isinstance(model._meta.pk, models.UUIDField) and {"code", "name"} <= {f.name for f in model._meta.fields}:
        card = model._base_manager.filter(pk=RawSQL(key, [])).filter(pk=viewer.home_organization_id)  # noqa: S611
        inner = Layout(alias=f"{layout.alias}{len(layout.members)}")
        for name, path in (("id", "pk"), ("code", "code"), ("name", "name")):
            inner.add(name, inner.column(path))
        ways.append(_object(layout, inner, card))
    return f"COALESCE({', '.join([*filter(None, ways), f'to_json({key})'])})"


def _object(outer: Layout, inner: Layout, rows: models.QuerySet[Any]) -> str:
    """One object of `inner`, or NULL, as a subquery of `outer`; empty where no row can be in scope."""
    try:
        sql, params = select(rows.order_by(), inner.paths)
    except EmptyResultSet:
        return ""
    outer.params += [*params, *inner.params]
    alias = f"{inner.alias}j"
    return f"(SELECT row_to_json({alias}) FROM {inner.source(sql)}, LATERAL ({inner.made}) AS {alias})"  # noqa: S608 (the ORM's SQL)


def select(rows: models.QuerySet[Any], paths: Sequence[str]) -> tuple[str, Params]:
    """The ORM's SQL for these columns of the rows. Raises: EmptyResultSet: no row can be in scope."""
    sql, params = rows.values_list(*paths).query.sql_with_params()
    return sql, tuple(params)
