"""The partners as they came from the old books: sheets of rows, written in bulk, a few of them with gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from erp import bulk
from erp.demo.numbers import Numbers
from erp.demo.people import People
from erp.demo.stage import IST, Stage, validate
from erp.models import MasterData
from partners.demo.directory import FIRST, Party
from partners.models import (
    BusinessPartner,
    PartnerBankAccount,
    PartnerCommodity,
    PartnerContact,
    PartnerLocation,
    PartnerRole,
    PartnerTaxRegistration,
)
from partners.models.finance import AccountProof, AccountStatus, RegistrationProof
from partners.models.partner import EntityClass, EntityType, KycStatus, PartnerStatus, RiskCategory
from partners.models.places import LocationKind
from partners.models.roles import RECEIVING_ROLES, Role, Side, TransporterKind

INDIA = "IN"
BANKS = (
    ("Sahyadri Merchant Bank", "SMBK"),
    ("Saurashtra Traders Bank", "SATB"),
    ("Coromandel Union Bank", "CUBX"),
    ("Vidarbha Mercantile Bank", "VMBK"),
    ("Doab National Bank", "DNBX"),
)
STREETS = (
    "Market Yard Road",
    "Station Road",
    "GIDC Estate",
    "Industrial Area",
    "Cotton Market",
    "Bypass Road",
    "Mill Road",
)
KYC_DAYS = 365
RENEWAL_DAYS = 30


class Start(NamedTuple):
    """How a partner stood when it was loaded. `kyc_expires_on` is none where nobody has checked it yet."""

    status: PartnerStatus
    kyc_expires_on: date | None
    account: AccountStatus | None
    risk_score: int
    is_registered: bool

    @property
    def category(self) -> RiskCategory:
        return risk_category(self.risk_score)


def start_of(stage: Stage, party: Party) -> Start:
    """Most are in order. Of some the KYC ends about today, some have no verified account, some are new."""
    dice = stage.random(f"start {party.house} {party.code}")
    status = dice.choices((PartnerStatus.ACTIVE, PartnerStatus.PENDING, PartnerStatus.INACTIVE), (86, 9, 5))[0]
    ahead = dice.choices((dice.randrange(-20, 0), dice.randrange(2, 29), dice.randrange(40, 320)), (7, 11, 82))[0]
    expires = None if status == PartnerStatus.PENDING else stage.today + timedelta(days=ahead)
    account = dice.choices((AccountStatus.ACTIVE, AccountStatus.PENDING, None), (86, 9, 5))[0]
    if party.code == FIRST:
        return Start(PartnerStatus.ACTIVE, stage.today + timedelta(days=19), AccountStatus.PENDING, 74, True)
    return Start(status, expires, account, dice.randrange(35, 96), dice.random() > 0.05)


def risk_category(score: int) -> RiskCategory:
    """From 70 up a partner counts as safe, below 45 as risky."""
    if score >= 70:
        return RiskCategory.LOW
    return RiskCategory.MEDIUM if score >= 45 else RiskCategory.HIGH


def load(stage: Stage, sheet: Sequence[Party]) -> None:
    """Write one sheet: the partners, then their parts, one statement a table."""
    loader = _Sheet(stage, sheet)
    insert(BusinessPartner, loader.partners.values())
    # A sub-broker's rule looks for its broker's role.
    for is_sub in (False, True):
        insert(PartnerRole, (role for role in loader.roles() if (role.role == Role.SUB_BROKER) == is_sub))
    insert(PartnerTaxRegistration, loader.registrations.values())
    insert(PartnerContact, loader.contacts.values())
    insert(PartnerBankAccount, loader.each(loader.account))
    insert(PartnerLocation, loader.each(loader.place))
    insert(PartnerLocation, loader.each(loader.godown))
    insert(PartnerCommodity, loader.goods())


def insert(model: type[MasterData], rows: Iterable[MasterData]) -> None:
    """Validate and write."""
    ready = list(rows)
    for row in ready:
        validate(row)
    bulk.insert(ready, model=model)


def find(stage: Stage, house: str, code: str) -> BusinessPartner:
    """A stored partner of a house."""
    return BusinessPartner.objects.get(organization=stage.cast[house], partner_code=code)


def work_on(stage: Stage, house: str, code: str, do: Callable[[], object]) -> None:
    """Change a partner or its parts as the desk does: the whole gets a new version even where only a part changed."""
    version = find(stage, house, code).version
    do()
    partner = find(stage, house, code)
    if partner.version == version:
        partner.touch()


class _Sheet:
    """The rows of one sheet. Parts that others refer to are kept by partner code."""

    def __init__(self, stage: Stage, sheet: Sequence[Party]) -> None:
        self.stage, self.sheet = stage, sheet
        self.dice = stage.random(f"sheet {sheet[0].house} {sheet[0].code}")
        self.numbers, self.people = Numbers(self.dice), People(self.dice)
        self.starts = {party.code: start_of(stage, party) for party in sheet}
        self.partners = {party.code: self.partner(party) for party in sheet}
        registered = [party for party in sheet if party.tax[1] and self.starts[party.code].is_registered]
        self.registrations = {party.code: self.registration(party) for party in registered}
        self.contacts = {party.code: self.contact(party) for party in sheet}

    def each(self, make: Callable[[Party], Any]) -> Iterator[Any]:
        """Rows of those partners that have such a part."""
        return (row for row in map(make, self.sheet) if row)

    def partner(self, party: Party) -> BusinessPartner:
        start = self.starts[party.code]
        house = self.stage.cast[party.house]
        checked = start.kyc_expires_on and datetime.combine(
            start.kyc_expires_on - timedelta(days=KYC_DAYS), time(12), tzinfo=IST
        )
        first = party.name.split(" ", maxsplit=1)[0]
        partner = BusinessPartner(
            organization=house,
            partner_code=party.code,
            legal_name=party.name,
            trade_name=f"{first} Cotton" if self.dice.random() < 0.3 else "",
            entity_class=EntityClass.SERVICE_PROVIDER if party.does.is_service else EntityClass.BUSINESS,
            entity_type=party.form,
            country=self.stage.row("locations.Country", alpha2=party.country),
            incorporation_date=date(self.dice.randrange(1968, 2021), self.dice.randrange(1, 13), 17),
            pan=party.pan,
            iec=party.pan if Role.EXPORTER in party.does.roles else "",
            lei=self.numbers.lei() if party.form == EntityType.PUBLIC_LIMITED else "",
            website=f"https://www.{party.domain}" if self.dice.random() < 0.4 else "",
            primary_currency=self.stage.row("locations.Currency", alpha3=party.currency),
            preferred_language=party.language,
            assigned_officer=self.stage.cast[f"{self.dice.choice(('desk', 'desk2'))}.{party.house}"],
            status=start.status,
            kyc_status=self.kyc_status(start),
            kyc_verified_at=checked,
            kyc_expires_on=start.kyc_expires_on,
            risk_score=start.risk_score,
            risk_category=start.category,
            risk_assessed_at=checked,
        )
        partner.entered_roles = frozenset(party.does.roles)
        return partner

    def kyc_status(self, start: Start) -> KycStatus:
        """As it was on the day of loading; the nightly check does the rest."""
        if start.kyc_expires_on is None:
            return KycStatus.NOT_STARTED
        days = (start.kyc_expires_on - self.stage.now.date()).days
        return KycStatus.RENEWAL_DUE if days <= RENEWAL_DAYS else KycStatus.VERIFIED

    def roles(self) -> Iterator[PartnerRole]:
        for party in self.sheet:
            for role in party.does.roles:
                yield PartnerRole(
                    partner=self.partners[party.code],
                    role=role,
                    transporter_kind=self.dice.choice(TransporterKind.values) if role == Role.TRANSPORTER else "",
                    parent_broker=find(self.stage, party.house, party.broker) if party.broker else None,
                    valid_from=self.stage.eve[0],
                )

    def registration(self, party: Party) -> PartnerTaxRegistration:
        scheme, number = party.tax
        is_seen = self.dice.random() < 0.8
        return PartnerTaxRegistration(
            partner=self.partners[party.code],
            country=self.partners[party.code].country,
            scheme=scheme,
            number=number,
            legal_name=party.name,
            subdivision=self.state(party),
            valid_from=date(2017, 7, 1),
            is_primary=True,
            verified_at=self.stage.now - timedelta(days=self.dice.randrange(40, 300)) if is_seen else None,
            verification_method=RegistrationProof.PORTAL if is_seen else "",
        )

    def contact(self, party: Party) -> PartnerContact:
        return PartnerContact(
            partner=self.partners[party.code],
            name=party.contact,
            designation=self.dice.choice(("Proprietor", "Partner", "Director", "Purchase manager", "Accountant")),
            email=f"{party.contact.split()[0].lower()}@{party.domain}",
            phone=self.numbers.phone() if party.country == INDIA else "",
            is_primary=True,
        )

    def account(self, party: Party) -> PartnerBankAccount | None:
        status = self.starts[party.code].account
        if status is None:
            return None
        bank, code = self.dice.choice(BANKS)
        indian = party.country == INDIA
        is_active = status == AccountStatus.ACTIVE
        return PartnerBankAccount(
            partner=self.partners[party.code],
            holder=party.name,
            bank_name=bank if indian else f"{party.town} Commercial Bank",
            branch=f"{party.town} branch",
            country=self.partners[party.code].country,
            currency=self.partners[party.code].primary_currency,
            account_number=self.numbers.like("###########") if not party.iban else "",
            iban=party.iban,
            ifsc=self.numbers.like(f"{code}000####") if indian else "",
            swift_bic="" if indian else self.numbers.like(f"@@@@{party.country}@@"),
            is_default=True,
            status=status,
            verification_method=self.dice.choice(AccountProof.values) if is_active else "",
            name_match_score=Decimal(self.dice.randrange(8600, 10001)) / 100 if is_active else None,
            effective_from=date(2024, 4, 1) if is_active else None,
        )

    def place(self, party: Party) -> PartnerLocation:
        """The principal place or factory, with goods in or out by the partner's roles."""
        does = party.does
        sells = any(side != Side.BUY for _, side in does.goods)
        buys = not set(does.roles).isdisjoint(RECEIVING_ROLES)
        is_factory = does.place == LocationKind.FACTORY
        return self.location(
            party,
            kind=does.place,
            name=f"{party.town} {'factory' if is_factory else 'office'}",
            can_ship_from=sells,
            is_default_ship_from=sells,
            can_ship_to=buys,
            is_default_ship_to=buys,
            is_default_bill_to=True,
            capacity_tonnes=Decimal(self.dice.randrange(4, 60) * 50) if is_factory else None,
        )

    def godown(self, party: Party) -> PartnerLocation | None:
        """A second place, which every third of those who deal in goods has."""
        if party.does.is_service or self.dice.random() > 0.34:
            return None
        capacity = Decimal(self.dice.randrange(4, 40) * 25)
        return self.location(
            party,
            kind=LocationKind.WAREHOUSE,
            name=f"{party.town} godown",
            can_ship_from=True,
            capacity_tonnes=capacity,
        )

    def location(self, party: Party, **values: Any) -> PartnerLocation:
        around = (
            self.stage.row("locations.Location", code=party.location, organization=None) if party.location else None
        )
        return PartnerLocation(
            partner=self.partners[party.code],
            address_line1=f"Plot {self.dice.randrange(1, 190)}, {self.dice.choice(STREETS)}",
            city=party.town,
            district=party.district,
            subdivision=self.state(party),
            postal_code=party.pin,
            country=self.partners[party.code].country,
            location=around,
            tax_registration=self.registrations.get(party.code),
            contact=self.contacts[party.code],
            **self.position(around),
            **values,
        )

    def position(self, around: Any) -> dict[str, Decimal]:
        """Up to 4 km from the town's centre; unknown for every fifth."""
        if around is None or around.latitude is None or self.dice.random() < 0.2:
            return {}
        north, east = (Decimal(self.dice.randrange(-400, 401)) / 10_000 for _ in range(2))
        return {"latitude": around.latitude + north, "longitude": around.longitude + east}

    def goods(self) -> Iterator[PartnerCommodity]:
        for party in self.sheet:
            for code, side in party.does.goods:
                yield PartnerCommodity(
                    partner=self.partners[party.code],
                    commodity=self.stage.row("commodities.Commodity", code=code, organization=None),
                    side=side,
                    annual_volume=Decimal(self.dice.randrange(4, 240) * 50),
                    unit=self.stage.row("commodities.Unit", code="TNE"),
                )

    def state(self, party: Party) -> Any:
        return self.stage.row("locations.Subdivision", iso_code=party.state) if party.state else None
