"""The event log's tables, read-only from Python: the database functions in capture.sql write them."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models


class AppendOnlyError(TypeError):
    """Somebody tried to write the log through the ORM."""


class ReadOnlyModel(models.Model):
    class Meta:
        abstract = True

    def save(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("Events are written by the database: change a record, or call emit_event().")

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("Events are never deleted.")


class Event(ReadOnlyModel):
    """One recorded fact: a row changed, a domain event, an access, or a security event."""

    class Category(models.TextChoices):
        ROW = "row", "Row"
        DOMAIN = "domain", "Domain"
        ACCESS = "access", "Access"
        SECURITY = "security", "Security"
        APPROVAL = "approval", "Approval"
        PRIVACY = "privacy", "Privacy"
        SYSTEM = "system", "System"

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    xid = models.CharField(max_length=20, help_text="Transaction, as xid8.")
    aggregate_type = models.TextField()
    aggregate_id = models.TextField()
    aggregate_version = models.BigIntegerField(help_text="1, 2, 3 … per aggregate, without gaps.")
    object_type = models.TextField()
    object_id = models.TextField(help_text="The row itself, where it is a child of the aggregate.")
    category = models.TextField(choices=Category.choices)
    event_type = models.TextField()
    schema_version = models.SmallIntegerField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField()
    on_behalf_of = models.UUIDField(null=True)
    organization_id = models.UUIDField(null=True)
    partner_id = models.UUIDField(null=True)
    request_id = models.TextField()
    source = models.TextField()
    ip = models.TextField()
    db_role = models.TextField()
    reason = models.TextField()
    approval_id = models.UUIDField(null=True)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    history_table = models.TextField()
    history_id = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "event"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.event_type} {self.aggregate_id}"

    @property
    def changes(self) -> dict[str, list[Any]]:
        """Column to [old, new] of a row event."""
        changes: dict[str, list[Any]] = self.payload.get("changes", {})
        return changes


class EventPosition(ReadOnlyModel):
    """Place of an event in the one order of committed events: 1, 2, 3 … without gaps."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, models.DO_NOTHING, db_constraint=False, related_name="numbered")

    class Meta:
        managed = False
        db_table = "event_position"
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.position}"


class EventStream(ReadOnlyModel):
    """Newest version of each aggregate; the row lock that puts its events in order."""

    pk = models.CompositePrimaryKey("aggregate_type", "aggregate_id")
    aggregate_type = models.TextField()
    aggregate_id = models.TextField()
    version = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "event_stream"

    def __str__(self) -> str:
        return f"{self.aggregate_type} {self.aggregate_id} at {self.version}"
