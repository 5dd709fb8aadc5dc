"""What the audit log is asked for: filters of one form, in words and as conditions, and pages of constant cost.

One filter leads: it has an index in the order of the page. What the others ask, and what stands inside an event (a field, an
old or new value, the words of a reason), is looked for among the next `SLICE` events of that index, and the page says how far
it has looked. Indexes for more than that would slow down every write (docs/adr/0019).
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection, models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from erp.admin import timeline
from erp.events import capture, registry
from erp.events.models import Event
from erp.scoping import NOTHING, UserType

PAGE = 50
# Events that one page looks into: those of one organization lie scattered, and each may have to come from the disk.
SLICE = 4_000
USERS = 100
LAST_DAY = datetime.date(9999, 12, 30)  # one that has a next
NEWEST = ("-occurred_at", "-id")
OLDEST = ("occurred_at", "id")
VERBS = {"created": "Added", "updated": "Changed", "deleted": "Deleted"}
ANY = [("", "Any")]
COLUMNS = {
    "type": "object_type",
    "source": "source",
    "category": "category",
    "event": "event_type",
    "request": "request_id",
}
# Filters by their index, those that leave least first. One of them leads; two together could have nothing in common, and
# whoever looks for that in an index reads all of it.
LEADING = ("record", "request", "unexplained", "verb", "event", "source", "category", "user", "type")
# Where most events come from: they have no index, because they are never far away.
BUSY_SOURCES = {"admin", "api", "import"}

# One field of a row event, or any of them, whose value or name contains the words. Secrets and erased data are kept as hashes:
# whoever could search for hashes could check guesses. The first line spares most events from being taken apart.
CONTAINS = """
"event"."payload"::text ILIKE %s AND EXISTS (
    SELECT FROM jsonb_each("event"."payload" -> 'changes') AS change
    WHERE (%s = '' OR change.key = %s) AND NOT change.value -> {side} ?| ARRAY['$secret', '$c']
        AND (change.value ->> {side} ILIKE %s OR "event"."payload" -> 'labels' -> change.key ->> {side} ILIKE %s)
)"""
# What an event says that is no change of a row: an agreed price, a failed sign-in. Who looked for the same words before is
# no answer to them.
SAYS = """
"event"."category" <> 'access' AND "event"."payload"::text ILIKE %s AND NOT "event"."payload" ? 'changes' AND EXISTS (
    SELECT FROM jsonb_each_text("event"."payload") AS said WHERE (%s = '' OR said.key = %s) AND said.value ILIKE %s
)"""


class ExplorerForm(forms.Form):
    """Filters of the audit log. Each may be left out; those that are given hold together."""

    type = forms.ChoiceField(label="Record type", required=False)
    verb = forms.ChoiceField(label="Action", choices=[*ANY, *VERBS.items()], required=False)
    user = forms.CharField(
        label="User", max_length=200, required=False, help_text="Name, email or id; deleted users too."
    )
    since = forms.DateField(label="From", required=False)
    until = forms.DateField(label="To", required=False)
    field = forms.ChoiceField(label="Field", required=False)
    old = forms.CharField(label="Old value contains", max_length=200, required=False)
    new = forms.CharField(label="New value contains", max_length=200, required=False)
    reason = forms.CharField(label="Reason contains", max_length=200, required=False)
    source = forms.ChoiceField(label="Source", required=False)
    category = forms.ChoiceField(label="Category", choices=[*ANY, *Event.Category.choices], required=False)
    event = forms.ChoiceField(label="Event", required=False)
    request = forms.CharField(label="Request or import", max_length=64, required=False)
    record = forms.CharField(label="Record id", max_length=64, required=False)
    unexplained = forms.BooleanField(label="Without a reason", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[str, str]]] = {
            "type": record_types(),
            "source": [(name, capfirst(words)) for name, words in timeline.SOURCES.items()],
            "event": [(kind.name, kind.name.replace(".", " ").replace("_", " ")) for kind in registry.types()],
            "field": field_names(str(self.data.get("type", ""))),
        }
        for name, found in choices.items():
            self.fields[name].choices = [*ANY, *found]  # type: ignore[attr-defined]
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            self.add_error("until", "The period ends before it begins: swap the dates.")
        return found


def record_types() -> list[tuple[str, str]]:
    """(label, name in words) of every table under capture, by name."""
    tables = (table.model._meta for table in capture.tracked_tables() if not table.model._meta.auto_created)
    return sorted(((meta.label_lower, capfirst(str(meta.verbose_name))) for meta in tables), key=lambda pair: pair[1])


def field_names(label: str) -> list[tuple[str, str]]:
    """(column, name in words) of the fields of one record type, or of all; one column may have several names."""
    found: dict[str, set[str]] = {}
    for table in capture.tracked_tables():
        if label in {"", table.model._meta.label_lower} and not table.model._meta.auto_created:
            for column in table.model._meta.concrete_fields:
                found.setdefault(column.attname, set()).add(capfirst(str(column.verbose_name)))
    return sorted(((name, " / ".join(sorted(words)[:2])) for name, words in found.items()), key=lambda pair: pair[1])


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the query without it."""

    label: str
    value: str
    removed: str


