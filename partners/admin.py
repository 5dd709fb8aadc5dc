"""Business partners at the desk: one form with everything about a partner, and lists of its parts across partners."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import OuterRef, QuerySet
from django.http import FileResponse, HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from erp.admin.base import ChildInline, MasterDataAdmin, StackedChildInline
from erp.admin.forms import ChildFormSet
from erp.admin.generic import BaseModelAdmin
from erp.banking import MaskedAccountForm
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

ACCOUNT_FIELDS = (
    ("holder", "purpose"),
    ("bank_name", "branch"),
    ("country", "currency"),
    ("account_number", "ifsc"),
    ("iban", "swift_bic", "routing"),
    ("status", "is_default"),
    ("verification_method", "name_match_score", "effective_from"),
    ("used_elsewhere", "is_active"),
)
ADDRESS_FIELDS = (
    ("kind", "name", "status"),
    ("address_line1", "address_line2"),
    ("city", "district", "postal_code"),
    ("country", "subdivision", "location"),
    ("latitude", "longitude"),
)
PLACE_FIELDS = (
    ("tax_registration", "contact", "capacity_tonnes"),
    ("can_ship_to", "is_default_ship_to"),
    ("can_ship_from", "is_default_ship_from"),
    ("is_default_bill_to", "is_active"),
)
DOCUMENT_FIELDS = (
    ("document_type", "subtype", "number"),
    ("country", "issued_on", "expires_on"),
    ("file", "download", "size"),
    ("status", "verified_by", "verified_at"),
    ("reject_reason", "supersedes", "is_active"),
)


class RoleFormSet(ChildFormSet):
    """Tells the partner which roles stand on the form, so that the places below may count on them."""

    def clean(self) -> None:
        super().clean()
        entered = [form.cleaned_data for form in self.forms if form.is_valid()]
        self.instance.entered_roles = frozenset(
            data["role"] for data in entered if data.get("role") and not data.get("DELETE")
        )


class RoleInline(ChildInline):
    model = PartnerRole
    verbose_name = "role"
    fk_name = "partner"
    formset = RoleFormSet
    fields = ("role", "transporter_kind", "parent_broker", "status", "valid_from", "is_active")


class TaxRegistrationInline(StackedChildInline):
    model = PartnerTaxRegistration
    verbose_name = "tax registration"
    fields = (
        ("country", "scheme", "number"),
        ("legal_name", "subdivision"),
        ("status", "valid_from", "valid_to"),
        ("verification_method", "verified_at"),
        ("is_primary", "is_active"),
    )


class MaskedAccounts(BaseModelAdmin):
    """Who may not change an account sees the end of its number only; who may, replaces the number without seeing it."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return _swapped(fieldsets, {"account_number": "masked", "iban": ""})

    @admin.display(description="account")
    def masked(self, account: PartnerBankAccount) -> str:
        """Account number as people may see it."""
        return account.masked_number

    @admin.display(description="also used by")
    def used_elsewhere(self, account: PartnerBankAccount) -> str:
        """Other partners with the same account: a mistake, or a fraud."""
        if account._state.adding:
            return "-"
        names = [(other.partner.legal_name, other.partner.partner_code) for other in account.duplicates]
        return format_html_join(", ", "{} ({})", names) or "no other partner"


class BankAccountInline(MaskedAccounts, StackedChildInline):
    model = PartnerBankAccount
    verbose_name = "bank account"
    form = MaskedAccountForm
    fields = ACCOUNT_FIELDS
    readonly_fields = ("masked", "used_elsewhere")


class ContactInline(ChildInline):
    model = PartnerContact
    verbose_name = "contact"
    fields = ("name", "designation", "email", "phone", "is_primary", "is_signatory", "is_active")


class LocationInline(StackedChildInline):
    model = PartnerLocation
    verbose_name = "location"
    fields = (*ADDRESS_FIELDS, *PLACE_FIELDS)


class CommodityInline(ChildInline):
    model = PartnerCommodity
    verbose_name = "commodity"
    verbose_name_plural = "commodities"
    fields = ("commodity", "side", "annual_volume", "unit", "is_active")


class PlainFiles(BaseModelAdmin):
    """Files are private: a form takes one in, and shows a link to the page that hands it out and records who took it."""

    formfield_overrides = {models.FileField: {"widget": forms.FileInput}}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        takes_file = not isinstance(obj, PartnerDocument) and self.has_change_permission(request, obj)
        return fieldsets if takes_file else _swapped(fieldsets, {"file": ""})

    @admin.display(description="download")
    def download(self, document: PartnerDocument) -> str:
        """Link to the file."""
        if document._state.adding:
            return "-"
        url = reverse("admin:partners_partnerdocument_file", args=[document.pk])
        return format_html('<a href="{}">{}</a>', url, document.file_name)


class DocumentInline(PlainFiles, StackedChildInline):
    model = PartnerDocument
    verbose_name = "document"
    fields = DOCUMENT_FIELDS
    readonly_fields = ("download", "size", "verified_by", "verified_at")


