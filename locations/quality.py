"""What is wrong with places although no constraint forbids it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from erp.quality import rule
from locations.models import Location


@rule("locations.Location", "Without coordinates", help="They are missing on the map: enter latitude and longitude.")
def without_coordinates(locations: QuerySet[Location], user: Any) -> QuerySet[Location]:
    own = Location.objects.editable_by(user).values("pk")
    found = locations.filter(is_active=True, latitude__isnull=True, pk__in=own)
    return found.exclude(status=Location.Status.CLOSED)


@rule("locations.Location", "Not verified", help="Nobody has checked yet that the place exists where it is said to be.")
def not_verified(locations: QuerySet[Location], user: Any) -> QuerySet[Location]:
    own = locations.filter(is_active=True, organization__isnull=False)
    return own.filter(status=Location.Status.UNVERIFIED)
