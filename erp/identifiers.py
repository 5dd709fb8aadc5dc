"""Identifiers of trade: validators that say what is wrong and how to put it right.

Each validator takes the stored form, upper case and without separators (`IdentifierField` brings typed text into it),
and raises ValidationError with one sentence. The `*_PATTERN` constants are the part that the database checks as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import phonenumbers
import stdnum.exceptions
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from stdnum import bic, iban, imo, iso6346, lei, luhn
from stdnum.br import cnpj
from stdnum.cn import uscc
from stdnum.eg import tn
from stdnum.id import npwp
from stdnum.tr import vkn
from stdnum.us import ein
from stdnum.util import get_cc_module
from stdnum.vn import mst

PAN_PATTERN = r"^[A-Z]{3}[ABCFGHJKLPT][A-Z][0-9]{4}[A-Z]$"
TAN_PATTERN = r"^[A-Z]{4}[0-9]{5}[A-Z]$"
CIN_PATTERN = r"^[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}$"
IEC_PATTERN = r"^([0-9]{10}|[A-Z]{5}[0-9]{4}[A-Z])$"
LEI_PATTERN = r"^[0-9A-Z]{18}[0-9]{2}$"
IFSC_PATTERN = r"^[A-Z]{4}0[A-Z0-9]{6}$"
BIC_PATTERN = r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$"
# The 14th character: Z for a regular taxpayer, D for one who deducts tax (a TAN may stand inside), C for a collector.
GSTIN_PATTERN = r"^[0-9]{2}[A-Z]{4}[A-Z0-9][0-9]{4}[A-Z][1-9A-Z][CDZ][0-9A-Z]$"
UN_LOCODE_PATTERN = r"^[A-Z]{2}[A-Z2-9]{3}$"
E164_PATTERN = r"^\+[1-9][0-9]{6,14}$"
HS_PATTERN = r"^[0-9]{6}$"
TARIFF_PATTERN = r"^[0-9]{4,12}$"
UDYAM_PATTERN = r"^UDYAM-[A-Z]{2}-[0-9]{2}-[0-9]{7}$"
FSSAI_PATTERN = r"^[0-9]{14}$"
TAX_NUMBER_PATTERN = r"^[0-9A-Z]{4,20}$"

BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
RESERVED_HS_CHAPTER = "77"


class GstState(NamedTuple):
    """Meaning of a GSTIN's first two digits. `subdivision` is ISO 3166-2, empty for the two that are no state."""

    name: str
    subdivision: str = ""
    closed: str = ""


GST_STATES = {
    "01": GstState("Jammu and Kashmir", "IN-JK"),
    "02": GstState("Himachal Pradesh", "IN-HP"),
    "03": GstState("Punjab", "IN-PB"),
    "04": GstState("Chandigarh", "IN-CH"),
    "05": GstState("Uttarakhand", "IN-UK"),
    "06": GstState("Haryana", "IN-HR"),
    "07": GstState("Delhi", "IN-DL"),
    "08": GstState("Rajasthan", "IN-RJ"),
    "09": GstState("Uttar Pradesh", "IN-UP"),
    "10": GstState("Bihar", "IN-BR"),
    "11": GstState("Sikkim", "IN-SK"),
    "12": GstState("Arunachal Pradesh", "IN-AR"),
    "13": GstState("Nagaland", "IN-NL"),
    "14": GstState("Manipur", "IN-MN"),
    "15": GstState("Mizoram", "IN-MZ"),
    "16": GstState("Tripura", "IN-TR"),
    "17": GstState("Meghalaya", "IN-ML"),
    "18": GstState("Assam", "IN-AS"),
    "19": GstState("West Bengal", "IN-WB"),
    "20": GstState("Jharkhand", "IN-JH"),
    "21": GstState("Odisha", "IN-OD"),
    "22": GstState("Chhattisgarh", "IN-CG"),
    "23": GstState("Madhya Pradesh", "IN-MP"),
    "24": GstState("Gujarat", "IN-GJ"),
    "25": GstState("Daman and Diu", "IN-DH", "merged into 26 in 2020"),
    "26": GstState("Dadra and Nagar Haveli and Daman and Diu", "IN-DH"),
    "27": GstState("Maharashtra", "IN-MH"),
    "28": GstState("Andhra Pradesh before its division", "IN-AP", "replaced by 37"),
    "29": GstState("Karnataka", "IN-KA"),
    "30": GstState("Goa", "IN-GA"),
    "31": GstState("Lakshadweep", "IN-LD"),
    "32": GstState("Kerala", "IN-KL"),
    "33": GstState("Tamil Nadu", "IN-TN"),
    "34": GstState("Puducherry", "IN-PY"),
    "35": GstState("Andaman and Nicobar Islands", "IN-AN"),
    "36": GstState("Telangana", "IN-TS"),
    "37": GstState("Andhra Pradesh", "IN-AP"),
    "38": GstState("Ladakh", "IN-LA"),
    "97": GstState("Other territory"),
    "99": GstState("Centre"),
}

