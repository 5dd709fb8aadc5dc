"""How PostgreSQL spells a column so that its JSON is what the serializer's field would have written.

A field that is not in the table here, or a subclass of one, is not guessed at: its request goes to the serializer.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from rest_framework import serializers
from rest_framework.settings import api_settings

from erp.api import fields
from erp.models import TimestampField

Spelling = Callable[[Any, Any, str], str | None]
# As `datetime.isoformat` writes it; the fraction goes where there is none.
ISO, WHOLE = """'YYYY-MM-DD"T"HH24:MI:SS.US'""", "'.000000'"
# Offsets are taken as settled from here on in zones without summer time: to look them up row by row costs four times as much.
SETTLED = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
FAR = 2200


def spelled(field: Any, column: Any, sql: str) -> str | None:
    """SQL of the value that the field shows of a column; None where it can't be told. sql: the column, as SQL."""
    spelling = SPELLINGS.get(type(field))
    if spelling is None or column is None or hasattr(column, "from_db_value"):
        return None
    return spelling(field, column, sql)


def moment(sql: str, *, is_recent: bool = False) -> str:
    """A time in the current zone, as ISO 8601 with the zone's offset of that time; Z for none.

    is_recent: it is none from before 1970. What PostgreSQL need not read, plan and prepare for each statement then is
    most of the SQL of a list.
    """
    zone = timezone.get_current_timezone()
    name = str(zone).replace("'", "''")
    local = f"{sql} AT TIME ZONE '{name}'"
    text = f"replace(to_char({local}, {ISO}), {WHOLE}, '')"
    settled = settled_offset(zone)
    if settled and is_recent:
        return f"{text} || '{settled}'"
    between = f"({local} - {sql} AT TIME ZONE 'UTC')"
    # Seconds of an offset, which zones had long ago, are shown where there are any.
    hours = f"regexp_replace(to_char(greatest({between}, -{between}), 'HH24:MI:SS'), ':00$', '')"
    offset = (
        f"CASE sign(extract(epoch FROM {between})) WHEN 0 THEN 'Z' WHEN 1 THEN '+' || {hours} ELSE '-' || {hours} END"
    )
    if settled:
        offset = f"CASE WHEN {sql} >= '{SETTLED.isoformat()}' THEN '{settled}' ELSE {offset} END"
    return f"{text} || {offset}"


@functools.cache
def settled_offset(zone: datetime.tzinfo) -> str:
    """What the zone's offset has been since 1970 and stays, as "+05:30" or "Z"; empty where it moves."""
    weeks = range((datetime.datetime(FAR, 1, 1, tzinfo=datetime.UTC) - SETTLED).days // 7)
    found = {(SETTLED + datetime.timedelta(weeks=number)).astimezone(zone).isoformat()[19:] for number in weeks}
    return found.pop().replace("+00:00", "Z") if len(found) == 1 else ""


def _as_it_is(*kinds: type[models.Field[Any, Any]]) -> Spelling:
    """The column's own JSON: texts, whole numbers, booleans, dates."""
    return lambda field, column, sql: sql if isinstance(column, kinds) else None


def _key(field: Any, column: Any, sql: str) -> str | None:
    plain = isinstance(column, models.ForeignKey) and field.pk_field is None
    target = column.target_field if plain else None
    known = isinstance(target, (models.UUIDField, models.CharField)) and not hasattr(target, "from_db_value")
    return sql if known else None


def _uuid(field: Any, column: Any, sql: str) -> str | None:
    return sql if isinstance(column, models.UUIDField) and field.uuid_format == "hex_verbose" else None


def _decimal(field: Any, column: Any, sql: str) -> str | None:
    """numeric(p, s) is written with s places, which is what the field rounds to."""
    same = isinstance(column, models.DecimalField) and column.decimal_places == field.decimal_places
    as_text = getattr(field, "coerce_to_string", api_settings.COERCE_DECIMAL_TO_STRING)
    plain = as_text and not (field.localize or field.normalize_output)
    return f"{sql}::text" if same and plain else None


def _date(field: Any, column: Any, sql: str) -> str | None:
    is_date = isinstance(column, models.DateField) and not isinstance(column, models.DateTimeField)
    return sql if is_date and "format" not in vars(field) else None


def _datetime(field: Any, column: Any, sql: str) -> str | None:
    plain = not {"format", "timezone"} & vars(field).keys()
    # The database's own clock writes the times of a record.
    is_recent = isinstance(column, TimestampField)
    return moment(sql, is_recent=is_recent) if plain and isinstance(column, models.DateTimeField) else None


def _list(field: Any, column: Any, sql: str) -> str | None:
    known = type(field.child) in CHILDREN and isinstance(column, ArrayField)
    texts = known and isinstance(column.base_field, (models.CharField, models.TextField, models.GenericIPAddressField))
    return sql if texts else None


TEXT = _as_it_is(models.CharField, models.TextField)
NUMBER = _as_it_is(models.IntegerField)
SPELLINGS: dict[type[Any], Spelling] = {
    fields.TextField: TEXT,
    fields.CapitalsField: TEXT,
    fields.IdentifierField: TEXT,
    fields.EmailField: TEXT,
    fields.UrlField: TEXT,
    fields.ChoiceField: TEXT,
    fields.IntegerField: NUMBER,
    fields.BooleanField: _as_it_is(models.BooleanField),
    fields.KeyField: _key,
    serializers.UUIDField: _uuid,
    fields.DecimalField: _decimal,
    fields.DateField: _date,
    fields.DateTimeField: _datetime,
    serializers.ListField: _list,
}
CHILDREN = {serializers.CharField, serializers.IPAddressField, fields.TextField, fields.AddressField}
