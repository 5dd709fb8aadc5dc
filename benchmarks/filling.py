"""Fills a migrated database for load tests: `python -m benchmarks.filling USERS FILE PLACES`; benchmarks/installation.py calls it.

20 houses, PLACES locations (nine of ten shared), 10,000 partners, 500 commodities, and users who can sign in, in the mix
of benchmarks/mix.py; FILE says how. Rows come by COPY with history and events, which are numbered and sealed at the end.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import SecondFactor, User
from benchmarks.mix import USERS
from benchmarks.names import FIRST, LAST
from commodities.models import Commodity, CommodityCategory, Unit
from erp import bulk, context
from erp.approvals.guards import four_eyes_off
from erp.events import feed
from erp.ledger import keys, seal
from locations.models import Country, Currency, Location, Subdivision
from organizations.models import Organization
from partners.models import BusinessPartner

HOUSES, PARTNERS, COMMODITIES = 20, 10_000, 500
PASSWORD = "load-test-2026-cotton"
SYLLABLES = [consonant + vowel for consonant in "kgnrmvlsptdj" for vowel in "aiu"]
pan = import_string("partners.tests.factories.pan")

chance = random.Random(2026)


def name() -> str:
    """Three words, of which the middle one is rare."""
    middle = "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4)))
    return f"{chance.choice(FIRST)} {middle.title()} {chance.choice(LAST)}"


def houses(india: Country, rupee: Currency) -> list[Organization]:
    made = [
        Organization(
            code=f"HOUSE{number:02}",
            name=f"House {number} Cotton",
            legal_name=f"House {number} Cotton Private Limited",
            country=india,
            base_currency=rupee,
            pan=f"AAACH{number + 1:04}K",
        )
        for number in range(HOUSES)
    ]
    for house in made:
        house.full_clean()
        house.save()
    return made


def places(count: int, owners: list[Organization], india: Country) -> Iterator[Location]:
    kinds = [kind for kind in Location.Kind.values if kind not in {"country", "airport", "seaport"}]
    states = list(Subdivision.objects.filter(country=india))
    for number in range(count):
        yield Location(
            organization=chance.choice(owners) if number % 10 == 0 else None,
            code=f"PL-{number:06}",
            name=name(),
            kind=chance.choice(kinds),
            country=india,
            subdivision=chance.choice(states),
            city="Gondal",
            postal_code=f"{chance.randint(110000, 899999)}",
            timezone="Asia/Kolkata",
        )


def partners(owners: list[Organization], india: Country, rupee: Currency) -> Iterator[BusinessPartner]:
    for number in range(PARTNERS):
        yield BusinessPartner(
            organization=owners[number % HOUSES],
            partner_code=f"BP-IN-{number:06}",
            legal_name=f"{name()} {number} Pvt Ltd",
            entity_type="private_limited",
            country=india,
            primary_currency=rupee,
            pan=pan(number),
        )


def commodities(rupee: Currency) -> Iterator[Commodity]:
    categories = list(CommodityCategory.objects.all())
    kilogram = Unit.objects.get(code="KGM")
    for number in range(COMMODITIES):
        yield Commodity(
            code=f"FIBRE_{number:04}",
            name=f"{name()} {number}",
            category=chance.choice(categories),
            hs_code="520100",
            base_unit=kilogram,
            trade_unit=kilogram,
            rate_unit=kilogram,
            default_currency=rupee,
            lot_size=170,
        )


def people(count: int, owners: list[Organization]) -> Iterator[tuple[User, str, str]]:
    """Users with their role and the key of their second factor, both empty where there is none. One hash for all."""
    password = make_password(PASSWORD)
    outside = list(BusinessPartner.objects.order_by("partner_code")[:count])
    numbers = {kind: max(1, -(-count * share // sum(USERS.values()))) for kind, share in USERS.items()}
    for kind, many in numbers.items():
        for number in range(many):
            house = owners[number % HOUSES]
            owner: dict[str, Any] = {
                "INTERNAL": {"organization": house},
                "EXTERNAL": {"partner": outside[number % count]},
            }
            role = {"INTERNAL": "commodity_manager" if number >= HOUSES else "org_admin", "EXTERNAL": "partner_admin"}
            user = User(
                email=f"{kind.lower()}{number}@load.invalid",
                full_name=name(),
                user_type=kind,
                is_superuser=kind == "SUPER_ADMIN",
                is_verified=True,
                password=password,
                mfa_enabled=kind == "SUPER_ADMIN",
                last_password_change=timezone.now(),
                **owner.get(kind, {}),
            )
            yield user, role.get(kind, ""), chance.randbytes(20).hex() if user.mfa_enabled else ""


def fill(count: int, *, locations: int) -> list[dict[str, str]]:
    """The rows; returns who can sign in, as locustfile.py reads it."""
    call_command("load_reference_data", stdout=StringIO())
    india, rupee = Country.objects.get(pk="IN"), Currency.objects.get(pk="INR")
    owners = houses(india, rupee)
    bulk.insert(list(places(locations, owners, india)), model=Location)
    bulk.insert(list(partners(owners, india, rupee)), model=BusinessPartner)
    bulk.insert(list(commodities(rupee)), model=Commodity)
    everybody = list(people(count, owners))
    bulk.insert([user for user, _, _ in everybody], model=User)
    groups = {group.name: group.pk for group in Group.objects.all()}
    held = User.groups.through
    held.objects.bulk_create(held(user_id=user.pk, group_id=groups[role]) for user, role, _ in everybody if role)
    for user, _, key in everybody:
        if key:
            SecondFactor.of(user, key=key).save()
    return [
        {"type": user.user_type, "username": user.email or "", "password": PASSWORD, "otp_key": key}
        for user, _, key in everybody
    ]


def main() -> None:
    count, file, locations = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with context.acting(source="command", reason="Load test"), transaction.atomic(), four_eyes_off():
        accounts = fill(count, locations=locations)
    keys.write(Path(settings.AUDIT_SIGNING_KEY_FILE))
    feed.number_events()
    seal.seal()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    file.write_text(json.dumps(accounts, indent=0))


if __name__ == "__main__":
    main()
