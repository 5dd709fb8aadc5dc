"""`manage.py audit_export`: sealed lines of the record in a file that an auditor checks without us."""

from __future__ import annotations

import os
import uuid
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from erp import context
from erp.ledger import export, keys, notes, proofs
from erp.ledger.seal import SealError, seal

VERIFIER = Path(export.__file__).parent / "standalone" / "verify.py"


class Command(BaseCommand):
    help = "Write sealed events and their proofs to a file that erp/ledger/standalone/verify.py checks on any computer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", metavar="FROM", help="First position, or first day: 2026-04-01.")
        parser.add_argument("--to", dest="last", metavar="TO", help="Last position, or last day, included.")
        parser.add_argument("--organization", metavar="CODE", help="Only events of this organization.")
        parser.add_argument("-o", "--output", type=Path, required=True, help="File to write: log.jsonl.gz.")
        parser.add_argument("--public-key", type=Path, help="Write the public key to this file too, as PEM.")
        parser.add_argument(
            "--include-head",
            type=Path,
            action="append",
            default=[],
            help="A head that the auditor holds; to be compared.",
        )
        parser.add_argument("--no-seal", action="store_true", help="Don't seal what came since the newest head first.")

    def handle(self, *_: Any, **options: Any) -> None:
        organization, selection = _organization(options["organization"])
        try:
            if not options["no_seal"]:
                seal()
            first, last = _positions(options["first"], options["last"])
            also = [notes.parse(path.read_text(encoding="utf-8")).size for path in options["include_head"]]
            summary = self._write(
                options["output"], first=first, last=last, organization=organization, also=also, selection=selection
            )
            if options["public_key"]:
                options["public_key"].write_text(keys.public_pem())
        except OSError as error:
            raise CommandError(
                f"{error.filename}: {error.strerror}. Name a file that can be read or written."
            ) from error
        except (
            export.ExportError, proofs.NotSealedError, notes.NoteError, SealError, ImproperlyConfigured, UnicodeDecodeError
        ) as error:  # fmt: skip
            raise CommandError(str(error)) from error
        self._tell(summary, options["output"])

    def _write(self, path: Path, **values: Any) -> export.ExportSummary:
        """The file appears under its name when it is whole and the export is recorded."""
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as file:
                summary = export.write(file, **values)
            with context.acting(source="command"):
                export.record(summary, organization=values["organization"], selection=values["selection"])
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        return summary

    def _tell(self, summary: export.ExportSummary, path: Path) -> None:
        self.stdout.write(
            f"{path}: {summary.count:,} events from positions {summary.first} to {summary.last}, "
            f"proved in the head over {summary.head}.\nSHA-256 of the file: {summary.sha256}\n"
            f"An auditor checks it with: python3 -I {VERIFIER.name} {path.name} --key public.pem"
        )
        for what, positions in (("altered", summary.altered), ("missing", summary.missing)):
            if positions:
                named = ", ".join(map(str, positions))
                self.stderr.write(
                    f"Positions {named} are {what} since they were sealed, and the auditor will see it: run `manage.py audit_verify`."
                )


def _organization(code: str | None) -> tuple[uuid.UUID | None, str]:
    """Id, and the selection in words."""
    if not code:
        return None, ""
    found = apps.get_model("organizations.Organization")._base_manager.filter(code=code.upper()).first()
    if found is None:
        raise CommandError(f"No organization has the code {code}: give one as the desk shows it.")
    return found.pk, f"events of the organization {found.code}, {found.name}"


def _positions(first: str | None, last: str | None) -> tuple[int, int | None]:
    """Positions as they are; days by what happened on them."""
    first_day, last_day = _day(first), _day(last)
    if not first_day and not last_day:
        return int(first or 1), int(last) if last else None
    low, high = export.positions_on(first_day, last_day)
    return (low if first_day else int(first or 1)), (high if last_day else int(last) if last else None)


def _day(value: str | None) -> date | None:
    """The day, where it is not a position. Raises: CommandError: it is neither."""
    if value is None or value.isdecimal():
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise CommandError(f"{value} is neither a position nor a day: write 1207 or 2026-04-01.") from None
