"""Who acts, why and from where: known once at the edge, read by the database for every row that changes.

Middleware, API authentication, management commands and jobs open a context; erp/postgresql sends it with the first write
of each transaction; the capture triggers (erp/events) store it. A write without one is recorded as made outside the
application.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Context:
    """One acting user and circumstance. `source` is admin, api, import, sync, task or command."""

    source: str = ""
    actor_id: uuid.UUID | None = None
    actor_label: str = ""
    on_behalf_of: uuid.UUID | None = None
    organization_id: uuid.UUID | None = None
    request_id: str = ""
    ip: str = ""
    reason: str = ""
    approval_id: uuid.UUID | None = None

    @cached_property
    def as_json(self) -> str:
        """The JSON object that the capture functions read: only keys with a value, identifiers as text."""
        return json.dumps({key: str(value) for key, value in vars(self).items() if value and key != "as_json"})


NOBODY = Context()
_current: ContextVar[Context] = ContextVar("erp_context", default=NOBODY)


def current() -> Context:
    """The context of this request, job or command; `NOBODY` outside all of them."""
    return _current.get()


@contextmanager
def acting(**values: Any) -> Iterator[Context]:
    """Act with these values on top of the current context, until the block ends.

    >>> with acting(source="command", reason="Load reference data"):
    ...     country.save()
    """
    token = _current.set(replace(_current.get(), **values))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def amend(**values: Any) -> None:
    """Add what is known only now (the user after sign-in, the reason from a form) to the current context."""
    _current.set(replace(_current.get(), **values))


def label_of(user: Any) -> str:
    """Name and login of a user as history keeps them, readable after the user is gone."""
    return f"{user.get_full_name()} <{user.get_username()}>"
