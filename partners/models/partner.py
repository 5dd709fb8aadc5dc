"""The business partner itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from erp.events.tracking import Tracking
from erp.identifiers import (
    IEC_PATTERN,
    LEI_PATTERN,
    PAN_HOLDERS,
    PAN_PATTERN,
    CodeField,
    IdentifierField,
    TaxScheme,
    gstin_pan,
    pan_holder,
    validate_iec,
    validate_lei,
    validate_pan,
)
from erp.models import MasterData
from erp.rules import known_choices
from erp.scoping import Scope, ScopedQuerySet
from erp.search import search_indexes

CODE_DIGITS = 6


class EntityClass(models.TextChoices):
    """What a partner is to the trading house."""

    BUSINESS = "business", "Business"
    SERVICE_PROVIDER = "service_provider", "Service provider"


class EntityType(models.TextChoices):
    """Legal form."""

    INDIVIDUAL = "individual", "Individual"
    PROPRIETORSHIP = "proprietorship", "Proprietorship"
    PARTNERSHIP = "partnership", "Partnership firm"
    LLP = "llp", "Limited liability partnership"
    PRIVATE_LIMITED = "private_limited", "Private limited company"
    PUBLIC_LIMITED = "public_limited", "Public limited company"
    HUF = "huf", "Hindu undivided family"
    COOPERATIVE = "cooperative", "Co-operative society"
    TRUST = "trust", "Trust"
    GOVERNMENT = "government", "Government body"
    OTHER = "other", "Other"


# Letters that the PAN of a legal form may have in fourth place; `OTHER` may have any.
PAN_LETTERS = {
    EntityType.INDIVIDUAL: "P",
    EntityType.PROPRIETORSHIP: "P",
    EntityType.PARTNERSHIP: "F",
    EntityType.LLP: "F",
    EntityType.PRIVATE_LIMITED: "C",
    EntityType.PUBLIC_LIMITED: "C",
    EntityType.HUF: "H",
    EntityType.COOPERATIVE: "ABJ",
    EntityType.TRUST: "TK",
    EntityType.GOVERNMENT: "GLJ",
    EntityType.OTHER: "".join(PAN_HOLDERS),
}


class PartnerStatus(models.TextChoices):
    """Where a partner stands in its life with the organization."""

    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    INACTIVE = "inactive", "Inactive"
    BLOCKED = "blocked", "Blocked"


class KycStatus(models.TextChoices):
    """Where the check of a partner's identity stands."""

    NOT_STARTED = "not_started", "Not started"
    VERIFIED = "verified", "Verified"
    RENEWAL_DUE = "renewal_due", "Renewal due"
    EXPIRED = "expired", "Expired"


