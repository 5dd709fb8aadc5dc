"""A house with people of every kind, a partner's account, and a database that wants a second person."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from erp.approvals import services
from erp.approvals.models import ChangeRequest
from erp.testing.fixtures import make, make_user


@pytest.fixture
def house(organization: Any, internal_user: Callable[..., Any], stranger: Any) -> SimpleNamespace:
    """`asha` enters, `sunita`, `vikram` and `farhan` (org_admin) approve; `account` is a partner's; `root` is super admin;
    `stranger` runs another house."""
    partner = make("partners.tests.factories.BusinessPartnerFactory", organization=organization)
    account = make("partners.tests.factories.PartnerBankAccountFactory", partner=partner)
    account.refresh_from_db()
    return SimpleNamespace(
        organization=organization,
        stranger=stranger,
        partner=partner,
        account=account,
        asha=internal_user("partner_officer", full_name="Asha Patel"),
        sunita=internal_user("manager_approver", full_name="Sunita Khandelwal"),
        vikram=internal_user("director_approver", full_name="Vikram Zaveri"),
        farhan=internal_user("org_admin", full_name="Farhan Mistry"),
        gita=internal_user("org_admin", full_name="Gita Rao"),
        harsh=internal_user("viewer", full_name="Harshad Vora"),
        root=make_user("SUPER_ADMIN", full_name="Ananya Krishnamurthy"),
    )


@pytest.fixture
def guarded(house: SimpleNamespace, four_eyes: None) -> SimpleNamespace:
    """The house, with guards in force."""
    return house


@pytest.fixture
def asked(guarded: SimpleNamespace) -> ChangeRequest:
    """Asha asks for another holder of the account."""
    return services.request_change(
        guarded.account, {"holder": "Ganesh Ginning LLP"}, maker=guarded.asha, reason="The bank corrected the name"
    )
