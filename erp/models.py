"""MasterData: what every record of the five domains has, so that no domain has to think about it."""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, cast

import uuid_utils.compat
from django.db import connections, models, transaction
from django.db.models import sql
from django.utils import timezone

from erp import writes
from erp.events.mixin import EventMixin
from erp.events.tracking import STAMPS, TrackedHistory, Tracking
from erp.scoping import Scope, ScopedQuerySet


def uuid7() -> uuid.UUID:
    """A new UUIDv7: unique everywhere, so that offline clients may make their own, and in order of time, so that indexes stay compact."""
    return uuid_utils.compat.uuid7()


class StaleVersionError(Exception):
    """The row changed, or vanished, since the caller read it; nothing was written."""

    def __init__(self, instance: models.Model, expected: int) -> None:
        super().__init__(
            f"{instance._meta.verbose_name} {instance} is no longer at version {expected}: read it again and repeat the change."
        )
        self.expected = expected


class _SetByDatabase:
    """A column whose value the database decides; Django reads it back after INSERT."""

    db_returning = True


class VersionField(_SetByDatabase, models.PositiveIntegerField):  # type: ignore[type-arg]
    pass


class TimestampField(_SetByDatabase, models.DateTimeField):  # type: ignore[type-arg]
    pass


class MasterData(EventMixin, models.Model):
    """A record with identity, times, a version, a scope, and a history that nobody has to remember to write.

    A subclass declares `scope` and `tracking`, its fields and its named constraints. `version` starts at 1 and is raised by
    the database with every real change, whoever makes it; `created_at` and `updated_at` likewise.
    """

    _expected_version: int | None = None
    scope: ClassVar[Scope]
    tracking: ClassVar[Tracking]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = VersionField(default=1, editable=False)
    created_at = TimestampField(default=timezone.now, editable=False)
    updated_at = TimestampField(default=timezone.now, editable=False)
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="Inactive records stay readable but can't be chosen in new documents. Deactivate instead of deleting.",
    )

    history = TrackedHistory(inherit=True)
    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, expected_version: int | None = None, **kwargs: Any) -> None:
        """Write the row and the pending events in one transaction.

        Raises: StaleVersionError: `expected_version` is given and the stored row has another one.
        """
        self._expected_version = expected_version
        # A stale version is an answer: the caller's transaction must be able to go on.
        with _transaction(kwargs.get("using"), savepoint=expected_version is not None):
            super().save(*args, **kwargs)
            self.flush_events()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row and write the pending events in one transaction."""
        with _transaction(kwargs.get("using")):
            self.flush_events()
            return super().delete(*args, **kwargs)

    def touch(self) -> None:
        """Raise the version although no column changed: a child did, and editors of the whole must notice."""
        type(self)._base_manager.filter(pk=self.pk).update(version=models.F("version") + 1)
        self.refresh_from_db(fields=["version", "updated_at"])

    def _do_insert(self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool) -> list[Any]:
        columns = [(field, getattr(self, field.attname) if raw else field.pre_save(self, True)) for field in fields]
        if not writes.is_plain(columns):
            return cast("list[Any]", super()._do_insert(manager, using, fields, returning_fields, raw))  # type: ignore[misc]
        return [writes.insert(manager.model, columns, returning=returning_fields, using=using)]

    def _do_update(  # type: ignore[override] # the stubs describe Django 6
        self, base_qs: Any, using: str, pk_val: Any, values: Any, update_fields: Any, forced_update: bool
    ) -> bool:
        # Django 5.2 has no UPDATE … RETURNING; without it every save would need a SELECT for the new version.
        expected, self._expected_version = self._expected_version, None
        columns = [(field, value) for field, _, value in values]
        if columns and writes.is_plain(columns):
            where: list[writes.Column] = [(self._meta.pk, pk_val)]
            if expected is not None:
                where.append((self._meta.get_field("version"), expected))
            stamp = writes.update(base_qs.model, columns, where=where, returning=STAMPS, using=using)
        else:
            stamp = self._update_by_expressions(base_qs.filter(pk=pk_val), using, values, expected)
        if stamp:
            self.version, self.created_at, self.updated_at = stamp
        elif expected is not None:
            raise StaleVersionError(self, expected)
        return stamp is not None

    @staticmethod
    def _update_by_expressions(rows: Any, using: str, values: Any, expected: int | None) -> Any:
        if expected is not None:
            rows = rows.filter(version=expected)
        if not values:
            return rows.values_list(*STAMPS).first()
        update = rows.query.chain(sql.UpdateQuery)
        update.add_update_fields(values)
        statement, params = update.get_compiler(using).as_sql()
        with connections[using].cursor() as cursor:
            cursor.execute(f"{statement} RETURNING {', '.join(STAMPS)}", params)
            return cursor.fetchone()


def _transaction(using: str | None, *, savepoint: bool = False) -> AbstractContextManager[Any]:
    """The open transaction, or one of its own; a savepoint in the open one costs two statements, so only where asked for."""
    if transaction.get_connection(using).in_atomic_block and not savepoint:
        return nullcontext()
    return transaction.atomic(using=using)
