"""`manage.py load_reference_data`: brings shared rows to what the shipped files say."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from erp.reference import load

COLUMNS = ("added", "changed", "unchanged", "deactivated")


class Command(BaseCommand):
    help = "Loads countries, currencies, places, units, commodities and terms. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only", nargs="+", default=(), metavar="NAME", help=f"Files to load: {', '.join(load.names())}."
        )

    def handle(self, *args: Any, only: tuple[str, ...], **options: Any) -> None:
        try:
            outcomes = load.load(only)
        except load.ReferenceDataError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'':22}" + "".join(f"{column:>13}" for column in COLUMNS))
        for outcome in outcomes:
            self.stdout.write(f"{outcome.name:22}" + "".join(f"{getattr(outcome, column):>13,}" for column in COLUMNS))
