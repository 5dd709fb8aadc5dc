from django.apps import AppConfig


class ErpConfig(AppConfig):
    name = "erp"
    verbose_name = "Cotton ERP"

    def ready(self) -> None:
        from erp import checks  # noqa: F401, PLC0415 (registers the system checks)
        from erp.demo import checks as demo_checks  # noqa: F401, PLC0415
