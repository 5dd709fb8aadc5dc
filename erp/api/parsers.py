"""Reads JSON that may be hostile: too deep, too long, numbers of thousands of digits, NUL, half a surrogate pair."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from erp.api.errors import Problem

DEPTH = 32
DIGITS = 64
MEBIBYTE = 1024 * 1024
# Escapes of NUL and of surrogates; a pair of surrogates is fine, so the text is looked at once it is decoded.
SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
UTF8 = {"", "utf-8", "utf8", "us-ascii"}


class StrictJSONParser(BaseParser):
    """JSON in UTF-8, at most `view.body_limit` bytes. Leaves the body's SHA-256 on the request as `body_digest`."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The document. Raises: ParseError: it is not one. Problem: it is too large."""
        view, request = parser_context["view"], parser_context["request"]
        charset = parse_header_parameters(media_type or "")[1].get("charset", "")
        if charset.lower() not in UTF8:
            raise ParseError(f"The charset {charset[:40]} is not supported: write JSON in UTF-8.")
        raw: bytes = stream.read(view.body_limit + 1)
        if len(raw) > view.body_limit:
            raise Problem(413, "too_large", f"The body is above {view.body_limit // MEBIBYTE} MiB: send it in parts.")
        request.body_digest = hashlib.sha256(raw).hexdigest()
        return load(raw) if raw else {}


def load(raw: bytes) -> Any:
    """A JSON document from bytes. Raises: ParseError: it is malformed, or made to do harm."""
    try:
        found = json.loads(raw.decode(), parse_float=_decimal, parse_int=_integer, parse_constant=_constant)
    except (ValueError, RecursionError, ArithmeticError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise ParseError(f"The body is no JSON that we read: {reason}.") from None
    _check(found, texts=SUSPECT.search(raw) is not None)
    return found


def _check(found: Any, *, texts: bool) -> None:
    """Walks level by level. Raises: ParseError."""
    level = [found]
    for _ in range(DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
                inner.extend(value if texts else ())
            elif isinstance(value, list):
                inner.extend(value)
            elif texts and isinstance(value, str) and not is_clean(value):
                raise ParseError("A text in the body holds NUL or half a character: send whole characters.")
        if not inner:
            return
        level = inner
    raise ParseError(f"The body is nested more than {DEPTH} levels deep.")


def is_clean(text: str) -> bool:
    """Whether the database can store a text: no NUL, no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _integer(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"a number has more than {DIGITS} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > DIGITS:
        raise ValueError(f"a number has more than {DIGITS} digits")
    return Decimal(text)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
