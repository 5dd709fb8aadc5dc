"""Commodities: what is traded, with its varieties and packaging."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from commodities.models.base import HS_CHAPTER, Coded, OwnedOrShared
from erp.events.tracking import Tracking
from erp.rules import known_choices, upper_code
from erp.scoping import Scope, ScopedQuerySet
from erp.search import search_indexes

PERCENT = (MinValueValidator(0), MaxValueValidator(100))
MONTHS = (MinValueValidator(1), MaxValueValidator(12))


class CommodityCategory(Coded):
    """A group of commodities, inside another group or at the top."""

    scope = Scope.shared()
    tracking = Tracking("commodity_category")

    code = models.CharField(max_length=30, help_text="In capitals. Example: COTTON_YARN")
    name = models.CharField(max_length=100, help_text="Example: Cotton yarn")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="children",
        null=True,
        blank=True,
        help_text="The wider group. Example: Yarn",
    )
    hs_chapter = models.CharField(
        "HS chapter", max_length=2, blank=True, help_text="Two digits, where the group is one chapter. Example: 52"
    )

    class Meta:
        verbose_name_plural = "commodity categories"
        ordering = ("name",)
        constraints = [
            upper_code("commoditycategory"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="commoditycategory_not_own_parent",
                violation_error_message="A category can't stand inside itself: choose another one or leave it empty.",
            ),
            models.CheckConstraint(
                condition=Q(hs_chapter="") | Q(hs_chapter__regex=f"^{HS_CHAPTER}$"),
                name="commoditycategory_hs_chapter_range",
                violation_error_message="An HS chapter is two digits from 01 to 97.",
            ),
            models.UniqueConstraint(
                fields=("code",),
                name="commoditycategory_code_unique",
                violation_error_message="Another category has this code.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                name="commoditycategory_name_unique",
                violation_error_message="Another category has this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises: ValidationError: the wider group stands inside this one."""
        super().clean()
        above: CommodityCategory | None = self.parent
        while above:
            if above.pk == self.pk:
                raise ValidationError(
                    {"parent": f"{self.parent} stands inside {self} itself: choose another category."}
                )
            above = above.parent


class CommodityQuerySet(ScopedQuerySet):
    """Sentences about commodities."""

    def in_season_on(self, day: datetime.date) -> Self:
        """Commodities whose new crop arrives in that month; those without a season always."""
        month = day.month
        start, end = F("season_start_month"), F("season_end_month")
        inside = Q(season_start_month__lte=month, season_end_month__gte=month)
        over_new_year = Q(season_start_month__lte=month) | Q(season_end_month__gte=month)
        return self.filter(
            Q(season_start_month__isnull=True)
            | (Q(season_start_month__lte=end) & inside)
            | (Q(season_end_month__lt=start) & over_new_year)
        )


