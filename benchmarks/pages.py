"""At a million locations: a rare word with and without the trigram index, and the page at 99 % beside the first page.

    python -m benchmarks.pages [--rows 1000000] [--work search,depth] [--rounds 5]

Search: the statement that the API's list sends, and `icontains` of the ORM on the same column and table without its trigram
indexes (dropped in a transaction that is rolled back). Depth: whole requests in this process, by signed-in users. A round
is a median of requests of both, which alternate; figures are milliseconds.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from benchmarks import (
    report,
    scenery,
    scratch,  # sets up Django first
)

LIST = "/api/v1/settings/locations?limit=25"
TABLE = "locations_location"
FASTER, DEEPER = 500.0, 2.0


def asker(tokens: list[str]) -> Callable[[str], Any]:
    client, turns = Client(), itertools.cycle(tokens)

    def ask(path: str) -> Any:
        answer = client.get(path, headers={"Authorization": f"Bearer {next(turns)}"})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def milliseconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def execute(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def statement_of(ask: Callable[[], Any]) -> str:
    """The last one on the table that the request sends, with its values in it."""
    with CaptureQueriesContext(connection) as seen:
        ask()
    return [each["sql"] for each in seen.captured_queries if TABLE in each["sql"]][-1].replace("%", "%%")


def without_index(work: Callable[[], Any]) -> float:
    """Milliseconds of the second try, the indexes for searching away."""
    with transaction.atomic():
        for (name,) in execute(
            f"SELECT indexname FROM pg_indexes WHERE tablename = '{TABLE}' AND indexdef LIKE '%%gin_trgm_ops%%'"
        ):
            with connection.cursor() as cursor:
                cursor.execute(f'DROP INDEX "{name}"')
        work()
        taken = milliseconds(work)
        transaction.set_rollback(True)
    return taken


def search(ask: Callable[[str], Any], rows: int, options: Any) -> tuple[report.Target, dict[str, list[float]]]:
    ((word,),) = execute(f"SELECT split_part(name, ' ', 2) FROM {TABLE} WHERE code = 'PL{rows // 2}'")
    statement = statement_of(lambda: ask(f"{LIST}&search={word}"))
    model = import_string("locations.models.Location")
    plain = model.objects.filter(name__icontains=word).order_by("name", "pk")[:25]
    found, expected = ask(f"{LIST}&search={word}")["results"], [str(each.pk) for each in plain]
    assert [each["id"] for each in found] == expected, f"{word!r} finds other rows than icontains."
    figures: dict[str, list[float]] = {"rare search": [], "icontains, no trigram index": []}
    for _ in range(options.rounds):
        ours = [milliseconds(lambda: execute(statement)) for _ in range(options.requests)]
        figures["rare search"].append(statistics.median(ours))
        figures["icontains, no trigram index"].append(without_index(lambda: list(plain.all())))
    times = report.ratio(figures["icontains, no trigram index"], figures["rare search"])
    return report.Target(f"rare search at {rows:,} rows against icontains", FASTER, times), figures


def depth(ask: Callable[[str], Any], rows: int, options: Any) -> tuple[report.Target, dict[str, list[float]]]:
    deep = f"{LIST}&cursor={scenery.cursor_at(rows * 99 // 100)}"
    assert ask(deep)["results"] != ask(LIST)["results"]
    figures: dict[str, list[float]] = {"first page": [], "page at 99 %": []}
    for _ in range(options.rounds):
        pairs = [(milliseconds(lambda: ask(LIST)), milliseconds(lambda: ask(deep))) for _ in range(options.requests)]
        for name, values in zip(figures, zip(*pairs, strict=True), strict=True):
            figures[name].append(statistics.median(values))
    times = report.ratio(figures["page at 99 %"], figures["first page"])
    return report.Target(f"page at 99 % of {rows:,} rows against the first", DEEPER, times, at_most=True), figures


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=20, help="of each kind in a round")
    parser.add_argument("--work", default="search,depth")
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    works = {"search": search, "depth": depth}
    targets, figures = [], {}
    with scratch.database():
        _, tokens = scenery.make(options.rows, users=100)
        ask = asker(tokens)
        for name in options.work.split(","):
            target, measured = works[name](ask, options.rows, options)
            targets.append(target)
            figures.update(measured)
    lines = ([name, report.spread(values)] for name, values in figures.items())
    print("\n".join(report.table(("", f"ms, {options.rows:,} rows"), lines)))
    report.finish(targets, figures, options.json)


if __name__ == "__main__":
    main()
