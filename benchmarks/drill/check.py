"""Afterwards, by SQL: what was acknowledged is there once, in table, history and event log; what was refused is nowhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import psycopg

from benchmarks.drill.journal import Call
from benchmarks.drill.services import python

RESOLVE_S = 60.0
JOB_S = 75.0  # a periodic job runs each minute
COUNTS = """
    SELECT l.code, count(*),
        (SELECT count(*) FROM locations_historicallocation h WHERE h.id = l.id AND h.history_type = '+'),
        (SELECT count(*) FROM event e WHERE e.object_type = 'locations.location' AND e.object_id = l.id::text
            AND e.event_type = 'location.created'),
        min(l.id::text)
    FROM locations_location l WHERE l.code LIKE 'DR-%' GROUP BY l.code, l.id
"""
ORPHANS = """
    SELECT count(*) FROM event e WHERE e.event_type = 'location.created' AND e.payload::text LIKE '%DR-%'
        AND NOT EXISTS (SELECT 1 FROM locations_location l WHERE l.id::text = e.object_id)
"""
JOB_DONE = """
    SELECT 1 FROM procrastinate_events e JOIN procrastinate_jobs j ON j.id = e.job_id
    WHERE e.type = 'succeeded' AND j.task_name = 'erp.events.jobs.number_events' AND e.at > now() - make_interval(secs => %s)
"""
Counts = Mapping[str, Sequence[tuple[int, int, int, str]]]  # by code: rows, history rows, events, id


def outcome(calls: Iterable[Call], counts: Counts) -> list[str]:
    """What is wrong with the record of these writes. A write in doubt may be there once or not at all."""
    return [sentence for call in calls if (sentence := _of_write(call, counts.get(_code(call), ())))]


def resolve(
    calls: Iterable[Call], repeat: Callable[[Call], Call], *, every_s: float = 0.5, most_s: float = RESOLVE_S
) -> tuple[list[Call], list[str]]:
    """Repeat each write in doubt with its own key until it is acknowledged; returns the answers and what went wrong."""
    answers, faults = [], []
    for call in calls:
        give_up = time.monotonic() + most_s
        while not (answer := repeat(call)).succeeded and time.monotonic() < give_up:
            time.sleep(every_s)
        answers.append(answer)
        if not answer.succeeded:
            faults.append(f"{_code(call)}: repeated with its key, still {answer.status} {answer.problem}")
    return answers, faults


def rows(url: str) -> Counts:
    """What the database holds of the drill's writes."""
    with psycopg.connect(url) as connection:
        found: dict[str, list[tuple[int, int, int, str]]] = {}
        for code, *counts in connection.execute(COUNTS):
            found.setdefault(code, []).append((counts[0], counts[1], counts[2], counts[3]))
        return found


def orphans(url: str) -> list[str]:
    """Events of places that are not there."""
    with psycopg.connect(url) as connection:
        row = connection.execute(ORPHANS).fetchone()
    return [f"{row[0]} events of places that are not there"] if row and row[0] else []


def jobs(url: str, since: float) -> list[str]:
    """Whether the job worker does its work since this moment (monotonic)."""
    give_up = time.monotonic() + JOB_S
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < give_up:
            if connection.execute(JOB_DONE, [time.monotonic() - since]).fetchone():
                return []
            time.sleep(1)
    return [f"no periodic job was done within {JOB_S:.0f} s after the last fault"]


def record(environment: Mapping[str, str]) -> list[str]:
    """Seal, then let the product prove its own record."""
    faults = []
    for command in ("audit_seal", "audit_verify", "audit_doctor"):
        done = python("manage.py", command, environment=environment)
        if done.returncode:
            faults.append(f"{command} ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}")
    return faults


def tally(calls: Iterable[Call]) -> Counter[str]:
    """Writes by what the client may rely on."""
    return Counter(call.verdict for call in calls)


def _code(call: Call) -> str:
    return str((call.body or {}).get("code"))


def _of_write(call: Call, found: Sequence[tuple[int, int, int, str]]) -> str:
    """What is wrong with this write; empty: nothing."""
    is_once = [counts[:3] for counts in found] == [(1, 1, 1)]
    fits = {
        "acknowledged": is_once and [counts[3] for counts in found] == [call.row],
        "refused": not found,
        "unknown": is_once or not found,
    }
    if fits[call.verdict]:
        return ""
    return f"{_code(call)} was {call.verdict} ({call.status}), but rows, history and events are {list(found) or 'none'}"
