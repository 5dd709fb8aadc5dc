"""Tax numbers and bank accounts of an organization."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from erp.banking import ACCOUNT_APPROVED, ACCOUNT_SECRETS, BankAccount
from erp.events.tracking import Tracking
from erp.identifiers import CodeField
from erp.rules import known_choices, upper_code
from erp.scoping import Scope
from erp.taxation import TAX_APPROVED, TaxRegistration


@known_choices
class OrganizationTaxRegistration(TaxRegistration):
    """A tax registration of an organization, such as one GSTIN for each state that it trades in."""

    scope = Scope.of_organization()
    tracking = Tracking(
        "organization",
        part="tax_registration",
        parent="organization",
        label="number",
        approved=("organization", *TAX_APPROVED),
    )

    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="tax_registrations", help_text="Who is registered."
    )
    branch_code = CodeField(max_length=12, blank=True, help_text="Branch that files under it. Example: RJK")
    address = models.ForeignKey(
        "locations.Location",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Principal place of business under this number. Example: Rajkot office",
    )

    class Meta(TaxRegistration.Meta):
        verbose_name = "tax registration"
        constraints = [
            *TaxRegistration.Meta.constraints,
            models.UniqueConstraint(
                fields=("scheme", "number"),
                name="organizationtaxregistration_number_unique",
                violation_error_message="This number is registered for an organization already.",
            ),
            models.UniqueConstraint(
                fields=("organization", "country"),
                condition=Q(is_primary=True),
                name="organizationtaxregistration_primary_unique",
                violation_error_message="Another registration is the primary one of this country: unmark that first.",
            ),
            upper_code("organizationtaxregistration", field="branch_code"),
            # What the composite foreign key of DocumentSeries points to (organizations/constraints.py).
            models.UniqueConstraint(
                fields=("id", "organization"),
                name="organizationtaxregistration_owner_unique",
                violation_error_message="This tax registration exists already.",
            ),
        ]

    @property
    def owner_pan(self) -> str:
        return self.organization.pan if self.organization_id else ""

    def clean(self) -> None:
        """Adds that the address must be shared or the organization's own."""
        super().clean()
        if self.address and self.address.organization_id not in {None, self.organization_id}:
            raise ValidationError(
                {"address": f"{self.address} belongs to another organization: choose a shared or an own location."}
            )


@known_choices
class OrganizationBankAccount(BankAccount):
    """An account from which an organization pays or on which it is paid."""

    scope = Scope.of_organization()
    tracking = Tracking(
        "organization",
        part="bank_account",
        parent="organization",
        label="bank_name",
        secret=ACCOUNT_SECRETS,
        approved=("organization", *ACCOUNT_APPROVED),
        harmless=(("is_default", False),),
    )

    organization = models.ForeignKey(
        "organizations.Organization", models.PROTECT, related_name="bank_accounts", help_text="Whose account it is."
    )

    class Meta(BankAccount.Meta):
        verbose_name = "bank account"
        constraints = [
            *BankAccount.Meta.constraints,
            models.UniqueConstraint(
                fields=("organization", "account_hmac"),
                name="organizationbankaccount_number_unique",
                violation_error_message="The organization has an account with this number already.",
            ),
            models.UniqueConstraint(
                fields=("organization", "currency"),
                condition=Q(is_default=True),
                name="organizationbankaccount_default_unique",
                violation_error_message="Another account is the default of this currency: unmark that first.",
            ),
        ]

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Forms of those who have one organization don't show it; its numbers are unique all the same."""
        super().validate_constraints(set(exclude or ()) - {"organization"})
