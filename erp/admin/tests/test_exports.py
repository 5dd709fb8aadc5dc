"""Exports of the audit log and of histories: exactly the filter, nobody else's rows, harmless cells, each one an event."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import tracemalloc

import openpyxl
import pytest
from django.db import connection
from django.utils import timezone
from fpdf import FPDF

from commodities.models import Commodity
from commodities.tests.factories import CommodityFactory
from erp import context
from erp.admin import explorer_query, exports, pdf, sheets
from erp.admin.tests.pages import read_form, url
from erp.events.models import Event
from erp.ledger import keys, seal
from erp.testing.roles import as_owner
from organizations.models import OrganizationBankAccount
from organizations.tests.factories import OrganizationBankAccountFactory

pytestmark = pytest.mark.django_db
LOG = "/admin/audit/events/"
EXPORT = "/admin/audit/events/export/"
COMMODITY = "commodities.commodity"
MEBIBYTE = 1 << 20
# Values of 2,000 characters: all together they would not fit in the memory that the test allows.
MANY_EVENTS = """
INSERT INTO event (aggregate_type, aggregate_id, aggregate_version, object_type, object_id, category, event_type,
    organization_id, actor_label, source, payload, occurred_at)
SELECT 'location', 'many', n, 'locations.location', 'many', 'row', 'location.updated', %s, 'A <a>', 'admin',
    jsonb_build_object('changes', jsonb_build_object('name', jsonb_build_array(repeat('a', 2000), n::text))), now()
