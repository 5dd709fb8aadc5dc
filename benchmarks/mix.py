"""What the users of the load test do, in parts of a hundred. locustfile.py gives each task to its users by these weights.

List 15 commodities, 15 locations, 10 partners; read one 5 commodities, 5 locations; create 10 and 10; change 5 and 5; search
10 locations, 10 partners. A tenth of the users are external ones, who write neither: they only read, and the staff does
their part of the writing. So a user of the staff draws from 90 parts, an external one from 10, and each part of the
hundred is drawn equally often.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

# Parts of the hundred requests.
MIX: Mapping[str, int] = {
    "list commodities": 15,
    "list locations": 15,
    "list partners": 10,
    "read commodity": 5,
    "read location": 5,
    "create commodity": 10,
    "create location": 10,
    "change commodity": 5,
    "change location": 5,
    "search locations": 10,
    "search partners": 10,
}
EXTERNAL: Mapping[str, int] = {
    "list commodities": 2,
    "list locations": 2,
    "list partners": 2,
    "read commodity": 1,
    "read location": 1,
    "search locations": 1,
    "search partners": 1,
}
STAFF: Mapping[str, int] = {task: parts - EXTERNAL.get(task, 0) for task, parts in MIX.items()}

# Of a hundred users, by type.
USERS: Mapping[str, int] = {"SUPER_ADMIN": 5, "INTERNAL": 85, "EXTERNAL": 10}
TASKS: Mapping[str, Mapping[str, int]] = {"SUPER_ADMIN": STAFF, "INTERNAL": STAFF, "EXTERNAL": EXTERNAL}


def overall() -> dict[str, Fraction]:
    """The share of each task in all requests, when all users wait equally long between two."""
    everybody = sum(USERS.values())
    return {
        task: sum(
            (
                Fraction(users, everybody) * Fraction(TASKS[kind].get(task, 0), sum(TASKS[kind].values()))
                for kind, users in USERS.items()
            ),
            Fraction(0),
        )
        for task in MIX
    }
