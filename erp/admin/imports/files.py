"""Files that people import: CSV and XLSX as rows of text and numbers, read with limits, and templates to fill in."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from openpyxl import load_workbook

from erp.admin import sheets

MAX_BYTES = 25 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_LINES = 1_048_576  # of a sheet, with the empty ones
# What an XLSX file may hold once it is unpacked: 100,000 rows of a wide table fit, a zip bomb does not.
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
MAX_PARTS = 200
COMMENT = "#"
ZIP_MAGIC = b"PK\x03\x04"
csv.field_size_limit(sheets.CELL_LIMIT * 4)


class FileError(ValueError):
    """The file can't be read. The sentence says why and what to do."""


@dataclass(frozen=True)
class Table:
    """A file as rows. Each row has the number that a spreadsheet shows, and one cell a column of the header."""

    header: list[str]
    rows: list[tuple[int, list[Any]]]


def read(data: bytes, *, name: str) -> Table:
    """The rows of a CSV or XLSX file, told apart by their first bytes. Empty rows and rows that begin with # are left out.

    Raises: FileError.
    """
    if len(data) > MAX_BYTES:
        raise FileError(f"{name} is larger than {MAX_BYTES // 1024 // 1024} MB: split it into several files.")
    is_book = data.startswith(ZIP_MAGIC)
    if is_book != name.lower().endswith(".xlsx"):
        raise FileError(f"{name} is not what its name says: save it as CSV or XLSX, and upload that file.")
    lines = _of_book(data, name) if is_book else _of_text(data, name)
    return _table(lines, name)


def _table(lines: Iterator[Sequence[Any]], name: str) -> Table:
    # A forged sheet may say that its next row is number two billion.
    read = enumerate(islice(lines, MAX_LINES), start=1)
    numbered = ((number, list(cells)) for number, cells in read if _counts(cells))
    _, first = next(numbered, (0, []))
    header = [str(cell).strip() if cell is not None else "" for cell in first]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise FileError(f"{name} is empty: its first row must hold the names of the columns.")
    if len(header) > MAX_COLUMNS:
        raise FileError(f"{name} has more than {MAX_COLUMNS} columns: keep those that the template names.")
    width = len(header)
    rows = [(number, _fit(cells, width)) for number, cells in islice(numbered, MAX_ROWS + 1)]
    if len(rows) > MAX_ROWS:
        raise FileError(f"{name} has more than {MAX_ROWS:,} rows: split it into several files.")
    return Table(header, rows)


def _fit(cells: list[Any], width: int) -> list[Any]:
    return (cells + [None] * (width - len(cells)))[:width]


def _counts(cells: Sequence[Any]) -> bool:
    if not cells or str(cells[0] or "").startswith(COMMENT):
        return False
    return any(cell not in {None, ""} for cell in cells)


def _of_text(data: bytes, name: str) -> Iterator[list[Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{name} is not UTF-8 text: save it as “CSV UTF-8”.") from None
    if "\x00" in text:
        raise FileError(f"{name} is not a text file: save it as “CSV UTF-8” or as XLSX.")
    first = next((line for line in text.splitlines() if not line.startswith(COMMENT)), "")
    delimiter = max(",;\t", key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [sheets.unescaped(cell) for cell in cells]
    except csv.Error as error:
        raise FileError(f"{name} is not a CSV file ({error}): save it again as “CSV UTF-8”.") from None


def _of_book(data: bytes, name: str) -> Iterator[Sequence[Any]]:
    try:
        _check_unpacked(data, name)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        yield from sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
        book.close()
    except FileError:
        raise
    # openpyxl raises whatever a broken part of the book makes it stumble over.
    except Exception:
        raise FileError(f"{name} is not a readable XLSX file: open it in your spreadsheet and save it again.") from None


def _check_unpacked(data: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    # The library reads no more of a part than is declared here.
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise FileError(f"{name} unpacks to more than an import may hold: split it into several files.")


def as_text(value: Any) -> str:
    """A cell as people write it: whole numbers without a point, dates as 2026-04-01."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time.min
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value).strip()


# Templates ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of a template."""

    name: str
    needed: bool
    help: str
    example: str


def write_csv_template(file: BinaryIO, columns: Sequence[Column]) -> None:
    """A header, and lines that begin with # and are left out by the import: an example, and help for each column."""
    example = [column.example for column in columns]
    rows = [[f"{COMMENT} Example: {example[0]}", *example[1:]]]
    rows += [[f"{COMMENT} {column.name}: {_told(column)}"] for column in columns]
    sheets.write_csv(file, [column.name for column in columns], rows)


def write_xlsx_template(file: BinaryIO, columns: Sequence[Column]) -> None:
    """The sheet to fill in, with an example that the import leaves out; what each column means stands on the second sheet."""
    example = [column.example for column in columns]
    sheets.write_book(
        file,
        {
            "Rows": ([column.name for column in columns], [[f"{COMMENT} Example: {example[0]}", *example[1:]]]),
            "Help": (
                ["Column", "Needed", "What it holds", "Example"],
                [[one.name, "yes" if one.needed else "no", one.help, one.example] for one in columns],
            ),
        },
    )


def _told(column: Column) -> str:
    return f"{'needed. ' if column.needed else ''}{column.help}".strip()
