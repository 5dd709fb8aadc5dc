"""`manage.py doctor`: what is wrong with this deployment and what to do; exit 1 when there are errors."""

from __future__ import annotations

import json
import sys
import textwrap
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from erp.ops import doctor

WIDTH = 140


class Command(BaseCommand):
    help = "Check this deployment: settings, database, cache, key, storage, queue, ledger. Changes nothing; exit 1 on errors."
    requires_system_checks = ()  # they are findings

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON document instead of a table.")

    def handle(self, *_: Any, **options: Any) -> None:
        findings = doctor.diagnose()
        count = {level: sum(finding.level is level for finding in findings) for level in doctor.Level}
        if options["json"]:
            self.stdout.write(json.dumps({"findings": [asdict(finding) for finding in findings]}, indent=2))
        else:
            self._table(findings)
            errors, warnings = count[doctor.Level.ERROR], count[doctor.Level.WARNING]
            self.stdout.write(f"{errors} errors, {warnings} warnings, {count[doctor.Level.OK]} well.")
        if count[doctor.Level.ERROR]:
            sys.exit(1)

    def _table(self, findings: list[doctor.Finding]) -> None:
        styles = {doctor.Level.ERROR: self.style.ERROR, doctor.Level.WARNING: self.style.WARNING}
        level_width = max(len(level) for level in doctor.Level) + 2
        name_width = max(len(finding.name) for finding in findings) + 2
        indent = " " * (level_width + name_width)
        for finding in findings:
            text = f"{finding.fact} {finding.way_out}".strip()
            lines = textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
            paint = styles.get(finding.level, str)
            level = paint(finding.level.ljust(level_width))
            self.stdout.write(f"{level}{finding.name.ljust(name_width)}{f'{chr(10)}{indent}'.join(lines)}")
