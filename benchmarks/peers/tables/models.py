"""Locations with the columns of ours, the library's history of them, one event table, users."""

import uuid

import uuid_utils.compat
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from simple_history.models import HistoricalRecords


class PeerUser(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    organization_id = models.UUIDField()
    USERNAME_FIELD = "email"

    class Meta:
        db_table = "peer_user"


class Location(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid_utils.compat.uuid7)
    organization_id = models.UUIDField(null=True)
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=200)
    aliases = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=20)
    parent_id = models.UUIDField(null=True)
    country_id = models.CharField(max_length=2)
    subdivision_id = models.UUIDField(null=True)
    district = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    address_line1 = models.CharField(max_length=200, blank=True)
    address_line2 = models.CharField(max_length=200, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    timezone = models.CharField(max_length=50)
    un_locode = models.CharField(max_length=5, null=True)
    iata = models.CharField(max_length=3, null=True)
    google_place_id = models.CharField(max_length=300, null=True)
    geocode_source = models.CharField(max_length=10, blank=True)
    geocode_confidence = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    status = models.CharField(max_length=10, default="unverified")
    is_active = models.BooleanField(default=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(table_name="location_history")

    class Meta:
        db_table = "location"
        constraints = [
            models.UniqueConstraint(fields=("organization_id", "code"), name="code_unique", nulls_distinct=False)
        ]
        indexes = [models.Index(fields=("name", "code"), name="location_order")]


COLUMNS = tuple(field.attname for field in Location._meta.concrete_fields)
WRITTEN = tuple(
    name for name in COLUMNS if name not in {"id", "organization_id", "version", "created_at", "updated_at"}
)


class Event(models.Model):
    event_id = models.UUIDField(default=uuid.uuid4, unique=True)
    object_type = models.TextField()
    object_id = models.TextField()
    event_type = models.TextField()
    actor_id = models.UUIDField(null=True)
    organization_id = models.UUIDField(null=True)
    payload = models.JSONField()
    occurred_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "event"
        indexes = [
            models.Index(fields=("object_type", "object_id", "id"), name="event_object"),
            models.Index(fields=("organization_id", "-occurred_at", "-id"), name="event_organization"),
            models.Index(fields=("actor_id", "-occurred_at", "-id"), name="event_actor"),
        ]
