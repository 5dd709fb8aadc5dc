"""Decimals as people write them."""

from decimal import Decimal

from django.utils.formats import number_format


def trimmed(value: Decimal) -> Decimal:
    """The same number; zeros beyond the second decimal say nothing, so they go."""
    places = -int(value.as_tuple().exponent) if value.is_finite() else 0
    while places > 2 and value == round(value, places - 1):
        places -= 1
    return round(value, places) if places > 0 else value


def short_number(value: Decimal) -> str:
    """The trimmed number with separators: 1,234.50."""
    return str(number_format(trimmed(value), use_l10n=True))


def whole_number(text: str) -> int | None:
    """The number of a row as it stands in an address; None for what is none, or too long for one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
