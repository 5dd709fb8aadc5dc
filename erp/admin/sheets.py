"""Cells of the files that people open in a spreadsheet: what the file says is what they see, and nothing runs."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# A spreadsheet runs text that begins like this (OWASP: CSV injection). A further apostrophe keeps "'=1" apart from "=1".
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n]")
NUMBER = re.compile(r"-\d+(\.\d+)?\Z")
# Without it Excel reads UTF-8 as Windows-1252, and names in Hindi or with accents become rubbish.
BOM = b"\xef\xbb\xbf"
CELL_LIMIT = 32_767  # characters that a cell of an XLSX file holds
CUT = "… (cut)"


def escaped(value: Any) -> Any:
    """The cell with an apostrophe in front of what a spreadsheet would run; numbers stay numbers."""
    if not isinstance(value, str) or NUMBER.match(value) or not DANGEROUS.match(value):
        return value
    return f"'{value}"


def unescaped(value: Any) -> Any:
    """The cell as it was before `escaped`."""
    if isinstance(value, str) and value.startswith("'") and DANGEROUS.match(value):
        return value[1:]
    return value


def write_csv(file: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows as CSV for spreadsheets."""
    file.write(BOM)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows([escaped(_text(cell)) for cell in row] for row in rows)
    finally:
        text.detach()


def write_xlsx(file: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "Rows") -> None:
    """Rows as a sheet of typed cells. Holds one row in memory, whatever the size."""
    write_book(file, {title: (header, rows)})


def write_book(file: BinaryIO, pages: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]]) -> None:
    """Several sheets, each with its title, header and rows, as `write_xlsx`."""
    book = Workbook(write_only=True)
    for title, (header, rows) in pages.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        sheet.append([_cell(sheet, name) for name in header])
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    book.save(file)


def read_apostrophes(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Rows of a file of ours as they were before they were written."""
    return ([unescaped(cell) for cell in row] for row in rows)


def _cell(sheet: Any, value: Any) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet)
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        value = timezone.make_naive(value)
    if value is None:
        value = ""  # a cell that is left out would make the row shorter than the header
    if not isinstance(value, str):
        cell.value = value
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
    cell.value = text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - len(CUT)] + CUT
    cell.data_type = "s"  # text that begins with "=" is text
    return cell


def _text(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).isoformat(sep=" ", timespec="seconds")
    return value
