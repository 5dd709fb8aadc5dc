"""What a file would do to the rows of one model, and doing it.

Rows are looked up, checked and written in sets; a row equal to the stored one is not written. The preview ends with a
rehearsal that is rolled back, so it promises only what will hold.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils.text import capfirst

from erp import bulk
from erp.admin.forms import inherit_owner
from erp.admin.imports import columns
from erp.admin.imports.files import Table, as_text
from erp.admin.scope import OWNER, chooses_owner, foreign_keys
from erp.approvals import asking, services
from erp.models import MasterData

MOST_ERRORS = 500
SHOWN_ROWS = 200
CHUNK = 500
THOROUGH = 300  # rows whose every rule is asked of the database one by one, so that all errors stand at once
NEW, UPDATED, UNCHANGED = "new", "updated", "unchanged"
HELD = "{} of a stored record needs the approval of a second person: change it in the record's form."
HELD_NEW = (
    "{} of a new record needs the approval of a second person: leave it out, then change it in the record's form."
)

Report = Callable[[str, int, int], None]


def silent(step: str, done: int, total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Fault:
    """What is wrong. row: as the spreadsheet numbers it, 0: the whole file. column: "" for the whole row."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Change:
    """One value of a row, as files hold it."""

    column: str
    label: str
    old: str
    new: str


@dataclass
class Line:
    """One row of the file, with the record that it becomes."""

    number: int
    cells: dict[str, Any]
    record: Any = None
    kind: str = NEW
    changes: list[Change] = field(default_factory=list)


