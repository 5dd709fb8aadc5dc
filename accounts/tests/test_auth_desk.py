"""Signing in to the desk: events, sign-ins that end at once, and the second factor."""

import base64
import datetime
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import constraints, second_factor
from accounts.models import AuthSession, SecondFactor, User
from accounts.tests.signin import Program, code_of, events_of, refusal
from erp.crypto import decrypt
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import PASSWORD
from erp.testing.roles import as_owner

pytestmark = pytest.mark.django_db

LOGIN, INDEX, CODE = reverse("admin:login"), reverse("admin:index"), reverse("second-factor")


@pytest.fixture
def user(internal_user):
    return internal_user("org_admin")


def sign_in(user, password=PASSWORD, **more):
    """A browser after the login form, and its answer."""
    browser = Client()
    return browser, browser.post(LOGIN, {"username": user.get_username(), "password": password, "next": INDEX, **more})


def is_inside(browser):
    return browser.get(INDEX).status_code == 200


def with_second_factor(user):
    key = second_factor.new_key()
    past = timezone.now() - datetime.timedelta(minutes=5)
    with time_machine.travel(past):
        assert second_factor.turn_on(user, key=key, code=f"{totp(bytes.fromhex(key)):06d}")
    return user


class TestEvents:
    def test_login_and_logout_are_recorded_with_their_sign_in(self, user):
        browser, _ = sign_in(user)
        session = AuthSession.objects.get(user=user, kind="web")
        assert session.is_open
        (came,) = events_of(user, "user.login.succeeded")
        assert (came.category, came.source, came.actor_id) == ("security", "admin", user.pk)
        assert came.payload == {"kind": "web", "session": str(session.pk)}
        browser.post(reverse("admin:logout"))
        session.refresh_from_db()
        assert session.revoke_reason == "logout"
        (left,) = events_of(user, "user.logged_out")
        assert (left.category, left.actor_id) == ("security", user.pk)
        assert not is_inside(browser)

    def test_failures_are_recorded(self, user, external_user):
        before = latest_event_id()
        sign_in(user, "wrong")
        sign_in(external_user)
        Client().post(LOGIN, {"username": "nobody@example.com", "password": "x"})
        assert [event.payload for event in events_of(user, "user.login.failed")] == [{"reason": "password"}]
        assert [event.payload for event in events_of(external_user, "user.login.failed")] == [{"reason": "not staff"}]
        assert Event.objects.filter(id__gt=before, event_type="login.failed").count() == 1
        assert not AuthSession.objects.exists()


class TestSignIns:
    def test_ended_by_an_administrator_counts_at_once(self, user, super_admin, client_for):
        browser, _ = sign_in(user)
        session = AuthSession.objects.get(user=user)
        sent = {"action": "end", "_selected_action": [session.pk]}
        answer = client_for(super_admin).post(reverse("admin:accounts_authsession_changelist"), sent)
        assert answer.status_code == 302
        assert not is_inside(browser)
        session.refresh_from_db()
        assert session.revoke_reason == "admin"

    def test_nobody_ends_those_of_who_may_do_more(self, user, internal_user, client_for):
        browser, _ = sign_in(user)
        clerk = internal_user("viewer")
        clerk.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_authsession"]))
        session = AuthSession.objects.get(user=user)
        sent = {"action": "end", "_selected_action": [session.pk]}
        client_for(clerk).post(reverse("admin:accounts_authsession_changelist"), sent)
        assert is_inside(browser)

    def test_deactivation_and_new_password_count_at_once(self, user):
        first, _ = sign_in(user)
        assert is_inside(first)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert not is_inside(first)
        User.objects.filter(pk=user.pk).update(is_active=True)
        assert not is_inside(first)
        second, _ = sign_in(user)
        assert is_inside(second)
        changed = User.objects.get(pk=user.pk)
        changed.set_password("monsoon-harvest-77")
        changed.save()
        assert not is_inside(second)

    def test_new_password_of_ones_own_ends_all_but_goes_on_here(self, user):
        browser, other = sign_in(user)[0], sign_in(user)[0]
        sent = {"old_password": PASSWORD, "new_password1": "monsoon-harvest-77", "new_password2": "monsoon-harvest-77"}
        assert browser.post(reverse("admin:password_change"), {**sent, "old_password": "wrong"}).status_code == 200
        assert is_inside(other)
        assert browser.post(reverse("admin:password_change"), sent).status_code == 302
        assert is_inside(browser)
        assert not is_inside(other)
        assert len(events_of(user, "user.password_changed")) == 1

    def test_nobody_changes_a_password_without_signing_in(self, client):
        assert client.post(reverse("admin:password_change"), {}).headers["Location"].startswith(LOGIN)

    def test_cookie_without_its_sign_in_opens_nothing(self, user):
        browser, _ = sign_in(user)
        session = browser.session
        del session["sid"]
        session.save()
        assert not is_inside(browser)

    def test_sign_in_of_another_user_opens_nothing(self, user, super_admin):
        browser, _ = sign_in(user)
        other, _ = sign_in(super_admin)
        session = browser.session
        session["sid"] = other.session["sid"]
        session.save()
        assert not is_inside(browser)

    def test_attempts_at_the_desk_are_limited(self, user):
        texts = [sign_in(user, "wrong")[1].content.decode() for _ in range(6)]
        assert ["Too many attempts" in text for text in texts] == [False] * 5 + [True]
        assert len(events_of(user, "user.login.failed")) == 5


