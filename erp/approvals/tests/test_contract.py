"""What every record promises, for requests and delegations."""

from __future__ import annotations

import datetime
from typing import Any

from erp.approvals.tests.factories import ChangeRequestFactory, DelegationFactory
from erp.testing.contract import MasterDataContract


class TestChangeRequest(MasterDataContract):
    factory = ChangeRequestFactory
    change: dict[str, Any] = {"status": "conflict"}


class TestDelegation(MasterDataContract):
    factory = DelegationFactory
    change: dict[str, Any] = {"valid_to": datetime.date(2099, 12, 30)}
