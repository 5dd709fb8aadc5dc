"""What people keep at their desk: saved filters, what they looked at last, files that they imported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.http import QueryDict

from erp.admin import work
from erp.admin.imports import jobs
from erp.admin.models import SavedFilter
from erp.demo.stage import Stage
from erp.imports.models import ImportJob
from partners.demo.directory import Party
from partners.demo.loading import find
from partners.models import BusinessPartner, PartnerContact

PARTNERS = BusinessPartner._meta.label_lower
# Who, name, filter, and whether colleagues use it too.
FILTERS = (
    ("desk", "My partners, not active yet", {"quality": "own_pending"}, False),
    ("desk", "Ginners in Gujarat", {"q": "gin"}, False),
    ("manager", "KYC ends this month", {"quality": "kyc_expiring"}, True),
    ("compliance", "Blocked", {"status__exact": "blocked"}, True),
    ("desk2", "Nobody to call", {"quality": "without_primary_contact"}, True),
)
COLUMNS = "partner,name,designation,phone,email"


def plan(stage: Stage, own: Sequence[Party]) -> None:
    """One house."""
    house = own[0].house
    for number, (who, name, query, is_shared) in enumerate(FILTERS):
        by = f"{who}.{house}"
        stage.plan(20, f"18:{30 + number}", by, "Kept a filter", keep, stage, by, name, query, is_shared=is_shared)
    looked = [party.code for party in (*own[:1], *own[-9:-4])]
    for who in ("desk", "manager", "kyc", "compliance"):
        stage.plan(24, "18:45", f"{who}.{house}", "Looked at partners", look, stage, house, f"{who}.{house}", looked)
    good, wrong = (contacts_of(own[8:12], phone) for phone in ("+919820011223", "98200-CALL"))
    by = f"desk.{house}"
    for day, name, rows in ((23, "contacts-from-cards.csv", good), (24, "contacts-of-the-fair.csv", wrong)):
        reason = "Visiting cards of the cotton fair"
        stage.plan(day, "17:50", by, reason, upload, stage, by, name, rows, reason, source="import")


def keep(stage: Stage, who: str, name: str, query: dict[str, str], *, is_shared: bool) -> None:
    owner, asked = stage.cast[who], QueryDict(mutable=True)
    asked.update(query)
    values = {"kind": PARTNERS, "query": asked.urlencode(), "is_shared": is_shared, "created_at": stage.now}
    SavedFilter.objects.create(owner=owner, organization=owner.organization, name=name, **values)


def look(stage: Stage, house: str, who: str, codes: Sequence[str]) -> None:
    for code in codes:
        transaction.on_commit(partial(work.remember, stage.cast[who], find(stage, house, code)))


def contacts_of(parties: Sequence[Party], phone: str) -> str:
    """A file of contacts; the phone is the last row's."""
    people = ("Jayesh Thakkar", "Bhavna Parekh", "Murugan Selvam", "Padma Rao")
    lines = [
        f"{party.code},{name},Purchase manager,{phone if number == len(parties) else f'+9198250447{number}1'},"
        for number, (party, name) in enumerate(zip(parties, people, strict=True), start=1)
    ]
    return "\n".join([COLUMNS, *lines, ""])


def upload(stage: Stage, who: str, name: str, rows: str, reason: str) -> None:
    """Import contacts as the desk does; a file with errors ends there."""
    job = jobs.receive(PartnerContact, name=name, data=rows.encode(), user=stage.cast[who])
    if job.status == ImportJob.Status.CHECKED:
        jobs.confirm(job, reason=reason)
    at(job, stage.now)


def at(job: ImportJob, moment: datetime) -> None:
    """The times of an import are its server's: set them back to when the story has it."""
    ImportJob.objects.filter(pk=job.pk).update(created_at=moment, finished_at=moment)
