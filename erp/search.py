"""One search for the palette and the lists: by code, name, other names and identifiers, forgiving a slip of the hand.

A model says in its `Meta` what people type to find a row of it:

    indexes = search_indexes("location", code="code", name="name", also=("aliases", "un_locode"))

Those indexes are the declaration and the means: nothing is copied, so a change is found at once, and rows come through
`visible_to` like everywhere else (docs/adr/0021). All models are asked in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, connections, models
from django.db.models import F, Func, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, Upper

SHORTEST, LONGEST = 2, 100
BEST = 8  # hits of a model that begin with what was typed
READ = 40  # hits of a model that hold it somewhere
NEAR = 500  # rows that are compared letter by letter
TRIGRAM = 3
FORGIVEN = 4  # letters and digits from which on spelling is forgiven: less is alike to anything
CROWD = 200  # rows beginning with the same word from which on they are gathered first and sorted then
# Share of letter groups that two words must have in common: "gnesh" finds Ganesh.
ALIKE = "0.5"
SET_ALIKE = "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)"


class SearchIndex(GinIndex):
    """Trigrams of all that a row is found by. `opens` names the foreign key to the record whose page a hit opens."""

    def __init__(self, *, name: str, code: str, label: str, also: Sequence[str] = (), opens: str = "") -> None:
        self.code, self.label, self.also, self.opens = code, label, tuple(also), opens
        super().__init__(OpClass(self.text, name="gin_trgm_ops"), name=name, fastupdate=False)

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        declared = {"name": self.name, "code": self.code, "label": self.label, "also": self.also, "opens": self.opens}
        return f"{type(self).__module__}.{type(self).__qualname__}", (), declared

    @property
    def text(self) -> Any:
        """The row's words in capitals. One collation for all: columns may have their own."""
        first, *others = (Coalesce(column, Value("")) for column in (self.code, self.label, *self.also))
        # Django lets its own Collate stand only outside of an index's functions.
        same = Func(first, template='(%(expressions)s) COLLATE "default"', output_field=models.TextField())
        parts = [part for column in others for part in (Value(" "), column)]
        return Upper(Concat(same, *parts, output_field=models.TextField()))


class Like(Func):
    """LIKE with a pattern. Django's `contains` would escape an expression in SQL, which takes long to plan."""

    template, arg_joiner, output_field = "%(expressions)s", " LIKE ", models.BooleanField()


def search_indexes(
    prefix: str, *, code: str, name: str, also: Sequence[str] = (), opens: str = ""
) -> list[models.Index]:
    """Indexes by which rows are found: beginnings of code and name, and anything in the middle."""
    return [
        SearchIndex(name=f"{prefix}_search", code=code, label=name, also=also, opens=opens),
        models.Index(OpClass(Upper(code), name="text_pattern_ops"), name=f"{prefix}_search_code"),
        models.Index(OpClass(Upper(name), name="text_pattern_ops"), name=f"{prefix}_search_name"),
    ]


def search_index(model: type[models.Model]) -> SearchIndex | None:
    """What rows of the model are found by; None where they are not searched for."""
    return next((index for index in model._meta.indexes if isinstance(index, SearchIndex)), None)


def _index(model: type[models.Model]) -> SearchIndex:
    index = search_index(model)
    if index is None:
        raise TypeError(
            f"{model._meta.label} has no search index: put search_indexes(…) among the indexes of its Meta."
        )
    return index


def searchable() -> list[type[models.Model]]:
    """Models with a search index, in the order of the apps."""
    return [model for model in apps.get_models() if search_index(model)]


@dataclass(frozen=True)
class Hit:
    """One found row. `model` and `pk` are those of the record whose page it opens."""

    model: type[models.Model]
    pk: str
    code: str
    label: str
    is_active: bool
    rank: tuple[int, bool, float, str]


