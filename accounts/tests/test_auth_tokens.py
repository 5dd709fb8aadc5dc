"""Tokens that are not ours, or not as we write them: 401, whatever is in them."""

import base64
import json
import uuid

import jwt
import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured

from accounts.models import AuthSession
from accounts.tests.signin import AUTH, forged, signed_in
from erp import tokens
from erp.tests.test_setup import SAMPLE, manage, variables

pytestmark = pytest.mark.django_db

OTHER_SECRET = "another-secret-of-more-than-32-bytes"
HUGE = 10**30


@pytest.fixture
def session(internal_user):
    """An open sign-in, which a good token would open."""
    signed_in(internal_user("viewer"))
    return AuthSession.objects.get()


def status(client, token):
    return client.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {token}"}).status_code


def raw(header, payload=b"{}", signature=b"x"):
    parts = (header if isinstance(header, bytes) else json.dumps(header).encode(), payload, signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_the_forger_of_these_tests_can_make_a_good_one(client, session):
    assert status(client, forged(sid=str(session.pk))) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-api"},
        {"aud": [configured.JWT_AUDIENCE]},
        {"aud": ...},
        {"iss": "another-issuer"},
        {"iss": [configured.JWT_ISSUER]},
        {"iss": ...},
        {"token_type": "refresh"},
        {"token_type": ...},
        {"token_type": ["access"]},
        {"sid": ...},
        {"sid": None},
        {"sid": ["a"]},
        {"sid": "\0"},
        {"sid": HUGE},
        {"sid": {"a": 1}},
        {"sid": "01900000-0000-7000-8000-00000000ffff"},
        {"sid": "x" * 300},
        {"jti": ...},
        {"jti": ["a"]},
        {"jti": HUGE},
        {"jti": "\0"},
        {"exp": ...},
        {"exp": []},
        {"exp": HUGE},
        {"exp": -HUGE},
        {"exp": 1e300},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 0},
        {"iat": ...},
        {"iat": []},
        {"iat": HUGE},
        {"iat": -HUGE},
        {"iat": 0},
        {"iat": "1"},
        {"iat": None},
        {"nbf": HUGE},
        {"nbf": []},
    ],
    ids=str,
)
def test_odd_claims_are_401(client, session, claims):
    assert status(client, forged(**{"sid": str(session.pk), **claims})) == 401


def test_algorithm_none_is_401(client, session):
    assert status(client, forged(algorithm="none", sid=str(session.pk))) == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_another_algorithm_is_401(client, session, algorithm):
    assert status(client, forged(algorithm=algorithm, sid=str(session.pk))) == 401


def test_wrong_key_is_401(client, session):
    assert status(client, forged(key=OTHER_SECRET, sid=str(session.pk))) == 401
    assert status(client, forged(key=configured.SECRET_KEY, sid=str(session.pk))) == 401


@pytest.mark.parametrize("kid", ["", "unknown", "../../dev/null"])
def test_unknown_key_name_is_401(client, session, kid):
    assert status(client, forged(kid=kid, sid=str(session.pk))) == 401


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b",
        "..",
        "é.é.é",
        raw({}),
        raw([]),
        raw({"alg": "HS256"}),
        raw({"alg": "HS256", "kid": ["a"]}),
        raw({"alg": "HS256", "kid": HUGE}),
        raw({"alg": ["HS256"], "kid": tokens.key_id(configured.JWT_SECRET)}),
        raw({"alg": "HS256", "kid": tokens.key_id(configured.JWT_SECRET)}, payload=b"[]"),
        raw(b"[" * 1300),
        raw(b'{"kid":' + b"9" * 1200 + b"}"),
        raw(b"\xff\xfe"),
        "x" * 100_000,
    ],
    ids=lambda token: token[:20],
)
def test_what_is_no_token_is_401(client, token):
    assert status(client, token) == 401


def test_tokens_hold_no_role_and_no_scope(session):
    claims = jwt.decode(token_of(session), options={"verify_signature": False})
    assert set(claims) == {"sid", "jti", "token_type", "iat", "exp", "iss", "aud"}


def token_of(session):
    return tokens.issue(tokens.Kind.ACCESS, tokens.Claims(session.pk, uuid.uuid4()), until=session.expires_at)


def test_tokens_of_the_previous_secret_stay_good_until_it_is_dropped(internal_user, settings):
    program, old = signed_in(internal_user("viewer")), configured.JWT_SECRET
    settings.JWT_SECRET_PREVIOUS = old
    settings.SIMPLE_JWT = {**configured.SIMPLE_JWT, "SIGNING_KEY": OTHER_SECRET}
    first = program.access
    assert program.get("me").status_code == 200
    assert program.refresh().status_code == 200
    assert program.access != first
    settings.JWT_SECRET_PREVIOUS = ""
    assert program.get("me").status_code == 200
    assert program.get("me", Authorization=f"Bearer {first}").status_code == 401


@pytest.mark.parametrize("name", ["JWT_SECRET", "JWT_SECRET_PREVIOUS"])
@pytest.mark.parametrize("value", ["x" * 31, variables(SAMPLE)["SECRET_KEY"]], ids=["short", "same"])
def test_weak_secret_stops_the_start(name, value):
    done = manage("check", **{**variables(SAMPLE), name: value})
    assert done.returncode != 0
    assert "need 32 bytes or more, other than SECRET_KEY" in done.stderr
    assert ImproperlyConfigured.__name__ in done.stderr


def test_production_does_not_start_without_a_secret():
    done = manage("check", **{**variables(SAMPLE), "JWT_SECRET": ""})
    assert "JWT_SECRET must be set: production does not start without." in done.stderr
