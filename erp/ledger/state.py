"""How the ledger stands, for the desk, and its own events."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any, TypedDict

from django.db import connection, transaction

from erp.events import registry
from erp.events.models import Event

VERIFIED = registry.register("audit.verified", category="system")
KEY_ROTATED = registry.register("audit.key_rotated", category="system")
STREAM = "audit"

STATE = """
SELECT newest.size, newest.signed_at, coalesce((SELECT max(position) FROM event_position), 0) - coalesce(newest.size, 0)
           + (SELECT count(*) FROM event_pending),
       (SELECT count(*) FROM ledger_delivery WHERE delivered_at IS NULL AND error <> '')
FROM (SELECT) AS one LEFT JOIN (SELECT size, signed_at FROM ledger_head ORDER BY size DESC LIMIT 1) AS newest ON true
"""


class Verification(TypedDict):
    """The last run of `audit_verify`: when it ended, whether all was well, how many findings, in seconds, up to which head."""

    at: datetime
    ok: bool
    findings: int
    seconds: float
    size: int


class SealState(TypedDict):
    """size: events that the newest head covers; unsealed: committed since; undelivered: heads that an outside sink refused."""

    size: int
    signed_at: datetime | None
    unsealed: int
    undelivered: int
    verified: Verification | None


def seal_state() -> SealState:
    """Newest head, what waits for the next one, and the last verification; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        size, signed_at, unsealed, undelivered = cursor.fetchone()
    last = Event.objects.filter(event_type=VERIFIED.name).order_by("-occurred_at", "-id").first()
    return {
        "size": size or 0,
        "signed_at": signed_at,
        "unsealed": unsealed,
        "undelivered": undelivered,
        "verified": _verification(last) if last else None,
    }


def emit(kind: registry.EventType, payload: dict[str, Any], *, organization_id: uuid.UUID | None = None) -> None:
    """One event in the ledger's own stream, in the open transaction or one of its own."""
    event = {
        "aggregate_type": STREAM,
        "aggregate_id": "ledger",
        "object_type": STREAM,
        "object_id": "ledger",
        "category": kind.category,
        "event_type": kind.name,
        "schema_version": kind.version,
        "organization_id": str(organization_id) if organization_id else None,
        "payload": payload,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT event_emit(%s::jsonb)", [json.dumps([event])])


def _verification(event: Event) -> Verification:
    told = event.payload
    return {
        "at": event.occurred_at,
        "ok": told["ok"],
        "findings": told["findings"],
        "seconds": told["seconds"],
        "size": told["size"],
    }
