"""The other drill: somebody destroys the record, and the installation goes back to the moment before, as docs/operations.md says."""

from __future__ import annotations

import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.core.management import call_command

from erp import embedded
from erp.ledger.seal import seal
from erp.ledger.tests.test_backup import people, positions, write  # noqa: F401 (fixtures)
from erp.ledger.tests.test_restore import program
from erp.testing.installation import Installation, connected_as, installed
from erp.testing.services import ROOT, as_role

DOCS = (ROOT / "docs" / "operations.md").read_text()
DEPLOYED = (ROOT / "deploy" / "postgresql" / "postgresql.conf").read_text()
QUICK = {"fsync": "off"}


def said(name: str, text: str, **instead: str) -> str:
    """A setting as the documents have it, with paths and times of ours."""
    found = re.search(rf"^{name} = '?(.*?)'?( +#.*)?$", text, re.MULTILINE)
    assert found, name
    value = found[1]
    for theirs, ours in instead.items():
        value = value.replace(theirs, ours)
    return value


def base_backup(data: Path, source: str) -> None:
    """The options of the command in the documents."""
    command = re.search(r"`pg_basebackup (.*?) --pgdata=", DOCS)
    assert command
    embedded._run("pg_basebackup", *command[1].split(), f"--dbname={source}", data=data)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Path]:
    """`folder(name)` is a new one that the server's user may write."""

    def make(name: str) -> Path:
        made = tmp_path / name
        made.mkdir(mode=0o700)
        embedded._open_for_system_user(made)
        embedded._give_to_system_user(made)
        return made

    return make


@pytest.fixture
def archive(folder: Callable[[str], Path]) -> Path:
    return folder("archive")


@pytest.fixture
def installation(django_db_blocker: Any, tmp_path: Path, archive: Path, settings: Any) -> Iterator[Installation]:
    """In a server of its own that archives as deployed ones do; gone when somebody stops it."""
    settings.MEDIA_ROOT = tmp_path / "private"
    data = tmp_path / "primary"
    keep = said("archive_command", DEPLOYED, **{"/var/lib/postgresql/archive": str(archive)})
    options = {name: said(name, DEPLOYED) for name in ("wal_level", "wal_compression", "archive_mode")}
    host = embedded.start(data, options={**QUICK, **options, "archive_command": keep})
    server = f"postgresql://{embedded.USER}@/{embedded.DATABASE}?{urlencode({'host': host})}"
    with psycopg.connect(server, autocommit=True) as session:
        session.execute((ROOT / "deploy" / "postgresql" / "roles.sql").read_text())
        session.execute(f"ALTER DATABASE {embedded.DATABASE} OWNER TO erp_owner")
    with django_db_blocker.unblock():
        with installed() as source:
            program("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", source.url("postgres"))
        program("pg_restore", "--exit-on-error", f"--dbname={server}", tmp_path / "dump")
        yield Installation(embedded.DATABASE, server)
    embedded.stop(data)


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "restored"
    yield data
    embedded.stop(data)


def test_the_record_goes_back_to_the_moment_before_it_was_destroyed(
    installation: Installation,
    write: Callable[[str], Any],  # noqa: F811
    folder: Callable[[str], Path],
    archive: Path,
    restored: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with connected_as(installation.url("erp_app")):
        assert write("BASE").status_code == 201
    base = folder("base")
    base_backup(base, installation.url("postgres"))
    with connected_as(installation.url("erp_app")):
        assert write("KEPT").status_code == 201
        head, before = seal(), positions()
        assert head is not None
        assert head.size == before[-1]
    with psycopg.connect(installation.url("postgres"), autocommit=True) as session:
        (moment,) = session.execute("SELECT clock_timestamp()::text").fetchone() or ()
        with connected_as(installation.url("erp_app")):
            assert write("LATER").status_code == 201
        session.execute("DROP TABLE event CASCADE")
    embedded.stop(tmp_path / "primary")
    shutil.rmtree(tmp_path / "primary")

    restored.mkdir(mode=0o700)
    embedded._give_to_system_user(restored)
    for name, place in (("base", restored), ("pg_wal", restored / "pg_wal")):
        with tarfile.open(base / f"{name}.tar.gz") as packed:
            packed.extractall(place, filter="tar")
    shutil.copy(base / "backup_manifest", restored)
    program("pg_verifybackup", restored)
    (restored / "recovery.signal").touch()
    for path in restored.rglob("*"):
        embedded._give_to_system_user(path)
    options = {
        "restore_command": said("restore_command", DOCS, **{"/archive": str(archive)}),
        "recovery_target_time": moment,
        "recovery_target_action": said("recovery_target_action", DOCS),
    }
    host = embedded.start(restored, options=QUICK | options)
    server = f"postgresql://{embedded.USER}@/{embedded.DATABASE}?{urlencode({'host': host})}"
    with psycopg.connect(server, autocommit=True) as session:
        while session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            pass

    with connected_as(as_role(server, "erp_app", embedded.DATABASE)):
        assert positions() == before
        assert write("KEPT").status_code == 400  # it is there
        assert write("LATER").status_code == 201  # it is not
        seal()
        call_command("audit_verify")
        assert ", 0 findings." in capsys.readouterr().out
