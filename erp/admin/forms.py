"""Forms of the desk: why something changes, and that nobody else changed it meanwhile."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, ValidationError
from django.db import models

from erp.admin import conflict, timeline
from erp.admin.generic import InlineFormSet, ModelForm
from erp.admin.numbers import trimmed


class PastVersion(Protocol):
    """A version that a form restores (restore.py)."""

    @property
    def key(self) -> Any:
        """Of the record."""

    @property
    def values(self) -> dict[str, Any]:
        """Form field → value then; foreign keys as keys."""


def reason_field() -> forms.CharField:
    """Why somebody changes something: 5 to 500 characters, kept with the change forever."""
    return forms.CharField(
        label="Reason for this change",
        min_length=5,
        max_length=500,
        widget=forms.TextInput(
            attrs={"placeholder": "Example: new GST certificate, ticket 1042", "autocomplete": "off"}
        ),
        error_messages={
            "required": "Say why: the reason is kept with the change.",
            "min_length": "Say why in at least 5 characters: the reason is kept with the change.",
        },
    )


class ReasonForm(forms.Form):
    """The reason alone, where a page confirms a deletion or an import."""

    reason = reason_field()


class KnownSelect(AutocompleteSelect):
    """An autocomplete field that doesn't ask the database for the label of a row that the page has read already."""

    known: models.Model | None = None

    def optgroups(self, name: str, value: Any, attr: Any = None) -> list[Any]:
        known = self.known
        if known is None or value != [str(known.pk)]:
            return super().optgroups(name, value, attr)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        options.append(self.create_option(name, known.pk, str(known), True, len(options)))
        return [(None, options, 0)]


class OwnedForm(ModelForm):
    """A form of one row: sets the owner that the user may not choose, and reports errors of fields that it doesn't show.

    `owner` holds columns with their values, for example {"organization_id": …}; empty where the user chooses.
    """

    owner: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        if self.instance._state.adding:
            for column, value in self.owner.items():
                setattr(self.instance, column, value)
        for name, field in self.fields.items():
            self._prepare(name, field)

    def _prepare(self, name: str, field: Any) -> None:
        widget = _inner(field.widget)
        if isinstance(widget, KnownSelect):
            widget.known = self.instance._state.fields_cache.get(name)
        elif isinstance(widget, forms.SplitDateTimeWidget):
            for part, what in zip(widget.widgets, ("date", "time"), strict=True):
                part.attrs["aria-label"] = f"{field.label}: {what}"
        elif isinstance(self.initial.get(name), Decimal):
            self.initial[name] = trimmed(self.initial[name])

    def _get_validation_exclusions(self) -> set[str]:
        # Rules about the owner hold although the form doesn't show it.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {column.removesuffix("_id") for column in self.owner}

    def validate_unique(self) -> None:
        inherit_owner(self.instance)
        super().validate_unique()

    def validate_constraints(self) -> None:
        inherit_owner(self.instance)
        super().validate_constraints()

    def _post_clean(self) -> None:
        self._keep_fractions()
        super()._post_clean()  # type: ignore[misc]

    def _keep_fractions(self) -> None:
        """An input shows whole seconds: a time that it gives back as it was shown is the stored one, to the microsecond."""
        for name, value in self.cleaned_data.items():
            stored = self.initial.get(name)
            if isinstance(value, datetime) and isinstance(stored, datetime) and value == stored.replace(microsecond=0):
                self.cleaned_data[name] = stored

    def _update_errors(self, errors: ValidationError) -> None:
        # A rule of the model may blame a column that this form doesn't show; Django would raise ValueError.
        if hasattr(errors, "error_dict"):
            for name in set(errors.error_dict) - set(self.fields) - {NON_FIELD_ERRORS}:
                errors.error_dict.setdefault(NON_FIELD_ERRORS, []).extend(errors.error_dict.pop(name))
        super()._update_errors(errors)  # type: ignore[misc]


