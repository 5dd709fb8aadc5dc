"""Imports: what the preview says, what a confirmed file leaves behind, which files are refused, and who sees what."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from commodities.models import Commodity, TradeType
from commodities.tests.factories import CommodityFactory
from erp.admin.imports import files
from erp.admin.imports.plan import Importer
from erp.admin.tests.pages import REASON, read_form, url
from erp.admin.tests.test_transfer import errors_of, row_of
from erp.events.models import Event
from erp.imports.models import ImportJob
from organizations.models import FinancialYear
from organizations.tests.factories import FinancialYearFactory
from partners.models import BusinessPartner, PartnerRole
from partners.tests.factories import BusinessPartnerFactory, PartnerRoleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def own(organization):
    return CommodityFactory(organization=organization, code="OWN", name="Own cotton")


def as_csv(*rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_xlsx(*rows) -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    book.save(file)
    return file.getvalue()


def upload(client, data: bytes, *, model=Commodity, name="rows.csv"):
    return client.post(url(model, "import"), {"import_file": SimpleUploadedFile(name, data)})


def confirm(client, preview, *, model=Commodity, **changes):
    return client.post(url(model, "process_import"), {**read_form(preview), "reason": REASON, **changes})


def totals(page) -> tuple[int, ...]:
    return tuple(count for _, count in page.context["totals"])


def test_errors_stand_at_their_cells_and_nothing_is_written(desk, own):
    before = Event.objects.count()
    rows = [
        row_of(own, name="Renamed"),
        row_of(own, code="A", name="A", lot_size="many"),
        row_of(own, code="B", name="B", category="NONE"),
        row_of(own, code="C", name=""),
    ]
    preview = upload(desk, as_csv(*rows))
    assert totals(preview) == (0, 1, 0, 3)
    assert errors_of(preview) == [
        (3, "lot_size", "many", "“many” value must be a decimal number."),
        (4, "category", "NONE", "There is no commodity category 'NONE' that you may use."),
        (5, "name", "", "This field cannot be blank."),
    ]
    own.refresh_from_db()
    assert (own.name, Event.objects.count()) == ("Own cotton", before)
    job = ImportJob.objects.get()
    told = desk.get(reverse("import_errors", args=[job.pk])).content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(told)))[2] == [
        "4", "category", "NONE", "There is no commodity category 'NONE' that you may use.",
    ]  # fmt: skip


def test_every_row_keeps_reason_and_one_request_id_and_the_same_file_again_writes_nothing(desk, clerk, own):
    data = as_csv(row_of(own, name="Renamed"), row_of(own, code="NEW", name="New"))
    preview = upload(desk, data)
    assert preview.context["rows"][0]["changes"] == [
        {"column": "name", "label": "name", "old": "Own cotton", "new": "Renamed"}
    ]
    assert confirm(desk, preview).status_code == 302
    job = ImportJob.objects.get()
    assert (job.status, job.reason) == ("done", REASON)
    events = list(Event.objects.filter(source="import").order_by("pk"))
    assert {(event.reason, event.request_id, event.actor_id) for event in events} == {
        (REASON, job.request_id, clerk.pk)
    }
    assert sorted(event.event_type for event in events) == ["commodity.created", "commodity.updated"]
    for row in Commodity.objects.filter(code__in=["OWN", "NEW"]):
        newest = row.history.first()
        assert (newest.history_change_reason, newest.history_user_id) == (REASON, clerk.pk)
    again = upload(desk, data)
    assert totals(again) == (0, 0, 2, 0)
    confirm(desk, again)
    assert Event.objects.filter(source="import").count() == len(events)


def test_confirmed_file_is_not_written_twice(desk, own):
    preview = upload(desk, as_csv(row_of(own, code="NEW", name="New")))
    confirm(desk, preview)
    answer = confirm(desk, preview)
    assert (answer.status_code, answer.context["job"].status) == (200, "done")
    assert Event.objects.filter(source="import").count() == 1


def test_record_changed_since_the_preview_is_not_overwritten(desk, own):
    preview = upload(desk, as_csv(row_of(own, name="Renamed"), row_of(own, code="NEW", name="New")))
    Commodity.objects.filter(pk=own.pk).update(lot_size=7)
    page = desk.get(confirm(desk, preview).url)
    assert "Records changed since the preview" in page.content.decode()
    own.refresh_from_db()
    assert (own.name, own.version, Commodity.objects.filter(code="NEW").exists()) == ("Own cotton", 2, False)


def test_xlsx_with_typed_cells_is_read_like_csv(desk, own):
    rows = [row_of(own, code="NEW", name="New", lot_size=25.0, hs_code=int(own.hs_code), is_active=True)]
    preview = upload(desk, as_xlsx(*rows), name="rows.xlsx")
    assert totals(preview) == (1, 0, 0, 0)
    confirm(desk, preview)
    assert Commodity.objects.get(code="NEW").hs_code == own.hs_code


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_template_names_all_columns_and_its_example_is_left_out(desk, own, kind):
    address = reverse("admin:commodities_commodity_import_template", args=[kind])
    data = desk.get(address).content
    table = files.read(data, name=f"template.{kind}")
    assert (table.header[0], table.header[-1], table.rows) == ("code", "id", [])
    if kind == "xlsx":
        told = {row[0]: row[1:3] for row in load_workbook(io.BytesIO(data))["Help"].iter_rows(values_only=True)}
        assert told["category"] == ("yes", "Example: Cotton. Holds the code of the commodity category.")
    assert "The file has no rows" in upload(desk, data, name=f"template.{kind}").content.decode()


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/sharedStrings.xml", "w") as part:
        for _ in range(4):
            part.write(b"0" * 1_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("rows.csv", b"PK\x03\x04rest", "rows.csv is not what its name says"),
        ("rows.xlsx", b"code,name\nA,B\n", "rows.xlsx is not what its name says"),
        ("rows.xlsx", b"PK\x03\x04rest", "rows.xlsx is not a readable XLSX file"),
        ("rows.csv", "code,name\nA,é".encode("latin-1"), "rows.csv is not UTF-8 text"),
        ("rows.csv", b"code\n\x00\n", "rows.csv is not a text file"),
        ("rows.csv", b"\n\n", "rows.csv is empty"),
        ("rows.xlsx", bomb, "rows.xlsx unpacks to more than an import may hold"),
    ],
)
def test_unreadable_file_is_refused_with_the_way_out(desk, own, monkeypatch, name, data, sentence):
    monkeypatch.setattr(files, "MAX_UNPACKED_BYTES", 3_000_000)
    answer = upload(desk, data() if callable(data) else data, name=name)
    assert sentence in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_file_with_too_many_rows_is_refused(desk, own, monkeypatch):
    monkeypatch.setattr(files, "MAX_ROWS", 1)
    answer = upload(desk, as_csv(row_of(own), row_of(own, code="B")))
    assert "rows.csv has more than 1 rows: split it into several files." in answer.content.decode()


def test_unknown_column_and_second_row_of_a_record_are_named(desk, own):
    assert errors_of(upload(desk, as_csv(row_of(own, colour="white"))))[0][:2] == (0, "colour")
    twice = upload(desk, as_csv(row_of(own, name="A"), row_of(own, name="B")))
    assert errors_of(twice) == [(3, "code", "OWN", "Row 2 is about the same record: keep one of them.")]


def test_rule_between_rows_is_found_by_the_rehearsal(desk, own):
    preview = upload(desk, as_csv(row_of(own, code="A", name="Same"), row_of(own, code="B", name="same")))
    assert preview.context["confirm_form"] is None
    assert len(errors_of(preview)) == 1
    assert Commodity.objects.filter(code__in="AB").count() == 0


def test_guarded_column_of_a_stored_record_is_left_to_its_form(desk, organization):
    partner = BusinessPartnerFactory(organization=organization, partner_code="IN-9001")
    rows = [{"partner_code": "IN-9001", "legal_name": "Renamed Ltd", "kyc_status": "verified"}]
    preview = upload(desk, as_csv(*rows), model=BusinessPartner)
    said = "KYC of a stored record needs the approval of a second person: change it in the record's form."
    assert (2, "kyc_status", "verified", said) in errors_of(preview)
    partner.refresh_from_db()
    assert partner.version == 1


def test_partners_are_found_by_their_code_and_their_roles_by_partner_and_role(desk, organization, other_organization):
    partner = BusinessPartnerFactory(organization=organization, partner_code="IN-9001")
    foreign = BusinessPartnerFactory(organization=other_organization, partner_code="IN-9001", legal_name="Foreign")
    role = PartnerRoleFactory(partner=partner, role="buyer")
    rows = [{"partner_code": "IN-9001", "legal_name": "Renamed Ltd"}]
    preview = upload(desk, as_csv(*rows), model=BusinessPartner)
    assert totals(preview) == (0, 1, 0, 0)
    confirm(desk, preview, model=BusinessPartner)
    partner.refresh_from_db()
    foreign.refresh_from_db()
    assert (partner.legal_name, foreign.legal_name) == ("Renamed Ltd", "Foreign")
    rows = [
        {"partner": "IN-9001", "role": "buyer", "is_active": 0},
        {"partner": "IN-9001", "role": "seller", "is_active": 1},
    ]
    preview = upload(desk, as_csv(*rows), model=PartnerRole)
    assert totals(preview) == (1, 1, 0, 0)
    confirm(desk, preview, model=PartnerRole)
    assert set(partner.roles.values_list("pk", "role", "is_active")) >= {(role.pk, "buyer", False)}
    assert set(partner.roles.values_list("role", flat=True)) == {"buyer", "seller"}


def test_child_lists_of_an_organization_are_found_by_their_code(admin_desk, organization):
    year = FinancialYearFactory(organization=organization)
    row = {"organization": organization.code, "code": year.code, "is_active": 0}
    preview = upload(admin_desk, as_csv(row), model=FinancialYear)
    assert totals(preview) == (0, 1, 0, 0)
    confirm(admin_desk, preview, model=FinancialYear)
    year.refresh_from_db()
    assert (year.is_active, year.version) == (False, 2)


def test_import_of_another_organization_is_not_found(desk, strange_desk, own):
    preview = upload(desk, as_csv(row_of(own, name="Renamed")))
    job = ImportJob.objects.get()
    for page in ("import_job", "import_progress", "import_errors"):
        assert desk.get(reverse(page, args=[job.pk])).status_code == 200
        assert strange_desk.get(reverse(page, args=[job.pk])).status_code == 404
    assert strange_desk.post(reverse("import_cancel", args=[job.pk])).status_code == 404
    assert confirm(strange_desk, preview).status_code == 404
    own.refresh_from_db()
    assert (own.version, ImportJob.objects.get().status) == (1, "checked")


def test_cancelled_preview_is_not_imported(desk, own):
    preview = upload(desk, as_csv(row_of(own, name="Renamed")))
    desk.post(reverse("import_cancel", args=[ImportJob.objects.get().pk]))
    confirm(desk, preview)
    own.refresh_from_db()
    assert (own.version, ImportJob.objects.get().status) == (1, "cancelled")


def test_number_of_statements_does_not_grow_with_the_rows(clerk, organization, django_assert_max_num_queries):
    rows = [{"code": f"T{number}", "name": f"Type {number}"} for number in range(450)]
    table = files.read(as_csv(*rows), name="rows.csv")
    with django_assert_max_num_queries(20):
        plan = Importer(TradeType, user=clerk).preview(table)
    assert plan.as_json()["totals"] == {"new": 450, "updated": 0, "unchanged": 0, "invalid": 0}
