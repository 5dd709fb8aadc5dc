"""Answers that hold a masked value in plain: who read it of which records is an event, one a kind of record and answer."""

from __future__ import annotations

from typing import Any

from rest_framework import status

from erp.events import access

_NOTES = "_secrets_read"


def note(request: Any, row: Any, column: str) -> None:
    """This answer shows this column of this row in plain. Asks the database nothing."""
    model = getattr(row, "instance_type", type(row))  # a past row tells of which model it is
    notes: dict[Any, tuple[set[str], set[str]]] = request.__dict__.setdefault(_NOTES, {})
    # `__dict__`: an answer with few fields has not read the owner.
    owner = request.user.home_organization_id or row.__dict__.get("organization_id")
    keys, columns = notes.setdefault((model, owner), (set(), set()))
    keys.add(str(row.id))
    columns.add(column)


def record(request: Any, answer: Any) -> None:
    """Record what was noted, in one statement; nothing where nothing was shown or the answer is a refusal."""
    notes = request.__dict__.pop(_NOTES, None)
    if not notes or answer.status_code >= status.HTTP_400_BAD_REQUEST:
        return
    access.record_all(access.SECRET_READ, request.user, [_access(*item) for item in notes.items()])


def _access(kind: tuple[Any, Any], read: tuple[set[str], set[str]]) -> access.Access:
    (model, owner), (keys, columns) = kind, read
    meta = model._meta
    many = len(keys) > 1
    return access.Access(
        what=f"{len(keys)} {meta.verbose_name_plural}" if many else str(meta.verbose_name),
        subject=None if many else (meta.label_lower, min(keys)),
        organization_id=owner,
        payload={"fields": sorted(columns), "records": sorted(keys)},
    )
