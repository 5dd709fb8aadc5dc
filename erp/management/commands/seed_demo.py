"""`manage.py seed_demo`: an empty database becomes a desk worth a tour."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from erp import context
from erp.demo.login import DOMAIN, PASSWORD
from erp.demo.stage import DemoError, has_organizations, play_all
from erp.events.models import Event
from erp.ledger import seal, state, verify


class Command(BaseCommand):
    help = "Fills an empty database with two organizations, users of every role, partners and a month of history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="Do nothing where organizations exist already.")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError(
                "seed_demo makes users with a public password, so it never runs in production: set DEBUG=1 or DEMO=1."
            )
        if if_empty and has_organizations():
            self.stdout.write("The database has organizations already: no demonstration data added.")
            return
        before = Event.objects.count()
        try:
            stage = play_all()
        except DemoError as error:
            raise CommandError(str(error)) from error
        prove()
        users = get_user_model()._default_manager.filter(email__iendswith=f"@{DOMAIN}").count()
        events = Event.objects.count() - before
        self.stdout.write(
            f"{len(stage.acts):,} acts of {users} users since {stage.eve[0]:%d %B} left {events:,} events. "
            f"Everybody signs in with {PASSWORD}; admin@{DOMAIN} sees both organizations."
        )


def prove() -> None:
    """Seal the story, and go through the record as the nightly job does: the first page has a proof to show."""
    seal.seal()
    report = verify.verify()
    with context.acting(source="task"):
        state.emit(state.VERIFIED, report.payload)
    seal.seal()
