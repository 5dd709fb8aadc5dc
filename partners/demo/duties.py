"""What has to be done for certain partners: checks of accounts and identity, approvals, papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile

from erp.demo.paper import pdf
from erp.demo.stage import Stage, change, create
from partners.demo.directory import Party
from partners.demo.loading import KYC_DAYS, RENEWAL_DAYS, find, start_of
from partners.models import PartnerDocument
from partners.models.documents import DocumentStatus, DocumentType
from partners.models.finance import AccountProof, AccountStatus
from partners.models.partner import KycStatus, PartnerStatus

# The job that looks at dates every night.
NIGHTLY = "Nightly KYC check"
# Every so many partners hand in papers within the month.
PAPERS_EVERY = 4
REJECTED = "Name differs from the PAN card"


def plan(stage: Stage, own: Sequence[Party]) -> None:
    """Duties of one house."""
    house = own[0].house
    for number, party in enumerate(own):
        start, day = start_of(stage, party), number % (len(stage.days) - 2)
        if start.status == PartnerStatus.PENDING and number % 3:
            plan_approval(stage, party, day)
        if start.account == AccountStatus.PENDING and number % 2:
            reason = "Penny drop returned the same name"
            stage.plan(day, "12:15", f"kyc.{house}", reason, verify_account, stage, party)
        plan_nightly(stage, party, is_renewed=number % 2 == 0)
        if number % PAPERS_EVERY == 1:
            plan_papers(stage, party, day, is_wrong=number % 7 == 1)


def plan_approval(stage: Stage, party: Party, day: int) -> None:
    """The verifier sees the papers, the manager approves the day after."""
    house = party.house
    stage.plan(day, "15:05", f"kyc.{house}", "Papers complete, all originals seen", verify_kyc, stage, party)
    reason = "Approved: references of two mills are good"
    status = PartnerStatus.ACTIVE
    stage.plan(day + 1, "10:40", f"manager.{house}", reason, set_status, stage, party, status)


def plan_nightly(stage: Stage, party: Party, *, is_renewed: bool) -> None:
    """The nights on which a partner's KYC becomes due and ends, as far as they fall into the month; some renew it."""
    expires = start_of(stage, party).kyc_expires_on
    if expires is None:
        return
    for day, status, reason in (
        (expires - timedelta(days=RENEWAL_DAYS), KycStatus.RENEWAL_DUE, "KYC expires in 30 days"),
        (expires + timedelta(days=1), KycStatus.EXPIRED, "KYC expired"),
    ):
        if stage.eve[0] < day <= stage.days[-1]:
            stage.plan(stage.on(day), "02:10", NIGHTLY, reason, set_kyc, stage, party, status, source="task")
    if is_renewed and expires < stage.days[-4]:
        by, reason = f"kyc.{party.house}", "KYC renewed, new proof of address seen"
        stage.plan(stage.on(expires) + 3, "13:05", by, reason, verify_kyc, stage, party)


def plan_papers(stage: Stage, party: Party, day: int, *, is_wrong: bool) -> None:
    """A paper comes in; a colleague verifies it the next day, or sends it back."""
    house = party.house
    number, kind = (party.pan, DocumentType.PAN_CARD) if party.pan else (party.tax[1], DocumentType.TAX_CERTIFICATE)
    stage.plan(day, "11:45", f"desk.{house}", "Scan sent by the partner", hand_in, stage, party, kind, number)
    reason = REJECTED if is_wrong else "Compared with the original"
    stage.plan(day + 1, "16:25", f"kyc.{house}", reason, judge, stage, party, f"kyc.{house}", is_wrong=is_wrong)


def verify_account(stage: Stage, party: Party) -> None:
    """A pending account becomes active."""
    change(
        find(stage, party.house, party.code).bank_accounts.get(),
        status=AccountStatus.ACTIVE,
        verification_method=AccountProof.PENNY_DROP,
        name_match_score=Decimal("98.50"),
        effective_from=stage.now.date(),
    )


def verify_kyc(stage: Stage, party: Party) -> None:
    change(
        find(stage, party.house, party.code),
        kyc_status=KycStatus.VERIFIED,
        kyc_verified_at=stage.now,
        kyc_expires_on=stage.now.date() + timedelta(days=KYC_DAYS),
    )


def set_status(stage: Stage, party: Party, status: PartnerStatus) -> None:
    change(find(stage, party.house, party.code), status=status)


def set_kyc(stage: Stage, party: Party, status: KycStatus) -> None:
    change(find(stage, party.house, party.code), kyc_status=status)


def hand_in(stage: Stage, party: Party, kind: DocumentType, number: str, *, expires_on: date | None = None) -> None:
    """Upload a paper of one page."""
    page = pdf([kind.label, "", party.name, number, "", "Specimen for demonstration, no official document."])
    create(
        PartnerDocument,
        partner=find(stage, party.house, party.code),
        document_type=kind,
        number=number,
        country=stage.row("locations.Country", alpha2=party.country),
        file=ContentFile(page, f"{kind}-{party.code}.pdf"),
        issued_on=stage.now.date() - timedelta(days=900),
        expires_on=expires_on,
    )


def judge(stage: Stage, party: Party, verifier: str, *, is_wrong: bool) -> None:
    """Verify or reject the paper that waits."""
    paper = find(stage, party.house, party.code).documents.filter(status=DocumentStatus.UPLOADED).latest("created_at")
    change(
        paper,
        status=DocumentStatus.REJECTED if is_wrong else DocumentStatus.VERIFIED,
        reject_reason=REJECTED if is_wrong else "",
        verified_by=stage.cast[verifier],
        verified_at=stage.now,
    )
