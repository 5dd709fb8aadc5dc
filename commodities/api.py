"""Commodities, units and terms of trade in the partner API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError

from commodities.models import (
    BargainType,
    Commodity,
    CommodityCategory,
    CommodityParameter,
    CommodityTaxCode,
    CommodityVariety,
    DeliveryTerm,
    HsHeading,
    PackagingUnit,
    PassingTerm,
    PaymentTerm,
    QualityParameter,
    TradeType,
    Unit,
    UnitConversionOverride,
    WeightmentTerm,
)
from erp.api.router import register
from erp.api.viewsets import MasterDataViewSet

TERM = ("organization", "code", "name", "description")


@register("settings/units")
class Units(MasterDataViewSet):
    model = Unit
    fields = (
        "code", "name", "symbol", "dimension", "factor_to_base", "is_base", "is_exact", "un_ece_rec20", "source",
    )  # fmt: skip
    filters = ("code", "dimension", "is_base", "is_active")
    ordering = ("code", "name")
    search = ("name", "code")
    key = ("code",)

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """One statement for the rule that `Unit.clean` asks the database about for each stored unit."""
        stored = dict(Unit.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "dimension"))
        self.dimensions: dict[Any, str] = stored

    def check_bulk(self, serializer: Any, row: Any) -> None:
        """Raises: ValidationError."""
        was = self.dimensions.get(row.pk)
        if was and was != row.dimension:
            raise ValidationError({"dimension": f"{row} measures {was} for life: make another unit."})
        stored, row._state.adding = row._state.adding, True
        super().check_bulk(serializer, row)
        row._state.adding = stored


@register("settings/hs-headings")
class HsHeadings(MasterDataViewSet):
    model = HsHeading
    fields = ("code", "description")
    filters = ("code", "is_active")
    ordering = ("code",)
    search = ("description", "code")
    key = ("code",)


@register("settings/commodity-categories")
class CommodityCategories(MasterDataViewSet):
    model = CommodityCategory
    fields = ("code", "name", "parent", "hs_chapter")
    filters = ("code", "parent", "hs_chapter", "is_active")
    ordering = ("name", "code")
    search = ("name", "code")
    key = ("code",)


@register("settings/commodities")
class Commodities(MasterDataViewSet):
    model = Commodity
    fields = (
        "organization", "code", "name", "category", "description", "hs_code", "base_unit", "trade_unit", "rate_unit",
        "default_currency", "price_quote_basis", "lot_size", "min_order_qty", "delivery_tolerance_pct",
        "weight_tolerance_pct", "shelf_life_days", "phytosanitary_required", "fumigation_required", "is_hazardous",
        "storage_notes", "season_start_month", "season_end_month",
    )  # fmt: skip
    filters = ("organization", "code", "category", "hs_code", "default_currency", "is_hazardous", "is_active")
    ordering = ("name", "code", "hs_code")
    search = ("name",)
    key = ("code",)


@register("settings/commodities/{commodity_id}/varieties")
class Varieties(MasterDataViewSet):
    model = CommodityVariety
    fields = (
        "commodity", "organization", "code", "name", "origin_country", "species", "staple_class", "is_standard",
    )  # fmt: skip
    filters = ("code", "origin_country", "species", "staple_class", "is_standard", "is_active")
    ordering = ("name", "code")
    search = ("name", "code")
    key = ("code",)


@register("settings/commodities/{commodity_id}/tax-codes")
class TaxCodes(MasterDataViewSet):
    model = CommodityTaxCode
    fields = (
        "commodity", "organization", "country", "scheme", "code", "tax_type", "rate", "valid_from", "valid_to", "source",
    )  # fmt: skip
    filters = ("country", "scheme", "code", "tax_type", "rate", "valid_from", "is_active")
    ordering = ("valid_from", "code", "rate")
    key = ("country", "scheme", "tax_type", "valid_from")


@register("settings/commodities/{commodity_id}/parameters")
class Parameters(MasterDataViewSet):
    model = CommodityParameter
    fields = (
        "commodity", "organization", "parameter", "is_mandatory", "display_order", "min_value", "max_value",
        "default_value", "target", "discount_below", "discount_above",
    )  # fmt: skip
    filters = ("parameter", "is_mandatory", "is_active")
    ordering = ("display_order",)
    key = ("parameter",)


@register("settings/commodities/{commodity_id}/packaging-units")
class PackagingUnits(MasterDataViewSet):
    model = PackagingUnit
    fields = (
        "commodity", "organization", "origin_country", "code", "unit", "net_weight_kg", "tare_kg", "pieces_per_container",
    )  # fmt: skip
    filters = ("origin_country", "code", "unit", "is_active")
    ordering = ("code", "net_weight_kg")
    key = ("origin_country", "code")


@register("settings/commodities/{commodity_id}/conversion-overrides")
class ConversionOverrides(MasterDataViewSet):
    model = UnitConversionOverride
    fields = ("commodity", "organization", "from_unit", "to_unit", "factor", "valid_from", "reason")
    filters = ("from_unit", "to_unit", "valid_from", "is_active")
    ordering = ("valid_from",)
    key = ("from_unit", "to_unit", "valid_from")


@register("settings/quality-parameters")
class QualityParameters(MasterDataViewSet):
    model = QualityParameter
    fields = (
        "code", "name", "data_type", "unit_text", "decimals", "method", "hard_min", "hard_max", "choices", "description",
    )  # fmt: skip
    filters = ("code", "data_type", "method", "is_active")
    ordering = ("code", "name")
    search = ("name", "code")
    key = ("code",)


class Terms(MasterDataViewSet):
    """What all terms have in common."""

    abstract = True
    filters: ClassVar[tuple[str, ...]] = ("organization", "code", "is_active")
    ordering = ("name", "code")
    search = ("name", "code")
    key = ("code",)


@register("settings/trade-types")
class TradeTypes(Terms):
    model = TradeType
    fields = TERM


@register("settings/bargain-types")
class BargainTypes(Terms):
    model = BargainType
    fields = (*TERM, "requires_approval")
    filters = (*Terms.filters, "requires_approval")


@register("settings/passing-terms")
class PassingTerms(Terms):
    model = PassingTerm
    fields = (*TERM, "requires_quality_test")
    filters = (*Terms.filters, "requires_quality_test")


@register("settings/weightment-terms")
class WeightmentTerms(Terms):
    model = WeightmentTerm
    fields = (*TERM, "deduction_pct", "basis")
    filters = (*Terms.filters, "basis")


@register("settings/payment-terms")
class PaymentTerms(Terms):
    model = PaymentTerm
    fields = (*TERM, "days", "advance_pct", "method", "lc_confirmation", "charges_borne_by")
    filters = (*Terms.filters, "days", "method")


@register("settings/delivery-terms")
class DeliveryTerms(Terms):
    model = DeliveryTerm
    fields = (
        *TERM, "incoterm", "transport_modes", "named_place_required", "freight_by", "insurance_by", "insurance_clause",
    )  # fmt: skip
    filters = (*Terms.filters, "incoterm", "transport_modes")
