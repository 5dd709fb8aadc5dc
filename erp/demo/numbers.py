"""Synthetic identifiers: of the right form, with the right check digits, and nobody's."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from string import ascii_uppercase

import stdnum.exceptions
from django.core.exceptions import ValidationError
from stdnum import iban, luhn
from stdnum.iso7064 import mod_97_10

from erp.identifiers import BASE_36, validate_tax_number

# Letters with which no PAN begins as far as they have been given out, and a telephone series that no Indian operator has.
UNUSED_PAN = "ZZ"
UNUSED_PHONES = "+91555"
# More throws than any check digit needs; a pattern that still fails is wrong.
THROWS = 5000


class Numbers:
    """Throws identifiers with the dice of one part of the story; the same dice give the same numbers."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def like(self, pattern: str) -> str:
        """The pattern with a digit for each `#` and a letter for each `@`."""
        signs = {"#": "0123456789", "@": ascii_uppercase}
        return "".join(self._dice.choice(signs.get(sign, sign)) for sign in pattern)

    def pan(self, holder: str, name: str) -> str:
        """PAN of a holder of this kind (`PAN_HOLDERS`); the fifth letter is the name's first."""
        serial = self._dice.randrange(1, 10_000)
        return self.like(f"{UNUSED_PAN}@{holder}{name[0].upper()}") + f"{serial:04}" + self.like("@")

    def gstin(self, state: str, pan: str) -> str:
        """First registration of a PAN in a state (two digits), with its Luhn mod 36 check character."""
        number = f"{state}{pan}1Z"
        return number + str(luhn.calc_check_digit(number, BASE_36))

    def cin(self, state: str, year: int) -> str:
        """CIN of an unlisted private company in wholesale trade; `state` is two letters."""
        return self.like(f"U51909{state}{year}PTC9#####")

    def lei(self) -> str:
        """LEI with its mod 97 check digits."""
        body = self.like("@@@@00@#@#@#@#@#@#")
        return body + str(mod_97_10.calc_check_digits(body))

    def iban(self, country: str, pattern: str) -> str:
        """IBAN of a country; the pattern is that of the national account number."""
        return self._until_valid(lambda: self._with_iban_digits(country, self.like(pattern)), check=iban.validate)

    def tax_number(self, scheme: str, country: str, pattern: str) -> str:
        """Tax number of a scheme (`TaxScheme`) that passes its own check."""
        return self._until_valid(
            lambda: self.like(pattern), check=lambda number: validate_tax_number(scheme, country, number)
        )

    def phone(self) -> str:
        """Telephone number of the right length in a series that rings nowhere."""
        return self.like(f"{UNUSED_PHONES}#######")

    @staticmethod
    def _with_iban_digits(country: str, account: str) -> str:
        return f"{country}{iban.calc_check_digits(f'{country}00{account}')}{account}"

    @staticmethod
    def _until_valid(throw: Callable[[], str], *, check: Callable[[str], object]) -> str:
        for _ in range(THROWS):
            number = throw()
            try:
                check(number)
            except (ValidationError, stdnum.exceptions.ValidationError):
                continue
            return number
        raise ValueError("No number of this pattern passes its check: correct the pattern.")