def normal(text: str) -> str:
    """What was typed, in capitals with single spaces; "" where it is too short or holds what no text has."""
    words = " ".join(text[:LONGEST].upper().split())
    return words if len(words) >= SHORTEST and "\0" not in words else ""


def find(text: str, user: Any, *, among: Iterable[type[models.Model]] | None = None) -> list[Hit]:
    """Rows that the user may see, best first: exact code, beginning of code or name, words, alike; active before inactive.

    Models that the user's permissions don't let it view are left out. One statement, permissions included, for all models.
    """
    wanted = normal(text)
    chosen = list(searchable() if among is None else among)
    if not wanted or not chosen:
        return []
    statement, params = _statement(wanted, user, chosen)
    with connection.cursor() as cursor:
        cursor.execute(f"{SET_ALIKE}; {statement}", [ALIKE, *params])
        cursor.nextset()
        rows = cursor.fetchall()
    hits: dict[tuple[str, str], Hit] = {}
    for row in rows:
        hit = _hit(wanted, chosen, row)
        key = (hit.model._meta.label, hit.pk)
        if key not in hits or hit.rank < hits[key].rank:
            hits[key] = hit
    return sorted(hits.values(), key=lambda hit: (*hit.rank, hit.pk))


def narrow(rows: QuerySet[Any], text: str, user: Any, *, among: Iterable[type[models.Model]]) -> QuerySet[Any]:
    """Those rows of a list that hold the words themselves or in a part; where none does, the rows that are alike."""
    wanted = normal(text)
    sources = [model for model in among if opened(model) is rows.model]
    if not wanted or not sources:
        return rows.none()
    first, *others = (_keys(model, user).filter(_holds(wanted)) for model in sources)
    found = rows.filter(pk__in=first.union(*others, all=True) if others else first)
    if found.exists():
        return found
    return rows.filter(pk__in=[hit.pk for hit in find(text, user, among=sources)])


def holding(rows: QuerySet[Any], text: str, *, columns: Iterable[str]) -> QuerySet[Any]:
    """At least the rows with the text in one of these columns (`places_of`), by the search index where it covers them."""
    index = search_index(rows.model)
    if index is None or not {index.code, index.label, *index.also}.issuperset(columns):
        return rows
    held = Q()
    for lookup, wanted in places_of(text):
        before = "%" if lookup == "contains" else ""
        held |= Q(Like(index.text, Upper(Value(f"{before}{connection.ops.prep_for_like_query(wanted)}%"))))
    return rows.filter(held)


def places_of(text: str) -> Sequence[tuple[str, str]]:
    """Lookups with their values, of which one must hold where a column has the text, in capitals.

    A short text has no whole trigram: the index knows it at the beginning of a word only, and so it is found there.

    >>> places_of("ofc"), places_of("of")
    ([('contains', 'ofc')], [('startswith', 'of'), ('contains', ' of')])
    """
    return [("startswith", text), ("contains", f" {text}")] if is_short(text) else [("contains", text)]


def is_short(text: str) -> bool:
    """Whether the text holds no whole trigram."""
    return len(text) < TRIGRAM


def is_crowd(model: type[models.Model], text: str, *, column: str, using: str) -> bool:
    """Whether many rows begin with the text in the column that they are sorted by: code or label of the search index.

    They stand together in that order. PostgreSQL takes them for evenly spread and would read all rows before the first of them.
    """
    index = search_index(model)
    if index is None or column not in {index.code, index.label} or is_short(text):
        return False
    with connections[using].cursor() as cursor:
        statement = CROWDED.format(table=model._meta.db_table, column=column, crowd=CROWD)
        cursor.execute(statement, [f"{connection.ops.prep_for_like_query(text)}%"])
        return cursor.fetchone() is not None


def opened(model: type[models.Model]) -> Any:
    """The model whose page a hit among the rows of this one opens."""
    index = _index(model)
    return model._meta.get_field(index.opens).related_model if index.opens else model


