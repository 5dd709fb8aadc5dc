"""Quantities from one unit to another, and amounts from quantity and rate; decimal from end to end.

    convert(Decimal(10), candy, kilogram, on=day)                                  # 3556.1641808
    amount(Decimal(102000), kilogram, rate=Decimal(50000), rate_unit=candy, minor_units=inr.minor_units, on=day)

An organization's agreed conversions are passed in, so that a reader of the call sees that they count:

    agreed = commodity.conversion_overrides.visible_to(user)
    convert(Decimal(10), candy, kilogram, on=day, overrides=agreed)                # 3556.2
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext

from commodities.models import Unit, UnitConversionOverride

# Factors have 24 digits and quantities 18; a quotient keeps what a sum of millions of tonnes needs behind 12 places.
PRECISION = 60


class DimensionMismatchError(ValueError):
    """Units of different dimensions do not convert into each other."""

    def __init__(self, from_unit: Unit, to_unit: Unit) -> None:
        super().__init__(
            f"{from_unit} measures {from_unit.dimension}, {to_unit} measures {to_unit.dimension}: "
            f"choose a unit of {from_unit.dimension}."
        )


def convert(
    quantity: Decimal,
    from_unit: Unit,
    to_unit: Unit,
    *,
    on: datetime.date,
    overrides: Iterable[UnitConversionOverride] = (),
) -> Decimal:
    """Quantity in another unit of the same dimension, exact to 12 places and more, unrounded.

    overrides: conversions agreed for this commodity by this organization; the latest that began by `on` counts, in both
    directions.
    Raises: DimensionMismatchError: mass to length. Source: UN/ECE Recommendation 20; 1 lb = 0.45359237 kg.
    """
    if from_unit.dimension != to_unit.dimension:
        raise DimensionMismatchError(from_unit, to_unit)
    if from_unit.pk == to_unit.pk:
        return quantity
    with localcontext(prec=PRECISION):
        agreed = _agreed(from_unit, to_unit, on=on, overrides=overrides)
        if agreed is None:
            return quantity * from_unit.factor_to_base / to_unit.factor_to_base
        return quantity * agreed.factor if agreed.from_unit_id == from_unit.pk else quantity / agreed.factor


def amount(
    quantity: Decimal,
    unit: Unit,
    *,
    rate: Decimal,
    rate_unit: Unit,
    minor_units: int,
    on: datetime.date,
    overrides: Iterable[UnitConversionOverride] = (),
) -> Decimal:
    """Price of a quantity at `rate` per `rate_unit`, rounded once, half up, to the `minor_units` of the currency.

    Raises: DimensionMismatchError: the quantity and the rate unit measure different things.
    """
    with localcontext(prec=PRECISION):
        exact = convert(quantity, unit, rate_unit, on=on, overrides=overrides) * rate
        return exact.quantize(Decimal(1).scaleb(-minor_units), rounding=ROUND_HALF_UP)


def _agreed(
    from_unit: Unit, to_unit: Unit, *, on: datetime.date, overrides: Iterable[UnitConversionOverride]
) -> UnitConversionOverride | None:
    pair = {from_unit.pk, to_unit.pk}
    held = [
        override
        for override in overrides
        if {override.from_unit_id, override.to_unit_id} == pair and override.is_active and override.valid_from <= on
    ]
    return max(held, key=lambda override: override.valid_from, default=None)
