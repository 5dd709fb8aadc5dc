"""Files of exactly the events that a page shows: CSV, XLSX, JSON Lines with proofs, PDF. Each export is an event itself.

A file is finished on disk before its event is written and before its first byte leaves: the event names its checksum, and
an export that fails on the way is none.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from django.contrib import admin
from django.db import models
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst, slugify
from django.views.decorators.http import require_safe

from erp.admin import explorer, pdf, sheets, timeline
from erp.events import access
from erp.events.models import Event
from erp.ledger import export as ledger
from erp.ledger.models import Head

LIMIT = 100_000  # events of one file
PDF_LIMIT = 2_000  # of one that is made in memory, and read on paper
ROWS = 1_000_000  # about what a sheet holds
BATCH = 500  # events in memory

HEADER = (
    "Event", "When", "Who", "Action", "Record type", "Record", "Record id", "Field", "Old value", "New value", "Reason",
    "Source", "Request", "Address", "Category",
)  # fmt: skip


class ExportRefusedError(Exception):
    """An export that can't be made; the message says what to do."""


@dataclass(frozen=True)
class Export:
    """events: all of them, in order. filters: what was asked for, in words. subject: the record that they are about."""

    title: str
    events: models.QuerySet[Event]
    filters: list[str]
    user: Any
    subject: models.Model | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """The filters in one line."""
        return "; ".join(self.filters) or "all events"


@dataclass(frozen=True)
class Format:
    """`write` returns the number of events."""

    ending: str
    content_type: str
    write: Callable[[BinaryIO, Export], int]


@require_safe
def explorer_export(request: HttpRequest) -> HttpResponseBase:
    """The audit log as it is filtered, as a file. Raises: PermissionDenied. Http404: no such format."""
    query = explorer.filtered(request)
    if not query.form.is_valid():
        return _refused(request, "The filters are not valid: correct them in the audit log.")
    return answer(request, Export("Audit log", query.events(), query.describe(), request.user))


def answer(request: HttpRequest, export: Export) -> HttpResponseBase:
    """The file that `?format=` asks for; a page that says what to do when it can't be made. Raises: Http404."""
    kind = FORMATS.get(request.GET.get("format", ""))
    if kind is None:
        raise Http404
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    try:
        count = kind.write(file, export)
    except (ExportRefusedError, ledger.ExportError) as error:
        file.close()
        return _refused(request, str(error))
    except BaseException:
        file.close()
        raise
    _record(export, request.GET["format"], count, _checksum(file))
    name = f"{slugify(export.title)[:60]}-{timezone.localdate().isoformat()}.{kind.ending}"
    return FileResponse(
        file,
        as_attachment=True,
        filename=name,
        content_type=kind.content_type,
        headers={"Cache-Control": "private, no-store"},
    )


def _record(export: Export, format_name: str, count: int, checksum: str) -> None:
    record = export.subject
    access.record(
        access.EXPORTED,
        export.user,
        what=export.title,
        subject=access.subject_of(record) if record else None,
        organization_id=access.owner_of(record, export.user) if record else None,
        payload={
            "filters": export.about,
            "format": format_name,
            "count": count,
            "sha256": checksum,
            **export.notes,
        },
    )


def _refused(request: HttpRequest, sentence: str) -> TemplateResponse:
    context = {**admin.site.each_context(request), "title": "Nothing exported", "sentence": sentence}
    return TemplateResponse(request, "admin/export_refused.html", context, status=400)


def _checksum(file: Any) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


# Events as rows -----------------------------------------------------------------------------------------------------------


def _limited(rows: Iterator[Any], limit: int) -> Iterator[Any]:
    """Raises: ExportRefusedError: there are more."""
    for count, row in enumerate(rows, start=1):
        if count > limit:
            raise ExportRefusedError(
                f"These are more than {limit:,} events, too many for one file of this kind: "
                "narrow them by dates, record type or user, and export again."
            )
        yield row


def _told(export: Export, limit: int) -> Iterator[tuple[timeline.Entry, explorer.Row]]:
    """Each event with the act that it belongs to, a few at a time."""
    found = _limited(export.events[: limit + 1].iterator(chunk_size=BATCH), limit)
    while batch := list(islice(found, BATCH)):
        for entry in timeline.entries(batch):
            for part in entry.parts:
                yield entry, explorer.Row(part)


class _Rows:
    """One row a changed field, and one for an event without any; counts the events."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.events = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        rows = 0
        for entry, row in _told(self.export, LIMIT):
            self.events += 1
            part, event = row.part, row.part.event
            before = (
                str(event.event_id), event.occurred_at, entry.actor, capfirst(part.verb), capfirst(part.kind), part.label,
                event.object_id,
            )  # fmt: skip
            after = (event.reason, entry.source, event.request_id, event.ip, event.get_category_display())
            changes = [(change.label, change.old, change.new) for change in row.changes]
            rows += max(len(changes), 1)
            if rows > ROWS:
                raise ExportRefusedError(
                    f"These events change more than {ROWS:,} fields: narrow them, and export again."
                )
            yield from ((*before, *change, *after) for change in changes or [("", "", "")])


def _write_csv(file: BinaryIO, export: Export) -> int:
    rows = _Rows(export)
    sheets.write_csv(file, HEADER, rows)
    return rows.events


def _write_xlsx(file: BinaryIO, export: Export) -> int:
    rows = _Rows(export)
    sheets.write_xlsx(file, HEADER, rows, title="Events")
    return rows.events


def _write_lines(file: BinaryIO, export: Export) -> int:
    """Sealed lines with their proofs. What is not sealed yet is left out, and the file and its event say how many."""
    head = Head.objects.order_by("-size").values_list("size", flat=True).first()
    if head is None:
        raise ExportRefusedError("Nothing is sealed yet, so nothing can be proved: export again later, or take CSV.")
    positions = list(
        _limited(export.events.values_list("numbered__position", flat=True)[: LIMIT + 1].iterator(BATCH), LIMIT)
    )
    sealed = [position for position in positions if position is not None and position <= head]
    unsealed = len(positions) - len(sealed)
    export.notes["unsealed"] = unsealed
    about = f"{export.title}: {export.about}" + (f"; {unsealed} not sealed yet are left out" if unsealed else "")
    return ledger.write(file, positions=sealed, selection=about).count


def _write_pdf(file: BinaryIO, export: Export) -> int:
    made = date_format(timezone.localtime(), "j M Y, H:i")
    about = [f"Filters: {export.about}", f"Made on {made} by {export.user.get_full_name()}. Newest first."]
    return pdf.write(file, export.title, about, map(_paragraph, _told(export, PDF_LIMIT)))


def _paragraph(told: tuple[timeline.Entry, explorer.Row]) -> pdf.Paragraph:
    entry, row = told
    part = row.part
    when = date_format(timezone.localtime(part.event.occurred_at), "j M Y, H:i:s")
    head = f"{when} · {entry.actor} ({entry.source}) · {capfirst(part.verb)} {part.kind} {part.label}"
    reason = [f"Reason: {entry.reason}"] if entry.reason else []
    return pdf.Paragraph(head, [*map(_change_in_words, row.changes), *reason])


def _change_in_words(change: timeline.Change) -> str:
    if change.old == timeline.EMPTY:
        return f"{change.label}: {change.new}"
    return f"{change.label}: from {change.old} to {change.new}"


FORMATS = {
    "csv": Format("csv", "text/csv; charset=utf-8", _write_csv),
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
    "jsonl": Format("jsonl.gz", "application/gzip", _write_lines),
    "pdf": Format("pdf", "application/pdf", _write_pdf),
}
