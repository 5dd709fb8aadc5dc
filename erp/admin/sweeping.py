"""Files that nobody needs any more: papers without a request, and the files of imports that are long over.

The papers of a request are evidence and stay, however it ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.files.storage import Storage
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from erp.approvals.models import Attachment
from erp.imports.models import ImportJob

# Longer than any transaction that may still be about to store the row of a file.
SPARED = timedelta(days=1)
KEPT_AFTER_IMPORT = timedelta(days=7)
AT_ONCE = 1_000


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="sweep_files", pass_context=False)
def sweep_files(timestamp: int) -> None:
    """Delete files of requests that were broken off, and of imports that ended more than a week ago."""
    sweep()


def sweep() -> list[str]:
    """Delete them; returns their names. Files of the last day stay: their row may not be committed yet."""
    rows = Attachment._base_manager.all()
    papers: Storage = Attachment._meta.get_field("file").storage
    folders = papers.listdir("approvals")[0] if papers.exists("approvals") else []
    swept = [name for folder in folders for name in _swept(papers, f"approvals/{folder}", rows)]
    ended = Q(finished_at__isnull=False, finished_at__lt=timezone.now() - KEPT_AFTER_IMPORT)
    uploads: Storage = ImportJob._meta.get_field("file").storage
    return swept + list(_swept(uploads, "imports", ImportJob._base_manager.exclude(ended)))


def _swept(storage: Storage, folder: str, needing: Any) -> Iterator[str]:
    """Delete the old files of a folder that none of the rows in `needing` names."""
    if not storage.exists(folder):
        return
    oldest = timezone.now() - SPARED
    names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    old = [name for name in names if storage.get_modified_time(name) < oldest]
    for start in range(0, len(old), AT_ONCE):
        part = old[start : start + AT_ONCE]
        kept = set(needing.filter(file__in=part).values_list("file", flat=True))
        for name in part:
            if name not in kept:
                storage.delete(name)
                yield name
