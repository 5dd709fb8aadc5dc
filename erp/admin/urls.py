"""Pages of the desk that are no model's: the record of everything."""

from django.contrib import admin
from django.urls import path

from erp.admin import explorer, exports, undo

urlpatterns = [
    path("audit/events/", admin.site.admin_view(explorer.explorer), name="explorer"),
    path("audit/events/export/", admin.site.admin_view(exports.explorer_export), name="explorer_export"),
    path("audit/undo/<uuid:event_id>/", admin.site.admin_view(undo.undo_view), name="undo"),
]
