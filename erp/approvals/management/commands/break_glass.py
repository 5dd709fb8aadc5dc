"""`manage.py break_glass`: a guarded change without a second person, for the day on which there is none."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from erp import context
from erp.approvals import services


class Command(BaseCommand):
    help = (
        "Makes one guarded change at once, without approval. It is recorded as such, waits for another person's review, "
        "and the compliance officers hear of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", required=True, metavar="LOGIN", help="Who acts: needs the right to act alone.")
        parser.add_argument("--reason", required=True, help="Why it can't wait, in 20 characters or more.")
        parser.add_argument("--give-role", metavar="ROLE", help="Give this role to --user.")
        parser.add_argument("--take-role", metavar="ROLE", help="Take this role from --user.")
        parser.add_argument("--user", metavar="LOGIN", help="Whose role.")
        parser.add_argument(
            "--record", nargs=2, metavar=("MODEL", "ID"), help="Example: partners.partnerbankaccount 0190…"
        )
        parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="New value; repeat it.")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self._user(options["by"])
        with context.acting(source="command"), transaction.atomic():
            try:
                changed = self._change(by, options)
            except (services.ApprovalError, ValidationError) as error:
                raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"Done: {changed}. Another person reviews it under Approvals.")

    def _change(self, by: Any, options: dict[str, Any]) -> Any:
        reason = options["reason"]
        if role := options["give_role"] or options["take_role"]:
            if not options["user"]:
                raise CommandError("Whose role? Add --user with the person's login.")
            group = Group.objects.filter(name=role).first()
            if group is None:
                raise CommandError(f"There is no role {role}: `manage.py migrate` makes those of accounts/roles.py.")
            remove = not options["give_role"]
            return services.break_glass_membership(
                self._user(options["user"]), group, by=by, reason=reason, remove=remove
            )
        if not options["record"] or not options["set"]:
            raise CommandError("Say what to change: --give-role with --user, or --record with --set.")
        record = self._record(*options["record"])
        return services.break_glass(record, self._values(record, options["set"]), by=by, reason=reason)

    def _user(self, login: str) -> Any:
        users = get_user_model()
        try:
            return users._default_manager.get_by_natural_key(login)
        except users.DoesNotExist:
            raise CommandError(f"Nobody signs in as {login}: check the spelling.") from None

    def _record(self, label: str, key: str) -> Any:
        try:
            return apps.get_model(label)._base_manager.get(pk=key)
        except (LookupError, ValueError, ValidationError, ObjectDoesNotExist):
            raise CommandError(f"There is no {label} {key}: give app.model and the record's id.") from None

    def _values(self, record: Any, pairs: list[str]) -> dict[str, Any]:
        values = {}
        for name, _, text in (pair.partition("=") for pair in pairs):
            try:
                field = record._meta.get_field(name)
            except FieldDoesNotExist:
                raise CommandError(f"{record._meta.verbose_name} has no field {name}: check the spelling.") from None
            target = field.target_field if field.is_relation else field
            values[field.attname] = target.to_python(text) if text else None if field.null else ""
        return values
