import datetime
from decimal import Decimal

from commodities.tests import factories
from erp.testing.contract import MasterDataContract


class TestUnit(MasterDataContract):
    factory = factories.UnitFactory
    change = {"symbol": "kg"}


class TestUnitConversionOverride(MasterDataContract):
    factory = factories.UnitConversionOverrideFactory
    change = {"factor": Decimal(356), "valid_from": datetime.date(2025, 11, 1)}


class TestHsHeading(MasterDataContract):
    factory = factories.HsHeadingFactory
    change = {"description": "Raw cotton"}


class TestCommodityCategory(MasterDataContract):
    factory = factories.CommodityCategoryFactory
    change = {"name": "Natural fibres"}


class TestCommodity(MasterDataContract):
    factory = factories.CommodityFactory
    change = {"name": "Shankar-6 cotton"}


class TestCommodityTaxCode(MasterDataContract):
    factory = factories.CommodityTaxCodeFactory
    change = {"rate": Decimal(12), "valid_to": datetime.date(2026, 1, 1)}


class TestCommodityVariety(MasterDataContract):
    factory = factories.CommodityVarietyFactory
    change = {"name": "Suvin", "staple_class": "els"}


class TestQualityParameter(MasterDataContract):
    factory = factories.QualityParameterFactory
    change = {"hard_max": Decimal(50)}


class TestCommodityParameter(MasterDataContract):
    factory = factories.CommodityParameterFactory
    change = {"target": Decimal(30), "is_mandatory": True}


class TestPackagingUnit(MasterDataContract):
    factory = factories.PackagingUnitFactory
    change = {"tare_kg": Decimal("2.5")}


class TestTradeType(MasterDataContract):
    factory = factories.TradeTypeFactory
    change = {"name": "Export"}


class TestBargainType(MasterDataContract):
    factory = factories.BargainTypeFactory
    change = {"requires_approval": True}


class TestPassingTerm(MasterDataContract):
    factory = factories.PassingTermFactory
    change = {"requires_quality_test": True}


class TestWeightmentTerm(MasterDataContract):
    factory = factories.WeightmentTermFactory
    change = {"deduction_pct": Decimal("0.50")}


class TestPaymentTerm(MasterDataContract):
    factory = factories.PaymentTermFactory
    change = {"days": 45}


class TestDeliveryTerm(MasterDataContract):
    factory = factories.DeliveryTermFactory
    change = {"named_place_required": False}
