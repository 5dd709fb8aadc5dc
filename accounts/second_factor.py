"""The second factor: a six-digit code from an authenticator app, which changes every 30 seconds (RFC 6238).

django-otp keeps the key, in cipher through `SecondFactor`, lets each code work once and slows down wrong ones.
`User.mfa_enabled` says that there is one.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import default_key

from accounts.models import SecondFactor, User
from erp import context
from erp.scoping import UserType


def is_required_of(user: User) -> bool:
    """Whether the desk lets this user in only with a second factor."""
    return settings.SECOND_FACTOR_REQUIRED and user.user_type == UserType.SUPER_ADMIN


def is_owed_by(user: User) -> bool:
    """Whether the password alone is not enough."""
    return user.mfa_enabled or is_required_of(user)


def new_key() -> str:
    """A random key of 160 bits, in hex."""
    key: str = default_key()
    return key


def address_of(user: User, key: str) -> str:
    """The otpauth:// address that an authenticator app opens."""
    address: str = SecondFactor.of(user, key=key).config_url
    return address


def verify(user: User, code: str) -> bool:
    """Whether this is the code of now, not used before. Wrong ones make the next attempts wait."""
    if not user.mfa_enabled:
        return False
    with transaction.atomic():
        devices = SecondFactor.objects.select_for_update().filter(user=user, confirmed=True)
        return any(device.verify_token(code) for device in devices)


def turn_on(user: User, *, key: str, code: str) -> bool:
    """Keep the key if the code shows that the app has it; False, and nothing kept, if not or if there is one already."""
    with context.acting(reason="Second factor turned on"), transaction.atomic():
        stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        device = SecondFactor.of(stored, key=key)
        if stored.mfa_enabled or not _accepts(device, code):
            return False
        _set_enabled(stored, is_enabled=True)
    user.mfa_enabled = True
    return True


def turn_off(user: User, *, reason: str = "Second factor turned off") -> None:
    """Forget the key: the password alone is enough, or a new key must be set up."""
    with context.acting(reason=reason), transaction.atomic():
        stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        SecondFactor.objects.filter(user=stored).delete()
        _set_enabled(stored, is_enabled=False)
    user.mfa_enabled = False


def _accepts(device: SecondFactor, code: str) -> bool:
    """Store the device with its first code used up, or not at all."""
    with transaction.atomic():
        device.save()
        accepted: bool = device.verify_token(code)
        if not accepted:
            transaction.set_rollback(True)
    return accepted


def _set_enabled(user: User, *, is_enabled: bool) -> None:
    user.mfa_enabled = is_enabled
    user.save(update_fields=["mfa_enabled"])
