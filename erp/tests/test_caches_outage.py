"""The desk while the cache's server is killed or hangs: every page answers, and the server is asked once a pause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from erp import caches
from erp.admin.tests.pages import url
from erp.events.models import Event
from erp.ops import health
from erp.testing.fixtures import make
from erp.tests.test_ratelimits_outage import Clock, Server, clock, server  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db
HARM = pytest.mark.parametrize("harm", [Server.kill, Server.stop], ids=["killed", "hung"])


@pytest.fixture
def officer(internal_user: Any) -> Any:
    return internal_user("compliance_officer")


@pytest.fixture
def desk(server: Server, client_for: Any, officer: Any) -> Client:  # noqa: F811
    """A browser that knows the pages already: what is loaded once is loaded."""
    browser: Client = client_for(officer)
    browser.raise_request_exception = False
    return browser


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What waited for the server in vain, in order."""
    failed: list[str] = []
    fail = caches.Breaker.fail

    def count(breaker: Any, error: Exception) -> None:
        failed.append(type(error).__name__)
        fail(breaker, error)

    monkeypatch.setattr(caches.Breaker, "fail", count)
    return failed


@HARM
def test_pages_of_the_desk_answer_and_one_of_them_waits_once(
    server: Server,  # noqa: F811
    clock: Clock,  # noqa: F811
    desk: Client,
    waits: list[str],
    harm: Callable[[Server], None],
) -> None:
    place = make("locations.tests.factories.LocationFactory")
    pages = [reverse("admin:index"), reverse("my_work"), url(place), url(place, "history"), reverse("explorer")]
    harm(server)
    assert [desk.get(page).status_code for page in pages] == [200] * 5
    assert len(waits) == 1
    clock.now += 5  # the pause is over: one more try
    assert [desk.get(page).status_code for page in pages] == [200] * 5
    assert len(waits) == 2

    server.back()
    clock.now += 5
    assert [desk.get(page).status_code for page in pages] == [200] * 5
    assert len(waits) == 2
    assert str(place) in desk.get(reverse("my_work")).content.decode(), "what was looked at is remembered again"


def test_who_looked_is_recorded_rather_twice_than_never(
    server: Server,  # noqa: F811
    clock: Clock,  # noqa: F811
    desk: Client,
    officer: Any,
) -> None:
    def viewed() -> int:
        assert desk.get(reverse("explorer")).status_code == 200
        return Event.objects.filter(event_type="audit.viewed", actor_id=officer.pk).count()

    assert [viewed(), viewed()] == [1, 1]
    server.stop()
    assert [viewed(), viewed()] == [2, 3]
    server.back()
    clock.now += 5
    assert viewed() == 3


def test_nothing_is_found_and_nothing_kept_while_it_is_away(server: Server, clock: Clock) -> None:  # noqa: F811
    cache.set("here", 1)
    server.stop()
    assert (cache.get("here"), cache.get("here", 7)) == (None, 7)
    assert (cache.set("lost", 2), cache.add("lost", 2), cache.delete("here")) == (False, True, False)
    server.back()
    clock.now += 5
    assert (cache.get("here"), cache.get("lost")) == (1, None)


def test_whoever_must_know_hears_that_it_is_away(server: Server, clock: Clock) -> None:  # noqa: F811
    server.kill()
    for _ in range(2):  # asked in vain, then not asked
        with caches.strictly(), pytest.raises(caches.FAILURES):
            cache.get("here", 0)
        with pytest.raises(caches.FAILURES):
            health.cache_answers()
    assert cache.get("here", 0) == 0
