"""Commodities, units and terms at the desk."""

from __future__ import annotations

from django.contrib import admin

from commodities import models
from erp.admin.base import ChildInline, MasterDataAdmin, StackedChildInline


class VarietyInline(ChildInline):
    model = models.CommodityVariety
    fields = ("organization", "code", "name", "origin_country", "species", "staple_class", "is_standard", "is_active")


class TaxCodeInline(StackedChildInline):
    model = models.CommodityTaxCode
    fields = (
        ("organization", "country", "scheme"),
        ("code", "tax_type", "rate"),
        ("valid_from", "valid_to", "is_active"),
        "source",
    )


class ParameterInline(StackedChildInline):
    model = models.CommodityParameter
    fields = (
        ("organization", "parameter", "display_order"),
        ("min_value", "max_value", "default_value"),
        ("target", "discount_below", "discount_above"),
        ("is_mandatory", "is_active"),
    )


class PackagingInline(ChildInline):
    model = models.PackagingUnit
    fields = (
        "organization",
        "code",
        "origin_country",
        "unit",
        "net_weight_kg",
        "tare_kg",
        "pieces_per_container",
        "is_active",
    )


class ConversionInline(ChildInline):
    model = models.UnitConversionOverride
    fields = ("organization", "from_unit", "to_unit", "factor", "valid_from", "reason", "is_active")


@admin.register(models.Commodity)
class CommodityAdmin(MasterDataAdmin):
    list_display = (
        "name",
        "code",
        "category",
        "hs_code",
        "trade_unit",
        "rate_unit",
        "default_currency",
        "organization",
        "is_active",
    )
    list_filter = ("category", "is_active", "organization", "price_quote_basis", "is_hazardous")
    search_fields = ("name", "code", "hs_code")
    fieldsets = (
        (None, {"fields": ("organization", ("name", "code"), "category", "description", "hs_code", "is_active")}),
        (
            "Quantity and price",
            {
                "fields": (
                    ("base_unit", "trade_unit", "rate_unit"),
                    ("default_currency", "price_quote_basis"),
                    ("lot_size", "min_order_qty"),
                    ("delivery_tolerance_pct", "weight_tolerance_pct"),
                )
            },
        ),
        (
            "Storage and shipping",
            {
                "fields": (
                    "shelf_life_days",
                    ("phytosanitary_required", "fumigation_required", "is_hazardous"),
                    "storage_notes",
                )
            },
        ),
        ("Season", {"fields": (("season_start_month", "season_end_month"),)}),
    )
    inlines = (VarietyInline, ParameterInline, TaxCodeInline, PackagingInline, ConversionInline)


@admin.register(models.CommodityCategory)
class CommodityCategoryAdmin(MasterDataAdmin):
    list_display = ("name", "code", "parent", "hs_chapter", "is_active")
    list_filter = ("parent", "is_active")
    search_fields = ("name", "code", "hs_chapter")
    fields = (("name", "code"), "parent", "hs_chapter", "is_active")


@admin.register(models.CommodityVariety)
class CommodityVarietyAdmin(MasterDataAdmin):
    list_display = (
        "name",
        "code",
        "commodity",
        "origin_country",
        "species",
        "staple_class",
        "organization",
        "is_active",
    )
    list_filter = ("commodity", "origin_country", "species", "staple_class", "is_standard", "is_active")
    search_fields = ("name", "code")
    fields = (
        "organization",
        "commodity",
        ("name", "code"),
        "origin_country",
        ("species", "staple_class"),
        ("is_standard", "is_active"),
    )


@admin.register(models.CommodityTaxCode)
class CommodityTaxCodeAdmin(MasterDataAdmin):
    list_display = (
        "code",
        "commodity",
        "country",
        "scheme",
        "tax_type",
        "rate",
        "valid_from",
        "valid_to",
        "organization",
        "is_active",
    )
    list_filter = ("country", "scheme", "tax_type", "commodity", "is_active")
    search_fields = ("code", "source")
    date_hierarchy = "valid_from"
    fields = (
        "organization",
        ("commodity", "country"),
        ("scheme", "code"),
        ("tax_type", "rate"),
        ("valid_from", "valid_to"),
        "source",
        "is_active",
    )


@admin.register(models.CommodityParameter)
class CommodityParameterAdmin(MasterDataAdmin):
    list_display = (
        "parameter",
        "commodity",
        "is_mandatory",
        "display_order",
        "min_value",
        "max_value",
        "target",
        "organization",
        "is_active",
    )
    list_filter = ("commodity", "parameter", "is_mandatory", "is_active")
    search_fields = ("parameter__name", "parameter__code")
    fields = (
        "organization",
        ("commodity", "parameter"),
        ("is_mandatory", "display_order"),
        ("min_value", "max_value", "default_value"),
        ("target", "discount_below", "discount_above"),
        "is_active",
    )


