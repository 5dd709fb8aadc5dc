"""Mail goes out through a breaker: a server that is away holds nobody up, and jobs send again later."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from erp import breakers

SERVICE = "mail"


class Backend(BaseEmailBackend):
    """Hands messages to settings.MAIL_BACKEND. EMAIL_TIMEOUT limits how long the server may take."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._options = options

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were sent. Raises: OSError, of which SMTPException is one: the server is away, or takes none of them."""
        try:
            answer = breakers.with_breaker(SERVICE, lambda: self._send(email_messages))
            if isinstance(answer, smtplib.SMTPRecipientsRefused):
                raise answer
        except OSError:
            if self.fail_silently:
                return 0
            raise
        return answer or 0

    def _send(self, messages: Sequence[EmailMessage]) -> int | smtplib.SMTPRecipientsRefused | None:
        """A refused address comes back as a value: the server is well, others may go on sending."""
        try:
            return get_connection(settings.MAIL_BACKEND, **self._options).send_messages(messages)
        except smtplib.SMTPRecipientsRefused as refusal:
            return refusal
