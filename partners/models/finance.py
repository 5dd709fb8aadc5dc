"""How tax authorities and banks know a partner."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from erp.banking import ACCOUNT_APPROVED, ACCOUNT_SECRETS, BankAccount
from erp.events.tracking import Tracking
from erp.rules import known_choices
from erp.scoping import ScopedQuerySet
from erp.search import search_indexes
from erp.taxation import TAX_APPROVED, TaxRegistration
from partners.models.base import PartnerPart


class RegistrationStatus(models.TextChoices):
    """What the authority says about a registration."""

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CANCELLED = "cancelled", "Cancelled"


class RegistrationProof(models.TextChoices):
    """How a registration was verified."""

    PORTAL = "portal", "Looked up on the authority's portal"
    CERTIFICATE = "certificate", "Certificate seen"


@known_choices
class PartnerTaxRegistration(PartnerPart, TaxRegistration):
    """A tax registration of a partner, such as one GSTIN for each state that it trades in."""

    Status = RegistrationStatus
    Proof = RegistrationProof

    tracking = Tracking(
        "partner",
        part="tax_registration",
        parent="partner",
        label="number",
        approved=("partner", *TAX_APPROVED),
    )

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="tax_registrations")
    status = models.CharField(
        max_length=10,
        choices=RegistrationStatus,
        default=RegistrationStatus.ACTIVE,
        help_text="As the authority shows it. Example: Active",
    )
    verified_at = models.DateTimeField(null=True, blank=True, help_text="When somebody last looked it up.")
    verification_method = models.CharField(
        "verified by",
        max_length=12,
        choices=RegistrationProof,
        blank=True,
        help_text="Example: Looked up on the authority's portal",
    )

    class Meta(TaxRegistration.Meta):
        verbose_name = "partner tax registration"
        indexes = search_indexes("partnertax", code="number", name="legal_name", opens="partner")
        constraints = [
            *TaxRegistration.Meta.constraints,
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verification_method="")
                | (Q(verified_at__isnull=False) & ~Q(verification_method="")),
                name="partnertaxregistration_proof_complete",
                violation_error_message="Enter when and how the registration was verified, or neither.",
            ),
            models.UniqueConstraint(
                fields=("organization", "scheme", "number"),
                name="partnertaxregistration_number_unique",
                violation_error_message="A partner of the organization has this number already: open that partner.",
            ),
            # Target of the composite foreign key of locations.
            models.UniqueConstraint(
                fields=("id", "partner"),
                name="partnertaxregistration_id_partner",
                violation_error_message="A tax registration belongs to one partner.",
            ),
            models.UniqueConstraint(
                fields=("partner", "country"),
                condition=Q(is_primary=True),
                name="partnertaxregistration_one_primary",
                violation_error_message="Another registration is the primary one of this country: unmark that first.",
            ),
        ]

    @property
    def owner_pan(self) -> str:
        return self.owner.pan if self.owner else ""


class AccountStatus(models.TextChoices):
    """Whether the account may be paid to."""

    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    RETIRED = "retired", "Retired"


class AccountProof(models.TextChoices):
    """How an account was verified."""

    PENNY_DROP = "penny_drop", "Penny drop"
    CHEQUE = "cheque", "Cancelled cheque"
    LETTER = "letter", "Letter of the bank"


class PartnerBankAccountQuerySet(ScopedQuerySet):
    """Accounts, and what is suspicious about them."""

    def shared_with(self, account: PartnerBankAccount) -> PartnerBankAccountQuerySet:
        """The same account at other partners of the organization: often a mistake, sometimes a fraud."""
        return self.filter(organization=account.organization_id, account_hmac=account.account_hmac).exclude(
            partner=account.partner_id
        )


@known_choices
class PartnerBankAccount(PartnerPart, BankAccount):
    """An account to which a partner is paid."""

    Status = AccountStatus
    Proof = AccountProof

    tracking = Tracking(
        "partner",
        part="bank_account",
        parent="partner",
        label="bank_name",
        secret=ACCOUNT_SECRETS,
        pii=("holder", "account_number", "iban"),
        approved=("partner", "status", *ACCOUNT_APPROVED),
        harmless=(("status", AccountStatus.PENDING.value), ("is_default", False)),
    )

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="bank_accounts")
    status = models.CharField(
        max_length=8,
        choices=AccountStatus,
        default=AccountStatus.PENDING,
        help_text="Payments go to active accounts only.",
    )
    verification_method = models.CharField(
        "verified by",
        max_length=10,
        choices=AccountProof,
        blank=True,
        help_text="How it was proven to be the partner's. Example: Cancelled cheque",
    )
    name_match_score = models.DecimalField(
        "name match %",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="How well the bank's name of the holder fits the partner's, 0 to 100. Example: 97.50",
    )
    effective_from = models.DateField(null=True, blank=True, help_text="First day on which it is paid to.")

    objects: ClassVar[Any] = PartnerBankAccountQuerySet.as_manager()

    class Meta(BankAccount.Meta):
        verbose_name = "partner bank account"
        constraints = [
            *BankAccount.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(status=AccountStatus.ACTIVE) | ~Q(verification_method=""),
                name="partnerbankaccount_active_is_verified",
                violation_error_message="Verify the account before it becomes active: enter how it was proven.",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | ~Q(status=AccountStatus.RETIRED),
                name="partnerbankaccount_default_in_use",
                violation_error_message="A retired account can't be the default: choose another one first.",
            ),
            models.CheckConstraint(
                condition=Q(name_match_score__isnull=True) | Q(name_match_score__range=(0, 100)),
                name="partnerbankaccount_name_match_range",
                violation_error_message="The name match runs from 0 to 100 percent.",
            ),
            models.UniqueConstraint(
                fields=("partner", "account_hmac"),
                name="partnerbankaccount_number_unique",
                violation_error_message="The partner has an account with this number already.",
            ),
            models.UniqueConstraint(
                fields=("partner", "currency"),
                condition=Q(is_default=True),
                name="partnerbankaccount_one_default",
                violation_error_message="Another account is the default of this currency: unmark that first.",
            ),
        ]
        indexes = [models.Index(fields=("organization", "account_hmac"), name="partnerbankaccount_hmac")]

    @property
    def duplicates(self) -> PartnerBankAccountQuerySet:
        """The same account at other partners of the organization."""
        accounts: PartnerBankAccountQuerySet = PartnerBankAccount.objects.shared_with(self)
        return accounts.select_related("partner")
