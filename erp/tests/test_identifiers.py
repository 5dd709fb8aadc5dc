"""Identifiers: what passes, what does not, and that the refusal says what to do."""

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from erp import identifiers
from erp.identifiers import BASE_36, GST_STATES, TaxScheme, gstin_of

GOOD = {
    identifiers.validate_gstin: ["27AAPFU0939F1ZV"],
    identifiers.validate_pan: ["AAPFU0939F", "ACUPA7085R"],
    identifiers.validate_tan: ["MUMA12345B"],
    identifiers.validate_cin: ["U17110MH2005PLC123456"],
    identifiers.validate_iec: ["AAPFU0939F", "0512345678"],
    identifiers.validate_udyam: ["UDYAM-MH-18-0012345"],
    identifiers.validate_fssai: ["10012022000123"],
    identifiers.validate_ifsc: ["SBIN0001234", "HDFC0CAGSBK"],
    identifiers.validate_iban: ["GB29NWBK60161331926819", "DE89370400440532013000"],
    identifiers.validate_bic: ["SBININBB104", "DEUTDEFF"],
    identifiers.validate_lei: ["213800KUD8LAJWSQ9D15"],
    identifiers.validate_container: ["CSQU3054383"],
    identifiers.validate_imo: ["9319466"],
    identifiers.validate_un_locode: ["INNSA", "USNYC", "DEHAM"],
    identifiers.validate_hs_code: ["520100", "010121", "970121"],
    identifiers.validate_tariff_code: ["5201", "52010013", "5201001300"],
    identifiers.validate_e164: ["+919812345678", "+14155552671"],
    identifiers.validate_timezone: ["Asia/Kolkata", "America/Chicago"],
}

BAD = {
    identifiers.validate_gstin: [
        "27AAPFU0939F1ZW",  # check character
        "27AAPFU0939F1Z",  # short
        "27aapfu0939f1zv",  # small letters
        " 27AAPFU0939F1ZV",
        "27AAPFU0939F1ZV\n",
        gstin_of("AAPFU0939F", state="39"),  # no such state
        gstin_of("AAPFU0939F", state="00"),
        gstin_of("AAPFU0939F", state="25"),  # closed
        gstin_of("AAPFU0939F", state="28"),
        gstin_of("AAPXU0939F", state="27"),  # no such holder in the PAN
        gstin_of("AAPFU0000F", state="27"),
        gstin_of("AAPFU0939F", state="27", registration="0"),
    ],
    identifiers.validate_pan: ["AAPXU0939F", "AAPFU0000F", "AAPFU0939", "AAPFU09391", ""],
    identifiers.validate_tan: ["MUM123456B", "MUMA1234BB"],
    identifiers.validate_cin: ["X17110MH2005PLC123456", "U17110MH2005PLC12345"],
    identifiers.validate_iec: ["051234567", "05123456789"],
    identifiers.validate_udyam: ["UDYAMMH180012345"],
    identifiers.validate_fssai: ["1001202200012"],
    identifiers.validate_ifsc: ["SBIN1001234", "SBI00001234", "SBIN000123"],
    identifiers.validate_iban: ["GB29NWBK60161331926818", "GB29 NWBK 6016 1331 9268 19", "XX00"],
    identifiers.validate_bic: ["SBININBB1", "SB1NINBB"],
    identifiers.validate_lei: ["213800KUD8LAJWSQ9D16", "213800"],
    identifiers.validate_container: ["CSQU3054384"],
    identifiers.validate_imo: ["9319465"],
    identifiers.validate_un_locode: ["INNS1", "INNSAX", "1NNSA"],
    identifiers.validate_hs_code: ["52010", "990000", "000000", "770000", "5201O0"],
    identifiers.validate_tariff_code: ["520", "9801", "5201001300123"],
    identifiers.validate_e164: ["9812345678", "+91 98123 45678", "+0123456789", "+919812", "+999123456789"],
    identifiers.validate_timezone: ["Asia/Bombay2", ""],
}

TAX_NUMBERS = [
    (TaxScheme.GSTIN, "IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZW"),
    (TaxScheme.EIN, "US", "911144442", "071144442"),
    (TaxScheme.TRN, "AE", "100123456700003", "200123456700003"),
    (TaxScheme.BIN, "BD", "0012345670101", "001234567010"),
    (TaxScheme.USCC, "CN", "91110000600037341L", "91110000600037342L"),
    (TaxScheme.MST, "VN", "0100233488", "0100233480"),
    (TaxScheme.VKN, "TR", "4540536920", "4540536921"),
    (TaxScheme.NPWP, "ID", "013000666091000", "013000667091000"),
    (TaxScheme.TN, "EG", "100531385", "10053138"),
    (TaxScheme.CNPJ, "BR", "16727230000197", "16727230000198"),
    (TaxScheme.VAT, "DE", "DE136695976", "DE136695978"),
    (TaxScheme.VAT, "GB", "980780684", "980780685"),
    (TaxScheme.OTHER, "PK", "1234567", "12-3"),
]


def cases(table: dict[Callable[[str], None], list[str]]) -> list[object]:
    return [pytest.param(check, value, id=f"{check.__name__}-{value!r}") for check in table for value in table[check]]


@pytest.mark.parametrize(("check", "value"), cases(GOOD))
def test_a_valid_identifier_passes(check, value):
    check(value)


@pytest.mark.parametrize(("check", "value"), cases(BAD))
def test_an_invalid_identifier_is_refused_with_a_sentence_that_names_it(check, value):
    with pytest.raises(ValidationError) as refused:
        check(value)
    (sentence,) = refused.value.messages
    assert f'"{value}"' in sentence
    assert re.search(r": .+\.$", sentence), sentence


