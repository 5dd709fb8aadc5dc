"""Restoring a version: the normal form, filled in from it. Saving asks for the same rights, reason and rules as ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import unquote
from django.db import models
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse

from erp.admin import compare
from erp.admin.generic import ModelAdmin
from erp.admin.numbers import whole_number
from erp.events.tracking import STAMPS

PARAMETER = "restore"


@dataclass(frozen=True)
class Past:
    """A version whose values a form proposes. `revives`: the record is gone, and comes back under its own key."""

    row: Any
    model: Any
    revives: bool

    @property
    def key(self) -> Any:
        return getattr(self.row, self.model._meta.pk.attname)

    @property
    def values(self) -> dict[str, Any]:
        """Form field → value then. Secrets and files stay out: the record doesn't hold them in plain."""
        return {column.name: getattr(self.row, column.attname) for column in self._columns()}

    def _columns(self) -> Iterator[Any]:
        left_out = {*STAMPS, *self.model.tracking.secret, *self.model.tracking.unkept}
        for column in self.model._meta.concrete_fields:
            if column.attname not in left_out and not isinstance(column, models.FileField):
                yield column


@dataclass(frozen=True)
class Banner:
    """What a form that restores says above itself: what saving will change, and what it can't bring back."""

    past: Past
    changes: list[compare.Field]
    left_out: list[compare.Field]
    secrets: list[str]


class Restore(ModelAdmin):
    """`?restore=<history id>` on the form of a record, or on the form that adds one for a record that was deleted."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Raises: Http404: no such version of this record among those that the user may change."""
        version = request.GET.get(PARAMETER)
        if version is None or "desk_past" in request.__dict__:
            return super().changeform_view(request, object_id, form_url, extra_context)
        past = self._past(request, version, unquote(object_id) if object_id else None)
        if object_id is None and self.get_queryset(request).filter(pk=past.key).exists():
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[past.key], query={PARAMETER: version}))
        request.__dict__["desk_past"] = past
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _past(self, request: HttpRequest, version: str, object_id: str | None) -> Past:
        row = self.versions(request, write=True).filter(history_id=whole_number(version)).first()  # type: ignore[attr-defined]
        if row is None or (object_id is not None and str(getattr(row, self.model._meta.pk.attname)) != object_id):
            raise Http404
        return Past(row, self.model, revives=object_id is None)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)  # a class of this request alone
        form.past = request.__dict__.get("desk_past")
        return form

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        past: Past | None = request.__dict__.get("desk_past")
        if past is not None:
            context["restoring"] = self._banner(request, past, context["adminform"].form, context.get("original"))
        return super().render_change_form(request, context, *args, **kwargs)

    def _banner(self, request: HttpRequest, past: Past, form: Any, record: Any) -> Banner:
        # A bound form has put what was typed into its instance: the stored row tells what is there now.
        now = self.model._base_manager.filter(pk=record.pk).first() if record is not None else None
        fields = compare.fields_of(self.model, request, now, past.row)
        differing = [field for field in fields if field.differs]
        proposed = {name for name in past.values if name in form.fields}
        secrets = [
            str(self.model._meta.get_field(name).verbose_name)
            for name in self.model.tracking.secret
            if name in form.fields
        ]
        return Banner(
            past,
            [field for field in differing if field.name in proposed],
            [field for field in differing if field.name not in proposed],
            secrets,
        )
