"""Which rows a user may see and edit: one declaration per model, one door to the rows.

    class Location(MasterData):
        scope = Scope.of_organization_or_shared()

    Location.objects.visible_to(request.user)

| scope                        | SUPER_ADMIN | INTERNAL                          | EXTERNAL                                         |
|------------------------------|-------------|-----------------------------------|--------------------------------------------------|
| `shared()`                   | all         | reads all                         | reads all                                        |
| `of_organization()`          | all         | own organization                  | nothing                                          |
| `of_organization_or_shared()`| all         | shared and own; edits own only    | reads shared and its partner's organization's    |
| `of_partner()`               | all         | own organization                  | own partner                                      |

Closed by default: an unknown role, a missing organization or an inactive user sees no row. What a user may do with a row
that it sees (view, add, change, delete) is decided by Django's model permissions on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    import uuid


class UserType(models.TextChoices):
    """The three roles of the customer. What each may see is the table above."""

    SUPER_ADMIN = "SUPER_ADMIN", "Super admin"
    INTERNAL = "INTERNAL", "Internal"
    EXTERNAL = "EXTERNAL", "External"


class Viewer(Protocol):
    """What scoping needs to know about a user (`accounts.User`, or Django's AnonymousUser, which has none of it)."""

    is_active: bool
    user_type: str
    organization_id: uuid.UUID | None
    partner_id: uuid.UUID | None

    @property
    def home_organization_id(self) -> uuid.UUID | None:
        """Own organization (INTERNAL) or the organization of the own partner (EXTERNAL)."""


class Kind(StrEnum):
    SHARED = "shared"
    ORGANIZATION = "organization"
    ORGANIZATION_OR_SHARED = "organization_or_shared"
    PARTNER = "partner"


NOTHING = Q(pk__in=[])
EVERYTHING = Q()


@dataclass(frozen=True)
class Scope:
    """Row rule of one model. `organization` and `partner` name the lookup from the model to the owner."""

    kind: Kind
    organization: str = ""
    partner: str = ""

    @classmethod
    def shared(cls) -> Self:
        """Reference data of everybody; only SUPER_ADMIN edits it."""
        return cls(Kind.SHARED)

    @classmethod
    def of_organization(cls, organization: str = "organization") -> Self:
        """Rows of one organization. `Scope.of_organization("pk")` is the organization itself."""
        return cls(Kind.ORGANIZATION, organization)

    @classmethod
    def of_organization_or_shared(cls, organization: str = "organization") -> Self:
        """Rows of one organization, or of everybody where `organization` is null."""
        return cls(Kind.ORGANIZATION_OR_SHARED, organization)

    @classmethod
    def of_partner(cls, partner: str = "partner", *, organization: str = "organization") -> Self:
        """Rows of one business partner and, copied, of its organization."""
        return cls(Kind.PARTNER, organization, partner)

    def visible(self, user: Any) -> Q:
        """Condition for the rows that the user may see."""
        return self._rows(user, read=True)

    def editable(self, user: Any) -> Q:
        """Condition for the rows that the user may change, as far as ownership goes."""
        return self._rows(user, read=False)

    def _rows(self, user: Any, *, read: bool) -> Q:
        if not getattr(user, "is_active", False):
            return NOTHING
        match getattr(user, "user_type", None):
            case UserType.SUPER_ADMIN:
                return EVERYTHING
            case UserType.INTERNAL:
                return self._internal(user, read=read)
            case UserType.EXTERNAL:
                return self._external(user, read=read)
        return NOTHING

    def _internal(self, user: Viewer, *, read: bool) -> Q:
        if not user.organization_id:
            return NOTHING
        if self.kind is Kind.SHARED:
            return EVERYTHING if read else NOTHING
        return self._of(user.organization_id, shared=read)

    def _external(self, user: Viewer, *, read: bool) -> Q:
        if not user.partner_id:
            return NOTHING
        if self.kind is Kind.PARTNER:
            return Q(**{self.partner: user.partner_id})
        if not read or self.kind is Kind.ORGANIZATION:
            return NOTHING
        if self.kind is Kind.SHARED:
            return EVERYTHING
        home = user.home_organization_id
        return self._of(home, shared=True) if home else Q(**{f"{self.organization}__isnull": True})

    def _of(self, organization_id: uuid.UUID, *, shared: bool) -> Q:
        own = Q(**{self.organization: organization_id})
        if shared and self.kind is Kind.ORGANIZATION_OR_SHARED:
            return own | Q(**{f"{self.organization}__isnull": True})
        return own


class ScopedQuerySet(models.QuerySet[Any]):
    """The only door to rows: start every query that serves a user here."""

    def visible_to(self, user: Any) -> Self:
        """Rows that this user may see."""
        return self.filter(self._scope.visible(user))

    def editable_by(self, user: Any) -> Self:
        """Rows that this user may change, as far as ownership goes; model permissions decide the rest."""
        return self.filter(self._scope.editable(user))

    def active(self) -> Self:
        """Rows that may be used in new documents."""
        return self.filter(is_active=True)

    @property
    def _scope(self) -> Scope:
        scope = getattr(self.model, "scope", None)
        if not isinstance(scope, Scope):
            raise TypeError(f"{self.model._meta.label} has no scope: declare `scope = Scope.…()` on the model.")
        return scope
