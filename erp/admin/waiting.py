"""What waits for a user: decisions, answers to what the user asked for, files, papers that end soon, records to finish.

Each has its own list, which shows exactly the rows that were counted. What is the user's own is counted now, in one statement
with the approvals; what a whole organization is to do comes from the shared figures.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from erp.admin import quality
from erp.admin.quality import Broken, counted
from erp.approvals import asking, services
from erp.approvals.models import ChangeRequest
from erp.imports.models import ImportJob

# How long an answer is news.
NEWS = datetime.timedelta(days=7)
Rows = QuerySet[Any]
Status = ChangeRequest.Status


@dataclass(frozen=True)
class Waiting:
    """Something that waits for this user: how many, in words, and the list of them."""

    count: int
    words: str
    url: str


@dataclass(frozen=True)
class Source:
    """One kind of thing that waits: its rows for a user, in words for one and for many, and where they are listed."""

    rows: Rows
    one: str
    many: str
    url: str


def for_user(user: Any, rules: Iterable[Broken]) -> list[Waiting]:
    """All that waits, what is to be decided first; two queries. `rules`: those of the user's figures."""
    sources = {str(number): source for number, source in enumerate(_sources(user))}
    counts = counted({name: source.rows for name, source in sources.items()})
    told = [
        Waiting(counts[name], source.one if counts[name] == 1 else source.many, source.url)
        for name, source in sources.items()
    ]
    told += [Waiting(each.count, each.waits[each.count != 1], each.url) for each in rules if _is_due(each, user)]
    return [one for one in told if one.count]


# Parts of the lists of requests and imports, by their name in the address ----------------------------------------------------


def open_requests(rows: Any, user: Any) -> Rows:
    """Waiting for a second person, and not too old yet."""
    pending: Rows = rows.pending()
    return pending


def refused_requests(rows: Rows, user: Any) -> Rows:
    """Those that ended lately without taking effect, but for those that their maker took back."""
    ended = (Status.REJECTED, Status.EXPIRED, Status.CONFLICT)
    return rows.filter(status__in=ended, updated_at__gte=timezone.now() - NEWS)


def requests_of_others(rows: Rows, user: Any) -> Rows:
    """Nobody reviews what they did alone themselves."""
    return rows.exclude(maker=user.pk)


REQUESTS: dict[str, Callable[[Rows, Any], Rows]] = {
    "open": open_requests,
    "refused": refused_requests,
    "others": requests_of_others,
}


def imports_of(user: Any, state: str = "") -> QuerySet[ImportJob]:
    """The user's imports, newest first; `state`: "checked", "done" or "failed", the latter two of the last seven days."""
    rows = ImportJob.objects.visible_to(user).filter(user=user.pk).order_by("-created_at", "-pk")
    if state:
        rows = rows.filter(status=state)
    return rows.filter(finished_at__gte=timezone.now() - NEWS) if state in ENDED else rows


ENDED = (ImportJob.Status.DONE, ImportJob.Status.FAILED)
IMPORTS = {
    ImportJob.Status.CHECKED.value: ("import waits for your confirmation", "imports wait for your confirmation"),
    ImportJob.Status.FAILED.value: ("import of yours failed", "imports of yours failed"),
    ImportJob.Status.DONE.value: ("import of yours is finished", "imports of yours are finished"),
}


# Inside -----------------------------------------------------------------------------------------------------------------


def _sources(user: Any) -> Iterator[Source]:
    yield from _approvals(user)
    for state, (one, many) in IMPORTS.items():
        yield Source(imports_of(user, state), one, many, reverse("imports", query={"state": state}))
    for rule, rows in quality.own_rows(user).items():
        one, many = rule.waits or (rule.title, rule.title)
        yield Source(rows, one, many, quality.list_of(rule))


def _approvals(user: Any) -> Iterator[Source]:
    requests = ChangeRequest.objects.visible_to(user)
    mine = requests.filter(maker=user.pk)
    if user.has_perm(services.DECIDE):
        rows = services.waiting_for(user)
        yield Source(rows, "request waits for you", "requests wait for you", _requests(show="mine"))
    if user.has_perm("approvals.view_changerequest"):
        alone = requests_of_others(requests.filter(asking.readable(user)).to_review(), user)
        url = _requests(show="review", state="others")
        yield Source(alone, "emergency change to review", "emergency changes to review", url)
    yield Source(
        open_requests(mine, user),
        "request of yours waits for somebody else",
        "requests of yours wait for somebody else",
        _requests(show="asked", state="open"),
    )
    yield Source(
        refused_requests(mine, user),
        "request of yours was refused or ran out",
        "requests of yours were refused or ran out",
        _requests(show="asked", state="refused"),
    )


def _requests(**query: str) -> str:
    return reverse("approvals", query=query)


def _is_due(rule: Broken, user: Any) -> bool:
    return bool(rule.waits) and quality.may_change(user, rule.label)
