"""Where things are and which money is used there: countries, subdivisions, currencies, locations."""

from __future__ import annotations

import functools
import re
import zoneinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Lower

from erp.events.tracking import Tracking
from erp.models import MasterData
from erp.rules import known_choices, upper_code
from erp.scoping import Scope
from erp.search import search_indexes

time_zones = functools.cache(zoneinfo.available_timezones)  # reads the whole directory of zones


def validate_timezone(value: str) -> None:
    """Raises: ValidationError: the IANA time zone database has no such zone."""
    if value not in time_zones():
        raise ValidationError(
            "%(value)s is not a time zone: write an IANA name such as Asia/Kolkata.", params={"value": value}
        )


class Currency(MasterData):
    """A currency of ISO 4217. Amounts are rounded to its minor units, once, at the end."""

    scope = Scope.shared()
    tracking = Tracking("currency", label="alpha3")

    id = None  # type: ignore[assignment]
    alpha3 = models.CharField("code", max_length=3, primary_key=True, help_text="ISO 4217 letters. Example: INR")
    numeric3 = models.CharField("numeric code", max_length=3, help_text="ISO 4217 digits. Example: 356")
    minor_units = models.PositiveSmallIntegerField(
        help_text="Decimal places of an amount. Example: 2 for INR, 0 for JPY, 3 for KWD"
    )
    name = models.CharField(max_length=100, help_text="Example: Indian Rupee")

    class Meta:
        verbose_name_plural = "currencies"
        ordering = ("alpha3",)
        constraints = [
            models.CheckConstraint(
                condition=Q(alpha3__regex=r"^[A-Z]{3}$"),
                name="currency_alpha3_form",
                violation_error_message="A currency code is three capital letters: INR.",
            ),
            models.CheckConstraint(
                condition=Q(numeric3__regex=r"^\d{3}$"),
                name="currency_numeric3_form",
                violation_error_message="A numeric currency code is three digits: 356.",
            ),
            models.CheckConstraint(
                condition=Q(minor_units__lte=4),
                name="currency_minor_units_range",
                violation_error_message="A currency has at most 4 decimal places.",
            ),
            models.UniqueConstraint(
                fields=("numeric3",),
                name="currency_numeric3_unique",
                violation_error_message="Another currency has this numeric code.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                name="currency_name_unique",
                violation_error_message="Another currency has this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.alpha3


@known_choices
class Country(MasterData):
    """A country or territory of ISO 3166-1."""

    class Region(models.TextChoices):
        AFRICA = "africa", "Africa"
        AMERICAS = "americas", "Americas"
        ANTARCTICA = "antarctica", "Antarctica"
        ASIA = "asia", "Asia"
        EUROPE = "europe", "Europe"
        OCEANIA = "oceania", "Oceania"

    scope = Scope.shared()
    tracking = Tracking("country", approved=("is_sanctioned",))

    id = None  # type: ignore[assignment]
    alpha2 = models.CharField("code", max_length=2, primary_key=True, help_text="ISO 3166-1, two letters. Example: IN")
    alpha3 = models.CharField("three-letter code", max_length=3, help_text="Example: IND")
    numeric3 = models.CharField("numeric code", max_length=3, help_text="Example: 356")
    name = models.CharField(max_length=100, help_text="Common English name. Example: India")
    currency = models.ForeignKey(
        "locations.Currency", models.PROTECT, related_name="countries", null=True, blank=True, help_text="Example: INR"
    )
    calling_code = models.CharField(max_length=4, blank=True, help_text="Digits without +. Example: 91")
    postal_regex = models.CharField(
        "postal code pattern",
        max_length=200,
        blank=True,
        help_text="Regular expression that a whole postal code must match; empty: any. Example: [1-9][0-9]{5}",
    )
    is_sanctioned = models.BooleanField(
        "under sanctions", default=False, help_text="Trade needs the compliance officer."
    )
    region = models.CharField(max_length=12, choices=Region.choices, blank=True, help_text="Example: Asia")

    class Meta:
        verbose_name_plural = "countries"
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(alpha2__regex=r"^[A-Z]{2}$"),
                name="country_alpha2_form",
                violation_error_message="A country code is two capital letters: IN.",
            ),
            models.CheckConstraint(
                condition=Q(alpha3__regex=r"^[A-Z]{3}$"),
                name="country_alpha3_form",
                violation_error_message="The three-letter code is three capital letters: IND.",
            ),
            models.CheckConstraint(
                condition=Q(numeric3__regex=r"^\d{3}$"),
                name="country_numeric3_form",
                violation_error_message="A numeric country code is three digits: 356.",
            ),
            models.CheckConstraint(
                condition=Q(calling_code__regex=r"^([1-9]\d{0,3})?$"),
                name="country_calling_code_form",
                violation_error_message="A calling code is one to four digits without + or zero in front: 91.",
            ),
            models.UniqueConstraint(
                fields=("alpha3",),
                name="country_alpha3_unique",
                violation_error_message="Another country has this three-letter code.",
            ),
            models.UniqueConstraint(
                fields=("numeric3",),
                name="country_numeric3_unique",
                violation_error_message="Another country has this numeric code.",
            ),
            models.UniqueConstraint(
                Lower("name"), name="country_name_unique", violation_error_message="Another country has this name."
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The postal code pattern must be a regular expression."""
        try:
            re.compile(self.postal_regex)
        except re.error as error:
            raise ValidationError(
                {"postal_regex": f"The pattern is not a regular expression ({error}): correct it or leave it empty."}
            ) from error

    def accepts_postal_code(self, value: str) -> bool:
        """Whether a postal code has this country's form; any has where no pattern is known."""
        return not self.postal_regex or re.fullmatch(self.postal_regex, value) is not None


@known_choices
class Subdivision(MasterData):
    """A state, province or region of ISO 3166-2; Indian states carry the code by which GST knows them."""

    class Region(models.TextChoices):
        NORTH = "north", "North"
        SOUTH = "south", "South"
        EAST = "east", "East"
        WEST = "west", "West"
        CENTRAL = "central", "Central"
        NORTHEAST = "northeast", "North-east"

    scope = Scope.shared()
    tracking = Tracking("subdivision")

    iso_code = models.CharField("code", max_length=6, help_text="ISO 3166-2. Example: IN-MH")
    country = models.ForeignKey("locations.Country", models.PROTECT, related_name="subdivisions")
    name = models.CharField(max_length=100, help_text="Example: Maharashtra")
    gst_state_code = models.CharField(
        "GST state code",
        max_length=2,
        null=True,
        blank=True,
        help_text="First two digits of a GSTIN of this state; only India. Example: 27",
    )
    region = models.CharField(
        max_length=10, choices=Region.choices, blank=True, help_text="Trading region inside the country. Example: West"
    )

    class Meta:
        ordering = ("country", "name")
        constraints = [
            models.CheckConstraint(
                condition=Q(iso_code__regex=r"^[A-Z]{2}-[A-Z0-9]{1,3}$"),
                name="subdivision_iso_code_form",
                violation_error_message="A subdivision code is the country's code, a hyphen and up to three signs: IN-MH.",
            ),
            models.CheckConstraint(
                condition=Q(country=Left("iso_code", 2)),
                name="subdivision_iso_code_of_country",
                violation_error_message="The code must begin with the code of its country: IN-MH belongs to IN.",
            ),
            models.CheckConstraint(
                condition=Q(gst_state_code__isnull=True) | Q(gst_state_code__regex=r"^(0[1-9]|[12]\d|3[0-8]|97|99)$"),
                name="subdivision_gst_state_code_range",
                violation_error_message="A GST state code is 01 to 38, 97 or 99.",
            ),
            models.CheckConstraint(
                condition=Q(gst_state_code__isnull=True) | Q(country="IN"),
                name="subdivision_gst_state_code_india",
                violation_error_message="Only Indian states have a GST state code: leave it empty.",
            ),
            models.UniqueConstraint(
                fields=("iso_code",),
                name="subdivision_iso_code_unique",
                violation_error_message="Another subdivision has this code.",
            ),
            models.UniqueConstraint(
                fields=("gst_state_code",),
                condition=Q(gst_state_code__isnull=False),
                name="subdivision_gst_state_code_unique",
                violation_error_message="Another state has this GST state code.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Normalises the codes."""
        self.iso_code = self.iso_code.strip().upper()
        self.gst_state_code = self.gst_state_code or None


@known_choices
class Location(MasterData):
    """A place where goods are grown, worked, stored, shipped or sold: a town, a market yard, a gin, a port."""

    class Kind(models.TextChoices):
        CITY = "city", "City"
        MARKET_YARD = "market_yard", "Market yard (mandi)"
        GINNING_FACTORY = "ginning_factory", "Ginning factory"
        SPINNING_MILL = "spinning_mill", "Spinning mill"
        WAREHOUSE = "warehouse", "Warehouse"
        SEAPORT = "seaport", "Seaport"
        ICD_CFS = "icd_cfs", "Inland container depot or freight station"
        AIRPORT = "airport", "Airport"
        RAIL_HEAD = "rail_head", "Rail head"
        BORDER = "border", "Border crossing"
        OFFICE = "office", "Office"
        FARM_CLUSTER = "farm_cluster", "Farm cluster"
        LAB = "lab", "Laboratory"
        OTHER = "other", "Other"

    class Status(models.TextChoices):
        UNVERIFIED = "unverified", "Not verified"
        VERIFIED = "verified", "Verified"
        CLOSED = "closed", "Closed"

    class GeocodeSource(models.TextChoices):
        MANUAL = "manual", "Entered by hand"
        UN_LOCODE = "un_locode", "UN/LOCODE"
        GEONAMES = "geonames", "GeoNames"
        GOOGLE = "google", "Google"

    scope = Scope.of_organization_or_shared()
    tracking = Tracking("location")

    code = models.CharField(max_length=30, help_text="Short code in capitals; for ports the UN/LOCODE. Example: INNSA")
    name = models.CharField(max_length=200, help_text="Example: Nhava Sheva (Jawaharlal Nehru Port)")
    aliases = models.CharField(
        "other names",
        max_length=300,
        blank=True,
        help_text="Separated by commas; search finds them. Example: JNPT, JNPA",
    )
    kind = models.CharField(max_length=20, choices=Kind.choices, help_text="What the place is. Example: Seaport")
    organization = models.ForeignKey(
        "organizations.Organization",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty: shared by all organizations.",
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="children",
        null=True,
        blank=True,
        help_text="The place that this one lies in. Example: Gondal for Gondal APMC",
    )
    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="locations", help_text="Example: India"
    )
    subdivision = models.ForeignKey(
        "locations.Subdivision",
        models.PROTECT,
        related_name="locations",
        null=True,
        blank=True,
        verbose_name="state",
        help_text="State or province. Example: Gujarat",
    )
    district = models.CharField(max_length=100, blank=True, help_text="Example: Rajkot")
    city = models.CharField(max_length=100, blank=True, help_text="Town of the address. Example: Gondal")
    postal_code = models.CharField(max_length=20, blank=True, help_text="Example: 360311")
    address_line1 = models.CharField(
        "address line 1", max_length=200, blank=True, help_text="Building and street. Example: Plot 14, GIDC Estate"
    )
    address_line2 = models.CharField("address line 2", max_length=200, blank=True, help_text="Example: Near APMC yard")
    latitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Degrees, north is positive. Example: 18.949722",
    )
    longitude = models.DecimalField(
        max_digits=9, decimal_places=6, null=True, blank=True, help_text="Degrees, east is positive. Example: 72.951389"
    )
    timezone = models.CharField(
        "time zone", max_length=50, validators=[validate_timezone], help_text="IANA name. Example: Asia/Kolkata"
    )
    un_locode = models.CharField(
        "UN/LOCODE",
        max_length=5,
        null=True,
        blank=True,
        help_text="Five signs, the first two are the country; every seaport should have one. Example: INNSA",
    )
    iata = models.CharField("IATA code", max_length=3, null=True, blank=True, help_text="Airports only. Example: BOM")
    google_place_id = models.CharField("Google place ID", max_length=300, null=True, blank=True, editable=False)
    geocode_source = models.CharField(
        "source of the coordinates",
        max_length=10,
        choices=GeocodeSource.choices,
        blank=True,
        help_text="Where latitude and longitude come from. Example: GeoNames",
    )
    geocode_confidence = models.DecimalField(
        "confidence of the coordinates",
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="0 to 1, as the source says; empty: not known. Example: 0.950",
    )
    status = models.CharField(
        max_length=10,
        choices=Status.choices,
        default=Status.UNVERIFIED,
        help_text="Verified: somebody checked that the place exists where it is said to be.",
    )

    class Meta:
        ordering = ("name", "code")
        indexes = [
            models.Index(fields=("name", "code"), name="location_order"),
            # Lists of the API: filtered, by name; all, by code.
            models.Index(fields=("kind", "name"), name="location_kind_order"),
            models.Index(fields=("subdivision", "name"), name="location_subdivision_order"),
            models.Index(fields=("code", "id"), name="location_code_order"),
            *search_indexes("location", code="code", name="name", also=("aliases", "un_locode", "city")),
        ]
        constraints = [
            upper_code("location"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)),
                name="location_latitude_range",
                violation_error_message="Latitude lies between -90 and 90 degrees.",
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)),
                name="location_longitude_range",
                violation_error_message="Longitude lies between -180 and 180 degrees.",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                name="location_coordinates_complete",
                violation_error_message="Give both latitude and longitude, or neither.",
            ),
            models.CheckConstraint(
                condition=Q(geocode_confidence__isnull=True) | Q(geocode_confidence__range=(0, 1)),
                name="location_geocode_confidence_range",
                violation_error_message="Confidence of the coordinates lies between 0 and 1.",
            ),
            models.CheckConstraint(
                condition=Q(un_locode__isnull=True) | Q(un_locode__regex=r"^[A-Z]{2}[A-Z2-9]{3}$"),
                name="location_un_locode_form",
                violation_error_message=(
                    "A UN/LOCODE is two letters of the country and three signs, letters or 2 to 9: INNSA."
                ),
            ),
            models.CheckConstraint(
                condition=Q(un_locode__isnull=True) | Q(country=Left("un_locode", 2)),
                name="location_un_locode_of_country",
                violation_error_message="The UN/LOCODE belongs to another country: its first two letters are the country.",
            ),
            models.CheckConstraint(
                condition=Q(iata__isnull=True) | Q(iata__regex=r"^[A-Z]{3}$"),
                name="location_iata_form",
                violation_error_message="An IATA code is three capital letters: BOM.",
            ),
            models.CheckConstraint(
                condition=~Q(google_place_id=""),
                name="location_google_place_id_not_empty",
                violation_error_message="Leave the Google place ID unset instead of empty.",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="location_not_own_parent",
                violation_error_message="A location can't lie in itself: choose another one or leave it empty.",
            ),
            models.UniqueConstraint(
                fields=("organization", "code"),
                name="location_code_unique",
                nulls_distinct=False,
                violation_error_message="Another location has this code: choose another one.",
            ),
            models.UniqueConstraint(
                fields=("organization", "google_place_id"),
                condition=Q(google_place_id__isnull=False),
                name="location_google_place_id_unique",
                nulls_distinct=False,
                violation_error_message="This place of Google is a location already: use that one.",
            ),
            models.UniqueConstraint(
                fields=("organization", "un_locode", "kind"),
                condition=Q(un_locode__isnull=False),
                name="location_un_locode_unique",
                nulls_distinct=False,
                violation_error_message="Another location of this kind has this UN/LOCODE: use that one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def clean(self) -> None:
        """Normalises codes; what surrounds the place must fit: state, postal code, parent.

        Raises: ValidationError: with one sentence per field that does not fit.
        """
        self.code = self.code.strip().upper()
        self.un_locode = (self.un_locode or "").strip().upper() or None
        self.iata = (self.iata or "").strip().upper() or None
        errors: dict[str, str] = {}
        if self.subdivision and self.subdivision.country_id != self.country_id:
            errors["subdivision"] = f"{self.subdivision} is not in {self._country_name}: choose one of its states."
        if self.postal_code and self._country and not self._country.accepts_postal_code(self.postal_code):
            errors["postal_code"] = f"{self.postal_code} is not a postal code of {self._country_name}: correct it."
        if problem := self._parent_problem():
            errors["parent"] = problem
        if errors:
            raise ValidationError(errors)

    def _parent_problem(self) -> str:
        above: Location | None = self.parent
        if above and above.organization_id not in {None, self.organization_id}:
            return f"{above} belongs to another organization: choose a shared location or one of your own."
        passed: set[Any] = set()
        while above and above.pk not in passed:
            if above.pk == self.pk:
                return f"{self.parent} lies in {self} itself: choose another one or leave it empty."
            passed.add(above.pk)
            above = above.parent
        return ""

    @property
    def _country(self) -> Country | None:
        return self.country if self.country_id else None

    @property
    def _country_name(self) -> Any:
        return self._country or "the chosen country"
