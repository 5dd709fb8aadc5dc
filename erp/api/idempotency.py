"""A POST that is sent twice is done once: the answer is kept with what it did, in one transaction."""

from __future__ import annotations

import datetime
import hashlib
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


@dataclass(frozen=True)
class Claim:
    """The right to answer one request; `replay` is the answer that it got before."""

    identity: dict[str, Any]
    fingerprint: str
    replay: HttpResponse | None = None

    def keep(self, response: Response) -> None:
        """Store the answer with what the request wrote. Refusals never come here: they are rolled back."""
        StoredAnswer.objects.update_or_create(
            **self.identity,
            defaults={
                "fingerprint": self.fingerprint,
                "status": response.status_code,
                "headers": {name: response[name] for name in RETURNED if name in response},
                "body": JSONRenderer().render(response.data).decode(),
                "created_at": timezone.now(),
            },
        )


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
    identity = {"user_id": request.user.pk, "method": request.method, "path": request.path[:500], "key": key}
    _ = request.data  # reads the body
    fingerprint = getattr(request, "body_digest", "") or hashlib.sha256(b"").hexdigest()
    if not _lock(identity):
        raise Problem(
            409, "in_flight", "The first request with this key is still running.", headers={"Retry-After": "1"}
        )
    stored = StoredAnswer.objects.filter(**identity, created_at__gt=timezone.now() - KEPT).first()
    if stored is None:
        return Claim(identity, fingerprint)
    if stored.fingerprint != fingerprint:
        raise Problem(422, "idempotency_key_reused", f"This {HEADER} was used for another body: make a new one.")
    return Claim(identity, fingerprint, _replay(stored))


def purge() -> int:
    """Forget answers older than a day; returns how many."""
    return StoredAnswer.objects.filter(created_at__lte=timezone.now() - KEPT).delete()[0]


def _replay(stored: StoredAnswer) -> HttpResponse:
    response = HttpResponse(stored.body, status=stored.status, content_type="application/json", headers=stored.headers)
    response["Idempotency-Replayed"] = "true"
    return response


def _lock(identity: dict[str, Any]) -> bool:
    """One request at a time with this key, until the end of the transaction."""
    name = hashlib.sha256("\n".join(str(part) for part in identity.values()).encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name, signed=True)])
        return bool(cursor.fetchone()[0])
