"""`manage.py audit_seal`: seal every event committed so far, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from erp.ledger.models import Head
from erp.ledger.seal import SealError, seal


class Command(BaseCommand):
    help = "Seal every event committed so far and print the signed head."

    def handle(self, *_: Any, **options: Any) -> None:
        before = Head.objects.order_by("-size").first()
        try:
            head = seal()
        except SealError as error:
            raise CommandError(str(error)) from error
        if head is None:
            self.stdout.write(f"Nothing new: {before.size if before else 0} events are sealed.")
            return
        new = head.size - (before.size if before else 0)
        self.stdout.write(f"Sealed {new} events; the head covers {head.size}.\n\n{head.checkpoint}", ending="")