@admin.register(BusinessPartner)
class BusinessPartnerAdmin(MasterDataAdmin):
    """Partners, found by code, names or PAN; everything about one on its form."""

    list_display = (
        "partner_code",
        "legal_name",
        "country",
        "roles_played",
        "status",
        "kyc_status",
        "kyc_expires_on",
        "assigned_officer",
    )
    list_display_links = ("partner_code", "legal_name")
    list_select_related = ("country", "assigned_officer")
    list_filter = ("status", "kyc_status", "entity_class", "entity_type", "country", "is_active")
    search_fields = ("partner_code", "legal_name", "trade_name", "pan")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("organization", "partner_code"),
                    ("legal_name", "trade_name"),
                    ("entity_class", "entity_type", "country"),
                    ("parent_partner", "assigned_officer"),
                )
            },
        ),
        ("Identifiers", {"fields": (("pan", "iec", "lei"),)}),
        ("Status and KYC", {"fields": (("status", "is_active"), ("kyc_status", "kyc_verified_at", "kyc_expires_on"))}),
        ("Risk", {"fields": (("risk_score", "risk_category", "risk_assessed_at"),)}),
        (
            "More",
            {
                "fields": (
                    ("primary_currency", "preferred_language"),
                    ("website", "incorporation_date"),
                    "notes",
                )
            },
        ),
    )
    inlines = (
        RoleInline,
        ContactInline,
        TaxRegistrationInline,
        BankAccountInline,
        LocationInline,
        CommodityInline,
        DocumentInline,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        roles = PartnerRole._base_manager.filter(partner=OuterRef("pk")).order_by("role").values("role")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(role_names=ArraySubquery(roles))
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("partner_code",) if obj else ()
        return [*super().get_readonly_fields(request, obj), *fixed]

    @admin.display(description="roles")
    def roles_played(self, partner: BusinessPartner) -> str:
        """Labels of the roles, read with the list in one query."""
        return ", ".join(PartnerRole.Role(role).label for role in partner.role_names)  # type: ignore[attr-defined]


class PartAdmin(MasterDataAdmin):
    """A part of partners in a list of its own: who has it, across all partners."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # A part never moves to another partner: its history would tell two stories.
        fixed = ("partner",) if obj else ()
        return [*super().get_readonly_fields(request, obj), *fixed]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "partner":
            kwargs.setdefault("help_text", "Whose part it is; stays for good. Example: Narmada Cotton Traders LLP")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(PartnerRole)
class PartnerRoleAdmin(PartAdmin):
    list_display = ("partner", "role", "transporter_kind", "parent_broker", "status", "valid_from")
    list_filter = ("role", "status", "transporter_kind")
    search_fields = ("partner__legal_name", "partner__partner_code")
    fields = ("partner", "role", "transporter_kind", "parent_broker", "status", "valid_from", "is_active")


@admin.register(PartnerContact)
class PartnerContactAdmin(PartAdmin):
    list_display = ("name", "designation", "partner", "email", "phone", "is_primary", "is_signatory")
    list_filter = ("is_primary", "is_signatory", "is_active")
    search_fields = ("name", "email", "phone", "partner__legal_name")
    fields = ("partner", *ContactInline.fields)


@admin.register(PartnerTaxRegistration)
class PartnerTaxRegistrationAdmin(PartAdmin):
    list_display = ("number", "scheme", "partner", "country", "subdivision", "status", "is_primary", "verified_at")
    list_filter = ("scheme", "status", "country", "is_primary")
    search_fields = ("number", "legal_name", "partner__legal_name")
    fields = ("partner", *TaxRegistrationInline.fields)


@admin.register(PartnerBankAccount)
class PartnerBankAccountAdmin(MaskedAccounts, PartAdmin):
    form = MaskedAccountForm
    list_display = ("partner", "bank_name", "masked", "currency", "country", "status", "is_default")
    list_filter = ("status", "verification_method", "purpose", "currency", "country")
    search_fields = ("partner__legal_name", "bank_name", "holder", "account_last4", "ifsc")
    fields = ("partner", *ACCOUNT_FIELDS)
    readonly_fields = ("masked", "used_elsewhere")


@admin.register(PartnerLocation)
class PartnerLocationAdmin(PartAdmin):
    list_display = ("name", "partner", "kind", "city", "subdivision", "country", "status")
    list_filter = ("kind", "status", "country", "subdivision")
    search_fields = ("name", "city", "postal_code", "partner__legal_name")
    fieldsets = (
        (None, {"fields": ("partner", *ADDRESS_FIELDS)}),
        ("Use", {"fields": PLACE_FIELDS}),
    )


@admin.register(PartnerCommodity)
class PartnerCommodityAdmin(PartAdmin):
    list_display = ("partner", "commodity", "side", "annual_volume", "unit")
    list_filter = ("side", "commodity")
    search_fields = ("partner__legal_name", "commodity__name")
    fields = ("partner", *CommodityInline.fields)


@admin.register(PartnerDocument)
class PartnerDocumentAdmin(PlainFiles, PartAdmin):
    list_display = ("document_type", "number", "partner", "status", "issued_on", "expires_on", "verified_by")
    list_filter = ("status", "document_type", "country", "expires_on")
    search_fields = ("number", "file_name", "partner__legal_name")
    fields = ("partner", *DOCUMENT_FIELDS, ("uploaded_by", "sha256"))
    readonly_fields = (*DocumentInline.readonly_fields, "sha256", "uploaded_by")

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(require_safe(self.file_view))
        return [path("<path:object_id>/file/", page, name="partners_partnerdocument_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: str) -> FileResponse:
        """The file, to be saved. Raises: Http404: out of scope or unknown. PermissionDenied: may not see papers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return downloaded(self._found(request, unquote(object_id)), request.user)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """A table can't bring the papers themselves."""
        return False


def _swapped(fieldsets: Any, names: dict[str, str]) -> Any:
    """The same fieldsets with fields under other names, less those whose name is empty."""
    swapped = []
    for title, options in fieldsets:
        lines = [
            [names.get(field, field) for field in ([line] if isinstance(line, str) else line)]
            for line in options["fields"]
        ]
        swapped.append((title, {**options, "fields": [tuple(filter(None, line)) for line in lines]}))
    return swapped
