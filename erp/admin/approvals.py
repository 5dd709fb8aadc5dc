"""Approvals at the desk: what waits for whom, both sides of a change, deciding it, standing in, and acting alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_safe

from erp import context, files
from erp.admin import timeline, waiting
from erp.admin.base import MasterDataAdmin
from erp.admin.scope import visible
from erp.approvals import asking, services
from erp.approvals.models import SHORTEST_BREAK_GLASS_REASON, Attachment, ChangeRequest, Delegation

PER_PAGE = 50
TABS = {
    "mine": "For me to decide",
    "asked": "Asked by me",
    "all": "All",
    "review": "Emergency changes to review",
}
REFUSALS = (services.ApprovalError, ValidationError, ProtectedError, RestrictedError, DatabaseError)


# Forms ------------------------------------------------------------------------------------------------------------------


class CommentForm(forms.Form):
    """What the second person says; the maker reads it."""

    comment = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "Example: seen on the bank's letter of 12 November"}),
        help_text="Needed to reject. Kept with the decision.",
    )


class AloneForm(forms.Form):
    """Why it can't wait for a second person."""

    reason = forms.CharField(
        label="Why it can’t wait",
        min_length=SHORTEST_BREAK_GLASS_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"{SHORTEST_BREAK_GLASS_REASON} characters or more. Compliance is told at once, and a colleague reviews it.",
    )


class PaperForm(forms.Form):
    """A paper that explains the request."""

    file = forms.FileField(
        label="Paper",
        help_text=f"PDF, JPEG or PNG of at most {files.MAX_MEGABYTES} MB.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )

    def clean_file(self) -> Any:
        """Raises: ValidationError: too large, no kind of file that is taken, or the scanner found something."""
        file = self.cleaned_data["file"]
        self.found = files.measure(file)
        files.check(self.found)
        files.scan(file)
        return file


class AwayForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """Who decides while somebody is away."""

    class Meta:
        model = Delegation
        fields = ("to_user", "valid_from", "valid_to")
        widgets = {
            "valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "valid_to": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.instance.from_user = user
        field: Any = self.fields["to_user"]
        staff = visible(field.queryset, user).filter(is_active=True, organization=user.organization_id)
        field.queryset = staff.exclude(pk=user.pk).order_by("full_name")

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"from_user"}

    def clean(self) -> dict[str, Any]:
        """Raises: ValidationError: the time is over before it begins."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if (last := cleaned.get("valid_to")) and last < timezone.localdate():
            self.add_error("valid_to", "Choose a day that is not over yet.")
        return cleaned

    def _update_errors(self, errors: ValidationError) -> None:
        # A rule may blame who is away, whom the form doesn't show.
        if hasattr(errors, "error_dict") and "from_user" in errors.error_dict:
            errors.error_dict.setdefault(NON_FIELD_ERRORS, []).extend(errors.error_dict.pop("from_user"))
        super()._update_errors(errors)  # type: ignore[misc]


# Lists ------------------------------------------------------------------------------------------------------------------


def requests_of(request: HttpRequest) -> QuerySet[ChangeRequest]:
    """Requests that this user may read. Raises: PermissionDenied: not at the desk."""
    user: Any = request.user
    if not user.is_staff:
        raise PermissionDenied
    rows: QuerySet[ChangeRequest] = ChangeRequest.objects.visible_to(user).filter(asking.readable(user))
    return rows.select_related("maker", "organization")


def _listed(request: HttpRequest, tab: str) -> QuerySet[ChangeRequest]:
    rows = requests_of(request)
    if tab == "mine":
        return services.waiting_for(request.user)
    if tab == "asked":
        return rows.filter(maker=request.user.pk)
    return rows.to_review() if tab == "review" else rows  # type: ignore[attr-defined]


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for whom, newest first."""
    tab, part = request.GET.get("show", "mine"), request.GET.get("state", "")
    if tab not in TABS or part not in {"", *waiting.REQUESTS}:
        raise Http404
    rows = _listed(request, tab).order_by("-id")
    if part:
        rows = waiting.REQUESTS[part](rows, request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(
        request,
        "admin/approvals.html",
        {
            **admin.site.each_context(request),
            "title": "Approvals",
            "tabs": TABS,
            "tab": tab,
            "part": part,
            "page": page,
            "rows": [(found, asking.summary(found)) for found in page],
            "may_lend": request.user.has_perm(services.DECIDE),
        },
    )


# One request ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both sides of a change. POST: `act` says what the user does with it."""
    found = _found(request, pk)
    act = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
    if act is not None and (response := _attempt(request, found, act)):
        return response
    found = _found(request, pk)
    context = {**admin.site.each_context(request), **_shown(request, found)}
    return TemplateResponse(request, "admin/approval.html", context, status=409 if act else 200)


def _found(request: HttpRequest, pk: UUID) -> ChangeRequest:
    """Raises: Http404: none that this user may read."""
    rows = requests_of(request) | services.waiting_for(request.user)
    found = rows.filter(pk=pk).select_related("decision__approver", "decision__on_behalf_of", "reviewed_by").first()
    if found is None:
        raise Http404
    return found


Act = Callable[[HttpRequest, ChangeRequest], str]


def _attempt(request: HttpRequest, found: ChangeRequest, act: Act) -> HttpResponse | None:
    """Do it, and go back to the page; None, with a message and nothing written, when it is refused."""
    here = HttpResponseRedirect(reverse("approval", args=[found.pk]))
    try:
        with transaction.atomic():
            said = act(request, found)
    except REFUSALS as error:
        if not _is_answer(error):
            raise
        messages.error(request, _sentence(error))
        return None
    if said:
        messages.success(request, said)
    return here


def _is_answer(error: Exception) -> bool:
    """Whether people can do something about it."""
    return not isinstance(error, DatabaseError) or isinstance(error, IntegrityError) or services.refused(error)


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return f"Nothing was changed: {' '.join(error.messages)}"
    if isinstance(error, (ProtectedError, RestrictedError)):
        return "Nothing was changed: other records use this one."
    if services.refused(error):
        return f"Nothing was changed: {services.refusal(error)}"
    if isinstance(error, DatabaseError):
        return "Nothing was changed: the database refused it. Look at the record, then decide."
    return str(error)


def _approve(request: HttpRequest, found: ChangeRequest) -> str:
    try:
        services.approve(found, by=request.user, comment=request.POST.get("comment", ""))
    except services.OvertakenError as error:  # that it was overtaken is kept
        messages.error(request, str(error))
        return ""
    return "Approved: the change is in force."


def _reject(request: HttpRequest, found: ChangeRequest) -> str:
    services.reject(found, by=request.user, comment=request.POST.get("comment", ""))
    return "Rejected: nothing changed."


def _withdraw(request: HttpRequest, found: ChangeRequest) -> str:
    services.withdraw(found, by=request.user)
    return "Withdrawn: nothing changed."


def _review(request: HttpRequest, found: ChangeRequest) -> str:
    services.review(found, by=request.user, comment=request.POST.get("comment", ""))
    return "Reviewed. If the change is wrong, ask for it to be taken back on the record’s form."


def _attach(request: HttpRequest, found: ChangeRequest) -> str:
    """Raises: ApprovalError: not the maker's open request. ValidationError: no file that is taken."""
    if found.maker_id != request.user.pk or not found.is_open:
        raise services.ApprovalError("Only who asked adds papers, while the request waits.")
    form = PaperForm(request.POST, request.FILES)
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])
    paper = Attachment(
        request=found,
        organization_id=found.organization_id,
        uploaded_by_id=request.user.pk,
        file=form.cleaned_data["file"],
        file_name=form.found.name,
        sha256=form.found.sha256,
        size=form.found.size,
        mime=form.found.mime,
    )
    paper.full_clean(exclude=["file"])
    context.amend(reason="Paper for a request")
    paper.save(force_insert=True)
    return f"Added: {paper.file_name}."


