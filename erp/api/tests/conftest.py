"""Clients of the API, signed in without a token (sign-in has tests of its own), and a small world to ask about."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from rest_framework.test import APIClient

from erp.api.tests.world import World, make_world


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """`api(user)` is a machine that acts as this user; `api()` has not signed in."""

    def build(user: Any = None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        return client

    return build


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once, in a transaction that ends with the module."""
    files = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), files, transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)
