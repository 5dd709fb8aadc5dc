"""The application's role works in the test database; erp/testing/ has everything else that tests share."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, once it is made, as the application has it in production (erp/testing/roles.py)."""
    from erp.testing import roles  # noqa: PLC0415 (the environment first)

    with django_db_blocker.unblock(), roles.application():
        yield
