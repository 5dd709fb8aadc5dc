"""The record's clock, set by hand inside one transaction that nobody else sees before it ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from erp.events import capture

SET_BY_HAND = """
CREATE OR REPLACE FUNCTION erp_clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT current_setting('erp.demo_now')::timestamptz $$
"""
ORIGINAL = re.compile(r"CREATE OR REPLACE FUNCTION erp_clock\(\)[^;]*;")


@contextmanager
def clock_set_by_hand() -> Iterator[Callable[[datetime], None]]:
    """Gives a function that sets the clock. Call it inside a transaction: an error must roll the function back too.

    Only the database's owner may do this: the application's role in production owns no function.
    """
    with connection.cursor() as cursor:
        cursor.execute(SET_BY_HAND)
        yield lambda moment: cursor.execute("SELECT set_config('erp.demo_now', %s, true)", [moment.isoformat()])
        for original in ORIGINAL.findall(capture.FUNCTIONS):
            cursor.execute(original)
