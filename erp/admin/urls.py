"""Pages of the desk that are no model's: the record of everything."""

from django.contrib import admin
from django.urls import path

from erp.admin import approvals, explorer, exports, jobs, maps, search, undo, validation, work
from erp.admin.imports import pages

urlpatterns = [
    path("search/", admin.site.admin_view(search.search_view), name="search"),
    path("my-work/", admin.site.admin_view(work.my_work), name="my_work"),
    path("my-work/filters/", admin.site.admin_view(work.save_filter), name="filter_save"),
    path("my-work/filters/<uuid:pk>/delete/", admin.site.admin_view(work.delete_filter), name="filter_delete"),
    path("map/", admin.site.admin_view(maps.map_page), name="map"),
    path("map/place/", admin.site.admin_view(maps.map_place), name="map_place"),
    path("audit/events/", admin.site.admin_view(explorer.explorer), name="explorer"),
    path("audit/events/export/", admin.site.admin_view(exports.explorer_export), name="explorer_export"),
    path("approvals/", admin.site.admin_view(approvals.approvals), name="approvals"),
    path("approvals/away/", admin.site.admin_view(approvals.away), name="approvals_away"),
    path("approvals/<uuid:pk>/", admin.site.admin_view(approvals.approval), name="approval"),
    path("approvals/<uuid:pk>/papers/<uuid:paper_id>/", admin.site.admin_view(approvals.paper), name="approval_paper"),
    path("imports/", admin.site.admin_view(pages.imports), name="imports"),
    path("imports/<uuid:pk>/", admin.site.admin_view(pages.page), name="import_job"),
    path("imports/<uuid:pk>/progress/", admin.site.admin_view(pages.progress), name="import_progress"),
    path("imports/<uuid:pk>/errors.csv", admin.site.admin_view(pages.errors), name="import_errors"),
    path("imports/<uuid:pk>/cancel/", admin.site.admin_view(pages.cancel), name="import_cancel"),
    path("jobs/", admin.site.admin_view(jobs.jobs_page), name="jobs"),
    path("jobs/<int:pk>/", admin.site.admin_view(jobs.job_page), name="job"),
    path("validate/", admin.site.admin_view(validation.validate), name="validate"),
    path("audit/undo/<uuid:event_id>/", admin.site.admin_view(undo.undo_view), name="undo"),
]
