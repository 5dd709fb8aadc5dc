"""What people will talk about: the tour's partner, a double, a deletion, a suspension, a change past the application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

from django.db import connection

from erp.demo.numbers import Numbers
from erp.demo.stage import OUTSIDE, Stage, change, create
from partners.demo import duties, routine
from partners.demo.directory import Party
from partners.demo.loading import find, work_on
from partners.models import BusinessPartner, PartnerBankAccount, PartnerContact, PartnerLocation, PartnerRole
from partners.models.documents import DocumentType
from partners.models.partner import PartnerStatus
from partners.models.places import LocationKind
from partners.models.roles import Role

# Straight in the database, as somebody with its password would.
RAW_SQL = "UPDATE partners_businesspartner SET risk_score = 97, risk_category = 'low' WHERE id = %s"


def plan(stage: Stage, own: Sequence[Party]) -> None:
    """Incidents of one house; most of them happen to its ginners and mills."""
    house = own[0].house
    ginners = [party for party in own if party.kind == "ginner"]
    mills = [party for party in own if party.kind == "mill"]
    plan_tour(stage, own[0])
    stage.plan(8, "11:07", f"desk2.{house}", "Met at the market yard", enter_double, stage, ginners[3])
    stage.plan(7, "16:48", f"desk2.{house}", "Wants to sell next season", enter_by_mistake, stage, house)
    stage.plan(8, "10:02", f"desk2.{house}", "Name as on the visiting card", rename_mistake, stage, house)
    stage.plan(9, "09:58", f"orgadmin.{house}", "Entered twice, nothing was traded", delete_mistake, stage, house)
    suspend, release, block = PartnerStatus.SUSPENDED, PartnerStatus.ACTIVE, PartnerStatus.BLOCKED
    by = f"director.{house}"
    for day, reason, party, status in (
        (10, "Cheque returned unpaid", mills[2], suspend),
        (16, "Dues cleared with interest", mills[2], release),
        (14, "Wet cotton in three lots, claim open", ginners[5], suspend),
        (18, "Two addresses do not exist, police report filed", ginners[6], block),
    ):
        stage.plan(day, "17:33", by, reason, duties.set_status, stage, party, status)
    for day, clock, party, left in ((6, "12:41", mills[3], -4), (9, "17:12", ginners[7], 19)):
        expires = stage.today + timedelta(days=left)
        paper, number = DocumentType.LICENCE, f"TL/{2200 + day}/{party.code[-3:]}"
        by, reason = f"desk.{house}", "Trade licence, scan sent by the partner"
        stage.plan(day, clock, by, reason, duties.hand_in, stage, party, paper, number, expires_on=expires)
    for day, by, name, reason in (
        (21, "desk", NEW[house][0], "Met at the cotton fair, sells by sample"),
        (23, "desk2", NEW[house][1], "Asked for a quotation"),
    ):
        stage.plan(day, "12:52", f"{by}.{house}", reason, enter_new, stage, f"{by}.{house}", house, name)
    stage.plan(24, "20:40", f"desk2.{house}", "Retired, successor not named yet", leave_nobody_first, stage, mills[4])
    stage.plan(19, "23:47", "", "", rewrite, stage, ginners[5], source=OUTSIDE)
    stage.plan(20, "11:38", f"manager.{house}", "Score set back, nobody had assessed it", set_score, stage, ginners[5])


def plan_tour(stage: Stage, party: Party) -> None:
    """The first partner of each house: many hands, every kind of change."""
    house = party.house
    desk, desk2, kyc, manager = (f"{name}.{house}" for name in ("desk", "desk2", "kyc", "manager"))
    does: tuple[tuple[int, str, str, str, Callable[[Stage, Party], object]], ...] = (
        (4, "10:32", desk, "Second number of the owner", tour_phone),
        (5, "11:20", desk, "Gate is on the bypass, not in the market", tour_address),
        (5, "15:44", manager, "Visited before the season", tour_risk),
        (6, "12:02", desk2, "Purchase is done by the son now", tour_contact),
        (8, "16:31", desk2, "New shed at the bypass", tour_godown),
        (10, "14:50", manager, "Buys kapas at own risk since this season", tour_role),
        (13, "15:15", kyc, "Cancelled cheque seen", duties.verify_account),
        (15, "11:11", desk, "Short name used in the market", tour_trade_name),
        (17, "10:26", desk2, "Press works two shifts", tour_capacity),
        (20, "12:19", manager, "Half-yearly risk review", tour_risk),
        (22, "16:02", desk, "Asks for advance against warehouse receipts", tour_note),
        (24, "17:21", desk2, "Left the firm", tour_contact_left),
    )
    for day, clock, who, reason, do in does:
        stage.plan(day, clock, who, reason, work_on, stage, house, party.code, partial(do, stage, party))
    paper = DocumentType.TAX_CERTIFICATE
    number = party.tax[1]
    stage.plan(
        7, "18:20", f"partner.{house}", "GST certificate", duties.hand_in, stage, party, paper, number, source="api"
    )
    stage.plan(8, "12:10", kyc, "Compared with the portal", duties.judge, stage, party, kyc, is_wrong=False)
    stage.plan(12, "20:14", f"partner.{house}", "Own new number", tour_phone, stage, party, source="api")


def tour_phone(stage: Stage, party: Party) -> None:
    routine.correct_phone(
        stage, find(stage, party.house, party.code), stage.random(f"tour phone {stage.days.index(stage.now.date())}")
    )


def tour_address(stage: Stage, party: Party) -> None:
    place = find(stage, party.house, party.code).locations.earliest("created_at", "name")
    change(place, address_line1="Survey 214, Bypass Road", address_line2="Opposite weighbridge")


def tour_risk(stage: Stage, party: Party) -> None:
    routine.assess_risk(
        stage, find(stage, party.house, party.code), stage.random(f"tour risk {stage.days.index(stage.now.date())}")
    )


def tour_contact(stage: Stage, party: Party) -> None:
    family = party.contact.split()[-1]
    create(
        PartnerContact,
        partner=find(stage, party.house, party.code),
        name=f"Dhruv {family}",
        designation="Purchase manager",
        email=f"dhruv@{party.domain}",
    )


def tour_contact_left(stage: Stage, party: Party) -> None:
    find(stage, party.house, party.code).contacts.get(name__startswith="Dhruv").delete()


def tour_godown(stage: Stage, party: Party) -> None:
    partner = find(stage, party.house, party.code)
    first = partner.locations.earliest("created_at", "name")
    create(
        PartnerLocation,
        partner=partner,
        kind=LocationKind.WAREHOUSE,
        name=f"{party.town} bypass shed",
        address_line1="Survey 216, Bypass Road",
        city=party.town,
        district=party.district,
        subdivision=first.subdivision,
        postal_code=party.pin,
        country=first.country,
        location=first.location,
        can_ship_from=True,
        capacity_tonnes=Decimal(600),
    )


def tour_capacity(stage: Stage, party: Party) -> None:
    shed = find(stage, party.house, party.code).locations.get(name__endswith="bypass shed")
    change(shed, capacity_tonnes=Decimal(900))


def tour_role(stage: Stage, party: Party) -> None:
    create(PartnerRole, partner=find(stage, party.house, party.code), role=Role.TRADER, valid_from=stage.now.date())


def tour_trade_name(stage: Stage, party: Party) -> None:
    change(find(stage, party.house, party.code), trade_name=f"{party.name.split()[0]} Gin")


def tour_note(stage: Stage, party: Party) -> None:
    change(find(stage, party.house, party.code), notes="Advance against receipts: ask the director first.")


def leave_nobody_first(stage: Stage, party: Party) -> None:
    """The first to call has left, and nobody has taken the place."""
    change(find(stage, party.house, party.code).contacts.get(is_primary=True), is_primary=False)


def enter_double(stage: Stage, party: Party) -> None:
    """The same ginner once more: another spelling, another PAN, the same telephone and bank account."""
    original = find(stage, party.house, party.code)
    phone = original.contacts.get(is_primary=True).phone
    name = original.legal_name.replace(" & ", " and ").replace("Private Limited", "Pvt Ltd")
    double = create(
        BusinessPartner,
        organization=original.organization,
        legal_name=f"Shri {name}",
        entity_type=original.entity_type,
        country=original.country,
        pan=Numbers(stage.random(f"double {party.code}")).pan(original.pan[3], name),
        primary_currency=original.primary_currency,
        assigned_officer=original.assigned_officer,
    )
    create(PartnerRole, partner=double, role=Role.SELLER)
    create(PartnerContact, partner=double, name=party.contact, phone=phone, is_primary=True)
    for account in original.bank_accounts.all():
        create(
            PartnerBankAccount,
            partner=double,
            holder=double.legal_name,
            bank_name=account.bank_name,
            country=account.country,
            currency=account.currency,
            account_number=account.account_number,
            ifsc=account.ifsc,
        )


def enter_by_mistake(stage: Stage, house: str) -> None:
    """A partner that exists already under another name."""
    create(
        BusinessPartner,
        organization=stage.cast[house],
        legal_name=MISTAKE,
        entity_type="partnership",
        country=stage.row("locations.Country", alpha2="IN"),
        pan=Numbers(stage.random(f"mistake {house}")).pan("F", MISTAKE),
        primary_currency=stage.row("locations.Currency", alpha3="INR"),
    )


MISTAKE = "Lokmanya Cotton Suppliers"
# Entered in the last days; nobody has seen their papers yet.
NEW = {
    "mumbai": ("Girnar Foothills Ginning Co", "Wainganga Spinners"),
    "coimbatore": ("Amaravathi River Yarns", "Shevaroy Hills Cotton Co"),
}


def enter_new(stage: Stage, officer: str, house: str, name: str) -> None:
    """A partner of whom little is known yet."""
    partner = create(
        BusinessPartner,
        organization=stage.cast[house],
        legal_name=name,
        entity_type="partnership",
        country=stage.row("locations.Country", alpha2="IN"),
        pan=Numbers(stage.random(f"new {name}")).pan("F", name),
        primary_currency=stage.row("locations.Currency", alpha3="INR"),
        assigned_officer=stage.cast[officer],
    )
    create(PartnerRole, partner=partner, role=Role.SELLER)


def rename_mistake(stage: Stage, house: str) -> None:
    partner = BusinessPartner.objects.get(organization=stage.cast[house], legal_name=MISTAKE)
    change(partner, legal_name=f"{MISTAKE} & Sons")


def delete_mistake(stage: Stage, house: str) -> None:
    BusinessPartner.objects.get(organization=stage.cast[house], legal_name__startswith=MISTAKE).delete()


def rewrite(stage: Stage, party: Party) -> None:
    """A better score, without name and reason."""
    with connection.cursor() as cursor:
        cursor.execute(RAW_SQL, [find(stage, party.house, party.code).pk])


def set_score(stage: Stage, party: Party) -> None:
    change(find(stage, party.house, party.code), risk_score=38, risk_category="high", risk_assessed_at=stage.now)