# How the statement is made -------------------------------------------------------------------------------------------

# Beginnings in the order of their index, so that an exact code comes first, then words anywhere, then what is alike. `~<~`
# is that order: any other would read and sort all rows with a beginning that is common.
BEGINS = "(SELECT {columns} FROM {table} WHERE found_{column} LIKE %s ORDER BY found_{column} USING ~<~ LIMIT {best})"
CROWDED = 'SELECT FROM "{table}" WHERE UPPER("{column}"::text) LIKE UPPER(%s) OFFSET {crowd} LIMIT 1'
HOLDS = "(SELECT {columns} FROM {table} WHERE {words} LIMIT {read})"
ALIKE_ROWS = """(
    SELECT * FROM (
        SELECT {rest}, word_similarity(%s, found_words) FROM {table}
        WHERE NOT EXISTS (SELECT FROM found) AND found_words %%> %s LIMIT {near}
    ) AS near ORDER BY word_similarity DESC LIMIT {best})"""
MAY = "EXISTS (SELECT FROM granted WHERE name = ANY(%s))"
COLUMNS = ("found_model", "found_pk", "found_code", "found_label", "found_words", "found_active")


def _statement(wanted: str, user: Any, chosen: list[type[models.Model]]) -> tuple[str, list[Any]]:
    """What each model has; spelling is forgiven where that is nothing, in the same round trip.

    Each model's visible rows are named once and, not materialized, read through its indexes wherever they stand.
    """
    granted, params = _granted(user)
    seen, given = _seen(tuple(chosen), Asking.of(user))
    tables = [f"granted (name) AS MATERIALIZED ({granted})", *seen]
    params.extend(given)
    arms: list[str] = []
    for number in range(len(chosen)):
        for sql, typed in _arms(wanted, f"rows_{number}"):
            arms.append(sql)
            params.extend(typed)
    rest = ", ".join(COLUMNS)
    forgiven = chosen if sum(map(str.isalnum, wanted)) >= FORGIVEN else []
    near = [
        ALIKE_ROWS.format(rest=rest, table=f"rows_{number}", near=NEAR, best=BEST) for number in range(len(forgiven))
    ]
    found = f"found AS MATERIALIZED ({' UNION ALL '.join(arms)})"
    # Names of our own and SQL that Django made; whatever was typed is a parameter.
    statement = f"WITH {', '.join(tables)}, {found} {' UNION ALL '.join(['SELECT * FROM found', *near])}"  # noqa: S608
    return statement, [*params, *(wanted for _ in range(2 * len(forgiven)))]


@dataclass(frozen=True)
class Asking:
    """All that decides which rows a user may look for: whoever has the same of it is asked for with the same SQL.

    Scope is asked with this in place of the user, so that it can't read anything that the SQL isn't kept by.
    """

    is_active: bool
    is_superuser: bool
    user_type: str
    organization_id: Any
    partner_id: Any
    home_organization_id: Any

    @classmethod
    def of(cls, user: Any) -> Asking:
        return cls(*(getattr(user, field.name, None) for field in fields(cls)))  # type: ignore[arg-type]  # as in scoping