class TestPasswordOwed:
    @pytest.fixture
    def browser(self, user):
        User.objects.filter(pk=user.pk).update(must_change_password=True)
        return sign_in(user)[0]

    @pytest.mark.parametrize("name", ["index", "accounts_user_changelist", "app_list", "password_change_done"])
    def test_every_page_leads_to_the_password(self, browser, name):
        path = reverse(f"admin:{name}", kwargs={"app_label": "accounts"} if name == "app_list" else None)
        assert browser.get(path).headers["Location"] == reverse("admin:password_change")
        assert browser.post(path).headers["Location"] == reverse("admin:password_change")

    def test_so_do_pages_that_are_no_models_and_unknown_ones(self, browser):
        for path in (CODE, "/admin/no/such/page/"):
            assert browser.get(path).headers["Location"] == reverse("admin:password_change")

    def test_signing_out_and_a_new_password_are_open(self, browser, user):
        page = browser.get(reverse("admin:password_change"))
        assert "Choose a password of your own before you go on." in page.content.decode()
        sent = {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD}
        refused = browser.post(reverse("admin:password_change"), sent)
        assert "This is your present password: choose another one." in refused.content.decode()
        assert not is_inside(browser)
        new = {"new_password1": "monsoon-harvest-77", "new_password2": "monsoon-harvest-77"}
        assert browser.post(reverse("admin:password_change"), {**sent, **new}).status_code == 302
        assert is_inside(browser)
        user.refresh_from_db()
        assert not user.must_change_password

    def test_signing_out_is_open(self, browser, user):
        assert browser.post(reverse("admin:logout")).status_code == 200
        assert AuthSession.objects.get(user=user).revoke_reason == "logout"


class TestOwnerDeactivated:
    def test_its_people_are_outside_at_once_and_stay_there(self, user, organization):
        browser, _ = sign_in(user)
        assert is_inside(browser)
        type(organization).objects.filter(pk=organization.pk).update(is_active=False)
        assert not is_inside(browser)
        again, answer = sign_in(user)
        assert answer.status_code == 200
        assert not is_inside(again)
        assert AuthSession.objects.count() == 1

    def test_a_code_does_not_help(self, user, organization):
        with_second_factor(user)
        browser, _ = sign_in(user)
        type(organization).objects.filter(pk=organization.pk).update(is_active=False)
        assert browser.post(CODE, {"code": code_of(user)}).headers["Location"].startswith(LOGIN)
        assert not AuthSession.objects.exists()


