"""The people of the demonstration: every role in both houses, two partners' own users, and who comes and goes."""

from __future__ import annotations

from typing import NamedTuple

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import User
from erp.demo.login import PASSWORD, address
from erp.demo.stage import Stage, change, chapter, create
from erp.scoping import UserType

ADMINISTRATOR = "admin"
HOUSES = ("mumbai", "coimbatore")
# The week before the month, in which the houses are set up.
SET_UP = -5


class Person(NamedTuple):
    """Local part of the address without the house, role, and the name of whoever holds it in Mumbai and Coimbatore."""

    desk: str
    role: str
    mumbai: str
    coimbatore: str
    day: int = SET_UP


STAFF = (
    Person("orgadmin", "org_admin", "Farhan Mistry", "Lakshmi Narayanan"),
    Person("desk", "partner_officer", "Rekha Deshmukh", "Karthikeyan Velusamy"),
    Person("desk2", "partner_officer", "Amit Kapadia", "Nandini Mudaliar"),
    Person("kyc", "kyc_verifier", "Joseph D'Souza", "Meenakshi Iyer"),
    Person("manager", "manager_approver", "Sunita Khandelwal", "Ravichandran Gounder"),
    Person("director", "director_approver", "Vikram Zaveri", "Saraswathi Palanisamy"),
    Person("compliance", "compliance_officer", "Shilpa Kulkarni", "Abdul Rahman"),
    Person("commodity", "commodity_manager", "Girish Bhanushali", "Senthil Natarajan"),
    Person("viewer", "viewer", "Harshad Vora", "Kalpana Krishnan"),
    Person("former", "viewer", "Yogesh Wagh", "Indira Menon"),
    Person("trainee", "viewer", "Neha Jadeja", "Prabhakar Naidu", day=8),
)
# Users of the first partner of each house; its own contact is the first of them.
PARTNER_STAFF = (
    Person("partner", "partner_admin", "", "", day=6),
    Person("partnerstaff", "partner_staff", "Hansa Lakhani", "Gayathri Chettiar", day=9),
)
FIRST_PARTNER = "BP-IN-000001"


@chapter
def tell(stage: Stage) -> None:
    """Users are made by hand, one after the other, by those who may."""
    # One hash for all: hashing is slow on purpose, and the password is no secret.
    password = make_password(PASSWORD)
    stage.plan(SET_UP, "08:30", "Set-up", "First administrator", enter_administrator, stage, password, source="command")
    for house in HOUSES:
        for number, person in enumerate(STAFF):
            minute = f"{10 + number // 6}:{number % 6 * 10 + 3:02}"
            by = ADMINISTRATOR if number == 0 else f"orgadmin.{house}"
            reason = "Administrator of the new organization" if number == 0 else "New colleague"
            stage.plan(person.day, minute, by, reason, enter, stage, person, house, password)
        for person in PARTNER_STAFF:
            reason = "Asked for access to its own data"
            stage.plan(person.day, "17:05", f"orgadmin.{house}", reason, enter, stage, person, house, password)
        plan_changes(stage, house)


def plan_changes(stage: Stage, house: str) -> None:
    """What happens to users in a month."""
    by = f"orgadmin.{house}"
    stage.plan(
        11,
        "16:20",
        by,
        "Covers for the manager, who is on leave",
        give_role,
        stage,
        f"director.{house}",
        "manager_approver",
    )
    alone = "Decides when nobody else can be reached"
    stage.plan(2, "09:15", ADMINISTRATOR, alone, give_role, stage, f"director.{house}", "emergency_officer")
    stage.plan(15, "10:05", by, "Mobile for urgent approvals", set_mobile, stage, f"manager.{house}")
    stage.plan(
        18,
        "18:10",
        by,
        "Left the company at the end of the day",
        change_user,
        stage,
        f"former.{house}",
        is_active=False,
    )
    stage.plan(21, "09:40", by, "The manager is back", take_role, stage, f"director.{house}", "manager_approver")


def enter_administrator(stage: Stage, password: str) -> None:
    """The one who sees both houses."""
    stage.cast[ADMINISTRATOR] = create(
        User,
        email=address(ADMINISTRATOR),
        full_name="Ananya Krishnamurthy",
        user_type=UserType.SUPER_ADMIN,
        password=password,
        is_verified=True,
        last_password_change=stage.now,
    )


def enter(stage: Stage, person: Person, house: str, password: str) -> None:
    """A colleague, or a user of the house's first partner, with a role."""
    name = person.mumbai if house == "mumbai" else person.coimbatore
    owner = {"user_type": UserType.INTERNAL, "organization": stage.cast[house]}
    if person in PARTNER_STAFF:
        partners = apps.get_model("partners.BusinessPartner")._base_manager
        partner = partners.get(organization=stage.cast[house], partner_code=FIRST_PARTNER)
        name = name or partner.contacts.get(is_primary=True).name
        owner = {"user_type": UserType.EXTERNAL, "partner": partner}
    user = create(
        User,
        email=address(f"{person.desk}.{house}"),
        full_name=name,
        password=password,
        is_verified=True,
        last_password_change=stage.now,
        **owner,
    )
    user.groups.add(Group.objects.get(name=person.role))
    stage.cast[f"{person.desk}.{house}"] = user


def give_role(stage: Stage, desk: str, role: str) -> None:
    stage.cast[desk].groups.add(Group.objects.get(name=role))


def take_role(stage: Stage, desk: str, role: str) -> None:
    stage.cast[desk].groups.remove(Group.objects.get(name=role))


def set_mobile(stage: Stage, desk: str) -> None:
    number = stage.random(f"mobile {desk}").randrange(10**7)
    change(stage.cast[desk], mobile=f"+91555{number:07}")


def change_user(stage: Stage, desk: str, **values: object) -> None:
    change(stage.cast[desk], **values)
