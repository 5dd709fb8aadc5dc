"""The small changes of every day: telephone numbers, pin codes, estimates. Each has a reason and somebody who made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from erp.demo.numbers import Numbers
from erp.demo.people import People
from erp.demo.stage import Stage, change, create
from partners.demo.directory import Party
from partners.demo.loading import find, risk_category
from partners.models import BusinessPartner, PartnerContact
from partners.models.finance import RegistrationProof

# Changes a day, at least and below; and how the day's hours share them, lunch at two.
A_DAY = {"mumbai": (8, 14), "coimbatore": (4, 8)}
HOURS = (10, 10, 11, 11, 11, 12, 12, 13, 15, 15, 16, 16, 16, 17, 17, 18)


Do = Callable[[Stage, BusinessPartner, Random], Any]


class Task(NamedTuple):
    """A kind of change: who does it, for which reasons, to what, and how often compared with others."""

    desk: str
    reasons: tuple[str, ...]
    do: Do
    weight: int
    fits: Callable[[Party], bool] = lambda party: True


def plan(stage: Stage, own: Sequence[Party]) -> None:
    """Routine of one house."""
    house = own[0].house
    dice = stage.random(f"routine {house}")
    # The first partner is the tour's: its history is told in `incidents`.
    others = own[1:]
    for day in range(len(stage.days)):
        for number in range(dice.randrange(*A_DAY[house])):
            task = dice.choices(TASKS, [task.weight for task in TASKS])[0]
            party = dice.choice([party for party in others if task.fits(party)])
            desk = dice.choice(("desk", "desk2")) if task.desk == "desk" else task.desk
            clock = f"{dice.choice(HOURS)}:{dice.randrange(60):02}"
            # Dice of its own, so that one change more or less leaves all others as they are.
            throws = stage.random(f"routine {house} {day} {number}")
            by, reason = f"{desk}.{house}", dice.choice(task.reasons)
            stage.plan(day, clock, by, reason, perform, stage, party, task.do, throws)


def perform(stage: Stage, party: Party, do: Do, dice: Random) -> None:
    """Do it to the partner as it is by now."""
    do(stage, find(stage, party.house, party.code), dice)


def is_indian(party: Party) -> bool:
    return party.country == "IN"


def deals(party: Party) -> bool:
    return not party.does.is_service


def correct_phone(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    change(partner.contacts.get(is_primary=True), phone=Numbers(dice).phone())


def correct_pin(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    place = partner.locations.order_by("created_at", "name")[0]
    last = dice.choice([digit for digit in "0123456789" if digit != place.postal_code[-1]])
    change(place, postal_code=place.postal_code[:-1] + last)


def add_landmark(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    landmarks = (
        "Near APMC gate",
        "Opposite weighbridge",
        "Behind railway station",
        "Next to the temple",
        "Second gate",
    )
    place = partner.locations.order_by("created_at", "name")[0]
    change(place, address_line2=dice.choice([text for text in landmarks if text != place.address_line2]))


def assess_risk(stage: Stage, partner: BusinessPartner, dice: Random) -> None:
    score = max(5, min(98, (partner.risk_score or 50) + dice.choice((-14, -9, -5, 4, 7, 11))))
    change(partner, risk_score=score, risk_category=risk_category(score), risk_assessed_at=stage.now)


def estimate_volume(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    goods = partner.commodities.order_by("commodity__code")[0]
    change(goods, annual_volume=(goods.annual_volume or Decimal(0)) + 50 * dice.randrange(1, 40))


def name_for_market(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    word = partner.legal_name.split(" ", maxsplit=1)[0]
    names = (f"{word} Cotton", f"{word} Group", f"{word}", f"New {word}")
    change(partner, trade_name=dice.choice([name for name in names if name != partner.trade_name]))


def change_officer(stage: Stage, partner: BusinessPartner, _: Random) -> None:
    house = next(town for town in A_DAY if stage.cast[town].pk == partner.organization_id)
    officers = [stage.cast[f"{desk}.{house}"] for desk in ("desk", "desk2")]
    change(partner, assigned_officer=next(user for user in officers if user.pk != partner.assigned_officer_id))


def look_up_registration(stage: Stage, partner: BusinessPartner, _: Random) -> None:
    for registration in partner.tax_registrations.all():
        change(registration, verified_at=stage.now, verification_method=RegistrationProof.PORTAL)


def add_shed(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    for place in partner.locations.filter(capacity_tonnes__isnull=False)[:1]:
        change(place, capacity_tonnes=place.capacity_tonnes + 100 * dice.randrange(1, 9))


def add_contact(_: Stage, partner: BusinessPartner, dice: Random) -> None:
    number = partner.contacts.count()
    create(
        PartnerContact,
        partner=partner,
        name=People(dice).person(),
        designation=dice.choice(("Accountant", "Dispatch clerk", "Quality manager", "Export manager")),
        email=f"office{number}@{partner.contacts.get(is_primary=True).email.partition('@')[2]}",
        phone=Numbers(dice).phone(),
    )


def note(stage: Stage, partner: BusinessPartner, dice: Random) -> None:
    remarks = ("Call before 11.", "Pays after lunar holidays.", "Wants weight slips by mail.", "Speaks Gujarati only.")
    change(partner, notes=f"{partner.notes}\n{stage.now:%d.%m.}: {dice.choice(remarks)}".strip())


def set_signatory(_: Stage, partner: BusinessPartner, __: Random) -> None:
    contact = partner.contacts.get(is_primary=True)
    change(contact, is_signatory=not contact.is_signatory)


TASKS = (
    Task("desk", ("New number given by the accountant", "Number on the letterhead changed"), correct_phone, 9),
    Task("desk", ("Corrected pin code after returned post",), correct_pin, 5, is_indian),
    Task("desk", ("Lorry did not find the gate", "Landmark as on the GST certificate"), add_landmark, 5),
    Task("manager", ("Half-yearly risk review", "Paid late twice", "Clean record for a season"), assess_risk, 8),
    Task("desk", ("Season estimate of the broker", "Figures of last year's contracts"), estimate_volume, 7, deals),
    Task("desk", ("As the market calls it",), name_for_market, 3),
    Task("manager", ("Portfolio moved while a colleague is on leave",), change_officer, 3),
    Task("kyc", ("Looked up on the portal", "Quarterly look-up"), look_up_registration, 5, is_indian),
    Task("desk", ("New shed, seen by our controller",), add_shed, 3, deals),
    Task("desk2", ("Introduced at the arrival meeting", "Signs for dispatch from now on"), add_contact, 4),
    Task("desk2", ("Remark after a call",), note, 3),
    Task("kyc", ("Board resolution on signatories",), set_signatory, 2),
)