class RiskCategory(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class BusinessPartnerQuerySet(ScopedQuerySet):
    """Partners, found by what one may do with them."""

    def tradable_on(self, day: date) -> Self:
        """Active partners whose KYC holds on that day."""
        return self.active().filter(
            status=PartnerStatus.ACTIVE,
            kyc_status__in=(KycStatus.VERIFIED, KycStatus.RENEWAL_DUE),
            kyc_expires_on__gte=day,
        )


@known_choices
class BusinessPartner(MasterData):
    """A company or person with whom an organization trades or who works for it: ginner, mill, broker, transporter."""

    EntityClass = EntityClass
    EntityType = EntityType
    Status = PartnerStatus
    KycStatus = KycStatus
    RiskCategory = RiskCategory

    scope = Scope.of_partner("pk")
    tracking = Tracking(
        "partner",
        label="legal_name",
        pii=("legal_name", "trade_name", "pan"),
        approved=("pan", "kyc_status", "kyc_verified_at", "kyc_expires_on"),
        kept=(("status", PartnerStatus.BLOCKED.value),),
        harmless=(("kyc_status", KycStatus.NOT_STARTED.value),),
    )

    organization = models.ForeignKey(
        "organizations.Organization",
        models.PROTECT,
        related_name="partners",
        help_text="Whose partner this is; it never changes.",
    )
    # The C collation lets the index on (organization, partner_code) answer "the highest code that begins with BP-IN-".
    partner_code = CodeField(
        "code",
        max_length=20,
        blank=True,
        db_collation="C",
        help_text="Leave empty for the next number. It never changes afterwards. Example: BP-IN-000123",
    )
    legal_name = models.CharField(
        max_length=200, help_text="As on the PAN card or certificate. Example: Shree Ganesh Ginning Pvt Ltd"
    )
    trade_name = models.CharField(
        max_length=200, blank=True, help_text="As the market calls it, if different. Example: Ganesh Cotton"
    )
    entity_class = models.CharField(
        "class",
        max_length=20,
        choices=EntityClass,
        default=EntityClass.BUSINESS,
        help_text="A business buys or sells; a service provider carries, brokers or inspects.",
    )
    entity_type = models.CharField(
        "legal form", max_length=20, choices=EntityType, help_text="Example: Private limited company"
    )
    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="+", help_text="Where it is established. Example: India"
    )
    incorporation_date = models.DateField(null=True, blank=True, help_text="Founding date. Example: 2009-04-17")
    parent_partner = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="subsidiaries",
        null=True,
        blank=True,
        help_text="The partner that owns this one. A branch with its parent's PAN is entered with its parent.",
    )
    pan = IdentifierField(
        "PAN",
        max_length=10,
        blank=True,
        validators=[validate_pan],
        help_text="Income tax number; required in India. Example: AAPFU0939F",
    )
    lei = IdentifierField(
        "LEI", max_length=20, blank=True, validators=[validate_lei], help_text="Example: 213800KUD8LAJWSQ9D15"
    )
    iec = IdentifierField(
        "IEC",
        max_length=10,
        blank=True,
        validators=[validate_iec],
        help_text="Importer-exporter code: the PAN, or ten digits. Example: 0512345678",
    )
    website = models.URLField(blank=True, help_text="Example: https://www.example.com")
    primary_currency = models.ForeignKey(
        "locations.Currency", models.PROTECT, related_name="+", help_text="In which it usually trades. Example: INR"
    )
    preferred_language = models.CharField(
        max_length=10, default="en", help_text="Language of letters and messages. Example: en, hi, gu"
    )
    assigned_officer = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="assigned_partners",
        null=True,
        blank=True,
        help_text="Who of the organization looks after this partner.",
    )
    status = models.CharField(
        max_length=10,
        choices=PartnerStatus,
        default=PartnerStatus.PENDING,
        help_text="Trade needs an active partner. Blocked: sanctions or fraud.",
    )
    kyc_status = models.CharField(
        "KYC",
        max_length=12,
        choices=KycStatus,
        default=KycStatus.NOT_STARTED,
        help_text="Know your customer: was its identity checked?",
    )
    kyc_verified_at = models.DateTimeField(
        "KYC verified at", null=True, blank=True, help_text="When its identity was last checked."
    )
    kyc_expires_on = models.DateField(
        "KYC expires on", null=True, blank=True, help_text="Last day on which the check holds. Example: 2027-03-31"
    )
    risk_score = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="0 to 100; higher is safer. Example: 85 for a mill with a long clean record"
    )
    risk_category = models.CharField(
        max_length=6, choices=RiskCategory, blank=True, help_text="Example: Low for a score of 85"
    )
    risk_assessed_at = models.DateTimeField(null=True, blank=True, help_text="When the risk was last assessed.")
    notes = models.TextField(blank=True, help_text="For the organization's staff.")

    # Roles that stand on the same form and are stored after the partner.
    entered_roles: frozenset[str] = frozenset()

    objects: ClassVar[Any] = BusinessPartnerQuerySet.as_manager()

    class Meta:
        ordering = ("legal_name",)
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "partner_code"),
                name="businesspartner_code_unique",
                violation_error_message="Another partner of the organization has this code: leave it empty for the next.",
            ),
            # Target of the composite foreign keys of the parts.
            models.UniqueConstraint(
                fields=("id", "organization"),
                name="businesspartner_id_organization",
                violation_error_message="A partner belongs to one organization.",
            ),
            models.UniqueConstraint(
                fields=("organization", "pan"),
                condition=~Q(pan="") & Q(parent_partner__isnull=True),
                name="businesspartner_pan_unique",
                violation_error_message=(
                    "Another partner of the organization has this PAN: use that one, or name it as the parent."
                ),
            ),
            models.CheckConstraint(
                condition=Q(partner_code__regex=r"^[A-Z0-9][A-Z0-9/-]*$"),
                name="businesspartner_code_form",
                violation_error_message="A partner code is capital letters, digits, hyphens and slashes: BP-IN-000123.",
            ),
            models.CheckConstraint(
                condition=~Q(legal_name=""),
                name="businesspartner_legal_name_given",
                violation_error_message="A partner has a legal name.",
            ),
            models.CheckConstraint(
                condition=Q(pan="") | Q(pan__regex=PAN_PATTERN),
                name="businesspartner_pan_form",
                violation_error_message="A PAN is five letters, four digits and a letter: AAPFU0939F.",
            ),
            models.CheckConstraint(
                condition=reduce(
                    or_,
                    (Q(entity_type=form, pan__regex=f"^...[{letters}]") for form, letters in PAN_LETTERS.items()),
                    Q(pan=""),
                ),
                name="businesspartner_pan_fits_entity",
                violation_error_message="The fourth letter of the PAN is not one of this legal form: check both.",
            ),
            models.CheckConstraint(
                condition=~Q(country="IN") | ~Q(pan=""),
                name="businesspartner_india_has_pan",
                violation_error_message="A partner in India needs its PAN: enter it as on the PAN card.",
            ),
            models.CheckConstraint(
                condition=Q(lei="") | Q(lei__regex=LEI_PATTERN),
                name="businesspartner_lei_form",
                violation_error_message="An LEI is 20 letters and digits: 213800KUD8LAJWSQ9D15.",
            ),
            models.CheckConstraint(
                condition=Q(iec="") | Q(iec__regex=IEC_PATTERN),
                name="businesspartner_iec_form",
                violation_error_message="An IEC is the PAN, or ten digits: 0512345678.",
            ),
            models.CheckConstraint(
                condition=Q(risk_score__isnull=True) | Q(risk_score__lte=100),
                name="businesspartner_risk_score_range",
                violation_error_message="The risk score runs from 0 to 100; higher is safer.",
            ),
            models.CheckConstraint(
                condition=Q(kyc_status=KycStatus.NOT_STARTED)
                | Q(kyc_verified_at__isnull=False, kyc_expires_on__isnull=False),
                name="businesspartner_kyc_dated",
                violation_error_message="Once KYC was verified, enter when it was verified and until when it holds.",
            ),
            models.CheckConstraint(
                condition=Q(parent_partner__isnull=True) | ~Q(parent_partner=F("id")),
                name="businesspartner_not_own_parent",
                violation_error_message="A partner can't be its own parent: choose the partner that owns it.",
            ),
        ]
        indexes = [
            models.Index(fields=("legal_name", "id"), name="businesspartner_order"),
            models.Index(fields=("organization", "legal_name", "id"), name="businesspartner_house_order"),
            *search_indexes(
                "businesspartner", code="partner_code", name="legal_name", also=("trade_name", "pan", "lei", "iec")
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name

    def clean(self) -> None:
        """Rules that need other rows, or a sentence with names in it."""
        self._clean_pan()
        self._clean_dates()
        self._clean_owners()
        if not self._state.adding:
            self._clean_stored()

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Checks rules per organization in forms that do not show it; a code that `save()` has yet to give can't be checked."""
        skipped = set(exclude or ()) - {"organization"}
        super().validate_constraints(skipped if self.partner_code else skipped | {"partner_code"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; a new one without a code gets the next of its organization and country."""
        with transaction.atomic(using=kwargs.get("using")):
            if not self.partner_code:
                self.partner_code = self._next_code()
            super().save(*args, **kwargs)

    def plays(self, *roles: str) -> bool:
        """Whether it has one of these roles, stored or entered on the same form."""
        if not self.entered_roles.isdisjoint(roles):
            return True
        if "roles" in getattr(self, "_prefetched_objects_cache", {}):
            return any(each.role in roles for each in self.roles.all())
        return not self._state.adding and self.roles.filter(role__in=roles).exists()

    def _next_code(self) -> str:
        """The code after the highest that any partner has, or had when it was deleted: papers still name it.

        The organization's row stays locked until commit, so no number is given twice.
        """
        organizations = type(self)._meta.get_field("organization").related_model._base_manager
        organizations.select_for_update(no_key=True).values("pk").get(pk=self.organization_id)
        prefix = f"BP-{self.country_id}-"
        numbered = {
            "organization": self.organization_id,
            "partner_code__startswith": prefix,
            "partner_code__regex": rf"^{prefix}[0-9]{{{CODE_DIGITS}}}$",
        }
        records = type(self)._base_manager.all(), type(self).history.filter(history_type="-")
        codes = [rows.filter(**numbered).aggregate(code=Max("partner_code"))["code"] for rows in records]
        highest = max(filter(None, codes), default="")
        number = int(highest.removeprefix(prefix)) + 1 if highest else 1
        return f"{prefix}{number:0{CODE_DIGITS}}"

    def _clean_pan(self) -> None:
        letter = pan_holder(self.pan)
        allowed = PAN_LETTERS.get(EntityType(self.entity_type), "") if self.entity_type in EntityType else ""
        if letter and allowed and letter not in allowed:
            raise ValidationError(
                {
                    "pan": f'PAN "{self.pan}" is that of a {PAN_HOLDERS.get(letter, "holder of unknown kind")}, '
                    f"not of a {EntityType(self.entity_type).label.lower()}: correct the PAN or the legal form."
                }
            )
        if self.country_id == "IN" and not self.pan:
            raise ValidationError({"pan": "A partner in India needs its PAN: enter it as on the PAN card."})

    def _clean_dates(self) -> None:
        if self.incorporation_date and self.incorporation_date > timezone.localdate():
            raise ValidationError(
                {"incorporation_date": f"{self.incorporation_date} is in the future: enter the founding date."}
            )

    def _clean_owners(self) -> None:
        officer = self.assigned_officer
        if officer and officer.organization_id != self.organization_id:
            raise ValidationError(
                {
                    "assigned_officer": f"{officer} does not work for the partner's organization: choose one of its staff."
                }
            )
        parent = self.parent_partner
        if parent and parent.organization_id != self.organization_id:
            raise ValidationError(
                {"parent_partner": f"{parent} is a partner of another organization: choose one of the same."}
            )
        above = set()
        while parent and parent.pk not in above:
            above.add(parent.pk)
            parent = parent.parent_partner
        if self.pk in above:
            raise ValidationError(
                {"parent_partner": f"{self.parent_partner} belongs to {self} already: choose another parent."}
            )

    def _clean_stored(self) -> None:
        stored = type(self)._base_manager.values("organization_id", "partner_code").filter(pk=self.pk).first()
        if not stored:
            return
        if stored["partner_code"] != self.partner_code:
            raise ValidationError(
                {"partner_code": f"The code stays {stored['partner_code']}: documents name the partner by it."}
            )
        if stored["organization_id"] != self.organization_id:
            raise ValidationError(
                {"organization": f"{self} stays with its organization: enter a new partner for the other one."}
            )
        for number in self.tax_registrations.filter(scheme=TaxScheme.GSTIN).values_list("number", flat=True):
            if gstin_pan(number) not in {"", self.pan}:
                raise ValidationError(
                    {"pan": f"GSTIN {number} of this partner holds another PAN: correct that registration first."}
                )
