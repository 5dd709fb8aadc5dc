"""API keys: shown once, good until their end, from their addresses, for their parts of the API."""

import datetime
import hashlib

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.test import APIRequestFactory

from accounts import api_keys
from accounts.models import ApiKey, User
from accounts.tests.factories import UserFactory
from accounts.tests.signin import AUTH
from erp.authentication import ApiKeyAuthentication, part_of
from erp.events.models import Event

pytestmark = pytest.mark.django_db


def in_a_year():
    return timezone.now() + datetime.timedelta(days=365)


@pytest.fixture
def machine(internal_user):
    return internal_user("viewer", full_name="Weighbridge")


@pytest.fixture
def issue(machine):
    return lambda **values: api_keys.issue(machine, **{"name": "Weighbridge", "expires_at": in_a_year(), **values})


def status(client, text, path="me", **extra):
    return client.get(f"{AUTH}/{path}", headers={"Authorization": f"Bearer {text}"}, **extra).status_code


def test_key_opens_the_api_with_one_select(client, issue, machine):
    key, text = issue()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"{AUTH}/me", headers={"Authorization": f"bearer {text}"})
    assert (answer.status_code, answer.json()["id"]) == (200, str(machine.pk))
    assert len([query for query in queries if "accounts_apikey" in query["sql"]]) == 1
    assert key.prefix in text


def test_only_its_hash_is_stored(issue):
    key, text = issue()
    assert key.sha256 == hashlib.sha256(text.encode()).hexdigest()
    secret = text.removeprefix(f"{key.prefix}_")
    assert len(secret) == 64
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event WHERE payload::text LIKE %s", [f"%{secret}%"])
        assert cursor.fetchone() == (0,)


def test_expired_revoked_inactive_and_wrong_keys_are_alike(client, issue, machine):
    key, text = issue()
    with time_machine.travel(timezone.now() + datetime.timedelta(days=366)):
        assert status(client, text) == 401
    wrong = [f"{text[:-1]}{'0' if text[-1] != '0' else '1'}", "erp_live_", f"erp_live_000000_{'0' * 64}", f"{text}\0"]
    assert [status(client, each) for each in wrong] == [401] * 4
    User.objects.filter(pk=machine.pk).update(is_active=False)
    assert status(client, text) == 401
    User.objects.filter(pk=machine.pk).update(is_active=True)
    assert status(client, text) == 200
    api_keys.revoke(key)
    assert status(client, text) == 401


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", 200),
        ("::ffff:203.0.113.7", 200),
        ("203.0.113.8", 401),
        ("2001:db8::1", 200),
        ("2001:db8::2", 401),
    ],
)
def test_key_works_from_its_addresses_only(client, issue, address, expected):
    _, text = issue(allowed_ips=["203.0.113.7", "2001:db8:0::1"])
    assert status(client, text, REMOTE_ADDR=address) == expected


def test_spoofed_address_does_not_help(client, issue):
    _, text = issue(allowed_ips=["203.0.113.7"])
    assert status(client, text, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="203.0.113.7") == 401


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/api/v1/settings/commodities", "commodities"),
        ("/api/v1/settings/commodities/7/varieties", "commodities"),
        ("/api/v1/partners/7/contacts", "partners"),
        ("/api/v1/events", "events"),
        ("/api/v1/auth/me", "auth"),
    ],
)
def test_parts_of_the_api_by_path(path, part):
    assert part_of(path) == part


def test_key_opens_its_parts_only(issue):
    _, text = issue(scopes=["commodities", "events"])
    for path, is_open in (
        ("settings/commodities/7", True),
        ("events", True),
        ("partners", False),
        ("settings/users", False),
    ):
        request = APIRequestFactory().get(f"/api/v1/{path}", HTTP_AUTHORIZATION=f"Bearer {text}")
        if is_open:
            assert ApiKeyAuthentication().authenticate(request)
            continue
        with pytest.raises(PermissionDenied):
            ApiKeyAuthentication().authenticate(request)


