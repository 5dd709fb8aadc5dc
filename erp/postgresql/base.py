"""Django's PostgreSQL backend, which also tells the database who acts.

Before the first write of a transaction the current `erp.context` travels with the statement itself, as one
`set_config('erp.context', …, true)`: one round trip, never for reads, never at session level (on a pooled connection it
would leak into the next request), and again after a rollback to a savepoint, which undoes it.

The way back: triggers tell, as a message of SQLSTATE ERP10, that a statement changed what sign-ins hang on
(accounts/constraints.py). Snapshots of it (erp/snapshots.py) are forgotten at once in this process, and in all after COMMIT.
"""

import re
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Self

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base, features, schema

from erp import context, embedded, snapshots
from erp.postgresql import locks

SIGNIN_CHANGED = "ERP10"
ASK_EVERY_S = 30.0
PREPARE_AFTER = 3  # runs of a statement on one connection, of those that come through `prepared_cursor`
SET_CONTEXT = "SELECT set_config('erp.context', %s, true)"
# A statement that can change rows. `WITH` may hide one; event_* are the functions that write events.
WRITE = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|MERGE|COPY|TRUNCATE|CALL|DO|WITH)\b|.*\bevent_(emit|sequence)\b", re.I | re.S
)


# SQLSTATE, by how it begins, where the server is the trouble and not the statement: no connection (none at all has no code),
# no resources left, shutting down or starting.
AWAY = ("08", "53", "57P")


class OutcomeUnknownError(OperationalError):
    """The connection broke while a transaction was committed: the server did it, or not, and could no longer say."""


