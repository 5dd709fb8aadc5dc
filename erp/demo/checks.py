"""`check --deploy` refuses a database in which anybody can sign in with a password from the documentation."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import OperationalError, ProgrammingError

from erp.demo.login import DOMAIN


@register(Tags.security, deploy=True)
def check_no_demo_users(**_: Any) -> list[CheckMessage]:
    """No user of the demonstration is left. Looks without `--database` too: whoever deploys must not have to think of it."""
    users = get_user_model()._default_manager.filter(email__iendswith=f"@{DOMAIN}")
    try:
        count = users.count()
    except (OperationalError, ProgrammingError):
        return [Info("The database can't be read, so nobody looked for demonstration users.", id="erp.I020")]
    if not count:
        return []
    return [
        Error(
            f"{count} demonstration users are in this database, and their password is public.",
            hint="Go live with a database that never held demonstration data.",
            id="erp.E020",
        )
    ]
