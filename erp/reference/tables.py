"""Reading and writing of the reference tables: UTF-8 CSV with a header, LF line ends, every value a string."""

import csv
import hashlib
import io
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = Path(__file__).with_name("manifest.json")

Row = dict[str, str]
Table = list[Row]


def words(text: str) -> frozenset[str]:
    """The words of a text: a set of codes written as one reads it."""
    return frozenset(text.split())


def read_table(path: Path) -> Table:
    """Rows of a CSV file in file order. Raises: FileNotFoundError: the file is missing."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, restkey="+", restval=""))


def header(path: Path) -> tuple[str, ...]:
    """Column names of a CSV file, in file order."""
    with path.open(encoding="utf-8", newline="") as handle:
        return tuple(next(csv.reader(handle), ()))


def render(rows: Table, *, columns: tuple[str, ...]) -> bytes:
    """The bytes of a CSV file that holds these rows in this order."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def sha256(content: bytes) -> str:
    """Checksum as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_manifest() -> list[dict[str, str | int]]:
    """One entry a file, sorted by path: path, rows, sha256, source, source_version, licence, attribution, note."""
    entries: list[dict[str, str | int]] = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
    return entries


def read_outline() -> dict[str, str | int]:
    """The entry of the outlines of the countries; empty when the manifest has none."""
    entry: dict[str, str | int] = json.loads(MANIFEST.read_text(encoding="utf-8")).get("outline", {})
    return entry
