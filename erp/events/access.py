"""Who looked: exports, openings of the audit log and of histories, secrets and files that were read. Events of category `access`.

They stand in a stream of their own for each user, so that looking never waits for somebody who writes a record. Actor,
address and request id come from the context; a GET has no actor there yet, so these functions name it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from erp import context
from erp.events import registry

CATEGORY = "access"
EXPORTED = registry.register("data.exported", category=CATEGORY)
AUDIT_VIEWED = registry.register("audit.viewed", category=CATEGORY)
HISTORY_VIEWED = registry.register("record.history.viewed", category=CATEGORY)
SECRET_READ = registry.register("secret.read", category=CATEGORY)
FILE_READ = registry.register("file.downloaded", category=CATEGORY)

STREAM = "access"
# One event tells that somebody reads a page, whether it's opened once or ten times in this time.
QUIET_S = 15 * 60


@dataclass(frozen=True)
class Access:
    """One thing that was looked at.

    what: in words. subject: model label and key of the record, where it is one. organization_id: whose compliance sees the
    event; by default that of the user's own.
    """

    what: str
    subject: tuple[str, str] | None = None
    organization_id: uuid.UUID | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


def subject_of(record: models.Model) -> tuple[str, str]:
    """How an event names a record."""
    return record._meta.label_lower, str(record.pk)


def owner_of(record: models.Model, user: Any) -> uuid.UUID | None:
    """The organization whose compliance is told about an access to this record; a shared one is the reader's business."""
    if getattr(getattr(record, "scope", None), "organization", "") == "pk":
        return uuid.UUID(str(record.pk))
    own: uuid.UUID | None = getattr(record, "organization_id", None) or user.home_organization_id
    return own


def record(
    kind: registry.EventType,
    user: Any,
    *,
    what: str,
    subject: tuple[str, str] | None = None,
    organization_id: uuid.UUID | None = None,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """One event, in the open transaction or one of its own. For the parameters see `Access`."""
    record_all(kind, user, [Access(what, subject, organization_id, payload or {})])


def record_all(kind: registry.EventType, user: Any, accesses: Iterable[Access]) -> None:
    """One event each, in one statement."""
    events = [_event(kind, user, access) for access in accesses]
    if not events:
        return
    actor = {"actor_id": user.pk, "actor_label": context.label_of(user), "organization_id": user.home_organization_id}
    with context.acting(**actor), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT event_emit(%s::jsonb)", [json.dumps(events, cls=DjangoJSONEncoder)])


def opened(kind: registry.EventType, user: Any, *, page: str, **access: Any) -> None:
    """As `record`, but one event for each user and page in 15 minutes. page: what tells it from other pages."""
    key = f"access.{kind.name}.{user.pk}.{page}"
    if not cache.add(key, 1, QUIET_S):
        return
    try:
        record(kind, user, **access)
    except BaseException:
        cache.delete(key)
        raise


def _event(kind: registry.EventType, user: Any, access: Access) -> dict[str, Any]:
    owner = access.organization_id or user.home_organization_id
    # Events of nobody about shared records are for everybody's eyes; who looked is not.
    object_type, object_id = access.subject if access.subject and owner else (STREAM, str(user.pk))
    return {
        "aggregate_type": STREAM,
        "aggregate_id": str(user.pk),
        "object_type": object_type,
        "object_id": object_id,
        "category": kind.category,
        "event_type": kind.name,
        "schema_version": kind.version,
        "organization_id": owner,
        "payload": {"what": access.what, **access.payload},
    }
