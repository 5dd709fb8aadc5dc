"""Import and export at the desk: who may, which rows, with which reason, and all or nothing."""

from __future__ import annotations

import csv
import io
import uuid
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from commodities.models import Commodity, CommodityCategory, CommodityVariety
from commodities.tests.factories import CommodityFactory
from erp.admin.imports.columns import natural_key
from erp.admin.tests.pages import REASON, read_form, url
from erp.events.models import Event
from locations.models import Country
from organizations.models import OrganizationBankAccount
from organizations.tests.factories import OrganizationBankAccountFactory
from partners.models import BusinessPartner

pytestmark = pytest.mark.django_db
CSV_FORMAT = "0"


@pytest.fixture
def own(organization):
    return CommodityFactory(organization=organization, code="OWN", name="Own cotton")


@pytest.fixture
def foreign(other_organization):
    return CommodityFactory(organization=other_organization, code="FOREIGN", name="Foreign cotton")


def row_of(commodity, **changes) -> dict[str, object]:
    row = {
        "code": commodity.code,
        "name": commodity.name,
        "category": commodity.category.code,
        "hs_code": commodity.hs_code,
        "base_unit": commodity.base_unit.code,
        "trade_unit": commodity.trade_unit.code,
        "rate_unit": commodity.rate_unit.code,
        "default_currency": commodity.default_currency.pk,
        "lot_size": commodity.lot_size,
    }
    return {**row, **changes}


