"""How passwords are hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher

SAME_PASSWORD = "This is your present password: choose another one."  # noqa: S105


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane. Source: OWASP Password Storage Cheat Sheet.

    Django's default takes 100 MiB and eight threads for each attempt, which a flood of them could use against us.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
