"""What the tests of signing in share: the API as a partner's program uses it, and codes as a telephone shows them."""

from __future__ import annotations

import time
from typing import Any

import jwt
from django.conf import settings
from django.test import Client
from django_otp.oath import totp

from accounts.models import SecondFactor
from erp import tokens
from erp.events.models import Event
from erp.testing.fixtures import PASSWORD

AUTH = "/api/v1/auth"


class Program:
    """A client of the API. Keeps the tokens of the last answer that had some."""

    def __init__(self) -> None:
        self.http = Client()
        self.access = self.refresh_token = ""

    def login(self, user: Any, password: str = PASSWORD, **more: Any) -> Any:
        name = user if isinstance(user, str) else user.get_username()
        return self.post("login", {"username": name, "password": password, **more})

    def refresh(self, token: str | None = None) -> Any:
        return self.post("refresh", {"refresh_token": token or self.refresh_token})

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(f"{AUTH}/{path}", headers=self._headers(headers))

    def delete(self, path: str) -> Any:
        return self.http.delete(f"{AUTH}/{path}", headers=self._headers({}))

    def post(self, path: str, body: Any = None) -> Any:
        headers = self._headers({})
        answer = self.http.post(f"{AUTH}/{path}", body or {}, content_type="application/json", headers=headers)
        if answer.status_code == 200 and "access_token" in answer.json():
            self.access, self.refresh_token = answer.json()["access_token"], answer.json()["refresh_token"]
        return answer

    def _headers(self, given: dict[str, str]) -> dict[str, str]:
        return given or ({"Authorization": f"Bearer {self.access}"} if self.access else {})


def signed_in(user: Any, **more: Any) -> Program:
    """A program after its login."""
    program = Program()
    assert program.login(user, **more).status_code == 200
    return program


def refusal(answer: Any) -> dict[str, Any]:
    """Status and body of a refusal, without what differs from request to request."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    return {"status": answer.status_code, "challenge": answer.headers.get("WWW-Authenticate"), **body}


def forged(*, key: str | None = None, kid: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """A token with these claims on top of good ones; a claim of ... is left out."""
    now = int(time.time())
    good = {
        "token_type": "access",
        "sid": "01900000-0000-7000-8000-000000000000",
        "jti": "01900000-0000-7000-8000-000000000001",
        "iat": now,
        "exp": now + 600,
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
    }
    payload = {name: value for name, value in {**good, **claims}.items() if value is not ...}
    secret = settings.JWT_SECRET if key is None else key
    encoder = jwt.api_jws.PyJWS()
    body = jwt.PyJWT()._encode_payload(payload)
    headers = {"kid": tokens.key_id(settings.JWT_SECRET) if kid is None else kid}
    return encoder.encode(body, None if algorithm == "none" else secret, algorithm=algorithm, headers=headers)


def code_of(user: Any, *, later: int = 0) -> str:
    """The code that the user's telephone shows; `later` steps of 30 seconds from now."""
    device = SecondFactor.objects.get(user=user)
    return f"{totp(device.bin_key, t0=-30 * later):06d}"


def events_of(user: Any, kind: str) -> list[Event]:
    """Events of this type about the user, oldest first."""
    return list(Event.objects.filter(aggregate_id=str(user.pk), event_type=kind).order_by("id"))
