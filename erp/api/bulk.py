"""Many records in one request, all or none: checked in memory, written in sets by erp/bulk.py.

The number of statements does not grow with the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, IntegrityError, connection, models
from django.db.models.functions import Lower
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.serializers import as_serializer_error

from erp import bulk
from erp.api import asked, errors, related
from erp.api.errors import Error, flatten, invalid
from erp.api.ownership import is_editable, owner_field
from erp.api.permissions import may_ever
from erp.approvals import asking

ROWS = 1_000
REPORTED = 50
MODES = ("insert", "upsert")


class Errors(list[Error]):
    """What is wrong with the rows, up to a number that a person can read."""

    @property
    def is_full(self) -> bool:
        return len(self) >= REPORTED

    def stop(self) -> None:
        """Raises: Problem: there is an error."""
        if self:
            raise invalid(self[:REPORTED])


@contextmanager
def as_new(row: models.Model) -> Iterator[None]:
    """Within it, the row's `clean` asks nothing about what is stored: the view has asked for all rows at once."""
    stored, row._state.adding = row._state.adding, True
    try:
        yield
    finally:
        row._state.adding = stored


def write(view: Any, body: Any) -> dict[str, Any]:
    """Insert, or insert and change by natural key. Returns {"added", "changed", "unchanged", "ids"}.

    Raises: Problem: a row is not acceptable; names it by JSON pointer, and nothing is written.
    """
    bodies, mode = _read(view, body)
    view.charge(view.request, rows=len(bodies))
    serializer = view.get_serializer(data={}, partial=True)
    view.prepare(serializer, bodies)
    found = Errors()
    values = [_values(serializer, each, f"/rows/{number}", found) for number, each in enumerate(bodies)]
    found.stop()
    rows = [serializer.put(each, serializer.new()) for each in values]
    before = [asking.guarded_values(row) for row in rows]
    stored = _stored(view, serializer, rows) if mode == "upsert" else {}
    for number, each in enumerate(values):
        if kept := stored.get(_identity(view, rows[number])):
            before[number] = asking.guarded_values(kept)
            rows[number] = serializer.put(each, kept)
        else:
            found.extend(_missing(serializer, each, f"/rows/{number}"))
    found.extend(asked.refuse_many(rows, before))
    found.stop()
    related.complete(serializer.rows)
    _check(view, serializer, rows, found)
    return {**_save(view, rows, mode), "ids": [str(row.pk) for row in rows]}


def _read(view: Any, body: Any) -> tuple[list[Any], str]:
    if not isinstance(body, Mapping) or not isinstance(body.get("rows"), list):
        raise invalid([{"pointer": "/rows", "code": "required", "detail": "Send {rows: […]}."}])
    if extra := sorted(set(map(str, body)) - {"rows", "mode"}):
        raise invalid(
            [
                {
                    "pointer": f"/{extra[0][:50]}",
                    "code": "unknown",
                    "detail": "There is no such field. Fields: rows, mode.",
                }
            ]
        )
    rows, mode = body["rows"], body.get("mode", "insert")
    if not 1 <= len(rows) <= ROWS:
        raise invalid([{"pointer": "/rows", "code": "length", "detail": f"Send 1 to {ROWS:,} rows at once."}])
    if mode not in MODES or (mode == "upsert" and not view.key):
        known = "insert or upsert" if view.key else "insert: these records have no natural key"
        raise invalid([{"pointer": "/mode", "code": "invalid_choice", "detail": f"mode is {known}."}])
    if mode == "upsert" and not may_ever(view.request.user, "change", view.model):
        raise PermissionDenied(errors.DENIED)
    return rows, mode


def _values(serializer: Any, body: Any, pointer: str, found: Errors) -> Any:
    if found.is_full:
        return {}
    try:
        return serializer.to_internal_value(body)
    except ValidationError as error:
        found.extend(flatten(error.detail, pointer))
        return {}


def _missing(serializer: Any, values: Any, pointer: str) -> Iterable[Error]:
    for field in serializer._writable_fields:
        if field.required and field.source not in values:
            sentence = str(field.error_messages["required"])
            yield {"pointer": f"{pointer}/{field.field_name}", "code": "required", "detail": sentence}