def upload(client, *rows, model=Commodity):
    """The preview page of a file with these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    file = SimpleUploadedFile("rows.csv", text.getvalue().encode(), "text/csv")
    return client.post(url(model, "import"), {"import_file": file})


def errors_of(page) -> list[tuple[object, ...]]:
    """Row, column, value and sentence of each error on the page."""
    return [tuple(error.values()) for error in page.context["errors"]]


def confirm(client, preview, **changes):
    """The answer to the confirmation of that preview."""
    return client.post(url(Commodity, "process_import"), {**read_form(preview), "reason": REASON, **changes})


def test_import_adds_and_changes_rows_with_reason_and_source(desk, clerk, organization, own):
    preview = upload(desk, row_of(own, name="Renamed"), row_of(own, code="NEW", name="New cotton"))
    assert "1 new, 1 updated, 0 unchanged, 0 invalid" in preview.content.decode()
    assert Commodity.objects.filter(code="NEW").count() == 0
    assert confirm(desk, preview).status_code == 302
    own.refresh_from_db()
    assert (own.name, own.version) == ("Renamed", 2)
    assert Commodity.objects.get(code="NEW").organization == organization
    events = Event.objects.filter(source="import")
    assert {(event.event_type, event.reason, event.actor_id) for event in events} == {
        ("commodity.created", REASON, clerk.pk),
        ("commodity.updated", REASON, clerk.pk),
    }


def test_unchanged_rows_are_left_alone(desk, own):
    before = Event.objects.count()
    preview = upload(desk, row_of(own))
    assert "0 new, 0 updated, 1 unchanged" in preview.content.decode()
    confirm(desk, preview)
    own.refresh_from_db()
    assert (own.version, Event.objects.count()) == (1, before)


def test_file_of_another_kind_is_refused(desk):
    file = SimpleUploadedFile("rows.pdf", b"%PDF-1.7", "application/pdf")
    answer = desk.post(url(Commodity, "import"), {"import_file": file})
    assert "rows.pdf is not a CSV or XLSX file: save it as one of them." in answer.content.decode()


def test_import_needs_a_reason(desk, own):
    preview = upload(desk, row_of(own, name="Renamed"))
    answer = confirm(desk, preview, reason="no")
    assert answer.status_code == 200
    assert "at least 5 characters" in answer.content.decode()
    own.refresh_from_db()
    assert own.name == "Own cotton"


def test_row_with_the_code_of_a_foreign_row_becomes_an_own_row(desk, organization, own, foreign):
    """S4: the package found rows of everybody by their code and wrote over them."""
    confirm(desk, upload(desk, row_of(own, code="FOREIGN", name="Mine")))
    foreign.refresh_from_db()
    assert (foreign.name, foreign.version) == ("Foreign cotton", 1)
    assert Commodity.objects.get(code="FOREIGN", organization=organization).name == "Mine"


def test_row_with_the_id_of_a_foreign_row_is_refused(desk, own, foreign):
    preview = upload(desk, row_of(own, id=foreign.pk, code="FOREIGN", name="Mine"))
    assert "clear the id to add a new row" in preview.content.decode()
    assert preview.context["confirm_form"] is None
    foreign.refresh_from_db()
    assert foreign.name == "Foreign cotton"


def test_shared_row_is_not_changed_by_an_import(desk, organization, own):
    shared = CommodityFactory(organization=None, code="SHARED", name="Shared cotton")
    confirm(desk, upload(desk, row_of(own, code="SHARED", name="Mine")))
    shared.refresh_from_db()
    assert (shared.name, shared.version) == ("Shared cotton", 1)


def test_row_cannot_be_given_to_or_taken_from_somebody_else(desk, organization, other_organization, own):
    row = row_of(own, code="NEW", name="New", organization=other_organization.code)
    assert f"no organization '{other_organization.code}'" in unescape(upload(desk, row).content.decode())
    assert not Commodity.objects.filter(code="NEW").exists()


def test_foreign_keys_are_looked_up_in_scope(desk, own, foreign, organization):
    row = {"commodity": "FOREIGN", "code": "S6", "name": "Shankar-6", "species": "hirsutum", "staple_class": "medium"}
    preview = upload(desk, row, model=CommodityVariety)
    assert "There is no commodity 'FOREIGN' that you may use." in unescape(preview.content.decode())


def test_rules_of_the_model_hold_for_imported_rows(desk, own):
    """S5: the package skipped validation."""
    preview = upload(desk, row_of(own, name=""), row_of(own, code="NEW", name="New"))
    assert errors_of(preview) == [(2, "name", "", "This field cannot be blank.")]
    assert "Nothing can be imported yet" in preview.content.decode()
    assert preview.context["confirm_form"] is None


def test_file_that_became_invalid_after_the_preview_is_refused_as_a_whole(desk, own):
    preview = upload(desk, row_of(own, code="FIRST", name="First"), row_of(own, code="SECOND", name="Second"))
    assert "2 new" in preview.content.decode()
    CommodityCategory.objects.filter(pk=own.category.pk).update(code="RENAMED")
    answer = desk.post(url(Commodity, "process_import"), {**read_form(preview), "reason": REASON}, follow=True)
    assert "Nothing was imported" in answer.content.decode()
    assert not Commodity.objects.filter(code__in=["FIRST", "SECOND"]).exists()


def test_confirmation_takes_only_the_file_that_was_uploaded(desk, own):
    preview = upload(desk, row_of(own, name="Renamed"))
    assert confirm(desk, preview, job="passwords.csv").status_code == 404
    assert confirm(desk, preview, job=uuid.uuid4()).status_code == 404
    own.refresh_from_db()
    assert own.name == "Own cotton"


def test_file_of_another_user_is_not_taken(desk, client_for, internal_user, own):
    preview = upload(desk, row_of(own, name="Renamed"))
    colleague = client_for(internal_user("org_admin"))
    assert confirm(colleague, preview).status_code == 404
    own.refresh_from_db()
    assert own.name == "Own cotton"


def test_view_rights_do_not_import(compliance_desk, desk, own):
    """S3: the package let everybody import who could see the list."""
    assert compliance_desk.get(url(Commodity, "import")).status_code == 403
    preview = upload(desk, row_of(own, name="Renamed"))
    assert confirm(compliance_desk, preview).status_code == 403
    assert upload(compliance_desk, row_of(own, name="Renamed")).status_code == 403
    assert "Import" not in compliance_desk.get(url(Commodity, "changelist")).content.decode()


def test_import_needs_its_own_permission_besides_those_to_add_and_change(client_for, internal_user):
    user = internal_user()
    may = Permission.objects.filter(content_type__app_label="commodities", codename__endswith="_commodity")
    user.user_permissions.set(may.filter(codename__in=["view_commodity", "add_commodity", "change_commodity"]))
    assert client_for(user).get(url(Commodity, "import")).status_code == 403
    user.user_permissions.set(may.exclude(codename="change_commodity"))
    assert client_for(user).get(url(Commodity, "import")).status_code == 403
    user.user_permissions.set(may)
    assert client_for(user).get(url(Commodity, "import")).status_code == 200


def export(client, model=Commodity, **query):
    page = client.get(url(model, "export", **query))
    return client.post(url(model, "export", **query), {**read_form(page), "format": CSV_FORMAT})


def test_export_has_rows_in_scope_with_codes_for_foreign_keys(desk, own, foreign):
    answer = export(desk)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["code"] for row in rows] == ["OWN"]
    assert rows[0]["category"] == own.category.code
    assert rows[0]["id"] == str(own.pk)


def test_export_follows_the_filters_of_the_list(desk, own, organization):
    CommodityFactory(organization=organization, code="OFF", is_active=False)
    rows = list(csv.DictReader(io.StringIO(export(desk, is_active__exact=0).content.decode())))
    assert [row["code"] for row in rows] == ["OFF"]


def test_export_needs_permission(client_for, internal_user, own):
    viewer = client_for(internal_user())
    assert viewer.get(url(Commodity, "export")).status_code == 403
    assert viewer.post(url(Commodity, "export"), {"format": CSV_FORMAT}).status_code == 403


def test_exported_file_can_be_imported_unchanged(desk, own):
    rows = list(csv.DictReader(io.StringIO(export(desk).content.decode())))
    assert "0 new, 0 updated, 1 unchanged" in upload(desk, *rows).content.decode()


def test_export_has_no_secrets(admin_desk, organization):
    OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    assert "123456789012" not in export(admin_desk, OrganizationBankAccount).content.decode()


def test_files_name_rows_by_their_codes():
    keys = {model: natural_key(model) for model in (Commodity, Country, BusinessPartner, User)}
    assert keys == {Commodity: "code", Country: "alpha2", BusinessPartner: "partner_code", User: "id"}
