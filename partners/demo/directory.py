"""Who the partners of the two houses are: drawn once, before anything is stored, always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from erp.demo.numbers import Numbers
from erp.demo.people import People, read
from erp.identifiers import GST_STATES
from partners.models.partner import PAN_LETTERS, EntityType
from partners.models.places import LocationKind
from partners.models.roles import Role, Side

GST_CODES = {state.subdivision: code for code, state in GST_STATES.items() if not state.closed}
HOUSES = ("mumbai", "coimbatore")
BOARD = "State Cotton Growers Marketing Board"


class Kind(NamedTuple):
    """What partners of a kind do: roles, words of the firm's name, usual legal forms, goods, and their main place."""

    roles: tuple[Role, ...]
    words: tuple[str, ...]
    forms: tuple[EntityType, ...]
    goods: tuple[tuple[str, Side], ...] = ()
    place: LocationKind = LocationKind.PRINCIPAL

    @property
    def is_service(self) -> bool:
        """Whether it works for the house instead of trading with it."""
        return not self.goods


PRIVATE, FIRM, SOLE = EntityType.PRIVATE_LIMITED, EntityType.PARTNERSHIP, EntityType.PROPRIETORSHIP
LINT, SEED = "COTTON_LINT", "COTTONSEED"
KINDS = {
    "ginner": Kind(
        (Role.SELLER,),
        ("Ginning & Pressing", "Cotton Industries", "Ginning Factory", "Cotton Gin"),
        (PRIVATE, FIRM, FIRM, SOLE, EntityType.LLP, EntityType.HUF),
        ((LINT, Side.SELL), (SEED, Side.SELL), ("KAPAS", Side.BUY)),
        LocationKind.FACTORY,
    ),
    "mill": Kind(
        (Role.BUYER,),
        ("Spinning Mills", "Spintex", "Yarns", "Textiles", "Cotspin"),
        (PRIVATE, PRIVATE, EntityType.PUBLIC_LIMITED, EntityType.LLP),
        ((LINT, Side.BUY), ("YARN_C30_COMBED", Side.SELL), ("COTTON_WASTE", Side.SELL)),
        LocationKind.FACTORY,
    ),
    "trader": Kind(
        (Role.TRADER,),
        ("Cotton Traders", "Fibres", "Trading", "Cotton Corporation", "Cot Agencies"),
        (FIRM, SOLE, PRIVATE, EntityType.HUF),
        ((LINT, Side.BOTH),),
    ),
    "exporter": Kind(
        (Role.TRADER, Role.EXPORTER),
        ("Exports", "Overseas", "Global Fibres"),
        (PRIVATE, EntityType.LLP),
        ((LINT, Side.BOTH), ("YARN_C30_COMBED", Side.BUY)),
    ),
    "oilmill": Kind(
        (Role.BUYER, Role.SELLER),
        ("Oil Mills", "Cotton Oil", "Agro Oils"),
        (FIRM, PRIVATE, SOLE),
        ((SEED, Side.BUY), ("COTTONSEED_CAKE", Side.SELL), ("COTTONSEED_OIL_CRUDE", Side.SELL)),
        LocationKind.FACTORY,
    ),
    "cooperative": Kind(
        (Role.SELLER,),
        ("Cotton Growers Co-operative",),
        (EntityType.COOPERATIVE,),
        (("KAPAS", Side.SELL), (LINT, Side.SELL)),
    ),
    "board": Kind((Role.SELLER,), (BOARD,), (EntityType.GOVERNMENT,), ((LINT, Side.SELL),)),
    "broker": Kind((Role.BROKER,), ("Cotton Brokers", "Canvassing", "Brokerage"), (SOLE, FIRM, FIRM)),
    "subbroker": Kind((Role.SUB_BROKER,), ("",), (EntityType.INDIVIDUAL,)),
    "carrier": Kind((Role.TRANSPORTER,), ("Roadlines", "Transport", "Carriers", "Logistics"), (SOLE, FIRM, PRIVATE)),
    "controller": Kind((Role.CONTROLLER,), ("Inspection", "Surveyors"), (PRIVATE, FIRM)),
    "financer": Kind((Role.FINANCER,), ("Finance", "Capital"), (PRIVATE, EntityType.TRUST)),
    "agent": Kind((Role.SHIPPING_AGENT,), ("Shipping", "Clearing & Forwarding", "Freight"), (PRIVATE, FIRM)),
    "importer": Kind((Role.BUYER, Role.IMPORTER), (), (), ((LINT, Side.BUY),), LocationKind.FACTORY),
    "origin": Kind((Role.SELLER, Role.EXPORTER), (), (), (("COTTON_IMPORTED", Side.SELL),)),
    "merchant": Kind((Role.TRADER, Role.IMPORTER, Role.EXPORTER), (), (), (("COTTON_IMPORTED", Side.BOTH),)),
}
ENDINGS = {
    EntityType.PRIVATE_LIMITED: " Private Limited",
    EntityType.PUBLIC_LIMITED: " Limited",
    EntityType.LLP: " LLP",
    EntityType.PARTNERSHIP: " & Co",
    EntityType.HUF: " (HUF)",
    EntityType.COOPERATIVE: " Society Limited",
    EntityType.TRUST: " Trust",
}


