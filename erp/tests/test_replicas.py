"""A real standby of the test server: what is read there, what never is, and what happens when it lags or dies."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MethodType
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from redis.exceptions import RedisError

from erp import embedded, replicas
from erp.testing.fixtures import make, make_user

ALIAS = "replica1"
PLACES = "/api/v1/settings/locations"


@pytest.fixture(scope="module")
def standby() -> Iterator[Path]:
    """Data directory of a running standby; its replay can be paused."""
    base = Path(settings.BASE_DIR) / "var"
    with TemporaryDirectory(prefix="standby-", dir=base) as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        embedded._open_for_system_user(data)
        embedded._give_to_system_user(data)
        source = psycopg.conninfo.make_conninfo(
            host=settings.DATABASES["default"]["HOST"] or settings.DATABASES["default"]["OPTIONS"]["host"],
            user="postgres",
        )
        embedded._run(
            "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", f"--dbname={source}", data=data
        )
        (data / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary's
        embedded.start(data, options={"fsync": "off", "max_connections": "300", "max_locks_per_transaction": "256"})
        try:
            yield data
        finally:
            embedded.stop(data)


def replay(data: Path, *, paused: bool) -> None:
    with psycopg.connect(
        host=embedded._socket_folder(data), user="postgres", dbname="postgres", autocommit=True
    ) as server:
        server.execute(f"SELECT pg_wal_replay_{'pause' if paused else 'resume'}()")
        wanted = "paused" if paused else "not paused"
        while server.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != (wanted,):
            pass


def catch_up(data: Path) -> None:
    """Returns once the standby has all that the primary has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        (position,) = cursor.fetchone()
    with psycopg.connect(
        host=embedded._socket_folder(data), user="postgres", dbname="postgres", autocommit=True
    ) as server:
        while server.execute("SELECT pg_last_wal_replay_lsn() >= %s", [position]).fetchone() != (True,):
            pass


@pytest.fixture
def replicated(standby: Path, django_db_blocker: Any, transactional_db: None, settings: Any) -> Iterator[Path]:
    """The settings of a deployment with this standby."""
    own = {**connections.databases["default"], "HOST": embedded._socket_folder(standby), "OPTIONS": {}}
    connections.databases[ALIAS] = own
    # Django's tests forbid connections to aliases that they did not set up; the standby is none of theirs.
    connections[ALIAS].ensure_connection = MethodType(django_db_blocker._real_ensure_connection, connections[ALIAS])
    settings.DATABASE_REPLICAS = [ALIAS]
    replicas._standbys.clear()
    catch_up(standby)
    yield standby
    connections[ALIAS].close()
    del connections.databases[ALIAS]
    delattr(connections._connections, ALIAS)
    replicas._standbys.clear()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Aliases of the databases that locations were read from, in order."""
    seen: list[str] = []
    route = replicas.Router.db_for_read

    def db_for_read(router: Any, model: Any, **hints: Any) -> str:
        alias = route(router, model, **hints)
        if model._meta.label == "locations.Location":
            seen.append(alias)
        return alias

    monkeypatch.setattr(replicas.Router, "db_for_read", db_for_read)
    return seen


def signed_in(user: Any) -> Client:
    client = Client()
    answer = client.post(
        "/api/v1/auth/login",
        {"username": user.email, "password": "cotton-test-2026"},
        content_type="application/json",
    )
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access_token']}"
    return client


@pytest.fixture
def clerk() -> Any:
    house = make("organizations.tests.factories.OrganizationFactory")
    return make_user("INTERNAL", role="org_admin", organization=house)


def body(place: Any) -> dict[str, str]:
    return {"code": "RYW1", "name": "Newest", "kind": "city", "country": place.country_id, "timezone": "Asia/Kolkata"}


def test_reads_go_to_a_standby_that_has_what_the_caller_wrote(replicated: Path, clerk: Any, reads: list[str]) -> None:
    place = make("locations.tests.factories.LocationFactory", organization=clerk.organization)
    client = signed_in(clerk)
    catch_up(replicated)
    reads.clear()
    assert client.get(f"{PLACES}/{place.pk}").status_code == 200
    assert set(reads) == {ALIAS}, (
        "a caller who wrote nothing is read from the standby, here after his sign-in was replayed"
    )

    replay(replicated, paused=True)
    reads.clear()
    try:
        created = client.post(PLACES, body(place), content_type="application/json")
        assert created.status_code == 201
        assert client.get(created["Location"]).json()["name"] == "Newest"
        assert set(reads) == {"default"}, "the standby has not replayed the write: its author reads the primary"
    finally:
        replay(replicated, paused=False)
    catch_up(replicated)
    reads.clear()
    assert client.get(created["Location"]).json()["name"] == "Newest"
    assert set(reads) == {ALIAS}


def test_a_role_that_ended_ends_now_however_far_the_standby_lags(
    replicated: Path, clerk: Any, reads: list[str]
) -> None:
    client = signed_in(clerk)
    catch_up(replicated)
    replay(replicated, paused=True)
    try:
        get_user_model()._default_manager.filter(pk=clerk.pk).update(is_active=False)
        assert client.get(PLACES).status_code == 401
    finally:
        replay(replicated, paused=False)


def test_the_primary_is_read_while_the_cache_is_away(
    replicated: Path, clerk: Any, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(clerk)
    catch_up(replicated)

    def away(*args: Any) -> None:
        raise RedisError("away")

    monkeypatch.setattr(cache, "get", away, raising=False)
    assert client.get(PLACES).status_code == 200
    assert set(reads) == {"default"}


def test_a_standby_that_dies_costs_nobody_an_answer(replicated: Path, clerk: Any, reads: list[str]) -> None:
    place = make("locations.tests.factories.LocationFactory", organization=clerk.organization)
    client = signed_in(clerk)
    catch_up(replicated)
    reads.clear()
    assert client.get(f"{PLACES}/{place.pk}").status_code == 200
    assert set(reads) == {ALIAS}
    # Ends our connection in the middle: the next request still believes in the standby.
    with psycopg.connect(
        host=embedded._socket_folder(replicated), user="postgres", dbname="postgres", autocommit=True
    ) as server:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    replicas._standbys[ALIAS].known_at = float("inf")
    reads.clear()
    assert client.get(f"{PLACES}/{place.pk}").status_code == 200
    assert reads[-1] == "default"
    reads.clear()
    assert client.get(PLACES).status_code == 200
    assert set(reads) == {"default"}, "a standby that failed is left alone"


def test_a_server_process_limits_its_statements(tmp_path: Path) -> None:
    script = (
        "from erp.wsgi import application\nfrom django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('SHOW statement_timeout'); print(cursor.fetchone()[0])\n"
        "    cursor.execute('SHOW idle_in_transaction_session_timeout'); print(cursor.fetchone()[0])\n"
    )
    environment = {**os.environ, "DB_STATEMENT_TIMEOUT_MS": "7000", "DATABASE_URL": _server_url()}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=settings.BASE_DIR,
    )
    assert done.stdout.split() == ["7s", "1min"], done.stderr


def _server_url() -> str:
    """A database that is there, whatever this run calls its own."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
