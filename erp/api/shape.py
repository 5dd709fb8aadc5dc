"""What of a record the client wants: `fields=` and `expand=`, checked against what it may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from erp.api.errors import bad_parameter


@dataclass(frozen=True)
class Shape:
    """fields: None for all. expand: foreign keys that are answered with the record that they name."""

    fields: frozenset[str] | None = None
    expand: frozenset[str] = frozenset()

    @classmethod
    def of(cls, request: Request, view: Any) -> Shape:
        """The shape that a request asks for. Raises: Problem: a name is unknown."""
        if not (request.query_params.get("fields") or request.query_params.get("expand")):
            return cls()
        fields = _names(request, "fields", allowed=view.visible_fields())
        expand = _names(request, "expand", allowed=view.expandable()) or frozenset()
        if fields is not None and not expand <= fields:
            raise bad_parameter("expand", "expand names a field that fields leaves out: name it in both.")
        return cls(fields, expand)


def _names(request: Request, parameter: str, *, allowed: frozenset[str]) -> frozenset[str] | None:
    names = [name.strip() for name in request.query_params.get(parameter, "").split(",") if name.strip()]
    for name in names:
        if name not in allowed:
            choice = ", ".join(sorted(allowed)) or "none"
            raise bad_parameter(parameter, f"{name[:50]} can't be named here. {parameter}: {choice}.")
    return frozenset(names) if names else None
