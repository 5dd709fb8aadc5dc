"""`manage.py audit_rotate_key --new-key FILE`: another key signs the heads from now on."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from erp import context
from erp.ledger import keys
from erp.ledger.rotation import RotationError, rotate
from erp.ledger.seal import SealError


class Command(BaseCommand):
    help = "Hand over from the signing key that the settings name to a new one; the record keeps who endorsed whom."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", required=True, type=Path, metavar="FILE", help="Ed25519 private key, PEM.")

    def handle(self, *_: Any, new_key: Path, **options: Any) -> None:
        try:
            with context.acting(source="command"):
                head = rotate(keys.read(new_key))
        except (ImproperlyConfigured, RotationError, SealError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{new_key} signs from now on. Set AUDIT_SIGNING_KEY_FILE to it and restart server and worker: until then nothing "
            f"is sealed. Keep the old public key: it verifies the heads before.\n\n{head.checkpoint if head else ''}",
            ending="",
        )
