"""What the two houses trade under names of their own, with taxes that changed, ended, or were never entered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from commodities.models import (
    BargainType,
    Commodity,
    CommodityParameter,
    CommodityTaxCode,
    CommodityVariety,
    DeliveryTerm,
    PackagingUnit,
    PassingTerm,
    PaymentTerm,
    UnitConversionOverride,
    WeightmentTerm,
)
from commodities.models.terms import Term
from erp.demo.stage import Stage, change, chapter, create

SET_UP = -4
GST_BEGAN = date(2017, 7, 1)
# Man-made fibre was taxed at 5 instead of 18 percent from this day.
FIBRE_RATE_FELL = date(2025, 9, 22)


class Own(NamedTuple):
    """A commodity of a house: units, category and currency are those of a shared one. No rate: nobody entered a tax code."""

    code: str
    name: str
    like: str
    hs_code: str
    rate: str
    varieties: tuple[str, ...] = ()


COMMODITIES = {
    "mumbai": (
        Own("GUJARAT_29", "Gujarat cotton 29 mm, house grade", "COTTON_LINT", "520100", "5", ("Rajkot", "Kadi")),
        Own("VIDARBHA_28", "Vidarbha cotton 28 mm, house grade", "COTTON_LINT", "520100", "5", ("Akola", "Yavatmal")),
        Own("FLAT_STRIPS", "Flat strips, cleaned", "COTTON_WASTE", "520299", "5"),
        Own("KHAL_SPECIAL", "Cottonseed cake, special, 50 kg bag", "COTTONSEED_CAKE", "230610", ""),
        Own("SEED_HIGH_OIL", "Cotton seed, oil above 18 %", "COTTONSEED", "120729", "5"),
        Own("PSF_RECYCLED", "Recycled polyester staple fibre 1.4 denier", "POLYESTER_STAPLE", "550320", "18"),
    ),
    "coimbatore": (
        Own("YARN_C34_HOSIERY", "Hosiery yarn Ne 34 combed", "YARN_C30_COMBED", "520524", "5"),
        Own("YARN_C60_COMPACT", "Compact yarn Ne 60 combed", "YARN_C40_COMBED", "520527", "5"),
        Own("DCH_32_SUPERFINE", "DCH-32 superfine", "COTTON_ELS", "520100", "5", ("Dharwad", "Salem")),
        Own("LICKERIN", "Licker-in droppings", "COTTON_WASTE", "520299", ""),
    ),
}
# Added in the last days.
LATE = {
    "mumbai": Own("ORGANIC_28", "Organic cotton 28 mm, certified", "COTTON_LINT", "520100", "5", ("Wankaner",)),
    "coimbatore": Own("YARN_C80_COMPACT", "Compact yarn Ne 80 combed", "YARN_C40_COMBED", "520527", "5"),
}
TERMS: dict[str, tuple[tuple[type[Term], dict[str, Any]], ...]] = {
    "mumbai": (
        (PaymentTerm, {"code": "GIN_7", "name": "7 days from loading at gin", "days": 7, "method": "tt"}),
        (PaymentTerm, {"code": "MILL_45", "name": "45 days from mill weight", "days": 45, "method": "open"}),
        (BargainType, {"code": "UNFIXED_KPV", "name": "Unfixed against spot", "requires_approval": True}),
        (PassingTerm, {"code": "SEWRI", "name": "Passing at Sewri room", "requires_quality_test": True}),
        (WeightmentTerm, {"code": "GIN_BRIDGE", "name": "Weighbridge of the gin", "basis": "net"}),
        (
            DeliveryTerm,
            {
                "code": "EX_GIN_RAJKOT",
                "name": "Ex gin Saurashtra",
                "incoterm": "ex_gin",
                "freight_by": "buyer",
                "insurance_by": "buyer",
            },
        ),
    ),
    "coimbatore": (
        (PaymentTerm, {"code": "YARN_30", "name": "30 days from yarn invoice", "days": 30, "method": "open"}),
        (
            PaymentTerm,
            {
                "code": "LC_60_CBE",
                "name": "Usance 60 days, Coimbatore banks",
                "days": 60,
                "method": "lc_usance",
                "lc_confirmation": "unconfirmed",
            },
        ),
        (PassingTerm, {"code": "PEELAMEDU", "name": "Passing at Peelamedu lab", "requires_quality_test": True}),
        (
            WeightmentTerm,
            {"code": "CONE_NET", "name": "Net of cone and carton", "basis": "net", "deduction_pct": Decimal("0.50")},
        ),
    ),
}


@chapter
def tell(stage: Stage) -> None:
    """The houses' own commodities and terms in the first days, corrections later."""
    for town, commodities in COMMODITIES.items():
        by = f"commodity.{town}"
        for number, own in enumerate(commodities):
            stage.plan(
                SET_UP + number // 2,
                f"16:{10 + 7 * number}",
                by,
                "Grades of our own price list",
                enter,
                stage,
                town,
                own,
            )
        stage.plan(21, "15:18", by, "Buyers ask for it this season", enter, stage, town, LATE[town])
        for number, (model, values) in enumerate(TERMS[town]):
            stage.plan(
                SET_UP + 3,
                f"10:{20 + 5 * number}",
                by,
                "Terms of our contract form",
                enter_term,
                stage,
                town,
                model,
                values,
            )
    plan_mumbai(stage)
    plan_coimbatore(stage)