@pytest.mark.parametrize("path", ["sessions", "logout", "logout-all", "password"])
def test_key_does_not_touch_sign_ins(client, issue, path):
    _, text = issue()
    call = client.get if path == "sessions" else client.post
    assert call(f"{AUTH}/{path}", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_use_is_noted_once_in_five_minutes_and_is_no_change(client, issue, django_capture_on_commit_callbacks):
    key, text = issue()
    with django_capture_on_commit_callbacks(execute=True) as writes:
        status(client, text)
    with django_capture_on_commit_callbacks(execute=True) as more:
        status(client, text)
    assert (len(writes), len(more)) == (1, 0)
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.version == 1


def test_names_are_unique_in_the_organization(issue):
    issue()
    with pytest.raises(ValidationError, match="has an API key with this name already"):
        issue()


class TestDesk:
    @pytest.fixture
    def browser(self, internal_user, client_for):
        return client_for(internal_user("org_admin"))

    def sent(self, user, **values):
        day = (timezone.localdate() + datetime.timedelta(days=30)).isoformat()
        form = {"name": "Gate", "user": user.pk, "scopes": "commodities", "allowed_ips": "", "reason": ""}
        return {**form, "expires_at_0": day, "expires_at_1": "12:00", **values}

    def test_new_key_is_shown_once(self, browser, client, machine):
        page = browser.post(reverse("admin:accounts_apikey_add"), self.sent(machine))
        assert page.status_code == 200
        key = ApiKey.objects.get()
        text = page.context["key"]
        assert text in page.content.decode()
        assert "no-store" in page.headers["Cache-Control"]
        assert status(client, text) == 200
        assert (key.scopes, key.allowed_ips) == (["commodities"], [])
        for address in ("changelist", "change"):
            args = [key.pk] if address == "change" else []
            assert text not in browser.get(reverse(f"admin:accounts_apikey_{address}", args=args)).content.decode()

    def test_nobody_makes_a_key_for_who_may_do_more(self, internal_user, client_for, machine):
        clerk = internal_user("viewer")
        clerk.user_permissions.add(*permissions("add_apikey", "view_apikey", "view_user"))
        boss = internal_user("org_admin")
        answer = client_for(clerk).post(reverse("admin:accounts_apikey_add"), self.sent(boss))
        assert answer.status_code == 200
        assert "may do more than you" in answer.content.decode()
        assert not ApiKey.objects.exists()

    def test_users_of_others_are_no_choice(self, browser):
        browser.post(reverse("admin:accounts_apikey_add"), self.sent(UserFactory()))
        assert not ApiKey.objects.exists()

    def test_key_that_has_ended_already_is_refused(self, browser, machine):
        sent = self.sent(machine, expires_at_0="2020-01-01")
        assert (
            "Choose a time in the future" in browser.post(reverse("admin:accounts_apikey_add"), sent).content.decode()
        )
        assert not ApiKey.objects.exists()

    def test_revoked_at_the_desk_it_opens_nothing(self, browser, client, issue):
        key, text = issue()
        sent = {"action": "revoke", "_selected_action": [key.pk]}
        assert browser.post(reverse("admin:accounts_apikey_changelist"), sent).status_code == 302
        assert status(client, text) == 401
        event = Event.objects.filter(event_type="api_key.updated", aggregate_id=str(key.pk)).get()
        assert event.reason == "API key revoked at the desk"

    def test_viewer_does_not_revoke(self, internal_user, client_for, client, issue):
        key, text = issue()
        viewer = internal_user("compliance_officer")
        sent = {"action": "revoke", "_selected_action": [key.pk]}
        client_for(viewer).post(reverse("admin:accounts_apikey_changelist"), sent)
        assert status(client, text) == 200


def permissions(*names):
    return Permission.objects.filter(codename__in=names)
