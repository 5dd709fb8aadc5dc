"""Reading a masked value at the desk: on a page of its own, by those whom erp/masking.py names, and recorded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst

from erp import context, masking
from erp.admin.generic import ModelAdmin
from erp.events import access


class ReadForm(forms.Form):
    """Why somebody reads the value; may stay empty."""

    reason = forms.CharField(max_length=500, required=False, help_text="Kept with the event. Example: Cheque 004211")


class SecretReading(ModelAdmin):
    """Adds the page `<record>/secret/` to admins of models with masked columns."""

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_secret"
        page = path("<path:object_id>/secret/", self.admin_site.admin_view(self.secret_view), name=name)
        return [page, *super().get_urls()] if self._masked_columns() else super().get_urls()

    def secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, POST shows. Raises: Http404: out of scope or unknown. PermissionDenied: not in a role that reads it."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        columns = self._readable(request)
        if not columns or not self.has_view_permission(request):
            raise PermissionDenied
        record = self._found(request, unquote(object_id))
        form = ReadForm(request.POST if request.method == "POST" else None)
        stored = {name: getattr(record, name) for name in columns if getattr(record, name)}
        shown = request.method == "POST" and form.is_valid()
        if shown and stored:
            context.amend(reason=form.cleaned_data["reason"])
            self._record_reading(request, record, list(stored))
        values = {self._label(name): value if shown else masking.masked(value) for name, value in stored.items()}
        return TemplateResponse(
            request,
            "admin/secret.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Numbers of {record}",
                "opts": self.opts,
                "record": record,
                "form": form,
                "values": values,
                "shown": shown,
            },
            headers={"Cache-Control": "private, no-store"},
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        record = context.get("original")
        if record is not None and self._readable(request):
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_secret"
            context["secret_url"] = reverse(name, args=[record.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def _record_reading(self, request: HttpRequest, record: Any, columns: list[str]) -> None:
        access.record(
            access.SECRET_READ,
            request.user,
            what=f"{capfirst(str(self.opts.verbose_name))} {record}",
            subject=access.subject_of(record),
            organization_id=access.owner_of(record, request.user),
            payload={"fields": columns, "records": [str(record.pk)]},
        )

    def _found(self, request: HttpRequest, key: str) -> Any:
        try:
            record = self.get_queryset(request).filter(pk=key).first()
        except (ValidationError, ValueError):
            record = None
        if record is None:
            raise Http404
        return record

    def _masked_columns(self) -> list[str]:
        secret = getattr(getattr(self.model, "tracking", None), "secret", ())
        return [name for name in masking.MASKED if name in secret]

    def _readable(self, request: HttpRequest) -> list[str]:
        """The masked columns that this user may read in plain; one query where there are any."""
        columns, user = self._masked_columns(), request.user
        if not columns or not user.is_active:
            return []
        roles = set(user.groups.values_list("name", flat=True))
        return [name for name in columns if masking.sees_plain(name, roles=roles)]

    def _label(self, name: str) -> str:
        return capfirst(str(self.model._meta.get_field(name).verbose_name))
