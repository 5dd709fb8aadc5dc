"""Places, countries and currencies in the partner API."""

from erp.api.router import register
from erp.api.viewsets import MasterDataViewSet
from locations.models import Country, Currency, Location, Subdivision


@register("settings/currencies")
class Currencies(MasterDataViewSet):
    model = Currency
    fields = ("alpha3", "numeric3", "minor_units", "name")
    filters = ("numeric3", "is_active")
    ordering = ("alpha3", "name")
    search = ("name", "alpha3")
    key = ("alpha3",)


@register("settings/countries")
class Countries(MasterDataViewSet):
    model = Country
    fields = (
        "alpha2", "alpha3", "numeric3", "name", "currency", "calling_code", "postal_regex", "is_sanctioned", "region",
    )  # fmt: skip
    filters = ("alpha3", "currency", "is_sanctioned", "region", "is_active")
    ordering = ("name", "alpha2")
    search = ("name", "alpha2")
    key = ("alpha2",)


@register("settings/subdivisions")
class Subdivisions(MasterDataViewSet):
    model = Subdivision
    fields = ("iso_code", "country", "name", "gst_state_code", "region")
    filters = ("iso_code", "country", "gst_state_code", "region", "is_active")
    ordering = ("name", "iso_code")
    search = ("name", "iso_code")
    key = ("iso_code",)


@register("settings/locations")
class Locations(MasterDataViewSet):
    model = Location
    fields = (
        "organization", "code", "name", "aliases", "kind", "parent", "country", "subdivision", "district", "city",
        "postal_code", "address_line1", "address_line2", "latitude", "longitude", "timezone", "un_locode", "iata",
        "google_place_id", "geocode_source", "geocode_confidence", "status",
    )  # fmt: skip
    filters = {
        "type": "kind",
        "state": "subdivision",
        **{name: name for name in ("organization", "code", "parent", "country", "un_locode", "iata", "status")},
        "is_active": "is_active",
    }
    ordering = ("name", "code")
    search = ("name",)
    key = ("code",)
