"""Is this number right? Asked by the desk's script while somebody types; without it the form says the same when it is saved.

    GET /admin/validate/?kind=gstin&value=27AAPFU0939F1ZV
    {"valid": true, "value": "27AAPFU0939F1ZV", "message": "GSTIN of Maharashtra with the PAN AAPFU0939F."}

No record is asked, so the answer tells nothing about anybody's data. Addresses are logged: what must not be there is
taken by POST only.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from erp import identifiers, ratelimits

LONGEST = 100
SECRET = frozenset({"iban"})


class Limit:
    """One question a field that is left: nobody types a hundred a minute."""

    tier = "moderate"


@require_http_methods(["GET", "HEAD", "POST"])
def validate(request: HttpRequest) -> JsonResponse:
    """{valid, value: in the one spelling, message}. 400 for a kind that there is not, 429 for too many questions."""
    try:
        ratelimits.limit(request, Limit(), user=request.user)
    except ratelimits.LimitExceeded as refusal:
        return _answer({"message": str(refusal.detail)}, status=429, headers=ratelimits.headers(refusal.usage))
    asked = request.POST if request.method == "POST" else request.GET
    kind, text = asked.get("kind", ""), asked.get("value", "").strip()
    if request.method != "POST" and kind in SECRET:
        return _answer({"message": f"Send {kind} by POST: addresses are logged."}, status=400)
    if len(text) > LONGEST:
        return _answer({"message": f"Send at most {LONGEST} characters."}, status=400)
    try:
        value = identifiers.validate(kind, text)
    except KeyError:
        kinds = ", ".join([*identifiers.VALIDATORS, *map(str, identifiers.TAX_RULES)])
        return _answer({"message": f"There is no such kind: ask for one of {kinds}."}, status=400)
    except ValidationError as refusal:
        return _answer({"valid": False, "value": text, "message": " ".join(refusal.messages)})
    return _answer({"valid": True, "value": value, "message": _told(kind, value)})


def _told(kind: str, value: str) -> str:
    """What a right number says about its holder."""
    if kind == "gstin":
        inside = identifiers.gstin_pan(value)
        state = identifiers.GST_STATES[value[:2]].name
        return f"GSTIN of {state} with the PAN {inside}." if inside else f"GSTIN of a deductor of tax in {state}."
    if kind == "pan":
        return f"PAN of a holder of the kind: {identifiers.PAN_HOLDERS[identifiers.pan_holder(value)]}."
    return "The form is right."


def _answer(body: dict[str, object], status: int = 200, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "private, no-store", **(headers or {})})