PAN_HOLDERS = {
    "A": "association of persons",
    "B": "body of individuals",
    "C": "company",
    "F": "firm or limited liability partnership",
    "G": "government agency",
    "H": "Hindu undivided family",
    "J": "artificial juridical person",
    "K": "Krish trust",
    "L": "local authority",
    "P": "individual",
    "T": "trust",
}


def one_spelling(text: str, *, separators: str) -> str:
    """In capitals, without the separators."""
    return text.translate(str.maketrans("", "", separators)).upper()


class IdentifierFormField(forms.CharField):
    """What is typed may be longer than the identifier: separators don't count."""

    def __init__(self, *, separators: str = "", kind: str = "", **kwargs: Any) -> None:
        self.separators = separators
        self.kind = kind
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """The value in the one spelling."""
        text = super().to_python(value)
        return one_spelling(text, separators=self.separators) if isinstance(text, str) else text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without maxlength: a browser would cut off what is typed with spaces. With the kind that the desk's script asks for."""
        attrs: dict[str, Any] = super().widget_attrs(widget)
        kind = {"data-validate": self.kind} if self.kind else {}
        return {**{name: value for name, value in attrs.items() if name != "maxlength"}, **kind}


class IdentifierField(models.CharField):  # type: ignore[type-arg]  # no [] on Django's classes at run time
    """Text in one spelling: validation turns "27 aapfu-0939 f1zv" into "27AAPFU0939F1ZV".

    separators: characters that people type between groups and that are not part of the identifier.
    kind: which of `VALIDATORS` a form may ask about while it is filled; by default that of the field's validator. "tax":
    the scheme beside it tells.
    """

    def __init__(self, *args: Any, separators: str = " -.", kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.separators = separators
        self.kind = kind

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "separators": self.separators}

    def formfield(self, **kwargs: Any) -> Any:
        """A form's field measures the identifier, not the separators that people type."""
        if self.choices:
            return super().formfield(**kwargs)
        own = {"form_class": IdentifierFormField, "separators": self.separators, "kind": self.kind or kind_of(self)}
        return super().formfield(**{**own, **kwargs})

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """The value in the one spelling, validated. `save()` alone changes no spelling: the database refuses it."""
        text = one_spelling(value, separators=self.separators) if isinstance(value, str) else value
        return super().clean(text, model_instance)


class CodeField(models.CharField):  # type: ignore[type-arg]  # no [] on Django's classes at run time
    """A short code that people type: validation trims it and writes it in capitals."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """The code in capitals, validated."""
        return super().clean(value.strip().upper() if isinstance(value, str) else value, model_instance)


def validate_pan(value: str) -> None:
    """PAN: five letters of which the fourth names the holder's kind, four digits, one letter. No public check digit."""
    _match(
        value,
        PAN_PATTERN,
        "PAN",
        "five letters (the fourth tells the kind of holder), four digits and a letter, as AAPFU0939F",
    )
    if value[5:9] == "0000":
        raise ValidationError(
            f'PAN "{value}" has the serial number 0000, which is never issued: compare it with the PAN card.'
        )


def pan_holder(value: str) -> str:
    """Letter of a PAN that tells the kind of holder (`PAN_HOLDERS`); empty when there is none."""
    return value[3:4]


