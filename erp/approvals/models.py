"""Changes that wait for a second person: what is asked for, who decided, who stands in for whom.

The rules that count are in the database (guards.sql): a request never changes but for its status, nobody decides their own,
and a guarded column takes a new value only with an approved request for that row, value and version.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from erp.events import registry
from erp.events.tracking import Tracking
from erp.models import MasterData, TimestampField, uuid7
from erp.rules import known_choices
from erp.scoping import Scope, ScopedQuerySet

EXPIRES_AFTER = timedelta(days=7)
SHORTEST_BREAK_GLASS_REASON = 20

registry.register("change_request.break_glass", category="approval")
registry.register("change_request.break_glass_reviewed", category="approval")


def _expiry() -> Any:
    return timezone.now() + EXPIRES_AFTER


class ChangeRequestQuerySet(ScopedQuerySet):
    """Requests by where they stand."""

    def pending(self) -> ChangeRequestQuerySet:
        """Waiting for a second person, and not too old yet."""
        return self.filter(status=ChangeRequest.Status.PENDING, expires_at__gt=Clock())

    def overdue(self) -> ChangeRequestQuerySet:
        """Open, but too old to be decided."""
        return self.filter(
            status__in=(ChangeRequest.Status.PENDING, ChangeRequest.Status.APPROVED), expires_at__lte=Clock()
        )

    def about(self, instance: models.Model) -> ChangeRequestQuerySet:
        """Requests to change this record or, for a user, its roles and permissions."""
        fields: list[Any] = list(instance._meta.local_many_to_many)  # those of a user
        through = [field.remote_field.through._meta.label_lower for field in fields]
        return self.filter(object_id=str(instance.pk), object_type__in=(instance._meta.label_lower, *through))

    def to_review(self) -> ChangeRequestQuerySet:
        """Changes made behind the broken glass that nobody else has looked at yet."""
        return self.filter(break_glass=True, reviewed_by__isnull=True)


class Clock(models.Func):
    """Now, as the record sees it."""

    function = "erp_clock"
    arity = 0
    output_field = models.DateTimeField()


@known_choices
class ChangeRequest(MasterData):
    """One change that a person asks for and another one decides. `changes` is {column: [old, new]} as the database spells them:
    encrypted columns in cipher, foreign keys as ids. For a role or permission of a user `object_type` is the join table, and
    `object_id` the user.
    """

    class Kind(models.TextChoices):
        UPDATE = "update", "Change"
        ADD = "add", "Add"
        DELETE = "delete", "Remove"

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        APPROVED = "approved", "Approved"
        APPLIED = "applied", "In force"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"
        CONFLICT = "conflict", "Overtaken"

    scope = Scope.of_organization()
    tracking = Tracking(
        "change_request",
        label="object_label",
        secret=("changes",),
        pii=("changes", "object_label"),
        category="approval",
    )

    organization = models.ForeignKey(
        "organizations.Organization",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        help_text="Whose record; empty for shared records and super admins.",
    )
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.UPDATE)
    object_type = models.CharField("record type", max_length=100, editable=False)
    object_id = models.CharField("record", max_length=64, editable=False)
    object_label = models.CharField("name of the record", max_length=300, editable=False)
    base_version = models.PositiveIntegerField(editable=False, help_text="Of the record when the change was asked for.")
    changes = models.JSONField(default=dict, blank=True, editable=False)
    reason = models.TextField(editable=False, help_text="Why the change is needed.")
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="change_requests",
        verbose_name="asked by",
        editable=False,
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    expires_at = TimestampField(default=_expiry, editable=False)
    applied_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    break_glass = models.BooleanField(
        default=False, editable=False, help_text="Made without a second person in an emergency, reviewed afterwards."
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    review_comment = models.TextField(blank=True, editable=False)

    objects: ClassVar[Any] = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        permissions = (
            ("decide_changerequest", "Can approve or reject changes of others"),
            ("break_glass", "Can make a change alone in an emergency"),
        )
        constraints = [
            # Target of the composite foreign key of decisions.
            models.UniqueConstraint(
                fields=("id", "maker"),
                name="changerequest_id_maker",
                violation_error_message="A request has one maker.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="changerequest_reason_given",
                violation_error_message="Say why the change is needed.",
            ),
            models.CheckConstraint(
                condition=Q(break_glass=False) | Q(reason__regex=rf"^\s*\S.{{{SHORTEST_BREAK_GLASS_REASON - 1},}}"),
                name="changerequest_break_glass_reason",
                violation_error_message=(
                    f"Say in {SHORTEST_BREAK_GLASS_REASON} characters or more why it can't wait for a second person."
                ),
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, reviewed_at__isnull=True)
                | (
                    Q(break_glass=True, reviewed_by__isnull=False, reviewed_at__isnull=False)
                    & ~Q(reviewed_by=F("maker"))
                ),
                name="changerequest_reviewer_is_another",
                violation_error_message="Only changes made in an emergency are reviewed, and by somebody else.",
            ),
        ]
        indexes = [
            models.Index(fields=("object_type", "object_id", "status"), name="changerequest_object"),
            models.Index(fields=("organization", "status"), name="changerequest_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.object_label}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided or withdrawn, as far as its status goes."""
        return self.status == self.Status.PENDING


