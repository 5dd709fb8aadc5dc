"""What is known of an uploaded file: its bytes, what its rows would do or have done, and how far its import is."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from erp.models import uuid7
from erp.scoping import UserType


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    """Imports of the own organization."""

    def visible_to(self, user: Any) -> Self:
        """Imports that this user may look at: those of the own organization, as long as the user works there."""
        if not user.is_active:
            return self.none()
        if user.user_type == UserType.SUPER_ADMIN:
            return self.all()
        if user.user_type != UserType.INTERNAL or not user.organization_id:
            return self.none()
        return self.filter(organization_id=user.organization_id)


class ImportJob(models.Model):
    """One uploaded file. Rows are written in one transaction that also sets the status `done`: all of them, or none.

    result: the preview (see `erp.admin.imports.plan.Plan.as_json`). done, total: rows of the present step.
    """

    class Status(models.TextChoices):
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Waits for confirmation"
        WRITING = "writing", "Being written"
        DONE = "done", "Imported"
        FAILED = "failed", "Nothing imported"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (Status.CHECKING, Status.WRITING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    organization_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=100)
    file_name = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/", max_length=255)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.CHECKING)
    step = models.CharField(max_length=100, default="", blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    cancelling = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, default="", blank=True)
    request_id = models.CharField(max_length=64, default="", blank=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        db_table = "import_job"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["checking", "checked", "writing", "done", "failed", "cancelled"]),
                name="importjob_status_known",
                violation_error_message="This is no state of an import.",
            ),
        ]
        indexes = [models.Index(fields=("organization_id", "-created_at"), name="importjob_newest")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_status_display()})"

    @property
    def is_active(self) -> bool:
        """Whether a worker has, or will have, work with it."""
        return self.status in self.ACTIVE

    @property
    def percent(self) -> int:
        """Of the present step."""
        return min(100, self.done * 100 // self.total) if self.total else 0