class TestSecondFactor:
    def test_its_key_is_nowhere_in_plain(self, user):
        key = second_factor.new_key()
        assert second_factor.turn_on(user, key=key, code=f"{totp(bytes.fromhex(key)):06d}")
        with connection.cursor() as cursor:
            cursor.execute("SELECT key FROM otp_totp_totpdevice")
            ((stored,),) = cursor.fetchall()
            cursor.execute("SELECT count(*) FROM event WHERE payload::text ILIKE %s", [f"%{key}%"])
            assert cursor.fetchone() == (0,)
        assert key not in stored
        assert bytes.fromhex(key) not in base64.b64decode(stored)
        assert decrypt(stored) == key
        assert SecondFactor.objects.get().bin_key == bytes.fromhex(key)

    def test_database_refuses_a_key_in_plain(self, user):
        with pytest.raises(IntegrityError, match="totpdevice_key_in_cipher"), transaction.atomic():
            TOTPDevice.objects.create(user=user, name="Plain")

    def test_migration_puts_stored_keys_into_cipher_and_back(self, user):
        with_second_factor(user)
        key = decrypt(TOTPDevice.objects.get().key)
        migration = import_module("accounts.migrations.0006_second_factor_in_cipher")
        connection.check_constraints()  # nothing waits for the end of the transaction, which ALTER TABLE refuses
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(constraints.KEY_IN_CIPHER_REVERSE)
            migration.to_plain(apps, None)
            assert TOTPDevice.objects.get().key == key
            migration.to_cipher(apps, None)
            migration.to_cipher(apps, None)
            connection.check_constraints()
            cursor.execute(constraints.KEY_IN_CIPHER)
        browser, _ = sign_in(user)
        assert browser.post(CODE, {"code": code_of(user)}).status_code == 302
        assert is_inside(browser)

    def test_is_asked_for_after_the_password(self, user):
        with_second_factor(user)
        browser, _ = sign_in(user)
        answer = browser.get(INDEX)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{CODE}?next=%2Fadmin%2F")
        assert not AuthSession.objects.exists()
        assert browser.get("/api/v1/auth/me").status_code == 401
        page = browser.post(CODE, {"code": code_of(user), "next": INDEX})
        assert (page.status_code, page.headers["Location"]) == (302, INDEX)
        assert is_inside(browser)
        assert len(events_of(user, "user.login.succeeded")) == 1

    @pytest.mark.parametrize("code", ["000000", "", "12345", "abcdef", "٠٠٠٠٠٠", "0" * 5000])
    def test_wrong_codes_open_nothing(self, user, code):
        with_second_factor(user)
        browser, _ = sign_in(user)
        assert browser.post(CODE, {"code": code}).status_code == 200
        assert browser.get(INDEX).status_code == 302
        assert not AuthSession.objects.exists()

    def test_a_code_works_once(self, user):
        with_second_factor(user)
        code = code_of(user)
        for expected in (302, 200):
            browser, _ = sign_in(user)
            assert browser.post(CODE, {"code": code}).status_code == expected
        assert events_of(user, "user.login.failed")[-1].payload == {"reason": "code"}

    def test_the_password_waits_ten_minutes(self, user):
        with_second_factor(user)
        browser, _ = sign_in(user)
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=11)):
            answer = browser.post(CODE, {"code": code_of(user)})
            assert answer.headers["Location"].startswith(LOGIN)
        assert not AuthSession.objects.exists()

    def test_only_the_desk_own_addresses_follow(self, user):
        with_second_factor(user)
        browser, _ = sign_in(user)
        page = browser.post(CODE, {"code": code_of(user), "next": "https://evil.example/"})
        assert page.headers["Location"] == INDEX

    def test_super_admin_must_set_it_up_outside_development(self, super_admin, settings):
        settings.SECOND_FACTOR_REQUIRED = True
        browser, _ = sign_in(super_admin)
        assert browser.get(INDEX).headers["Location"].startswith(CODE)
        page = browser.get(CODE)
        key = browser.session["second_factor_key"]
        assert page.context["key"] in page.content.decode()
        assert browser.post(CODE, {"code": "000000"}).status_code == 200
        assert not TOTPDevice.objects.exists()
        answer = browser.post(CODE, {"code": f"{totp(bytes.fromhex(key)):06d}"})
        assert answer.status_code == 302
        assert is_inside(browser)
        super_admin.refresh_from_db()
        assert super_admin.mfa_enabled

    def test_others_need_none(self, user, settings):
        settings.SECOND_FACTOR_REQUIRED = True
        browser, _ = sign_in(user)
        assert is_inside(browser)

    def test_others_may_turn_it_on_and_off(self, user):
        browser, _ = sign_in(user)
        browser.get(CODE)
        key = browser.session["second_factor_key"]
        assert browser.post(CODE, {"code": f"{totp(bytes.fromhex(key)):06d}"}).status_code == 302
        user.refresh_from_db()
        assert user.mfa_enabled
        assert is_inside(browser)
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=2)):
            assert browser.post(CODE, {"code": "000000"}).status_code == 200
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=4)):
            assert browser.post(CODE, {"code": code_of(user)}).status_code == 302
        user.refresh_from_db()
        assert not user.mfa_enabled
        assert not TOTPDevice.objects.exists()

    def test_who_has_not_signed_in_sees_no_key(self, client):
        assert client.get(CODE).headers["Location"] == LOGIN

    def test_is_recorded_without_its_key(self, user):
        with_second_factor(user)
        (event,) = events_of(user, "user.second_factor.created")
        device = TOTPDevice.objects.get()
        assert (event.category, set(event.changes["key"][1])) == ("security", {"$secret"})
        assert device.key not in str(event.payload)
        code_of(user)
        sign_in(user)[0].post(CODE, {"code": "000000"})
        assert events_of(user, "user.second_factor.updated") == []

    def test_keys_have_no_page_at_the_desk(self):
        assert not admin.site.is_registered(TOTPDevice)

    def test_administrator_forgets_it_for_a_lost_telephone(self, user, super_admin, client_for):
        with_second_factor(user)
        sent = {"action": "forget_second_factor", "_selected_action": [user.pk]}
        assert client_for(super_admin).post(reverse("admin:accounts_user_changelist"), sent).status_code == 302
        assert is_inside(sign_in(user)[0])

    def test_api_asks_for_it_too(self, user):
        with_second_factor(user)
        program = Program()
        missing, wrong = refusal(program.login(user)), refusal(program.login(user, otp="000000"))
        assert (missing["status"], wrong["status"]) == (401, 401)
        assert not AuthSession.objects.exists()
        # The wrong code makes the next attempt wait a second.
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=2)):
            assert program.login(user, otp=code_of(user)).status_code == 200

    def test_api_says_nothing_of_it_without_the_password(self, user):
        with_second_factor(user)
        bad = refusal(Program().login(user, "wrong"))
        assert bad == refusal(Program().login("nobody@example.com", "wrong"))

    def test_super_admin_without_one_stays_outside_the_api(self, super_admin, settings):
        settings.SECOND_FACTOR_REQUIRED = True
        assert Program().login(super_admin).status_code == 401
        assert not AuthSession.objects.exists()
