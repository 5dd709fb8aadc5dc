"""`manage.py doctor` on a database as production has it: what is well is said to be well, and each fault has its way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from erp.ledger import keys
from erp.ops import doctor
from erp.testing.installation import Installation, connected_as, installed

CHECKED = {"database", *doctor.CHECKS, *doctor.DATABASE_CHECKS}
HEARTBEAT = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))"


@pytest.fixture(scope="module")
def installation(django_db_blocker: Any) -> Iterator[Installation]:
    with django_db_blocker.unblock(), installed() as made:
        yield made


@pytest.fixture(autouse=True)
def production(installation: Installation, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Connected as the application's role, with a folder for papers and few processes."""
    settings.MEDIA_ROOT = tmp_path / "private"
    settings.WEB_CONCURRENCY = 2
    Path(settings.AUDIT_SIGNING_KEY_FILE).chmod(0o400)
    with connected_as(installation.url("erp_app")):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
            cursor.execute("DELETE FROM procrastinate_workers")
            cursor.execute(HEARTBEAT, [5])
        yield


def said(name: str) -> list[tuple[str, str, str]]:
    """(level, fact, way out) of one check: the others would take their time in every test."""
    check = doctor.database if name == "database" else {**doctor.CHECKS, **doctor.DATABASE_CHECKS}[name]
    return [(finding.level, finding.fact, finding.way_out) for finding in doctor._look(name, check)]


def one(name: str) -> tuple[str, str, str]:
    [finding] = said(name)
    return finding


def test_a_deployment_that_is_well_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.CHECKS, "django", lambda: [doctor.ok("Well.")])
    call_command("audit_seal")
    out = StringIO()
    with suppress(SystemExit):  # the lines say more
        call_command("doctor", stdout=out)
    *lines, total = out.getvalue().splitlines()
    warned = [line.split(maxsplit=1)[1].split("  ")[0] for line in lines if line.startswith("warning")]
    assert (warned, [line for line in lines if line.startswith("error")]) == (["file scanner"], [])
    assert total.startswith("0 errors, 1 warnings, ")
    assert lines[0].startswith("warning  file scanner  FILE_SCANNER is empty")


def test_errors_stand_first_and_end_with_1(settings: Any) -> None:
    out = StringIO()
    settings.AUDIT_SIGNING_KEY_FILE = ""
    with pytest.raises(SystemExit) as end:
        call_command("doctor", "--json", stdout=out)
    assert end.value.code == 1
    found = json.loads(out.getvalue())["findings"]
    assert {finding["name"] for finding in found} == CHECKED
    levels = [finding["level"] for finding in found]
    assert levels == sorted(levels, key=["error", "warning", "ok"].index)
    assert [finding["way_out"] for finding in found if finding["level"] == "ok" or not finding["way_out"]] == [
        ""
    ] * levels.count("ok")


def test_what_check_deploy_says_is_found(settings: Any) -> None:
    settings.AUDIT_SIGNING_KEY_FILE = ""
    assert ("error", "ledger.E001: AUDIT_SIGNING_KEY_FILE is not set: nothing will be sealed.", keys.MAKE_ONE) in said(
        "django"
    )


@pytest.mark.parametrize(
    ("mode", "level", "fact"),
    [
        (0o400, "ok", "mode 0400, key"),
        (0o600, "ok", "mode 0600, key"),
        (0o440, "warning", "mode 0440: others on this machine may read it."),
        (0o404, "warning", "mode 0404: others on this machine may read it."),
        (0o620, "error", "mode 0620: others may put another key there."),
        (0o602, "error", "mode 0602: others may put another key there."),
    ],
)
def test_mode_of_the_signing_key(settings: Any, mode: int, level: str, fact: str) -> None:
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    path.chmod(mode)
    found = one("signing key")
    assert (found[0], fact in found[1], f"chmod 0400 {path}" in found[2]) == (level, True, level != "ok")


