"""What people keep at the desk for themselves. No master data: nothing here is part of the record of changes."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from erp.models import uuid7


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    """Filters by who may use them."""

    def usable_by(self, user: Any) -> Self:
        """Own ones, and those that colleagues share in the user's organization."""
        own = Q(owner=user.pk)
        organization = getattr(user, "organization_id", None)
        return self.filter(own | Q(is_shared=True, organization=organization) if organization else own)


class SavedFilter(models.Model):
    """A filter of a list under a name. `kind` is the model's label, `query` what stands in the address after "?"."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="+", null=True, blank=True
    )
    kind = models.CharField(max_length=100)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        db_table = "saved_filter"
        default_permissions = ()
        ordering = ("kind", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("owner", "kind", "name"),
                name="savedfilter_name_unique",
                violation_error_message="You have a filter of this name for this list: choose another name.",
            ),
            models.CheckConstraint(
                condition=Q(is_shared=False) | Q(organization__isnull=False),
                name="savedfilter_shared_in_organization",
                violation_error_message="A filter is shared in an organization: you belong to none.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
