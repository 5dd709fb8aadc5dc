"""People and browsers of the desk's tests. `stranger` is the administrator of another organization."""

from __future__ import annotations

import pytest


@pytest.fixture
def clerk(internal_user):
    """Administrator of `organization`."""
    return internal_user("org_admin", full_name="Ravi Menon")


@pytest.fixture
def desk(client_for, clerk):
    """The clerk's browser."""
    return client_for(clerk)


@pytest.fixture
def strange_desk(client_for, stranger):
    """The browser of somebody of another organization."""
    return client_for(stranger)


@pytest.fixture
def admin_desk(client_for, super_admin):
    """The browser of a super admin."""
    return client_for(super_admin)


@pytest.fixture
def compliance_desk(client_for, internal_user):
    """The browser of the compliance officer of `organization`."""
    return client_for(internal_user("compliance_officer"))
