"""What the records of this domain share: codes in capitals, and an owner that is one organization or everybody."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from erp.models import MasterData
from erp.scoping import Kind, Scope

# A chapter of the Harmonized System, as part of a regular expression.
HS_CHAPTER = "(0[1-9]|[1-8][0-9]|9[0-7])"


class Coded(MasterData):
    """A record with a code: `clean()` writes it in capitals."""

    code: models.CharField[Any, Any]

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        self.code = self.code.strip().upper()


class OwnedOrShared(MasterData):
    """A record of one organization, or of everybody where `organization` is empty.

    It may refer to shared records and to those of its own organization, never to another organization's.
    """

    scope = Scope.of_organization_or_shared()

    organization = models.ForeignKey(
        "organizations.Organization",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty: shared by all organizations.",
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Raises: ValidationError: a record that this one refers to belongs to another organization."""
        super().clean()
        refuse_foreign_references(self)


def refuse_foreign_references(record: Any) -> None:
    """Raises: ValidationError: `record` refers to a row that belongs to another organization than its own."""
    errors = {}
    for field in record._meta.concrete_fields:
        scope = getattr(field.related_model, "scope", None) if isinstance(field, models.ForeignKey) else None
        if scope is None or scope.kind is not Kind.ORGANIZATION_OR_SHARED:
            continue
        target = getattr(record, field.name, None) if getattr(record, field.attname) else None
        if target and target.organization_id not in {None, record.organization_id}:
            errors[field.name] = (
                f"{target} belongs to another organization: choose a shared {field.verbose_name} or one of your own."
            )
    if errors:
        raise ValidationError(errors)
