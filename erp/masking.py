"""Who sees masked values in plain: the one table that decides it, for the API and for the desk.

A column named here is masked for everybody ("XXXXXX1234"), except for users in one of its roles; that they read it is
recorded (erp/events/access.py).
"""

from __future__ import annotations

from collections.abc import Collection

# Column -> roles that see it in plain: they compare it with a cheque or a bank's letter.
MASKED: dict[str, frozenset[str]] = {
    "account_number": frozenset({"kyc_verifier"}),
    "iban": frozenset({"kyc_verifier"}),
}
MASK = "XXXXXX"
TAIL = 4


def masked(value: str) -> str:
    """The value as people may see it; empty stays empty."""
    return f"{MASK}{value[-TAIL:]}" if value else ""


def sees_plain(column: str, *, roles: Collection[str]) -> bool:
    """Whether a user in these roles sees the column in plain."""
    return not MASKED[column].isdisjoint(roles)
