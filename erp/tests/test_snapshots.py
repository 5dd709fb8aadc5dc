"""Snapshots of sign-ins: as many as there may be, as old as they may be, and everybody's own."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from erp import snapshots
from erp.snapshots import MOST, Lru, Snapshot

GENERATION = b"g"


def test_twenty_thousand_sign_ins_take_the_room_of_ten_thousand() -> None:
    kept: Lru[int] = Lru()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: kept.keep(number, number + 1), range(20_000)))
    assert len(kept) == MOST
    assert all(value == key + 1 for key, value in kept._values.items())


def test_the_one_that_was_used_longest_ago_makes_room() -> None:
    kept: Lru[int] = Lru(size=2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.find("a") == 1
    kept.keep("c", 3)
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == (1, None, 3)


class TestStanding:
    def test_it_stands_with_its_epochs_and_for_ten_seconds(self) -> None:
        snapshot = Snapshot(
            "session:1", None, GENERATION, read_at=snapshots.time.monotonic(), epochs=(GENERATION, None)
        )
        assert snapshot.is_current((GENERATION, None))
        assert not snapshot.is_current((GENERATION, b"raised"))
        assert not snapshot.is_current((b"another", None))
        assert not snapshot.is_current(None), "Redis said nothing"
        snapshot.read_at -= snapshots.LIFETIME_S
        assert not snapshot.is_current((GENERATION, None))

    @pytest.mark.parametrize(
        ("before", "epochs", "good"),
        [
            (GENERATION, (GENERATION, None, None), True),
            (GENERATION, (GENERATION, None, b"raised a moment ago"), False),
            (b"another", (GENERATION, None, None), False),
            (None, (GENERATION, None, None), False),
            (GENERATION, None, False),
        ],
    )
    def test_epochs_that_were_read_after_the_row(self, before: Any, epochs: Any, good: bool) -> None:
        snapshot = Snapshot("session:1", None, before)
        snapshot.confirm(epochs)
        assert (snapshot.epochs is not None) is good


@pytest.mark.django_db
class TestDoors:
    """Whatever statement changes a user, the connection that sent it hears of it."""

    def kept(self, user: Any) -> int:
        session = apps.get_model("accounts", "AuthSession")(user=user)
        snapshots.store.keep("session:x", Snapshot("session:x", session, GENERATION))
        return len(snapshots.store)

    @pytest.mark.parametrize(
        "act",
        [
            lambda user: user.save(),
            lambda user: type(user).objects.filter(pk=user.pk).update(full_name="Asha Shah"),
            lambda user: connection.cursor().execute(
                "UPDATE accounts_user SET full_name = 'Asha Shah' WHERE id = %s", [user.pk]
            ),
            lambda user: (
                user.groups.add(*apps.get_model("auth.Group").objects.filter(name="trader")[:1]) or user.groups.clear()
            ),
            lambda user: type(user.organization).objects.filter(pk=user.organization_id).update(name="Another name"),
        ],
        ids=["save", "update", "raw", "groups", "organization"],
    )
    def test_a_change_is_forgotten_at_once(self, act: Any, internal_user: Any) -> None:
        user = internal_user("viewer")
        user.full_name = "Asha Patel"
        assert self.kept(user) == 1
        act(user)
        assert len(snapshots.store) == 0

    def test_what_changes_nothing_is_no_change(self, internal_user: Any) -> None:
        user = internal_user("viewer")
        self.kept(user)
        type(user).objects.filter(pk=user.pk).update(full_name=user.full_name)
        assert len(snapshots.store) == 1

    def test_a_rollback_raises_nothing(self, internal_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        user = internal_user("viewer")
        raised: list[Any] = []
        monkeypatch.setattr(snapshots, "raise_epochs", raised.append)
        with transaction.atomic():
            type(user).objects.filter(pk=user.pk).update(full_name="Asha Shah")
            transaction.set_rollback(True)
        assert raised == []


@pytest.mark.django_db
def test_a_twin_may_be_changed_without_harm(internal_user: Any) -> None:
    user = internal_user("viewer")
    session = apps.get_model("accounts", "AuthSession")(user=user)
    twin = snapshots.twin(session)
    with CaptureQueriesContext(connection) as queries:
        twin.user.full_name, twin.user.organization.name = "Changed", "Changed"
    assert not queries
    assert (twin.user.pk, twin == session) == (user.pk, True)
    assert user.full_name != "Changed"
    assert user.organization.name != "Changed"


def test_a_raise_that_failed_is_made_up_for(settings: Any, monkeypatch: Any, caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL, "erp.snapshots")
    good, settings.REDIS_URL = settings.CACHES, "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {**good["default"], "LOCATION": settings.REDIS_URL}}
    later: list[Any] = []
    monkeypatch.setattr(snapshots, "Thread", lambda target, **_: later.append(target) or Started())
    snapshots.raise_epochs(["a-user"])
    settings.CACHES = good
    assert len(later) == 1
    later[0]()
    client = snapshots.get_redis_connection("default")
    assert client.get(snapshots.key_of("a-user"))
    assert 0 < client.ttl(snapshots.key_of("a-user")) <= snapshots.KEPT_S


class Started:
    def start(self) -> None:
        """Nothing: the test runs it."""
