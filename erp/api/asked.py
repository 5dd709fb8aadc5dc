"""202 for changes that need a second person: what needs nobody else is written at once, the rest is asked for (erp/approvals)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework.response import Response

from erp import context
from erp.api import concurrency
from erp.api.errors import Error, Problem
from erp.api.router import resource_of
from erp.approvals import asking, services
from erp.approvals.models import ChangeRequest

CODE = "approval_required"


def save(serializer: Any) -> list[ChangeRequest]:
    """Save the record of a serializer that is valid; returns what had to be asked for. Raises: Problem, ValidationError."""
    row = serializer.row
    held = asking.held_back(row)
    if held:
        require_reason()
        serializer.check(row)
    serializer.save()
    made = [*getattr(serializer, "asked", ())]
    return made + asking.ask(row, held, maker=serializer.user, reason=context.current().reason)


def ask_to_delete(row: Any, *, user: Any) -> list[ChangeRequest]:
    """A request to delete a guarded row; none where it may be deleted at once. Raises: Problem: no reason was given."""
    if not services.guarded(type(row)) or not services.in_force():
        return []
    require_reason()
    asked = asking.ask_to_delete(row, maker=user, reason=context.current().reason)
    return [asked] if asked else []


def require_reason() -> None:
    """Raises: Problem: the colleague who decides would not learn why."""
    if not context.current().reason:
        raise Problem(
            400,
            "reason_required",
            "This needs the approval of a second person: say why in X-Change-Reason, or in reason of the body.",
            errors=[{"pointer": "/reason", "code": "required", "detail": "A colleague decides by it."}],
        )


def answer(serializer: Any, asked: Iterable[ChangeRequest], **headers: str) -> Response:
    """202: the record as it is now, with its version in ETag, and the requests that wait."""
    row = serializer.row if hasattr(serializer, "row") else serializer.instance
    resource: Any = resource_of(ChangeRequest)
    shown = resource.view.serializer_class(asked, many=True, context={"request": serializer.context["request"]}).data
    body = {"record": serializer.data, "change_requests": shown}
    return Response(body, 202, headers={"ETag": concurrency.etag(row), **headers})


def refuse_many(rows: Sequence[Any], before: Sequence[dict[str, Any]]) -> Iterable[Error]:
    """Errors of a bulk request: values that need a second person, who looks at one record at a time."""
    found: list[Error] = []
    for number, (row, values) in enumerate(zip(rows, before, strict=True)):
        try:
            names = asking.touched(row, values)
        except DjangoValidationError:  # the model says so next
            continue
        found += ({"pointer": f"/rows/{number}/{name}", "code": CODE, "detail": SENTENCE} for name in names)
    return found if found and services.in_force() else ()


SENTENCE = "This value needs the approval of a second person: leave it out, then PATCH it, which asks for it."
