"""The map of a list: the same rows under the same filters, on a picture of the world that the server draws.

    class LocationAdmin(Mapped, MasterDataAdmin):
        map_facts = ("kind", "country")

No tiles, no network, no script needed: what is close together is one mark with a number, which is a link to a closer look.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Avg, Count, Max, Min, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from erp.admin.generic import ModelAdmin
from erp.admin.map_box import Box, BoxError, Mark, labelled
from erp.admin.map_place import Place, place_of

PART = "bbox"
PER_PAGE = 25
# Cells of the grid along each side; few rows are shown one by one.
COARSE, FINE = 8, 32
FEW = 60


class Mapped(ModelAdmin):
    """An admin whose rows stand on the map; there is one such at the desk.

    map_facts: columns that tell more about a row. map_country: foreign key to a country by its ISO code.
    map_fieldset: the part of the form beside which its place is shown.
    """

    latitude, longitude = "latitude", "longitude"
    map_facts: tuple[str, ...] = ()
    map_country = "country"
    map_fieldset = "Position"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context["place"] = self.place(context["adminform"].form)
        context["place_fieldset"] = self.map_fieldset
        return super().render_change_form(request, context, *args, **kwargs)

    def place(self, form: Any) -> Place:
        """Where the row of a form lies, as it stands in the form, and whether that is in its country."""
        values = [
            form[name].value() if name in form.fields else _field(self, name).value_from_object(form.instance)
            for name in (self.latitude, self.longitude, self.map_country)
        ]
        return place_of(*("" if value is None else str(value) for value in values))


class MapList(ChangeList):
    """The list behind the map: what its filters let through (`matching`), and of that the rows in this part of the map."""

    def __init__(self, *args: Any, box: Box | None, **kwargs: Any) -> None:
        self.asked = box
        super().__init__(*args, **kwargs)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(PART, None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        site: Any = self.model_admin
        latitude, longitude = site.latitude, site.longitude
        self.matching = super().get_queryset(request, exclude_parameters)
        self.extent = self.matching.order_by().aggregate(
            rows=Count("pk"),
            placed=Count(latitude),
            west=Min(longitude),
            south=Min(latitude),
            east=Max(longitude),
            north=Max(latitude),
        )
        self.box = self.asked or self._fitting()
        return self.matching.filter(self.box.holds(latitude, longitude))

    def _fitting(self) -> Box:
        if not self.extent["placed"]:
            return Box.around(0, 0, 360)
        return Box.fitting(*(float(self.extent[side]) for side in ("west", "south", "east", "north")))

    @property
    def unplaced(self) -> int:
        """Rows that match and have no coordinates."""
        return int(self.extent["rows"] - self.extent["placed"])

    def address(self, box: Box | None) -> str:
        """The same filters with another part of the map; None: the part that fits them."""
        return str(self.get_query_string({PART: box.text} if box else None, remove=[PART]))


@dataclass(frozen=True)
class Row:
    """A row of the list beside the map; `key` is that of its mark."""

    url: str
    name: str
    facts: str
    north: str
    east: str
    key: str


def mapped() -> Any:
    """The admin whose rows stand on the map, or None."""
    return next((site for site in admin.site._registry.values() if isinstance(site, Mapped)), None)


def map_url(request: HttpRequest) -> str:
    """Address of the map; "" for whom it isn't."""
    site = mapped()
    return reverse("map") if site is not None and site.has_view_permission(request) else ""


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """The page. 400: the part of the map that is asked for is none. Raises: PermissionDenied, Http404."""
    site, problem, box = _site(request), "", None
    try:
        box = Box.parse(request.GET[PART]) if request.GET.get(PART) else None
    except BoxError as error:
        problem = str(error)
    try:
        found = _list(request, site, box)
    except IncorrectLookupParameters:
        messages.error(request, "The filter of the map could not be read: here are all rows. Choose it again.")
        return HttpResponseRedirect(reverse("map"))
    cells = FINE if found.result_count <= FEW else COARSE
    context = {
        **admin.site.each_context(request),
        "title": "Map",
        "opts": site.opts,
        "cl": found,
        "problem": problem,
        "marks": _marks(found, site, cells),
        "rows": [_row(row, site, found, cells) for row in found.result_list],
        "unplaced_url": _list_url(site, found, **{f"{site.latitude}__isnull": "True"}),
        "list_url": _list_url(site, found),
        "zoom": _zoom(found),
    }
    return TemplateResponse(request, "admin/map.html", context, status=400 if problem else 200)


