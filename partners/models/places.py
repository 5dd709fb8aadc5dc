"""Where a partner is, and whom to call there."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from erp.events.tracking import Tracking
from erp.identifiers import E164_PATTERN, IdentifierField, validate_e164
from erp.rules import known_choices
from partners.models.base import PartnerPart, check_owner
from partners.models.roles import RECEIVING_ROLES


class PartnerContact(PartnerPart):
    """A person at a partner."""

    tracking = Tracking("partner", part="contact", parent="partner", pii=("name", "email", "phone"))

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=200, help_text="Example: Ramesh Patel")
    designation = models.CharField(max_length=100, blank=True, help_text="Example: Purchase manager")
    email = models.EmailField("email address", blank=True, help_text="Example: ramesh.patel@example.com")
    phone = IdentifierField(
        max_length=16,
        blank=True,
        validators=[validate_e164],
        separators=" -.()",
        help_text="With + and country code. Example: +919812345678",
    )
    is_primary = models.BooleanField("primary", default=False, help_text="The first to call; one per partner.")
    is_signatory = models.BooleanField("signatory", default=False, help_text="May sign contracts for the partner.")

    class Meta:
        ordering = ("-is_primary", "name")
        constraints = [
            # Target of the composite foreign key of locations.
            models.UniqueConstraint(
                fields=("id", "partner"),
                name="partnercontact_id_partner",
                violation_error_message="A contact belongs to one partner.",
            ),
            models.UniqueConstraint(
                fields=("partner",),
                condition=Q(is_primary=True),
                name="partnercontact_one_primary",
                violation_error_message="The partner has a primary contact already: unmark that one first.",
            ),
            models.CheckConstraint(
                condition=~Q(email="") | ~Q(phone=""),
                name="partnercontact_reachable",
                violation_error_message="Give an email address or a telephone number.",
            ),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=E164_PATTERN),
                name="partnercontact_phone_e164",
                violation_error_message="Write the telephone number with + and country code: +919812345678.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LocationKind(models.TextChoices):
    """What a partner's place is for."""

    PRINCIPAL = "principal", "Principal place of business"
    BRANCH = "branch", "Branch"
    WAREHOUSE = "warehouse", "Warehouse"
    FACTORY = "factory", "Factory"
    SHIP_TO = "ship_to", "Delivery address"
    BILL_TO = "bill_to", "Billing address"
    PORT = "port", "Port"
    ICD = "icd", "Inland container depot"


class LocationStatus(models.TextChoices):
    """Whether the place may be used."""

    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    CLOSED = "closed", "Closed"