@known_choices
class ApprovalDecision(models.Model):
    """What a second person said. `maker` is copied: a composite foreign key keeps it true, a check keeps it another person."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    tracking = Tracking("change_request", part="decision", parent="request", label="comment", category="approval")
    scope = Scope.of_organization()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.OneToOneField(ChangeRequest, models.PROTECT, related_name="decision")
    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict)
    comment = models.TextField(blank=True)
    decided_at = TimestampField(default=timezone.now, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-decided_at",)
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=~Q(approver=F("maker")) & (Q(on_behalf_of__isnull=True) | ~Q(on_behalf_of=F("maker"))),
                name="approvaldecision_approver_is_another",
                violation_error_message="Nobody decides their own request: ask a colleague.",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="rejected") | ~Q(comment=""),
                name="approvaldecision_rejection_has_comment",
                violation_error_message="Say why the change is rejected.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.approver}"


class Delegation(MasterData):
    """Somebody decides for a colleague from one day to another. It can be shortened or ended, not prolonged."""

    scope = Scope.of_organization()
    tracking = Tracking("delegation", label="", category="approval")

    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    from_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="delegations",
        verbose_name="for",
        editable=False,
        help_text="Who is away.",
    )
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="stands_in",
        verbose_name="stand-in",
        help_text="Decides meanwhile. Example: Sunita Khandelwal",
    )
    valid_from = models.DateField("first day", help_text="Example: 1 December 2026")
    valid_to = models.DateField("last day", help_text="Example: 14 December 2026")

    class Meta:
        ordering = ("-valid_from",)
        constraints = [
            models.UniqueConstraint(
                fields=("from_user", "to_user", "valid_from"),
                name="delegation_unique",
                violation_error_message="This colleague stands in from that day already.",
            ),
            models.CheckConstraint(
                condition=~Q(from_user=F("to_user")),
                name="delegation_to_another",
                violation_error_message="Choose somebody else to stand in.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")),
                name="delegation_range",
                violation_error_message="The last day can't come before the first day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.to_user} for {self.from_user}"

    def clean(self) -> None:
        """Both work for the same organization, so that scope holds for both."""
        super().clean()
        if self.from_user_id and self.to_user_id:
            self.copy_organization()
            if getattr(self.to_user, "organization_id", None) != self.organization_id:
                raise ValidationError(
                    {"to_user": f"{self.to_user} works for another organization: choose a colleague."}
                )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.copy_organization()
        super().save(*args, **kwargs)

    def copy_organization(self) -> None:
        """Take over the organization of whoever is away."""
        self.organization_id = getattr(self.from_user, "organization_id", None)


def private_path(attachment: Attachment, name: str) -> str:
    """Path below MEDIA_ROOT that tells nothing; no URL leads there."""
    return f"approvals/{attachment.request_id}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A paper that explains a request. Whoever stores it fills size, kind and fingerprint from the file itself."""

    tracking = Tracking("change_request", part="attachment", parent="request", label="file_name", category="approval")
    scope = Scope.of_organization()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="attachments")
    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file = models.FileField(upload_to=private_path, max_length=200)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField("size in bytes")
    mime = models.CharField("kind of file", max_length=50)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("created_at",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=("request", "sha256"),
                name="attachment_file_unique",
                violation_error_message="The request has this very file already.",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
