"""Terms that a contract names by code: how one trades, bargains, passes quality, weighs, pays and delivers."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from commodities.models.base import Coded, OwnedOrShared
from erp.events.tracking import Tracking
from erp.rules import known_choices, upper_code

PERCENT = (MinValueValidator(0), MaxValueValidator(100))


class Term(Coded, OwnedOrShared):
    """A named agreement; an organization may add its own to the shared ones."""

    code = models.CharField(max_length=30, help_text="In capitals, as printed on contracts. Example: NET_30")
    name = models.CharField(max_length=100, help_text="As people call it. Example: Net 30 days")
    description = models.CharField(max_length=300, blank=True, help_text="What it means, in one sentence.")

    class Meta:
        abstract = True
        ordering = ("name",)
        constraints = [
            upper_code("%(class)s"),
            models.UniqueConstraint(
                fields=("organization", "code"),
                name="%(class)s_code_unique",
                nulls_distinct=False,
                violation_error_message="Another term has this code: choose another one.",
            ),
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="%(class)s_name_unique",
                nulls_distinct=False,
                violation_error_message="Another term has this name: choose another one.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TradeType(Term):
    """Domestic sale, export, import, high seas sale and the like."""

    tracking = Tracking("trade_type")


class BargainType(Term):
    """How the price comes about: fixed, on call, forward, by auction."""

    tracking = Tracking("bargain_type")

    requires_approval = models.BooleanField(
        default=False, help_text="A contract of this type waits for a second person."
    )


class PassingTerm(Term):
    """How the buyer accepts the quality."""

    tracking = Tracking("passing_term")

    requires_quality_test = models.BooleanField(default=False, help_text="Acceptance waits for a test report.")


@known_choices
class WeightmentTerm(Term):
    """Which weight is paid."""

    class Basis(models.TextChoices):
        NET = "net", "Net weight"
        GROSS = "gross", "Gross weight"
        CONDITION = "condition", "Conditioned weight"

    tracking = Tracking("weightment_term")

    deduction_pct = models.DecimalField(
        "deduction, %",
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=PERCENT,
        help_text="Taken off the weighed quantity. Example: 0.50",
    )
    basis = models.CharField(max_length=10, choices=Basis.choices, help_text="Example: Net weight")

    class Meta(Term.Meta):
        constraints = [
            *Term.Meta.constraints,
            models.CheckConstraint(
                condition=Q(deduction_pct__range=(0, 100)),
                name="weightmentterm_deduction_pct_range",
                violation_error_message="The deduction lies between 0 and 100 percent.",
            ),
        ]


@known_choices
class PaymentTerm(Term):
    """When and by which instrument the buyer pays."""

    class Method(models.TextChoices):
        TT = "tt", "Bank transfer"
        LC_SIGHT = "lc_sight", "Letter of credit at sight"
        LC_USANCE = "lc_usance", "Usance letter of credit"
        CAD = "cad", "Cash against documents"
        DP = "dp", "Documents against payment"
        DA = "da", "Documents against acceptance"
        OPEN = "open", "Open account"

    class Confirmation(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        UNCONFIRMED = "unconfirmed", "Not confirmed"

    class Payer(models.TextChoices):
        BUYER = "buyer", "Buyer"
        SELLER = "seller", "Seller"
        SHARED = "shared", "Each its own"

    tracking = Tracking("payment_term")

    days = models.PositiveSmallIntegerField(default=0, help_text="Days until payment is due; 0: at once. Example: 30")
    advance_pct = models.DecimalField(
        "advance, %",
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=PERCENT,
        help_text="Paid before dispatch. Example: 20.00",
    )
    method = models.CharField(max_length=10, choices=Method.choices, help_text="Example: Letter of credit at sight")
    lc_confirmation = models.CharField(
        "confirmation of the letter of credit",
        max_length=12,
        choices=Confirmation.choices,
        blank=True,
        help_text="Whether a second bank guarantees it; empty where there is no letter of credit.",
    )
    charges_borne_by = models.CharField(
        "bank charges borne by", max_length=10, choices=Payer.choices, blank=True, help_text="Example: Buyer"
    )

    class Meta(Term.Meta):
        constraints = [
            *Term.Meta.constraints,
            models.CheckConstraint(
                condition=Q(days__gte=0),
                name="paymentterm_days_not_negative",
                violation_error_message="Days until payment can't be below zero.",
            ),
            models.CheckConstraint(
                condition=Q(advance_pct__range=(0, 100)),
                name="paymentterm_advance_pct_range",
                violation_error_message="The advance lies between 0 and 100 percent.",
            ),
            models.CheckConstraint(
                condition=Q(lc_confirmation="") | Q(method__in=("lc_sight", "lc_usance")),
                name="paymentterm_confirmation_of_lc",
                violation_error_message="Only a letter of credit can be confirmed: leave the confirmation empty.",
            ),
        ]


@known_choices
class DeliveryTerm(Term):
    """Where risk and cost pass from seller to buyer: Incoterms 2020 and the domestic terms of the cotton trade."""

    class Incoterm(models.TextChoices):
        EXW = "exw", "EXW"
        FCA = "fca", "FCA"
        CPT = "cpt", "CPT"
        CIP = "cip", "CIP"
        DAP = "dap", "DAP"
        DPU = "dpu", "DPU"
        DDP = "ddp", "DDP"
        FAS = "fas", "FAS"
        FOB = "fob", "FOB"
        CFR = "cfr", "CFR"
        CIF = "cif", "CIF"
        EX_GIN = "ex_gin", "Ex gin"
        SPOT = "spot", "Spot"
        EX_WAREHOUSE = "ex_warehouse", "Ex warehouse"
        DELIVERED_MILL = "delivered_mill", "Delivered at mill"

    class Transport(models.TextChoices):
        ANY = "any", "Any"
        SEA = "sea", "Sea and inland waterway"

    class Party(models.TextChoices):
        BUYER = "buyer", "Buyer"
        SELLER = "seller", "Seller"

    class Clause(models.TextChoices):
        A = "a", "A, all risks"
        B = "b", "B, named perils"
        C = "c", "C, basic cover"

    tracking = Tracking("delivery_term")

    incoterm = models.CharField("rule", max_length=15, choices=Incoterm.choices, help_text="Example: CIF")
    transport_modes = models.CharField(
        "transport",
        max_length=5,
        choices=Transport.choices,
        default=Transport.ANY,
        help_text="FAS, FOB, CFR and CIF: sea only.",
    )
    named_place_required = models.BooleanField(
        default=True, help_text="A contract must name the place. Example: CIF Chattogram"
    )
    freight_by = models.CharField("freight paid by", max_length=10, choices=Party.choices, help_text="Example: Seller")
    insurance_by = models.CharField(
        "insurance paid by", max_length=10, choices=Party.choices, help_text="Example: Seller"
    )
    insurance_clause = models.CharField(
        max_length=1,
        choices=Clause.choices,
        blank=True,
        help_text="Least cover that the seller owes: A for CIP, C for CIF.",
    )

    class Meta(Term.Meta):
        constraints = [
            *Term.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(incoterm__in=("fas", "fob", "cfr", "cif")) | Q(transport_modes="sea"),
                name="deliveryterm_sea_only",
                violation_error_message="FAS, FOB, CFR and CIF are for sea transport only: choose sea, or FCA, CPT or CIP.",
            ),
            models.CheckConstraint(
                condition=~Q(incoterm="cip") | Q(insurance_clause="a"),
                name="deliveryterm_cip_clause_a",
                violation_error_message="Under CIP the seller owes insurance clause A.",
            ),
            models.CheckConstraint(
                condition=~Q(incoterm="cif") | Q(insurance_clause="c"),
                name="deliveryterm_cif_clause_c",
                violation_error_message="Under CIF the seller owes insurance clause C.",
            ),
        ]
