"""django-ninja: the same work and the same duties, with pydantic schemas."""

import datetime
import decimal
import uuid

from django.db import transaction
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.urls import path
from django_ratelimit.core import is_ratelimited
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.pagination import PageNumberPagination, paginate
from ninja.security import HttpBearer
from rest_framework_simplejwt.authentication import JWTAuthentication

from benchmarks.peers.tables.models import Event, Location

LIMITS = {"1000000/h": "header:x-forwarded-for", "100000/h": None, "10000/m": None}


def caller(group, request):
    return request.headers["authorization"]


class Bearer(HttpBearer):
    tokens = JWTAuthentication()

    def authenticate(self, request, token):
        user = self.tokens.get_user(self.tokens.get_validated_token(token.encode()))
        for rate, key in LIMITS.items():
            if is_ratelimited(request, group=f"locations {rate}", key=key or caller, rate=rate, increment=True):
                raise HttpError(429, "Too many requests.")
        return user


class LocationIn(Schema):
    code: str
    name: str
    kind: str
    country_id: str
    timezone: str
    city: str = ""
    latitude: decimal.Decimal | None = None
    longitude: decimal.Decimal | None = None


class LocationPatch(Schema):
    name: str | None = None
    city: str | None = None


class LocationOut(LocationIn):
    id: uuid.UUID
    organization_id: uuid.UUID | None
    aliases: str
    parent_id: uuid.UUID | None
    subdivision_id: uuid.UUID | None
    district: str
    postal_code: str
    address_line1: str
    address_line2: str
    un_locode: str | None
    iata: str | None
    google_place_id: str | None
    geocode_source: str
    geocode_confidence: decimal.Decimal | None
    status: str
    is_active: bool
    version: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


api = NinjaAPI(auth=Bearer(), docs_url=None, openapi_url=None)


def rows(request):
    mine = Q(organization_id=request.auth.organization_id) | Q(organization_id=None)
    return Location.objects.filter(mine).order_by("name", "code")


@api.get("/locations", response=list[LocationOut])
@paginate(PageNumberPagination, page_size=25)
def list_(request, search: str = ""):
    return rows(request).filter(name__icontains=search) if search else rows(request)


@api.get("/locations/{key}", response=LocationOut)
def detail(request, key: uuid.UUID):
    return get_object_or_404(rows(request), pk=key)


@api.post("/locations", response={201: LocationOut})
@transaction.atomic
def create(request, body: LocationIn):
    row = Location.objects.create(**body.dict(), organization_id=request.auth.organization_id)
    record(request, "location.created", row, body.dict())
    return 201, row


@api.patch("/locations/{key}", response=LocationOut)
@transaction.atomic
def update(request, key: uuid.UUID, body: LocationPatch):
    row = get_object_or_404(rows(request), pk=key)
    values = body.dict(exclude_unset=True)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    record(request, "location.updated", row, values)
    return row


def record(request, event_type, row, values):
    Event.objects.create(
        object_type="location",
        object_id=row.pk,
        event_type=event_type,
        actor_id=request.auth.pk,
        organization_id=row.organization_id,
        payload={name: str(value) for name, value in values.items()},
    )


urlpatterns = [path("", api.urls)]
