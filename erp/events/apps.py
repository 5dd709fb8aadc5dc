from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def install_triggers(using: str, **_: Any) -> None:
    """After every `migrate` (and test flush): the functions and triggers are those of the code again."""
    from erp.events import capture, doctor  # noqa: PLC0415 (need the models)

    if doctor.examine():
        capture.install(using=using)


class EventsConfig(AppConfig):
    name = "erp.events"
    label = "events"
    verbose_name = "Events"

    def ready(self) -> None:
        post_migrate.connect(install_triggers, sender=self)
