"""pytest plugin: the people and organizations that tests of every domain need.

`super_admin` sees everything; `internal_user()` works for `organization`; `external_user` signs in for a partner of it;
`stranger` works for `other_organization`, with every permission there, and must see nothing of `organization`.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils.module_loading import import_string

from erp import snapshots

PASSWORD = "cotton-test-2026"  # noqa: S105

_numbers = count(1)


def make(factory: str, **values: Any) -> Any:
    """One record from a domain's factory, named by its path: the core imports no domain."""
    return import_string(factory)(**values)


def make_user(user_type: str, *, role: str = "", **values: Any) -> Any:
    """A verified user with `PASSWORD`, in this role if one is given (accounts/roles.py)."""
    number = next(_numbers)
    values = {"full_name": f"Test User {number}", "email": f"user{number}@example.com", "is_verified": True, **values}
    user = get_user_model()._default_manager.create_user(password=PASSWORD, user_type=user_type, **values)
    if role:
        user.groups.add(apps.get_model("auth.Group").objects.get(name=role))
    return user


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Rate limits, cached pages and snapshots of sign-ins of one test are not the next one's."""
    yield
    from erp import caches, ratelimits  # noqa: PLC0415 (needs the settings, which come later than plugins)

    caches.breaker = caches.Breaker()
    cache.clear()
    snapshots.store.distrust()
    ratelimits.table.forget()


@pytest.fixture
def organization(db: None) -> Any:
    """The trading house that the tests are about."""
    return make("organizations.tests.factories.OrganizationFactory")


@pytest.fixture
def other_organization(db: None) -> Any:
    """A house whose people must see nothing of `organization`."""
    return make("organizations.tests.factories.OrganizationFactory")


@pytest.fixture
def super_admin(db: None) -> Any:
    """SUPER_ADMIN."""
    return make_user("SUPER_ADMIN")


@pytest.fixture
def internal_user(organization: Any) -> Callable[..., Any]:
    """`internal_user(role)` makes an INTERNAL user of `organization` in this role."""

    def build(role: str = "", **values: Any) -> Any:
        return make_user("INTERNAL", role=role, **{"organization": organization, **values})

    return build


@pytest.fixture
def stranger(other_organization: Any) -> Any:
    """INTERNAL user with every right in `other_organization`."""
    return make_user("INTERNAL", role="org_admin", organization=other_organization)


@pytest.fixture
def external_user(organization: Any) -> Any:
    """EXTERNAL user: the administrator of a business partner of `organization`."""
    partner = make("partners.tests.factories.BusinessPartnerFactory", organization=organization)
    return make_user("EXTERNAL", role="partner_admin", partner=partner)


@pytest.fixture
def four_eyes(db: None) -> Iterator[None]:
    """From here on the database wants a second person for guarded columns, as in production. Make the people first."""

    def switch_on(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET erp.four_eyes = 'on'")

    switch_on(connection)
    connection_created.connect(switch_on)  # those of the live server's threads
    yield
    connection_created.disconnect(switch_on)
    with connection.cursor() as cursor:
        cursor.execute("SET erp.four_eyes = 'off'")


@pytest.fixture
def client_for() -> Callable[[Any], Client]:
    """`client_for(user)` is a browser in which this user has signed in to the desk."""

    def build(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return build


@pytest.fixture
def admin_client_for(request: pytest.FixtureRequest, client_for: Callable[[Any], Client]) -> Callable[[str], Client]:
    """`admin_client_for("stranger")` is the browser of the user that the fixture of this name makes."""
    return lambda name: client_for(request.getfixturevalue(name))
