"""One value for many chosen rows: shown row by row before it is written, then all rows or none, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from erp import context
from erp.admin.forms import ChangeForm, ReasonForm
from erp.admin.generic import ModelAdmin
from erp.admin.imports.columns import shown
from erp.admin.scope import OWNER, foreign_keys
from erp.approvals import services
from erp.models import StaleVersionError

MOST_ROWS = 1_000
MAX_AGE_S = 24 * 3600
ACTION = "edit_selected"


@dataclass
class Edit:
    """What becomes of one row. problem: why it can't."""

    row: Any
    old: str
    new: str
    version: int
    problem: str = ""

    @property
    def changes(self) -> bool:
        return self.old != self.new


class FieldForm(forms.Form):
    """Which field to change."""

    field = forms.ChoiceField(label="Field")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = choices  # type: ignore[attr-defined]


class BulkEdit(ModelAdmin):
    """The action of lists that changes one field of the chosen rows."""

    def get_actions(self, request: HttpRequest) -> Any:
        actions: Any = super().get_actions(request)
        # Who may sign in or do what is decided in the user's own form, with rules of its own.
        own_rules = self.model is get_user_model() or self.model.tracking.category != "row"
        if IS_POPUP_VAR not in request.GET and not own_rules and self.has_change_permission(request):
            actions[ACTION] = (edit_selected, ACTION, "Edit chosen rows…")
        return actions

    def bulk_fields(self, request: HttpRequest, row: Any) -> dict[str, forms.Field]:
        """Fields of the record's form that many rows may share, less those that need a second person."""
        model: Any = self.model
        left_out = {
            *model.tracking.approved,
            *model.tracking.secret,
            *ChangeForm.declared_fields,
            OWNER,
            model.tracking.parent,
        }
        offered = self.get_form(request, row, change=True).base_fields
        columns = {column.name: column for column in model._meta.concrete_fields}
        return {
            name: field
            for name, field in offered.items()
            if name in columns
            and name not in left_out
            and not isinstance(columns[name], models.FileField)
            and not columns[name].unique
        }

    def bulk_rows(self, request: HttpRequest, keys: Any, *, lock: bool = False) -> list[Any]:
        """Those of the rows that the user may change, with what they refer to."""
        rows = self.get_queryset(request).filter(pk__in=keys).order_by("pk")
        rows = rows.editable_by(request.user)  # type: ignore[attr-defined]
        if names := [column.name for column in foreign_keys(self.model)]:
            rows = rows.select_related(*names)
        return list(rows.select_for_update(no_key=True, of=("self",)) if lock else rows)

    def bulk_page(self, request: HttpRequest, rows: list[Any], **more: Any) -> TemplateResponse:
        """One of the pages of the action. The next one gets the chosen rows from a signed field."""
        return TemplateResponse(
            request,
            "admin/bulk_edit.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Edit {len(rows)} {self.opts.verbose_name_plural}",
                "opts": self.opts,
                "media": self.media,
                "count": len(rows),
                "first": rows[0].pk,
                "action": ACTION,
                "checkbox": helpers.ACTION_CHECKBOX_NAME,
                **more,
            },
        )