@pytest.mark.parametrize(("scheme", "country", "good", "bad"), TAX_NUMBERS)
def test_tax_numbers_are_checked_by_scheme(scheme, country, good, bad):
    identifiers.validate_tax_number(scheme, country, good)
    with pytest.raises(ValidationError) as refused:
        identifiers.validate_tax_number(scheme, country, bad)
    assert bad in refused.value.messages[0]


def test_tax_number_of_another_country_names_the_right_one():
    with pytest.raises(ValidationError, match="is issued in IN, not in US: choose the scheme of that country"):
        identifiers.validate_tax_number(TaxScheme.GSTIN, "US", "27AAPFU0939F1ZV")


@given(position=st.integers(0, 14), character=st.sampled_from(BASE_36))
def test_gstin_with_any_one_character_changed_is_refused(position, character):
    good = "27AAPFU0939F1ZV"
    changed = good[:position] + character + good[position + 1 :]
    if changed != good:
        with pytest.raises(ValidationError):
            identifiers.validate_gstin(changed)


@given(
    state=st.sampled_from([code for code, state in GST_STATES.items() if not state.closed]), serial=st.integers(1, 9999)
)
def test_computed_gstin_is_valid_and_gives_back_state_and_pan(state, serial):
    pan = f"AAPFU{serial:04d}F"
    number = gstin_of(pan, state=state)
    identifiers.validate_gstin(number)
    assert identifiers.gstin_pan(number) == pan
    assert identifiers.gstin_state(number) == GST_STATES[state].subdivision


def test_gst_states_are_01_to_38_and_97_and_99_with_two_closed():
    assert sorted(GST_STATES) == [*(f"{code:02d}" for code in range(1, 39)), "97", "99"]
    assert [code for code, state in GST_STATES.items() if state.closed] == ["25", "28"]
    assert (GST_STATES["38"].subdivision, GST_STATES["27"].subdivision, GST_STATES["97"].subdivision) == (
        "IN-LA",
        "IN-MH",
        "",
    )


def test_deductor_may_carry_a_tan_where_others_carry_a_pan():
    number = identifiers.luhn.calc_check_digit("27MUMA12345B1D", BASE_36)
    identifiers.validate_gstin(f"27MUMA12345B1D{number}")
    assert identifiers.gstin_pan(f"27MUMA12345B1D{number}") == ""


def test_identifier_field_brings_typed_text_into_one_spelling():
    assert identifiers.IdentifierField().clean(" 27 aapfu-0939 f1zv ", None) == "27AAPFU0939F1ZV"
    assert identifiers.IdentifierField(separators=" ").clean("udyam-mh-18-0012345 ", None) == "UDYAM-MH-18-0012345"
    assert identifiers.CodeField().clean(" nct-1 ", None) == "NCT-1"
    assert identifiers.IdentifierField(null=True, blank=True).clean(None, None) is None


SUSPECTED = {
    identifiers.gstin_repairs: ["27AAPFU0939F1ZV", "24AAACC1206D1ZM", gstin_of("ACUPA7085R", state="33")],
    identifiers.iban_repairs: ["GB29NWBK60161331926819", "DE89370400440532013000", "AE070331234567890123456"],
    identifiers.lei_repairs: ["213800KUD8LAJWSQ9D15", "5493001KJTIIGC8Y1R12"],
}
SLIPS = [(repairs, number) for repairs, numbers in SUSPECTED.items() for number in numbers]


@pytest.mark.parametrize(("repairs", "number"), SLIPS)
@given(data=st.data())
@settings(max_examples=10)
def test_one_slip_away_the_right_number_is_found_and_all_that_is_found_is_right(repairs, number, data):
    place = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    changed = number[:place] + data.draw(st.sampled_from(BASE_36)) + number[place + 1 :]
    check = getattr(identifiers, f"validate_{repairs.__name__.removesuffix('_repairs')}")
    for typed in {swapped, changed} - {number}:
        found = repairs(typed)
        assert number in found
        assert len(found) == len(set(found))
        for each in found:
            check(each)


@pytest.mark.parametrize(
    ("check", "typed", "says"),
    [
        (identifiers.validate_gstin, "27AAPFU0939F1ZW", ""),
        (identifiers.validate_gstin, "27AAPFU9039F1ZV", "above all characters 8 and 9"),
        (identifiers.validate_gstin, "27AAPFU0939FIZV", "above all character 13; 27AAPFU0939F1ZV would fit."),
        (identifiers.validate_gstin, "27AAPFUO939F1ZV", "(character 8 is O, where a digit belongs)"),
        (identifiers.validate_gstin, "27AAPFU0939F1Z", "(14 characters instead of 15)"),
        (identifiers.validate_iban, "GB29NWBK60161331926891", ""),
        (identifiers.validate_lei, "2138O0KUD8LAJWSQ9D15", "above all character 5; 213800KUD8LAJWSQ9D15 would fit."),
        (identifiers.validate_ifsc, "SBINO001234", "(character 5 is O, where 0 belongs)"),
        (identifiers.validate_ifsc, "SB1N0001234", "(character 3 is 1, where a letter belongs)"),
        (identifiers.validate_pan, "AAPFU0939", "(9 characters instead of 10)"),
    ],
)
def test_a_refusal_says_which_character_is_suspect(check, typed, says):
    with pytest.raises(ValidationError) as refused:
        check(typed)
    assert says in refused.value.message
