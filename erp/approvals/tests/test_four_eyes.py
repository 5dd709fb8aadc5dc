"""The ways around a second person, each refused by the database; and the one way that leads through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import sync_roles
from erp import bulk, context
from erp.approvals import services
from erp.approvals.models import ApprovalDecision, ChangeRequest
from erp.demo.clock import clock_set_by_hand
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import make, make_user
from erp.testing.roles import as_owner, as_superuser

NEW_HOLDER = "Ganesh Ginning LLP"


class refused:  # noqa: N801 (reads as a sentence)
    """`with refused(account, "holder"):` the database refuses for want of an approval, and the row stays as it was."""

    def __init__(self, *rows: Any, saying: str = "") -> None:
        self.rows, self.saying = rows, saying

    def __enter__(self) -> None:
        self.before = [type(row)._base_manager.filter(pk=row.pk).values().first() for row in self.rows]
        self.event = latest_event_id()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self.atomic.__exit__(kind, error, trace)
        assert error is not None, "nothing refused it"
        if not isinstance(error, (DatabaseError, psycopg.DatabaseError)):
            return False
        assert services.refused(error), error
        assert self.saying in str(error)
        assert [type(row)._base_manager.filter(pk=row.pk).values().first() for row in self.rows] == self.before
        assert latest_event_id() == self.event
        return True


def run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def acting_as(user: Any) -> Any:
    return context.acting(source="command", actor_id=user.pk)


def decide_raw(request: ChangeRequest, approver: Any, **more: Any) -> ApprovalDecision:
    return ApprovalDecision.objects.create(
        request=request, maker_id=request.maker_id, approver=approver, **{"verdict": "approved", **more}
    )


def approved_raw(request: ChangeRequest, approver: Any) -> None:
    """Approve without applying: what a script may do between the two."""
    with acting_as(approver):
        decide_raw(request, approver)
        ChangeRequest.objects.filter(pk=request.pk).update(status="approved")


# The way through --------------------------------------------------------------------------------------------------------


def test_an_approved_change_takes_effect_and_every_step_is_an_event(guarded: SimpleNamespace) -> None:
    before = latest_event_id()
    asked = services.request_change(guarded.account, {"holder": NEW_HOLDER}, maker=guarded.asha, reason="Bank's letter")
    guarded.account.refresh_from_db()
    assert (guarded.account.holder != NEW_HOLDER, guarded.account.version) == (True, 1)
    services.approve(asked, by=guarded.sunita, comment="Seen the letter")
    guarded.account.refresh_from_db()
    asked.refresh_from_db()
    assert (guarded.account.holder, guarded.account.version) == (NEW_HOLDER, 2)
    assert (asked.status, asked.applied_version) == ("applied", 2)
    events = list(Event.objects.filter(id__gt=before).order_by("id"))
    assert [(each.event_type, each.actor_id) for each in events] == [
        ("change_request.created", guarded.asha.pk),
        ("change_request.decision.created", guarded.sunita.pk),
        ("change_request.updated", guarded.sunita.pk),
        ("change_request.updated", guarded.sunita.pk),
        ("partner.bank_account.updated", guarded.sunita.pk),
    ]
    assert {each.approval_id for each in events} == {None, asked.pk}
    assert {each.organization_id for each in events} == {guarded.organization.pk}


def test_a_new_account_number_brings_its_fingerprint_and_no_plain_text(guarded: SimpleNamespace) -> None:
    number = "004455667788"
    asked = services.request_change(
        guarded.account, {"account_number": number}, maker=guarded.asha, reason="New account"
    )
    assert set(asked.changes) == {"account_number", "account_last4", "account_hmac"}
    assert number not in str(asked.changes)
    services.approve(asked, by=guarded.sunita)
    guarded.account.refresh_from_db()
    assert (guarded.account.account_number, guarded.account.account_last4) == (number, "7788")
    assert not Event.objects.filter(aggregate_type="change_request", payload__icontains=number).exists()


def test_dates_times_and_amounts_arrive_exactly(guarded: SimpleNamespace) -> None:
    moment = timezone.now()
    values = {"kyc_status": "verified", "kyc_verified_at": moment, "kyc_expires_on": date(2027, 3, 31)}
    asked = services.request_change(guarded.partner, values, maker=guarded.asha, reason="Papers are complete")
    services.approve(asked, by=guarded.sunita)
    guarded.partner.refresh_from_db()
    assert (guarded.partner.kyc_status, guarded.partner.kyc_verified_at) == ("verified", moment)
    assert guarded.partner.kyc_expires_on == date(2027, 3, 31)


def test_other_columns_and_harmless_new_rows_need_nobody(guarded: SimpleNamespace) -> None:
    guarded.account.branch = "Rajkot Main"
    guarded.account.save()
    fresh = make("partners.tests.factories.PartnerBankAccountFactory", partner=guarded.partner)
    assert (guarded.account.version, fresh.version) == (2, 1)


def test_blocking_needs_nobody_and_unblocking_a_second_person(guarded: SimpleNamespace) -> None:
    partner = guarded.partner
    rows = type(partner).objects.filter(pk=partner.pk)
    for status in ("active", "suspended", "blocked"):
        rows.update(status=status)
    for status in ("active", "inactive"):
        with refused(partner, saying="status needs the approval of a second person"):
            rows.update(status=status)
    with refused(partner):  # neither hidden among other values
        rows.update(status="active", trade_name="Ganesh", notes="Released")
    rows.update(trade_name="Ganesh")
    partner.refresh_from_db()
    asked = services.request_change(partner, {"status": "active"}, maker=guarded.asha, reason="The court released it")
    with refused(partner):
        rows.update(status="active")
    services.approve(asked, by=guarded.sunita)
    partner.refresh_from_db()
    asked.refresh_from_db()
    assert (partner.status, asked.status) == ("active", "applied")
    with pytest.raises(ValidationError, match="needs no approval"):
        services.request_change(partner, {"status": "suspended"}, maker=guarded.asha, reason="Late papers")


def test_roles_are_given_and_taken_by_two(guarded: SimpleNamespace) -> None:
    officer, viewer = (Group.objects.get(name=name) for name in ("partner_officer", "viewer"))
    asked = services.request_membership(
        guarded.harsh, add=[officer], remove=[viewer], maker=guarded.farhan, reason="Moves to partners"
    )
    assert [each.kind for each in asked] == ["add", "delete"]
    for each in asked:
        services.approve(each, by=guarded.gita)
    assert list(guarded.harsh.groups.values_list("name", flat=True)) == ["partner_officer"]


def test_a_guarded_row_is_deleted_by_two(guarded: SimpleNamespace) -> None:
    with refused(guarded.account, saying="DELETE"):
        guarded.account.delete()
    key = guarded.account.pk
    asked = services.request_change(guarded.account, {}, kind="delete", maker=guarded.asha, reason="Entered twice")
    services.approve(asked, by=guarded.sunita)
    asked.refresh_from_db()
    assert asked.status == "applied"
    assert not type(guarded.account).objects.filter(pk=key).exists()


# Around it, by writing ------------------------------------------------------------------------------------------------------


def test_no_door_of_the_orm_changes_a_guarded_column(guarded: SimpleNamespace) -> None:
    account, rows = guarded.account, type(guarded.account).objects
    with acting_as(guarded.root):
        with refused(account, saying="holder needs the approval of a second person"):
            account.holder = NEW_HOLDER
            account.save()
        with refused(account):
            rows.filter(pk=account.pk).update(holder=NEW_HOLDER)
        with refused(account):
            rows.bulk_update([account], ["holder"])
        with refused(guarded.root):
            guarded.harsh.user_type = "SUPER_ADMIN"
            guarded.harsh.organization, guarded.harsh.is_superuser = None, True
            guarded.harsh.save()


def test_no_raw_statement_changes_a_guarded_column(guarded: SimpleNamespace) -> None:
    account = guarded.account
    with refused(account):
        run(
            "UPDATE partners_partnerbankaccount SET status = 'active', verification_method = 'cheque' WHERE id = %s",
            account.pk,
        )
    with refused(account):
        run("UPDATE partners_partnerbankaccount SET id = gen_random_uuid() WHERE id = %s", account.pk)
    with refused(account):
        run(
            "INSERT INTO partners_partnerbankaccount SELECT (jsonb_populate_record(a, '{\"is_default\": true}')).* "
            "FROM partners_partnerbankaccount a WHERE id = %s ON CONFLICT (id) DO UPDATE SET is_default = true",
            account.pk,
        )
    with refused(account), as_superuser(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE partners_partnerbankaccount SET holder = 'Mallory' WHERE id = %s", [account.pk])


def test_bulk_and_copy_bring_no_default_account_no_super_admin_and_no_verified_partner(
    guarded: SimpleNamespace,
) -> None:
    with refused(guarded.account, saying="INSERT"):
        make("partners.tests.factories.PartnerBankAccountFactory", partner=guarded.partner, is_default=True)
    with refused(guarded.root, saying="is_superuser"):
        make_user("SUPER_ADMIN")
    partner = make("partners.tests.factories.BusinessPartnerFactory", organization=guarded.organization)
    partner.pk, partner.partner_code, partner.pan, partner._state.adding = None, "BP-X-1", "ZZZFZ1234Z", True
    partner.id = guarded.account._meta.pk.get_default()
    partner.kyc_status, partner.kyc_verified_at = "verified", timezone.now()
    partner.kyc_expires_on = date(2027, 1, 1)
    with refused(guarded.partner, saying="kyc_status"):
        bulk.insert([partner], model=type(partner))
    with refused(guarded.partner, saying="kyc_status"):
        type(partner).objects.bulk_create([partner])


def test_nobody_gives_a_role_or_a_permission_alone(guarded: SimpleNamespace) -> None:
    admin = Group.objects.get(name="org_admin")
    with acting_as(guarded.root), refused(guarded.harsh):
        guarded.harsh.groups.add(admin)
    with refused(guarded.harsh, saying="INSERT of accounts_user_groups"):
        run("INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s)", guarded.harsh.pk, admin.pk)
    with refused(guarded.harsh):
        run("UPDATE accounts_user_groups SET group_id = %s WHERE user_id = %s", admin.pk, guarded.harsh.pk)
    with refused(guarded.harsh):
        guarded.harsh.groups.clear()
    with refused(guarded.harsh):
        guarded.harsh.user_permissions.add(Permission.objects.get(codename="break_glass"))
    assert list(guarded.harsh.groups.values_list("name", flat=True)) == ["viewer"]


def test_nobody_widens_a_role_at_the_desk(guarded: SimpleNamespace) -> None:
    viewer, right = Group.objects.get(name="viewer"), Permission.objects.get(codename="delete_businesspartner")
    with acting_as(guarded.root), refused(viewer, saying="comes with a release"), as_owner():
        viewer.permissions.add(right)
    with acting_as(guarded.root), refused(viewer), as_owner():
        Group.objects.filter(pk=viewer.pk).update(name="org_admin_2")


def test_a_release_brings_what_roles_may_do(house: SimpleNamespace, request: pytest.FixtureRequest) -> None:
    viewer = Group.objects.get(name="viewer")
    wanted = set(viewer.permissions.all())
    with as_owner():
        viewer.permissions.clear()
        request.getfixturevalue("four_eyes")
        sync_roles()
    assert set(viewer.permissions.all()) == wanted != set()


# Around it, with a request ----------------------------------------------------------------------------------------------------


def test_nobody_approves_their_own_request(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    own = services.request_change(guarded.account, {"holder": "Mine"}, maker=guarded.farhan, reason="Mine, all mine")
    root = services.request_change(guarded.account, {"holder": "Root"}, maker=guarded.root, reason="I am root")
    for request, maker in ((own, guarded.farhan), (root, guarded.root)):
        with pytest.raises(services.ApprovalError, match="Nobody decides their own request"):
            services.approve(request, by=maker)
        with acting_as(maker), refused(guarded.account, saying="nobody decides their own request"):
            decide_raw(request, maker)
        with acting_as(maker), refused(guarded.account):
            ChangeRequest.objects.filter(pk=request.pk).update(status="approved")
        with acting_as(maker), refused(guarded.account):
            run("UPDATE approvals_changerequest SET status = 'applied' WHERE id = %s", request.pk)
    # Nor in the name of another person: the approver is who acts, and the maker of a decision is that of its request.
    with acting_as(guarded.farhan), refused(guarded.account, saying="the approver is who acts"):
        decide_raw(own, guarded.sunita)
    with refused(guarded.account, saying="the approver is who acts"):
        decide_raw(own, guarded.sunita)
    assert set(ChangeRequest.objects.values_list("status", flat=True)) == {"pending"}


def test_a_decision_names_the_maker_of_its_request(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    rule = "approvaldecision_maker_is_of_request"
    with acting_as(guarded.sunita), pytest.raises(IntegrityError, match=rule), transaction.atomic():
        ApprovalDecision.objects.create(
            request=asked, maker=guarded.vikram, approver=guarded.sunita, verdict="approved"
        )


@pytest.mark.django_db
def test_a_check_keeps_maker_and_approver_apart() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'approvals_approvaldecision'::regclass"
        )
        rules = dict(cursor.fetchall())
    assert "approver_id = maker_id" in rules["approvaldecision_approver_is_another"]
    assert "FOREIGN KEY (request_id, maker_id)" in rules["approvaldecision_maker_is_of_request"]


def test_who_lacks_the_right_decides_nothing(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    for user in (guarded.harsh, guarded.stranger):
        assert not services.may_decide(user, asked)
        assert not services.waiting_for(user).exists()
        with pytest.raises(services.ApprovalError, match="can't decide this request"):
            services.approve(asked, by=user)
        with acting_as(user), refused(guarded.account, asked, saying="the right to decide is missing"):
            decide_raw(asked, user)


def test_another_value_than_the_approved_one_is_refused(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    approved_raw(asked, guarded.sunita)
    rows = type(guarded.account).objects.filter(pk=guarded.account.pk)
    with refused(guarded.account):
        rows.update(holder="Ganesh Ginning LLP.")
    with refused(guarded.account):
        rows.update(holder=NEW_HOLDER, ifsc="HDFC0000001")
    with refused(asked, saying="what was asked for stays as it is"):
        ChangeRequest.objects.filter(pk=asked.pk).update(changes={"holder": ["", "Mallory"]})
    assert rows.update(holder=NEW_HOLDER) == 1


def test_an_approval_is_for_one_row(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    other = make("partners.tests.factories.PartnerBankAccountFactory", partner=guarded.partner)
    approved_raw(asked, guarded.sunita)
    with refused(guarded.account, other):
        type(other).objects.filter(pk=other.pk).update(holder=NEW_HOLDER)


def test_an_approval_is_for_one_version(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    approved_raw(asked, guarded.sunita)
    type(guarded.account).objects.filter(pk=guarded.account.pk).update(branch="Elsewhere")
    with refused(guarded.account):
        type(guarded.account).objects.filter(pk=guarded.account.pk).update(holder=NEW_HOLDER)


def test_an_approved_deletion_is_for_one_version(guarded: SimpleNamespace) -> None:
    asked = services.request_change(guarded.account, {}, kind="delete", maker=guarded.asha, reason="Entered twice")
    approved_raw(asked, guarded.sunita)
    type(guarded.account).objects.filter(pk=guarded.account.pk).update(branch="Elsewhere")
    with refused(guarded.account):
        type(guarded.account).objects.filter(pk=guarded.account.pk).delete()


def test_an_approval_works_once(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    was = guarded.account.holder
    services.approve(asked, by=guarded.sunita)
    back = services.request_change(guarded.account, {"holder": was}, maker=guarded.asha, reason="It was right before")
    services.approve(back, by=guarded.sunita)
    with refused(guarded.account):
        type(guarded.account).objects.filter(pk=guarded.account.pk).update(holder=NEW_HOLDER)
    with pytest.raises(services.ApprovalError, match="no longer open: in force"):
        services.approve(asked, by=guarded.vikram)


def test_an_approved_role_is_given_once(guarded: SimpleNamespace) -> None:
    officer = Group.objects.get(name="partner_officer")
    (add,) = services.request_membership(guarded.harsh, add=[officer], maker=guarded.farhan, reason="Moves")
    services.approve(add, by=guarded.gita)
    (take,) = services.request_membership(guarded.harsh, remove=[officer], maker=guarded.farhan, reason="Moves back")
    services.approve(take, by=guarded.gita)
    with refused(guarded.harsh):
        guarded.harsh.groups.add(officer)


def test_a_rejected_or_withdrawn_request_allows_nothing(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    second = services.request_change(guarded.account, {"holder": "Second"}, maker=guarded.asha, reason="Second thought")
    services.reject(asked, by=guarded.sunita, comment="Not what the letter says")
    services.withdraw(second, by=guarded.asha)
    for request, status in ((asked, "rejected"), (second, "withdrawn")):
        request.refresh_from_db()
        assert request.status == status
        with pytest.raises(services.ApprovalError, match="no longer open"):
            services.approve(request, by=guarded.vikram)
        with acting_as(guarded.vikram), refused(guarded.account, request):
            ChangeRequest.objects.filter(pk=request.pk).update(status="approved")
    with refused(guarded.account):
        type(guarded.account).objects.filter(pk=guarded.account.pk).update(holder=NEW_HOLDER)


def test_a_rejection_says_why(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    with pytest.raises(services.ApprovalError, match="Say why"):
        services.reject(asked, by=guarded.sunita, comment=" ")
    assert services.waiting_for(guarded.sunita).get() == asked


def test_only_its_maker_withdraws_a_request(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    with pytest.raises(services.ApprovalError, match="only they take it back"):
        services.withdraw(asked, by=guarded.sunita)
    with acting_as(guarded.sunita), refused(asked, saying="from pending to withdrawn"):
        ChangeRequest.objects.filter(pk=asked.pk).update(status="withdrawn")


def test_requests_and_decisions_stay(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    with refused(asked):
        run("DELETE FROM approvals_changerequest WHERE id = %s", asked.pk)
    services.reject(asked, by=guarded.sunita, comment="No")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), as_owner():
        run("UPDATE approvals_approvaldecision SET verdict = 'approved' WHERE request_id = %s", asked.pk)
    with acting_as(guarded.sunita), refused(asked, saying="its maker is who acts"):
        ChangeRequest.objects.create(
            organization=guarded.organization, object_type="x", object_id="x", object_label="x", base_version=1,
            reason="In somebody's name", maker=guarded.asha,
        )  # fmt: skip


# Time, conflict, two at once ------------------------------------------------------------------------------------------------------


@contextmanager
def clock_of_this_transaction() -> Iterator[Callable[[datetime], None]]:
    """A transaction with a clock set by hand: its owner's act, and nothing else in the block is."""
    by_hand = clock_set_by_hand()
    with transaction.atomic():
        with as_owner():
            set_clock = by_hand.__enter__()
        yield set_clock
        with as_owner():
            by_hand.__exit__(None, None, None)


