"""Messages to users about their own account. They wait in PostgreSQL and commit with what they tell of."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from procrastinate.contrib.django import app

from accounts.models import User
from erp import breakers


@app.task(retry=breakers.AGAIN, pass_context=False)
def tell_of_guessing(user_id: str) -> None:
    """Tell the owner that somebody tries passwords. Nobody is told where no user has this id."""
    _send(user_id, "Wrong passwords for your Cotton ERP account", "registration/mail_guessing.txt")


@app.task(retry=breakers.AGAIN, pass_context=False)
def tell_of_reuse(user_id: str) -> None:
    """Tell the owner that another organization tried to enter a new user with the same address or number."""
    _send(user_id, "Somebody tried to use your sign-in name in Cotton ERP", "registration/mail_name_taken.txt")


def _send(user_id: str, subject: str, template: str) -> None:
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email=None).first()
    if user is not None and user.email:
        text = render_to_string(template, {"person": user, "support": settings.API_CONTACT_EMAIL})
        send_mail(subject, text, None, [user.email])
