import datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commodities.conversion import DimensionMismatchError, amount, convert
from commodities.models import Unit, UnitConversionOverride
from commodities.tests.factories import (
    CandyFactory,
    CommodityFactory,
    MetreFactory,
    PackagingUnitFactory,
    PoundFactory,
    UnitConversionOverrideFactory,
    UnitFactory,
)

DAY = datetime.date(2025, 11, 15)
PAISA = Decimal("0.01")
QUANTITIES = st.decimals(min_value="0.000001", max_value="999999999999", places=6)
FACTORS = st.decimals(min_value="0.000000000001", max_value="999999999999", places=12)


@pytest.fixture
def kilogram(db):
    return UnitFactory()


@pytest.fixture
def candy(db):
    return CandyFactory()


@pytest.fixture
def agreed(kilogram, candy):
    """A candy of 355.62 kg since October 2025."""
    return UnitConversionOverrideFactory(from_unit=candy, to_unit=kilogram)


def test_pound_is_exact(kilogram):
    assert convert(Decimal(1), PoundFactory(), kilogram, on=DAY) == Decimal("0.45359237")


def test_candy_is_784_pounds(candy):
    assert convert(Decimal(1), candy, PoundFactory(), on=DAY) == 784


def test_same_unit_is_the_same_quantity(candy):
    assert convert(Decimal("1.5"), candy, candy, on=DAY) == Decimal("1.5")


def test_mass_does_not_convert_to_length(kilogram):
    with pytest.raises(DimensionMismatchError, match="Metre measures length: choose a unit of mass"):
        convert(Decimal(1), kilogram, MetreFactory(), on=DAY)


def test_six_hundred_bales_at_fifty_thousand_per_candy(kilogram, candy, agreed):
    """600 Indian bales of 170 kg, 50,000 INR per candy: with the exact candy and with the one that documents print."""
    quantity_kg = PackagingUnitFactory(net_weight_kg=Decimal(170)).net_kg(Decimal(600))
    assert quantity_kg == 102_000

    def price(overrides):
        return amount(
            quantity_kg,
            kilogram,
            rate=Decimal(50_000),
            rate_unit=candy,
            minor_units=2,
            on=DAY,
            overrides=overrides,
        )

    exact = (102_000 * Decimal(50_000) / candy.factor_to_base).quantize(PAISA, ROUND_HALF_UP)
    printed = (102_000 * Decimal(50_000) / agreed.factor).quantize(PAISA, ROUND_HALF_UP)
    assert price([]) == exact == Decimal("14341295.12")
    assert price([agreed]) == printed == Decimal("14341150.67")


def test_quantity_is_not_rounded(kilogram, candy):
    candies = convert(Decimal(102_000), kilogram, candy, on=DAY)
    assert str(candies).startswith("286.82590233236624022")
    assert abs(candies * candy.factor_to_base - 102_000) < Decimal("1e-40")


@pytest.mark.parametrize(
    ("rate", "minor_units", "expected"),
    [("0.005", 2, "0.01"), ("0.0049999", 2, "0.00"), ("2.5", 0, "3"), ("1.0005", 3, "1.001")],
)
def test_amount_is_rounded_half_up_to_the_minor_unit(kilogram, rate, minor_units, expected):
    price = amount(Decimal(1), kilogram, rate=Decimal(rate), rate_unit=kilogram, minor_units=minor_units, on=DAY)
    assert str(price) == expected


def test_agreed_conversion_counts_in_both_directions(kilogram, candy, agreed):
    assert convert(Decimal(10), candy, kilogram, on=DAY, overrides=[agreed]) == Decimal("3556.2")
    assert convert(Decimal("3556.2"), kilogram, candy, on=DAY, overrides=[agreed]) == 10


def test_agreed_conversion_counts_from_its_first_day(kilogram, candy, agreed):
    before = agreed.valid_from - datetime.timedelta(days=1)
    assert convert(Decimal(1), candy, kilogram, on=before, overrides=[agreed]) == Decimal("355.61641808")
    assert convert(Decimal(1), candy, kilogram, on=agreed.valid_from, overrides=[agreed]) == Decimal("355.62")


def test_latest_agreement_counts_and_inactive_ones_do_not(kilogram, candy, agreed):
    later = UnitConversionOverrideFactory(
        organization=agreed.organization,
        commodity=agreed.commodity,
        from_unit=kilogram,
        to_unit=candy,
        factor=Decimal("0.0028"),
        valid_from=datetime.date(2025, 11, 1),
    )
    stored = agreed.commodity.conversion_overrides.all()
    assert convert(Decimal(1), kilogram, candy, on=DAY, overrides=stored) == Decimal("0.0028")
    later.is_active = False
    later.save()
    assert convert(Decimal("355.62"), kilogram, candy, on=DAY, overrides=stored.all()) == 1


def test_agreements_of_another_pair_do_not_count(kilogram, agreed):
    assert convert(Decimal(1), PoundFactory(), kilogram, on=DAY, overrides=[agreed]) == Decimal("0.45359237")


def test_agreements_in_force_leave_out_later_ones(agreed):
    assert UnitConversionOverride.objects.in_force(on=DAY).get() == agreed
    assert not UnitConversionOverride.objects.in_force(on=datetime.date(2025, 9, 30)).exists()


def test_agreements_are_visible_to_their_organization_only(agreed, stranger, external_user):
    assert not UnitConversionOverride.objects.visible_to(stranger).exists()
    assert not UnitConversionOverride.objects.visible_to(external_user).exists()
    assert CommodityFactory._meta.model.objects.visible_to(stranger).exists()


@given(quantity=QUANTITIES, there=FACTORS, back=FACTORS)
def test_there_and_back_again_is_the_same_quantity(quantity, there, back):
    one = Unit(code="ONE", dimension="mass", factor_to_base=there)
    other = Unit(code="OTHER", dimension="mass", factor_to_base=back)
    returned = convert(convert(quantity, one, other, on=DAY), other, one, on=DAY)
    assert abs(returned - quantity) <= quantity * Decimal("1e-50")


@given(quantity=QUANTITIES, factor=FACTORS)
def test_agreed_conversion_there_and_back_again_is_the_same_quantity(quantity, factor):
    one, other = (Unit(code=code, dimension="mass", factor_to_base=Decimal(1)) for code in ("ONE", "OTHER"))
    agreed = UnitConversionOverride(from_unit=one, to_unit=other, factor=factor, valid_from=DAY)
    returned = convert(
        convert(quantity, one, other, on=DAY, overrides=[agreed]), other, one, on=DAY, overrides=[agreed]
    )
    assert abs(returned - quantity) <= quantity * Decimal("1e-50")


@given(quantities=st.lists(QUANTITIES, min_size=2, max_size=5), there=FACTORS, back=FACTORS)
def test_sum_of_parts_is_the_whole(quantities, there, back):
    one = Unit(code="ONE", dimension="mass", factor_to_base=there)
    other = Unit(code="OTHER", dimension="mass", factor_to_base=back)
    whole = convert(sum(quantities), one, other, on=DAY)
    parts = sum(convert(quantity, one, other, on=DAY) for quantity in quantities)
    # The test's own sum is rounded to 28 digits.
    assert abs(whole - parts) <= whole * Decimal("1e-25")
