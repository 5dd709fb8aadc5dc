"""Brings the shared rows of the database to what the reference files say.

A domain registers its files in `AppConfig.ready()`; this module knows none of them:

    register(Source(name="units", path=DATA / "units.csv", model=Unit, key=("code",)))

What stands in a file is the file's: a load sets it back. What does not, and the columns named in `initial`, belongs to the
people who edit the row. Rows that are equal are not written, so a second load leaves no trace.
"""

from __future__ import annotations

import functools
import graphlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Q

from erp import bulk, context
from erp.events.models import Event
from erp.models import MasterData
from erp.reference.tables import MANIFEST, Row, read_table, sha256

REASON = "Reference data"
LOCK = "SELECT pg_advisory_xact_lock(hashtext('erp.reference.load'))"
BATCH = 500
# Loaded once, then people decide.
ALWAYS_INITIAL = ("is_active",)


class ReferenceDataError(Exception):
    """A file can't be loaded; nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file and the table that it fills.

    key: fields that identify a shared row. A file with a key of one field is what foreign keys of other files refer to.
    adapt: turns a row of the file into values by field name, where names or spelling differ.
    initial: fields that the file sets on new rows only.
    owns: the shared rows of the table that stand in this file, where several files fill one table.
    """

    name: str
    path: Path
    model: type[MasterData]
    key: tuple[str, ...]
    adapt: Callable[[Row], Mapping[str, Any]] = dict
    initial: tuple[str, ...] = ()
    owns: Q = field(default_factory=Q)

    def shared(self) -> models.QuerySet[Any]:
        """Rows of this table that belong to everybody."""
        shared = Q(organization__isnull=True) if _has(self.model, "organization") else Q()
        return self.model._base_manager.filter(self.owns, shared)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the rows of one file."""

    name: str
    added: int
    changed: int
    unchanged: int
    deactivated: int


_sources: dict[str, Source] = {}


def register(*sources: Source) -> None:
    """Make files known to the command; called from `AppConfig.ready()`."""
    _sources.update({source.name: source for source in sources})


def names() -> list[str]:
    """Names of all files, each after those that it refers to."""
    by_model: dict[type[models.Model], list[str]] = {}
    for source in _sources.values():
        by_model.setdefault(source.model, []).append(source.name)
    graph = {
        name: {other for target in _targets(source.model) for other in by_model.get(target, ())}
        for name, source in _sources.items()
    }
    return list(graphlib.TopologicalSorter(graph).static_order())


def load(only: Iterable[str] = ()) -> list[Outcome]:
    """Load these files, or all, in one transaction; one load at a time.

    Raises: ReferenceDataError: a name is unknown, or a row does not fit its table.
    """
    wanted, order = set(only), names()
    if unknown := sorted(wanted.difference(order)):
        raise ReferenceDataError(f"There is no reference file {', '.join(unknown)}: choose from {', '.join(order)}.")
    reason = f"{REASON} {sha256(MANIFEST.read_bytes())[:12]}"
    with context.acting(source="command", reason=reason), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
        return [_load(_sources[name]) for name in order if not wanted or name in wanted]


def _load(source: Source) -> Outcome:
    rows = _Rows(source)
    added = [row for row in rows if row._state.adding]
    changed = [row for row in rows if not row._state.adding and rows.differs(row)]
    returning = rows.wrongly_inactive()
    vanished = rows.vanished()
    for row in (*added, *changed):
        rows.validate(row)
    if added:
        bulk.insert(added, model=source.model)
    if changed:
        source.model._base_manager.bulk_update(changed, rows.kept_columns, batch_size=BATCH)
    for keys, is_active in ((returning, True), (vanished, False)):
        if keys:
            source.model._base_manager.filter(pk__in=keys).update(is_active=is_active)
    touched = {row.pk for row in changed} | returning
    return Outcome(
        name=source.name,
        added=len(added),
        changed=len(touched),
        unchanged=len(rows) - len(added) - len(touched),
        deactivated=len(vanished),
    )


class _Rows:
    """The rows of one file as instances: the stored one where there is one, with the file's values on it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._stored = {_values(row, source.key): row for row in source.shared()}
        self._before: dict[Any, tuple[Any, ...]] = {}
        self._number: dict[Any, int] = {}
        self._by_key: dict[tuple[Any, ...], MasterData] = {}
        self.kept_columns: list[str] = []
        lines = [dict(source.adapt(line)) for line in read_table(source.path)]
        if lines:
            self.kept_columns = [
                name for name in lines[0] if name not in (*source.key, *source.initial, *ALWAYS_INITIAL)
            ]
        self._find(lines)
        self._fill(lines)

    def __iter__(self) -> Iterator[MasterData]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def _find(self, lines: Sequence[Mapping[str, Any]]) -> None:
        key = self._source.key
        references = {name: self._reference(name) for name in key}
        for number, line in enumerate(lines, start=2):
            given = {name: self._parse(name, line[name], references[name], number) for name in key}
            found = tuple(given.values())
            if found in self._by_key:
                raise self._error(
                    number, f"{', '.join(key)} stands in line {self._number[self._by_key[found].pk]} already"
                )
            row = self._stored.get(found) or self._source.model(
                **{_column(self._source.model, name): given[name] for name in key}
            )
            self._by_key[found] = row
            self._number[row.pk] = number

    def _fill(self, lines: Sequence[Mapping[str, Any]]) -> None:
        references = {name: self._reference(name) for name in self._columns(lines)}
        for number, (row, line) in enumerate(zip(self, lines, strict=True), start=2):
            self._before[row.pk] = _values(row, self.kept_columns)
            for name, reference in references.items():
                if row._state.adding or name in self.kept_columns:
                    setattr(row, _column(self._source.model, name), self._parse(name, line[name], reference, number))

    def _columns(self, lines: Sequence[Mapping[str, Any]]) -> list[str]:
        return [name for name in lines[0] if name not in self._source.key] if lines else []

    def _reference(self, name: str) -> dict[str, Any] | None:
        """Primary keys by natural key of the shared rows that a foreign key may name."""
        target = self._source.model._meta.get_field(name).related_model
        if target is None:
            return None
        single = next((s for s in _sources.values() if s.model is target and len(s.key) == 1), None)
        if single is None:
            raise ReferenceDataError(f"{self._source.name}: no reference file fills what {name} refers to.")
        natural = single.key[0]
        found = dict(single.shared().values_list(natural, "pk"))
        if target is self._source.model:
            found |= {getattr(row, natural): row.pk for row in self}
        return found

    def _parse(self, name: str, value: Any, reference: dict[str, Any] | None, number: int) -> Any:
        column: Any = self._source.model._meta.get_field(name)
        if value == "":
            return None if column.null else column.get_default()
        if reference is not None:
            if value not in reference:
                raise self._error(number, f"{name} {value} is unknown: load the file that it stands in first")
            return reference[value]
        try:
            return column.to_python(value)
        except ValidationError as error:
            raise self._error(number, f"{name}: {' '.join(error.messages)}") from error

    def differs(self, row: MasterData) -> bool:
        """Whether the file says something else than the stored row."""
        return self._before[row.pk] != _values(row, self.kept_columns)

    def validate(self, row: MasterData) -> None:
        """Raises: ReferenceDataError: a value does not fit its field. Rules over several fields are the database's."""
        keys = [column.name for column in row._meta.concrete_fields if column.is_relation]
        try:
            row.clean_fields(exclude=keys)
        except ValidationError as error:
            faults = "; ".join(f"{name}: {' '.join(found)}" for name, found in error.message_dict.items())
            raise self._error(self._number[row.pk], faults) from error

    def vanished(self) -> set[Any]:
        """Active rows that the file no longer names, as far as a load made them active; what people made stays."""
        return self._last_word_by_load(
            row for row in self._stored.values() if row.is_active and row.pk not in self._number
        )

    def wrongly_inactive(self) -> set[Any]:
        """Inactive rows that the file names again, as far as a load deactivated them."""
        return self._last_word_by_load(row for row in self if not row._state.adding and not row.is_active)

    def _last_word_by_load(self, rows: Iterable[MasterData]) -> set[Any]:
        """Primary keys of those rows whose `is_active` was last set by a load."""
        keys = {str(row.pk): row.pk for row in rows}
        events = Event.objects.filter(
            object_type=self._source.model._meta.label_lower,
            object_id__in=list(keys),
            payload__changes__has_key="is_active",
        )
        newest = events.order_by("object_id", "-id").distinct("object_id").values_list("object_id", "reason")
        return {keys[object_id] for object_id, reason in newest if reason.startswith(REASON)}

    def _error(self, number: int, fact: str) -> ReferenceDataError:
        return ReferenceDataError(f"{self._source.path.name}, line {number}: {fact}.")


def _values(row: models.Model, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, _column(type(row), name)) for name in names)


def _column(model: type[models.Model], name: str) -> str:
    column: Any = model._meta.get_field(name)
    return str(column.attname)


def _has(model: type[models.Model], name: str) -> bool:
    return any(column.name == name for column in model._meta.concrete_fields)


@functools.cache
def _targets(model: type[models.Model]) -> frozenset[type[models.Model]]:
    related = (column.related_model for column in model._meta.concrete_fields)
    return frozenset(target for target in related if isinstance(target, type) and target is not model)
