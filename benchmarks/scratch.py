"""A database of its own for a benchmark, on the server that the settings name, dropped at the end."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
os.environ.setdefault("DEBUG", "1")
# As in tests: a benchmark's database may be filled and emptied without a second person.
os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} -c erp.four_eyes=off"

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

django.setup()
settings.DEBUG = False  # no query log


@contextmanager
def database() -> Iterator[None]:
    """A migrated, empty database while the block runs."""
    connection.settings_dict["TEST"]["NAME"] = f"test_benchmark_{os.getpid()}"  # two benchmarks may run at once
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    assert name.startswith("test_")
    try:
        yield
    finally:
        connection.close()
        connection.creation.destroy_test_db(settings.DATABASES["default"].get("NAME") or "cotton", verbosity=0)


def summary(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):>10,.0f}  ({min(values):,.0f} to {max(values):,.0f})"


__all__ = ["call_command", "database", "summary"]
