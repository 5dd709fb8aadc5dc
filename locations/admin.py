"""Locations at the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from erp.admin.base import ChildInline, MasterDataAdmin
from erp.admin.maps import Mapped
from locations.models import Country, Currency, Location, Subdivision


class NaturalKeyAdmin(MasterDataAdmin):
    """The code is the row's identity: it is chosen once."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        key = [self.opts.pk.name] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *key]


class SubdivisionInline(ChildInline):
    model = Subdivision
    fields = ("iso_code", "name", "gst_state_code", "region", "is_active")
    ordering = ("iso_code",)


@admin.register(Currency)
class CurrencyAdmin(NaturalKeyAdmin):
    list_display = ("alpha3", "name", "numeric3", "minor_units", "is_active")
    list_filter = ("minor_units", "is_active")
    search_fields = ("alpha3", "name", "numeric3")
    fields = (("alpha3", "numeric3"), "name", "minor_units", "is_active")


@admin.register(Country)
class CountryAdmin(NaturalKeyAdmin):
    list_display = ("name", "alpha2", "alpha3", "region", "currency", "calling_code", "is_sanctioned", "is_active")
    list_filter = ("region", "is_sanctioned", "is_active")
    search_fields = ("name", "alpha2", "alpha3", "numeric3")
    fieldsets = (
        (None, {"fields": ("name", ("alpha2", "alpha3", "numeric3"), "region", "is_active")}),
        ("Trade", {"fields": ("currency", "is_sanctioned")}),
        ("Addresses", {"fields": ("calling_code", "postal_regex")}),
    )
    inlines = (SubdivisionInline,)


@admin.register(Subdivision)
class SubdivisionAdmin(MasterDataAdmin):
    list_display = ("name", "iso_code", "country", "gst_state_code", "region", "is_active")
    list_filter = ("country", "region", "is_active")
    search_fields = ("name", "iso_code", "gst_state_code")
    fields = ("country", ("iso_code", "name"), ("gst_state_code", "region"), "is_active")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "country":
            kwargs.setdefault("help_text", "Whose state or province it is. Example: India")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Location)
class LocationAdmin(Mapped, MasterDataAdmin):
    map_facts = ("kind", "country")
    list_display = (
        "name",
        "code",
        "kind",
        "country",
        "subdivision",
        "un_locode",
        "status",
        "organization",
        "is_active",
    )
    list_filter = ("kind", "status", "country", "subdivision", "organization", "is_active")
    search_fields = ("name", "code", "aliases", "un_locode", "city")
    fieldsets = (
        (None, {"fields": ("organization", ("name", "code"), "aliases", "kind", "parent", ("status", "is_active"))}),
        (
            "Address",
            {
                "fields": (
                    ("country", "subdivision"),
                    ("district", "city"),
                    "address_line1",
                    "address_line2",
                    "postal_code",
                )
            },
        ),
        (
            "Position",
            {"fields": (("latitude", "longitude"), ("geocode_source", "geocode_confidence"), "timezone")},
        ),
        ("Codes of the transport trade", {"fields": (("un_locode", "iata"),)}),
    )