@dataclass
class Page:
    """Some events, newest first, and the ways on: each is an event's `event_id`, or None."""

    events: list[Event]
    newer: uuid.UUID | None = None
    older: uuid.UUID | None = None
    # The next older event, which stands on the next page.
    following: Event | None = None
    # How far the filters have looked, where they found too little before `SLICE` events were read.
    looked_until: datetime.datetime | None = None
    backwards: bool = False


@dataclass
class ExplorerQuery:
    """The events that one user asks for. An invalid form finds none; `form.errors` says why."""

    user: Any
    data: QueryDict
    form: ExplorerForm = field(init=False)

    def __post_init__(self) -> None:
        self.form = ExplorerForm(self.data)
        if self.form.is_valid():
            try:
                self._actors  # noqa: B018 (asked now, because its refusal belongs into the form)
            except ValidationError as error:
                self.form.add_error("user", error)

    def events(self) -> models.QuerySet[Event]:
        """All of them, newest first, as an export writes them."""
        rows = timeline.events_visible_to(self.user).filter(self._indexed & self._checked)
        return rows.order_by(*NEWEST)

    def describe(self) -> list[str]:
        """The filters in words: "Record type: Commodity"."""
        return [f"{chip.label}: {chip.value}" if chip.value else chip.label for chip in self.chips]

    @cached_property
    def chips(self) -> list[Chip]:
        """What is set, in the order of the form."""
        return [
            Chip(str(self.form.fields[name].label), self._in_words(name, value), self.without(name))
            for name, value in getattr(self.form, "cleaned_data", {}).items()
            if value
        ]

    def _in_words(self, name: str, value: Any) -> str:
        declared = self.form.fields[name]
        if isinstance(declared, forms.ChoiceField):
            return str(dict(declared.choices)[value])  # type: ignore[arg-type]
        if isinstance(value, datetime.date):
            return date_format(value, "j M Y")
        return "" if value is True else str(value)

    def without(self, *names: str, **added: Any) -> str:
        """The query string less some filters and the place in the pages, with others set."""
        left = {name: value for name, value in self.set_filters.items() if name not in names}
        query = QueryDict(mutable=True)
        query.update({**left, **{name: str(value) for name, value in added.items()}})
        return f"?{query.urlencode()}"

    @property
    def set_filters(self) -> dict[str, str]:
        """What the address says of each filter that is given."""
        return {name: str(self.data[name]) for name in self.form.fields if self.data.get(name)}

    # Conditions --------------------------------------------------------------------------------------------------------

    def _given(self, name: str) -> Any:
        return getattr(self.form, "cleaned_data", {}).get(name)

    @cached_property
    def _columns(self) -> dict[str, Q]:
        """Filters by what stands beside an event: name → condition."""
        found = {name: Q(**{column: self._given(name)}) for name, column in COLUMNS.items() if self._given(name)}
        if verb := self._given("verb"):
            found["verb"] = Q(event_type__endswith=f".{verb}")
        if "event" in found:
            found["event"] &= ~Q(category=Event.Category.ROW)  # what its index holds
        if self._given("unexplained"):
            found["unexplained"] = Q(reason="", category=Event.Category.ROW)
        if self._given("record"):
            found["record"] = self._record
        if self._actors is not None:
            found["user"] = Q(actor_id__in=self._actors)
        return found

    @cached_property
    def _leading(self) -> str:
        """The filter whose index the page reads; "": the order of time alone."""
        rare = {"verb": self._given("verb") == "deleted", "source": self._given("source") not in BUSY_SOURCES}
        rare["category"] = self._given("category") != Event.Category.ROW
        return next((name for name in LEADING if name in self._columns and rare.get(name, True)), "")

    @cached_property
    def _indexed(self) -> Q:
        """What bounds the events that are read."""
        return self._columns.get(self._leading, Q()) & self._period if self.form.is_valid() else NOTHING

    @property
    def _period(self) -> Q:
        found = Q()
        if since := self._given("since"):
            found &= Q(occurred_at__gte=_midnight(since))
        if until := self._given("until"):
            found &= Q(occurred_at__lt=_midnight(min(until, LAST_DAY) + datetime.timedelta(days=1)))
        return found

    @property
    def _record(self) -> Q:
        """One record with its children, or one child. Types are named because the indexes begin with them."""
        key = self._given("record")
        tables = capture.tracked_tables()
        kinds = sorted({table.model._meta.label_lower for table in tables})
        wholes = sorted({table.tracking.aggregate for table in tables})
        return Q(object_type__in=kinds, object_id=key) | Q(aggregate_type__in=wholes, aggregate_id=key)

    @cached_property
    def _actors(self) -> set[Any] | None:
        """Ids of the users who are meant; None: everybody. Raises: ValidationError: too many."""
        text = self._given("user")
        if not text:
            return None
        try:
            return {uuid.UUID(text)}
        except ValueError:
            found = _users_called(text, viewer=self.user)
        if len(found) > USERS:
            raise ValidationError(f"More than {USERS} users match: type more of the name.")
        return found

    @cached_property
    def _checked(self) -> Q:
        """What each event that is read is asked."""
        found, name = Q(), self._given("field")
        for column, condition in self._columns.items():
            found &= condition if column != self._leading else Q()
        if name:
            found &= Q(payload__changes__has_key=name)
        if words := self._given("reason"):
            found &= Q(reason__icontains=words)
        for side, words in enumerate((self._given("old"), self._given("new"))):
            found &= _contains(words, name, side=side) if words else Q()
        return found

    # Pages ---------------------------------------------------------------------------------------------------------------

    def page(self, *, after: str = "", before: str = "") -> Page:
        """Events older than `after`, or newer than `before`, or the newest; both are an `event_id`.

        Raises: Http404: the user sees no event of that id.
        """
        backwards = bool(before)
        place = self._place(before or after)
        rows = [self._beyond(part, place, backwards=backwards) for part in self._parts()]
        end = _furthest(rows, backwards=backwards) if self._checked else None
        if end:
            rows = [_within(part, end, backwards=backwards) for part in rows]
        rows = [part.filter(self._checked) for part in rows]
        found = _first(rows, PAGE + 1, backwards=backwards)
        more, shown = len(found) > PAGE, found[:PAGE]
        ahead = shown[-1].event_id if more else end.event_id if end else None
        behind = (shown[0].event_id if shown else uuid.UUID(before or after)) if place else None
        return Page(
            shown[::-1] if backwards else shown,
            newer=ahead if backwards else behind,
            older=behind if backwards else ahead,
            following=found[PAGE] if more and not backwards else None,
            looked_until=end.occurred_at if end and not more else None,
            backwards=backwards,
        )

    def _parts(self) -> list[models.QuerySet[Event]]:
        """Events in scope: those of the organization and those of nobody apart, since each has an index in order."""
        rows = timeline.events_visible_to(self.user).filter(self._indexed)
        if self.user.user_type == UserType.SUPER_ADMIN:
            return [rows]
        own = self.user.organization_id
        return [rows.filter(organization_id=own), rows.filter(organization_id__isnull=True)]

    def _place(self, event_id: str) -> Event | None:
        """The event where the page begins. Its id is random: places of others can't be guessed, nor counted between."""
        if not event_id:
            return None
        try:
            key = uuid.UUID(event_id)
        except ValueError:
            raise Http404 from None
        row = timeline.events_visible_to(self.user).only("occurred_at").filter(event_id=key).first()
        if row is None:
            raise Http404
        return row

    def _beyond(self, rows: models.QuerySet[Event], place: Event | None, *, backwards: bool) -> models.QuerySet[Event]:
        ordered = rows.order_by(*(OLDEST if backwards else NEWEST))
        if place is None:
            return ordered
        side = "gt" if backwards else "lt"
        # The first condition bounds the index; the second one settles the same microsecond.
        return ordered.filter(
            Q(**{f"occurred_at__{side}e": place.occurred_at})
            & (Q(**{f"occurred_at__{side}": place.occurred_at}) | Q(**{f"id__{side}": place.pk}))
        )


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def _within(rows: models.QuerySet[Event], end: Event, *, backwards: bool) -> models.QuerySet[Event]:
    side = "lt" if backwards else "gt"
    return rows.filter(
        Q(**{f"occurred_at__{side}e": end.occurred_at})
        & (Q(**{f"occurred_at__{side}": end.occurred_at}) | Q(**{f"id__{side}e": end.pk}))
    )


