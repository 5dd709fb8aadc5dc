"""`manage.py audit_verify`: exit 0 when the record is what was sealed, 1 on any finding, 2 when it could not look."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from erp import context
from erp.ledger import state
from erp.ledger.verify import CannotVerifyError, Report, verify

FINDINGS, COULD_NOT = 1, 2


class Command(BaseCommand):
    help = "Prove that events, history, live rows and triggers are what the sealed ledger says; names each deviation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON document instead of text.")
        parser.add_argument(
            "--record", action="store_true", help="Keep the result in the record, as the nightly job does."
        )
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="A head that was kept outside: finds a dropped end and a rewrite of everything. May be repeated.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            outside = {str(path): path.read_text(encoding="utf-8") for path in options["head"]}
            report = verify(outside=outside, progress=self._progress)
        except (CannotVerifyError, DatabaseError, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Could not verify. {str(error).strip()}", returncode=COULD_NOT) from error
        if options["record"]:
            with context.acting(source="command"):
                state.emit(state.VERIFIED, report.payload)
        self.stdout.write(self._json(report) if options["json"] else self._text(report))
        if report.count:
            sys.exit(FINDINGS)

    def _progress(self, what: str, done: int, total: int) -> None:
        """One line that is written over itself, for a person who waits."""
        if self.stderr.isatty():
            bar = "#" * (30 * done // total)
            self.stderr.write(f"\r{what:12} [{bar:30}] {done:,} of {total:,}  ", ending="\n" if done == total else "")

    def _json(self, report: Report) -> str:
        document = {
            **report.payload,
            "findings": [asdict(finding) for finding in report.findings],
            "count": report.count,
        }
        del document["places"]
        return json.dumps(document, indent=2)

    def _text(self, report: Report) -> str:
        said = [self.style.ERROR(str(finding)) for finding in report.findings]
        if report.count > len(report.findings):
            said.append(f"… and {report.count - len(report.findings):,} more.")
        unsealed = report.events - report.size
        said.append(f"{report.size:,} sealed events in {report.seconds:.1f} s, {report.count:,} findings.")
        if unsealed > 0:
            said.append(f"{unsealed:,} events are not sealed yet: layers 1 and 2 say nothing about them.")
        return "\n".join(said)
