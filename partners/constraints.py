"""Composite foreign keys: what a row names belongs to the row's own organization or partner, whatever wrote it.

Django has no such constraint; a migration runs `FORWARD` and, to undo it, `REVERSE`.
"""

from __future__ import annotations

from typing import NamedTuple


class Ownership(NamedTuple):
    """`column` of `table` names a row of `target` whose `owner` column equals the row's own."""

    table: str
    column: str
    target: str
    owner: str

    @property
    def name(self) -> str:
        """Name of the constraint."""
        return f"{self.table.removeprefix('partners_')}_{self.column.removesuffix('_id')}_same_owner"

    @property
    def forward(self) -> str:
        """SQL that adds the constraint; the target needs a unique constraint on (id, owner)."""
        return (
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} FOREIGN KEY ({self.column}, {self.owner}) "
            f"REFERENCES {self.target} (id, {self.owner}) DEFERRABLE INITIALLY DEFERRED"
        )

    @property
    def reverse(self) -> str:
        """SQL that removes the constraint."""
        return f"ALTER TABLE {self.table} DROP CONSTRAINT {self.name}"


PARTNER = "partners_businesspartner"
PARTS = ("role", "commodity", "contact", "location", "taxregistration", "bankaccount", "document")

OWNERSHIPS = (
    *(Ownership(f"partners_partner{part}", "partner_id", PARTNER, "organization_id") for part in PARTS),
    Ownership(PARTNER, "parent_partner_id", PARTNER, "organization_id"),
    Ownership("partners_partnerrole", "parent_broker_id", PARTNER, "organization_id"),
    Ownership("partners_partnerlocation", "tax_registration_id", "partners_partnertaxregistration", "partner_id"),
    Ownership("partners_partnerlocation", "contact_id", "partners_partnercontact", "partner_id"),
    Ownership("partners_partnerdocument", "supersedes_id", "partners_partnerdocument", "partner_id"),
)

FORWARD = [rule.forward for rule in OWNERSHIPS]
REVERSE = [rule.reverse for rule in reversed(OWNERSHIPS)]
