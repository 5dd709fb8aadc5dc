from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "erp.ops"
    label = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        from erp import breakers  # noqa: PLC0415 (apps first)
        from erp.ops import metrics, traces  # noqa: PLC0415

        breakers.watch(metrics.breaker_changed)
        traces.start()