def plan_mumbai(stage: Stage) -> None:
    """A rate that fell, a code that ended, weights that were agreed."""
    town, by = "mumbai", "commodity.mumbai"
    gujarat = "GUJARAT_29"
    stage.plan(3, "11:14", by, "Standard of the house for this season", enter_parameters, stage, town, gujarat)
    stage.plan(3, "11:52", by, "As pressed by our gins", enter_bale, stage, town, gujarat)
    stage.plan(5, "12:33", by, "Trade prints 355.62 kg a candy", enter_candy, stage, town, gujarat)
    stage.plan(6, "15:27", by, "Rate of GST as per notification", lower_rate, stage, town, "PSF_RECYCLED")
    stage.plan(10, "17:41", by, "Classification withdrawn, ruling awaited", end_rate, stage, town, "FLAT_STRIPS")
    alter_by_day = (
        (7, gujarat, "Mills accept 5 % more or less", {"delivery_tolerance_pct": Decimal("5.00")}),
        (11, gujarat, "Season began early in Saurashtra", {"season_start_month": 9, "season_end_month": 4}),
        (15, "SEED_HIGH_OIL", "Oil mills ask for full lorries", {"min_order_qty": Decimal("100")}),
        (18, gujarat, "Weight difference as in the mills' contract", {"weight_tolerance_pct": Decimal("0.75")}),
        (20, "KHAL_SPECIAL", "Cake heats in closed sheds", {"storage_notes": "Ventilated shed, stacks below 2 m"}),
        (23, "VIDARBHA_28", "Wording of the price list", {"name": "Vidarbha cotton 28 mm, Kapasvati grade"}),
    )
    for day, code, reason, values in alter_by_day:
        stage.plan(day, "14:36", by, reason, alter, stage, town, code, **values)
    stage.plan(16, "11:02", by, "Mills pay in 30 days now", alter_term, stage, town, PaymentTerm, "MILL_45", days=30)


def plan_coimbatore(stage: Stage) -> None:
    """The same at the other house, a little less."""
    town, by = "coimbatore", "commodity.coimbatore"
    stage.plan(4, "12:20", by, "Tested at Peelamedu", enter_parameters, stage, town, "DCH_32_SUPERFINE")
    for day, code, reason, values in (
        (8, "YARN_C34_HOSIERY", "Knitters take half lots", {"lot_size": Decimal("4500")}),
        (12, "YARN_C60_COMPACT", "Count as spun, not as labelled", {"name": "Compact yarn Ne 60 combed, hosiery"}),
        (19, "LICKERIN", "Dust in the last lots", {"storage_notes": "Keep away from yarn stock"}),
    ):
        stage.plan(day, "15:50", by, reason, alter, stage, town, code, **values)
    stage.plan(
        14,
        "12:44",
        by,
        "Cone tare weighed again",
        alter_term,
        stage,
        town,
        WeightmentTerm,
        "CONE_NET",
        deduction_pct=Decimal("0.45"),
    )