class ChangeForm(OwnedForm):
    """The form of a record: asks for the reason and refuses to write over a change that the user has not seen.

    `refusal` is what the database said when it refused this very form a moment ago; `past` is the version that the form
    restores.
    """

    refusal: ClassVar[str] = ""
    past: ClassVar[PastVersion | None] = None

    change_reason = reason_field()
    expected_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    overwrite = forms.IntegerField(required=False, widget=forms.HiddenInput)
    resolving = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self.past is not None:
            kwargs["initial"] = {**(kwargs.get("initial") or {}), **self.past.values}
        super().__init__(*args, **kwargs)
        adding = self.instance._state.adding
        if adding and self.past is not None:
            self.instance.pk = self.past.key
        self.conflict: timeline.Conflict | None = None
        self.clashes: list[conflict.Clash] = []
        self.resolved = False
        self.stored_version: int = self.instance.version
        self.fields["change_reason"].required = not adding or self.past is not None
        if adding and self.past is None:
            self.fields["change_reason"].label = "Reason (optional)"
        elif not adding:
            self.initial["expected_version"] = self.stored_version

    def add_prefix(self, field_name: str) -> str:
        # The input is called `reason`, unless the model has a column of that name.
        plain = field_name == "change_reason" and "reason" not in self.fields
        return super().add_prefix("reason" if plain else field_name)

    def clean(self) -> dict[str, Any]:
        """Raises: ValidationError: somebody changed the record since this form was opened, or the database refused it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal:
            raise ValidationError(self.refusal)
        if not self.instance._state.adding and self.seen_version != self.stored_version:
            self._settle(cleaned)
        if self.past is not None:
            self._refuse_retired(cleaned, self.past)
        return cleaned

    def _settle(self, cleaned: dict[str, Any]) -> None:
        """Take for each field what the user chose, their value or the typed one.

        Raises: ValidationError: there was nothing to choose from yet, a choice is missing, or the record changed once more.
        """
        seen = cleaned.get("expected_version")
        self.conflict = timeline.conflict(self.instance, seen=seen)
        self.clashes = conflict.clashes(self, seen=seen)
        if cleaned.get("resolving") != self.stored_version:
            raise ValidationError(str(self.conflict), code="stale")
        if not all(clash.chosen for clash in self.clashes):
            raise ValidationError("Not saved: choose a value for each field that both of you changed.", code="stale")
        for clash in self.clashes:
            if clash.chosen == conflict.THEIRS:
                cleaned[clash.name] = clash.value
                self.errors.pop(clash.name, None)
        self.resolved = True

    def _refuse_retired(self, cleaned: dict[str, Any], past: PastVersion) -> None:
        """A version may name rows that nobody may choose any more; what stands on the record today may stay."""
        for name, value in past.values.items():
            chosen = cleaned.get(name)
            brought_back = isinstance(chosen, models.Model) and chosen.pk == value
            if brought_back and not getattr(chosen, "is_active", True) and self._stored(name) != value:
                self.add_error(name, f"{chosen} is inactive now: choose another one.")

    def _stored(self, name: str) -> Any:
        if self.instance._state.adding:
            return None
        return self.instance._meta.get_field(name).value_from_object(self.instance)

    @property
    def seen_version(self) -> int | None:
        """The version that the user looked at, or agreed to write over."""
        if self.resolved:
            return self.stored_version
        version: int | None = self.cleaned_data.get("overwrite") or self.cleaned_data.get("expected_version")
        return version


class ChildForm(OwnedForm):
    """A child's row in the form of its parent. Its inputs stand in a table, so each says itself what it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if field.label:
                _inner(field.widget).attrs.setdefault("aria-label", str(field.label))


def _inner(widget: Any) -> Any:
    """The input itself, without the links that Django puts beside a foreign key's."""
    return getattr(widget, "widget", widget)


def inherit_owner(row: Any) -> None:
    """Copy the organization from the parent, as `save()` will, so that rules about both can be checked before it."""
    columns = {field.name: field for field in row._meta.concrete_fields}
    parent_name = row.tracking.parent
    if not parent_name or "organization" not in columns or columns["organization"].editable:
        return
    with suppress(ObjectDoesNotExist):
        row.organization_id = getattr(getattr(row, parent_name), "organization_id", None)


class ChildFormSet(InlineFormSet):
    """Children of one parent; the box that deletes a row says so to screen readers."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = "Delete this row"
