"""Business partners and their parts in the partner API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from erp.api.bulk import as_new
from erp.api.fields import TextField
from erp.api.parsers import MEBIBYTE
from erp.api.router import register
from erp.api.serializers import MasterDataSerializer
from erp.api.shared import BankAccounts, TaxRegistrations
from erp.api.viewsets import MasterDataViewSet
from erp.identifiers import TaxScheme, gstin_pan
from partners.downloads import downloaded
from partners.models import (
    BusinessPartner,
    PartnerBankAccount,
    PartnerCommodity,
    PartnerContact,
    PartnerDocument,
    PartnerLocation,
    PartnerRole,
    PartnerTaxRegistration,
)


@register("partners")
class Partners(MasterDataViewSet):
    model = BusinessPartner
    fields = (
        "organization", "partner_code", "legal_name", "trade_name", "entity_class", "entity_type", "country",
        "incorporation_date", "parent_partner", "pan", "lei", "iec", "website", "primary_currency", "preferred_language",
        "assigned_officer", "status", "kyc_status", "kyc_verified_at", "kyc_expires_on", "risk_score", "risk_category",
        "risk_assessed_at", "notes",
    )  # fmt: skip
    filters = (
        "organization", "partner_code", "entity_class", "entity_type", "country", "parent_partner", "pan",
        "assigned_officer", "status", "kyc_status", "kyc_expires_on", "risk_category", "risk_score", "is_active",
    )  # fmt: skip
    ordering = ("legal_name", "partner_code")
    search = ("legal_name", "trade_name")
    key = ("partner_code",)
    staff_only = ("assigned_officer", "risk_score", "risk_category", "risk_assessed_at", "notes")

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """Numbers for those without one, and the PANs that stored GSTINs hold: few statements for all rows."""
        by_country: dict[Any, list[Any]] = {}
        for row in rows:
            if not row.partner_code and row.organization_id and row.country_id:
                by_country.setdefault((row.organization_id, row.country_id), []).append(row)
        for unnumbered in by_country.values():
            prefix, _, first = unnumbered[0]._next_code().rpartition("-")
            for number, row in enumerate(unnumbered, start=int(first)):
                row.partner_code = f"{prefix}-{number:0{len(first)}}"
        stored = {row.pk for row in rows if not row._state.adding}
        numbers = PartnerTaxRegistration.objects.filter(partner__in=stored, scheme=TaxScheme.GSTIN)
        self.pans = [(partner, gstin_pan(number)) for partner, number in numbers.values_list("partner_id", "number")]

    def check_bulk(self, serializer: Any, row: Any) -> None:
        """Raises: ValidationError."""
        if any(partner == row.pk and inside not in {"", row.pan} for partner, inside in self.pans):
            raise ValidationError(
                {"pan": "A GSTIN of this partner holds another PAN: correct that registration first."}
            )
        # Code and organization are the key that the row was found by: what else `clean` asks about stored rows is above.
        with as_new(row):
            super().check_bulk(serializer, row)


@register("partners/{partner_id}/roles")
class Roles(MasterDataViewSet):
    model = PartnerRole
    fields = ("partner", "role", "transporter_kind", "parent_broker", "status", "valid_from")
    filters = ("role", "status", "is_active")
    ordering = ("role",)
    key = ("role",)


@register("partners/{partner_id}/commodities")
class Commodities(MasterDataViewSet):
    model = PartnerCommodity
    fields = ("partner", "commodity", "side", "annual_volume", "unit")
    filters = ("commodity", "side", "is_active")
    ordering = ("side",)
    key = ("commodity",)


@register("partners/{partner_id}/contacts")
class Contacts(MasterDataViewSet):
    model = PartnerContact
    fields = ("partner", "name", "designation", "email", "phone", "is_primary", "is_signatory")
    filters = ("is_primary", "is_signatory", "is_active")
    ordering = ("name",)
    search = ("name", "designation")


@register("partners/{partner_id}/locations")
class Locations(MasterDataViewSet):
    model = PartnerLocation
    fields = (
        "partner", "kind", "name", "address_line1", "address_line2", "city", "district", "subdivision", "postal_code",
        "country", "location", "latitude", "longitude", "tax_registration", "contact", "can_ship_to", "can_ship_from",
        "capacity_tonnes", "is_default_ship_to", "is_default_ship_from", "is_default_bill_to", "status",
    )  # fmt: skip
    filters = ("kind", "country", "subdivision", "can_ship_to", "can_ship_from", "status", "is_active")
    ordering = ("name",)
    search = ("name", "city")
    staff_written = ("status",)
    key = ("name",)

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """The partner's roles and its principal place, as it will be when all rows are written: two statements."""
        prefetch_related_objects([row.partner for row in rows], "roles")
        others = PartnerLocation.objects.exclude(pk__in=[row.pk for row in rows]).select_related("subdivision")
        stored = others.filter(partner=self.parent_key(), kind=PartnerLocation.Kind.PRINCIPAL)
        sent = (row for row in rows if row.kind == PartnerLocation.Kind.PRINCIPAL)
        principal = next(sent, None) or stored.first()
        for row in rows:
            row.principal_place = principal


@register("partners/{partner_id}/tax-registrations")
class PartnerTaxRegistrations(TaxRegistrations):
    model = PartnerTaxRegistration
    fields = ("partner", *TaxRegistrations.fields, "status", "verified_at", "verification_method")
    filters = (*TaxRegistrations.filters, "status")


@register("partners/{partner_id}/bank-accounts")
class PartnerBankAccounts(BankAccounts):
    model = PartnerBankAccount
    fields = ("partner", *BankAccounts.fields, "status", "verification_method", "name_match_score", "effective_from")
    filters = (*BankAccounts.filters, "status")
    staff_only = ("name_match_score",)


class DocumentSerializer(MasterDataSerializer):
    """A paper comes as base64; what is shown of it is its name, size and fingerprint."""

    file_name = TextField(max_length=200, required=False, help_text="Of the file that is sent. Example: PAN card.pdf")

    def put(self, attrs: Any, row: Any) -> Any:
        """The file under the name that the client gave it. Raises: ValidationError: a name without a file."""
        values = dict(attrs)
        name = values.pop("file_name", None)
        if name is not None and "file" not in values:
            raise ValidationError({"file_name": "A stored file keeps its name: leave this out."})
        if name:
            values["file"].name = name
        return super().put(values, row)


@register("partners/{partner_id}/documents")
class Documents(MasterDataViewSet):
    model = PartnerDocument
    serializer_base = DocumentSerializer
    fields = (
        "partner", "document_type", "subtype", "number", "country", "file", "file_name", "sha256", "size", "mime",
        "issued_on", "expires_on", "status", "uploaded_by", "verified_by", "verified_at", "reject_reason", "supersedes",
    )  # fmt: skip
    filters = ("document_type", "status", "country", "expires_on", "is_active")
    ordering = ("document_type",)
    staff_only = ("uploaded_by", "verified_by")
    staff_written = ("status", "reject_reason")
    verbs = ("list", "create", "retrieve", "partial_update", "destroy", "history", "file")
    instead_of_bulk = "Each paper brings a file of up to 7 MB: send them one at a time, to this address without /bulk."

    @property
    def body_limit(self) -> int:  # type: ignore[override]
        """A file of 7 MB in base64."""
        return 10 * MEBIBYTE

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The file.")})
    def file(self, request: Request, **_: Any) -> FileResponse:
        """The file itself, to be saved; its kind is `mime`. Each download is recorded."""
        return downloaded(self.get_object(), request.user)
