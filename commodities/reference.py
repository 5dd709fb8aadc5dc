"""The reference files of this domain and how their columns become fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from commodities import models
from erp.reference.load import Source, register
from erp.reference.tables import Row

DATA = Path(__file__).parent / "data"


def register_files() -> None:
    """Called once, when the app is ready."""
    code, in_commodity = ("code",), ("commodity", "code")
    register(
        Source(name="units", path=DATA / "units.csv", model=models.Unit, key=code),
        Source(name="hs_headings", path=DATA / "hs_headings.csv", model=models.HsHeading, key=code),
        Source(name="categories", path=DATA / "categories.csv", model=models.CommodityCategory, key=code),
        Source(name="commodities", path=DATA / "commodities.csv", model=models.Commodity, key=code),
        Source(
            name="tax_codes",
            path=DATA / "tax_codes.csv",
            model=models.CommodityTaxCode,
            key=("commodity", "country", "scheme", "tax_type", "valid_from"),
        ),
        Source(name="varieties", path=DATA / "varieties.csv", model=models.CommodityVariety, key=in_commodity),
        Source(
            name="quality_parameters",
            path=DATA / "quality_parameters.csv",
            model=models.QualityParameter,
            key=code,
            adapt=_choices_as_list,
        ),
        Source(
            name="commodity_parameters",
            path=DATA / "commodity_parameters.csv",
            model=models.CommodityParameter,
            key=("commodity", "parameter"),
        ),
        Source(
            name="packaging_units",
            path=DATA / "packaging_units.csv",
            model=models.PackagingUnit,
            key=("commodity", "origin_country", "code"),
        ),
        Source(name="trade_types", path=DATA / "trade_types.csv", model=models.TradeType, key=code),
        Source(name="bargain_types", path=DATA / "bargain_types.csv", model=models.BargainType, key=code),
        Source(name="passing_terms", path=DATA / "passing_terms.csv", model=models.PassingTerm, key=code),
        Source(name="weightment_terms", path=DATA / "weightment_terms.csv", model=models.WeightmentTerm, key=code),
        Source(name="payment_terms", path=DATA / "payment_terms.csv", model=models.PaymentTerm, key=code),
        Source(name="delivery_terms", path=DATA / "delivery_terms.csv", model=models.DeliveryTerm, key=code),
    )


def _choices_as_list(row: Row) -> dict[str, Any]:
    return {**row, "choices": row["choices"].split("|") if row["choices"] else []}