def _alone(request: HttpRequest, found: ChangeRequest) -> str:
    """Take the request back and make the change at once. Raises: ApprovalError: somebody else's, or no right."""
    form = AloneForm(request.POST)
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])
    user, reason = request.user, form.cleaned_data["reason"]
    services.withdraw(found, by=user, reason=reason)
    record = asking.record_of(found)
    if record is None:
        raise services.ApprovalError("The record is gone.")
    if asking.is_membership(found):
        removes = found.kind == ChangeRequest.Kind.DELETE
        services.break_glass_membership(record, asking.member_of(found), by=user, reason=reason, remove=removes)
    else:
        changes = {} if found.kind == ChangeRequest.Kind.DELETE else asking.values(found)
        services.break_glass(record, changes, by=user, reason=reason, kind=found.kind)
    return "Changed without a second person. Compliance was told, and a colleague will review it."


ACTS: dict[str, Act] = {
    "approve": _approve,
    "reject": _reject,
    "withdraw": _withdraw,
    "review": _review,
    "attach": _attach,
    "alone": _alone,
}


def _shown(request: HttpRequest, found: ChangeRequest) -> dict[str, Any]:
    user: Any = request.user
    record, is_maker = asking.record_of(found), found.maker_id == user.pk
    current = record is not None and (asking.is_membership(found) or record.version == found.base_version)
    waits = found.is_open and ChangeRequest.objects.pending().filter(pk=found.pk).exists()
    return {
        "title": str(found),
        "found": found,
        "kind_of_record": capfirst(str(services.model_of(found)._meta.verbose_name)),
        "record": record,
        "links": _links(request, record),
        "lines": _lines(request, found),
        "decision": getattr(found, "decision", None),
        "papers": found.attachments.all(),
        "waits": waits,
        "overtaken": waits and not current,
        "is_maker": is_maker,
        "may_decide": waits and services.may_decide(user, found),
        "may_act_alone": waits and is_maker and user.has_perm(services.BREAK_GLASS),
        "may_review": services.to_review(user).filter(pk=found.pk).exists(),
        "comment_form": CommentForm(label_suffix=""),
        "paper_form": PaperForm(label_suffix=""),
        "alone_form": AloneForm(label_suffix=""),
    }


