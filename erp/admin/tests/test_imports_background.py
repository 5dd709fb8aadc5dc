"""Large imports: by a real worker, which tells how far it is, may be killed in the middle, and may be asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse

from commodities.models import TradeType
from erp.admin.imports import jobs, tasks
from erp.admin.tests.pages import REASON
from erp.admin.tests.test_imports import as_csv, confirm, upload
from erp.events.models import Event
from erp.events.tests.test_capture import dsn
from erp.imports.models import ImportJob

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[3]
ROWS = 20_000
GIVE_UP_S = 120


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="module")
def large() -> bytes:
    return as_csv(*({"code": f"T{number}", "name": f"Type {number}"} for number in range(ROWS)))


@pytest.fixture
def worker(tmp_path):
    """`worker()` starts a process that works until no job is left. Ended with the test."""
    started = []
    setting = f"from erp.settings import *\nMEDIA_ROOT = {str(tmp_path)!r}\n"
    (tmp_path / "worker_settings.py").write_text(setting)

    def start():
        environment = {
            **os.environ,
            "DATABASE_URL": dsn_url(),
            "PGOPTIONS": "",
            "DJANGO_SETTINGS_MODULE": "worker_settings",
            "PYTHONPATH": f"{tmp_path}:{ROOT}",
        }
        command = [
            sys.executable,
            str(ROOT / "manage.py"),
            "procrastinate",
            "worker",
            "--one-shot",
            "--no-listen-notify",
        ]
        log = (tmp_path / f"worker{len(started)}.log").open("wb")
        started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def dsn_url() -> str:
    """The test database as an address."""
    given = dict(part.split("=", 1) for part in dsn().split())
    return f"postgresql://{given['user']}@/{given['dbname']}?host={given['host'].strip(chr(39))}"


def wait_for(condition, process) -> None:
    """Until it holds; not longer than a worker may need, and not for a worker that has ended."""
    give_up = time.monotonic() + GIVE_UP_S
    while not condition():
        assert process.poll() is None, "The worker ended before."
        assert time.monotonic() < give_up
        time.sleep(0.05)


def finish(process) -> None:
    assert process.wait(GIVE_UP_S) == 0


def is_writing() -> bool:
    job = ImportJob.objects.get()
    return job.step == "Writing" and 0 < job.done < job.total


def test_worker_killed_in_the_middle_leaves_nothing_and_another_one_does_it_all(desk, clerk, large, worker):
    page = upload(desk, large, model=TradeType)
    job = ImportJob.objects.get()
    assert (page.status_code, page.url, job.status) == (302, reverse("import_job", args=[job.pk]), "checking")
    finish(worker())
    page = desk.get(page.url)
    assert [count for _, count in page.context["totals"]] == [ROWS, 0, 0, 0]
    assert TradeType.objects.count() == 0
    assert confirm(desk, page, model=TradeType).status_code == 302

    killed = worker()
    seen = set()

    def in_the_middle() -> bool:
        seen.add(desk.get(reverse("import_progress", args=[job.pk])).json()["done"])
        return is_writing()

    wait_for(in_the_middle, killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert len(seen) >= 2
    wait_for_backends()
    job.refresh_from_db()
    written = Event.objects.filter(request_id=job.request_id)
    assert (TradeType.objects.count(), written.count(), job.status) == (0, 0, "writing")

    assert tasks.resume(stalled_s=0) == 1
    finish(worker())
    job.refresh_from_db()
    assert (job.status, job.done) == ("done", ROWS)
    assert TradeType.objects.filter(organization=clerk.organization).count() == ROWS
    assert written.filter(source="import", reason=REASON, actor_id=clerk.pk).count() == written.count() == ROWS


def wait_for_backends() -> None:
    """Until PostgreSQL has noticed that the killed worker is gone."""
    give_up = time.monotonic() + GIVE_UP_S
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND state <> 'idle' AND backend_type = 'client backend'"
            )
            if cursor.fetchone() == (0,):
                return
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_cancelled_import_stops_and_writes_nothing(desk, large, monkeypatch):
    monkeypatch.setattr(jobs, "TELL_EVERY_S", 0)
    upload(desk, large[:200_000].rpartition(b"\n")[0], model=TradeType)
    job = ImportJob.objects.get()
    desk.post(reverse("import_cancel", args=[job.pk]))
    tasks.run_import(str(job.pk))
    job.refresh_from_db()
    assert (job.status, TradeType.objects.count()) == ("cancelled", 0)
    assert "Cancelled: nothing was written." in desk.get(reverse("import_job", args=[job.pk])).content.decode()