@dataclass(frozen=True)
class Party:
    """One partner to be. `state` and `district` are Indian, `tax` is scheme and number, empty for the unregistered."""

    house: str
    code: str
    kind: str
    name: str
    form: EntityType
    country: str
    state: str
    town: str
    district: str
    pin: str
    location: str
    pan: str
    tax: tuple[str, str]
    iban: str
    currency: str
    language: str
    contact: str
    broker: str

    @property
    def does(self) -> Kind:
        return KINDS[self.kind]

    @property
    def domain(self) -> str:
        """Of its mail addresses; nobody can register one below `.example`."""
        letters = "".join(sign for sign in self.name.lower().split(" (")[0] if sign.isascii() and sign.isalnum())
        return f"{letters[:24]}.example"


# The partner of the tour, in each house.
FIRST = "BP-IN-000001"


def parties(dice: Random) -> list[Party]:
    """All partners of both houses, those of each house and country in the order of their codes."""
    return list(_Directory(dice).all())


class _Directory:
    """Keeps what one partner leaves for the next: used names, the last code and the last broker."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._people, self._numbers = People(dice), Numbers(dice)
        self._codes: Counter[tuple[str, str]] = Counter()
        self._brokers: dict[str, str] = {}

    def all(self) -> Iterator[Party]:
        for house in HOUSES:
            for town in read("towns.csv"):
                for kind in town[house].split():
                    yield self._indian(house, town, kind)
        for row in read("abroad.csv"):
            yield self._foreign(row)

    def _indian(self, house: str, town: dict[str, str], kind: str) -> Party:
        state, form = town["state"], self._dice.choice(KINDS[kind].forms)
        contact, name = self._people.person(state), self._firm(kind, form)
        if form in {EntityType.INDIVIDUAL, EntityType.HUF}:
            name = contact + ENDINGS.get(form, "")
        pan = self._numbers.pan(PAN_LETTERS[form][0], name)
        gstin = "" if form == EntityType.INDIVIDUAL else self._numbers.gstin(GST_CODES[state], pan)
        code = self._next_code(house, "IN")
        broker = self._brokers.get(house, "") if kind == "subbroker" else ""
        if kind == "broker":
            self._brokers[house] = code
        return Party(
            house,
            code,
            kind,
            name,
            form,
            "IN",
            state,
            town["town"],
            town["district"],
            town["pin"],
            town["location"],
            pan,
            ("gstin", gstin),
            "",
            "INR",
            "en",
            contact,
            broker,
        )

    def _foreign(self, row: dict[str, str]) -> Party:
        country, scheme = row["country"], row["scheme"]
        return Party(
            row["house"],
            self._next_code(row["house"], country),
            row["kind"],
            row["name"],
            EntityType(row["entity_type"]),
            country,
            "",
            row["town"],
            "",
            "",
            row["location"],
            "",
            (scheme, self._numbers.tax_number(scheme, country, row["number"])),
            self._numbers.iban(country, row["account"]) if row["account"] else "",
            row["currency"],
            row["language"],
            self._people.person(),
            "",
        )

    def _firm(self, kind: str, form: EntityType) -> str:
        words = self._dice.choice(KINDS[kind].words)
        if kind == "board":
            return words
        return f"{self._people.house()} {words}{ENDINGS.get(form, '')}"

    def _next_code(self, house: str, country: str) -> str:
        self._codes[house, country] += 1
        return f"BP-{country}-{self._codes[house, country]:06}"
