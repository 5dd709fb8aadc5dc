"""Valid records of this domain, shared by everybody unless the test gives an organization."""

import datetime
from decimal import Decimal

import factory

from erp.testing.factories import ModelFactory

COUNTRY = "locations.tests.factories.CountryFactory"
CURRENCY = "locations.tests.factories.CurrencyFactory"
ORGANIZATION = "organizations.tests.factories.OrganizationFactory"


class UnitFactory(ModelFactory):
    """The kilogram, unless the test names another unit."""

    class Meta:
        model = "commodities.Unit"
        django_get_or_create = ("code",)

    code = "KGM"
    name = factory.LazyAttribute(lambda made: "Kilogram" if made.code == "KGM" else f"Unit {made.code}")
    dimension = "mass"
    factor_to_base = Decimal(1)
    is_base = factory.LazyAttribute(lambda made: made.code == "KGM")


class PoundFactory(UnitFactory):
    code = "LBR"
    name = "Pound"
    factor_to_base = Decimal("0.45359237")


class CandyFactory(UnitFactory):
    code = "CANDY"
    name = "Candy"
    factor_to_base = Decimal("355.61641808")


class BaleFactory(UnitFactory):
    code = "BALE"
    name = "Bale"
    dimension = "count"


class MetreFactory(UnitFactory):
    code = "MTR"
    name = "Metre"
    dimension = "length"


class HsHeadingFactory(ModelFactory):
    class Meta:
        model = "commodities.HsHeading"
        django_get_or_create = ("code",)

    code = "520100"
    description = "Cotton, not carded or combed"


class CommodityCategoryFactory(ModelFactory):
    class Meta:
        model = "commodities.CommodityCategory"

    code = factory.Sequence(lambda number: f"FIBRES_{number}")
    name = factory.Sequence(lambda number: f"Fibres {number}")
    hs_chapter = "52"


class CommodityFactory(ModelFactory):
    """Raw cotton in kilograms, priced per candy."""

    class Meta:
        model = "commodities.Commodity"

    code = factory.Sequence(lambda number: f"COTTON_{number}")
    name = factory.Sequence(lambda number: f"Raw cotton {number}")
    category = factory.SubFactory(CommodityCategoryFactory)
    hs_code = "520100"
    base_unit = factory.SubFactory(UnitFactory)
    trade_unit = factory.SubFactory(UnitFactory)
    rate_unit = factory.SubFactory(CandyFactory)
    default_currency = factory.SubFactory(CURRENCY)
    lot_size = Decimal(170)


class CommodityTaxCodeFactory(ModelFactory):
    """GST of 5 % since July 2017."""

    class Meta:
        model = "commodities.CommodityTaxCode"

    commodity = factory.SubFactory(CommodityFactory)
    country = factory.SubFactory(COUNTRY)
    scheme = "hsn"
    code = "52010015"
    tax_type = "gst"
    rate = Decimal(5)
    valid_from = datetime.date(2017, 7, 1)


class CommodityVarietyFactory(ModelFactory):
    class Meta:
        model = "commodities.CommodityVariety"

    commodity = factory.SubFactory(CommodityFactory)
    code = factory.Sequence(lambda number: f"SHANKAR_{number}")
    name = factory.Sequence(lambda number: f"Shankar-{number}")
    origin_country = factory.SubFactory(COUNTRY)
    species = "hirsutum"
    staple_class = "medium"


class QualityParameterFactory(ModelFactory):
    """A length in millimetres between 10 and 45."""

    class Meta:
        model = "commodities.QualityParameter"

    code = factory.Sequence(lambda number: f"STAPLE_{number}")
    name = factory.Sequence(lambda number: f"Staple length {number}")
    data_type = "decimal"
    unit_text = "mm"
    decimals = 2
    method = "hvi"
    hard_min = Decimal(10)
    hard_max = Decimal(45)


class CommodityParameterFactory(ModelFactory):
    class Meta:
        model = "commodities.CommodityParameter"

    commodity = factory.SubFactory(CommodityFactory)
    parameter = factory.SubFactory(QualityParameterFactory)
    min_value = Decimal(28)
    max_value = Decimal(32)
    default_value = "29"
    target = Decimal(29)
    discount_below = True


class PackagingUnitFactory(ModelFactory):
    """The Indian bale of 170 kg."""

    class Meta:
        model = "commodities.PackagingUnit"

    commodity = factory.SubFactory(CommodityFactory)
    origin_country = factory.SubFactory(COUNTRY)
    code = "BALE_IN"
    unit = factory.SubFactory(BaleFactory)
    net_weight_kg = Decimal(170)


class UnitConversionOverrideFactory(ModelFactory):
    """A candy of 355.62 kg."""

    class Meta:
        model = "commodities.UnitConversionOverride"

    organization = factory.SubFactory(ORGANIZATION)
    commodity = factory.SubFactory(CommodityFactory)
    from_unit = factory.SubFactory(CandyFactory)
    to_unit = factory.SubFactory(UnitFactory)
    factor = Decimal("355.62")
    valid_from = datetime.date(2025, 10, 1)
    reason = "Buyers print 355.62 kg per candy"


class TermFactory(ModelFactory):
    class Meta:
        abstract = True

    code = factory.Sequence(lambda number: f"TERM_{number}")
    name = factory.Sequence(lambda number: f"Term {number}")


class TradeTypeFactory(TermFactory):
    class Meta:
        model = "commodities.TradeType"


class BargainTypeFactory(TermFactory):
    class Meta:
        model = "commodities.BargainType"


class PassingTermFactory(TermFactory):
    class Meta:
        model = "commodities.PassingTerm"


class WeightmentTermFactory(TermFactory):
    class Meta:
        model = "commodities.WeightmentTerm"

    basis = "net"


class PaymentTermFactory(TermFactory):
    class Meta:
        model = "commodities.PaymentTerm"

    method = "open"
    days = 30


class DeliveryTermFactory(TermFactory):
    class Meta:
        model = "commodities.DeliveryTerm"

    incoterm = "fob"
    transport_modes = "sea"
    freight_by = "buyer"
    insurance_by = "buyer"
