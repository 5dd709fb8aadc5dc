"""The staff's desk: Django's admin on our base classes, in our theme. Stands before django.contrib.admin, whose pages it dresses."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "erp.admin"
    label = "desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        from django.contrib import admin  # noqa: PLC0415 (needs the app registry)
        from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415

        import erp.admin.approvals  # noqa: F401, PLC0415 (registers its pages)
        from erp.admin.lists import ScopedRelatedFilter  # noqa: PLC0415

        admin.site.site_header = admin.site.site_title = "Cotton ERP"
        admin.site.index_title = "Overview"
        admin.site.site_url = None
        admin.site.empty_value_display = "–"
        admin.site.enable_nav_sidebar = False  # the theme brings its own
        admin.FieldListFilter.register(lambda field: field.remote_field, ScopedRelatedFilter, take_priority=True)
        autodiscover_modules("quality")
