"""Import and export: rows of the user's scope, validated, with a reason, all or nothing (issues S3, S4, S5)."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import tablib
from django import forms
from django.contrib import messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst, slugify
from import_export import resources, widgets
from import_export.admin import ImportExportModelAdmin
from import_export.formats import base_formats
from import_export.forms import SelectableFieldsExportForm

from erp.admin import sheets
from erp.admin.bulk_edit import BulkEdit
from erp.admin.forms import ReasonForm
from erp.admin.imports import columns, files, jobs, pages
from erp.admin.imports.columns import columns_of, natural_key
from erp.admin.scope import foreign_keys
from erp.events import access
from erp.imports.models import ImportJob


class ScopedResource(resources.ModelResource):
    """Rows of one model as a file, foreign keys as the codes of their rows. The export gives the rows; see `imports` for reading."""

    def __init__(self, *, user: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for column in foreign_keys(self._meta.model):
            if column.name in self.fields:
                target = column.remote_field.model
                self.fields[column.name].attribute = column.name
                self.fields[column.name].widget = widgets.ForeignKeyWidget(target, field=natural_key(target))


def resource_of(model: type[models.Model]) -> type[ScopedResource]:
    """The resource of a model: every column that people edit, the code first and the id last."""
    order = columns_of(model)
    meta = type("Meta", (), {"model": model, "fields": order, "export_order": order})
    return type(f"{model.__name__}Resource", (ScopedResource,), {"Meta": meta})


class SafeCsv(base_formats.CSV):
    """CSV in which no cell runs in a spreadsheet."""

    def export_data(self, dataset: Any, **kwargs: Any) -> Any:
        rows = ([sheets.escaped(cell) for cell in row] for row in dataset)
        return super().export_data(tablib.Dataset(*rows, headers=dataset.headers), **kwargs)


class SafeXlsx(base_formats.XLSX):
    """XLSX whose text is text, also where it begins with "="."""

    def export_data(self, dataset: Any, **_: Any) -> bytes:
        file = io.BytesIO()
        sheets.write_xlsx(file, dataset.headers, dataset)
        return file.getvalue()


# The package asks this list which files keep numbers and dates as such.
base_formats.BINARY_FORMATS.append(SafeXlsx)


class UploadForm(forms.Form):
    """The file; its first bytes tell what kind it is."""

    import_file = forms.FileField(
        label="CSV or XLSX file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"required": "Choose a file.", "empty": "This file is empty: choose another one."},
    )

    def clean_import_file(self) -> Any:
        """Raises: ValidationError: the file is too large, or neither CSV nor XLSX by its name."""
        file = self.cleaned_data["import_file"]
        if file.name.rpartition(".")[2].lower() not in {"csv", "xlsx"}:
            raise ValidationError(f"{file.name} is not a CSV or XLSX file: save it as one of them.")
        if file.size > files.MAX_BYTES:
            limit = files.MAX_BYTES // 1024 // 1024
            raise ValidationError(f"{file.name} is larger than {limit} MB: split it into several files.")
        return file


class ColumnsForm(SelectableFieldsExportForm):
    """Which columns to export, named as everywhere else, and as what kind of file."""

    def __init__(self, formats: Any, resource_classes: Any, **kwargs: Any) -> None:
        super().__init__(formats, resource_classes, **kwargs)
        self.fields["format"].choices = [choice for choice in self.fields["format"].choices if choice[0]]

    def _get_field_label(self, resource: type[ScopedResource], field_name: str) -> str:
        return capfirst(str(resource._meta.model._meta.get_field(field_name).verbose_name))


XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATES: dict[str, tuple[str, Callable[..., None]]] = {
    "csv": ("text/csv; charset=utf-8", files.write_csv_template),
    "xlsx": (XLSX_TYPE, files.write_xlsx_template),
}


class SecureTransfer(BulkEdit, ImportExportModelAdmin):
    """Import and export pages of one model, and one value for many of its rows."""

    formats = (SafeCsv, SafeXlsx)
    skip_admin_log = True
    import_template_name = "admin/import.html"
    export_template_name = "admin/export.html"
    export_form_class = ColumnsForm
    # Our list page has its own buttons for both.
    import_export_change_list_template = None

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Importing adds and changes, so it needs both rights besides its own."""
        return self._may(request, "import") and self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "export") and self.has_view_permission(request)

    def _may(self, request: HttpRequest, verb: str) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        rights = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, {**rights, **(extra_context or {})})

    def get_resource_classes(self, request: HttpRequest) -> list[type[ScopedResource]]:
        return list(self.resource_classes) or [resource_of(self.model)]

    def get_resource_kwargs(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"user": request.user}

    def get_export_queryset(self, request: HttpRequest) -> Any:
        """The rows of the list as it is filtered, with the rows that their foreign keys name."""
        rows = super().get_export_queryset(request)
        keys = [field.name for field in foreign_keys(self.model)]
        return rows.select_related(*keys) if keys else rows

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        """The file. That it was taken is an event with its checksum."""
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        access.record(
            access.EXPORTED,
            request.user,
            what=capfirst(str(self.opts.verbose_name_plural)),
            payload={
                "filters": unquote_plus(request.GET.urlencode()) or "all rows in scope",
                "format": file_format.get_extension(),
                "count": queryset.count(),
                "sha256": hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest(),
            },
        )
        return data

    # Import -----------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        template = self.admin_site.admin_view(self.template_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_import_template"
        return [path("import/template.<str:kind>", template, name=name), *super().get_urls()]

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A file to fill in. Raises: PermissionDenied. Http404: no such kind of file."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if kind not in TEMPLATES:
            raise Http404
        content_type, write = TEMPLATES[kind]
        file = io.BytesIO()
        write(file, columns.template(self.model, user=request.user))
        name = f"{slugify(str(self.opts.verbose_name_plural))}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return HttpResponse(file.getvalue(), content_type=content_type, headers=headers)

    def import_action(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Take a file and show what it would do. Raises: PermissionDenied."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
        if form.is_valid():
            file = form.cleaned_data["import_file"]
            try:
                job = jobs.receive(self.model, name=os.path.basename(file.name), data=file.read(), user=request.user)
            except files.FileError as error:
                form.add_error("import_file", str(error))
            else:
                return redirect("import_job", pk=job.pk) if job.is_active else pages.show(request, job, self)
        context_of_page = {
            **self.admin_site.each_context(request),
            "title": f"Import {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "form": form,
            "columns": columns.template(self.model, user=request.user),
            "jobs": ImportJob.objects.visible_to(request.user)
            .filter(kind=self.opts.label_lower)
            .select_related("user")
            .defer("result")
            .order_by("-created_at")[:5],
        }
        return TemplateResponse(request, self.import_template_name, context_of_page)

    def process_import(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Import the file that this user has just looked at, with a reason.

        Raises: PermissionDenied. Http404: it is none of this user's, or of other records.
        """
        if not self.has_import_permission(request):
            raise PermissionDenied
        job = self._own_job(request)
        form = ReasonForm(request.POST)
        if job.status != ImportJob.Status.CHECKED or not form.is_valid():
            return pages.show(request, job, self, form)
        jobs.confirm(job, reason=form.cleaned_data["reason"])
        if job.status == ImportJob.Status.DONE:
            totals = job.result["totals"]
            messages.success(
                request,
                f"Imported: {totals['new']:,} new, {totals['updated']:,} updated, {totals['unchanged']:,} unchanged.",
            )
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        return redirect("import_job", pk=job.pk)

    def _own_job(self, request: HttpRequest) -> ImportJob:
        """The import that the form names, locked, so that two clicks don't write it twice."""
        mine = ImportJob.objects.visible_to(request.user).filter(user=request.user.pk, kind=self.opts.label_lower)
        try:
            job = mine.select_for_update().filter(pk=request.POST.get("job", "")).first()
        except ValidationError:
            job = None
        if job is None:
            raise Http404
        return job
