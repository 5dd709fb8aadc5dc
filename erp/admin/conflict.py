"""Two people changed one record: what it was, what it is now, and what was typed, field by field, to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from erp.admin import timeline

THEIRS = "theirs"
YOURS = "yours"
PREFIX = "take-"
UNKNOWN = "not known"


@dataclass(frozen=True)
class Clash:
    """A field that others changed and that stands in the form with another value. Texts are as people read them.

    chosen: THEIRS, YOURS, or "" where both changed it and nobody has chosen yet. value: theirs, as the form would have it.
    """

    name: str
    label: str
    base: str
    theirs: str
    yours: str
    chosen: str
    value: Any

    @property
    def input(self) -> str:
        """Name of the input that chooses."""
        return f"{PREFIX}{self.name}"


def clashes(form: Any, *, seen: int | None) -> list[Clash]:
    """Fields to choose for; the form is being cleaned, its record as stored. One query for the version that was seen."""
    record = form.instance
    base = record._meta.model.history.filter(**{record._meta.pk.attname: record.pk, "version": seen}).first()
    return [clash for column in _columns(form) if (clash := _clash(form, column, base))]


def _columns(form: Any) -> Iterator[Any]:
    """Columns whose inputs the form has; what the record doesn't keep in plain can't be compared."""
    tracking = form.instance.tracking
    left_out = {*tracking.secret, *tracking.unkept}
    for column in form.instance._meta.concrete_fields:
        if column.name in form.fields and column.attname not in left_out and not isinstance(column, models.FileField):
            yield column


def _clash(form: Any, column: Any, base: Any) -> Clash | None:
    theirs, yours = getattr(form.instance, column.attname), _typed(form, column)
    was = getattr(base, column.attname) if base is not None else theirs
    if _same(theirs, yours) or (base is not None and _same(was, theirs)):
        return None
    asked = form.data.get(f"{PREFIX}{column.name}")
    untouched = base is not None and _same(was, yours)
    chosen = asked if asked in {THEIRS, YOURS} else (THEIRS if untouched else "")
    return Clash(
        column.name,
        str(form.fields[column.name].label),
        _shown(form, column, was) if base is not None else UNKNOWN,
        _shown(form, column, theirs),
        _shown(form, column, yours),
        chosen,
        getattr(form.instance, column.name),
    )


def _typed(form: Any, column: Any) -> Any:
    """What the user entered, as a value of the column; as text, where it is none."""
    if column.name not in form.cleaned_data:
        return form[column.name].data
    value = form.cleaned_data[column.name]
    return getattr(value, column.target_field.attname) if isinstance(value, models.Model) else value


def _same(one: Any, other: Any) -> bool:
    empty: tuple[Any, ...] = (None, "", [], {})
    return one == other or (one in empty and other in empty)


def _shown(form: Any, column: Any, value: Any) -> str:
    if isinstance(column, models.ForeignKey) and value is not None:
        rows = form.fields[column.name].queryset.filter(**{column.target_field.attname: value})
        return str(rows.first() or value)
    if value is not None and not isinstance(value, (bool, str, list, dict)):
        return timeline.shown(column.value_to_string(column.model(**{column.attname: value})), column)
    return timeline.shown(value, column)
