"""Every page of the desk starts at the rows that its user may see (issue S7: choices and filters too)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest

from erp.admin.checks import DeskChecks
from erp.admin.forms import ChangeForm, ChildForm, ChildFormSet, KnownSelect, OwnedForm
from erp.admin.generic import BaseModelAdmin, InlineModelAdmin, ModelAdmin
from erp.scoping import NOTHING, Scope, ScopedQuerySet, UserType

OWNER = "organization"


def visible(rows: models.QuerySet[Any], user: Any) -> models.QuerySet[Any]:
    """Those rows that the user may see. Models without scope (roles, content types) are left to their permissions."""
    return rows.visible_to(user) if isinstance(rows, ScopedQuerySet) else rows


def chooses_owner(user: Any) -> bool:
    """Whether the user says to whom a record belongs; for all others it's their own organization."""
    return bool(user.user_type == UserType.SUPER_ADMIN)


def foreign_keys(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """The model's own foreign keys, in order."""
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def is_autocomplete(request: HttpRequest) -> bool:
    """Whether this request looks for rows to choose from."""
    match = request.resolver_match
    return match is not None and match.url_name == "autocomplete"


class ScopedFields(BaseModelAdmin):
    """What the forms of records and of their children share: choices and owner come from the user's scope."""

    form_base: type[OwnedForm] = ChildForm

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Every foreign key to a model whose admin can search, besides those that are named."""
        found = list(super().get_autocomplete_fields(request))
        registry = self.admin_site._registry
        for field in foreign_keys(self.model):
            related = registry.get(field.remote_field.model)
            if field.name not in found and related is not None and related.get_search_fields(request):
                found.append(field.name)
        return found

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KnownSelect(db_field, self.admin_site))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and field.queryset is not None:
            field.queryset = visible(field.queryset, request.user)
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and hasattr(field.widget, "can_delete_related"):
            # Next to a choice there is no place for changing or deleting what others chose too.
            field.widget.can_delete_related = field.widget.can_change_related = False
        return field

    def fixed_owner(self, request: HttpRequest) -> dict[str, Any]:
        """Owner column and value that the user can't choose; empty for SUPER_ADMIN and for models without one."""
        scope = getattr(self.model, "scope", None)
        if chooses_owner(request.user) or not isinstance(scope, Scope) or scope.organization != OWNER:
            return {}
        field = self.model._meta.get_field(OWNER)
        owner = getattr(request.user, "organization_id", None)
        return {f"{OWNER}_id": owner} if getattr(field, "editable", False) else {}

    def owned_form(self, request: HttpRequest, **attributes: Any) -> type[OwnedForm]:
        """The admin's own form class on top of our base, with the owner that the user can't choose."""
        declared = self.form
        bases: tuple[Any, ...] = (declared, self.form_base)
        if issubclass(declared, self.form_base) or issubclass(self.form_base, declared):
            bases = (max(bases, key=lambda base: len(base.__mro__)),)
        return type(declared.__name__, bases, {"owner": self.fixed_owner(request), **attributes})


class ScopedInline(ScopedFields, InlineModelAdmin):
    """Children that the user may see, with the rows that their fields name read along."""

    formset = ChildFormSet

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = visible(super().get_queryset(request), request.user)
        parents = {field.name for field in foreign_keys(self.model)} - {self._parent_key()}
        return rows.select_related(*parents) if parents else rows

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        excluded = list(super().get_exclude(request, obj) or ())
        return [*excluded, OWNER] if self.fixed_owner(request) else excluded

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return _without(fieldsets, {OWNER}) if self.fixed_owner(request) else fieldsets

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kwargs.setdefault("form", self.owned_form(request))
        return super().get_formset(request, obj, **kwargs)

    def _parent_key(self) -> str:
        keys = (field.name for field in foreign_keys(self.model) if field.remote_field.model is self.parent_model)
        return self.fk_name or next(keys, "")


class ScopedAdmin(ScopedFields, ModelAdmin):
    """A record's pages: rows in scope, the permission for each row checked again, and nothing to learn about other rows."""

    form_base = ChangeForm
    checks_class = DeskChecks

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = visible(super().get_queryset(request), request.user)
        if is_autocomplete(request):
            rows = rows.filter(is_active=True).select_related(*self._shown_foreign_keys(request))
        return rows

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """The declared ones and every foreign key among the columns."""
        declared = super().get_list_select_related(request)
        named = list(declared) if isinstance(declared, (list, tuple)) else []
        return sorted({*named, *self._shown_foreign_keys(request)}) or False

    def _shown_foreign_keys(self, request: HttpRequest) -> Iterable[str]:
        keys = {field.name for field in foreign_keys(self.model)}
        return keys.intersection(str(column) for column in self.get_list_display(request))

    # Permissions -----------------------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and self._owns_any(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._in_scope(request, obj, write=True)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._in_scope(request, obj, write=True)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and self._in_scope(request, obj, write=False)

    def _owns_any(self, request: HttpRequest) -> bool:
        scope = getattr(self.model, "scope", None)
        return not isinstance(scope, Scope) or scope.editable(request.user) != NOTHING

    def _in_scope(self, request: HttpRequest, obj: Any, *, write: bool) -> bool:
        """Whether the stored row, not what a form has made of it, is in the user's scope; asked once per request."""
        if obj is None:
            return not write or self._owns_any(request)
        answers: dict[Any, bool] = request.__dict__.setdefault("_desk_scope", {})
        key = (obj.pk, write)
        if key not in answers:
            rows = self.model._default_manager.filter(pk=obj.pk)
            user = request.user
            answers[key] = (rows.editable_by(user) if write else rows.visible_to(user)).exists()
            if write and answers[key]:
                answers[obj.pk, False] = True
        return answers[key]

    # Forms -----------------------------------------------------------------------------------------------------------

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row with what its form shows; locked while a form is being saved, so that versions can be compared."""
        field = self.model._meta.get_field(from_field) if from_field else self.model._meta.pk
        keys = [key.name for key in foreign_keys(self.model)]
        rows = self.get_queryset(request).select_related(*keys) if keys else self.get_queryset(request)
        if request.method == "POST":
            rows = rows.select_for_update(no_key=True, of=("self",))
        try:
            return rows.get(**{field.name: field.to_python(object_id)})
        except (self.model.DoesNotExist, ValueError, ValidationError):
            return None

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs.setdefault("form", self.owned_form(request, refusal=getattr(request, "desk_refusal", "")))
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        controls = set(ChangeForm.declared_fields)
        return [name for name in super().get_fields(request, obj) if name not in controls]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = [OWNER] if obj is not None and self.fixed_owner(request) else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return _without(fieldsets, {OWNER}) if obj is None and self.fixed_owner(request) else fieldsets

    # Lists -----------------------------------------------------------------------------------------------------------

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Filters of a list may ask about its own columns and its declared filters, nothing else.

        Django also lets `?partners__isnull=0` and the like through, which tell about rows of others.
        """
        declared = {_parameter_of(entry) for entry in (self.get_list_filter(request) if request else self.list_filter)}
        if lookup in declared:
            return True
        first, _, rest = lookup.partition("__")
        try:
            field = self.model._meta.get_field(first)
        except FieldDoesNotExist:
            return False
        if not field.concrete or field.column in self.model.tracking.secret:
            return False
        if not field.is_relation:
            return True
        keys = {"", field.target_field.name, field.target_field.attname, "pk"}
        own = {f"{key}__{end}".strip("_") for key in keys for end in ("", "exact", "in", "isnull")}
        return rest in {"", *own} or any(lookup.startswith(f"{path}__") for path in declared if "__" in path)


def _parameter_of(list_filter: Any) -> str:
    """The name in the address that belongs to an entry of `list_filter`."""
    if isinstance(list_filter, str):
        return list_filter
    return str(getattr(list_filter, "parameter_name", "") or list_filter[0])


def _without(fieldsets: Any, hidden: set[str]) -> list[tuple[Any, dict[str, Any]]]:
    """The same fieldsets, less some fields and what is empty then."""
    kept = []
    for name, options in fieldsets:
        fields = []
        for line in options["fields"]:
            names = [line] if isinstance(line, str) else list(line)
            shown = [field for field in names if field not in hidden]
            if shown:
                fields.append(shown[0] if len(shown) == 1 else tuple(shown))
        if fields:
            kept.append((name, {**options, "fields": fields}))
    return kept
