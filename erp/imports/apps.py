from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "erp.imports"
    label = "imports"
    verbose_name = "Imports"
