"""Clients of the API, signed in without a token: sign-in has tests of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """`api(user)` is a machine that acts as this user; `api()` has not signed in."""

    def build(user: Any = None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        return client

    return build
