"""A POST that is sent twice is done once: the answer is kept with what it did, in one transaction."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from erp.api.errors import Problem
from erp.api.models import StoredAnswer

KEPT = datetime.timedelta(hours=24)
KEY = re.compile(r"[\x21-\x7e]{1,255}")
HEADER = "Idempotency-Key"
RETURNED = ("ETag", "Location")
# The lock is taken after the statement's snapshot: an answer that was committed between the two is not seen here. KEEP is.
LOOK_UP = """
SELECT free, a.fingerprint, a.status, a.headers::text, a.body FROM pg_try_advisory_xact_lock(%s) AS free
LEFT JOIN api_stored_answer a
    ON free AND a.user_id = %s AND a.method = %s AND a.path = %s AND a.key = %s AND a.created_at > %s
"""
# Over one that is older than a day, and over no other.
KEEP = """
INSERT INTO api_stored_answer AS a (user_id, method, path, key, fingerprint, status, headers, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (user_id, method, path, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
WHERE a.created_at <= %s
"""


@dataclass(frozen=True)
class Claim:
    """The right to answer one request; `replay` is the answer that it got before."""

    identity: tuple[Any, ...]
    fingerprint: str
    replay: HttpResponse | None = None

    def keep(self, response: Response) -> None:
        """Store the answer with what the request wrote. Refusals never come here: they are rolled back.

        Raises: Problem: 409, the same request was answered after this one had looked; nothing is written.
        """
        headers = {name: response[name] for name in RETURNED if name in response}
        body = JSONRenderer().render(response.data).decode()
        now = timezone.now()
        answer = (self.fingerprint, response.status_code, json.dumps(headers), body, now)
        with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]  # our own backend
            cursor.execute(KEEP, [*self.identity, *answer, now - KEPT])
            if not cursor.rowcount:
                raise in_flight()


def claim(request: Request, *, required: bool = False) -> Claim | None:
    """Looks the request up before anything is validated; None: the client sent no key.

    Raises: Problem: 400 no key or a bad one, 409 the first request is still running, 422 the key was used for another body.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        if required:
            raise Problem(400, "idempotency_key_required", f"Send {HEADER}: a bulk request may have to be repeated.")
        return None
    if not KEY.fullmatch(key):
        raise Problem(400, "idempotency_key", f"{HEADER} is 1 to 255 visible ASCII characters, such as a UUID.")
    identity = (request.user.pk, request.method, request.path[:500], key)
    _ = request.data  # reads the body
    fingerprint = getattr(request, "body_digest", "") or hashlib.sha256(b"").hexdigest()
    free, stored = _look_up(identity)
    if not free:
        raise in_flight()
    if stored is None:
        return Claim(identity, fingerprint)
    if stored[0] != fingerprint:
        raise Problem(422, "idempotency_key_reused", f"This {HEADER} was used for another body: make a new one.")
    return Claim(identity, fingerprint, _replay(*stored[1:]))


def in_flight() -> Problem:
    """Another request with this key is being answered."""
    return Problem(409, "in_flight", "The first request with this key is still running.", headers={"Retry-After": "1"})


def purge() -> int:
    """Forget answers older than a day; returns how many."""
    return StoredAnswer.objects.filter(created_at__lte=timezone.now() - KEPT).delete()[0]


def _replay(status: int, headers: str, body: str) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="application/json", headers=json.loads(headers))
    response["Idempotency-Replayed"] = "true"
    return response


def _look_up(identity: tuple[Any, ...]) -> tuple[bool, tuple[str, int, str, str] | None]:
    """Whether no other request with this key is running, until the end of the transaction, and the answer that is kept."""
    name = hashlib.sha256("\n".join(map(str, identity)).encode()).digest()[:8]
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]  # our own backend
        cursor.execute(LOOK_UP, [int.from_bytes(name, signed=True), *identity, timezone.now() - KEPT])
        free, *stored = cursor.fetchone()
    return free, None if stored[0] is None else tuple(stored)