def validate_gstin(value: str) -> None:
    """GSTIN: state, PAN (or TAN of a deductor), registration number, kind and a Luhn mod 36 check character."""
    _match(
        value,
        GSTIN_PATTERN,
        "GSTIN",
        "15 characters: state, PAN, registration number, Z and check character, as 27AAPFU0939F1ZV",
    )
    if not luhn.is_valid(value, BASE_36):
        hint = _suspects(value, gstin_repairs(value))
        raise ValidationError(
            f'GSTIN "{value}" does not fit its check character: compare it with the certificate{hint}.'
        )
    state = GST_STATES.get(value[:2])
    if state is None:
        raise ValidationError(
            f'GSTIN "{value}" begins with {value[:2]}, which is no GST state: codes run from 01 to 38, 97 and 99.'
        )
    if state.closed:
        raise ValidationError(
            f'GSTIN "{value}" begins with {value[:2]} ({state.name}), {state.closed}: enter the newer number.'
        )
    if not gstin_pan(value) and not (value[13] == "D" and re.fullmatch(TAN_PATTERN, value[2:12])):
        raise ValidationError(
            f'GSTIN "{value}" holds "{value[2:12]}" where the PAN belongs: compare it with the PAN card.'
        )


def gstin_state(value: str) -> str:
    """ISO 3166-2 subdivision of a GSTIN ("IN-MH"); empty for 97, 99 and unknown codes."""
    state = GST_STATES.get(value[:2])
    return state.subdivision if state else ""


def gstin_pan(value: str) -> str:
    """PAN inside a GSTIN; empty when a TAN stands there."""
    return value[2:12] if re.fullmatch(PAN_PATTERN, value[2:12]) and value[7:11] != "0000" else ""


def gstin_of(pan: str, *, state: str, registration: str = "1") -> str:
    """The GSTIN of a PAN in a state (GST code), with its check character computed: for examples and checks."""
    return f"{state}{pan}{registration}Z" + luhn.calc_check_digit(f"{state}{pan}{registration}Z", BASE_36)


# Characters that people take for each other.
LOOKALIKES = {
    frozenset(pair) for pair in ("0O", "0D", "0Q", "1I", "1L", "2Z", "5S", "6G", "8B", "UV", "VY", "MN", "17")
}
MOST_NAMED = 3  # a hint that names more is none


def repairs(value: str, fits: Callable[[str], bool]) -> list[str]:
    """Numbers that fit and differ from this one in one character, or in two neighbours that changed places.

    Slips that people make most come first: characters that look alike, then swapped neighbours, then any other character.
    """
    swaps = [
        value[:at] + value[at + 1] + value[at] + value[at + 2 :]
        for at in range(len(value) - 1)
        if value[at] != value[at + 1]
    ]
    alike = [each for each in _substitutions(value) if _is_lookalike(value, each)]
    return [each for each in dict.fromkeys([*alike, *swaps, *_substitutions(value)]) if fits(each)]


def gstin_repairs(value: str) -> list[str]:
    """GSTINs one slip away, with a state that exists and a PAN or TAN in its place. See `repairs`."""
    return repairs(value, _is_gstin)


def iban_repairs(value: str) -> list[str]:
    """IBANs one slip away, in the form of their country. See `repairs`."""
    return repairs(value, lambda number: _fits_mod_97(number[4:] + number[:4]) and iban.is_valid(number))


def lei_repairs(value: str) -> list[str]:
    """LEIs one slip away. See `repairs`."""
    return repairs(value, lambda number: bool(re.fullmatch(LEI_PATTERN, number)) and _fits_mod_97(number))


def _substitutions(value: str) -> Iterator[str]:
    for at, old in enumerate(value):
        yield from (value[:at] + new + value[at + 1 :] for new in BASE_36 if new != old)


def _is_lookalike(value: str, other: str) -> bool:
    changed = [frozenset(pair) for pair in zip(value, other, strict=True) if pair[0] != pair[1]]
    return len(changed) == 1 and changed[0] in LOOKALIKES


def _is_gstin(value: str) -> bool:
    if not re.fullmatch(GSTIN_PATTERN, value) or not luhn.is_valid(value, BASE_36):
        return False
    state = GST_STATES.get(value[:2])
    has_tan = value[13] == "D" and re.fullmatch(TAN_PATTERN, value[2:12])
    return state is not None and not state.closed and bool(gstin_pan(value) or has_tan)


def _fits_mod_97(value: str) -> bool:
    """Letters count as two digits, A as 10. Source: ISO/IEC 7064, MOD 97-10."""
    return int("".join(str(int(character, 36)) for character in value)) % 97 == 1