@require_safe
def map_place(request: HttpRequest) -> HttpResponse:
    """Where the typed coordinates lie: the inset of the form, for its script. Nothing is read from the database."""
    return TemplateResponse(request, "admin/map_place.html", {"place": _asked(request)})


def _asked(request: HttpRequest) -> Place:
    return place_of(*(request.GET.get(name, "") for name in ("latitude", "longitude", "country")))


def _site(request: HttpRequest) -> Any:
    site = mapped()
    if site is None:
        raise Http404
    if not site.has_view_permission(request):
        raise PermissionDenied
    return site


def _list(request: HttpRequest, site: Any, box: Box | None) -> MapList:
    keys = [name for name in site.map_facts if _field(site, name).is_relation]
    return MapList(
        request,
        site.model,
        site.get_list_display(request),
        None,
        site.get_list_filter(request),
        None,
        site.get_search_fields(request),
        keys,
        PER_PAGE,
        PER_PAGE,
        (),
        site,
        (),
        None,
        box=box,
    )


def _marks(found: MapList, site: Any, cells: int) -> list[Mark]:
    """What stands on the map, row of cells by row of cells; two queries however many rows there are."""
    box = found.box
    columns = box.columns(site.latitude, site.longitude, cells)
    grouped = list(
        found.queryset.order_by()
        .values(**columns)
        .annotate(
            number=Count("pk"), north=Avg(site.latitude), east=Avg(site.longitude), key=Min(Cast("pk", TextField()))
        )
        .order_by("cell_y", "cell_x")
    )
    single = [group["key"] for group in grouped if group["number"] == 1]
    named = {str(row.pk): row for row in found.queryset.order_by().filter(pk__in=single)} if single else {}
    return labelled([_mark(found, site, group, named.get(group["key"]), cells) for group in grouped])


def _mark(found: MapList, site: Any, group: dict[str, Any], row: Any, cells: int) -> Mark:
    cell = int(group["cell_x"]), int(group["cell_y"])
    x, y = found.box.place(float(group["north"]), float(group["east"]))
    if row is not None:
        facts, short = ", ".join(_facts(row, site)), str(getattr(row, "name", row))
        return Mark(_key(cell), x, y, 1, _url(row), str(row), facts, short)
    number, closest = group["number"], found.box.is_closest
    url = "#places" if closest else found.address(found.box.part(*cell, cells))
    name = f"{number} {site.opts.verbose_name_plural}: {'see the list' if closest else 'come closer'}"
    return Mark(_key(cell), x, y, number, url, name).within(*cell, cells)


def _row(row: Any, site: Any, found: MapList, cells: int) -> Row:
    latitude, longitude = getattr(row, site.latitude), getattr(row, site.longitude)
    cell = found.box.cell(latitude, longitude, cells)
    facts = ", ".join(_facts(row, site))
    return Row(_url(row), str(row), facts, _degrees(latitude, "N", "S"), _degrees(longitude, "E", "W"), key=_key(cell))


def _key(cell: tuple[int, int]) -> str:
    return f"{cell[0]}-{cell[1]}"


def _degrees(number: Decimal, above: str, below: str) -> str:
    """ "18.95° N"."""
    return f"{abs(number):.2f}° {below if number < 0 else above}"


def _facts(row: Any, site: Any) -> list[str]:
    """What the columns of `map_facts` say, in words."""
    return [str(getattr(row, f"get_{name}_display", lambda name=name: getattr(row, name))()) for name in site.map_facts]


def _field(site: Any, name: str) -> Any:
    return site.model._meta.get_field(name)


def _url(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _list_url(site: Any, found: MapList, **more: str) -> str:
    address = reverse(f"admin:{site.opts.app_label}_{site.opts.model_name}_changelist")
    return f"{address}{found.get_query_string(more, remove=[PART])}"


def _zoom(found: MapList) -> list[tuple[str, str]]:
    """(what it does, address); "" where it can't be done."""
    box, whole = found.box, Box.around(0, 0, 360)
    return [
        ("Zoom in", "" if box.is_closest else found.address(box.zoomed(0.5))),
        ("Zoom out", "" if box.is_whole else found.address(box.zoomed(2))),
        ("Whole world", "" if box.is_whole else found.address(whole)),
        ("Fit", found.address(None) if found.asked else ""),
    ]
