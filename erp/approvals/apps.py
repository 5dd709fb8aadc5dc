from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from erp.events import capture

APPEND_ONLY = ("approvals_approvaldecision", "approvals_attachment")


def install_guards(using: str, **_: Any) -> None:
    """After every `migrate` (and test flush): the guards are those of the code again."""
    from erp.approvals import guards  # noqa: PLC0415 (needs the models)

    if guards.examine():
        guards.install(using=using)


class ApprovalsConfig(AppConfig):
    name = "erp.approvals"
    label = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        from erp.approvals import guards  # noqa: PLC0415 (needs the models)
        from erp.events import doctor  # noqa: PLC0415

        capture.keep_append_only(*APPEND_ONLY)
        doctor.also(guards.examine)
        post_migrate.connect(install_guards, dispatch_uid="approvals.guards", sender=self)