def _suspects(value: str, found: list[str]) -> str:
    """Which characters to look at, in words: of the likeliest slip that explains it; nothing when that leaves too many."""
    kinds: dict[int, list[str]] = {}
    for each in found:
        kinds.setdefault(_slip(value, each), []).append(each)
    likely = kinds[min(kinds)] if kinds else []
    if not 0 < len(likely) <= MOST_NAMED:
        return ""
    *first, last = sorted({place for each in likely for place in _changed(value, each)})
    which = f"characters {', '.join(map(str, first))} and {last}" if first else f"character {last}"
    return f", above all {which}; {' or '.join(likely)} would fit"


def _slip(value: str, other: str) -> int:
    """0 for a character that looks alike, 1 for swapped neighbours, 2 for any other character."""
    return 0 if _is_lookalike(value, other) else 3 - len(_changed(value, other))


def _changed(value: str, other: str) -> list[int]:
    """Places that differ, from 1."""
    return [place for place, (old, new) in enumerate(zip(value, other, strict=True), start=1) if old != new]


def validate_tan(value: str) -> None:
    """TAN of a deductor or collector of income tax: four letters, five digits, one letter."""
    _match(value, TAN_PATTERN, "TAN", "four letters, five digits and a letter, as MUMA12345B")


def validate_cin(value: str) -> None:
    """CIN of an Indian company: listing, industry, state, year, kind, number; 21 characters."""
    _match(value, CIN_PATTERN, "CIN", "21 characters as on the certificate of incorporation: U17110MH2005PLC123456")


def validate_iec(value: str) -> None:
    """IEC of an importer or exporter: the PAN since 2018, ten digits before."""
    _match(value, IEC_PATTERN, "IEC", "the PAN, or the ten digits of an older certificate: 0512345678")


def validate_udyam(value: str) -> None:
    """Udyam registration of a small Indian enterprise, with its hyphens."""
    _match(
        value,
        UDYAM_PATTERN,
        "Udyam number",
        "UDYAM, state, district and seven digits with hyphens: UDYAM-MH-18-0012345",
    )


def validate_fssai(value: str) -> None:
    """FSSAI licence of a food business: 14 digits."""
    _match(value, FSSAI_PATTERN, "FSSAI licence", "the 14 digits of the licence: 10012022000123")


def validate_ifsc(value: str) -> None:
    """IFSC of an Indian bank branch. Whether the branch exists, only the Reserve Bank's list tells."""
    _match(value, IFSC_PATTERN, "IFSC", "four letters of the bank, 0, six characters of the branch, as SBIN0001234")


def validate_iban(value: str) -> None:
    """IBAN: country, mod 97 check digits and the account in that country's form. Source: ISO 13616."""
    _check(
        value,
        iban.validate,
        "IBAN",
        "copy it from the bank's letter, as GB29NWBK60161331926819",
        hint=lambda: _suspects(value, iban_repairs(value)),
    )


def validate_bic(value: str) -> None:
    """SWIFT/BIC of 8 or 11 characters. Source: ISO 9362."""
    _check(
        value, bic.validate, "SWIFT/BIC", "write 8 or 11 characters: bank, country, place and branch, as SBININBB104"
    )


def validate_lei(value: str) -> None:
    """LEI: 20 characters with mod 97 check digits. Source: ISO 17442."""
    # The library compares the check digits only, whatever the length.
    _match(value, LEI_PATTERN, "LEI", "the 20 characters of the certificate, as 213800KUD8LAJWSQ9D15")
    _check(
        value,
        lei.validate,
        "LEI",
        "copy its 20 characters from the certificate, as 213800KUD8LAJWSQ9D15",
        hint=lambda: _suspects(value, lei_repairs(value)),
    )


def validate_container(value: str) -> None:
    """Freight container number with its check digit. Source: ISO 6346."""
    _check(
        value, iso6346.validate, "Container number", "write owner, category, six digits and check digit, as CSQU3054383"
    )


def validate_imo(value: str) -> None:
    """IMO number of a ship, seven digits of which the last checks the others."""
    _check(value, imo.validate, "IMO number", "write its seven digits, as 9319466")


