"""`manage.py restore_check FOLDER`: is everything of this backup in this installation? Exit 1 if something is missing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from erp.ledger import backup


class Command(BaseCommand):
    help = "Compare a backup's files with its manifest, and the manifest with this installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="Folder that `backup` made.")
        parser.add_argument("--files-only", action="store_true", help="Look at the backup alone; no database is asked.")

    def handle(self, *_: Any, folder: Path, files_only: bool, **options: Any) -> None:
        try:
            manifest = backup.read(folder)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        found = [] if files_only else list(backup.differences(manifest))
        for difference in found:
            self.stdout.write(self.style.ERROR(difference))
        self.stdout.write(f"{folder}: whole, {len(found)} differences.")
        if found:
            self.stderr.write(
                "Don't open this installation: restore the backup completely, or find out who changed it."
            )
            sys.exit(1)
