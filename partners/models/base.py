"""What every part of a business partner has: its partner and, copied from it, the organization."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models

from erp.models import MasterData
from erp.scoping import Scope

if TYPE_CHECKING:
    from partners.models.partner import BusinessPartner


class PartnerPart(MasterData):
    """A row that belongs to one business partner. A subclass declares the `partner` foreign key.

    The organization is a column of its own, so that scope and unique rules need no join; a composite foreign key
    (`partners/constraints.py`) keeps it equal to the partner's.
    """

    if TYPE_CHECKING:
        partner: models.ForeignKey[BusinessPartner, BusinessPartner]
        partner_id: uuid.UUID

    scope = Scope.of_partner()

    organization = models.ForeignKey("organizations.Organization", models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.copy_organization()
        super().clean_fields(exclude)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Forms exclude what they do not show; rules over columns that the model itself fills are checked all the same."""
        derived = {field.name for field in self._meta.concrete_fields if not field.editable}
        super().validate_constraints(set(exclude or ()) - derived)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.copy_organization()
        super().save(*args, **kwargs)

    @property
    def owner(self) -> BusinessPartner | None:
        """The partner, also one that its form is about to store and that has no key yet; None where nobody chose one."""
        try:
            return self.partner
        except ObjectDoesNotExist:
            return None

    def copy_organization(self) -> None:
        """Take over the partner's organization."""
        if self.owner:
            self.organization_id = self.owner.organization_id


def check_owner(part: PartnerPart, *names: str) -> None:
    """Refuse foreign keys to rows of another organization; rows that all organizations share are fine.

    Raises: ValidationError: keyed by the field.
    """
    for name in names:
        chosen = getattr(part, name) if getattr(part, f"{name}_id") else None
        if chosen and chosen.organization_id not in {None, part.organization_id}:
            raise ValidationError(
                {name: f"{chosen} belongs to another organization: choose one of the partner's organization."}
            )
