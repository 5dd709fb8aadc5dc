"""Import and export: rows of the user's scope, validated, with a reason, all or nothing (issues S3, S4, S5)."""

from __future__ import annotations

import hashlib
import io
import os
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import tablib
from django import forms
from django.contrib import messages
from django.contrib.auth import get_permission_codename
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from import_export import resources, widgets
from import_export.admin import ImportExportModelAdmin
from import_export.formats import base_formats
from import_export.forms import ConfirmImportForm, ImportForm, SelectableFieldsExportForm

from erp import context
from erp.admin import sheets
from erp.admin.forms import inherit_owner, reason_field
from erp.admin.scope import OWNER, chooses_owner, foreign_keys, visible
from erp.events import access
from erp.events.tracking import STAMPS


def natural_key(model: type[models.Model]) -> str:
    """The column by which files name rows of this model: its code, else its primary key."""
    pk = model._meta.pk.name
    names = [field.name for field in model._meta.concrete_fields]
    if pk != "id" or "code" in names:
        return pk if pk != "id" else "code"
    unique = {name for rule in model._meta.total_unique_constraints for name in rule.fields}
    return next((name for name in names if name.endswith("_code") and name in unique), pk)


class ScopedKeyWidget(widgets.ForeignKeyWidget):
    """A foreign key as the code of its row, looked up in the user's scope, each code once per file."""

    def __init__(self, model: type[models.Model], *, user: Any) -> None:
        super().__init__(model, field=natural_key(model))
        self.user = user
        self.found: dict[str, models.Model] = {}

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        rows = visible(self.model._default_manager.all(), self.user)
        if not any(field.name == OWNER for field in self.model._meta.concrete_fields):
            return rows
        # The own row comes before the shared one with the same code.
        return rows.order_by(models.F(f"{OWNER}_id").asc(nulls_last=True))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Raises: ValueError: no row in scope has this code."""
        text = str(value or "").strip()
        if not text:
            return None
        if text not in self.found:
            try:
                match = self.get_queryset(value, row).filter(**{self.field: text}).first()
            except ValidationError:
                match = None
            if match is None:
                raise ValueError(f"There is no {self.model._meta.verbose_name} {text!r} that you may use.")
            self.found[text] = match
        return self.found[text]


class ScopedResource(resources.ModelResource):
    """Rows of one model as a file. Finds rows by id, else by code, and only those that the user may change.

    user: whose scope holds for every look-up and every row written. Exports read, so they take their rows as given.
    """

    def __init__(self, *, user: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user = user
        if "id" in self.fields:
            self.fields["id"].readonly = True  # it finds a row; new ones get their own
        for column in foreign_keys(self._meta.model):
            if column.name in self.fields:
                # The library would write the bare key; the row itself lets the model check itself.
                self.fields[column.name].attribute = column.name
                self.fields[column.name].widget = ScopedKeyWidget(column.remote_field.model, user=user)

    def get_queryset(self) -> Any:
        rows = self._meta.model._default_manager.editable_by(self.user)
        keys = [column.name for column in foreign_keys(self._meta.model)]
        return rows.select_related(*keys) if keys else rows

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        """The row to update, or None for a new one. Raises: ValidationError: the id is none that the user may change."""
        model = self._meta.model
        rows, pk = self.get_queryset(), model._meta.pk.name
        if row.get(pk):
            found = rows.filter(**{pk: row[pk]}).first()
            if found is None and pk == "id":
                raise ValidationError(
                    {pk: f"There is no row {row[pk]} that you may change: clear the id to add a new row."}
                )
            return found
        key = natural_key(model)
        if key == pk or not row.get(key):
            return None
        owner = {OWNER: self.fields[OWNER].clean(row)} if OWNER in self.fields and OWNER in row else {}
        return rows.filter(**{key: row[key]}, **owner).first()

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Fill the instance from the row; the owner is the user's own organization unless the user chooses owners."""
        super().import_instance(instance, row, **kwargs)
        names = {field.name: field for field in instance._meta.concrete_fields}
        if not chooses_owner(self.user) and OWNER in names and names[OWNER].editable:
            instance.organization_id = self.user.organization_id
        inherit_owner(instance)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Raises: ValidationError: a written row is out of the user's scope after all; the whole import is undone."""
        written = {row.object_id for row in result.rows if row.is_new() or row.is_update()}
        if len(written) != self.get_queryset().filter(pk__in=written).count():
            raise ValidationError("A row would belong to somebody else: give it an owner of your own.")


