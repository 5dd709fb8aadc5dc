"""How pages and calls grow with the tables: list, detail, create, change, search, audit log, history of a record.

    python -m benchmarks.growth [--sizes 10000,100000,1000000] [--rounds 5] [--requests 8] [--plot FILE.svg]

For each size a database of its own with that many places of one house and that many events. Whole requests through the
application in this process: sign-in, limits, scope, SQL, rendering. The works alternate; figures are medians in milliseconds.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygal
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string

from benchmarks import (
    explorer,
    report,
    scenery,
    scratch,  # sets up Django first
)

LIST = "/api/v1/settings/locations"
JSON = "application/json"
Ask = Callable[[], Any]


def fill(rows: int) -> dict[str, Any]:
    """That many places and events; who reads them."""
    made = explorer.fill(rows)
    house = made["house"]
    place = import_string("erp.testing.fixtures.make")("locations.tests.factories.LocationFactory", organization=house)
    scenery.copy(place, rows - 1, scenery.PLACE)
    tokens = scenery.sign_in(house, 300)
    scenery.vacuum()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM locations_location WHERE code = %s", [f"PL{rows // 2}"])
        rare = cursor.fetchone()[0].split()[1]
    deep = scenery.cursor_at(rows * 99 // 100)
    return {**made, "tokens": tokens, "ids": scenery.ids(2000), "place": place, "rare": rare, "deep": deep}


def works(made: dict[str, Any]) -> dict[str, Ask]:
    """Name → one request; each a little different from the one before."""
    api, desk = Client(), Client()
    desk.force_login(made["readers"]["super admin"])
    tokens, ids, numbers = itertools.cycle(made["tokens"]), itertools.cycle(made["ids"]), itertools.count()
    fresh = iter(made["ids"])

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = api.generic(
            method,
            path,
            json.dumps(body) if body else "",
            content_type=JSON,
            headers={"Authorization": f"Bearer {next(tokens)}", **headers},
        )
        assert answer.status_code in {200, 201}, answer.content
        return answer

    def page(path: str) -> None:
        assert desk.get(path).status_code == 200, path

    def create() -> None:
        number = next(numbers)
        place = {"code": f"NEW{number}", "name": f"New {number}", "kind": "city", "country": made["place"].country_id}
        call("POST", LIST, {**place, "timezone": "Asia/Kolkata"})

    def patch() -> None:
        key = next(fresh)
        call("PATCH", f"{LIST}/{key}", {"city": "Gondal"}, **{"If-Match": f'"{key}:1"'})

    history = reverse("admin:locations_location_history", args=[made["place"].pk])
    return {
        "list": lambda: call("GET", f"{LIST}?limit=25"),
        "list, at 99 %": lambda: call("GET", f"{LIST}?limit=25&cursor={made['deep']}"),
        "detail": lambda: call("GET", f"{LIST}/{next(ids)}"),
        "create": create,
        "patch": patch,
        "search, rare": lambda: call("GET", f"{LIST}?search={made['rare']}"),
        "search, common": lambda: call("GET", f"{LIST}?search=Maruti"),
        "desk list": lambda: page(reverse("admin:locations_location_changelist")),
        "history": lambda: page(history),
        "audit log": lambda: page(reverse("explorer")),
        "audit log, one record": lambda: page(f"{reverse('explorer')}?record={made['record']}"),
    }


def measure(asks: dict[str, Ask], requests: int) -> dict[str, float]:
    """Median milliseconds of each."""
    for ask in asks.values():
        ask()
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(requests):
        for name, ask in asks.items():
            started = time.perf_counter()
            ask()
            taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def plot(figures: dict[int, dict[str, float]], file: Path) -> None:
    """A line a work, over the number of rows."""
    chart = pygal.Line(logarithmic=True, js=[], pretty_print=True, title="Milliseconds a request, by rows")
    chart.x_labels = [f"{size:,}" for size in figures]
    for name in next(iter(figures.values())):
        chart.add(name, [round(figures[size][name], 2) for size in figures])
    file.write_bytes(chart.render())


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--requests", type=int, default=8, help="of each kind in a round")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    figures: dict[int, dict[str, float]] = {}
    for size in map(int, options.sizes.split(",")):
        with scratch.database():
            began = time.monotonic()
            made = fill(size)
            filled = time.monotonic() - began
            figures[size] = measure(works(made), options.rounds * options.requests)
            print(
                f"{size:,} rows: filled in {filled:.0f} s, measured in {time.monotonic() - began - filled:.0f} s",
                flush=True,
            )
    sizes = list(figures)
    lines = []
    for name in figures[sizes[0]]:
        values = [figures[size][name] for size in sizes]
        lines.append([name, *(f"{value:.1f}" for value in values), f"{values[-1] / values[0]:.2f}"])
    heads = ("ms a request", *(f"{size:,} rows" for size in sizes), "last / first")
    print("\n" + "\n".join(report.table(heads, lines)))
    report.finish([], figures, options.json)
    if options.plot:
        plot(figures, options.plot)


if __name__ == "__main__":
    main()
