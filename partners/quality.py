"""What is wrong with partners although no constraint forbids it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, FloatField, Func, OuterRef, QuerySet
from django.db.models.functions import Upper
from django.utils import timezone

from erp.quality import rule
from partners.models import BusinessPartner, PartnerBankAccount, PartnerContact, PartnerDocument

SOON = timedelta(days=30)
# Looking for twins costs a search per partner: only names that are new enough to be a clerk's slip are looked at.
NEW = timedelta(days=90)
# Share of three-letter pieces that two names have in common. A slip leaves 0.88 ("Gujarat Gining Pvt Ltd"), "Shri" before the
# name 0.85; names of one trade, "… Cotton Brokers & Co", have up to 0.75.
ALIKE = 0.75

Partners = QuerySet[BusinessPartner]


@rule("partners.BusinessPartner", "Without a bank account in use", help="Nothing can be paid: verify an account.")
def without_account(partners: Partners, user: Any) -> Partners:
    accounts = PartnerBankAccount.objects.active().filter(
        partner=OuterRef("pk"), status=PartnerBankAccount.Status.ACTIVE
    )
    return _trading(partners).filter(~Exists(accounts))


@rule("partners.BusinessPartner", "Without a primary contact", help="Nobody knows whom to call first: mark a contact.")
def without_primary_contact(partners: Partners, user: Any) -> Partners:
    contacts = PartnerContact.objects.active().filter(partner=OuterRef("pk"), is_primary=True)
    return _trading(partners).filter(~Exists(contacts))


@rule(
    "partners.BusinessPartner",
    "KYC expires in 30 days",
    help="Ask for new papers before trade has to stop.",
    waits=("partner whose KYC expires in 30 days", "partners whose KYC expires in 30 days"),
)
def kyc_expiring(partners: Partners, user: Any) -> Partners:
    today = timezone.localdate()
    return _trading(partners).filter(kyc_expires_on__range=(today, today + SOON))


@rule("partners.BusinessPartner", "KYC expired", help="No new contracts until their identity is checked again.")
def kyc_expired(partners: Partners, user: Any) -> Partners:
    return _trading(partners).filter(kyc_expires_on__lt=timezone.localdate())


@rule(
    "partners.BusinessPartner",
    "Yours, not active yet",
    help="Partners that you look after and that nobody has approved.",
    waits=("partner of yours is not active yet", "partners of yours are not active yet"),
    own=True,
)
def own_pending(partners: Partners, user: Any) -> Partners:
    return partners.filter(is_active=True, status=BusinessPartner.Status.PENDING, assigned_officer=user.pk)


@rule("partners.BusinessPartner", "Possible duplicates", help="Two partners with almost one name: keep one of them.")
def possible_duplicates(partners: Partners, user: Any) -> Partners:
    twins = (
        BusinessPartner.objects.active()
        .filter(organization=OuterRef("organization"))
        .exclude(pk=OuterRef("pk"))
        .annotate(name=Upper("legal_name"), wanted=Upper(OuterRef("legal_name")))
        .filter(name__trigram_similar=F("wanted"))
        .annotate(likeness=Func("name", "wanted", function="SIMILARITY", output_field=FloatField()))
        .filter(likeness__gte=ALIKE)
    )
    since = timezone.now() - NEW
    return partners.filter(Exists(twins), is_active=True, created_at__gte=since)


@rule("partners.PartnerDocument", "Documents expired", help="Upload the renewed paper; it takes the old one's place.")
def expired(documents: QuerySet[PartnerDocument], user: Any) -> QuerySet[PartnerDocument]:
    return _current(documents).filter(expires_on__lt=timezone.localdate())


@rule(
    "partners.PartnerDocument",
    "Documents that expire in 30 days",
    help="Licences, certificates and other papers: ask the partner for the renewed one.",
    waits=("licence or paper that expires in 30 days", "licences and papers that expire in 30 days"),
)
def expiring(documents: QuerySet[PartnerDocument], user: Any) -> QuerySet[PartnerDocument]:
    today = timezone.localdate()
    return _current(documents).filter(expires_on__range=(today, today + SOON))


def _trading(partners: Partners) -> Partners:
    """Those with whom the organization trades now."""
    return partners.filter(is_active=True, status=BusinessPartner.Status.ACTIVE)


def _current(documents: QuerySet[PartnerDocument]) -> QuerySet[PartnerDocument]:
    """Papers that count: not rejected, and not replaced by a newer one."""
    newer = PartnerDocument.objects.active().filter(supersedes=OuterRef("pk"))
    rejected = PartnerDocument.Status.REJECTED
    return documents.filter(~Exists(newer), is_active=True).exclude(status=rejected)
