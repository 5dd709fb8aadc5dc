"""Changes that a second person decided, or is still to decide: one in every state, one by a stand-in, one made alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from erp import context
from erp.approvals import services
from erp.approvals.models import EXPIRES_AFTER, ChangeRequest, Delegation
from erp.demo.stage import Stage, create
from partners.demo.directory import Party
from partners.demo.loading import find, start_of
from partners.models import PartnerBankAccount
from partners.models.finance import AccountStatus

# What closes requests that nobody decided, every hour.
CLOSING = "Approvals"
# The stand-in decides on day 22 of the story, and still may when somebody looks at it.
AWAY_FROM, AWAY_DAYS = 20, 5


def plan(stage: Stage, own: Sequence[Party]) -> None:
    """Requests about accounts that nothing else in the story touches; the deputies' absence is in force today."""
    house = own[0].house
    desk, desk2, manager, director = (f"{name}.{house}" for name in ("desk", "desk2", "manager", "director"))
    paid = [
        party for party in own[1:] if party.country == "IN" and start_of(stage, party).account == AccountStatus.ACTIVE
    ]
    approved, rejected, withdrawn, expired, lent, waiting, alone = paid[-7:]
    plan_decided(stage, approved, rejected, by=desk, deciding=manager)
    stage.plan(
        13, "11:31", desk2, "Signed letter of the partner", ask, stage, withdrawn, desk2, holder=wording(withdrawn)
    )
    stage.plan(13, "12:06", desk2, "Letter was from another partner", take_back, stage, withdrawn, desk2)
    stage.plan(12, "16:47", desk, "Partner moved to another branch", ask, stage, expired, desk, ifsc="SBIN0004711")
    closed = stage.on(stage.days[12] + EXPIRES_AFTER + timedelta(days=1))
    stage.plan(closed, "09:07", CLOSING, "Not decided in time", services.expire_due, source="task")
    reason = "Away on mill visits, the manager stands in"
    stage.plan(AWAY_FROM, "18:05", director, reason, stand_in, stage, director, manager)
    stage.plan(21, "15:22", desk2, "Bank merged, new branch code", ask, stage, lent, desk2, ifsc="PUNB0172300")
    comment = "Compared with the bank's circular"
    stage.plan(22, "10:18", manager, comment, approve, stage, lent, manager, comment, away=director)
    number = f"3{stage.random(f'second person {house}').randrange(10**10):010}"
    reason = "New account, cancelled cheque handed in"
    stage.plan(24, "16:58", desk, reason, ask, stage, waiting, desk, account_number=number, ifsc="HDFC0001847")
    reason = "Payment goes out at four, manager and director are both on a flight"
    stage.plan(23, "15:36", "admin", reason, act_alone, stage, alone, "admin", reason)


def plan_decided(stage: Stage, approved: Party, rejected: Party, *, by: str, deciding: str) -> None:
    """One that took effect, and one that was refused with a reason."""
    reason, comment = "Bank writes the name without a comma", "Seen on the bank's letter"
    stage.plan(16, "12:44", by, reason, ask, stage, approved, by, holder=wording(approved))
    stage.plan(17, "10:09", deciding, comment, approve, stage, approved, deciding, comment)
    reason, comment = (
        "Asked for on the telephone",
        "Nobody changes an account on the telephone: ask for a cancelled cheque",
    )
    stage.plan(22, "17:14", by, reason, ask, stage, rejected, by, ifsc="ICIC0000393")
    stage.plan(23, "11:53", deciding, comment, refuse, stage, rejected, deciding, comment)


def wording(party: Party) -> str:
    """The name as a bank prints it."""
    return party.name.upper().replace("PRIVATE LIMITED", "PVT LTD")


def ask(stage: Stage, party: Party, maker: str, **values: Any) -> None:
    services.request_change(account_of(stage, party), values, maker=stage.cast[maker], reason=reason_now())


def approve(stage: Stage, party: Party, by: str, comment: str, *, away: str = "") -> None:
    """Approve what waits about a partner's account; `away`: in whose place."""
    on_behalf_of = stage.cast[away] if away else None
    services.approve(request_of(stage, party), by=stage.cast[by], comment=comment, on_behalf_of=on_behalf_of)


def refuse(stage: Stage, party: Party, by: str, comment: str) -> None:
    services.reject(request_of(stage, party), by=stage.cast[by], comment=comment)


def take_back(stage: Stage, party: Party, by: str) -> None:
    services.withdraw(request_of(stage, party), by=stage.cast[by], reason=reason_now())


def act_alone(stage: Stage, party: Party, by: str, reason: str) -> None:
    """Change an account at once, for review afterwards."""
    values = {"ifsc": "UTIB0000128"}
    services.break_glass(account_of(stage, party), values, by=stage.cast[by], reason=reason)


def stand_in(stage: Stage, away: str, colleague: str) -> None:
    create(
        Delegation,
        from_user=stage.cast[away],
        to_user=stage.cast[colleague],
        valid_from=stage.now.date(),
        valid_to=stage.today + timedelta(days=AWAY_DAYS),
    )


def reason_now() -> str:
    """Why the act that is being played is done."""
    return context.current().reason


def account_of(stage: Stage, party: Party) -> PartnerBankAccount:
    return find(stage, party.house, party.code).bank_accounts.get(status=AccountStatus.ACTIVE)


def request_of(stage: Stage, party: Party) -> ChangeRequest:
    """What waits about the partner's account."""
    account = account_of(stage, party)
    found: ChangeRequest = ChangeRequest.objects.about(account).get(status=ChangeRequest.Status.PENDING)
    return found
