"""A sign-in name that belongs to somebody in another organization: refused in neutral words, and told to its owner.

Names are unique in the whole installation, because people sign in with them; whoever enters a taken one must be refused.
The refusal says neither that there is such a user nor where. The owner learns of each attempt, at most once a day.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse

from accounts import jobs
from accounts.models import User
from erp.ratelimits import reserve

_TRIED = "_names_tried"


def note(request: HttpRequest, *names: str | None) -> None:
    """This request tries to give these names to a user."""
    request.__dict__.setdefault(_TRIED, set()).update(name.lower() for name in names if name)


def tell_owners(request: HttpRequest, response: HttpResponse) -> None:
    """After the request's transaction, which a refusal rolls back."""
    names = request.__dict__.get(_TRIED)
    if not names or not _may_be_refused(response):
        return
    owners = User.objects.annotate(login=Lower("email")).filter(Q(login__in=names) | Q(mobile__in=names))
    hidden = owners.exclude(pk__in=User.objects.visible_to(request.user).values("pk"))
    for user_id in hidden.values_list("pk", flat=True):
        if not reserve("warnings", account=f"name {user_id}").usage.exhausted:
            jobs.tell_of_reuse.defer(user_id=str(user_id))


def _may_be_refused(response: Any) -> bool:
    """Whether the answer may be about a taken name. The API says so; a form of the desk is asked for nothing."""
    data = getattr(response, "data", None)
    if data is None:
        return not response.headers.get("Content-Type", "").startswith("application/json")
    errors = data.get("errors", ()) if isinstance(data, dict) else ()
    return any(error.get("code") == "unique" for error in errors)
