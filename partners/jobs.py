"""Background jobs of partners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.storage import Storage
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from partners.models import PartnerDocument

FOLDER = "partners"
# Longer than any transaction that may still be about to store the row of a file.
SPARED = timedelta(days=1)
AT_ONCE = 1_000
# Waits for those who store files (partners/models/documents.py), and they for it.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('partners.files'))"


@app.periodic(cron="41 2 * * *")
@app.task(queueing_lock="sweep_papers", pass_context=False)
def sweep_papers(timestamp: int) -> None:
    """Delete what requests left on the disk whose transaction did not come to its end."""
    sweep()


def sweep() -> list[str]:
    """Delete files older than a day that no document has or ever had; returns their names.

    The record tells: it names the file of each document that was ever committed, deleted ones included.
    """
    storage: Storage = PartnerDocument._meta.get_field("file").storage
    old = [name for name in _files(storage) if _is_old(storage, name)]
    return [
        name for start in range(0, len(old), AT_ONCE) for name in _sweep_some(storage, old[start : start + AT_ONCE])
    ]


def _sweep_some(storage: Storage, names: list[str]) -> list[str]:
    """The same content may be handed in again at this moment: storing it makes the file new, and waits for this lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ALONE)
        kept = set(PartnerDocument.history.filter(file__in=names).values_list("file", flat=True))
        swept = [name for name in names if name not in kept and _is_old(storage, name)]
        for name in swept:
            storage.delete(name)
    return swept


def _is_old(storage: Storage, name: str) -> bool:
    return storage.get_modified_time(name) < timezone.now() - SPARED


def _files(storage: Storage) -> Iterator[str]:
    """Names of all files of partners, as documents name them."""
    if not storage.exists(FOLDER):
        return
    for partner in storage.listdir(FOLDER)[0]:
        for name in storage.listdir(f"{FOLDER}/{partner}")[1]:
            yield str(PurePosixPath(FOLDER, partner, name))