def edit_selected(desk: BulkEdit, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
    """Choose a field, enter a value, look at each row, say why, save."""
    token = _read_token(desk, request)
    chosen = queryset.order_by().values_list("pk", flat=True)[: MOST_ROWS + 1]
    keys = list(chosen if token is None else token["versions"])
    if len(keys) > MOST_ROWS:
        _refuse(desk, request, f"Nothing was changed: choose at most {MOST_ROWS:,} rows, or import a file.")
        return None
    saving = request.POST.get("step") == "save"
    rows = desk.bulk_rows(request, keys, lock=saving)
    if not rows or len(rows) != len(keys):
        missing = len(keys) - len(rows)
        _refuse(
            desk, request, f"Nothing was changed: {missing} of the chosen rows are not yours to change, or are gone."
        )
        return None
    return _steps(desk, request, rows, token)


def _steps(desk: BulkEdit, request: HttpRequest, rows: list[Any], token: Any) -> HttpResponse | None:
    fields = desk.bulk_fields(request, rows[0])
    choices = sorted(((name, capfirst(str(each.label))) for name, each in fields.items()), key=lambda one: one[1])
    versions = {str(row.pk): row.version for row in rows}
    field_form = FieldForm(request.POST if "field" in request.POST else None, choices=choices)
    if not field_form.is_valid():
        return desk.bulk_page(request, rows, field_form=field_form, token=_token(desk, request, versions, "", ""))
    name = field_form.cleaned_data["field"]
    asked = "value" in request.POST or "step" in request.POST
    value_form = type("ValueForm", (forms.Form,), {"value": fields[name]})(
        request.POST if asked else None, label_suffix=""
    )
    page: dict[str, Any] = {
        "field_name": name,
        "field_label": capfirst(str(fields[name].label)),
        "value_form": value_form,
        "media": desk.media + value_form.media,
    }
    if not asked or not value_form.is_valid():
        return desk.bulk_page(request, rows, **page, token=_token(desk, request, versions, "", ""))
    return _preview_or_save(desk, request, rows, token, name=name, value=value_form.cleaned_data["value"], page=page)


def _preview_or_save(
    desk: BulkEdit, request: HttpRequest, rows: list[Any], token: Any, *, name: str, value: Any, page: dict[str, Any]
) -> HttpResponse | None:
    versions = {str(row.pk): row.version for row in rows}
    edits = [_edit(row, name, value) for row in rows]
    saving = request.POST.get("step") == "save"
    new = edits[0].new
    agreed = saving and token is not None and (token["field"], token["value"]) == (name, new)
    if saving and token is not None:
        for edit in edits:
            if token["versions"][str(edit.row.pk)] != edit.version:
                edit.problem = "Somebody changed it since the preview: look at it again."
    reason_form = ReasonForm(request.POST if agreed else None)
    possible = not any(edit.problem for edit in edits)
    if (
        agreed
        and possible
        and reason_form.is_valid()
        and _save(desk, request, edits, reason_form.cleaned_data["reason"])
    ):
        changed = sum(edit.changes for edit in edits)
        desk.message_user(
            request, f"{changed} changed, {len(edits) - changed} had this value already.", messages.SUCCESS
        )
        return None
    return desk.bulk_page(
        request,
        rows,
        **page,
        edits=edits,
        changing=sum(edit.changes for edit in edits),
        possible=not any(edit.problem for edit in edits),
        refused=saving,
        reason_form=reason_form,
        token=_token(desk, request, versions, name, new),
    )


def _edit(row: Any, name: str, value: Any) -> Edit:
    """The row with the value, and whether the model's rules allow it."""
    column = row._meta.get_field(name)
    edit = Edit(row, _shown(row, column), "", row.version)
    held = column in services.held_now(row)
    setattr(row, name, value)
    edit.new = _shown(row, column)
    if not edit.changes:
        return edit
    if held and services.in_force():
        edit.problem = "Needs the approval of a second person: change it on its own form, which asks for that."
        return edit
    try:
        row.full_clean()
    except ValidationError as error:
        edit.problem = " ".join(error.messages)
    edit.new = _shown(row, column)
    return edit


def _shown(row: Any, column: Any) -> str:
    value = getattr(row, column.attname)
    if column.is_relation:
        return "" if value is None else str(getattr(row, column.name))
    if column.choices:
        return str(getattr(row, f"get_{column.name}_display")())
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return shown(value)


def _save(desk: BulkEdit, request: HttpRequest, edits: list[Edit], reason: str) -> bool:
    """Write all changing rows; False, with the problem at its row and nothing written, when one is refused."""
    context.amend(reason=reason)
    changing = [edit for edit in edits if edit.changes]
    with transaction.atomic():
        for edit in changing:
            try:
                with transaction.atomic():
                    edit.row.save(expected_version=edit.version)
            except (IntegrityError, StaleVersionError, ValidationError) as error:
                edit.problem = str(desk._sentence(error))  # type: ignore[attr-defined]
        keys = [edit.row.pk for edit in edits]
        if len(desk.bulk_rows(request, keys)) != len(keys):
            edits[0].problem = "It would belong to others then."
        done = not any(edit.problem for edit in edits)
        if not done:
            transaction.set_rollback(True)
    return done


# The chosen rows, from page to page ---------------------------------------------------------------------------------------


def _salt(desk: BulkEdit, request: HttpRequest) -> str:
    return f"desk.bulk_edit.{desk.opts.label_lower}.{request.user.pk}"


def _token(desk: BulkEdit, request: HttpRequest, versions: dict[str, int], name: str, value: str) -> str:
    """What was shown: rows with their versions, field and value."""
    shown_here = {"versions": versions, "field": name, "value": value}
    return signing.dumps(shown_here, salt=_salt(desk, request), compress=True)


def _read_token(desk: BulkEdit, request: HttpRequest) -> Any:
    try:
        return signing.loads(request.POST.get("chosen", ""), salt=_salt(desk, request), max_age=MAX_AGE_S)
    except signing.BadSignature:
        return None


def _refuse(desk: BulkEdit, request: HttpRequest, sentence: str) -> None:
    desk.message_user(request, sentence, messages.ERROR)
