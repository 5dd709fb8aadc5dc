from django.apps import AppConfig


class CommoditiesConfig(AppConfig):
    name = "commodities"
    verbose_name = "Commodities"

    def ready(self) -> None:
        from commodities.reference import register_files  # noqa: PLC0415 (needs the models)

        register_files()
