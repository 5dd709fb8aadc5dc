"""What a partner does: its roles in trade, and the commodities that it deals in."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from erp.events.tracking import Tracking
from erp.rules import known_choices
from partners.models.base import PartnerPart, check_owner


class Role(models.TextChoices):
    """Parts that a partner can play in a trade."""

    SELLER = "seller", "Seller"
    BUYER = "buyer", "Buyer"
    TRADER = "trader", "Trader"
    BROKER = "broker", "Broker"
    SUB_BROKER = "sub_broker", "Sub-broker"
    TRANSPORTER = "transporter", "Transporter"
    CONTROLLER = "controller", "Controller"
    FINANCER = "financer", "Financer"
    SHIPPING_AGENT = "shipping_agent", "Shipping agent"
    IMPORTER = "importer", "Importer"
    EXPORTER = "exporter", "Exporter"


# Only who buys takes goods in.
RECEIVING_ROLES = (Role.BUYER, Role.TRADER, Role.IMPORTER)


class TransporterKind(models.TextChoices):
    """Whose lorries a transporter sends."""

    LORRY_OWNER = "lorry_owner", "Lorry owner"
    COMMISSION_AGENT = "commission_agent", "Transport commission agent"
    LOGISTICS_COMPANY = "logistics_company", "Logistics company"


class RoleStatus(models.TextChoices):
    """Whether a partner may act in a role."""

    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    ENDED = "ended", "Ended"


@known_choices
class PartnerRole(PartnerPart):
    """One role of a partner; a partner has as many as it plays."""

    Role = Role
    TransporterKind = TransporterKind
    Status = RoleStatus

    tracking = Tracking("partner", part="role", parent="partner", label="role")

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="roles")
    role = models.CharField(max_length=15, choices=Role, help_text="Example: Buyer for a spinning mill")
    transporter_kind = models.CharField(
        max_length=20, choices=TransporterKind, blank=True, help_text="Transporters only. Example: Lorry owner"
    )
    parent_broker = models.ForeignKey(
        "partners.BusinessPartner",
        models.PROTECT,
        related_name="sub_broker_roles",
        null=True,
        blank=True,
        help_text="Sub-brokers only: the broker for whom it works.",
    )
    status = models.CharField(
        max_length=10,
        choices=RoleStatus,
        default=RoleStatus.ACTIVE,
        help_text="New documents take a partner only in an active role.",
    )
    valid_from = models.DateField(null=True, blank=True, help_text="First day in this role. Example: 2025-10-01")

    class Meta:
        ordering = ("role",)
        constraints = [
            models.UniqueConstraint(
                fields=("partner", "role"),
                name="partnerrole_role_unique",
                violation_error_message="The partner has this role already: change that entry.",
            ),
            models.CheckConstraint(
                condition=(Q(role=Role.SUB_BROKER) & Q(parent_broker__isnull=False))
                | (~Q(role=Role.SUB_BROKER) & Q(parent_broker__isnull=True)),
                name="partnerrole_sub_broker_has_parent",
                violation_error_message="A sub-broker needs its broker, and only a sub-broker has one.",
            ),
            models.CheckConstraint(
                condition=(Q(role=Role.TRANSPORTER) & ~Q(transporter_kind=""))
                | (~Q(role=Role.TRANSPORTER) & Q(transporter_kind="")),
                name="partnerrole_transporter_has_kind",
                violation_error_message="A transporter needs its kind, and only a transporter has one.",
            ),
            models.CheckConstraint(
                condition=Q(parent_broker__isnull=True) | ~Q(parent_broker=F("partner")),
                name="partnerrole_not_own_broker",
                violation_error_message="A partner can't be its own broker: choose the broker for whom it works.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()

    def clean(self) -> None:
        """The parent broker is a broker of the same organization."""
        check_owner(self, "parent_broker")
        broker = self.parent_broker
        if broker and not broker.plays(Role.BROKER):
            raise ValidationError(
                {"parent_broker": f"{broker} is no broker: give it the role of broker first, or choose another."}
            )


class Side(models.TextChoices):
    """Whether a partner buys or sells a commodity."""

    BUY = "buy", "Buys"
    SELL = "sell", "Sells"
    BOTH = "both", "Buys and sells"


@known_choices
class PartnerCommodity(PartnerPart):
    """A commodity that a partner deals in, and how much of it a year."""

    Side = Side

    tracking = Tracking("partner", part="commodity", parent="partner", label="side")

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="commodities")
    commodity = models.ForeignKey(
        "commodities.Commodity", models.PROTECT, related_name="partner_commodities", help_text="Example: Raw cotton"
    )
    side = models.CharField(max_length=4, choices=Side, help_text="Example: Sells for a ginner")
    annual_volume = models.DecimalField(
        max_digits=18, decimal_places=3, null=True, blank=True, help_text="Usual quantity a year. Example: 12000"
    )
    unit = models.ForeignKey(
        "commodities.Unit",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Unit of the yearly quantity. Example: tonne",
    )

    class Meta:
        verbose_name_plural = "partner commodities"
        ordering = ("commodity__name",)
        constraints = [
            models.UniqueConstraint(
                fields=("partner", "commodity"),
                name="partnercommodity_commodity_unique",
                violation_error_message="The partner has this commodity already: change that entry.",
            ),
            models.CheckConstraint(
                condition=Q(annual_volume__isnull=True) | Q(annual_volume__gt=0),
                name="partnercommodity_volume_positive",
                violation_error_message="The yearly quantity must be above zero, or empty if nobody knows it.",
            ),
            models.CheckConstraint(
                condition=Q(annual_volume__isnull=True, unit__isnull=True)
                | Q(annual_volume__isnull=False, unit__isnull=False),
                name="partnercommodity_volume_has_unit",
                violation_error_message="Enter the yearly quantity together with its unit, or neither.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.commodity}"

    def clean(self) -> None:
        """The commodity is shared or of the partner's organization."""
        check_owner(self, "commodity")