@known_choices
class PartnerLocation(PartnerPart):
    """A place of a partner: office, factory, warehouse, delivery or billing address."""

    Kind = LocationKind
    Status = LocationStatus

    tracking = Tracking("partner", part="location", parent="partner")

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="locations")
    kind = models.CharField(max_length=10, choices=LocationKind, help_text="Example: Factory")
    name = models.CharField(max_length=200, help_text="As people call it. Example: Kadi ginning factory")
    address_line1 = models.CharField("address", max_length=200, help_text="Example: Survey No. 112, Chhatral Road")
    address_line2 = models.CharField("address, second line", max_length=200, blank=True, help_text="Example: GIDC")
    city = models.CharField(max_length=100, help_text="Example: Kadi")
    district = models.CharField(max_length=100, blank=True, help_text="Example: Mehsana")
    subdivision = models.ForeignKey(
        "locations.Subdivision",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="state",
        help_text="State or province; required in India. Example: Gujarat",
    )
    postal_code = models.CharField(max_length=12, blank=True, help_text="Example: 382715")
    country = models.ForeignKey("locations.Country", models.PROTECT, related_name="+", help_text="Example: India")
    location = models.ForeignKey(
        "locations.Location",
        models.PROTECT,
        related_name="partner_locations",
        null=True,
        blank=True,
        help_text="The town, port or yard of the location list. Example: Kadi",
    )
    latitude = models.DecimalField(
        max_digits=9, decimal_places=6, null=True, blank=True, help_text="Degrees, north positive. Example: 23.297800"
    )
    longitude = models.DecimalField(
        max_digits=9, decimal_places=6, null=True, blank=True, help_text="Degrees, east positive. Example: 72.330200"
    )
    tax_registration = models.ForeignKey(
        "partners.PartnerTaxRegistration",
        models.PROTECT,
        related_name="locations",
        null=True,
        blank=True,
        help_text="Under which the place trades, one of this partner's. Example: its GSTIN of Gujarat",
    )
    contact = models.ForeignKey(
        "partners.PartnerContact",
        models.PROTECT,
        related_name="locations",
        null=True,
        blank=True,
        help_text="Whom to call there, one of this partner's contacts.",
    )
    can_ship_to = models.BooleanField(
        "takes deliveries", default=False, help_text="Goods may be delivered here; buyers and traders only."
    )
    can_ship_from = models.BooleanField("loads goods", default=False, help_text="Goods may be loaded here.")
    capacity_tonnes = models.DecimalField(
        "capacity (t)",
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="What it can store, in tonnes. Example: 1500",
    )
    is_default_ship_to = models.BooleanField(
        "default delivery address", default=False, help_text="Proposed for deliveries; one per partner."
    )
    is_default_ship_from = models.BooleanField(
        "default loading address", default=False, help_text="Proposed for loading; one per partner."
    )
    is_default_bill_to = models.BooleanField(
        "default billing address", default=False, help_text="Proposed for invoices; one per partner."
    )
    status = models.CharField(
        max_length=8, choices=LocationStatus, default=LocationStatus.ACTIVE, help_text="Example: Active"
    )

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                "partner",
                Lower("name"),
                name="partnerlocation_name_unique",
                violation_error_message="The partner has a place of this name already: choose another name.",
            ),
            models.UniqueConstraint(
                fields=("partner",),
                condition=Q(kind=LocationKind.PRINCIPAL),
                name="partnerlocation_one_principal",
                violation_error_message="The partner has a principal place already: make this one a branch.",
            ),
            models.UniqueConstraint(
                fields=("partner",),
                condition=Q(is_default_ship_to=True),
                name="partnerlocation_one_ship_to",
                violation_error_message="The partner has a default delivery address already: unmark that one first.",
            ),
            models.UniqueConstraint(
                fields=("partner",),
                condition=Q(is_default_ship_from=True),
                name="partnerlocation_one_ship_from",
                violation_error_message="The partner has a default loading address already: unmark that one first.",
            ),
            models.UniqueConstraint(
                fields=("partner",),
                condition=Q(is_default_bill_to=True),
                name="partnerlocation_one_bill_to",
                violation_error_message="The partner has a default billing address already: unmark that one first.",
            ),
            models.CheckConstraint(
                condition=Q(is_default_ship_to=False) | Q(can_ship_to=True),
                name="partnerlocation_default_takes_goods",
                violation_error_message="A default delivery address must be one where goods may be delivered.",
            ),
            models.CheckConstraint(
                condition=Q(is_default_ship_from=False) | Q(can_ship_from=True),
                name="partnerlocation_default_loads_goods",
                violation_error_message="A default loading address must be one where goods may be loaded.",
            ),
            models.CheckConstraint(
                condition=~Q(kind=LocationKind.SHIP_TO) | Q(can_ship_to=True),
                name="partnerlocation_ship_to_takes_goods",
                violation_error_message="A delivery address must be one where goods may be delivered.",
            ),
            models.CheckConstraint(
                condition=~Q(country="IN") | Q(subdivision__isnull=False),
                name="partnerlocation_india_has_state",
                violation_error_message="A place in India needs its state: GST depends on it.",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                # A comparison with null is null, and null passes a check: say "not null" besides.
                | Q(latitude__isnull=False, latitude__range=(-90, 90))
                & Q(longitude__isnull=False, longitude__range=(-180, 180)),
                name="partnerlocation_position_range",
                violation_error_message=("Give latitude (-90 to 90) and longitude (-180 to 180) together, or neither."),
            ),
            models.CheckConstraint(
                condition=Q(capacity_tonnes__isnull=True) | Q(capacity_tonnes__gt=0),
                name="partnerlocation_capacity_positive",
                violation_error_message="The capacity must be above zero, or empty if nobody knows it.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Rules that need the partner's other rows."""
        check_owner(self, "location")
        self._clean_parts()
        self._clean_delivery()
        self._clean_state()

    @cached_property
    def principal_place(self) -> PartnerLocation | None:
        """The partner's principal place. Whoever writes many places of a partner at once sets it on each of them."""
        places = PartnerLocation._base_manager.select_related("subdivision")
        return places.filter(partner=self.partner_id, kind=LocationKind.PRINCIPAL).first()

    def _clean_parts(self) -> None:
        for name in ("tax_registration", "contact"):
            part = getattr(self, name)
            if part and part.partner_id != self.partner_id:
                raise ValidationError({name: f"{part} belongs to another partner: choose one of this partner's."})

    def _clean_delivery(self) -> None:
        if self.can_ship_to and self.owner and not self.owner.plays(*RECEIVING_ROLES):
            raise ValidationError(
                {
                    "can_ship_to": f"{self.owner} neither buys nor trades, so nothing is delivered there: "
                    "give it the role of buyer or trader first."
                }
            )

    def _clean_state(self) -> None:
        state = self.subdivision
        if state and state.country_id != self.country_id:
            raise ValidationError(
                {"subdivision": f"{state} is not in the country of the address: choose a state of that country."}
            )
        if self.country_id != "IN" or self.kind != LocationKind.BRANCH or self.tax_registration_id:
            return
        principal = self.principal_place
        if principal and principal.subdivision_id != self.subdivision_id:
            raise ValidationError(
                {
                    "tax_registration": f"The branch lies in {state}, the principal place in {principal.subdivision}: "
                    "a branch in another state needs its own tax registration."
                }
            )
