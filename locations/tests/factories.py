"""Valid records of this domain. Countries, states and currencies are real ones, shared by the tests that name them."""

import factory

from erp.testing.factories import ModelFactory

CURRENCIES = {
    "INR": ("356", 2, "Indian Rupee"),
    "USD": ("840", 2, "US Dollar"),
    "EUR": ("978", 2, "Euro"),
    "JPY": ("392", 0, "Japanese Yen"),
    "KWD": ("414", 3, "Kuwaiti Dinar"),
}
COUNTRIES = {
    "IN": ("IND", "356", "India", "INR", "asia", "^[1-9][0-9]{5}$"),
    "US": ("USA", "840", "United States", "USD", "americas", "^[0-9]{5}(-[0-9]{4})?$"),
    "DE": ("DEU", "276", "Germany", "EUR", "europe", "^[0-9]{5}$"),
    "JP": ("JPN", "392", "Japan", "JPY", "asia", ""),
    "KW": ("KWT", "414", "Kuwait", "KWD", "asia", ""),
}
SUBDIVISIONS = {
    "IN-GJ": ("Gujarat", "24", "west"),
    "IN-MH": ("Maharashtra", "27", "west"),
    "IN-KA": ("Karnataka", "29", "south"),
    "IN-LA": ("Ladakh", "38", "north"),
    "US-TX": ("Texas", None, ""),
}


class CurrencyFactory(ModelFactory):
    """The Indian rupee, or another of `CURRENCIES`."""

    class Meta:
        model = "locations.Currency"
        django_get_or_create = ("alpha3",)

    alpha3 = "INR"
    numeric3 = factory.LazyAttribute(lambda made: CURRENCIES[made.alpha3][0])
    minor_units = factory.LazyAttribute(lambda made: CURRENCIES[made.alpha3][1])
    name = factory.LazyAttribute(lambda made: CURRENCIES[made.alpha3][2])


class CountryFactory(ModelFactory):
    """India, or another of `COUNTRIES`."""

    class Meta:
        model = "locations.Country"
        django_get_or_create = ("alpha2",)

    alpha2 = "IN"
    alpha3 = factory.LazyAttribute(lambda made: COUNTRIES[made.alpha2][0])
    numeric3 = factory.LazyAttribute(lambda made: COUNTRIES[made.alpha2][1])
    name = factory.LazyAttribute(lambda made: COUNTRIES[made.alpha2][2])
    currency = factory.LazyAttribute(lambda made: CurrencyFactory(alpha3=COUNTRIES[made.alpha2][3]))
    region = factory.LazyAttribute(lambda made: COUNTRIES[made.alpha2][4])
    postal_regex = factory.LazyAttribute(lambda made: COUNTRIES[made.alpha2][5])


class SubdivisionFactory(ModelFactory):
    """Gujarat, or another of `SUBDIVISIONS`."""

    class Meta:
        model = "locations.Subdivision"
        django_get_or_create = ("iso_code",)

    iso_code = "IN-GJ"
    country = factory.LazyAttribute(lambda made: CountryFactory(alpha2=made.iso_code[:2]))
    name = factory.LazyAttribute(lambda made: SUBDIVISIONS[made.iso_code][0])
    gst_state_code = factory.LazyAttribute(lambda made: SUBDIVISIONS[made.iso_code][1])
    region = factory.LazyAttribute(lambda made: SUBDIVISIONS[made.iso_code][2])


class LocationFactory(ModelFactory):
    """A shared market yard in Gujarat."""

    class Meta:
        model = "locations.Location"

    code = factory.Sequence(lambda number: f"YARD-{number}")
    name = factory.Sequence(lambda number: f"Market yard {number}")
    kind = "market_yard"
    country = factory.SubFactory(CountryFactory)
    subdivision = factory.SubFactory(SubdivisionFactory)
    city = "Gondal"
    postal_code = "360311"
    timezone = "Asia/Kolkata"