def enter(stage: Stage, town: str, own: Own) -> None:
    """A commodity with its varieties and, where it has one, its GST code."""
    shared: Commodity = stage.row("commodities.Commodity", code=own.like, organization=None)
    organization = stage.cast[town]
    commodity = create(
        Commodity,
        organization=organization,
        code=own.code,
        name=own.name,
        hs_code=own.hs_code,
        category=shared.category,
        base_unit=shared.base_unit,
        trade_unit=shared.trade_unit,
        rate_unit=shared.rate_unit,
        default_currency=shared.default_currency,
        price_quote_basis=shared.price_quote_basis,
        lot_size=shared.lot_size,
        min_order_qty=shared.min_order_qty,
    )
    for place in own.varieties:
        create(
            CommodityVariety,
            organization=organization,
            commodity=commodity,
            code=f"{place.upper()}_RUN",
            name=f"{place} running grade",
            origin_country=stage.row("locations.Country", alpha2="IN"),
        )
    if own.rate:
        enter_rate(stage, commodity, own.rate, valid_from=GST_BEGAN, source="Schedule of rates")


def enter_rate(stage: Stage, commodity: Commodity, rate: str, *, valid_from: date, source: str) -> None:
    """A GST rate in percent from that day on."""
    create(
        CommodityTaxCode,
        organization=commodity.organization,
        commodity=commodity,
        country=stage.row("locations.Country", alpha2="IN"),
        scheme=CommodityTaxCode.Scheme.HSN,
        code=commodity.hs_code,
        tax_type=CommodityTaxCode.TaxType.GST,
        rate=Decimal(rate),
        valid_from=valid_from,
        source=source,
    )


def lower_rate(stage: Stage, town: str, code: str) -> None:
    """The old rate ends on the day on which the new one begins."""
    commodity = find(stage, town, code)
    change(commodity.tax_codes.get(), valid_to=FIBRE_RATE_FELL)
    enter_rate(stage, commodity, "5", valid_from=FIBRE_RATE_FELL, source="Notification of September 2025")


def end_rate(stage: Stage, town: str, code: str) -> None:
    """From that day on the commodity has no tax code."""
    change(find(stage, town, code).tax_codes.get(), valid_to=stage.now.date())


def enter_parameters(stage: Stage, town: str, code: str) -> None:
    """Staple, micronaire, trash and moisture of a house grade."""
    for number, (parameter, low, high, target) in enumerate(
        (
            ("STAPLE_MM", "28", "36", "29"),
            ("MIC", "3.5", "4.9", "4"),
            ("TRASH_PCT", "0", "4", "3"),
            ("MOIST_PCT", "5", "10", "8.5"),
        )
    ):
        create(
            CommodityParameter,
            organization=stage.cast[town],
            commodity=find(stage, town, code),
            parameter=stage.row("commodities.QualityParameter", code=parameter),
            is_mandatory=True,
            display_order=10 * number,
            min_value=Decimal(low),
            max_value=Decimal(high),
            target=Decimal(target),
            discount_above=parameter in {"TRASH_PCT", "MOIST_PCT"},
        )


def enter_bale(stage: Stage, town: str, code: str) -> None:
    create(
        PackagingUnit,
        organization=stage.cast[town],
        commodity=find(stage, town, code),
        origin_country=stage.row("locations.Country", alpha2="IN"),
        code="BALE_165",
        unit=stage.row("commodities.Unit", code="BALE"),
        net_weight_kg=Decimal("165"),
        tare_kg=Decimal("2.5"),
    )


def enter_candy(stage: Stage, town: str, code: str) -> None:
    create(
        UnitConversionOverride,
        organization=stage.cast[town],
        commodity=find(stage, town, code),
        from_unit=stage.row("commodities.Unit", code="CANDY"),
        to_unit=stage.row("commodities.Unit", code="KGM"),
        factor=Decimal("355.62"),
        valid_from=stage.days[0],
        reason="Trade documents print 355.62 kg a candy",
    )


def enter_term(stage: Stage, town: str, model: type[Term], values: dict[str, Any]) -> None:
    create(model, organization=stage.cast[town], **values)


def alter_term(stage: Stage, town: str, model: type[Term], code: str, **values: Any) -> None:
    change(model.objects.get(organization=stage.cast[town], code=code), **values)


def alter(stage: Stage, town: str, code: str, **values: Any) -> None:
    change(find(stage, town, code), **values)


def find(stage: Stage, town: str, code: str) -> Commodity:
    """A house's own commodity by its code."""
    found: Commodity = Commodity.objects.get(organization=stage.cast[town], code=code)
    return found
