"""Two trading houses: their registrations, accounts, books and the numbers that they have issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from django.apps import apps

from erp.demo.numbers import Numbers
from erp.demo.stage import Stage, change, chapter, create
from organizations.models import (
    DocumentSeries,
    FinancialYear,
    Organization,
    OrganizationBankAccount,
    OrganizationTaxRegistration,
)
from organizations.services import issue_number

ADMINISTRATOR = "admin"
SET_UP = -5
APRIL = 4
DocumentType = DocumentSeries.DocumentType


@dataclass(frozen=True)
class House:
    """What the two houses differ in. `states` are ISO 3166-2, the first is the seat."""

    town: str
    code: str
    name: str
    legal_name: str
    founded: int
    states: tuple[str, ...]
    banks: tuple[tuple[str, str, str], ...]
    website: str
    audit_firm: str


HOUSES = (
    House(
        town="mumbai",
        code="KPV",
        name="Kapasvati Cotton",
        legal_name="Kapasvati Cotton Trading Private Limited",
        founded=2009,
        states=("IN-MH", "IN-GJ", "IN-TS", "IN-MP", "IN-RJ", "IN-KA"),
        banks=(
            ("Sahyadri Merchant Bank", "SMBK", "INR"),
            ("Konkan Trade Bank", "KTBK", "INR"),
            ("Konkan Trade Bank", "KTBK", "USD"),
        ),
        website="https://kapasvati.example",
        audit_firm="Mehta & Contractor, Mumbai",
    ),
    House(
        town="coimbatore",
        code="NYV",
        name="Noyyalvel Fibres",
        legal_name="Noyyalvel Fibres Private Limited",
        founded=2015,
        states=("IN-TN", "IN-KA", "IN-AP", "IN-KL"),
        banks=(("Coromandel Union Bank", "CUBX", "INR"), ("Palani Hills Bank", "PHBK", "USD")),
        website="https://noyyalvel.example",
        audit_firm="Ramasamy Iyer Associates, Coimbatore",
    ),
)


@chapter
def tell(stage: Stage) -> None:
    """Both houses begin on the first day; numbers are issued on all others."""
    for minute, house in enumerate(HOUSES):
        by, reason = ADMINISTRATOR, "Subscription signed, organization set up"
        numbers = Numbers(stage.random(f"organization {house.code}"))
        pan = numbers.pan("C", house.name)
        stage.plan(SET_UP, f"08:4{minute}", by, reason, enter, stage, house, numbers, pan)
        by = f"orgadmin.{house.town}"
        stage.plan(
            SET_UP, f"11:0{minute}", by, "GST certificates of all states", enter_registrations, stage, house, numbers
        )
        stage.plan(SET_UP, f"11:2{minute}", by, "Letters of the banks", enter_accounts, stage, house, numbers)
        stage.plan(SET_UP, f"11:4{minute}", by, "Books of last and of this year", enter_years, stage, house)
        stage.plan(SET_UP, f"12:0{minute}", by, "Number ranges agreed with the accountant", enter_series, stage, house)
        plan_changes(stage, house)
        plan_numbers(stage, house, stage.random(f"documents {house.code}"))


def plan_changes(stage: Stage, house: House) -> None:
    """What an administrator of an organization does in a month."""
    by = f"orgadmin.{house.town}"
    contact = "Farhan Mistry" if house.town == "mumbai" else "Lakshmi Narayanan"
    stage.plan(1, "10:12", by, "Registered office entered", set_office, stage, house)
    stage.plan(2, "15:31", by, "Whom partners should write to", alter, stage, house, contact_name=contact)
    stage.plan(4, "12:47", by, "New web address printed on letters", alter, stage, house, website=house.website)
    stage.plan(
        3,
        "16:05",
        by,
        "Limits as resolved by the board",
        alter_settings,
        stage,
        house,
        manager_approval_ceiling=Decimal("10000000.00"),
        director_approval_ceiling=Decimal("100000000.00"),
        invoice_threshold=Decimal("5000000.00"),
    )
    stage.plan(
        7,
        "11:35",
        f"director.{house.town}",
        "Export contracts begin in this season",
        alter_settings,
        stage,
        house,
        fx_enabled=True,
    )
    stage.plan(
        10,
        "17:20",
        by,
        "Section 194Q: 0.1 % on purchases above the limit",
        alter_settings,
        stage,
        house,
        tds_rate=Decimal("0.100"),
    )
    stage.plan(
        13, "10:50", by, "E-invoices are due at our turnover", alter_settings, stage, house, einvoice_required=True
    )
    stage.plan(
        16, "14:15", by, "Auditors appointed at the meeting", alter_settings, stage, house, audit_firm=house.audit_firm
    )
    stage.plan(
        20, "09:55", by, "Shorter check cycle after the review", alter_settings, stage, house, kyc_validity_days=330
    )
    stage.plan(22, "12:30", by, "Account closed by the bank's merger", retire_account, stage, house)


def plan_numbers(stage: Stage, house: House, dice: Random) -> None:
    """Contracts and invoices of most days."""
    kinds = (DocumentType.SALES_CONTRACT, DocumentType.PURCHASE_CONTRACT, DocumentType.TAX_INVOICE)
    for day in range(len(stage.days)):
        for _ in range(dice.randrange(3)):
            kind = dice.choice(kinds)
            clock = f"{dice.randrange(11, 18)}:{dice.randrange(60):02}"
            by = f"{dice.choice(('desk', 'desk2'))}.{house.town}"
            stage.plan(day, clock, by, f"{kind.label} printed", issue, stage, house, kind)


def enter(stage: Stage, house: House, numbers: Numbers, pan: str) -> None:
    """The organization itself; its settings come with it."""
    stage.cast[house.town] = create(
        Organization,
        code=house.code,
        name=house.name,
        legal_name=house.legal_name,
        country=stage.row("locations.Country", alpha2="IN"),
        base_currency=stage.row("locations.Currency", alpha3="INR"),
        pan=pan,
        iec=pan,
        cin=numbers.cin(house.states[0][3:], house.founded),
        tan=numbers.like(f"ZZZ{house.name[0]}#####@"),
        lei=numbers.lei(),
        contact_email=f"office@{house.website.removeprefix('https://')}",
        contact_phone=numbers.phone(),
    )


def enter_registrations(stage: Stage, house: House, numbers: Numbers) -> None:
    """One GSTIN a state; the seat's is the primary one."""
    organization = stage.cast[house.town]
    for state in house.states:
        subdivision = stage.row("locations.Subdivision", iso_code=state)
        create(
            OrganizationTaxRegistration,
            organization=organization,
            country=organization.country,
            number=numbers.gstin(subdivision.gst_state_code, organization.pan),
            legal_name=house.legal_name,
            subdivision=subdivision,
            branch_code=state[3:],
            valid_from=date(max(house.founded, 2017), 7, 1),
            is_primary=state == house.states[0],
        )


