"""A small world for tests of the whole API: every operation, and one record of each kind to ask about.

The operations are read from the URL configuration.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.tests.factories import AuthSessionFactory
from commodities.tests.factories import CommodityFactory
from erp.api.router import resources
from erp.api.tests.test_every_resource import DIFFERENT
from erp.identifiers import gstin_of
from erp.testing.fixtures import make_user
from erp.tests.test_architecture import contracts
from locations.tests.factories import SubdivisionFactory
from organizations.tests.factories import FinancialYearFactory, OrganizationFactory
from partners.tests.factories import BusinessPartnerFactory

VERBS = ("get", "post", "put", "patch", "delete")
BASE = "api/v1/"
SUFFIX = re.compile(r"(/\{pk\})?(/bulk|/history|/file|/approve|/reject|/withdraw)?$")
CONVERTER = re.compile(r"<\w+:(\w+)>")
RESOURCES = {found.address: found for found in resources()}
DOCUMENT = {
    "document_type": "pan_card",
    "file": base64.b64encode(b"%PDF-1.7 spare").decode(),
    "file_name": "a.pdf",
}


@dataclass(frozen=True)
class Operation:
    """A verb at an address: `settings/units/{pk}`. action: what the view of a resource does then, empty for others."""

    verb: str
    path: str
    action: str = ""

    def __str__(self) -> str:
        return f"{self.verb.upper()} {self.path}"

    @property
    def resource(self) -> Any:
        """The kind of record that the address belongs to; None for sign-in and events."""
        return RESOURCES[SUFFIX.sub("", self.path)] if self.action else None


def operations() -> Iterator[Operation]:
    """All operations below /api/v1/, as the URL configuration tells them."""
    for route, callback in _routes(get_resolver().url_patterns):
        if route.startswith(BASE):
            path = CONVERTER.sub(r"{\1}", route.removeprefix(BASE))
            if actions := getattr(callback, "actions", None):
                yield from (Operation(verb, path, action) for verb, action in actions.items() if verb in VERBS)
            else:
                view = callback.cls
                yield from (
                    Operation(verb, path) for verb in VERBS if verb in view.http_method_names and hasattr(view, verb)
                )


def _routes(patterns: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


OPERATIONS = {str(operation): operation for operation in operations()}


@dataclass
class World:
    """A house A with the partners P and Q, another house B, one record of each kind that belongs to A or P.

    bodies: for each kind, a record that can be made beside the one there is.
    """

    users: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, APIClient] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    session: Any = None

    def url(self, operation: Operation, *, unknown: bool = False) -> str:
        """Address of the operation on the record of the world, or on one that does not exist."""
        if operation.resource is None:
            return f"/{BASE}{operation.path}".format(pk=uuid.uuid4() if unknown else self.session.pk)
        parent = operation.resource.view.parent
        row = self.rows[operation.resource.address]
        keys = {"pk": row.pk, f"{parent}_id": getattr(row, f"{parent}_id", "")}
        return f"/{BASE}{operation.path}".format(
            **{name: uuid.uuid4() if unknown else key for name, key in keys.items()}
        )

    def body(self, operation: Operation, *, asking: str) -> Any:
        """What a good request for this operation says; None for most."""
        if operation.resource is None:
            return None
        made = self._body(operation.resource, asking)
        return {"create": made, "bulk": {"rows": [made]}, "partial_update": {"is_active": False}}.get(operation.action)

    def send(self, operation: Operation, *, asking: str, body: Any, unknown: bool = False) -> Any:
        """The answer to a request for this operation."""
        headers = {"X-Change-Reason": "To see who may", "Idempotency-Key": "matrix"}
        if operation.resource is not None:
            row = self.rows[operation.resource.address]
            headers["If-Match"] = f'"{row.pk}:{row.version}"'
        client = self.clients[asking]
        return getattr(client, operation.verb)(self.url(operation, unknown=unknown), body, headers=headers)

    def _body(self, resource: Any, asking: str) -> dict[str, Any]:
        """What this user may say about a new record."""
        if resource.address == "settings/users":
            kind = "EXTERNAL" if "partner" in asking else "INTERNAL"
            body: dict[str, Any] = {"full_name": "Nisha Rao", "email": "nisha@example.com", "user_type": kind}
            home = str(self.rows["settings/organizations"].pk)
            return body | ({"organization": home} if asking == "super_admin" else {})
        view, unsaid = resource.view, set()
        if asking != "super_admin":
            unsaid.add("organization")
        if "partner" in asking:
            unsaid.update(view.staff_only, view.staff_written)
        return {name: value for name, value in self.bodies.get(resource.address, {}).items() if name not in unsaid}


def make_world() -> World:
    """The world, inside the open transaction."""
    world, house, other = World(), OrganizationFactory(), OrganizationFactory()
    partner, rival = BusinessPartnerFactory(organization=house), BusinessPartnerFactory(organization=house)
    users = world.users = {
        "super_admin": make_user("SUPER_ADMIN"),
        "org_admin": make_user("INTERNAL", role="org_admin", organization=house),
        "other_org_admin": make_user("INTERNAL", role="org_admin", organization=other),
        "partner_admin": make_user("EXTERNAL", role="partner_admin", partner=partner),
        "other_partner_admin": make_user("EXTERNAL", role="partner_admin", partner=rival),
        "compliance_officer": make_user("INTERNAL", role="compliance_officer", organization=house),
        "viewer": make_user("INTERNAL", role="viewer", organization=house),
    }
    world.clients["anonymous"] = APIClient()
    for name, user in users.items():
        client = world.clients[name] = APIClient()
        session = AuthSessionFactory(user=user, kind="api")
        client.force_authenticate(user, token=session)
        world.session = session if name == "org_admin" else world.session
    build = builder(house, partner)
    for address, resource in RESOURCES.items():
        world.rows[address] = build(resource, 0)
        world.rows[address].refresh_from_db()
    world.rows |= {"partners": partner, "settings/organizations": house}
    for row in (partner, house):
        row.refresh_from_db()
    for address, resource in RESOURCES.items():
        if "create" in resource.view.verbs and address != "settings/users":
            world.bodies[address] = _spare(world, resource, build)
    return world


def builder(house: Any, partner: Any) -> Callable[[Any, int], Any]:
    """Makes record number 0 or 1 of a kind, of the house or of its partner."""
    commodity, year = (
        CommodityFactory(organization=house),
        FinancialYearFactory(organization=house, **DIFFERENT["organizations_financial_years"](3)),
    )
    differ = DIFFERENT | {
        "organizations_settings": lambda n: {"pk": house.settings.pk},
        "organizations_document_series": lambda n: {
            "financial_year": year,
            "document_type": ("tax_invoice", "credit_note")[n],
        },
        "partners_roles": lambda n: {"role": ("buyer", "seller")[n]},
        "partners_tax_registrations": lambda n: {
            "number": gstin_of(partner.pan, state=("24", "27")[n]),
            "subdivision": SubdivisionFactory(iso_code=("IN-GJ", "IN-MH")[n]),
        },
        "countries": lambda n: {"alpha2": ("IN", "KW")[n]},
        "currencies": lambda n: {"alpha3": ("INR", "EUR")[n]},
        "subdivisions": lambda n: {"iso_code": ("IN-GJ", "US-TX")[n]},
    }

    def build(resource: Any, number: int) -> Any:
        view, factory = resource.view, contracts()[resource.view.model].factory
        if resource.name == "organizations_settings":
            return view.model.objects.get(organization=house)
        around: dict[str, Any] = {}
        if view.parent == "partner":
            around["partner"] = partner
        elif view.model._meta.label == "accounts.ApiKey":
            around["user"] = make_user("INTERNAL", role="viewer", organization=house)
        elif any(column.name == "organization" for column in view.model._meta.concrete_fields):
            around["organization"] = house
        if view.parent == "commodity":
            around["commodity"] = commodity
        return factory(**around | differ.get(resource.name, lambda n: {})(number))

    return build


def _spare(world: World, resource: Any, build: Callable[[Any, int], Any]) -> dict[str, Any]:
    """Body of a record that can be made: one that was, and was deleted."""
    view, row = resource.view, build(resource, 1)
    row.refresh_from_db()
    parent = getattr(row, f"{view.parent}_id", "")
    url = f"/{BASE}{resource.address}/{row.pk}".replace(f"{{{view.parent}_id}}", str(parent))
    shown = world.clients["super_admin"].get(url).json()
    editable = {
        column.name
        for column in view.model._meta.concrete_fields
        if column.editable and (not column.primary_key or not isinstance(column, models.UUIDField))
    }
    body = {name: value for name, value in shown.items() if name in editable - {view.parent}}
    for name in ("account_number", "iban"):
        if name in body:
            body[name] = getattr(row, name)
    if resource.name == "organizations":
        row.settings.delete()
    row.delete()
    return body | (DOCUMENT if resource.name == "partners_documents" else {})
