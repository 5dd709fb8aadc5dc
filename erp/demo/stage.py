"""Who did what, when and why in the month before today, played in the order of time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from erp import context
from erp.approvals.guards import four_eyes_off
from erp.demo.clock import clock_set_by_hand
from erp.models import MasterData

SEED = 20261122
IST = ZoneInfo("Asia/Kolkata")
# Of the 36 days before today at least 30 are no Sunday, wherever the weeks begin: the month's 25 and 5 to prepare it.
DAYS = 36
WORKING_DAYS = 25
EVE_DAYS = 5
# Source of an act that passes the application by, straight in the database.
OUTSIDE = "database"
LOCK = "SELECT pg_advisory_xact_lock(hashtext('erp.demo'))"

M = TypeVar("M", bound=MasterData)


class DemoError(Exception):
    """The database is not one for demonstration data; nothing was written."""


@dataclass(frozen=True)
class Act:
    """One request of one person. `who` is a key of the cast, or the name of what acts by itself."""

    at: datetime
    who: str
    reason: str
    source: str
    do: Callable[[], object]


class Stage:
    """The plan of all acts, and the people who have entered so far.

    days: working days of the month, day 0 to 24 of the story; `eve`: the five before them, day -5 to -1.
    cast: organizations by town ("mumbai") and users by the local part of their address ("desk.mumbai").
    now: moment of the act that is being played.
    """

    def __init__(self, *, today: date) -> None:
        past = (today - timedelta(days=back) for back in range(DAYS, 0, -1))
        working = [day for day in past if day.isoweekday() != 7][-WORKING_DAYS - EVE_DAYS :]
        self.today = today
        self.eve, self.days = working[:EVE_DAYS], working[EVE_DAYS:]
        self.now = datetime.combine(self.eve[0], time(8), tzinfo=IST)
        self.cast: dict[str, Any] = {}
        self.acts: list[Act] = []
        self._rows: dict[tuple[Any, ...], Any] = {}

    def random(self, part: str) -> Random:
        """Dice of one part of the story: the same in every run, whatever the other parts throw."""
        return Random(f"{SEED} {part}")  # noqa: S311 (made-up data)

    def plan(
        self, day: int, clock: str, who: str, reason: str, do: Callable[..., object], /, *args: Any, **kwargs: Any
    ) -> None:
        """Plan `do(*args, **kwargs)` for a day (-5 to 24) at an Indian hour ("11:20"), from the desk.

        A keyword `source` says where else the act comes from: api, import, task, command, or `OUTSIDE`.
        """
        source = kwargs.pop("source", "admin")
        at = datetime.combine(self.days[day] if day >= 0 else self.eve[day], time.fromisoformat(clock), tzinfo=IST)
        self.acts.append(Act(at, who, reason, source, partial(do, *args, **kwargs)))

    def on(self, day: date) -> int:
        """Number of the first working day of the month that is not before this one."""
        return next(number for number, working in enumerate(self.days) if working >= day)

    def play(self) -> None:
        """Perform all acts, each later than the one before. Call it inside a transaction."""
        # Demonstration data is made in one go: nobody waits for a second person.
        with four_eyes_off(), clock_set_by_hand() as set_clock:
            dice = self.random("requests")
            for act in sorted(self.acts, key=lambda act: act.at):
                self.now = max(act.at + timedelta(milliseconds=dice.randrange(60_000)), self.now + timedelta(seconds=1))
                set_clock(self.now)
                with self._acting(act, dice):
                    act.do()

    def row(self, label: str, **key: Any) -> Any:
        """A shared row by model label and natural key; read once, as the story never changes it."""
        found = (label, *key.items())
        if found not in self._rows:
            self._rows[found] = apps.get_model(label)._base_manager.get(**key)
        return self._rows[found]

    def _acting(self, act: Act, dice: Random) -> AbstractContextManager[object]:
        user = self.cast.get(act.who)
        # One id a request, as the desk gives them: by it the timeline tells two acts of this one transaction apart.
        request_id = uuid.UUID(int=dice.getrandbits(128), version=4).hex
        if act.source == OUTSIDE:
            return nullcontext()
        if user is None:
            return context.acting(source=act.source, actor_label=act.who, reason=act.reason, request_id=request_id)
        return context.acting(
            source=act.source,
            actor_id=user.pk,
            actor_label=context.label_of(user),
            organization_id=user.home_organization_id,
            request_id=request_id,
            ip=f"10.20.{list(self.cast).index(act.who)}.{14 + len(act.who)}",
            reason=act.reason,
        )


Chapter = Callable[[Stage], None]
_chapters: list[Chapter] = []


def chapter(tell: Chapter) -> Chapter:
    """Decorator of the function in `<app>/demo.py` that plans the acts of its domain."""
    _chapters.append(tell)
    return tell


def play_all() -> Stage:
    """Plan and play every domain's chapter in one transaction.

    Raises: DemoError: the database holds organizations already, or no reference data yet.
    """
    autodiscover_modules("demo")
    stage = Stage(today=timezone.localdate(timezone=IST))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
        check_database()
        for tell in sorted(_chapters, key=lambda tell: tell.__module__):
            tell(stage)
        stage.play()
    return stage


@contextmanager
def installed_earlier() -> Iterator[None]:
    """What the block writes happened before the story began, so that the story's events are the newest ones."""
    with transaction.atomic(), clock_set_by_hand() as set_clock:
        set_clock(timezone.now() - timedelta(days=DAYS + 1))
        yield


def check_database() -> None:
    """Raises: DemoError: with the way out."""
    if has_organizations():
        raise DemoError("The database has organizations already: demonstration data goes into an empty one only.")
    if not apps.get_model("locations.Country")._base_manager.exists():
        raise DemoError("The database has no reference data yet: run `manage.py load_reference_data` first.")


def has_organizations() -> bool:
    """Whether somebody works here already."""
    return bool(apps.get_model("organizations.Organization")._base_manager.exists())


def create(model: type[M], **values: Any) -> M:
    """A valid, stored row. Raises: ValidationError."""
    return change(model(), **values)


def change(row: M, **values: Any) -> M:
    """Set and store values as a form does. Raises: ValidationError."""
    for name, value in values.items():
        setattr(row, name, value)
    validate(row)
    row.save()
    return row


def validate(row: MasterData) -> None:
    """Check fields and what `clean()` says. Constraints and foreign keys the database checks when it stores the row:
    asking it for each of them before would take minutes.

    Raises: ValidationError.
    """
    row.clean_fields(exclude=[field.name for field in row._meta.concrete_fields if field.is_relation])
    row.clean()