@admin.register(models.PackagingUnit)
class PackagingUnitAdmin(MasterDataAdmin):
    list_display = (
        "code",
        "commodity",
        "origin_country",
        "unit",
        "net_weight_kg",
        "tare_kg",
        "pieces_per_container",
        "organization",
        "is_active",
    )
    list_filter = ("commodity", "origin_country", "unit", "is_active")
    search_fields = ("code",)
    fields = (
        "organization",
        ("commodity", "origin_country"),
        ("code", "unit"),
        ("net_weight_kg", "tare_kg"),
        "pieces_per_container",
        "is_active",
    )


@admin.register(models.QualityParameter)
class QualityParameterAdmin(MasterDataAdmin):
    list_display = ("name", "code", "data_type", "unit_text", "method", "hard_min", "hard_max", "is_active")
    list_filter = ("data_type", "method", "is_active")
    search_fields = ("name", "code")
    fieldsets = (
        (None, {"fields": (("name", "code"), "description", "is_active")}),
        ("Value", {"fields": (("data_type", "unit_text", "decimals"), "method", ("hard_min", "hard_max"), "choices")}),
    )


@admin.register(models.Unit)
class UnitAdmin(MasterDataAdmin):
    list_display = ("name", "code", "symbol", "dimension", "factor_to_base", "is_base", "is_exact", "is_active")
    list_filter = ("dimension", "is_base", "is_exact", "is_active")
    search_fields = ("name", "code", "symbol", "un_ece_rec20")
    fieldsets = (
        (None, {"fields": (("name", "code", "symbol"), "un_ece_rec20", "is_active")}),
        ("Conversion", {"fields": ("dimension", "factor_to_base", ("is_base", "is_exact"), "source")}),
    )


@admin.register(models.UnitConversionOverride)
class UnitConversionOverrideAdmin(MasterDataAdmin):
    list_display = ("commodity", "from_unit", "factor", "to_unit", "valid_from", "reason", "organization", "is_active")
    list_filter = ("commodity", "organization", "is_active")
    search_fields = ("reason",)
    fields = ("organization", "commodity", ("from_unit", "factor", "to_unit"), "valid_from", "reason", "is_active")


@admin.register(models.HsHeading)
class HsHeadingAdmin(MasterDataAdmin):
    list_display = ("code", "description", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "description")
    fields = ("code", "description", "is_active")


class TermAdmin(MasterDataAdmin):
    """What the lists and forms of all terms share; a subclass names the columns of its own."""

    search_fields = ("name", "code", "description")
    own_fields: tuple[str | tuple[str, ...], ...] = ()

    def __init_subclass__(cls) -> None:
        cls.fields = ("organization", ("name", "code"), "description", *cls.own_fields, "is_active")


@admin.register(models.TradeType)
class TradeTypeAdmin(TermAdmin):
    list_display = ("name", "code", "description", "organization", "is_active")
    list_filter = ("organization", "is_active")


@admin.register(models.BargainType)
class BargainTypeAdmin(TermAdmin):
    list_display = ("name", "code", "description", "requires_approval", "organization", "is_active")
    list_filter = ("requires_approval", "organization", "is_active")
    own_fields = ("requires_approval",)


@admin.register(models.PassingTerm)
class PassingTermAdmin(TermAdmin):
    list_display = ("name", "code", "description", "requires_quality_test", "organization", "is_active")
    list_filter = ("requires_quality_test", "organization", "is_active")
    own_fields = ("requires_quality_test",)


@admin.register(models.WeightmentTerm)
class WeightmentTermAdmin(TermAdmin):
    list_display = ("name", "code", "basis", "deduction_pct", "organization", "is_active")
    list_filter = ("basis", "organization", "is_active")
    own_fields = (("basis", "deduction_pct"),)


@admin.register(models.PaymentTerm)
class PaymentTermAdmin(TermAdmin):
    list_display = ("name", "code", "method", "days", "advance_pct", "organization", "is_active")
    list_filter = ("method", "organization", "is_active")
    own_fields = (("days", "advance_pct"), ("method", "lc_confirmation"), "charges_borne_by")


@admin.register(models.DeliveryTerm)
class DeliveryTermAdmin(TermAdmin):
    list_display = (
        "name",
        "code",
        "incoterm",
        "transport_modes",
        "freight_by",
        "insurance_by",
        "organization",
        "is_active",
    )
    list_filter = ("incoterm", "transport_modes", "organization", "is_active")
    own_fields = (
        ("incoterm", "transport_modes"),
        "named_place_required",
        ("freight_by", "insurance_by", "insurance_clause"),
    )
