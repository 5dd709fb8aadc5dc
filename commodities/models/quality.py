"""What is measured in a commodity and which values it may have."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from commodities.models.base import Coded, OwnedOrShared
from erp.events.tracking import Tracking
from erp.rules import known_choices, upper_code
from erp.scoping import Scope


@known_choices
class QualityParameter(Coded):
    """A property that a laboratory measures or a grader sees, with bounds no sane value leaves."""

    class DataType(models.TextChoices):
        DECIMAL = "decimal", "Decimal number"
        INTEGER = "integer", "Whole number"
        TEXT = "text", "Text"
        CHOICE = "choice", "Choice"
        BOOL = "bool", "Yes or no"

    class Method(models.TextChoices):
        HVI = "hvi", "HVI"
        AFIS = "afis", "AFIS"
        GRAVIMETRIC = "gravimetric", "Gravimetric"
        VISUAL = "visual", "Visual"

    NUMBERS = (DataType.DECIMAL, DataType.INTEGER)

    scope = Scope.shared()
    tracking = Tracking("quality_parameter")

    code = models.CharField(max_length=30, help_text="In capitals. Example: STAPLE_MM")
    name = models.CharField(max_length=100, help_text="Example: Staple length")
    data_type = models.CharField(
        "kind of value", max_length=10, choices=DataType.choices, help_text="Example: Decimal number"
    )
    unit_text = models.CharField("unit", max_length=20, blank=True, help_text="As printed after the value. Example: mm")
    decimals = models.PositiveSmallIntegerField(
        "decimal places", default=0, validators=[MaxValueValidator(6)], help_text="Example: 2 for 28.75 mm"
    )
    method = models.CharField(
        max_length=15, choices=Method.choices, blank=True, help_text="How it is measured. Example: HVI"
    )
    hard_min = models.DecimalField(
        "lowest possible",
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Below is a typing error. Example: 10",
    )
    hard_max = models.DecimalField(
        "highest possible",
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Above is a typing error. Example: 45",
    )
    choices = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="Values to choose from, separated by commas; only for the kind Choice. Example: roller,saw",
    )
    description = models.CharField(max_length=300, blank=True, help_text="What the value means and where to take care.")

    class Meta:
        ordering = ("code",)
        constraints = [
            upper_code("qualityparameter"),
            models.CheckConstraint(
                condition=Q(decimals__lte=6),
                name="qualityparameter_decimals_range",
                violation_error_message="A value has at most 6 decimal places.",
            ),
            models.CheckConstraint(
                condition=Q(hard_min__isnull=True) | Q(hard_max__isnull=True) | Q(hard_min__lte=F("hard_max")),
                name="qualityparameter_bounds_ordered",
                violation_error_message="The lowest possible value is above the highest possible one.",
            ),
            models.CheckConstraint(
                condition=Q(data_type__in=("decimal", "integer")) | Q(hard_min__isnull=True, hard_max__isnull=True),
                name="qualityparameter_bounds_of_numbers",
                violation_error_message="Only numbers have a lowest and a highest value: leave both empty.",
            ),
            models.CheckConstraint(
                condition=Q(data_type="choice", choices__len__gt=0) | (~Q(data_type="choice") & Q(choices__len=0)),
                name="qualityparameter_choices_of_choice",
                violation_error_message="List the values to choose from where the kind is Choice, and only there.",
            ),
            models.UniqueConstraint(
                fields=("code",),
                name="qualityparameter_code_unique",
                violation_error_message="Another quality parameter has this code.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                name="qualityparameter_name_unique",
                violation_error_message="Another quality parameter has this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_number(self) -> bool:
        """Whether values are numbers, which alone have bounds."""
        return self.data_type in self.NUMBERS

    def problem_with(self, value: Decimal | str) -> str:
        """Why this is no possible value, in one sentence; empty when it is one."""
        if self.data_type == self.DataType.CHOICE and value not in self.choices:
            return f"{value} is not a value of {self}: choose one of {', '.join(self.choices)}."
        if self.data_type == self.DataType.BOOL and value not in {"yes", "no"}:
            return f"{value} is not a value of {self}: write yes or no."
        return self._number_problem(value) if self.is_number else ""

    def _number_problem(self, value: Decimal | str) -> str:
        try:
            number = Decimal(value)
        except InvalidOperation:
            return f"{value} is not a number: write {self} in figures."
        if self.data_type == self.DataType.INTEGER and number != number.to_integral_value():
            return f"{value} is not a whole number: {self} has no decimal places."
        if self.hard_min is not None and number < self.hard_min:
            return f"{value} is below {self.hard_min.normalize():f}, the lowest possible {self}."
        if self.hard_max is not None and number > self.hard_max:
            return f"{value} is above {self.hard_max.normalize():f}, the highest possible {self}."
        return ""


class CommodityParameter(OwnedOrShared):
    """A quality parameter of one commodity: whether it must be stated, its range, its default and its target."""

    tracking = Tracking("commodity", part="parameter", parent="commodity", label="default_value")

    commodity = models.ForeignKey(
        "commodities.Commodity", models.PROTECT, related_name="parameters", help_text="Example: Raw cotton"
    )
    parameter = models.ForeignKey(
        "commodities.QualityParameter", models.PROTECT, related_name="commodities", help_text="Example: Staple length"
    )
    is_mandatory = models.BooleanField("mandatory", default=False, help_text="A contract must state it.")
    display_order = models.PositiveSmallIntegerField(
        "position", default=0, help_text="Lower stands first on documents. Example: 10"
    )
    min_value = models.DecimalField(
        "minimum", max_digits=12, decimal_places=4, null=True, blank=True, help_text="Lowest value traded. Example: 28"
    )
    max_value = models.DecimalField(
        "maximum", max_digits=12, decimal_places=4, null=True, blank=True, help_text="Highest value traded. Example: 32"
    )
    default_value = models.CharField(
        "default", max_length=50, blank=True, help_text="Filled into new contracts. Example: 29"
    )
    target = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="The value that the price stands for. Example: 29",
    )
    discount_below = models.BooleanField(default=False, help_text="A value below the target lowers the price.")
    discount_above = models.BooleanField(default=False, help_text="A value above the target lowers the price.")

    class Meta:
        ordering = ("commodity", "display_order", "parameter")
        constraints = [
            models.CheckConstraint(
                condition=Q(min_value__isnull=True) | Q(max_value__isnull=True) | Q(min_value__lte=F("max_value")),
                name="commodityparameter_bounds_ordered",
                violation_error_message="The minimum is above the maximum.",
            ),
            models.CheckConstraint(
                condition=Q(discount_below=False, discount_above=False) | Q(target__isnull=False),
                name="commodityparameter_discount_needs_target",
                violation_error_message="A discount needs a target to count from: give the target.",
            ),
            models.UniqueConstraint(
                fields=("organization", "commodity", "parameter"),
                name="commodityparameter_unique",
                nulls_distinct=False,
                violation_error_message="The commodity has this quality parameter already: change that one.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.parameter)

    def clean(self) -> None:
        """Raises: ValidationError: a value is not one of the parameter, or lies outside its range."""
        super().clean()
        if not self.parameter_id:
            return
        given: dict[str, Any] = {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "target": self.target,
            "default_value": self.default_value or None,
        }
        errors = {name: self._problem(name, value) for name, value in given.items() if value is not None}
        if found := {name: problem for name, problem in errors.items() if problem}:
            raise ValidationError(found)

    def _problem(self, name: str, value: Decimal | str) -> str:
        if name != "default_value" and not self.parameter.is_number:
            return f"{self.parameter} is not a number: leave this empty."
        problem = self.parameter.problem_with(value)
        if problem or not self.parameter.is_number:
            return problem
        number = Decimal(value)
        if self.min_value is not None and number < self.min_value:
            return f"{value} is below the minimum of {self.min_value.normalize():f}."
        if self.max_value is not None and number > self.max_value:
            return f"{value} is above the maximum of {self.max_value.normalize():f}."
        return ""