def enter_accounts(stage: Stage, house: House, numbers: Numbers) -> None:
    """Accounts at the house banks; the first of each currency is the default."""
    organization, seen = stage.cast[house.town], set[str]()
    for bank, code, currency in house.banks:
        create(
            OrganizationBankAccount,
            organization=organization,
            holder=house.legal_name,
            bank_name=bank,
            branch=f"{house.town.title()} Main Branch",
            country=organization.country,
            currency=stage.row("locations.Currency", alpha3=currency),
            account_number=numbers.like("############"),
            ifsc=numbers.like(f"{code}000####"),
            purpose="operations" if currency == "INR" else "trade_finance",
            is_default=currency not in seen,
        )
        seen.add(currency)


def enter_years(stage: Stage, house: House) -> None:
    """The year of today, open, and the one before, closed for clerks."""
    first = stage.today.year - (stage.today.month < APRIL)
    for year, status in ((first - 1, FinancialYear.Status.SOFT_CLOSED), (first, FinancialYear.Status.OPEN)):
        create(
            FinancialYear,
            organization=stage.cast[house.town],
            code=year_code(year),
            start_date=date(year, APRIL, 1),
            end_date=date(year + 1, 3, 31),
            status=status,
            is_current=year == first,
            allow_year_split=True,
        )


def year_code(year: int) -> str:
    """The year that begins in April, as written on documents: 2026-27."""
    return f"{year}-{(year + 1) % 100:02}"


def enter_series(stage: Stage, house: House) -> None:
    """Contracts of the whole house, invoices and credit notes of each state."""
    organization = stage.cast[house.town]
    year = organization.financial_years.get(is_current=True)
    short = year.code[2:4] + year.code[5:]
    for kind, letters in (
        (DocumentType.SALES_CONTRACT, "SC"),
        (DocumentType.PURCHASE_CONTRACT, "PC"),
        (DocumentType.DELIVERY_ORDER, "DO"),
        (DocumentType.PAYMENT, "PV"),
    ):
        prefix = f"{house.code}/{letters}{short}/"
        create(
            DocumentSeries, organization=organization, financial_year=year, document_type=kind, prefix=prefix, padding=5
        )
    for registration in organization.tax_registrations.all():
        for kind, letter in ((DocumentType.TAX_INVOICE, ""), (DocumentType.CREDIT_NOTE, "C")):
            create(
                DocumentSeries,
                organization=organization,
                financial_year=year,
                tax_registration=registration,
                document_type=kind,
                prefix=f"{house.code}{letter}{short}/",
                suffix=f"/{registration.branch_code}",
            )


def alter(stage: Stage, house: House, **values: Any) -> None:
    change(stage.cast[house.town], **values)


def alter_settings(stage: Stage, house: House, **values: Any) -> None:
    change(stage.cast[house.town].settings, **values)


def set_office(stage: Stage, house: House) -> None:
    """The office among the locations becomes the registered address, and the seat's GSTIN gets it too."""
    organization = stage.cast[house.town]
    office = apps.get_model("locations.Location")._base_manager.get(organization=organization, code="OFFICE")
    change(organization, registered_address=office)
    change(organization.tax_registrations.get(is_primary=True), address=office)


def retire_account(stage: Stage, house: House) -> None:
    change(stage.cast[house.town].bank_accounts.filter(currency="USD").first(), is_active=False, is_default=False)


def issue(stage: Stage, house: House, kind: DocumentSeries.DocumentType) -> None:
    """The next number; of an invoice, under the seat's GSTIN."""
    series = DocumentSeries.objects.filter(organization=stage.cast[house.town], document_type=kind)
    issue_number(series.order_by("-tax_registration__is_primary", "prefix")[0])
