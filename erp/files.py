"""Files that people hand in: what kinds are taken, who looks for viruses, where they lie, how they leave again.

    file = models.FileField(storage=private_storage, upload_to=...)  # <folder>/<sha256><suffix>

A file lies under the SHA-256 of its content, below MEDIA_ROOT, to which no URL leads. The name proves nothing: the first
bytes say what it is, and name and declared type must not say anything else.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse
from django.utils.module_loading import import_string

from erp import breakers

MAX_MEGABYTES = 10


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken: none that a browser runs. The first suffix is the one it is stored under."""

    mime: str
    signature: bytes
    suffixes: tuple[str, ...]


KINDS = (
    Kind("application/pdf", b"%PDF-", (".pdf",)),
    Kind("image/jpeg", b"\xff\xd8\xff", (".jpg", ".jpeg")),
    Kind("image/png", b"\x89PNG\r\n\x1a\n", (".png",)),
)
SUFFIXES = {kind.mime: kind.suffixes[0] for kind in KINDS}
# A browser that knows no better says this of any file.
UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})

Scanner = Callable[[File], str]  # type: ignore[type-arg]  # no [] on Django's classes at run time


@dataclass(frozen=True)
class Measured:
    """What a file itself says. mime: empty for a kind that is not taken."""

    name: str
    declared: str
    size: int
    sha256: str
    mime: str


def measure(file: Any) -> Measured:
    """Reads the file once and leaves it at its beginning. name: the user's, without folders, its last 200 characters."""
    digest, head = hashlib.sha256(), b""
    for chunk in file.chunks():
        head = head or chunk[:16]
        digest.update(chunk)
    file.seek(0)
    mime = next((kind.mime for kind in KINDS if head.startswith(kind.signature)), "")
    declared = getattr(getattr(file, "file", file), "content_type", "") or getattr(file, "content_type", "") or ""
    name = PurePath((file.name or "").replace("\\", "/")).name[-200:]
    return Measured(name, declared.partition(";")[0].strip().lower(), file.size, digest.hexdigest(), mime)


def check(found: Measured) -> None:
    """Size, kind, and that name and declared type agree with the content. Raises: ValidationError."""
    if not found.mime:
        raise ValidationError(f'"{found.name}" is no PDF, JPEG or PNG: scan or export it as one.')
    if found.size > MAX_MEGABYTES * 1024 * 1024:
        raise ValidationError(f'"{found.name}" is larger than {MAX_MEGABYTES} MB: scan it with a lower resolution.')
    kind = next(kind for kind in KINDS if kind.mime == found.mime)
    suffix = PurePath(found.name).suffix.lower()
    if suffix and suffix not in kind.suffixes:
        raise ValidationError(
            f'"{found.name}" holds {kind.mime}, which its ending {suffix} does not say: name it {kind.suffixes[0]}.'
        )
    if found.declared not in {*UNKNOWN_TYPES, kind.mime}:
        raise ValidationError(f'"{found.name}" holds {kind.mime} but was sent as {found.declared}: send it as it is.')


def scan(file: Any) -> None:
    """Asks the scanner that settings.FILE_SCANNER names, if any: a callable that takes the file, at its beginning, and
    returns what it found in it, or nothing.

    Raises: ValidationError: it found something, or could not look. A file that nobody looked at is not stored.
    """
    if not settings.FILE_SCANNER:
        return
    scanner: Scanner = import_string(settings.FILE_SCANNER)

    def look() -> str:
        file.seek(0)
        return scanner(file)

    try:
        found = breakers.with_breaker("file scanner", look, tries=2)
    except OSError as error:
        raise ValidationError(
            "The file could not be scanned for viruses, so it was not stored: try again later."
        ) from error
    finally:
        file.seek(0)
    if found:
        raise ValidationError(
            f"The virus scanner refused the file ({found}): don't open it, and tell your administrator."
        )


class PrivateStorage(FileSystemStorage):
    """Files under names that follow from their content, below MEDIA_ROOT: the same content twice is one file.

    A file appears whole or not at all, and storing it again makes it new: whoever sweeps old files spares it.
    """

    def url(self, name: str | None) -> str:
        """Raises: ValueError: always. A view that knows the user's scope hands the file out."""
        raise ValueError("Files are private: no URL leads to them.")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: what lies there has the same content."""
        return name

    def _save(self, name: str, content: Any) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=".unfinished-")
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(target)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        return name


def private_storage() -> PrivateStorage:
    """Where MEDIA_ROOT is when it is asked for."""
    return PrivateStorage()


def attachment(file: Any, *, name: str, mime: str) -> FileResponse:
    """The file, to be saved under this name: never shown in our origin, run, or kept by a proxy.

    Raises: FileNotFoundError: the disk has lost it.
    """
    suffix = PurePath(name).suffix
    return FileResponse(
        file.open("rb"),
        as_attachment=True,
        filename=name if suffix else f"{name or 'document'}{SUFFIXES.get(mime, '')}",
        content_type=mime,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
