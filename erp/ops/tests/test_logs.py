"""Lines of the log say who and which request, and nothing secret or personal."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from erp import context
from erp.ops import logs


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines as production writes them."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Json())
    handler.addFilter(logs.CurrentContext())
    root, access = logging.getLogger(), logging.getLogger("erp.access")
    level = access.level
    root.addHandler(handler)
    access.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    access.setLevel(level)


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_numbers(
    lines: Any, client_for: Callable[..., Client], internal_user: Any, organization: Any
) -> None:
    user = internal_user("org_admin")
    headers = {"X-Request-ID": "abcdefgh12345"}
    client_for(user).get("/admin/partners/businesspartner/?q=secret-word", headers=headers)
    (line,) = [line for line in lines() if line["logger"] == "erp.access"]
    assert line.pop("time").endswith("+00:00")
    assert line.pop("duration_ms") > 0
    assert line.pop("sql") > 0
    assert line == {
        "level": "INFO",
        "logger": "erp.access",
        "message": "GET admin:partners_businesspartner_changelist 200",
        "request_id": "abcdefgh12345",
        "user": str(user.pk),
        "organization": str(organization.pk),
        "method": "GET",
        "route": "admin:partners_businesspartner_changelist",
        "status": 200,
    }


def test_a_line_in_a_job_names_who_acts(lines: Any) -> None:
    with context.acting(request_id="job-12345678", actor_id="7"):
        logging.getLogger("erp.test").warning("Done.")
    (line,) = lines()
    assert (line["request_id"], line["user"], line["message"]) == ("job-12345678", "7", "Done.")
    assert "organization" not in line


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("login of ravi.k+1@example.co.in failed", "login of [removed] failed"),
        ("password=hunter22, next", "password=[removed], next"),
        ("{'password': 'hunter22'}", "{'password': '[removed]'}"),
        ("Authorization: Bearer abc.def-ghi_jkl", "Authorization: [removed]"),
        ("sent Bearer abcdefghijkl again", "sent Bearer [removed] again"),
        ("token eyJhbGciOi.eyJzdWIiOiI.c2ln is old", "token [removed] is old"),
        ("redis://user:hunter22@cache:6379/0", "redis://[removed]@cache:6379/0"),
        ("account 123456789012 at the bank", "account [removed] at the bank"),
        ("account 1234 5678 9012 at the bank", "account [removed] at the bank"),
        ("iban DE89 3704 0044 0532 0130 00.", "iban [removed]."),
        ("iban GB82WEST12345698765432", "iban [removed]"),
        ("lot 12345678 of 2026-11-23 took 0.123456789 s", "lot 12345678 of 2026-11-23 took 0.123456789 s"),
        ("0192f0c1-7a5b-7c3d-8e9f-123456789012", "0192f0c1-7a5b-7c3d-8e9f-123456789012"),
    ],
)  # fmt: skip
def test_secrets_and_personal_data_are_taken_out(text: str, kept: str) -> None:
    assert logs.scrub(text) == kept
    assert logs.Line().format(logging.makeLogRecord({"msg": text, "name": "x"})).endswith(kept)


def test_a_line_for_people_begins_with_its_time() -> None:
    record = logging.makeLogRecord({"msg": "paid to 50100234567890", "name": "x", "levelname": "INFO", "created": 0.0})
    moment = logging.Formatter().formatTime(record)
    assert logs.Line().format(record) == f"{moment} INFO x paid to [removed]"


def test_exceptions_and_added_fields_are_gone_through(lines: Any) -> None:
    try:
        int("ravi@example.com, password=hunter22")
    except ValueError:
        extra = {
            "password": "hunter22",
            "body": {"api_key": "k-123", "note": "of ravi@example.com"},
            "rows": [123456789],
        }
        logging.getLogger("erp.test").exception("No: %s", "ravi@example.com", extra=extra)
    (line,) = lines()
    text = json.dumps(line)
    assert "ravi" not in text
    assert "hunter22" not in text
    assert "k-123" not in text
    assert (line["password"], line["body"]["note"], line["message"]) == ("[removed]", "of [removed]", "No: [removed]")
    assert "ValueError: invalid literal for int() with base 10: '[removed], password=[removed]'" in line["exc_info"]