def test_signing_key_that_is_gone(settings: Any) -> None:
    settings.AUDIT_SIGNING_KEY_FILE = "/nowhere/key.pem"
    level, fact, way_out = one("signing key")
    assert (level, fact) == (
        "error", f"The signing key /nowhere/key.pem can't be read: No such file or directory. {keys.MAKE_ONE}",
    )  # fmt: skip
    assert "AUDIT_SIGNING_KEY_FILE" in way_out


def test_index_that_was_never_finished(installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_owner"), autocommit=True) as owner:
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("CREATE UNIQUE INDEX CONCURRENTLY broken_off ON django_migrations ((1))")
        try:
            level, fact, way_out = one("indexes")
        finally:
            owner.execute("DROP INDEX broken_off")
    assert (level, fact) == ("error", "Index broken_off is invalid: it costs writes and answers nothing.")
    assert "REINDEX INDEX CONCURRENTLY broken_off" in way_out
    assert one("indexes")[0] == "ok"


class Valkey:
    """A client that tells what the server of a fault would."""

    policy, away_s = "noeviction", 0.0

    def info(self, section: str) -> dict[str, str]:
        return {"maxmemory_policy": self.policy}

    def time(self) -> tuple[int, int]:
        return int(doctor.time.time() + self.away_s), 999_999


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Valkey:
    server = Valkey()
    client = SimpleNamespace(get_client=lambda: server)
    monkeypatch.setattr(doctor, "cache", SimpleNamespace(client=client))
    return server


def test_cache_that_evicts_what_counts(valkey: Valkey) -> None:
    valkey.policy = "allkeys-lru"
    level, fact, way_out = said("cache")[0]
    assert (level, fact.split(":")[0]) == ("warning", "maxmemory-policy is allkeys-lru")
    assert "Set maxmemory-policy to volatile-lru" in way_out


def test_clock_of_the_cache_that_is_wrong(valkey: Valkey) -> None:
    valkey.away_s = -60
    level, fact, way_out = said("cache")[-1]
    assert (level, fact.split(" is ")[0], "NTP" in way_out) == ("error", "The cache's clock", True)


def test_cache_that_is_away(settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    level, fact, way_out = one("cache")
    assert (level, bool(way_out)) == ("error", True)
    assert fact.startswith("The check fails with ConnectionError: Error 111 connecting to 127.0.0.1:1")


def test_database_that_is_away_is_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("no route to postgresql://cotton:hunter22@db.example")

    monkeypatch.setattr(doctor, "_rows", away)
    found = doctor.diagnose()
    assert {finding.name for finding in found} == {"database", *doctor.CHECKS}
    [away_finding] = [finding for finding in found if finding.name == "database"]
    assert away_finding.level == "error"
    assert away_finding.fact == "The check fails with OperationalError: no route to postgresql://[removed]@db.example"


def test_migration_that_is_not_applied(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_owner"), autocommit=True) as owner:
        gone = owner.execute(
            "DELETE FROM django_migrations WHERE app = 'sessions' RETURNING app, name, applied"
        ).fetchall()
        try:
            found = one("migrations")
        finally:
            owner.cursor().executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", gone)
    way_out = "Run `manage.py migrate`, then `manage.py grant_roles`, as the owner."
    assert found == ("error", "Not applied: sessions.0001_initial.", way_out)


def test_more_processes_than_the_server_has_connections(settings: Any) -> None:
    settings.WEB_CONCURRENCY, settings.WEB_THREADS, settings.DB_POOL_MAX = 100, 8, 0
    level, fact, way_out = one("connections")
    assert (level, fact) == ("error", "Web 100 × 8, 6 for a worker, 6 to spare: 812 of max_connections = 300.")
    assert "DB_POOL_MAX" in way_out


def test_pooler_opens_what_its_own_settings_say(settings: Any) -> None:
    settings.WEB_CONCURRENCY, settings.DATABASE_DIRECT_URL = 100, "postgresql:///cotton"
    level, fact, _ = one("connections")
    assert (level, fact.split(".")[0]) == (
        "ok", "Web through a pooler, 6 for a worker, 6 to spare: 12 of max_connections = 300",
    )  # fmt: skip


def test_storage_that_can_not_be_written(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "private"
    level, fact, way_out = one("storage")
    assert (level, fact) == ("error", f"{settings.MEDIA_ROOT} can't be written: Not a directory.")
    assert "user of web and worker" in way_out


def test_storage_that_is_read_only(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def read_only(**_: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", read_only)
    assert one("storage")[:2] == ("error", f"{settings.MEDIA_ROOT} can't be written: Read-only file system.")


def test_owner_and_superuser_are_no_role_for_the_application(installation: Installation, settings: Any) -> None:
    for name, power in (("erp_owner", "can become the owner of the database"), ("postgres", "is a superuser")):
        with connected_as(installation.url(name)):
            level, fact, way_out = one("role")
            assert (level, fact.startswith(f"{name} {power}"), doctor.ROLES in way_out) == ("error", True, True)
            settings.DEBUG = True
            assert one("role")[0] == "warning"
            settings.DEBUG = False


def test_grants_that_a_migration_left_out_or_somebody_added(installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_owner"), autocommit=True) as owner:
        owner.execute("CREATE TABLE newly_made (id int)")
        owner.execute("GRANT DELETE ON event TO erp_app")
        try:
            found = said("role")
        finally:
            owner.execute("DROP TABLE newly_made")
            owner.execute("REVOKE DELETE ON event FROM erp_app")
    assert [(level, fact) for level, fact, _ in found] == [
        ("error", "erp_app may not read newly_made."),
        ("error", "erp_app may rewrite the record: event."),
    ]
    assert all("manage.py grant_roles" in way_out for _, _, way_out in found)


def test_record_that_is_switched_off(installation: Installation) -> None:
    with psycopg.connect(installation.url("erp_owner"), autocommit=True) as owner:
        owner.execute("ALTER TABLE commodities_tradetype DISABLE TRIGGER erp_capture_update")
        try:
            level, fact, way_out = one("record")
        finally:
            owner.execute("ALTER TABLE commodities_tradetype ENABLE ALWAYS TRIGGER erp_capture_update")
    assert (level, "erp_capture_update on commodities_tradetype" in fact, "migrate" in way_out) == ("error", True, True)


def test_queue_without_a_worker_and_with_jobs_that_failed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('default', 'a', '{}', 'failed')"
        )
    assert [(level, fact) for level, fact, _ in said("queue")] == [
        ("error", "No worker runs."), ("warning", "1 jobs were given up."),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(HEARTBEAT, [900])
    assert said("queue")[0][1].startswith("No worker was heard of for 90")


def test_events_that_nobody_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SEAL_LAG_S", -1)
    level, fact, way_out = said("ledger")[0]
    assert (level, fact.startswith("The oldest event without a signed head is ")) == ("error", True)
    assert way_out == "See docs/operations.md#sealing."


@pytest.mark.parametrize(
    ("host", "options", "level"),
    [
        ("db.example", {}, "warning"),
        ("db.example", {"sslmode": "prefer"}, "warning"),
        ("db.example", {"sslmode": "verify-full"}, "ok"),
        ("127.0.0.1", {}, "ok"),
        ("", {"host": "/run/postgresql"}, "ok"),
        ("", {"host": "db.example"}, "warning"),
    ],
)
def test_database_elsewhere_without_tls(monkeypatch: pytest.MonkeyPatch, host: str, options: Any, level: str) -> None:
    monkeypatch.setattr(doctor.settings, "DATABASES", {"default": {"HOST": host, "OPTIONS": options}})
    [(said_level, _, way_out)] = doctor.tls()
    assert (said_level, "sslmode=verify-full" in way_out) == (level, level == "warning")


def test_standbys_that_are_away_or_none(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DATABASE_REPLICAS = ["default", "gone"]
    findings = list(doctor.standbys())
    assert [finding[:2] for finding in findings] == [
        ("error", "default is no standby."), ("error", "gone fails with ConnectionDoesNotExist."),
    ]  # fmt: skip
    monkeypatch.setattr(doctor.replicas.Standby, "ask", lambda standby: vars(standby).update(position=1, lag_s=600.0))
    assert next(doctor.standbys())[:2] == (
        "warning", "default replayed its last transaction 600 s ago.",
    )  # fmt: skip
