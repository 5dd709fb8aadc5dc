"""What is traded, how it is measured, taxed and judged, and on which terms."""

from commodities.models.commodity import Commodity, CommodityCategory, CommodityVariety, PackagingUnit
from commodities.models.quality import CommodityParameter, QualityParameter
from commodities.models.tax import CommodityTaxCode, HsHeading
from commodities.models.terms import BargainType, DeliveryTerm, PassingTerm, PaymentTerm, TradeType, WeightmentTerm
from commodities.models.units import Unit, UnitConversionOverride

__all__ = [
    "BargainType",
    "Commodity",
    "CommodityCategory",
    "CommodityParameter",
    "CommodityTaxCode",
    "CommodityVariety",
    "DeliveryTerm",
    "HsHeading",
    "PackagingUnit",
    "PassingTerm",
    "PaymentTerm",
    "QualityParameter",
    "TradeType",
    "Unit",
    "UnitConversionOverride",
    "WeightmentTerm",
]
