"""Types of domain events: each has a name, a schema version, and upcasters that lift older payloads to it.

    register("commodity.price_basis_agreed", version=2, upcasters={1: lambda payload: {"basis": payload["exchange"]}})

Row events (`commodity.created`) need no registration: their shape is the same for every table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]


class UnknownEventTypeError(LookupError):
    """An event type that nobody registered."""


@dataclass(frozen=True)
class EventType:
    """`upcasters[n]` lifts a payload of schema version n to n + 1; `category` is one of `Event.Category`."""

    name: str
    version: int = 1
    category: str = "domain"
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)

    def lift(self, payload: Payload, version: int) -> Payload:
        """The payload in the shape of the current schema version."""
        for step in range(version, self.version):
            payload = self.upcasters[step](payload)
        return payload


_types: dict[str, EventType] = {}


def register(
    name: str, *, version: int = 1, category: str = "domain", upcasters: Mapping[int, Upcaster] | None = None
) -> EventType:
    """Declare an event type. Raises: ValueError: the name is taken, or an upcaster from an older version is missing."""
    event_type = EventType(name, version, category, upcasters or {})
    missing = set(range(1, version)) - set(event_type.upcasters)
    if missing:
        raise ValueError(f"Event type {name} has no upcaster from schema version {min(missing)}.")
    if _types.setdefault(name, event_type) != event_type:
        raise ValueError(f"Event type {name} is registered already: choose another name.")
    return event_type


def get(name: str) -> EventType:
    """The registered type. Raises: UnknownEventTypeError."""
    try:
        return _types[name]
    except KeyError:
        raise UnknownEventTypeError(
            f"Event type {name!r} is not registered: call erp.events.registry.register() in the app's models."
        ) from None


def types() -> list[EventType]:
    """All registered types by name."""
    return [_types[name] for name in sorted(_types)]