def is_away(error: BaseException) -> bool:
    """Whether an error of Django's means that the database can't be reached or serves nobody right now."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, (OperationalError, InterfaceError)) and (not state or state.startswith(AWAY))


@lru_cache(maxsize=1_000)
def _can_write(sql: str) -> bool:
    return bool(WRITE.match(sql))


_counted = threading.local()


def statements() -> int:
    """SQL statements that this thread has sent so far, on all its connections."""
    return getattr(_counted, "statements", 0)


_serving = False


def serve() -> None:
    """This process answers requests: its new connections end statements and idle transactions that take too long."""
    global _serving  # noqa: PLW0603 (what the process is for; erp/wsgi.py and erp/asgi.py say it once)
    _serving = True


def _timeouts() -> str:
    if not _serving or settings.DATABASE_POOLER:  # which drops them: they belong to the role then
        return ""
    limits = {
        "statement_timeout": settings.DB_STATEMENT_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": settings.DB_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    }
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


class DatabaseFeatures(features.DatabaseFeatures):
    """UNIQUE NULLS NOT DISTINCT and other rules of the models came with PostgreSQL 15."""

    minimum_database_version = (15,)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """A migration in a transaction waits briefly for locks. One outside takes those that let others work, and may wait."""

    def __enter__(self) -> Self:
        super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            locks.wait_briefly(self.connection)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL connection that carries `erp.context` into every writing transaction."""

    features_class = DatabaseFeatures
    SchemaEditorClass = DatabaseSchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What `erp.context` holds in this transaction; None: not known, send it.
        self._sent: context.Context | None = context.NOBODY
        # What this transaction, or the statement outside of one, changed for sign-ins.
        self._changed: set[str] = set()
        self._heard = False  # whether the statement that runs changed some of it
        self._answered_at = 0.0  # when the server last answered whether it is there; monotonic seconds
        self.execute_wrappers.append(self._execute_with_context)

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        # Behind a pooler a statement may reach another session than the one that prepared it.
        params["prepare_threshold"] = None if settings.DATABASE_POOLER else params["prepare_threshold"] or PREPARE_AFTER
        if settings.EMBEDDED_POSTGRES:
            # Started by the first connection: a command that asks the database nothing needs none.
            params |= {"host": embedded.start(settings.EMBEDDED_POSTGRES), "user": embedded.USER}
        if limits := _timeouts():
            params["options"] = f"{params.get('options', '')} {limits}".strip()
        return params

    def connect(self) -> None:
        super().connect()
        if self.connection:
            self.connection.add_notice_handler(self._hear)

    def _hear(self, notice: Any) -> None:
        if notice.sqlstate == SIGNIN_CHANGED:
            self._changed.add(notice.message_detail)
            self._heard = True

    def _tell(self) -> None:
        """What changed for sign-ins is committed: no snapshot from before stands in any process."""
        changed, self._changed = self._changed, set()
        if changed:
            snapshots.store.forget(changed)
            snapshots.raise_epochs(changed)

    def _unsay(self) -> None:
        """It is undone: what this transaction read of it itself goes, and the rest stands."""
        snapshots.store.forget(self._changed)
        self._changed = set()

    def prepared_cursor(self) -> Any:
        """A cursor whose statements the server plans once a connection when they come again and again."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(psycopg.Cursor(self.connection))  # type: ignore[attr-defined]  # not in the stubs

    @contextmanager
    def carrying_context(self) -> Iterator[Any]:
        """A prepared cursor for one statement that brings the context along itself (erp/writes.py)."""
        self._sent = context.current()
        try:
            with self.prepared_cursor() as cursor:
                yield cursor
        finally:
            if not self.in_atomic_block:
                self._sent = context.NOBODY

    def is_usable(self) -> bool:
        """Whether the server is there. Of a connection used a moment ago the socket tells it, which costs no round trip.

        A server that hung up has left the end of the stream, or its last words, to be read.
        """
        now = time.monotonic()
        if self.connection is not None and now - self._answered_at < ASK_EVERY_S and not self._has_news():
            return True
        usable: bool = super().is_usable()
        self._answered_at = now if usable else 0.0
        return usable

    def _has_news(self) -> bool:
        if self.connection.closed:
            return True
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def send_context(self) -> None:
        """Send the context now: for doors that do not pass a Django cursor's `execute`, such as COPY."""
        with self.cursor() as cursor:
            cursor.cursor.execute(SET_CONTEXT, [context.current().as_json])
        self._sent = context.current()

    def _execute_with_context(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, frame: dict[str, Any]
    ) -> Any:
        _counted.statements = statements() + 1
        self._heard = False
        try:
            return self._execute(execute, sql, params, many, frame)
        finally:
            if self._heard:
                snapshots.store.forget(self._changed)
            if self._changed and not self.in_atomic_block:
                self._tell()

    def _execute(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, frame: dict[str, Any]) -> Any:
        acting = context.current()
        if acting is self._sent or not isinstance(sql, str) or not _can_write(sql):
            return execute(sql, params, many, frame)
        if many or (params and not isinstance(params, (list, tuple))):
            frame["cursor"].cursor.execute(SET_CONTEXT, [acting.as_json])
            result = execute(sql, params, many, frame)
        else:
            result = self._execute_together(execute, sql, params, frame, acting)
        # Outside a transaction every statement is one of its own, and the setting ends with it.
        self._sent = acting if self.in_atomic_block else context.NOBODY
        return result

    @staticmethod
    def _execute_together(
        execute: Callable[..., Any], sql: str, params: Any, frame: dict[str, Any], acting: context.Context
    ) -> Any:
        if params is None:
            sql = sql.replace("%", "%%")
        result = execute(f"{SET_CONTEXT}; {sql}", [acting.as_json, *(params or ())], False, frame)
        frame["cursor"].cursor.nextset()
        return result

    def _set_autocommit(self, autocommit: bool) -> None:
        self._sent = context.NOBODY
        super()._set_autocommit(autocommit)  # type: ignore[misc]

    def _commit(self) -> Any:
        self._sent = context.NOBODY
        try:
            result = super()._commit()  # type: ignore[misc]
        except (OperationalError, InterfaceError) as error:
            if not is_away(error):
                raise
            raise OutcomeUnknownError(*error.args) from error.__cause__
        self._tell()
        return result

    def _rollback(self) -> Any:
        self._sent = context.NOBODY
        self._unsay()
        return super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        self._sent = None
        snapshots.store.forget(self._changed)
        super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _close(self) -> None:
        if self.connection:  # a pool gives it to another one next
            self.connection.remove_notice_handler(self._hear)
        super()._close()  # type: ignore[misc]

    def close(self) -> None:
        self._sent = context.NOBODY
        self._unsay()
        super().close()