FROM generate_series(1, %s) AS n
"""


@pytest.fixture
def own(organization):
    return CommodityFactory(organization=organization, code="OWN", name="Own cotton")


@pytest.fixture
def foreign(other_organization):
    return CommodityFactory(organization=other_organization, code="FOREIGN", name="Foreign cotton")


@pytest.fixture
def _signing_key(settings, tmp_path):
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "key.pem")
    keys.write(tmp_path / "key.pem")


def taken(client, address=EXPORT, **query) -> bytes:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content.decode()
    return answer.getvalue()


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(sheets.BOM)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def rows_of_xlsx(content: bytes) -> list[tuple]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def exported() -> list[Event]:
    return list(Event.objects.filter(event_type="data.exported").order_by("id"))


# Content ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "filters", [{}, {"type": COMMODITY}, {"verb": "updated"}, {"new": "Lint"}, {"user": "Ravi"}, {"category": "row"}]
)
def test_file_holds_exactly_the_events_of_the_filter(desk, clerk, own, foreign, filters, rf):
    with context.acting(actor_id=clerk.pk, actor_label=context.label_of(clerk), reason="Name of the exchange"):
        own.name = "Lint"
        own.save()
    request = rf.get(EXPORT, filters)
    wanted = explorer_query.ExplorerQuery(clerk, request.GET).events()
    ids = [str(event_id) for event_id in wanted.values_list("event_id", flat=True)]
    assert ids
    assert list(dict.fromkeys(row["Event"] for row in rows_of_csv(taken(desk, format="csv", **filters)))) == ids
    if "type" in filters:  # the first export is itself an event of the others
        sheet = rows_of_xlsx(taken(desk, format="xlsx", **filters))
        assert list(dict.fromkeys(row[0] for row in sheet[1:])) == ids


def test_changed_field_is_a_row_with_old_and_new_value(desk, clerk, own):
    with context.acting(
        source="admin", actor_id=clerk.pk, actor_label=context.label_of(clerk), reason="कपास", request_id="request-1"
    ):
        own.name = "Lint"
        own.save()
    [row] = rows_of_csv(taken(desk, format="csv", verb="updated", type=COMMODITY))
    assert {name: row[name] for name in exports.HEADER[2:13]} == {
        "Who": "Ravi Menon",
        "Action": "Changed",
        "Record type": "Commodity",
        "Record": str(own),
        "Record id": str(own.pk),
        "Field": "Name",
        "Old value": "Own cotton",
        "New value": "Lint",
        "Reason": "कपास",
        "Source": "desk",
        "Request": "request-1",
    }


def test_sheet_has_times_as_times(desk, own):
    [_, first, *_] = rows_of_xlsx(taken(desk, format="xlsx", type=COMMODITY))
    assert first[1].date() == timezone.localdate(own.created_at)


@pytest.mark.usefixtures("_signing_key")
@pytest.mark.parametrize("name", ["csv", "xlsx", "pdf", "jsonl"])
def test_rows_of_another_organization_are_in_no_file(desk, own, foreign, name):
    seal.seal()
    content = taken(desk, format=name)
    if name == "xlsx":
        content = repr(rows_of_xlsx(content)).encode()
    if name == "jsonl":
        content = gzip.decompress(content)
        assert str(own.pk).encode() in content
    assert str(foreign.pk).encode() not in content
    assert b"Foreign cotton" not in content


def test_secrets_are_hidden_in_the_file(desk, organization):
    account = OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    content = taken(desk, format="csv", record=str(account.pk))
    assert b"123456789012" not in content
    assert b"$secret" not in content
    assert "hidden" in {row["New value"] for row in rows_of_csv(content)}


@pytest.mark.usefixtures("_signing_key")
def test_json_lines_hold_the_sealed_events_with_proofs_and_say_what_is_missing(desk, own):
    seal.seal()
    own.name = "Lint"
    own.save()
    lines = [json.loads(line) for line in gzip.decompress(taken(desk, format="jsonl", type=COMMODITY)).splitlines()]
    assert [str(own.pk) in line["line"] for line in lines if "line" in line] == [True]
    assert all(line["proof"] for line in lines if "line" in line)
    assert lines[0]["scope"]["text"] == "Audit log: Record type: Commodity; 1 not sealed yet are left out"
    [event] = exported()
    assert (event.payload["count"], event.payload["unsealed"]) == (1, 1)


def test_json_lines_without_any_seal_are_refused_with_the_way_out(desk, own):
    answer = desk.get(EXPORT, {"format": "jsonl"})
    assert answer.status_code == 400
    assert "nothing can be proved" in answer.content.decode()
    assert exported() == []


# Refusals ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "partner_officer"])
def test_those_who_may_not_read_the_log_export_nothing(client_for, internal_user, own, role):
    assert client_for(internal_user(role)).get(EXPORT, {"format": "csv"}).status_code == 403
    assert exported() == []


def test_unknown_format_and_post_are_refused(desk):
    assert desk.get(EXPORT, {"format": "exe"}).status_code == 404
    assert desk.get(EXPORT).status_code == 404
    assert desk.post(EXPORT, {"format": "csv"}).status_code == 405
    assert desk.get(EXPORT, {"format": "csv", "since": "yesterday"}).status_code == 400
    assert exported() == []


@pytest.mark.usefixtures("_signing_key")
@pytest.mark.parametrize("name", ["csv", "xlsx", "pdf", "jsonl"])
def test_more_events_than_a_file_takes_are_refused_with_what_to_do(desk, own, organization, monkeypatch, name):
    CommodityFactory(organization=organization)
    seal.seal()
    for limit in ("LIMIT", "PDF_LIMIT"):
        monkeypatch.setattr(exports, limit, 1)
    answer = desk.get(EXPORT, {"format": name, "type": COMMODITY})
    assert answer.status_code == 400
    assert "more than 1 events" in answer.content.decode()
    assert "narrow them by dates, record type or user" in answer.content.decode()
    assert exported() == []


# Events -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["csv", "xlsx", "pdf"])
def test_each_export_is_an_event_with_filter_count_and_checksum(desk, clerk, organization, own, name):
    contents = [taken(desk, format=name, type=COMMODITY, new="Own") for _ in range(2)]
    for event, content in zip(exported(), contents, strict=True):
        assert event.payload == {
            "what": "Audit log",
            "filters": "Record type: Commodity; New value contains: Own",
            "format": name,
            "count": 1,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        assert (event.category, event.actor_id, event.actor_label) == ("access", clerk.pk, context.label_of(clerk))
        assert (event.organization_id, event.source, event.ip) == (organization.pk, "admin", "127.0.0.1")
        assert event.request_id


def test_own_compliance_sees_the_export_and_others_do_not(desk, compliance_desk, strange_desk, own):
    taken(desk, format="csv")
    for client, seen in ((compliance_desk, ["data.exported"]), (strange_desk, [])):
        events = client.get(LOG, {"category": "access"}).context["page"].events
        assert [event.event_type for event in events if event.event_type == "data.exported"] == seen


# History of one record ----------------------------------------------------------------------------------------------------


def test_history_of_a_record_is_exported_as_it_is_filtered(desk, own, organization):
    other = CommodityFactory(organization=organization)
    own.name = "Lint"
    own.save()
    own.is_hazardous = True
    own.save()
    address = url(own, "history_export")
    assert address in desk.get(url(own, "history")).content.decode()
    rows = rows_of_csv(taken(desk, address, format="csv"))
    assert {row["Record id"] for row in rows} == {str(own.pk)}
    assert str(other.pk) not in str(rows)
    assert len({row["Event"] for row in rows}) == 3
    filtered = rows_of_csv(taken(desk, address, format="csv", field="name"))
    assert [(row["Old value"], row["New value"]) for row in filtered if row["Field"] == "Name"] == [
        ("Own cotton", "Lint"),
        ("empty", "Own cotton"),
    ]
    event = exported()[-1]
    assert (event.object_type, event.object_id) == (COMMODITY, str(own.pk))
    assert event.payload["filters"] == "Changes of: Name"


def test_history_export_is_scoped_and_needs_permission(strange_desk, client_for, internal_user, own):
    address = url(own, "history_export")
    assert strange_desk.get(address, {"format": "csv"}).status_code == 404
    assert client_for(internal_user("partner_officer")).get(address, {"format": "csv"}).status_code == 403
    assert exported() == []


# Lists --------------------------------------------------------------------------------------------------------------------


def take_list(client, kind, model=Commodity, **query) -> bytes:
    page = client.get(url(model, "export", **query))
    answer = client.post(url(model, "export", **query), {**read_form(page), "format": kind})
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize(("kind", "name"), [("0", "csv"), ("1", "xlsx")])
def test_export_of_a_list_is_an_event(desk, clerk, own, foreign, kind, name):
    content = take_list(desk, kind, is_active__exact=1)
    [event] = exported()
    assert event.payload == {
        "what": "Commodities",
        "filters": "is_active__exact=1",
        "format": name,
        "count": 1,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert (event.actor_id, event.organization_id) == (clerk.pk, clerk.organization_id)


def test_list_in_a_spreadsheet_runs_nothing_and_comes_back_unchanged(desk, own):
    own.name = "=HYPERLINK(1)"
    own.save()
    [row] = csv.DictReader(io.StringIO(take_list(desk, "0").decode()))
    assert row["name"] == "'=HYPERLINK(1)"
    sheet = openpyxl.load_workbook(io.BytesIO(take_list(desk, "1"))).active
    [cell] = [cell for line in sheet.iter_rows() for cell in line if cell.value == "=HYPERLINK(1)"]
    assert cell.data_type == "s"
    for kind, ending in (("0", "csv"), ("1", "xlsx")):
        file = io.BytesIO(take_list(desk, kind))
        file.name = f"rows.{ending}"
        preview = desk.post(url(Commodity, "import"), {"import_file": file, "resource": "0"})
        assert "0 new, 0 updated, 1 unchanged" in preview.content.decode()


def test_list_of_accounts_has_no_numbers(desk, organization):
    OrganizationBankAccountFactory(organization=organization, account_number="123456789012")
    assert b"123456789012" not in take_list(desk, "0", OrganizationBankAccount)


# Cells --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+91 98", "'+91 98"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("'=1", "''=1"),
        ("-12.50", "-12.50"),
        ("-12\n=1", "'-12\n=1"),
        (-5, -5),
        ("कपास", "कपास"),
        ("", ""),
        (None, None),
    ],
)
def test_cells_are_escaped_and_read_back(value, cell):
    assert sheets.escaped(value) == cell
    assert sheets.unescaped(cell) == value


def test_sheet_keeps_text_that_looks_like_a_formula_as_text():
    file = io.BytesIO()
    sheets.write_xlsx(file, ["a"], [["=1+1"], ["bad \x00 byte"], ["x" * 40_000]])
    column = [line[0] for line in openpyxl.load_workbook(file).active.iter_rows(min_row=2)]
    assert [cell.data_type for cell in column] == ["s", "s", "s"]
    assert [cell.value for cell in column[:2]] == ["=1+1", "bad \ufffd byte"]
    assert column[2].value.endswith(sheets.CUT)
    assert len(column[2].value) == sheets.CELL_LIMIT


# Paper --------------------------------------------------------------------------------------------------------------------


def test_paper_sets_each_script_in_its_font_and_says_what_it_cannot_print(monkeypatch):
    written = []
    monkeypatch.setattr(FPDF, "write", lambda paper, _, text: written.append((paper.font_family, text)))
    paper = pdf.Paper("Log", [])
    paper.say("Name: from कपास सिंह to Łódź ₹ ગુ")
    assert written[1:] == [("latin", "Name: from "), ("nagari", "कपास सिंह "), ("latin", "to Łódź ₹ \ufffd\ufffd")]
    assert paper.replaced == 2


# Size ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "count", "limit"), [("csv", 20_000, 3 * MEBIBYTE), ("xlsx", 2_000, 3 * MEBIBYTE)])
def test_memory_does_not_grow_with_the_file(desk, organization, monkeypatch, name, count, limit):
    monkeypatch.setattr(exports, "BATCH", 50)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(MANY_EVENTS, [organization.pk, count])
    taken(desk, format=name, type="locations.country")  # what is loaded once
    tracemalloc.start()
    try:
        answer = desk.get(EXPORT, {"format": name, "type": "locations.location"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = sum(map(len, answer.streaming_content))
    assert (answer.status_code, exported()[-1].payload["count"]) == (200, count)
    assert peak < limit, f"{peak / MEBIBYTE:.1f} MiB for a file of {size / MEBIBYTE:.1f} MiB"