@lru_cache(maxsize=256)
def _seen(chosen: tuple[type[models.Model], ...], user: Asking) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The visible rows of each model as SQL with its parameters. Django takes longer to write it than PostgreSQL to answer."""
    tables: list[str] = []
    params: list[Any] = []
    for number, model in enumerate(chosen):
        sql, given = _rows(user, number, model).query.sql_with_params()
        names = () if user.is_superuser else _permissions(model)
        allowed = " AND ".join(["true", *(MAY for _ in names)])
        tables.append(f"rows_{number} AS NOT MATERIALIZED (SELECT * FROM ({sql}) AS seen WHERE {allowed})")  # noqa: S608
        params.extend([*given, *names])
    return tuple(tables), tuple(params)


def _granted(user: Any) -> tuple[str, list[Any]]:
    """Names of the user's permissions, as Django's ModelBackend gives them: its own and those of its groups."""
    permissions = apps.get_model("auth.Permission")._default_manager.order_by()
    name = Concat("content_type__app_label", Value("."), "codename")
    own, of_groups = (permissions.filter(**{owner: user.pk}).values_list(name) for owner in ("user", "group__user"))
    sql, params = own.union(of_groups).query.sql_with_params()
    return sql, list(params)


def _permissions(model: type[models.Model]) -> list[list[str]]:
    """For the model and the one whose page its hits open: names of which one must be granted."""
    both = (each._meta for each in {model, opened(model)})
    return [[f"{meta.app_label}.{verb}_{meta.model_name}" for verb in ("view", "change")] for meta in both]


def _arms(wanted: str, table: str) -> Iterator[tuple[str, list[str]]]:
    """Queries with their parameters for the rows of one model that were found as they were written."""
    columns = f"{', '.join(COLUMNS)}, 1.0::float8"
    for column in ("code_upper", "label_upper"):
        yield BEGINS.format(columns=columns, table=table, column=column, best=BEST), [f"{_literally(wanted)}%"]
    if len(wanted) >= TRIGRAM:
        words = wanted.split()
        held = " AND ".join("found_words LIKE %s" for _ in words)
        yield (
            HOLDS.format(columns=columns, table=table, words=held, read=READ),
            [f"%{_literally(word)}%" for word in words],
        )


def _literally(text: str) -> str:
    """Text in a pattern of LIKE that stands for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rows(user: Any, number: int, model: Any) -> QuerySet[Any]:
    """The visible rows with what a hit needs and what it is found by."""
    index = _index(model)
    target = F(f"{index.opens}_id") if index.opens else F("pk")
    rows = model._default_manager.visible_to(user).order_by()
    return rows.values(  # type: ignore[no-any-return]
        found_model=Value(number, models.IntegerField()),
        found_pk=Cast(target, models.TextField()),
        found_code=Coalesce(index.code, Value("")),
        found_label=F(index.label),
        found_words=index.text,
        found_active=F("is_active"),
        found_code_upper=Upper(index.code),
        found_label_upper=Upper(index.label),
    )


def _keys(model: Any, user: Any) -> QuerySet[Any]:
    """Keys of the records that the visible rows of the model open."""
    index = _index(model)
    rows = model._default_manager.visible_to(user).order_by().alias(found_text=index.text)
    return rows.values_list(f"{index.opens}_id" if index.opens else "pk")  # type: ignore[no-any-return]


def _holds(wanted: str) -> Q:
    """Every word stands somewhere in the row."""
    return Q(*(Q(found_text__contains=word) for word in wanted.split()))


def _hit(wanted: str, chosen: list[type[models.Model]], row: Sequence[Any]) -> Hit:
    number, pk, code, label, words, is_active, alike = row
    place = _place(wanted, code.upper(), label.upper(), words)
    return Hit(opened(chosen[number]), pk, code, label, is_active, (place, not is_active, -alike, label.upper()))


# In this order: the first that holds of code, label and all words is the place of a hit; others are alike.
PLACES: tuple[Any, ...] = (
    lambda wanted, code, label, words: code == wanted,
    lambda wanted, code, label, words: label == wanted,
    lambda wanted, code, label, words: (
        f" {wanted} " in f" {words.replace(',', ' ')} " and any(map(str.isdigit, wanted))
    ),
    lambda wanted, code, label, words: code.startswith(wanted) or label.startswith(wanted),
    lambda wanted, code, label, words: f" {wanted}" in f" {words}",
    lambda wanted, code, label, words: all(word in words for word in wanted.split()),
)


def _place(wanted: str, code: str, label: str, words: str) -> int:
    return next((number for number, holds in enumerate(PLACES) if holds(wanted, code, label, words)), len(PLACES))
