"""Lines of the log: who and which request, and nothing that is secret or personal. settings.LOGGING names what is here.

Nobody should log a secret; what does get into a line, by an exception's text for example, is taken out here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from erp import context

GONE = "[removed]"
SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|api.?key|account.?number|iban|e.?mail|signing.?key|csrf", re.I
)
# In order: what names itself, tokens, mail addresses, user:password in an address, IBANs, long numbers.
PATTERNS = [
    (
        re.compile(
            r"""(?ix)( (?:[\w-]*passw\w*|[\w-]*secret\w*|[\w-]*token|authorization|cookie|api[_-]?key) ["']? \s* [=:] \s* ["']? )
            (?: (?:Bearer|Basic|ApiKey|Api-Key)\s+ )? [^\s"',;&]+"""
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"(?i)\b(Bearer|Basic|Api-?Key)\s+[\w.~+/=-]{8,}"), rf"\1 {GONE}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), GONE),
    (re.compile(r"(?<=://)[^\s/:@]*:[^\s/@]+(?=@)"), GONE),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*"), GONE),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), GONE),
    (re.compile(r"(?<![\w.-])\d(?:[ -]?\d){8,17}(?![\w.-]|\.\d)"), GONE),
]
# Ids of ours, in every line, hold none of that.
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORT = 100  # characters of texts that come again: routes, methods, names of loggers
OURS = ("request_id", "user", "organization")


def scrub(text: str) -> str:
    """The text without passwords, tokens, mail addresses and account numbers.

    >>> scrub("login failed for ravi@example.com, password=hunter22")
    'login failed for [removed], password=[removed]'
    """
    if ID.fullmatch(text):
        return text
    return _short_scrubbed(text) if len(text) <= SHORT else _scrubbed(text)


def _scrubbed(text: str) -> str:
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


@lru_cache(maxsize=2_000)
def _short_scrubbed(text: str) -> str:
    return _scrubbed(text)


@lru_cache(maxsize=500)
def _is_secret(name: str) -> bool:
    return bool(SECRET_NAME.search(name))


def scrub_value(name: str, value: Any) -> Any:
    """A field of a line: nothing of one whose name says that it is secret; mappings and lists are gone through."""
    if value and _is_secret(name):
        return GONE
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {str(key): scrub_value(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_value(name, one) for one in value]
    return value if isinstance(value, int | float | bool | None) else scrub(str(value))


class CurrentContext(logging.Filter):
    """Gives each record the request, user and organization of the current context, unless it names its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        acting = context.current()
        known = {"request_id": acting.request_id, "user": acting.actor_id, "organization": acting.organization_id}
        for name, value in known.items():
            if not hasattr(record, name):
                setattr(record, name, str(value or ""))
        return True


class Json(JsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, what `CurrentContext` gave, what the caller added."""

    def __init__(self) -> None:
        super().__init__(
            ["message", "levelname", "name", *OURS], rename_fields={"levelname": "level", "name": "logger"}
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        kept = {name: scrub_value(name, value) for name, value in log_data.items() if value != ""}
        return {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **kept}


class Line(logging.Formatter):
    """A line for people, in development."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return f"{record.asctime}{scrub(text.removeprefix(record.asctime))}"  # a date looks like an account number
