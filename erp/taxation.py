"""Registrations with a tax authority as organizations and partners have them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from erp.identifiers import (
    GST_STATES,
    GSTIN_PATTERN,
    TAX_NUMBER_PATTERN,
    IdentifierField,
    TaxScheme,
    gstin_pan,
    validate_tax_number,
)
from erp.models import MasterData

# GST codes that belong to no state: other territory and the centre.
# Columns whose change takes effect with a second person's approval: for `tracking.approved` of each concrete model.
TAX_APPROVED = ("country", "scheme", "number")
STATELESS = tuple(code for code, state in GST_STATES.items() if not state.subdivision)


class TaxRegistration(MasterData):
    """A number under which an authority knows the owner. A concrete model adds owner, `scope`, `tracking`, `owner_pan`.

    It is decorated with `known_choices`.
    Source of the GSTIN rules: Central GST Rules 2017, rule 10.
    """

    Scheme = TaxScheme

    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="+", help_text="Whose authority issued it. Example: India"
    )
    scheme = models.CharField(
        max_length=10, choices=TaxScheme.choices, default=TaxScheme.GSTIN, help_text="Kind of number. Example: GSTIN"
    )
    number = IdentifierField(max_length=20, kind="tax", help_text="As on the certificate. Example: 27AAPFU0939F1ZV")
    legal_name = models.CharField(
        max_length=200, help_text="As on the certificate. Example: Narmada Cotton Traders LLP"
    )
    subdivision = models.ForeignKey(
        "locations.Subdivision",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="state",
        help_text="Taken from the GSTIN when left empty. Example: Maharashtra",
    )
    valid_from = models.DateField(null=True, blank=True, help_text="Day of registration. Example: 1 July 2017")
    valid_to = models.DateField(null=True, blank=True, help_text="Day of cancellation; empty while it holds.")
    is_primary = models.BooleanField("primary", default=False, help_text="Used first in its country.")

    class Meta:
        abstract = True
        ordering = ("country", "scheme", "number")
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=TAX_NUMBER_PATTERN),
                name="%(class)s_number_format",
                violation_error_message="Write the number with 4 to 20 letters and digits, without separators.",
            ),
            models.CheckConstraint(
                condition=~Q(scheme=TaxScheme.GSTIN) | Q(country="IN", number__regex=GSTIN_PATTERN),
                name="%(class)s_gstin_format",
                violation_error_message="A GSTIN is Indian and has 15 characters, as 27AAPFU0939F1ZV.",
            ),
            models.CheckConstraint(
                condition=~Q(scheme=TaxScheme.GSTIN)
                | Q(subdivision__isnull=False)
                | Q(number__regex=f"^({'|'.join(STATELESS)})"),
                name="%(class)s_gstin_has_state",
                violation_error_message="Choose the state that the GSTIN belongs to.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="%(class)s_valid_range",
                violation_error_message="The day of cancellation must come after the day of registration.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.number}"

    @property
    def owner_pan(self) -> str:
        """PAN of the owner, empty when not known: a GSTIN must carry it."""
        raise NotImplementedError

    def clean(self) -> None:
        """Checks the number by its scheme; a GSTIN also against the state and the owner's PAN."""
        super().clean()
        if not (self.country_id and self.number and self.scheme in TaxScheme.values):
            return
        try:
            validate_tax_number(self.scheme, self.country_id, self.number)
        except ValidationError as error:
            raise ValidationError({"number": error}) from None
        if self.scheme == TaxScheme.GSTIN:
            self._take_state()
            self._check_pan()
        if self.subdivision and self.subdivision.country_id != self.country_id:
            raise ValidationError(
                {"subdivision": f"{self.subdivision} is not in {self.country}: choose a state of it."}
            )

    def _take_state(self) -> None:
        code = self.number[:2]
        if code in STATELESS:
            return
        if self.subdivision is None:
            subdivision: Any = apps.get_model("locations.Subdivision")
            self.subdivision = subdivision.objects.filter(gst_state_code=code).first()
        elif self.subdivision.gst_state_code != code:
            raise ValidationError(
                {
                    "subdivision": f"GSTIN {self.number} belongs to {GST_STATES[code].name}, not to {self.subdivision}: choose that."
                }
            )

    def _check_pan(self) -> None:
        inside, pan = gstin_pan(self.number), self.owner_pan
        if inside and pan and inside != pan:
            raise ValidationError(
                {
                    "number": f"GSTIN {self.number} carries PAN {inside}, the owner has {pan}: correct whichever is mistyped."
                }
            )
