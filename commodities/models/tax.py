"""How customs and tax offices see a commodity: HS headings, tax codes and their rates."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

from commodities.models.base import HS_CHAPTER, Coded, OwnedOrShared
from erp.events.tracking import Tracking
from erp.rules import known_choices
from erp.scoping import Scope, ScopedQuerySet

NO_ORGANIZATION = uuid.UUID(int=0)


class HsHeading(Coded):
    """A chapter, heading or subheading of the Harmonized System, in our own words."""

    scope = Scope.shared()
    tracking = Tracking("hs_heading", label="description")

    code = models.CharField(max_length=6, help_text="2, 4 or 6 digits. Example: 520100")
    description = models.CharField(max_length=200, help_text="Example: Cotton, not carded or combed")

    class Meta:
        verbose_name = "HS heading"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=rf"^{HS_CHAPTER}([0-9]{{2}}){{0,2}}$"),
                name="hsheading_code_form",
                violation_error_message="An HS code has 2, 4 or 6 digits and begins with a chapter from 01 to 97.",
            ),
            models.UniqueConstraint(
                fields=("code",), name="hsheading_code_unique", violation_error_message="This HS code is here already."
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.description}"


class CommodityTaxCodeQuerySet(ScopedQuerySet):
    """Sentences about tax codes."""

    def on(self, day: datetime.date) -> Self:
        """Tax codes that hold on that day."""
        return self.active().filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


@known_choices
class CommodityTaxCode(Coded, OwnedOrShared):
    """The code and rate under which one country taxes a commodity, from one day until before another."""

    class Scheme(models.TextChoices):
        HSN = "hsn", "HSN (India, GST)"
        HTS = "hts", "HTS (United States)"
        CN = "cn", "CN (European Union)"
        NCM = "ncm", "NCM (Mercosur)"
        ITC_HS = "itc_hs", "ITC-HS (India, trade)"

    class TaxType(models.TextChoices):
        GST = "gst", "GST"
        VAT = "vat", "VAT"
        IGST = "igst", "IGST"
        DUTY = "duty", "Customs duty"

    tracking = Tracking("commodity", part="tax_code", parent="commodity", label="code")

    commodity = models.ForeignKey(
        "commodities.Commodity", models.PROTECT, related_name="tax_codes", help_text="Example: Raw cotton"
    )
    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="+", help_text="Who collects the tax. Example: India"
    )
    scheme = models.CharField(
        max_length=10, choices=Scheme.choices, help_text="List that the code stands in. Example: HSN"
    )
    code = models.CharField(max_length=12, help_text="4 to 12 digits; the first are the HS code. Example: 52010015")
    tax_type = models.CharField("tax", max_length=10, choices=TaxType.choices, help_text="Example: GST")
    rate = models.DecimalField("rate, %", max_digits=6, decimal_places=3, help_text="Example: 5.000")
    valid_from = models.DateField(help_text="First day of this rate. Example: 1 July 2017")
    valid_to = models.DateField(
        "valid until before", null=True, blank=True, help_text="First day that it holds no longer; empty: still valid."
    )
    source = models.CharField(
        max_length=200, blank=True, help_text="Notification or schedule. Example: CBIC 1/2017, Sch. I"
    )

    objects: ClassVar[Any] = CommodityTaxCodeQuerySet.as_manager()

    class Meta:
        ordering = ("commodity", "country", "scheme", "tax_type", "-valid_from")
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9]{4,12}$"),
                name="commoditytaxcode_code_form",
                violation_error_message="A tax code has 4 to 12 digits: 52010015.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gte=0),
                name="commoditytaxcode_rate_not_negative",
                violation_error_message="The rate can't be below zero.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="commoditytaxcode_dates_ordered",
                violation_error_message="The last day must come after the first day.",
            ),
            models.UniqueConstraint(
                fields=("organization", "commodity", "country", "scheme", "tax_type", "valid_from"),
                name="commoditytaxcode_unique",
                nulls_distinct=False,
                violation_error_message="A rate of this tax begins on this day already: change that one.",
            ),
            # Each organization has its own line of time: whether its rows overlap is no business of another one.
            ExclusionConstraint(
                name="commoditytaxcode_no_overlap",
                expressions=[
                    (
                        Coalesce("organization", Value(NO_ORGANIZATION), output_field=models.UUIDField()),
                        RangeOperators.EQUAL,
                    ),
                    ("commodity", RangeOperators.EQUAL),
                    ("country", RangeOperators.EQUAL),
                    ("scheme", RangeOperators.EQUAL),
                    ("tax_type", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_to"),
                            Value("[)"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=(
                    "Another rate of this tax holds on some of these days: end that one before this one begins."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_tax_type_display()} {self.rate.normalize():f} %"

    def clean(self) -> None:
        """Raises: ValidationError: the code is one of another commodity."""
        super().clean()
        if self.commodity_id and self.code[:6] != self.commodity.hs_code[: len(self.code)]:
            raise ValidationError(
                {
                    "code": f"{self.code} is not a code of {self.commodity}, whose HS code is {self.commodity.hs_code}: "
                    "the first six digits must be the same."
                }
            )