def test_a_request_of_last_week_is_too_old(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    with refused(asked, saying="from pending to expired"):
        ChangeRequest.objects.filter(pk=asked.pk).update(status="expired")
    assert services.expire_due() == 0
    with clock_of_this_transaction() as set_clock:
        set_clock(timezone.now() + timedelta(days=6, hours=23))
        assert services.waiting_for(guarded.sunita).exists()
        set_clock(timezone.now() + timedelta(days=7, minutes=1))
        assert not services.waiting_for(guarded.sunita).exists()
        with pytest.raises(services.ApprovalError, match="within seven days"):
            services.approve(asked, by=guarded.sunita)
        with acting_as(guarded.sunita), refused(guarded.account, asked, saying="it is too old"):
            decide_raw(asked, guarded.sunita)
        assert services.expire_due() == 1
        asked.refresh_from_db()
        assert asked.status == "expired"
        assert services.expire_due() == 0


def test_an_approval_that_waits_too_long_is_no_longer_one(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    approved_raw(asked, guarded.sunita)
    with clock_of_this_transaction() as set_clock:
        set_clock(timezone.now() + timedelta(days=8))
        with refused(guarded.account):
            type(guarded.account).objects.filter(pk=guarded.account.pk).update(holder=NEW_HOLDER)


def test_a_record_that_moved_makes_a_conflict(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    type(guarded.account).objects.filter(pk=guarded.account.pk).update(branch="Elsewhere")
    with pytest.raises(services.OvertakenError, match="ask again"):
        services.approve(asked, by=guarded.sunita)
    asked.refresh_from_db()
    guarded.account.refresh_from_db()
    assert (asked.status, guarded.account.version) == ("conflict", 2)
    assert not ApprovalDecision.objects.exists()


def test_a_record_that_is_gone_makes_a_conflict(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    gone = services.request_change(guarded.account, {}, kind="delete", maker=guarded.asha, reason="Entered twice")
    services.approve(gone, by=guarded.sunita)
    with pytest.raises(services.OvertakenError):
        services.approve(asked, by=guarded.sunita)
    asked.refresh_from_db()
    assert asked.status == "conflict"


def test_values_that_change_nothing_or_break_a_rule_are_not_asked_for(guarded: SimpleNamespace) -> None:
    account = guarded.account
    for values, words in (
        ({"holder": account.holder}, "nothing to ask for"),
        ({"ifsc": "NONSENSE"}, "IFSC"),
        ({"branch": "Rajkot"}, "needs no approval"),
    ):
        with pytest.raises(Exception, match=words):
            services.request_change(account, values, maker=guarded.asha, reason="Try")
    assert not ChangeRequest.objects.exists()


# Standing in ------------------------------------------------------------------------------------------------------------------


def lend(away: Any, stand_in: Any, first: int = 0, last: int = 0) -> Any:
    today = timezone.localdate()
    return make(
        "erp.approvals.tests.factories.DelegationFactory",
        from_user=away,
        to_user=stand_in,
        valid_from=today + timedelta(days=first),
        valid_to=today + timedelta(days=last),
    )


def test_a_stand_in_decides_for_a_colleague(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    assert not services.may_decide(guarded.harsh, asked)
    lend(guarded.sunita, guarded.harsh)
    assert services.waiting_for(guarded.harsh).get() == asked
    services.approve(asked, by=guarded.harsh)
    assert (asked.decision.approver, asked.decision.on_behalf_of) == (guarded.harsh, guarded.sunita)
    event = Event.objects.filter(event_type="partner.bank_account.updated").latest("id")
    assert (event.actor_id, event.on_behalf_of) == (guarded.harsh.pk, guarded.sunita.pk)


def test_a_stand_in_never_decides_own_requests_nor_those_of_who_is_away(guarded: SimpleNamespace) -> None:
    lend(guarded.sunita, guarded.asha)
    lend(guarded.farhan, guarded.gita)
    own = services.request_change(guarded.account, {"holder": "Own"}, maker=guarded.asha, reason="Stand-in's own")
    theirs = services.request_change(
        guarded.account, {"holder": "Theirs"}, maker=guarded.farhan, reason="Of who is away"
    )
    for request, user, away in ((own, guarded.asha, guarded.sunita), (theirs, guarded.gita, guarded.farhan)):
        assert request not in services.waiting_for(user)
        for on_behalf_of in (None, away):
            with pytest.raises(services.ApprovalError):
                services.approve(request, by=user, on_behalf_of=on_behalf_of)
            with acting_as(user), refused(guarded.account, request):
                decide_raw(request, user, on_behalf_of=on_behalf_of)


def test_a_right_is_lent_for_its_days_only(asked: ChangeRequest, guarded: SimpleNamespace) -> None:
    lend(guarded.sunita, guarded.harsh, 1, 9)
    past = lend(guarded.sunita, guarded.harsh, -9, -1)
    ended = lend(guarded.vikram, guarded.harsh, 0, 3)
    ended.is_active = False
    ended.save()
    assert not services.may_decide(guarded.harsh, asked)
    with acting_as(guarded.harsh), refused(asked, saying="nobody lent you the right"):
        decide_raw(asked, guarded.harsh, on_behalf_of=guarded.sunita)
    with refused(past, saying="shortened or ended only"):
        type(past).objects.filter(pk=past.pk).update(valid_to=timezone.localdate())
    with acting_as(guarded.harsh), refused(past, saying="only who is away gives it"):
        type(past).objects.create(
            from_user=guarded.gita,
            to_user=guarded.harsh,
            valid_from=timezone.localdate(),
            valid_to=timezone.localdate(),
        )


# Nobody gives more than they have ------------------------------------------------------------------------------------------------


def test_nobody_makes_or_lets_make_a_super_admin_but_super_admins(guarded: SimpleNamespace) -> None:
    values = {"user_type": "SUPER_ADMIN", "organization": None}
    with pytest.raises(services.ApprovalError, match="more than they may do"):
        services.request_change(guarded.harsh, values, maker=guarded.farhan, reason="My friend")
    asked = services.request_change(guarded.harsh, values, maker=guarded.root, reason="Second administrator")
    assert not services.may_decide(guarded.gita, asked)
    director = Group.objects.get(name="director_approver")
    with pytest.raises(services.ApprovalError, match="more than they may do"):
        services.request_membership(guarded.harsh, add=[director], maker=guarded.asha, reason="My friend")
