"""The drill: back up, lose everything, restore into a new cluster, go on as if nothing had happened."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from erp.approvals import guards
from erp.ledger import backup
from erp.ledger.seal import seal
from erp.ledger.tests.test_restore import fresh_cluster, program  # noqa: F401 (a fixture)
from erp.testing.fixtures import PASSWORD, make, make_user
from erp.testing.installation import Installation, connected_as, installed
from erp.testing.services import ROOT, as_role

URL = "/api/v1/settings/trade-types"


@pytest.fixture
def installation(django_db_blocker: Any, tmp_path: Path, settings: Any) -> Iterator[Installation]:
    settings.MEDIA_ROOT = tmp_path / "private"
    (tmp_path / "private" / "papers").mkdir(parents=True)
    (tmp_path / "private" / "papers" / "one.pdf").write_bytes(b"%PDF-1.7 one")
    with django_db_blocker.unblock(), installed() as made:
        yield made


@pytest.fixture
def people(installation: Installation) -> tuple[Any, Any]:
    """A super admin and a house."""
    with connected_as(installation.url("erp_owner")), transaction.atomic(), guards.four_eyes_off():
        return make_user("SUPER_ADMIN"), make("organizations.tests.factories.OrganizationFactory")


@pytest.fixture
def write(people: tuple[Any, Any]) -> Callable[[str], Any]:
    """`write(code)` makes a record by the API; one token for all of them, from before the loss."""
    user, house = people
    held: dict[str, str] = {}

    def send(code: str) -> Any:
        if not held:
            answer = Client().post(
                "/api/v1/auth/login", {"username": user.email, "password": PASSWORD}, content_type="application/json"
            )
            held["Authorization"] = f"Bearer {answer.json()['access_token']}"
        body = {"organization": str(house.pk), "code": code, "name": code}
        return Client(headers=held).post(URL, body, content_type="application/json")

    return send


def positions() -> list[int]:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT event_sequence(); SELECT position FROM event_position ORDER BY position")
        cursor.nextset()
        return [position for (position,) in cursor.fetchall()]


def test_lost_installation_goes_on_from_its_backup(
    installation: Installation,
    write: Callable[[str], Any],
    fresh_cluster: str,  # noqa: F811
    tmp_path: Path,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with connected_as(installation.url("erp_app")):
        assert write("BEFORE").status_code == 201
        before, head = positions(), seal()
        assert head is not None
        assert head.size == before[-1]
    with connected_as(installation.url("erp_auditor")):
        folder, manifest = backup.back_up(tmp_path / "backups")
    assert (manifest["position"], manifest["pending"], manifest["events"]) == (before[-1], 0, len(before))
    assert manifest["head"] == {"size": head.size, "root": bytes(head.root).hex(), "checkpoint": head.checkpoint}
    assert list(manifest["files"]) == ["papers/one.pdf"]

    # Everything is lost but the backup and the keys.
    shutil.rmtree(settings.MEDIA_ROOT)
    with psycopg.connect(fresh_cluster, autocommit=True) as server:
        server.execute((ROOT / "deploy" / "postgresql" / "roles.sql").read_text())
        server.execute("CREATE DATABASE restored OWNER erp_owner")
    new = {role: as_role(fresh_cluster, role, "restored") for role in ("postgres", "erp_owner", "erp_app")}
    program("pg_restore", "--exit-on-error", f"--dbname={new['postgres']}", folder / backup.DUMP)
    shutil.copytree(folder / backup.FILES, settings.MEDIA_ROOT)
    with connected_as(new["erp_owner"]):
        call_command("grant_roles", stdout=None)
        call_command("grant_roles", check=True)

    with connected_as(new["erp_app"]):
        call_command("restore_check", folder)
        assert "0 differences." in capsys.readouterr().out
        assert write("AFTER").status_code == 201  # with the token from before
        assert write("BEFORE").status_code == 400  # it is there
        after = positions()
        assert after[: len(before)] == before
        assert after == list(range(1, after[-1] + 1))
        assert after[-1] > before[-1]
        newest = seal()
        assert newest is not None
        assert newest.size == after[-1]
        call_command("audit_verify")
        assert ", 0 findings." in capsys.readouterr().out
        # Somebody goes back further than the backup: that shows.
        manifest["position"] += 1_000
        assert list(backup.differences(manifest)) == [
            f"position: the backup has {before[-1] + 1_000}, the database {positions()[-1]}."
        ]


def test_backup_with_a_changed_or_missing_file_is_refused(installation: Installation, tmp_path: Path) -> None:
    with connected_as(installation.url("erp_auditor")):
        folder, _ = backup.back_up(tmp_path / "backups")
    assert backup.read(folder)["files"]
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [folder.name]
    (folder / backup.FILES / "papers" / "one.pdf").write_bytes(b"%PDF-1.7 two")
    with pytest.raises(CommandError, match=r"files/papers/one\.pdf of 1 differ from the manifest or are missing"):
        call_command("restore_check", folder, files_only=True)
    (folder / backup.MANIFEST).write_text(json.dumps({"dump": ""}))
    with pytest.raises(CommandError, match="is no backup"):
        call_command("restore_check", folder)


def test_failed_backup_leaves_nothing_and_says_why(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_program", lambda name: "/bin/false")
    with (
        connected_as(installation.url("erp_auditor")),
        pytest.raises(CommandError, match="pg_dump failed, nothing was"),
    ):
        call_command("backup", tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
