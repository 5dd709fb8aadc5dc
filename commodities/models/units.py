"""Units of measure and the conversions that an organization agreed on."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from commodities.models.base import Coded, refuse_foreign_references
from erp.events.tracking import Tracking
from erp.models import MasterData
from erp.rules import known_choices, upper_code
from erp.scoping import Scope, ScopedQuerySet


@known_choices
class Unit(Coded):
    """A unit of measure with its exact factor to the base unit of its dimension."""

    class Dimension(models.TextChoices):
        MASS = "mass", "Mass"
        LENGTH = "length", "Length"
        VOLUME = "volume", "Volume"
        COUNT = "count", "Count"
        AREA = "area", "Area"

    scope = Scope.shared()
    tracking = Tracking("unit")

    code = models.CharField(max_length=20, help_text="In capitals, UN/ECE code where there is one. Example: LBR")
    name = models.CharField(max_length=100, help_text="Example: Pound")
    symbol = models.CharField(max_length=20, blank=True, help_text="As printed after a quantity. Example: lb")
    dimension = models.CharField(
        max_length=10, choices=Dimension.choices, help_text="Only units of one dimension convert into each other."
    )
    factor_to_base = models.DecimalField(
        "factor to base unit",
        max_digits=24,
        decimal_places=12,
        help_text="How many base units one unit is. Example: 0.45359237 for a pound in kilograms",
    )
    is_base = models.BooleanField(
        "base unit",
        default=False,
        help_text="The unit that others of the dimension are expressed in. Example: Kilogram",
    )
    is_exact = models.BooleanField(
        "exact", default=True, help_text="The factor is a definition and not a rounded or regional value."
    )
    un_ece_rec20 = models.CharField(
        "UN/ECE code",
        max_length=3,
        blank=True,
        help_text="Recommendation 20 or 21, for customs and e-invoices. Example: KGM",
    )
    source = models.CharField(
        max_length=200, blank=True, help_text="Where the factor comes from. Example: 784 lb of 0.45359237 kg"
    )

    class Meta:
        ordering = ("dimension", "code")
        constraints = [
            upper_code("unit"),
            models.CheckConstraint(
                condition=Q(factor_to_base__gt=0),
                name="unit_factor_to_base_positive",
                violation_error_message="The factor to the base unit must be above zero.",
            ),
            models.CheckConstraint(
                condition=Q(is_base=False) | Q(factor_to_base=1),
                name="unit_base_factor_one",
                violation_error_message="The base unit of a dimension has the factor 1.",
            ),
            models.UniqueConstraint(
                fields=("code",), name="unit_code_unique", violation_error_message="Another unit has this code."
            ),
            models.UniqueConstraint(
                Lower("name"), name="unit_name_unique", violation_error_message="Another unit has this name."
            ),
            models.UniqueConstraint(
                fields=("dimension",),
                condition=Q(is_base=True),
                name="unit_one_base",
                violation_error_message="This dimension has a base unit already: a dimension has one.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises: ValidationError: the dimension of a stored unit changed; quantities in it would change their meaning."""
        super().clean()
        stored = (
            None if self._state.adding else Unit.objects.filter(pk=self.pk).values_list("dimension", flat=True).first()
        )
        if stored and stored != self.dimension:
            raise ValidationError(
                {"dimension": f"{self} measures {stored} for life: make another unit for {self.dimension}."}
            )


class UnitConversionOverrideQuerySet(ScopedQuerySet):
    """Sentences about agreed conversions."""

    def in_force(self, *, on: datetime.date) -> Self:
        """Agreements that had begun by that day, the latest first; an earlier one yields to a later one."""
        return self.active().filter(valid_from__lte=on).order_by("-valid_from")


class UnitConversionOverride(MasterData):
    """A conversion that an organization agreed on instead of the exact one, such as a candy of 355.62 kg."""

    scope = Scope.of_organization()
    tracking = Tracking("commodity", part="conversion", parent="commodity", label="reason")

    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="+", help_text="Whose documents use this conversion."
    )
    commodity = models.ForeignKey(
        "commodities.Commodity", models.PROTECT, related_name="conversion_overrides", help_text="Example: Raw cotton"
    )
    from_unit = models.ForeignKey("commodities.Unit", models.PROTECT, related_name="+", help_text="Example: Candy")
    to_unit = models.ForeignKey("commodities.Unit", models.PROTECT, related_name="+", help_text="Example: Kilogram")
    factor = models.DecimalField(
        max_digits=24, decimal_places=12, help_text="How many of the second unit one of the first is. Example: 355.62"
    )
    valid_from = models.DateField(
        help_text="First day of this conversion; it holds until a later one begins. Example: 1 October 2025"
    )
    reason = models.CharField(max_length=200, help_text="Example: Buyers print 355.62 kg per candy")

    objects: ClassVar[Any] = UnitConversionOverrideQuerySet.as_manager()

    class Meta:
        ordering = ("commodity", "from_unit", "-valid_from")
        constraints = [
            models.CheckConstraint(
                condition=Q(factor__gt=0),
                name="unitconversionoverride_factor_positive",
                violation_error_message="The conversion factor must be above zero.",
            ),
            models.CheckConstraint(
                condition=~Q(from_unit=F("to_unit")),
                name="unitconversionoverride_two_units",
                violation_error_message="A conversion needs two different units.",
            ),
            models.UniqueConstraint(
                fields=("organization", "commodity", "from_unit", "to_unit", "valid_from"),
                name="unitconversionoverride_unique",
                violation_error_message="A conversion of these units begins on this day already: change that one.",
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.from_unit} = {self.factor.normalize():f} {self.to_unit}"

    def clean(self) -> None:
        """Raises: ValidationError: the units measure different things, or the commodity is another organization's."""
        super().clean()
        refuse_foreign_references(self)
        units: list[Any] = [self.from_unit, self.to_unit] if self.from_unit_id and self.to_unit_id else []
        if len({unit.dimension for unit in units}) > 1:
            raise ValidationError(
                {
                    "to_unit": f"{self.to_unit} measures {self.to_unit.dimension}, {self.from_unit} measures "
                    f"{self.from_unit.dimension}: choose a unit of {self.from_unit.dimension}."
                }
            )
