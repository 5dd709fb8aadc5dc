"""Forms of records that need a second person: what needs nobody else is saved, the rest is asked for (erp/approvals)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from erp import context
from erp.admin.generic import ModelAdmin
from erp.approvals import asking, guards, services
from erp.approvals.models import ChangeRequest

MOST_LABELS = 3


@dataclass
class Held:
    """What one request to the desk may not write itself."""

    changes: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    asked: list[ChangeRequest] = field(default_factory=list)
    # Nothing else was written: "was changed successfully" would be untrue.
    nothing_else: bool = False


def held_of(request: HttpRequest) -> Held:
    """What was held back so far in this request."""
    held: Held = request.__dict__.setdefault("desk_held", Held())
    return held


def save(request: HttpRequest, row: Any, **options: Any) -> None:
    """Save a row less what needs a second person. Raises: ValidationError: the rest alone breaks a rule."""
    if taken := asking.held_back(row):
        held_of(request).changes.append((row, taken))
        row.full_clean(exclude=["password"])
    row.save(**options)


def delete(request: HttpRequest, row: Any) -> None:
    """Delete a row, or ask for it."""
    reason = context.current().reason
    asked = asking.ask_to_delete(row, maker=request.user, reason=reason) if hasattr(row, "tracking") else None
    if asked is None:
        row.delete()
    else:
        held_of(request).asked.append(asked)


class FourEyes(ModelAdmin):
    """Holds back, asks, and says so on the form."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Children, each less what needs a second person. `formset.wrote` says whether anything was written."""
        rows = formset.save(commit=False)
        before = [(row, None if row._state.adding else getattr(row, "version", None)) for row in rows]
        waiting = len(held_of(request).asked)
        for row in formset.deleted_objects:
            delete(request, row)
        deleted = len(formset.deleted_objects) - (len(held_of(request).asked) - waiting)
        for row in rows:
            save(request, row)
        formset.save_m2m()
        formset.wrote = deleted > 0 or any(version != getattr(row, "version", True) for row, version in before)

    def hold_members(self, request: HttpRequest, form: Any) -> None:
        """Roles that the form of a user gives or takes are asked for, and left out of what it saves."""
        for member in guards.memberships().values():
            if member.model is not self.model or member.name not in form.cleaned_data:
                continue
            wanted, reason = form.cleaned_data[member.name], context.current().reason
            asked = asking.ask_for_members(form.instance, member.name, wanted, maker=request.user, reason=reason)
            if asked is not None:
                held_of(request).asked += asked
                del form.cleaned_data[member.name]

    def ask(self, request: HttpRequest, form: Any, *, change: bool) -> None:
        """Make the requests, after everything else is saved: they are about the versions that there are then."""
        held = held_of(request)
        for row, taken in held.changes:
            held.asked += asking.ask(row, taken, maker=request.user, reason=context.current().reason)
        held.nothing_else = bool(held.asked) and change and form.instance.version == form.stored_version
        for asked in held.asked:
            self.tell(request, asked)

    def tell(self, request: HttpRequest, asked: ChangeRequest) -> None:
        """A kind word with a link."""
        sentence = format_html(
            'Waiting for a second person: {} of {}. <a href="{}">Look at the request</a>',
            asking.summary(asked),
            asked.object_label.partition(": ")[0] if asking.is_membership(asked) else asked.object_label,
            reverse("approval", args=[asked.pk]),
        )
        messages.info(request, sentence)

    def message_user(
        self, request: HttpRequest, message: Any, level: Any = messages.INFO, *args: Any, **kw: Any
    ) -> None:
        if not (held_of(request).nothing_else and level == messages.SUCCESS):
            super().message_user(request, message, level, *args, **kw)

    # Deleting ----------------------------------------------------------------------------------------------------------

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete(request, obj)
        for asked in held_of(request).asked:
            self.tell(request, asked)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        if not services.guarded(self.model) or not services.in_force():
            super().delete_queryset(request, queryset)
            return
        for row in queryset:
            self.delete_model(request, row)
            held_of(request).asked.clear()
        held_of(request).nothing_else = True

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        if not held_of(request).asked:
            return super().response_delete(request, obj_display, obj_id)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=[obj_id]))

    # What waits --------------------------------------------------------------------------------------------------------

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        record = context.get("original")
        if record is not None:
            context["waiting"] = self._waiting(request, record, context.get("inline_admin_formsets") or ())
        return super().render_change_form(request, context, *args, **kwargs)

    def _waiting(self, request: HttpRequest, record: Any, inlines: Any) -> list[tuple[ChangeRequest, str]]:
        """Requests about the record and the children on its form, with what they are about; one query, or none."""
        formsets = [inline.formset for inline in inlines if services.guarded(inline.formset.model)]
        about = Q(pk__in=[])
        for one in formsets:
            keys = [str(form.instance.pk) for form in one.initial_forms]
            about |= Q(object_type=one.model._meta.label_lower, object_id__in=keys) if keys else Q(pk__in=[])
        labels = [self.opts.label_lower] if services.guarded(self.model) else []
        labels += [label for label, member in guards.memberships().items() if member.model is self.model]
        if labels:
            about |= Q(object_type__in=labels, object_id=str(record.pk))
        if not about or about == Q(pk__in=[]):
            return []
        rows = ChangeRequest.objects.visible_to(request.user).filter(asking.readable(request.user)).pending()
        return [(found, asking.summary(found)) for found in rows.filter(about).select_related("maker")]