@known_choices
class Commodity(Coded, OwnedOrShared):
    """Something that is bought and sold by quality, quantity and price."""

    class PriceQuoteBasis(models.TextChoices):
        PER_UNIT = "per_unit", "Currency per rate unit"
        CENTS_PER_LB = "cents_per_lb", "Cents per pound"

    tracking = Tracking("commodity")

    code = models.CharField(max_length=30, help_text="In capitals. Example: COTTON_LINT")
    name = models.CharField(max_length=200, help_text="Example: Raw cotton, ginned, in bales")
    category = models.ForeignKey(
        "commodities.CommodityCategory", models.PROTECT, related_name="commodities", help_text="Example: Cotton"
    )
    description = models.CharField(max_length=500, blank=True, help_text="What it is, in one or two sentences.")
    hs_code = models.CharField(
        "HS code", max_length=6, help_text="Six digits, the same in every country. Example: 520100"
    )
    base_unit = models.ForeignKey(
        "commodities.Unit",
        models.PROTECT,
        related_name="+",
        help_text="Stock and all sums are kept in it. Example: Kilogram",
    )
    trade_unit = models.ForeignKey(
        "commodities.Unit",
        models.PROTECT,
        related_name="+",
        help_text="Contracts state quantities in it. Example: Quintal",
    )
    rate_unit = models.ForeignKey(
        "commodities.Unit", models.PROTECT, related_name="+", help_text="Prices are per this unit. Example: Candy"
    )
    default_currency = models.ForeignKey(
        "locations.Currency", models.PROTECT, related_name="+", help_text="Filled into new contracts. Example: INR"
    )
    price_quote_basis = models.CharField(
        "price quoted in",
        max_length=15,
        choices=PriceQuoteBasis.choices,
        default=PriceQuoteBasis.PER_UNIT,
        help_text="Exchange cotton is quoted in cents per pound.",
    )
    lot_size = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="Usual lot in trade units. Example: 170"
    )
    min_order_qty = models.DecimalField(
        "smallest order",
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="In trade units. Example: 85",
    )
    delivery_tolerance_pct = models.DecimalField(
        "delivery tolerance, %",
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=PERCENT,
        help_text="More or less than the contract may be delivered. Example: 5.00",
    )
    weight_tolerance_pct = models.DecimalField(
        "weight tolerance, %",
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=PERCENT,
        help_text="Difference of weights that nobody claims. Example: 0.50",
    )
    shelf_life_days = models.PositiveIntegerField(
        "shelf life, days", null=True, blank=True, help_text="Empty: keeps indefinitely. Example: 365"
    )
    phytosanitary_required = models.BooleanField(
        "phytosanitary certificate", default=False, help_text="Needed when it crosses a border."
    )
    fumigation_required = models.BooleanField(
        "fumigation certificate", default=False, help_text="Needed before it is shipped."
    )
    is_hazardous = models.BooleanField("hazardous", default=False, help_text="Dangerous goods papers are needed.")
    storage_notes = models.CharField(max_length=500, blank=True, help_text="Example: Dry, away from oil; no open flame")
    season_start_month = models.PositiveSmallIntegerField(
        "season begins in",
        null=True,
        blank=True,
        validators=MONTHS,
        help_text="Month of first arrivals, 1 to 12. Example: 10",
    )
    season_end_month = models.PositiveSmallIntegerField(
        "season ends in",
        null=True,
        blank=True,
        validators=MONTHS,
        help_text="Month of last arrivals, 1 to 12. Example: 3",
    )

    objects: ClassVar[Any] = CommodityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "commodities"
        ordering = ("name",)
        indexes = [
            models.Index(fields=("name", "id"), name="commodity_order"),
            *search_indexes("commodity", code="code", name="name", also=("hs_code",)),
        ]
        constraints = [
            upper_code("commodity"),
            models.CheckConstraint(
                condition=Q(hs_code__regex=f"^{HS_CHAPTER}[0-9]{{4}}$"),
                name="commodity_hs_code_form",
                violation_error_message="An HS code has six digits and begins with a chapter from 01 to 97: 520100.",
            ),
            models.CheckConstraint(
                condition=Q(lot_size__isnull=True) | Q(lot_size__gt=0),
                name="commodity_lot_size_positive",
                violation_error_message="The lot size must be above zero.",
            ),
            models.CheckConstraint(
                condition=Q(min_order_qty__isnull=True) | Q(min_order_qty__gt=0),
                name="commodity_min_order_qty_positive",
                violation_error_message="The smallest order must be above zero.",
            ),
            models.CheckConstraint(
                condition=Q(delivery_tolerance_pct__range=(0, 100)),
                name="commodity_delivery_tolerance_pct_range",
                violation_error_message="The delivery tolerance lies between 0 and 100 percent.",
            ),
            models.CheckConstraint(
                condition=Q(weight_tolerance_pct__range=(0, 100)),
                name="commodity_weight_tolerance_pct_range",
                violation_error_message="The weight tolerance lies between 0 and 100 percent.",
            ),
            models.CheckConstraint(
                condition=Q(season_start_month__isnull=True, season_end_month__isnull=True)
                | Q(
                    season_start_month__isnull=False,
                    season_end_month__isnull=False,
                    season_start_month__range=(1, 12),
                    season_end_month__range=(1, 12),
                ),
                name="commodity_season_complete",
                violation_error_message="Give both months of the season, each from 1 to 12, or neither.",
            ),
            models.UniqueConstraint(
                fields=("organization", "code"),
                name="commodity_code_unique",
                nulls_distinct=False,
                violation_error_message="Another commodity has this code: choose another one.",
            ),
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="commodity_name_unique",
                nulls_distinct=False,
                violation_error_message="Another commodity has this name: choose another one.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises: ValidationError: the units measure different things, or cents per pound are not per pound."""
        super().clean()
        if not (self.base_unit_id and self.trade_unit_id and self.rate_unit_id):
            return
        base = self.base_unit
        errors = {
            name: f"{unit} measures {unit.dimension}, the base unit {base} measures {base.dimension}: "
            f"choose a unit of {base.dimension}."
            for name, unit in (("trade_unit", self.trade_unit), ("rate_unit", self.rate_unit))
            if unit.dimension != base.dimension
        }
        if self.price_quote_basis == self.PriceQuoteBasis.CENTS_PER_LB and self.rate_unit.code != "LBR":
            errors.setdefault("rate_unit", "A price in cents per pound needs the rate unit Pound.")
        if errors:
            raise ValidationError(errors)


@known_choices
class CommodityVariety(Coded, OwnedOrShared):
    """A variety of a commodity, known by name in the trade."""

    class Species(models.TextChoices):
        HIRSUTUM = "hirsutum", "G. hirsutum"
        BARBADENSE = "barbadense", "G. barbadense"
        ARBOREUM = "arboreum", "G. arboreum"
        HERBACEUM = "herbaceum", "G. herbaceum"

    class StapleClass(models.TextChoices):
        SHORT = "short", "Short"
        MEDIUM = "medium", "Medium"
        LONG = "long", "Long"
        ELS = "els", "Extra long"

    tracking = Tracking("commodity", part="variety", parent="commodity")

    commodity = models.ForeignKey(
        "commodities.Commodity", models.PROTECT, related_name="varieties", help_text="Example: Raw cotton"
    )
    code = models.CharField(max_length=30, help_text="In capitals. Example: SHANKAR_6")
    name = models.CharField(max_length=100, help_text="Example: Shankar-6")
    origin_country = models.ForeignKey(
        "locations.Country",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Where it is grown. Example: India",
    )
    species = models.CharField(
        max_length=15, choices=Species.choices, blank=True, help_text="Cotton only. Example: G. hirsutum"
    )
    staple_class = models.CharField(
        "staple", max_length=10, choices=StapleClass.choices, blank=True, help_text="Cotton only. Example: Long"
    )
    is_standard = models.BooleanField("standard", default=True, help_text="Recognised in contracts and price lists.")

    class Meta:
        verbose_name_plural = "commodity varieties"
        ordering = ("commodity", "name")
        indexes = search_indexes("commodityvariety", code="code", name="name")
        constraints = [
            upper_code("commodityvariety"),
            models.UniqueConstraint(
                fields=("organization", "commodity", "code"),
                name="commodityvariety_code_unique",
                nulls_distinct=False,
                violation_error_message="Another variety of this commodity has this code.",
            ),
            models.UniqueConstraint(
                "organization",
                "commodity",
                Lower("name"),
                name="commodityvariety_name_unique",
                nulls_distinct=False,
                violation_error_message="Another variety of this commodity has this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PackagingUnit(Coded, OwnedOrShared):
    """What one bale, bag or carton of a commodity from one origin weighs."""

    tracking = Tracking("commodity", part="packaging", parent="commodity", label="code")

    commodity = models.ForeignKey(
        "commodities.Commodity", models.PROTECT, related_name="packaging_units", help_text="Example: Raw cotton"
    )
    origin_country = models.ForeignKey(
        "locations.Country",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty: of any origin. Example: India",
    )
    code = models.CharField(max_length=30, help_text="In capitals. Example: BALE_IN")
    unit = models.ForeignKey(
        "commodities.Unit", models.PROTECT, related_name="+", help_text="What is counted. Example: Bale"
    )
    net_weight_kg = models.DecimalField(
        "net weight, kg", max_digits=12, decimal_places=6, help_text="Goods in one piece. Example: 170"
    )
    tare_kg = models.DecimalField(
        "tare, kg",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Packing of one piece. Example: 2.5",
    )
    pieces_per_container = models.PositiveIntegerField(
        null=True, blank=True, help_text="In a container of 40 feet. Example: 150"
    )

    class Meta:
        ordering = ("commodity", "code")
        constraints = [
            upper_code("packagingunit"),
            models.CheckConstraint(
                condition=Q(net_weight_kg__gt=0),
                name="packagingunit_net_weight_positive",
                violation_error_message="The net weight must be above zero.",
            ),
            models.CheckConstraint(
                condition=Q(tare_kg__isnull=True) | Q(tare_kg__gte=0),
                name="packagingunit_tare_not_negative",
                violation_error_message="The tare can't be below zero.",
            ),
            models.CheckConstraint(
                condition=Q(pieces_per_container__isnull=True) | Q(pieces_per_container__gt=0),
                name="packagingunit_pieces_positive",
                violation_error_message="A container holds at least one piece, or leave it empty.",
            ),
            models.UniqueConstraint(
                fields=("organization", "commodity", "origin_country", "code"),
                name="packagingunit_unique",
                nulls_distinct=False,
                violation_error_message="Another packaging of this commodity and origin has this code.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.net_weight_kg.normalize():f} kg)"

    def clean(self) -> None:
        """Raises: ValidationError: the packaging unit is not one that is counted."""
        super().clean()
        unit: Any = self.unit if self.unit_id else None
        if unit and unit.dimension != unit.Dimension.COUNT:
            raise ValidationError(
                {"unit": f"{unit} measures {unit.dimension}: choose a unit that is counted, such as Bale."}
            )

    def net_kg(self, pieces: Decimal) -> Decimal:
        """Net weight of so many pieces in kilograms, exact."""
        return pieces * self.net_weight_kg
