"""A change in one server process bites on the very next request in another one, with Redis, without it, and in between."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request as Call
from urllib.request import urlopen

import psycopg
import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection

from accounts import api_keys
from accounts.models import User
from accounts.tests.signin import Program, signed_in
from erp import caches, snapshots
from erp.events.tests.test_capture import dsn
from erp.testing.fixtures import PASSWORD
from erp.testing.roles import as_owner
from erp.tests.test_ratelimits_outage import Server

pytestmark = pytest.mark.django_db(transaction=True)

COMMAND = (
    "import erp.wsgi; from wsgiref.simple_server import make_server; from erp.tests.test_ratelimits_processes import Quiet\n"
    "server = make_server('127.0.0.1', 0, erp.wsgi.application, handler_class=Quiet)\n"
    "print(server.server_port, flush=True); server.serve_forever()"
)


@pytest.fixture(scope="module")
def valkey() -> Iterator[Server]:
    with TemporaryDirectory(prefix="cotton-") as folder:
        server = Server(folder)
        yield server
        server.end()


@contextmanager
def serving(valkey: Server) -> Iterator[int]:
    """Another server process: the test's database, this Valkey."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": valkey.url, "SECURE_SSL_REDIRECT": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND], cwd=configured.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def port(django_db_setup: None, valkey: Server) -> Iterator[int]:
    """The other process of all tests here, which goes through all that they do to its Valkey."""
    with serving(valkey) as port:
        yield port


def asking(port: int) -> Callable[[str], int]:
    """Status that this process answers to who brings these credentials."""

    def ask(token: str) -> int:
        call = Call(f"http://127.0.0.1:{port}/api/v1/partners", headers={"Authorization": f"Bearer {token}"})
        try:
            with urlopen(call) as answer:
                return int(answer.status)
        except HTTPError as refusal:
            refusal.close()
            return refusal.code

    return ask


@pytest.fixture
def unharmed(valkey: Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The Valkey, running, also for the test's own process."""
    valkey.back()
    settings.REDIS_URL = valkey.url
    options = {"SOCKET_CONNECT_TIMEOUT": 1.0, "SOCKET_TIMEOUT": 1.0}
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": valkey.url, "OPTIONS": options}}
    monkeypatch.setattr(caches, "breaker", caches.Breaker())
    yield valkey
    valkey.back()
    get_redis_connection("default").flushall()


@pytest.fixture
def other(port: int, unharmed: Server) -> Callable[[str], int]:
    """Status that the other process answers to who brings these credentials."""
    return asking(port)


def warm(ask: Callable[[str], int], token: str) -> None:
    assert [ask(token) for _ in range(3)] == [200, 200, 200]


def take_permission(user: User) -> None:
    group: Group = user.groups.get()
    with as_owner():  # a release does
        group.permissions.remove(Permission.objects.get(codename="view_businesspartner"))


ACTS: dict[str, tuple[Callable[[User, Program], Any], int]] = {
    "logout": (lambda user, program: program.post("logout"), 401),
    "password": (
        lambda user, program: program.post("password", {"current_password": PASSWORD, "new_password": "other-2026-x"}),
        401,
    ),
    "user": (lambda user, program: User.objects.filter(pk=user.pk).update(is_active=False), 401),
    "must_change": (lambda user, program: User.objects.filter(pk=user.pk).update(must_change_password=True), 403),
    "role": (lambda user, program: user.groups.clear(), 403),
    "permission": (lambda user, program: take_permission(user), 403),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_change_bites_in_the_other_process(name: str, other: Any, internal_user: Any) -> None:
    act, expected = ACTS[name]
    user = internal_user("viewer")
    program = signed_in(user)
    token = program.access
    warm(other, token)
    act(user, program)
    assert other(token) == expected


def test_an_inactive_organization_or_partner_opens_nothing(other: Any, internal_user: Any, external_user: Any) -> None:
    inside, outside = internal_user("viewer"), external_user
    for user, owner in ((outside, outside.partner), (inside, inside.organization)):
        token = signed_in(user).access
        warm(other, token)
        owners = type(owner).objects.filter(pk=owner.pk)
        owners.update(is_active=False)
        assert other(token) == 401
        owners.update(is_active=True)
        assert other(token) == 200


def test_a_revoked_key_opens_nothing(other: Any, internal_user: Any) -> None:
    until = timezone.now() + datetime.timedelta(days=9)
    key, text = api_keys.issue(internal_user("viewer"), name="Weighbridge", expires_at=until)
    warm(other, text)
    api_keys.revoke(key)
    assert other(text) == 401


def test_the_other_process_does_use_a_snapshot(unharmed: Server, internal_user: Any) -> None:
    """The control: nobody tells it of what is written past the application. It learns of that within 30 seconds.

    In a process of its own: one that has just lost its Valkey uses no snapshots for some seconds.
    """
    user = internal_user("viewer")
    token = signed_in(user).access
    with serving(unharmed) as port, psycopg.connect(dsn()) as raw:
        ask = asking(port)
        warm(ask, token)
        raw.execute(
            "UPDATE accounts_authsession SET revoked_at = now(), revoke_reason = 'admin' WHERE user_id = %s", [user.pk]
        )
        raw.commit()
        assert ask(token) == 200
        snapshots.raise_epochs([str(user.pk)])
        assert ask(token) == 401


@pytest.mark.parametrize("harm", [Server.kill, Server.stop], ids=["killed", "stopped"])
def test_a_change_bites_while_redis_is_away(harm: Any, other: Any, valkey: Server, internal_user: Any) -> None:
    program = signed_in(internal_user("viewer"))
    token = program.access
    warm(other, token)
    harm(valkey)
    assert program.post("logout").status_code == 204
    assert other(token) == 401


def test_a_change_while_redis_was_away_bites_when_it_is_back(other: Any, valkey: Server, internal_user: Any) -> None:
    """The other process makes no request in between, and so never notices that Redis was away."""
    program = signed_in(internal_user("viewer"))
    token = program.access
    warm(other, token)
    valkey.kill()
    assert program.post("logout").status_code == 204
    valkey.back()
    assert other(token) == 401
