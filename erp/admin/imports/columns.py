"""Columns of a model's files: which there are, what names a row, and how a cell becomes a value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from erp.admin.imports.files import Column, as_text
from erp.admin.scope import OWNER, chooses_owner, foreign_keys, visible
from erp.events.tracking import STAMPS

YES, NO = {"1", "true", "t", "yes", "y"}, {"0", "false", "f", "no", "n"}
LOOKED_UP = 5_000  # codes in one statement


def natural_key(model: type[models.Model]) -> str:
    """The column by which files name rows of this model: its code, else its primary key."""
    pk = model._meta.pk.name
    names = [field.name for field in model._meta.concrete_fields]
    if pk != "id" or "code" in names:
        return pk if pk != "id" else "code"
    unique = {name for rule in model._meta.total_unique_constraints for name in rule.fields}
    return next((name for name in names if name.endswith("_code") and name in unique), pk)


def columns_of(model: type[models.Model]) -> list[str]:
    """Every column that people edit, the code first and the id last."""
    pk = model._meta.pk.name
    secret = {*model.tracking.secret, *model.tracking.unkept}  # type: ignore[attr-defined]
    columns = [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in {*STAMPS, *secret} and (field.editable or field.name == pk)
    ]
    return list(dict.fromkeys([natural_key(model), *(name for name in columns if name != pk), pk]))


def identity(model: type[models.Model]) -> tuple[str, ...]:
    """Fields that find the stored row of a row without id: the unique set that holds the code, else one of file columns.

    Empty where no such set exists: then only the id finds a row.
    """
    pk, key = model._meta.pk.name, natural_key(model)
    if pk != "id":
        return (pk,)
    known = {*columns_of(model), OWNER} - {pk}
    sets = [
        tuple(rule.fields)
        for rule in model._meta.constraints
        if isinstance(rule, models.UniqueConstraint) and rule.condition is None and rule.fields
    ]
    fitting = [names for names in sets if known.issuperset(names)]
    if key != pk:
        coded = [names for names in fitting if key in names]
        owned = (OWNER, key) if OWNER in {field.name for field in model._meta.concrete_fields} else (key,)
        return max(coded, key=len) if coded else owned
    return fitting[0] if fitting else ()


def blamed(model: type[models.Model]) -> dict[str, str]:
    """What a broken rule says → its column, for rules that are about one column besides the owner."""
    found = {}
    for rule in model._meta.constraints:
        names: set[str] = set()
        if isinstance(rule, models.CheckConstraint):
            names = set(getattr(rule.condition, "referenced_base_fields", ()))
        elif isinstance(rule, models.UniqueConstraint):
            expressions: list[Any] = list(rule.expressions)
            nodes = [node for one in expressions for node in ([one] if isinstance(one, models.F) else one.flatten())]
            names = {*rule.fields, *(str(vars(node)["name"]) for node in nodes if isinstance(node, models.F))}
        names -= {OWNER}
        if len(names) == 1:
            found[str(rule.violation_error_message)] = names.pop()
    return found


def value_of(field: models.Field[Any, Any], cell: Any) -> Any:
    """The cell as a value of the field; an empty one as null where the field knows null.

    Raises: ValidationError: it is none.
    """
    text = as_text(cell)
    if not text:
        return None if field.null or not isinstance(field, (models.CharField, models.TextField)) else ""
    if isinstance(field, models.BooleanField):
        if text.lower() not in YES | NO:
            raise ValidationError(f"{text!r} is neither yes nor no: write 1 or 0.")
        return text.lower() in YES
    if isinstance(field, ArrayField):
        return [part.strip() for part in text.split(",")]
    if isinstance(field, models.JSONField):
        return json.loads(text)
    return field.to_python(text)


def shown(value: Any) -> str:
    """A value of a row as its file holds it; equal values look alike."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, models.Model):
        return str(getattr(value, natural_key(type(value))))
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return as_text(value)


def look_up(model: type[models.Model], codes: Iterable[str], *, user: Any) -> dict[str, models.Model]:
    """Code → row in the user's scope; an own row comes before the shared one with the same code. One statement for 5,000."""
    key, wanted = natural_key(model), sorted(set(codes))
    field: Any = model._meta.get_field(key)
    valid: dict[Any, str] = {}
    for text in wanted:
        try:
            valid[field.to_python(text)] = text
        except ValidationError:
            continue
    rows = visible(model._default_manager.all(), user)
    if any(one.name == OWNER for one in model._meta.concrete_fields):
        rows = rows.order_by(models.F(f"{OWNER}_id").asc(nulls_last=True))
    found: dict[str, models.Model] = {}
    values = list(valid)
    for start in range(0, len(values), LOOKED_UP):
        for row in rows.filter(**{f"{key}__in": values[start : start + LOOKED_UP]}):
            found.setdefault(valid[getattr(row, key)], row)
    return found


def template(model: type[models.Model], *, user: Any) -> list[Column]:
    """What each column means, for a file to fill in."""
    keys = {field.name for field in foreign_keys(model)}
    held = set(getattr(model.tracking, "approved", ()))  # type: ignore[attr-defined]
    found = []
    for name in columns_of(model):
        if name == OWNER and not chooses_owner(user):
            continue
        field: Any = model._meta.get_field(name)
        if name == "id":
            found.append(Column("id", False, "Leave it empty for a new row.", ""))
            continue
        needed = not (field.blank or field.null or field.has_default())
        parts = [_sentence(str(field.help_text)), _kind(field)] + ([_HELD] if name in held else [])
        example = _some_code(field, user) if name in keys else _example(field)
        found.append(Column(name, needed, " ".join(filter(None, parts)), example))
    return found


_HELD = "On stored records it changes only in the record's form, with a second person's approval."


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."


def _kind(field: Any) -> str:
    if isinstance(field, models.ForeignKey):
        other = field.remote_field.model
        return f"Holds the {natural_key(other).replace('_', ' ')} of the {other._meta.verbose_name}."
    if field.choices:
        return f"One of: {', '.join(str(value) for value, _ in field.flatchoices if value)}."
    if isinstance(field, models.BooleanField):
        return "1 or 0."
    if isinstance(field, models.DateField):
        return "A date like 2026-04-01."
    return ""


def _example(field: Any) -> str:
    if field.choices:
        return str(next((value for value, _ in field.flatchoices if value), ""))
    examples = (
        (models.BooleanField, "1"),
        (models.DateField, "2026-04-01"),
        (models.DecimalField, "1.5"),
        (models.IntegerField, "1"),
    )
    return next((text for kind, text in examples if isinstance(field, kind)), "")


def _some_code(field: Any, user: Any) -> str:
    target = field.remote_field.model
    key = natural_key(target)
    first = visible(target._default_manager.all(), user).order_by(key).values_list(key, flat=True).first()
    return "" if first is None else str(first)