def validate_un_locode(value: str) -> None:
    """UN/LOCODE: country and three characters of the place. Source: UN/ECE Recommendation 16."""
    _match(value, UN_LOCODE_PATTERN, "UN/LOCODE", "country and three characters, as INNSA for Nhava Sheva")


def validate_hs_code(value: str) -> None:
    """Subheading of the Harmonized System: six digits in a chapter from 01 to 97."""
    _match(value, HS_PATTERN, "HS code", "the six digits of the subheading, as 520100 for raw cotton")
    _chapter(value, "HS code")


def validate_tariff_code(value: str) -> None:
    """National tariff code (HSN, HTS, CN, NCM): 4 to 12 digits that begin with a chapter of the Harmonized System."""
    _match(value, TARIFF_PATTERN, "Tariff code", "4 to 12 digits, as 52010013 for Indian cotton of 20.5 to 24.5 mm")
    _chapter(value, "Tariff code")


def validate_e164(value: str) -> None:
    """Telephone number with country code, digits only. Source: ITU-T E.164."""
    _match(value, E164_PATTERN, "Telephone number", "+, country code and number, digits only, as +919812345678")
    try:
        possible = phonenumbers.is_possible_number(phonenumbers.parse(value))
    except phonenumbers.NumberParseException:
        possible = False
    if not possible:
        raise ValidationError(
            f'Telephone number "{value}" has a wrong length for its country: write it as +919812345678.'
        )


def validate_timezone(value: str) -> None:
    """Name of a zone in the IANA database."""
    if value not in available_timezones():
        raise ValidationError(f'Time zone "{value}" is not known: write region and city, as Asia/Kolkata.')


class TaxScheme(models.TextChoices):
    """Kinds of tax numbers. `OTHER` takes any number whose country has none of its own here."""

    GSTIN = "gstin", "GSTIN (India)"
    VAT = "vat", "VAT number"
    EIN = "ein", "EIN (United States)"
    TRN = "trn", "TRN (United Arab Emirates)"
    BIN = "bin", "BIN (Bangladesh)"
    USCC = "uscc", "USCC (China)"
    MST = "mst", "MST (Viet Nam)"
    VKN = "vkn", "VKN (Türkiye)"
    NPWP = "npwp", "NPWP (Indonesia)"
    TN = "tn", "Tax number (Egypt)"
    CNPJ = "cnpj", "CNPJ (Brazil)"
    OTHER = "other", "Other tax number"


class TaxRule(NamedTuple):
    """How numbers of one scheme look. `check` raises stdnum's or Django's ValidationError."""

    country: str
    check: Callable[[str], Any]
    way_out: str


