"""`manage.py audit_doctor`: exit 0 when the record of changes is in force, 1 when it is not."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from erp.events import capture, doctor


class Command(BaseCommand):
    help = "Prove that every tracked table has its triggers, history columns, indexes and append-only guards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON document instead of text.")

    def handle(self, *_: Any, **options: Any) -> None:
        findings, owners, tables = doctor.examine(), doctor.owners(), capture.tracked_tables()
        if options["json"]:
            document = {
                "tables": len(tables),
                "findings": [asdict(finding) for finding in findings],
                "owners": [asdict(owner) for owner in owners],
            }
            self.stdout.write(json.dumps(document, indent=2))
        else:
            for finding in findings:
                self.stdout.write(self.style.ERROR(str(finding)))
            for owner in owners:
                note = (
                    "; that is the role of this connection: fine for development, not in production"
                    if owner.is_current
                    else ""
                )
                self.stdout.write(f"{owner.owner} owns {owner.tables} tables of the record{note}.")
            self.stdout.write(f"{len(tables)} tables under capture, {len(findings)} findings.")
        if findings:
            self.stderr.write(
                "Run `manage.py migrate` to put functions and triggers right; keep this output for compliance."
            )
            sys.exit(1)
