import pytest
from django.urls import reverse

from commodities.models import CommodityVariety
from commodities.tests.factories import CommodityFactory, UnitFactory
from erp.events.models import Event

pytestmark = pytest.mark.django_db

PARTS = ("varieties", "parameters", "tax_codes", "packaging_units", "conversion_overrides")


def form_of(commodity, **values):
    """What the browser sends for an unchanged commodity without parts."""
    return {
        **{f"{part}-{count}": 0 for part in PARTS for count in ("TOTAL_FORMS", "INITIAL_FORMS")},
        "name": commodity.name,
        "code": commodity.code,
        "category": commodity.category_id,
        "hs_code": commodity.hs_code,
        "base_unit": commodity.base_unit_id,
        "trade_unit": commodity.trade_unit_id,
        "rate_unit": commodity.rate_unit_id,
        "default_currency": commodity.default_currency_id,
        "price_quote_basis": commodity.price_quote_basis,
        "lot_size": commodity.lot_size,
        "delivery_tolerance_pct": commodity.delivery_tolerance_pct,
        "weight_tolerance_pct": commodity.weight_tolerance_pct,
        "is_active": "on",
        "reason": "New variety in the market",
        "expected_version": commodity.version,
        **values,
    }


def test_variety_is_added_on_the_form_of_its_commodity(admin_client_for):
    cotton = CommodityFactory()
    new = {"TOTAL_FORMS": 1, "0-code": "suvin", "0-name": "Suvin", "0-is_active": "on", "0-commodity": cotton.pk}
    admin_client_for("super_admin").post(
        reverse("admin:commodities_commodity_change", args=[cotton.pk]),
        form_of(cotton, **{f"varieties-{name}": value for name, value in new.items()}),
    )
    variety = CommodityVariety.objects.get()
    assert (variety.code, variety.commodity, variety.organization) == ("SUVIN", cotton, None)
    event = Event.objects.get(event_type="commodity.variety.created")
    assert (event.reason, event.aggregate_id) == ("New variety in the market", str(cotton.pk))


def test_manager_adds_an_own_variety_to_a_shared_commodity(internal_user, organization, client_for):
    cotton = CommodityFactory()
    client_for(internal_user("commodity_manager")).post(
        reverse("admin:commodities_commodityvariety_add"),
        {"commodity": cotton.pk, "code": "OUR_6", "name": "Our six", "is_active": "on"},
    )
    assert CommodityVariety.objects.get().organization == organization


def test_manager_cannot_change_a_shared_commodity(internal_user, client_for):
    cotton = CommodityFactory()
    client_for(internal_user("commodity_manager")).post(
        reverse("admin:commodities_commodity_change", args=[cotton.pk]), form_of(cotton, name="Ours now")
    )
    name = cotton.name
    cotton.refresh_from_db()
    assert (cotton.name, cotton.version) == (name, 1)


def test_manager_reads_units_and_changes_none(internal_user, client_for):
    unit, client = UnitFactory(), client_for(internal_user("commodity_manager"))
    page = reverse("admin:commodities_unit_change", args=[unit.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"name": "Kilo", "reason": "Shorter"}).status_code == 403
    unit.refresh_from_db()
    assert (unit.name, unit.version) == ("Kilogram", 1)
