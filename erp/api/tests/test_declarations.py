"""What a domain may not declare: the server does not start."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured

from erp.api.router import register
from erp.api.viewsets import ApiConfigurationError, MasterDataViewSet
from locations.models import Location
from partners.models import PartnerBankAccount


def declare(**attributes):
    """A view of locations with one thing different."""
    return type("View", (MasterDataViewSet,), {"model": Location, "fields": ("code", "name", "iata"), **attributes})


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"model": None}, "shows no record"),
        ({"fields": ()}, "shows no record"),
        ({"model": Group}, "has no scope"),
        ({"queryset": Location.objects.all()}, "rows of its own"),
        ({"get_queryset": lambda self: Location.objects.all()}, "rows of its own"),
        ({"filters": ("city",)}, "filters by city"),
        ({"filters": ("colour",)}, "filters by colour"),
        ({"filters": {"town": "code__colour"}}, "filters by town"),
        ({"ordering": ("iata",)}, "sorts by iata"),
        ({"ordering": ("city",)}, "uses city"),
        ({"search": ("organization__name",)}, "uses organization__name"),
        ({"key": ("colour",)}, "uses colour"),
        ({"model": PartnerBankAccount, "fields": ("account_number",), "filters": ("account_number",)}, "in plain"),
        ({"model": PartnerBankAccount, "fields": ("account_number",), "ordering": ("account_number",)}, "in plain"),
    ],
)
def test_wrong_declaration_is_refused_and_says_why(attributes, sentence):
    with pytest.raises(ApiConfigurationError, match=sentence):
        declare(**attributes)


def test_view_without_tier_is_refused():
    with pytest.raises((ImproperlyConfigured, ApiConfigurationError)):
        declare(tier="")


def test_address_is_taken_once_and_parents_are_foreign_keys():
    with pytest.raises(ValueError, match="registered already"):
        register("settings/locations")(declare())
    with pytest.raises(ApiConfigurationError, match="no foreign key"):
        register("settings/locations/{name_id}/places")(declare())
