"""Views of what organizations and partners both have: tax registrations (erp/taxation.py), bank accounts (erp/banking.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.apps import apps

from erp.api.viewsets import MasterDataViewSet
from erp.identifiers import TaxScheme


class TaxRegistrations(MasterDataViewSet):
    """Base: numbers under which an authority knows the parent."""

    abstract = True
    fields: ClassVar[tuple[str, ...]] = (
        "country", "scheme", "number", "legal_name", "subdivision", "valid_from", "valid_to", "is_primary",
    )  # fmt: skip
    filters: ClassVar[tuple[str, ...]] = ("country", "scheme", "number", "subdivision", "is_primary", "is_active")
    ordering = ("number",)
    key = ("scheme", "number")

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """The states of GSTINs that name none, in one statement."""
        open_rows = [row for row in rows if row.scheme == TaxScheme.GSTIN and not row.subdivision_id]
        subdivisions: Any = apps.get_model("locations.Subdivision")._default_manager
        found = subdivisions.filter(gst_state_code__in={str(row.number)[:2] for row in open_rows})
        states = {state.gst_state_code: state for state in found}
        for row in open_rows:
            row.subdivision = states.get(str(row.number)[:2])


class BankAccounts(MasterDataViewSet):
    """Base: accounts at a bank. Their numbers are masked, and every change says why."""

    abstract = True
    fields: ClassVar[tuple[str, ...]] = (
        "holder", "bank_name", "branch", "country", "currency", "account_number", "ifsc", "iban", "swift_bic", "routing",
        "purpose", "is_default",
    )  # fmt: skip
    filters: ClassVar[tuple[str, ...]] = ("country", "currency", "purpose", "is_default", "is_active")
    ordering = ("bank_name",)
    search = ("bank_name", "holder")
    needs_reason = True
