"""Guessing one account's password from many addresses: slowed down, told to its owner, and never a lockout.

Wrong passwords of an account are counted from everywhere. Past the limit, addresses from which nobody signed in to it
lately are refused for seconds at first and for most of an hour if it goes on; the owner's own address is let through.
A name that nobody has is treated the same, with the same statements.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from ipaddress import ip_network

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts import jobs, security
from accounts.models import AuthSession, User
from erp.addresses import block_of, client_address
from erp.crypto import keyed_hash
from erp.ratelimits import LimitExceeded, Reservation, reserve

KNOWN_FOR = timedelta(days=30)
REFUSAL = (
    "There were too many wrong passwords for this account. Until it is quiet again, it opens only where its owner signed in "
    "lately."
)


def admit(request: HttpRequest, login: str) -> Reservation:
    """Let an attempt to sign in with a password begin; give the reservation back if the password is right.

    Raises: LimitExceeded: the account is being guessed at, and its owner did not sign in from this address lately.
    """
    user = _find(login)
    # Who has no account is counted and looked up under an id of its own: nothing tells the two apart.
    subject = user.pk if user else uuid.UUID(keyed_hash(login.strip().casefold())[:32])
    attempt = reserve("guesses", account=str(subject))
    if attempt.usage.exhausted:
        _tell(user, subject, login)
        if not _is_known(subject, client_address(request)):
            raise LimitExceeded(attempt.usage, REFUSAL)
    return attempt


def _find(login: str) -> User | None:
    name = login.strip().replace("\0", "")
    users = User.objects.select_related("organization", "partner")
    user: User | None = users.filter(Q(email__iexact=name) | Q(mobile=name)).first()
    return user


def _tell(user: User | None, subject: uuid.UUID, login: str) -> None:
    """Once a day: an event, and a message to the owner."""
    if reserve("warnings", account=f"guesses {subject}").usage.exhausted:
        return
    security.record_guessing(user, login)
    jobs.tell_of_guessing.defer(user_id=str(subject))


def _is_known(subject: uuid.UUID, address: str) -> bool:
    """Whether this user signed in from the address, or its IPv6 network, lately."""
    if not address:
        return False
    block = ip_network(f"{block_of(address)}/{64 if ':' in address else 32}")
    recent = AuthSession.objects.filter(user_id=subject, created_at__gt=timezone.now() - KNOWN_FOR)
    return recent.filter(ip__range=(str(block[0]), str(block[-1]))).exists()
