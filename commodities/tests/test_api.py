"""Commodities and terms through the API."""

import pytest
from rest_framework.test import APIClient

from commodities.models import Commodity, PaymentTerm, Unit, UnitConversionOverride
from commodities.tests.factories import (
    CandyFactory,
    CommodityCategoryFactory,
    CommodityFactory,
    CommodityParameterFactory,
    MetreFactory,
    PaymentTermFactory,
    QualityParameterFactory,
    UnitFactory,
)
from locations.tests.factories import CountryFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings/commodities"


def acting(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def body(**values):
    CountryFactory()
    unit = str(UnitFactory().pk)
    return {
        "code": "cotton_lint", "name": "Raw cotton", "category": str(CommodityCategoryFactory().pk), "hs_code": "520100",
        "base_unit": unit, "trade_unit": unit, "rate_unit": str(CandyFactory().pk), "default_currency": "INR", **values,
    }  # fmt: skip


def test_commodity_is_made_in_capitals_for_the_users_organization(internal_user, organization):
    answer = acting(internal_user("commodity_manager")).post(URL, body(lot_size="170.5"))
    assert answer.status_code == 201, answer.content
    made = Commodity.objects.get()
    assert (made.code, made.organization_id, str(made.lot_size)) == ("COTTON_LINT", organization.pk, "170.500000")
    assert answer.json()["lot_size"] == "170.500000"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"hs_code": "52"}, "/hs_code"),
        ({"delivery_tolerance_pct": 101}, "/delivery_tolerance_pct"),
        ({"price_quote_basis": "cents_per_lb"}, "/rate_unit"),
        ({"season_start_month": 10}, ""),
        ({"lot_size": "-1"}, "/lot_size"),
    ],
)
def test_rules_of_the_model_answer_with_a_pointer(internal_user, values, pointer):
    answer = acting(internal_user("commodity_manager")).post(URL, body(**values))
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Commodity.objects.exists()


def test_units_of_another_dimension_are_refused(internal_user):
    answer = acting(internal_user("commodity_manager")).post(URL, body(trade_unit=str(MetreFactory().pk)))
    assert answer.json()["errors"][0]["pointer"] == "/trade_unit"


def test_category_is_found_by_code_and_by_id(super_admin):
    wanted = CommodityFactory()
    CommodityFactory()
    client = acting(super_admin)
    for value in (wanted.category.code, wanted.category.code.lower(), str(wanted.category_id)):
        results = client.get(f"{URL}?category={value}&limit=10").json()["results"]
        assert [row["id"] for row in results] == [str(wanted.pk)]
    assert client.get(f"{URL}?category=NOTHING").json()["results"] == []
    assert client.get(f"{URL}?category=").status_code == 400


def test_shared_units_are_written_by_super_admins_only(internal_user, super_admin):
    unit = {"code": "QTL", "name": "Quintal", "dimension": "mass", "factor_to_base": "100"}
    url = "/api/v1/settings/units"
    assert acting(internal_user("commodity_manager")).post(url, unit).status_code == 403
    assert acting(super_admin).post(url, unit).status_code == 201
    assert Unit.objects.filter(code="QTL").exists()


def test_organization_adds_terms_of_its_own_to_the_shared_ones(internal_user, stranger, organization):
    PaymentTermFactory(code="NET_30")
    url = "/api/v1/settings/payment-terms"
    client = acting(internal_user("commodity_manager"))
    term = {"code": "NET_30", "name": "Net 30 days, ours", "method": "open", "days": 30}
    assert client.post(url, term).status_code == 201
    assert len(client.get(f"{url}?code=NET_30").json()["results"]) == 2
    assert len(acting(stranger).get(f"{url}?code=NET_30").json()["results"]) == 1
    assert client.post(url, {**term, "lc_confirmation": "confirmed", "code": "X", "name": "X"}).status_code == 400
    assert PaymentTerm.objects.count() == 2


def test_reason_of_a_conversion_is_its_column(internal_user, organization):
    commodity = CommodityFactory()
    conversion = {
        "from_unit": str(CandyFactory().pk), "to_unit": str(UnitFactory().pk), "factor": "355.62",
        "valid_from": "2025-10-01", "reason": "Buyers print 355.62 kg",
    }  # fmt: skip
    url = f"{URL}/{commodity.pk}/conversion-overrides"
    answer = acting(internal_user("commodity_manager")).post(url, conversion)
    assert answer.status_code == 201, answer.content
    assert UnitConversionOverride.objects.get().reason == "Buyers print 355.62 kg"


def test_parameter_keeps_to_its_bounds(super_admin):
    row = CommodityParameterFactory()
    url = f"{URL}/{row.commodity_id}/parameters"
    other = {"parameter": str(QualityParameterFactory().pk), "min_value": "5"}
    answer = acting(super_admin).post(url, other)
    assert answer.json()["errors"][0]["pointer"] == "/min_value"


def test_tax_codes_in_bulk_are_found_by_their_whole_key(internal_user, organization):
    commodity = CommodityFactory(organization=organization)
    url, client = f"{URL}/{commodity.pk}/tax-codes/bulk", acting(internal_user("commodity_manager"))
    CountryFactory()
    rows = [
        {
            "country": "IN",
            "scheme": "hsn",
            "code": "52010015",
            "tax_type": kind,
            "rate": "5",
            "valid_from": "2017-07-01",
        }
        for kind in ("gst", "igst")
    ]
    first = client.post(url, {"rows": rows, "mode": "upsert"}, headers={"Idempotency-Key": "a"})
    assert first.json()["added"] == 2, first.content
    rows[1]["rate"] = "12"
    second = client.post(url, {"rows": rows, "mode": "upsert"}, headers={"Idempotency-Key": "b"})
    assert {**second.json(), "ids": 0} == {"added": 0, "changed": 1, "unchanged": 1, "ids": 0}
    overlapping = [{**rows[0], "valid_from": "2018-07-01"}]
    refused = client.post(url, {"rows": overlapping}, headers={"Idempotency-Key": "c"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["detail"].startswith("Another rate of this tax holds")