def _check(view: Any, serializer: Any, rows: Sequence[Any], found: Errors) -> None:
    """Raises: Problem: a row breaks a rule of the model, is twice in the body, or is not the user's."""
    seen: dict[Any, int] = {}
    view.before_bulk(rows)
    for number, row in enumerate(rows):
        pointer = f"/rows/{number}"
        if view.key and (first := seen.setdefault(_identity(view, row), number)) != number:
            sentence = f"Row {first} has the same key: send each record once."
            found.append({"pointer": f"{pointer}/{view.key[0]}", "code": "duplicate", "detail": sentence})
        try:
            view.check_bulk(serializer, row)
        except DjangoValidationError as error:
            found.extend(flatten(as_serializer_error(error), pointer))
        except ValidationError as error:
            found.extend(flatten(error.detail, pointer))
        if found.is_full:
            break
        if not is_editable(view.request.user, row):
            raise PermissionDenied("A row is not your organization's: only its owner changes it.")
    found.stop()


def _save(view: Any, rows: Sequence[Any], mode: str) -> dict[str, int]:
    try:
        with connection.wrap_database_errors:  # COPY does not pass a cursor's execute
            return _write(view, rows, mode)
    except IntegrityError as error:
        raise errors.of_integrity(error, pointer=_blame(view.model, rows, error)) from None


def _write(view: Any, rows: Sequence[Any], mode: str) -> dict[str, int]:
    if mode == "insert":
        result = {"added": bulk.insert(rows, model=view.model), "changed": 0, "unchanged": 0}
    else:
        written = bulk.upsert(rows, model=view.model, key=_key(view))
        result = {"added": written.added, "changed": written.changed, "unchanged": written.unchanged}
    view.after_bulk(rows)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return result


def _stored(view: Any, serializer: Any, rows: Sequence[Any]) -> dict[Any, Any]:
    """Identity → stored record, locked, with what it refers to."""
    joins = [field.name for field in view.model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    candidates = view.model._default_manager.editable_by(view.request.user)
    for name in _key(view):
        values = {getattr(row, _attname(view, name)) for row in rows}
        condition = models.Q(**{f"{name}__in": values - {None}})
        candidates = candidates.filter(
            condition | models.Q(**{f"{name}__isnull": True}) if None in values else condition
        )
    candidates = candidates.select_related(*joins) if joins else candidates
    found = list(candidates.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    for row in found:
        for name in joins:
            if (target := getattr(row, name)) is not None:
                serializer.rows.setdefault((type(target), target.pk), target)
    return {_identity(view, row): row for row in found}


def _key(view: Any) -> list[str]:
    """Columns of the natural key, with the owner and the parent that it holds within."""
    owner = owner_field(view.model)
    around = [name for name in (owner.name if owner else "", view.parent) if name]
    return list(dict.fromkeys([*around, *view.key]))


def _identity(view: Any, row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, _attname(view, name)) for name in _key(view))


def _attname(view: Any, name: str) -> str:
    return str(view.model._meta.get_field(name).attname)


def _column(model: Any, column: str) -> str:
    return next(str(field.attname) for field in model._meta.concrete_fields if field.column == column)


def _blame(model: Any, rows: Sequence[Any], error: DatabaseError) -> str:
    """Pointer to the row that broke a rule, from what PostgreSQL tells about it; /rows where it tells nothing."""
    told = errors.broken_values(error)
    rule = errors.constraint(model, errors.constraint_name(error))
    numbers = range(len(rows) - 1, -1, -1)  # of two equal rows the later one is one too many
    if told.startswith("Failing row"):
        hits = [number for number in numbers if f"{rows[number].pk}," in told]
    elif isinstance(rule, models.UniqueConstraint):
        hits = [number for number in numbers if f"=({_key_text(rows[number], rule)}) " in told]
    elif column := errors.UNIQUE_COLUMN.match(told):
        name = _column(model, column[1])
        hits = [number for number in numbers if f"=({_text(getattr(rows[number], name))}) " in told]
    else:
        hits = []
    return f"/rows/{hits[0]}" if hits else "/rows"


def _key_text(row: Any, rule: models.UniqueConstraint) -> str:
    """The row's values of a unique rule as PostgreSQL prints them."""
    parts = [_text(getattr(row, row._meta.get_field(name).attname)) for name in rule.fields]
    for expression in rule.expressions:
        name = errors.names_in(expression)
        text = _text(getattr(row, row._meta.get_field(name).attname))
        parts.append(text.lower() if isinstance(expression, Lower) else text)
    return ", ".join(parts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    return "null" if value is None else str(value)
