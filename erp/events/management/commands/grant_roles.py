"""`manage.py grant_roles`: what the application's and the auditor's database roles may do. The owner runs it after each migrate."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from erp.events import roles


class Command(BaseCommand):
    help = "Give the database roles of application and auditor exactly their rights; --check only compares, exit 1 if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", default=roles.APP, help="Role of web and worker (%(default)s).")
        parser.add_argument("--auditor", default=roles.AUDITOR, help="Role that only reads (%(default)s).")
        parser.add_argument("--check", action="store_true", help="Change nothing, name every difference.")

    def handle(self, *_: Any, app: str, auditor: str, check: bool, **options: Any) -> None:
        try:
            changed = roles.grant(app=app, auditor=auditor, check_only=check)
        except roles.RoleError as error:
            raise CommandError(str(error)) from error
        if check:
            for fact, rights in (("missing", changed.missing), ("too much", changed.excess)):
                for right in rights:
                    self.stdout.write(f"{fact}: {right}")
        verb = "differ" if check else "changed"
        self.stdout.write(f"Rights of {app} and {auditor}: {len(changed.missing) + len(changed.excess)} {verb}.")
        if check and any(changed):
            self.stderr.write("Run `manage.py grant_roles` as the owner to put them right.")
            sys.exit(1)
