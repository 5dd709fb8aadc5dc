"""Every change at the desk says why, knows what it writes over, and is one transaction."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.actions import delete_selected
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, models
from django.http import HttpRequest, HttpResponse, QueryDict

from erp import context
from erp.admin import four_eyes
from erp.admin.forms import ReasonForm
from erp.approvals import services
from erp.models import StaleVersionError

REASON_OF_ADDING = "Added at the desk"


class ChangeControl(four_eyes.FourEyes):
    """Reason and version check for saving and deleting. The record of changes replaces Django's own admin log."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The form again, with what was typed, when the database refuses what the form let through."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (DatabaseError, StaleVersionError, ValidationError, services.ApprovalError) as error:
            if isinstance(error, DatabaseError) and not (isinstance(error, IntegrityError) or services.refused(error)):
                raise
            request.__dict__["desk_refusal"] = self._sentence(error)
            request.__dict__.pop("desk_held", None)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _sentence(self, error: Exception) -> str:
        """What the broken constraint says to people."""
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        inlines = [inline.model for inline in self.inlines]
        for constraint in (rule for model in (self.model, *inlines) for rule in model._meta.constraints):
            if constraint.name == name:
                return str(constraint.get_violation_error_message())
        if isinstance(error, StaleVersionError):
            return "Not saved: somebody changed this record a moment ago. Look at its history, then save again."
        if isinstance(error, ValidationError):
            return f"Not saved: {' '.join(error.messages)}"
        if isinstance(error, services.ApprovalError):
            return f"Not saved: {error}"
        if services.refused(error):
            return f"Not saved: {services.refusal(error)}"
        return f"Not saved: the database refused it by its rule {name}. Another record with the same data may exist."

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        context.amend(reason=form.cleaned_data.get("change_reason") or REASON_OF_ADDING)
        four_eyes.save(request, obj, expected_version=form.seen_version if change else None)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        self.hold_members(request, form)
        super().save_related(request, form, formsets, change)
        untouched = change and form.instance.version == form.stored_version
        if untouched and any(formset.wrote for formset in formsets):
            form.instance.touch()
        self.ask(request, form, change=change)

    # Deleting --------------------------------------------------------------------------------------------------------

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        form = self._take_reason(request)
        return super().delete_view(request, object_id, {"reason_form": form, **(extra_context or {})})

    def get_actions(self, request: HttpRequest) -> Any:
        actions: Any = super().get_actions(request)
        if stock := actions.get("delete_selected"):
            actions["delete_selected"] = (delete_selected_with_reason, *stock[1:])
        return actions

    def get_action_choices(self, request: HttpRequest, default_choices: Any = None) -> list[tuple[str, str]]:
        return super().get_action_choices(request, default_choices or [("", "Choose what to do")])

    def _take_reason(self, request: HttpRequest) -> ReasonForm:
        """Put the reason into the context; without a good one, the request asks for the confirmation page again."""
        confirmed = request.method == "POST" and "post" in request.POST
        form = ReasonForm(request.POST if confirmed else None)
        if confirmed and form.is_valid():
            context.amend(reason=form.cleaned_data["reason"])
        elif confirmed:
            unconfirmed = request.POST.copy()
            del unconfirmed["post"]
            request.POST = unconfirmed if "action" in unconfirmed else QueryDict()  # type: ignore[assignment]
        return form

    # Django's own log: the events say the same and more -----------------------------------------------------------------

    def log_addition(self, *_: Any) -> None:  # type: ignore[override]
        pass

    def log_change(self, *_: Any) -> None:  # type: ignore[override]
        pass

    def log_deletions(self, *_: Any) -> None:  # type: ignore[override]
        pass


def delete_selected_with_reason(
    modeladmin: ChangeControl, request: HttpRequest, queryset: models.QuerySet[Any]
) -> HttpResponse | None:
    """Delete the chosen rows after a page that asks why; rows that the user may not delete stop it."""
    if hasattr(queryset, "editable_by"):
        foreign = queryset.exclude(pk__in=queryset.editable_by(request.user).values("pk")).count()
        if foreign:
            modeladmin.message_user(
                request,
                f"Nothing was deleted: {foreign} of the chosen rows are shared by all organizations. Choose only your own.",
                messages.ERROR,
            )
            return None
    form = modeladmin._take_reason(request)
    response = delete_selected(modeladmin, request, queryset)
    if response is not None:
        response.context_data = {**(response.context_data or {}), "reason_form": form}
    return response
