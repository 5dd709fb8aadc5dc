"""Django's `migrate`, which steps back when others hold a lock that it needs, and tries again."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError

from erp.postgresql import locks

ATTEMPTS = 60
PAUSE_S = 1.0


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Raises: CommandError: the lock didn't come in any attempt. What had been migrated before stays so."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not locks.came_too_late(error):
                    raise
                if attempt == ATTEMPTS:
                    raise CommandError(_gave_up()) from error
                self.stderr.write(
                    f"A lock did not come within {settings.MIGRATE_LOCK_TIMEOUT_MS} ms: "
                    f"others go first, attempt {attempt + 1} of {ATTEMPTS} follows."
                )
                time.sleep(PAUSE_S)
            else:
                return


def _gave_up() -> str:
    return (
        f"Others held a lock in all {ATTEMPTS} attempts. pg_stat_activity names sessions with an old xact_start: "
        "wait for them or end them, then run migrate again. It goes on where it stopped."
    )
