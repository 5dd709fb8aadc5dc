"""`emit_event` and `flush_events` of every MasterData record."""

from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from erp.events import registry
from erp.events.tracking import Tracking


class EventMixin(models.Model):
    """Domain events of one record, written in the transaction of its change.

    >>> commodity.emit_event("commodity.price_basis_agreed", user.pk, {"basis": "ICE"})
    >>> commodity.flush_events()          # or commodity.save()
    """

    tracking: ClassVar[Tracking]

    class Meta:
        abstract = True

    def emit_event(
        self,
        event_type: str,
        user_id: uuid.UUID | str | None,
        payload: registry.Payload | None = None,
        *,
        expected_version: int | None = None,
    ) -> None:
        """Keep an event on this instance until `flush_events()` or `save()`.

        user_id: who did it; None: the user of the current context.
        expected_version: version of the aggregate's stream before this event; another one fails the flush.
        Raises: UnknownEventTypeError: the type is not registered.
        """
        kind = registry.get(event_type)
        self.pending_events.append(
            {
                "event_type": kind.name,
                "schema_version": kind.version,
                "category": kind.category,
                "actor_id": user_id,
                "payload": payload or {},
                "expected_version": expected_version,
            }
        )

    def flush_events(self) -> int:
        """Write the pending events in one statement, in order; returns how many. They stay pending when it fails.

        Raises: StaleStreamError: an `expected_version` did not hold.
        """
        if not self.pending_events:
            return 0
        owner = {"aggregate_type": self.tracking.aggregate, **self._event_owner()}
        rows = [{**owner, **event} for event in self.pending_events]
        with connection.cursor() as cursor:
            cursor.execute("SELECT event_emit(%s::jsonb)", [json.dumps(rows, cls=DjangoJSONEncoder)])
        self.pending_events.clear()
        return len(rows)

    @property
    def pending_events(self) -> list[dict[str, Any]]:
        """Events that wait on this instance, and on no other."""
        pending: list[dict[str, Any]] = self.__dict__.setdefault("_pending_events", [])
        return pending

    def _event_owner(self) -> dict[str, Any]:
        parent = self.tracking.parent
        return {
            "aggregate_id": str(getattr(self, f"{parent}_id") if parent else self.pk),
            "object_type": self._meta.label_lower,
            "object_id": str(self.pk),
            "organization_id": self._owner_id("organization"),
            "partner_id": self._owner_id("partner"),
        }

    def _owner_id(self, owner: str) -> Any:
        lookup: str = getattr(getattr(self, "scope", None), owner, "")
        return getattr(self, "pk" if lookup == "pk" else f"{lookup}_id", None) if lookup else None