def _furthest(parts: Sequence[models.QuerySet[Event]], *, backwards: bool) -> Event | None:
    """Where one page stops looking: the nearest of the parts' `SLICE`-th events; None: all of it is less than that."""
    ends = [rows.only("event_id", "occurred_at")[SLICE - 1 : SLICE] for rows in parts]
    found = ends[0] if len(ends) == 1 else ends[0].union(*ends[1:], all=True)
    pick = min if backwards else max
    return pick(found, key=lambda event: (event.occurred_at, event.pk), default=None)


def _first(parts: Sequence[models.QuerySet[Event]], count: int, *, backwards: bool) -> list[Event]:
    """The first events of all parts together, in one query that reads each part in the order of its index."""
    rows = [part[:count] for part in parts]
    if len(rows) == 1:
        return list(rows[0])
    order = OLDEST if backwards else NEWEST
    return list(rows[0].union(*rows[1:], all=True).order_by(*order)[:count])


def _contains(words: str, name: str, *, side: int) -> Q:
    """Events with these words in an old (0) or new (1) value; of one field, if it is named."""
    escaped = connection.ops.prep_for_like_query
    pattern = f"%{escaped(words)}%"
    stored = f"%{escaped(json.dumps(words, ensure_ascii=False)[1:-1])}%"
    changed = CONTAINS.format(side=side)
    found = _matches(changed, stored, name, name, pattern, pattern)
    return found | _matches(SAYS, stored, name, name, pattern) if side else found


def _matches(condition: str, *values: str) -> Q:
    return Q(RawSQL(condition, values, output_field=models.BooleanField()))  # noqa: S611 (our text; values are bound)


def _users_called(text: str, *, viewer: Any) -> set[Any]:
    """Ids of users by a part of their name, also of deleted and renamed ones, in one query; of those in scope by login too.

    Names stand in the log for everybody who may read it. Logins do not.
    """
    model: Any = get_user_model()
    history: Any = apps.get_model(model.history.model._meta.label)
    found = []
    for kind, key in ((model, model._meta.pk.attname), (history, model._meta.pk.attname)):
        match = Q(**{f"{model.USERNAME_FIELD}__icontains": text}) & model.scope.visible(viewer)
        for name in ("full_name", "name"):
            if _has(model, name):
                match |= Q(**{f"{name}__icontains": text})
        found.append(kind._base_manager.filter(match).order_by().values_list(key, flat=True))
    return set(found[0].union(found[1])[: USERS + 1])


def _has(model: Any, name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
