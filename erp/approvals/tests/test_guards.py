"""Guards are in force where models ask for them, and the doctor sees it when they are not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from erp.approvals import guards, jobs, services
from erp.approvals.models import ApprovalDecision, ChangeRequest
from erp.testing.roles import as_owner

pytestmark = pytest.mark.django_db

SPOILT = {
    "disabled": "ALTER TABLE accounts_user DISABLE TRIGGER erp_guard_update",
    "skipped by replicas": "ALTER TABLE accounts_user ENABLE TRIGGER erp_guard_delete",
    "dropped": "DROP TRIGGER erp_guard_member ON accounts_user_groups",
    "blind to a column": """CREATE OR REPLACE TRIGGER erp_guard_update BEFORE UPDATE ON accounts_user FOR EACH ROW
        WHEN (OLD.user_type IS DISTINCT FROM NEW.user_type) EXECUTE FUNCTION erp_guard('accounts.user', 'id', 'user_type');
        ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER erp_guard_update""",
    "for another table": """CREATE OR REPLACE TRIGGER erp_guard_delete BEFORE DELETE ON accounts_user FOR EACH ROW
        EXECUTE FUNCTION erp_guard('locations.country', 'id');
        ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER erp_guard_delete""",
    "switched off": guards.OFF,
}


def test_every_sensitive_column_is_declared() -> None:
    declared = {model._meta.label: set(guards.columns(model)) for model in guards.guarded_models()}
    assert set(declared) == {
        "accounts.User",
        "locations.Country",
        "organizations.Organization",
        "organizations.OrganizationBankAccount",
        "organizations.OrganizationSettings",
        "organizations.OrganizationTaxRegistration",
        "partners.BusinessPartner",
        "partners.PartnerBankAccount",
        "partners.PartnerTaxRegistration",
    }
    assert declared["locations.Country"] == {"is_sanctioned"}
    assert {"kyc_status", "pan", "status"} <= declared["partners.BusinessPartner"]
    assert guards.kept_values(apps.get_model("partners.BusinessPartner")) == {"status": "blocked"}
    assert {"account_number", "iban", "ifsc", "status", "is_default"} <= declared["partners.PartnerBankAccount"]
    assert {"user_type", "is_superuser", "organization_id"} <= declared["accounts.User"]
    assert services.guarded(ApprovalDecision) == frozenset()


def test_the_database_has_the_guards_of_the_code() -> None:
    assert guards.examine() == []


@pytest.mark.parametrize("how", SPOILT)
def test_the_doctor_finds_a_spoilt_guard_and_installing_heals_it(how: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(SPOILT[how])
    assert len(guards.examine()) == 1
    with as_owner():
        guards.install()
    assert guards.examine() == []


def test_audit_doctor_reports_guards() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(SPOILT["dropped"])
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("audit_doctor", stdout=out, stderr=StringIO())
    assert (
        "trigger erp_guard_member on accounts_user_groups: expected an always enabled trigger, found no trigger."
        in out.getvalue()
    )


def test_demonstration_data_switches_guards_off_in_its_own_transaction_only(guarded: SimpleNamespace) -> None:
    with transaction.atomic(), as_owner(), guards.four_eyes_off():
        guarded.account.holder = "Made up Ltd"
        guarded.account.save()
    assert guards.examine() == []
    with pytest.raises(Exception, match="second person"), transaction.atomic():
        guarded.account.holder = "Real Ltd"
        guarded.account.save()


def test_approving_works_where_guards_are_off(house: SimpleNamespace) -> None:
    asked = services.request_change(
        house.account, {"holder": "Unguarded Ltd"}, maker=house.asha, reason="In a demonstration"
    )
    assert services.approve(asked, by=house.sunita).holder == "Unguarded Ltd"  # type: ignore[attr-defined]
    asked.refresh_from_db()
    assert asked.status == "applied"


def test_hold_back_leaves_the_stored_and_the_harmless(house: SimpleNamespace) -> None:
    account = house.account
    was = account.holder
    account.holder, account.branch = "New Ltd", "Rajkot"
    assert services.hold_back(account) == {"holder": "New Ltd"}
    assert (account.holder, account.branch) == (was, "Rajkot")
    fresh = type(account)(partner=house.partner, holder="Any Ltd", is_default=True, status="pending")
    assert services.hold_back(fresh) == {"is_default": True}
    assert (fresh.is_default, fresh.holder) == (False, "Any Ltd")


def test_the_job_closes_what_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(services, "expire_due", lambda: calls.append(1))
    jobs.expire_requests(timestamp=0)
    assert calls == [1]


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_wins(house: SimpleNamespace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET erp.four_eyes = 'on'")
    asked = services.request_change(
        house.account, {"holder": "Contested Ltd"}, maker=house.asha, reason="Who is first?"
    )
    ready = Barrier(2, timeout=30)

    def approve(user: Any) -> str:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET erp.four_eyes = 'on'")
            ready.wait()
            services.approve(asked, by=user)
        except services.ApprovalError as error:
            return str(error)
        finally:
            connection.close()
        return "won"

    try:
        with ThreadPoolExecutor(2) as pool:
            results = sorted(pool.map(approve, (house.sunita, house.vikram)))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET erp.four_eyes = 'off'")
    assert results == ["This request is no longer open: in force.", "won"]
    assert ApprovalDecision.objects.count() == 1
    house.account.refresh_from_db()
    assert (house.account.holder, house.account.version) == ("Contested Ltd", 2)
    assert ChangeRequest.objects.get().status == "applied"
