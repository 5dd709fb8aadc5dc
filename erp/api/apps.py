"""The partner API. A Django app, because it keeps the answers of repeated requests."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "erp.api"
    label = "api"
    verbose_name = "Partner API"

    def ready(self) -> None:
        import erp.api.approvals  # noqa: F401, PLC0415 (registers its address; needs the models)
