"""A list of 100 records at the desk against Django's own admin with the same columns, filters and rows.

    python -m benchmarks.changelist [--rows 100000] [--rounds 5] [--pages 6]

Whole pages in this process, sign-in and template included; the two alternate, a round is the median of some pages. Ours
has scope, the palette, saved filters, marks of data quality and the reasons for an action; the other has none of it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.test.utils import override_settings
from django.urls import path, reverse
from django.utils.module_loading import import_string

from benchmarks import (
    report,
    scenery,
    scratch,  # sets up Django first
)
from erp.urls import urlpatterns as ours

MOST = 1.1
stock = admin.AdminSite(name="stock")


def declare() -> None:
    """The same list in Django's admin."""
    model = import_string("locations.models.Location")
    like = admin.site._registry[model]
    names = ("list_display", "list_filter", "list_per_page")
    same = {name: getattr(like, name) for name in names}
    stock.register(model, type("Stock", (admin.ModelAdmin,), {**same, "list_select_related": True}))
    related = {field.related_model for field in model._meta.fields if field.related_model} - {model}
    for each in related:
        stock.register(each, admin.ModelAdmin)


declare()
urlpatterns = [path("stock/", stock.urls), *ours]


def milliseconds(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    answer = ask()
    assert answer.status_code == 200
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=6, help="of each side in a round")
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    with scratch.database(), override_settings(ROOT_URLCONF="benchmarks.changelist"):
        scenery.make(options.rows, users=1)
        client = Client()
        client.force_login(import_string("erp.testing.fixtures.make_user")("SUPER_ADMIN"))
        pages = {"desk": "admin:locations_location_changelist", "stock": "stock:locations_location_changelist"}
        taken: dict[str, list[float]] = {name: [] for name in pages}
        sizes = {}
        for name, page in pages.items():
            sizes[name] = len(client.get(reverse(page)).content)
        for _ in range(options.rounds):
            seen: dict[str, list[float]] = {name: [] for name in pages}
            for _ in range(options.pages):
                for name, page in pages.items():
                    seen[name].append(milliseconds(lambda page=page: client.get(reverse(page))))  # type: ignore[misc]
            for name, values in seen.items():
                taken[name].append(statistics.median(values))
    lines = ([name, report.spread(values), f"{sizes[name]:,}"] for name, values in taken.items())
    print("\n".join(report.table(("", "ms a page", "bytes"), lines)))
    name = "the desk's list of 100 against Django's own admin"
    target = report.Target(name, MOST, report.ratio(taken["desk"], taken["stock"]), at_most=True)
    report.finish([target], taken, options.json)


if __name__ == "__main__":
    main()