def resource_of(model: type[models.Model]) -> type[ScopedResource]:
    """The resource of a model: every column that people edit, the code first and the id last."""
    pk = model._meta.pk.name
    secret = {*model.tracking.secret, *model.tracking.unkept}  # type: ignore[attr-defined]
    columns = [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in {*STAMPS, *secret} and (field.editable or field.name == pk)
    ]
    key = natural_key(model)
    order = [key, *(name for name in columns if name != key)] + ([pk] if pk not in columns else [])
    meta = type(
        "Meta",
        (),
        {
            "model": model,
            "fields": order,
            "import_order": order,
            "export_order": order,
            "import_id_fields": (),
            "clean_model_instances": True,
            "skip_unchanged": True,
            "report_skipped": True,
            "store_instance": True,
        },
    )
    return type(f"{model.__name__}Resource", (ScopedResource,), {"Meta": meta})


class SafeCsv(base_formats.CSV):
    """CSV in which no cell runs in a spreadsheet. Reading takes the apostrophes off again."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        dataset = super().create_dataset(in_stream, **kwargs)
        return tablib.Dataset(*sheets.read_apostrophes(dataset), headers=dataset.headers)

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


class UploadForm(ImportForm):
    """The file; its name tells what kind it is."""

    def __init__(self, formats: Any, resource_classes: Any, **kwargs: Any) -> None:
        super().__init__(formats, resource_classes, **kwargs)
        self.extensions = [kind().get_extension() for kind in formats]
        self.fields["format"].required = False
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["import_file"].label = "CSV or XLSX file"
        self.fields["import_file"].widget.attrs["accept"] = ",".join(f".{extension}" for extension in self.extensions)

    def clean(self) -> dict[str, Any]:
        """Raises: ValidationError: the file has another extension than those that can be read."""
        cleaned: dict[str, Any] = super().clean()
        if file := cleaned.get("import_file"):
            extension = file.name.rpartition(".")[2].lower()
            if extension not in self.extensions:
                raise ValidationError(
                    {"import_file": f"{file.name} is not a CSV or XLSX file: save it as one of them."}
                )
            cleaned["format"] = str(self.extensions.index(extension))
        return cleaned


class ColumnsForm(SelectableFieldsExportForm):
    """Which columns to export, named as everywhere else, and as what kind of file."""

    def __init__(self, formats: Any, resource_classes: Any, **kwargs: Any) -> None:
        super().__init__(formats, resource_classes, **kwargs)
        self.fields["format"].choices = [choice for choice in self.fields["format"].choices if choice[0]]

    def _get_field_label(self, resource: type[ScopedResource], field_name: str) -> str:
        return capfirst(str(resource._meta.model._meta.get_field(field_name).verbose_name))


class ConfirmForm(ConfirmImportForm):
    """Asks why; and takes no other file than the one that this user has just uploaded for this model."""

    reason = reason_field()
    salt: ClassVar[str] = ""

    def clean_import_file_name(self) -> str:
        """Raises: ValidationError: the name was not signed for this user and model."""
        try:
            name = signing.Signer(salt=self.salt).unsign(self.cleaned_data["import_file_name"])
        except signing.BadSignature:
            raise ValidationError("This file is not the one you uploaded: upload it again.") from None
        return os.path.basename(name)


class SecureTransfer(ImportExportModelAdmin):
    """Import and export pages of one model."""

    formats = (SafeCsv, SafeXlsx)
    skip_admin_log = True
    import_template_name = "admin/import.html"
    export_template_name = "admin/export.html"
    import_form_class = UploadForm
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

    # The confirmed import ---------------------------------------------------------------------------------------------

    def _salt(self, request: HttpRequest) -> str:
        return f"desk.import.{self.opts.label_lower}.{request.user.pk}"

    def get_confirm_form_class(self, request: HttpRequest) -> type[forms.Form]:
        return type("ConfirmForm", (ConfirmForm,), {"salt": self._salt(request)})

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if "import_file_name" in initial:
            initial["import_file_name"] = signing.Signer(salt=self._salt(request)).sign(initial["import_file_name"])
        return initial

    def process_dataset(self, dataset: Any, form: Any, request: HttpRequest, **kwargs: Any) -> Any:
        context.amend(source="import", reason=form.cleaned_data["reason"])
        return super().process_dataset(dataset, form, request, rollback_on_validation_errors=True, **kwargs)

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """Back to the list; after a refusal, to the upload. The rows have changed since the preview, or it was forged."""
        if not (result.has_errors() or result.has_validation_errors()):
            response: HttpResponse = super().process_result(result, request)
            return response
        messages.error(
            request, "Nothing was imported: some rows are no longer valid. Upload the file again to see which."
        )
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import"))
