"""The partners of the two houses and what happened to them in a month."""

from __future__ import annotations

from erp.demo.stage import Stage, chapter
from partners.demo import duties, incidents, own_desk, routine, second_person
from partners.demo.directory import HOUSES, parties
from partners.demo.loading import load

SHEET = 20
SET_UP = -4


@chapter
def tell(stage: Stage) -> None:
    """The old books are loaded sheet by sheet, two a day, before the month in which people work with them."""
    everybody = parties(stage.random("partners"))
    for house in HOUSES:
        own = [party for party in everybody if party.house == house]
        for number, begin in enumerate(range(0, len(own), SHEET), start=1):
            clock = "14:20" if number % 2 else "17:10"
            by, reason = f"desk.{house}", f"Partner list of the old books, sheet {number}"
            stage.plan(
                SET_UP + (number - 1) // 2, clock, by, reason, load, stage, own[begin : begin + SHEET], source="import"
            )
        duties.plan(stage, own)
        routine.plan(stage, own)
        incidents.plan(stage, own)
        second_person.plan(stage, own)
        own_desk.plan(stage, own)