@dataclass
class Plan:
    """Every row of a file, and what is wrong."""

    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fingerprint: str = ""

    @property
    def is_full(self) -> bool:
        return len(self.faults) >= MOST_ERRORS

    def of(self, kind: str) -> list[Any]:
        """Records that are new, updated or unchanged."""
        return [line.record for line in self.lines if line.kind == kind]

    def seal(self) -> None:
        """Keep what the user agrees to: which stored rows change, from which version, and how many are new."""
        kept = sorted(f"{row.pk}:{row.version}" for row in self.of(UPDATED))
        self.fingerprint = hashlib.sha256("\n".join([*kept, str(len(self.of(NEW)))]).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Totals, the first rows that change something, and what is wrong."""
        wrong = {fault.row for fault in self.faults}
        counted = Counter(line.kind for line in self.lines if line.number not in wrong)
        changing = (line for line in self.lines if line.kind != UNCHANGED and line.number not in wrong)
        return {
            "totals": {
                **{kind: counted[kind] for kind in (NEW, UPDATED, UNCHANGED)},
                "invalid": len(wrong - {0}),
            },
            "rows": [
                {
                    "number": line.number,
                    "kind": line.kind,
                    "name": str(line.record),
                    "changes": [asdict(one) for one in line.changes],
                }
                for line in islice(changing, SHOWN_ROWS)
            ],
            "errors": [asdict(one) for one in sorted(self.faults, key=lambda one: one.row)],
            "fingerprint": self.fingerprint,
        }


class RefusedError(Exception):
    """Nothing was written: the rows are not what they were when the user agreed, or a rule forbids them."""

    def __init__(self, sentence: str, plan: Plan) -> None:
        super().__init__(sentence)
        self.plan = plan


class Importer:
    """Imports one table into one model for one user. Nothing is read or written beyond that user's scope."""

    def __init__(self, model: type[MasterData], *, user: Any, report: Report = silent) -> None:
        self.model = model
        self.user = user
        self.report = report
        self.keys = {column.name: column for column in foreign_keys(model)}
        self.fields: dict[str, Any] = {column.name: column for column in model._meta.concrete_fields}
        self.owned = OWNER in self.fields and self.fields[OWNER].editable
        self.identity = columns.identity(model)
        self.blamed = columns.blamed(model)

    def preview(self, table: Table) -> Plan:
        """What importing this table would do, tried and rolled back."""
        plan = self._plan(table, lock=False)
        if not plan.faults:
            with transaction.atomic():
                self._try(plan)
                transaction.set_rollback(True)
        return plan

    def write(self, table: Table, *, agreed: str) -> Plan:
        """Import all rows, in the open transaction. agreed: the preview's fingerprint.

        Raises: RefusedError: nothing is written.
        """
        with transaction.atomic():
            plan = self._plan(table, lock=True)
            if not plan.faults and plan.fingerprint != agreed:
                raise RefusedError("Records changed since the preview: upload the file again and look once more.", plan)
            if not plan.faults:
                self._try(plan)
            if plan.faults:
                raise RefusedError("Some rows are no longer valid: upload the file again to see which.", plan)
        return plan

    # Reading ----------------------------------------------------------------------------------------------------------

    def _plan(self, table: Table, *, lock: bool) -> Plan:
        plan = Plan()
        known = columns.columns_of(self.model)
        self._check_header(table.header, known, plan)
        if plan.faults:
            return plan
        plan.lines = [Line(number, dict(zip(table.header, cells, strict=True))) for number, cells in table.rows]
        if not plan.lines:
            plan.faults.append(Fault(0, "", "", "The file has no rows besides its header."))
        targets = self._targets(plan)
        values = [self._values(line, targets, plan) for line in plan.lines]
        stored = self._stored(plan.lines, values, lock=lock)
        self._apply(plan, values, stored)
        plan.seal()
        return plan

    def _check_header(self, header: Sequence[str], known: Sequence[str], plan: Plan) -> None:
        for name in header:
            if name not in known:
                said = f"There is no column {name!r}. Columns: {', '.join(known)}."
                plan.faults.append(Fault(0, name, "", said))
        for name, count in Counter(header).items():
            if count > 1:
                plan.faults.append(Fault(0, name, "", f"The column {name!r} is there {count} times: keep one."))

    def _targets(self, plan: Plan) -> dict[str, dict[str, models.Model]]:
        """Column → code → row, for every code in the file."""
        found = {}
        for name, column in self.keys.items():
            codes = {text for line in plan.lines if (text := as_text(line.cells.get(name)))}
            if codes:
                found[name] = columns.look_up(column.remote_field.model, codes, user=self.user)
        return found

    def _values(self, line: Line, targets: dict[str, dict[str, models.Model]], plan: Plan) -> dict[str, Any]:
        """Column → value; the owner as this user may choose it."""
        values: dict[str, Any] = {}
        for name, cell in line.cells.items():
            try:
                if name in self.keys:
                    values[name] = self._target(name, as_text(cell), targets)
                else:
                    values[name] = columns.value_of(self.fields[name], cell)
            except (ValidationError, ValueError) as error:
                said = " ".join(getattr(error, "messages", [str(error)]))
                self._blame(plan, line, name, said)
        if self.owned and not chooses_owner(self.user):
            # Somebody else's code was no code in scope; the own one changes nothing.
            values[OWNER] = self._own
        return values

    def _target(self, name: str, text: str, targets: dict[str, dict[str, models.Model]]) -> models.Model | None:
        if not text:
            return None
        if text not in targets.get(name, {}):
            kind = self.keys[name].remote_field.model._meta.verbose_name
            raise ValueError(f"There is no {kind} {text!r} that you may use.")
        return targets[name][text]

    @property
    def _own(self) -> Any:
        return self.user.organization

    def _stored(self, lines: Sequence[Line], values: Sequence[dict[str, Any]], *, lock: bool) -> dict[Any, Any]:
        """Id, or identity, → the stored row that this user may change."""
        rows = self.model._default_manager.editable_by(self.user)
        if self.keys:
            rows = rows.select_related(*self.keys)
        if lock:
            rows = rows.select_for_update(no_key=True, of=("self",)).order_by("pk")
        ids = {each["id"] for each in values if each.get("id")}
        found: dict[Any, Any] = {}
        for part in batched_list(sorted(ids), columns.LOOKED_UP):
            found.update({row.pk: row for row in rows.filter(pk__in=part)})
        for condition in self._conditions(values):
            for row in rows.filter(condition):
                kept = found.setdefault(row.pk, row)
                found[self._name_of(self._named(row))] = kept
        return found

    def _named(self, row: Any) -> dict[str, Any]:
        """What identifies a row that is there."""
        return {name: getattr(row, self.fields[name].attname) for name in self.identity}

    def _told(self, values: dict[str, Any]) -> dict[str, Any]:
        """What a row of the file says about its identity; a part belongs to the organization of its whole."""
        told = {name: _key(values.get(name)) for name in self.identity}
        whole = values.get(self.model.tracking.parent)
        if OWNER in told and not self.owned and whole is not None:
            told[OWNER] = getattr(whole, "organization_id", None)
        return told

    def _conditions(self, values: Sequence[dict[str, Any]]) -> Iterator[Q]:
        """Conditions that find at least the rows that the identities name, by the most telling column."""
        if not self.identity:
            return
        told = [self._told(each) for each in values if not each.get("id")]
        if not told:
            return
        column = max(self.identity, key=lambda name: len({each[name] for each in told}))
        attname = self.fields[column].attname
        wanted = {each[column] for each in told}
        if None in wanted:
            yield Q(**{f"{attname}__isnull": True})
        for part in batched_list(sorted(wanted - {None}, key=str), columns.LOOKED_UP):
            yield Q(**{f"{attname}__in": part})

    def _name_of(self, told: dict[str, Any]) -> tuple[Any, ...] | None:
        """The identity of a row; None where its code is missing."""
        key = columns.natural_key(self.model)
        telling = [told[key]] if key in told else [one for name, one in told.items() if name != OWNER]
        return tuple(told.values()) if any(one not in {None, ""} for one in telling) else None

    # Checking ---------------------------------------------------------------------------------------------------------

    def _apply(self, plan: Plan, values: Sequence[dict[str, Any]], stored: dict[Any, Any]) -> None:
        wrong = {fault.row for fault in plan.faults}
        seen: dict[Any, int] = {}
        for count, (line, each) in enumerate(zip(plan.lines, values, strict=True), start=1):
            if count % CHUNK == 0:
                self.report("Checking", count, len(plan.lines))
            if plan.is_full:
                break
            record = self._record(line, each, stored, plan)
            if record is None:
                continue
            line.record = record
            self._fill(line, each, plan)
            self._check_twice(line, seen, plan)
            if line.kind != UNCHANGED and line.number not in wrong:
                self._check(line, plan, thorough=len(plan.lines) <= THOROUGH)

    def _record(self, line: Line, values: dict[str, Any], stored: dict[Any, Any], plan: Plan) -> Any:
        """The stored row, or a new one; None, with a fault, where the id is none that the user may change."""
        key = values.pop("id", None)
        if key:
            found = stored.get(key)
            if found is None:
                said = f"There is no row {key} that you may change: clear the id to add a new row."
                self._blame(plan, line, "id", said)
            return found
        name = self._name_of(self._told(values))
        found = stored.get(name) if name is not None else None
        return found if found is not None else self.model()

    def _fill(self, line: Line, values: dict[str, Any], plan: Plan) -> None:
        """Put the values on the record, and keep what differs."""
        record = line.record
        adding = record._state.adding
        before = {} if adding else {name: self._shown(record, name) for name in values}
        guarded = asking.guarded_values(record)
        for name, value in values.items():
            self._put(record, name, value)
        inherit_owner(record)
        self._normalise(record, values)
        for name in asking.touched(record, guarded):
            label = capfirst(str(self.fields[name].verbose_name))
            self._blame(plan, line, name, (HELD_NEW if adding else HELD).format(label))
        after = {name: self._shown(record, name) for name in values}
        differing = [name for name in values if adding or before[name] != after[name]]
        line.kind = NEW if adding else UPDATED if differing else UNCHANGED
        line.changes = [
            Change(name, str(self.fields[name].verbose_name), before.get(name, ""), after[name])
            for name in differing
            if not adding or after[name]
        ]

    def _put(self, record: Any, name: str, value: Any) -> None:
        """An empty cell means the column's default, where it has one and may be left empty."""
        column = self.fields[name]
        if value is None and name not in self.keys and not column.null and column.has_default():
            if record._state.adding:
                return
            value = column.get_default() if column.blank else None
        setattr(record, name, value)

    def _normalise(self, record: Any, values: dict[str, Any]) -> None:
        """Bring each value into its column's one spelling, so that only real differences count."""
        for name in values:
            column = self.fields[name]
            if name in self.keys:
                continue
            value = getattr(record, column.attname)
            try:
                cleaned = column.to_python(value)
            except ValidationError:
                continue  # `_check` says so
            setattr(record, column.attname, cleaned)

    def _shown(self, record: Any, name: str) -> str:
        if name in self.keys and getattr(record, self.fields[name].attname) is None:
            return ""
        return columns.shown(getattr(record, name))

    def _check_twice(self, line: Line, seen: dict[Any, int], plan: Plan) -> None:
        record = line.record
        names = [record.pk] if not record._state.adding else []
        name = self._name_of(self._named(record))
        for each in [*names, *([name] if name else [])]:
            first = seen.setdefault(each, line.number)
            if first != line.number:
                column = self.identity[-1] if self.identity else "id"
                self._blame(plan, line, column, f"Row {first} is about the same record: keep one of them.")
                return

    def _check(self, line: Line, plan: Plan, *, thorough: bool) -> None:
        """The model's rules. thorough: those that only the database knows, too."""
        record = line.record
        try:
            if thorough:
                record.full_clean()
            else:
                # Foreign keys are known to exist; asking again would be a statement each.
                record.clean_fields(exclude=set(self.keys) | {"id"})
                self._need_keys(record)
                record.clean()
        except ValidationError as error:
            found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
            for name, messages in found.items():
                for said in messages:
                    self._blame(plan, line, name if name in self.fields else self.blamed.get(said, ""), said)

    def _need_keys(self, record: Any) -> None:
        for name, column in self.keys.items():
            if column.editable and not column.null and getattr(record, column.attname) is None:
                raise ValidationError({name: "This field cannot be null."})

    def _blame(self, plan: Plan, line: Line, column: str, said: str) -> None:
        plan.faults.append(Fault(line.number, column, as_text(line.cells.get(column, "")), said))

    # Writing ----------------------------------------------------------------------------------------------------------

    def _try(self, plan: Plan) -> None:
        """Write all rows, or none and say in the plan why."""
        try:
            with transaction.atomic(), connection.wrap_database_errors:
                self._write(plan)
        except (DatabaseError, ValidationError) as error:
            self._explain(plan, error)

    def _write(self, plan: Plan) -> None:
        rows = [line.record for line in plan.lines if line.kind != UNCHANGED]
        new = {id(row) for row in plan.of(NEW)}
        for start in range(0, len(rows), CHUNK):
            self._write_some(rows[start : start + CHUNK], new)
            self.report("Writing", min(start + CHUNK, len(rows)), len(rows))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        written = [row.pk for row in rows]
        mine = sum(
            self.model._default_manager.editable_by(self.user).filter(pk__in=part).count()
            for part in batched_list(written, columns.LOOKED_UP)
        )
        if mine != len(written):
            raise ValidationError("A row would belong to somebody else: give it an owner of your own.")

    def _write_some(self, rows: Sequence[Any], new: set[int]) -> None:
        if self.model.save is not MasterData.save:
            # The model does more than write its row, so each is saved as at the desk.
            for row in rows:
                row.save(force_insert=id(row) in new)
            return
        fresh = [row for row in rows if id(row) in new]
        changed = [row for row in rows if id(row) not in new]
        if fresh:
            bulk.insert(fresh, model=self.model)
        if changed:
            bulk.upsert(changed, model=self.model, key=("id",))

    def _explain(self, plan: Plan, error: Exception) -> None:
        """Find the rows that the database refused: ask each for the rules that only the database knows."""
        for count, line in enumerate(plan.lines, start=1):
            if count % CHUNK == 0:
                self.report("Looking for the row that is refused", count, len(plan.lines))
            if plan.is_full or len(plan.faults) >= 50:
                break
            if line.kind != UNCHANGED:
                line.record._state.adding = line.kind == NEW  # as before the attempt
                self._check(line, plan, thorough=True)
        if not plan.faults:
            plan.faults.append(Fault(0, "", "", self._sentence(error)))

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, ValidationError):
            return " ".join(error.messages)
        if services.refused(error):
            return services.refusal(error)
        diagnosis = getattr(error.__cause__, "diag", None) or getattr(error, "diag", None)
        name = getattr(diagnosis, "constraint_name", None)
        for rule in self.model._meta.constraints:
            if rule.name == name:
                return f"{rule.violation_error_message} {getattr(diagnosis, 'message_detail', None) or ''}".strip()
        if isinstance(error, IntegrityError):
            return f"The database refused the rows by its rule {name}: two rows may hold the same value."
        raise error


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def batched_list(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Slices of at most this many."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