def _digits(pattern: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise stdnum.exceptions.InvalidFormat
        return value

    return check


TAX_RULES: dict[str, TaxRule] = {
    TaxScheme.GSTIN: TaxRule("IN", validate_gstin, ""),
    TaxScheme.EIN: TaxRule("US", ein.validate, "write its nine digits, as 911144442"),
    TaxScheme.TRN: TaxRule("AE", _digits(r"100[0-9]{12}"), "write its 15 digits, which begin with 100"),
    TaxScheme.BIN: TaxRule("BD", _digits(r"[0-9]{13}"), "write its 13 digits"),
    TaxScheme.USCC: TaxRule("CN", uscc.validate, "write its 18 characters, as 91110000600037341L"),
    TaxScheme.MST: TaxRule("VN", mst.validate, "write its 10 or 13 digits, as 0100233488"),
    TaxScheme.VKN: TaxRule("TR", vkn.validate, "write its ten digits, as 4540536920"),
    TaxScheme.NPWP: TaxRule("ID", npwp.validate, "write its 15 or 16 digits, as 013000666091000"),
    TaxScheme.TN: TaxRule("EG", tn.validate, "write its nine digits, as 100531385"),
    TaxScheme.CNPJ: TaxRule("BR", cnpj.validate, "write its 14 characters, as 16727230000197"),
}


def validate_tax_number(scheme: str, country: str, number: str) -> None:
    """Tax number of a scheme (`TaxScheme`) in a country (ISO alpha-2), with its check digits where there are any."""
    label = TaxScheme(scheme).label
    rule = TAX_RULES.get(scheme)
    if rule and rule.country != country:
        raise ValidationError(
            f"{label} is issued in {rule.country}, not in {country}: choose the scheme of that country."
        )
    if scheme == TaxScheme.GSTIN:
        validate_gstin(number)
        return
    _match(number, TAX_NUMBER_PATTERN, label, "4 to 20 letters and digits without separators")
    if rule:
        _check(number, rule.check, label, rule.way_out, exact=False)
    elif scheme == TaxScheme.VAT and (national := get_cc_module(country.lower(), "vat")):
        _check(
            number, national.validate, f"{label} of {country}", "copy it from the registration certificate", exact=False
        )


def _match(value: str, pattern: str, thing: str, form: str) -> None:
    if not re.fullmatch(pattern, value):
        raise ValidationError(f'{thing} "{value}" has a wrong form{_misfit(value, thing)}: write {form}.')


# What stands where: A a letter, 9 a digit, * either; anything else is itself. Only to say which character is wrong.
LAYOUTS = {
    "PAN": "AAAAA9999A",
    "TAN": "AAAA99999A",
    "IFSC": "AAAA0******",
    "GSTIN": "99AAAA*9999A***",
    "LEI": "******************99",
}
BELONGS = {"A": ("a letter", str.isalpha), "9": ("a digit", str.isdigit), "*": ("a letter or digit", str.isalnum)}


def _misfit(value: str, thing: str) -> str:
    """Which character of a number of the right length can't stand there; empty when none is, or none is known."""
    layout = LAYOUTS.get(thing, "")
    if len(layout) != len(value):
        return f" ({len(value)} characters instead of {len(layout)})" if layout else ""
    for place, (wanted, found) in enumerate(zip(layout, value, strict=True), start=1):
        words, fits = BELONGS.get(wanted, (wanted, wanted.__eq__))
        if not fits(found):
            return f" (character {place} is {found}, where {words} belongs)"
    return ""


def _check(
    value: str,
    check: Callable[[str], Any],
    thing: str,
    way_out: str,
    *,
    exact: bool = True,
    hint: Callable[[], str] = str,
) -> None:
    """exact: the library's own spelling must be the given one; national tax numbers may carry a country prefix.

    hint: says which character is suspect, where check digits tell.
    """
    try:
        spelling = check(value)
    except stdnum.exceptions.InvalidChecksum:
        raise ValidationError(
            f'{thing} "{value}" does not fit its check digits, a character is mistyped: {way_out}{hint()}.'
        ) from None
    except stdnum.exceptions.ValidationError:
        raise ValidationError(f'{thing} "{value}" has a wrong form: {way_out}.') from None
    if exact and spelling != value:
        raise ValidationError(f'{thing} "{value}" must be in capitals without separators: write {spelling}.')


# Kinds of identifiers that a form can ask about while somebody types.
VALIDATORS: dict[str, Callable[[str], None]] = {
    "pan": validate_pan,
    "gstin": validate_gstin,
    "tan": validate_tan,
    "cin": validate_cin,
    "iec": validate_iec,
    "ifsc": validate_ifsc,
    "iban": validate_iban,
    "bic": validate_bic,
    "lei": validate_lei,
    "phone": validate_e164,
    "container": validate_container,
    "imo": validate_imo,
    "locode": validate_un_locode,
    "hs": validate_hs_code,
    "tariff": validate_tariff_code,
}


def kind_of(field: models.Field[Any, Any]) -> str:
    """Which of `VALIDATORS` a column has; empty when none."""
    return next((kind for kind, validator in VALIDATORS.items() if validator in field.validators), "")


def validate(kind: str, text: str) -> str:
    """The one spelling of what somebody typed, as a kind of `VALIDATORS` or `TaxScheme`.

    Raises: KeyError: there is no such kind. ValidationError: it is no such number.
    """
    if kind in VALIDATORS:
        spelling = one_spelling(text, separators=" -." if kind != "phone" else " -.()")
        VALIDATORS[kind](spelling)
    else:
        rule = TAX_RULES[kind]
        spelling = one_spelling(text, separators=" -.")
        validate_tax_number(kind, rule.country, spelling)
    return spelling


def _chapter(value: str, thing: str) -> None:
    chapter = value[:2]
    if not "01" <= chapter <= "97" or chapter == RESERVED_HS_CHAPTER:
        raise ValidationError(
            f'{thing} "{value}" begins with chapter {chapter}, which does not exist: chapters run from 01 to 97.'
        )
