"""Heads posted outside, where nobody who holds database and key can change them: AUDIT_HEAD_SINKS.

file:///srv/worm/heads          one file a head, `000000001207.txt`, never written over
mailto:auditor@example.com      the first head of each day
https://witness.example/heads   POST of the checkpoint text; plain http to this machine only
"""

from __future__ import annotations

import ipaddress
import os
import smtplib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.mail import send_mail
from django.db.models import F

from erp import breakers
from erp.ledger.models import Delivery, Head

TIMEOUT_S = 10
ERROR_MAX = 500  # characters kept of an error


class SinkError(Exception):
    """A sink did not take a head. The delivery's row says why; it is tried again."""


def queue() -> list[Delivery]:
    """Rows for what has to be posted now: the newest head, to each sink that has not been given it yet."""
    head = Head.objects.order_by("-size").first()
    return [
        Delivery.objects.create(head=head, sink=sink)
        for sink in settings.AUDIT_HEAD_SINKS
        if head and _is_due(head, sink)
    ]


def deliver(delivery_id: int) -> None:
    """Post one head and keep what came of it. Raises: SinkError: it was not taken."""
    delivery = Delivery.objects.select_related("head").get(pk=delivery_id)
    if delivery.delivered_at:
        return
    row = Delivery.objects.filter(pk=delivery.pk)
    try:
        send(delivery.sink, delivery.head)
    except SinkError as error:
        row.update(attempts=F("attempts") + 1, error=str(error)[:ERROR_MAX])
        raise
    row.update(attempts=F("attempts") + 1, error="", delivered_at=datetime.now(UTC))


def send(sink: str, head: Head) -> None:
    """Hand the checkpoint text to one sink. Raises: SinkError: it was not taken, for the reason given."""
    url = urlsplit(sink)
    try:
        if url.scheme == "file":
            _write(Path(unquote(url.path)), head)
        elif url.scheme == "mailto":
            subject = f"Audit ledger: head of {head.size:,} events, {head.signed_at:%d %B %Y}"
            send_mail(subject, head.checkpoint, None, [unquote(url.path)])
        else:
            breakers.with_breaker(f"head sink {url.netloc.rpartition('@')[2]}", lambda: _post(sink, head))
    except HTTPError as error:
        raise SinkError(f"{sink} answered {error.code} {error.reason}.") from error
    except (OSError, smtplib.SMTPException) as error:  # URLError and timeouts are OSErrors
        raise SinkError(f"{sink} can't be reached: {error}.") from error


@register(Tags.security)
def check_sinks(**_: Any) -> list[CheckMessage]:
    """Every address in AUDIT_HEAD_SINKS is one that we can post to."""
    hint = "Give file:///folder, mailto:name@host or https://host/path; http only to this machine."
    return [
        Error(f"AUDIT_HEAD_SINKS holds {sink!r}, where no head can be posted.", hint=hint, id="ledger.E002")
        for sink in settings.AUDIT_HEAD_SINKS
        if not _is_known(urlsplit(sink))
    ]


def _is_due(head: Head, sink: str) -> bool:
    """A mailbox gets one head a day (UTC); every other sink gets each head once."""
    given = Delivery.objects.filter(sink=sink)
    if sink.startswith("mailto:"):
        day = head.signed_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return not given.filter(head__signed_at__gte=day).exists()
    return not given.filter(head=head).exists()


def _is_known(url: SplitResult) -> bool:
    if url.scheme == "file":
        return url.path.startswith("/") and not url.netloc
    if url.scheme == "mailto":
        return "@" in url.path
    return bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and _is_here(url.hostname or "")))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write(folder: Path, head: Head) -> None:
    """The whole file appears at once. One that is there already must say the same: somebody may have rewritten the ledger."""
    path = folder / f"{head.size:012}.txt"
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(head.checkpoint, encoding="utf-8")
    try:
        os.link(part, path)
    except FileExistsError:
        if path.read_text(encoding="utf-8") != head.checkpoint:
            raise SinkError(f"{path} holds another head of {head.size} events: run `manage.py audit_verify`.") from None
    finally:
        part.unlink()


class _NoRedirects(HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without the head."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(sink: str, head: Head) -> None:
    request = Request(sink, data=head.checkpoint.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})  # noqa: S310 (check_sinks)
    with build_opener(_NoRedirects).open(request, timeout=TIMEOUT_S):
        pass
