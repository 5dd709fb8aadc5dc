"""Files of requests and imports: evidence stays, what was broken off or is long over goes."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from erp.admin.sweeping import sweep
from erp.approvals import services
from erp.approvals.models import Attachment
from erp.approvals.tests.conftest import asked, guarded, house  # noqa: F401 (fixtures)
from erp.imports.models import ImportJob

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def age(path: Path, days: int) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def test_papers_of_ended_requests_stay_and_orphans_go(asked, guarded, client_for, folder):  # noqa: F811
    letter = SimpleUploadedFile("letter.pdf", b"%PDF-1.7 letter of the bank", "application/pdf")
    client_for(guarded.asha).post(reverse("approval", args=[asked.pk]), {"act": "attach", "file": letter})
    services.reject(asked, by=guarded.sunita, comment="Not the bank's letterhead")
    paper = folder / Attachment.objects.get().file.name
    orphan, fresh = paper.with_name("orphan"), paper.with_name("fresh")
    orphan.write_bytes(b"broken off")
    fresh.write_bytes(b"not committed yet")
    for path in (paper, orphan):
        age(path, 400)
    assert sweep() == [f"approvals/{asked.pk}/orphan"]
    assert (paper.exists(), orphan.exists(), fresh.exists()) == (True, False, True)
    assert client_for(guarded.sunita).get(
        reverse("approval_paper", args=[asked.pk, Attachment.objects.get().pk])
    ).status_code == 200  # fmt: skip


@pytest.mark.parametrize(
    ("status", "days", "stays"),
    [("done", 8, False), ("cancelled", 8, False), ("failed", 8, False), ("done", 6, True), ("checked", None, True)],
)
def test_file_of_an_import_goes_a_week_after_its_end(desk, clerk, folder, status, days, stays):
    job = ImportJob(
        user=clerk, organization_id=clerk.organization_id, kind="commodities.commodity", file_name="rows.csv",
        sha256="0" * 64, status=status, finished_at=days and timezone.now() - timedelta(days),
    )  # fmt: skip
    job.file.save(f"{job.pk}.bin", ContentFile(b"code\n"), save=False)
    job.save()
    age(folder / job.file.name, 30)
    assert sweep() == ([] if stays else [job.file.name])
    assert (folder / job.file.name).exists() is stays
    assert desk.get(reverse("import_job", args=[job.pk])).status_code == 200