def _lines(request: HttpRequest, found: ChangeRequest) -> list[tuple[str, str, str]]:
    """(label, old, new) as people read them."""
    return [
        (capfirst(line.label), _text(line, line.old, request.user), _text(line, line.new, request.user))
        for line in asking.lines(found)
    ]


def _text(line: asking.Line, value: Any, user: Any) -> str:
    if value == asking.MASKED:
        return timeline.HIDDEN
    if isinstance(value, models.Model) or line.field.many_to_many:
        return timeline.shown(value)
    if value is not None and not isinstance(value, (bool, dict, list)):
        value = str(value)
    return timeline.shown(value, line.field, asking.name_of(line, value, user=user))


def _links(request: HttpRequest, record: Any) -> dict[str, str]:
    """Addresses of the record's form and history, if the user may see it."""
    desk = admin.site._registry.get(type(record)) if record is not None else None
    if desk is None or not desk.has_view_permission(request, record):
        return {}
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}"
    return {page: reverse(f"{name}_{page}", args=[record.pk]) for page in ("change", "history")}


@require_safe
def paper(request: HttpRequest, pk: UUID, paper_id: UUID) -> FileResponse:
    """A paper of a request, to be saved. Raises: Http404: none that this user may read."""
    row = _found(request, pk).attachments.filter(pk=paper_id).first()
    if row is None:
        raise Http404
    return files.attachment(row.file, name=row.file_name, mime=row.mime)


# Standing in --------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def away(request: HttpRequest) -> HttpResponse:
    """Who decides for the user, from which day to which. POST adds one, or ends one (`end`)."""
    user: Any = request.user
    if not (user.is_staff and user.has_perm(services.DECIDE)):
        raise PermissionDenied
    context.amend(reason="While I am away")
    if request.method == "POST" and (ended := request.POST.get("end")):
        return _end(request, ended)
    form = AwayForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        form.save()
        messages.success(request, f"{form.instance.to_user} decides for you from {form.instance.valid_from:%-d %b %Y}.")
        return redirect("approvals_away")
    return TemplateResponse(
        request,
        "admin/approvals_away.html",
        {
            **admin.site.each_context(request),
            "title": "While I am away",
            "form": form,
            "lent": Delegation.objects.filter(from_user=user.pk).select_related("to_user"),
            "borrowed": Delegation.objects.filter(to_user=user.pk, is_active=True).select_related("from_user"),
            "today": timezone.localdate(),
        },
    )


def _end(request: HttpRequest, pk: str) -> HttpResponse:
    try:
        row = Delegation.objects.filter(from_user=request.user.pk, is_active=True, pk=pk).first()
    except ValidationError:
        row = None
    if row is None:
        raise Http404
    row.is_active = False
    row.save()
    messages.success(request, f"Ended: {row.to_user} no longer decides for you.")
    return redirect("approvals_away")


# Their histories, which every record has ----------------------------------------------------------------------------------


class LookedAt(MasterDataAdmin):
    """Written by the pages above alone."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return flatten(self.fields or ())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(ChangeRequest)
class ChangeRequestAdmin(LookedAt):
    list_display = ("object_label", "kind", "maker", "status", "created_at", "expires_at", "break_glass")
    list_filter = ("status", "kind", "break_glass")
    search_fields = ("object_label",)
    fields = (
        ("object_label", "kind"), ("maker", "reason"), ("status", "expires_at"), ("break_glass", "reviewed_by"),
        "organization",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChangeRequest]:
        rows: QuerySet[ChangeRequest] = super().get_queryset(request).filter(asking.readable(request.user))
        return rows


@admin.register(Delegation)
class DelegationAdmin(LookedAt):
    list_display = ("from_user", "to_user", "valid_from", "valid_to", "organization", "is_active")
    fields = (("from_user", "to_user"), ("valid_from", "valid_to"), "organization", "is_active")
