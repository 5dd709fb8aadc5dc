from django.apps import AppConfig


class LocationsConfig(AppConfig):
    name = "locations"
    verbose_name = "Locations"

    def ready(self) -> None:
        from locations.reference import register_files  # noqa: PLC0415 (needs the models)

        register_files()
