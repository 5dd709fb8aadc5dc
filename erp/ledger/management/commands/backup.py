"""`manage.py backup DIR`: dump, papers and manifest in a new folder of DIR. The auditor's database role is enough."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from erp.ledger import backup


class Command(BaseCommand):
    help = "Back up the database and the papers that people handed in, with a manifest to compare a restored one with."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="Where the backup's folder is made.")

    def handle(self, *_: Any, directory: Path, **options: Any) -> None:
        try:
            folder, manifest = backup.back_up(directory)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        sealed = manifest["head"]["size"] if manifest["head"] else 0
        self.stdout.write(
            f"{folder}: {manifest['events']} events to position {manifest['position']}, {sealed} sealed; "
            f"{len(manifest['files'])} files."
        )
