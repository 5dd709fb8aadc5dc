"""What a model declares about its record, and the history tables that django-simple-history makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import signals
from simple_history.models import HistoricalRecords

# Kept by the database: they say that a row changed and when, not what changed.
STAMPS = ("version", "created_at", "updated_at")


@dataclass(frozen=True)
class Tracking:
    """How the rows of one table are recorded.

    aggregate: name of the whole that a reader follows ("commodity"); events are `<aggregate>[.<part>].<verb>`.
    part, parent: for a child: its name in the event type ("variety") and its foreign key to the whole.
    label: column that names a row to a person, stored with each event as it was then.
    secret: columns whose change is recorded but never their value.
    pii: columns with personal data, erasable from the record one day without breaking its proof.
    ignored: columns whose change is no change.
    unkept: columns that stay out of the history table.
    approved: columns whose change takes effect only with another person's approval (erp/approvals); the row is then
        deleted only with one, too.
    kept: columns with a value that a row leaves only with another person's approval, and takes at once: ("status", "blocked").
    harmless: values of approved columns with which a new row needs no approval; other columns are free in a new row.
    category: of the events (see `Event.Category`).
    """

    aggregate: str
    part: str = ""
    parent: str = ""
    label: str = "name"
    secret: tuple[str, ...] = ()
    pii: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    harmless: tuple[tuple[str, bool | str | None], ...] = ()
    category: str = "row"

    @property
    def name(self) -> str:
        """Event type without its verb."""
        return f"{self.aggregate}.{self.part}" if self.part else self.aggregate


class TrackedHistory(HistoricalRecords):
    """django-simple-history's tables, managers, `as_of` and diffs; the database triggers write the rows.

    The signal writers are off, because they miss bulk operations, cascades and raw SQL. `history_user_id` is a plain UUID:
    a foreign key would make history change, or forbid, when a user is deleted.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "history_id_field": models.BigAutoField(),
                "history_user_id_field": models.UUIDField(null=True),
                "history_change_reason_field": models.TextField(null=True),
                **kwargs,
            }
        )

    def finalize(self, sender: type[models.Model], **kwargs: Any) -> None:
        # One instance serves every subclass of MasterData; the library reads the exclusions from it.
        self.excluded_fields = list(getattr(sender, "tracking", Tracking("")).unkept)
        super().finalize(sender, **kwargs)
        for signal, writer in (
            (signals.post_save, self.post_save),
            (signals.post_delete, self.post_delete),
            (signals.pre_delete, self.pre_delete),
        ):
            # A connected signal would also keep Django from deleting in one statement.
            signal.disconnect(writer, sender=sender)

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        fields: dict[str, Any] = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False
        return fields

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        pk = model._meta.pk.name
        return {
            **super().get_meta_options(model),
            "ordering": ("-history_id",),
            "get_latest_by": ("history_id",),
            "default_permissions": (),
            "indexes": (
                models.Index(fields=(pk, "-history_id")),
                models.Index(fields=(pk, "-history_date", "-history_id")),
            ),
        }
