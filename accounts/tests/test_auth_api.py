"""Sign-in of the API: what opens it, what ends it, and that endings count from the next request on."""

import datetime
from operator import attrgetter

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys, auth_api
from accounts.models import AuthSession, User
from accounts.tests.factories import UserFactory
from accounts.tests.signin import Program, events_of, refusal, signed_in
from erp import snapshots
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import PASSWORD
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "monsoon-harvest-77"


@pytest.fixture
def user(internal_user):
    return internal_user("viewer", mobile="+919812345678")


class TestLogin:
    def test_answers_tokens_and_user(self, user, organization):
        answer = Program().login(user)
        body = answer.json()
        assert answer.status_code == 200
        assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 1800)
        assert body["user"]["id"] == str(user.pk)
        assert body["user"]["organization"] == {
            "id": str(organization.pk),
            "code": organization.code,
            "name": organization.name,
        }
        assert body["user"]["roles"] == ["viewer"]
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("name", [str.upper, str.lower, lambda _: "+919812345678"])
    def test_takes_email_in_any_case_and_mobile(self, user, name):
        assert Program().login(name(user.email)).status_code == 200

    def test_unknown_wrong_and_inactive_look_alike_and_cost_the_same(self, user, internal_user):
        gone = internal_user(is_active=False)
        answers, costs = [], []
        for name, password in (("nobody@example.com", PASSWORD), (user.email, "wrong"), (gone.email, PASSWORD)):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answers.append(refusal(Program().login(name, password)))
            costs.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))
        assert answers[0]["status"] == 401
        assert answers[0]["challenge"] == 'Bearer realm="api"'
        assert answers[0] == answers[1] == answers[2]
        assert len(set(costs)) == 1
        assert not AuthSession.objects.exists()

    @pytest.mark.parametrize("known", [True, False])
    def test_a_hash_is_computed_for_a_name_that_nobody_has(self, user, monkeypatch, known):
        hashed = []
        hasher = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
        monkeypatch.setattr(hasher, lambda self, password, salt: hashed.append(password) or f"md5${salt}$0")
        Program().login(user.email if known else "nobody@example.com", "wrong-password")
        assert hashed == ["wrong-password"]

    def test_events_tell_who_came_in_and_who_failed(self, user):
        program = Program()
        program.login(user, "wrong")
        program.login(user)
        (failed,) = events_of(user, "user.login.failed")
        (succeeded,) = events_of(user, "user.login.succeeded")
        session = AuthSession.objects.get(user=user)
        assert (failed.category, failed.source, failed.actor_id) == ("security", "api", None)
        assert failed.payload == {"reason": "password"}
        assert (succeeded.category, succeeded.actor_id, succeeded.organization_id) == (
            "security",
            user.pk,
            user.organization_id,
        )
        assert succeeded.actor_label == f"{user.full_name} <{user.email}>"
        assert succeeded.payload == {"kind": "api", "session": str(session.pk)}

    def test_attempts_with_an_unknown_name_are_recorded_without_it(self):
        before = latest_event_id()
        for name in ("Secret-Password-1", "secret-password-1", "another"):
            Program().login(name, "wrong")
        events = list(Event.objects.filter(id__gt=before, event_type="login.failed").order_by("id"))
        assert [event.aggregate_type for event in events] == ["login"] * 3
        assert events[0].aggregate_id == events[1].aggregate_id != events[2].aggregate_id
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM event WHERE event::text ILIKE %s", ["%secret-password%"])
            assert cursor.fetchone() == (0,)

    def test_session_keeps_where_it_began(self, user):
        program = Program()
        agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
        program.http.defaults |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "203.0.113.7"}
        program.login(user)
        session = AuthSession.objects.get()
        assert (session.ip, session.user_agent, session.device_label) == ("203.0.113.7", agent, "Chrome on Windows")
        assert session.organization_id == user.organization_id
        user.refresh_from_db()
        assert user.last_login == session.created_at

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            {"username": "a"},
            {"username": ["a"], "password": "b"},
            {"username": "a\0", "password": "b"},
            {"username": "a", "password": "b", "scope": "all"},
            {"username": "a" * 300, "password": "b"},
            {"username": "a", "password": "b" * 2000},
        ],
    )
    def test_a_body_of_another_shape_is_400(self, body):
        assert Program().post("login", body).status_code == 400

    @pytest.mark.parametrize("name", ["\\ud800", "%s%n", "' OR 1=1 --", "𝔞@example.com"])
    def test_strange_names_are_refused_like_others(self, name):
        body = f'{{"username": "{name}", "password": "x"}}'
        answer = Program().http.post("/api/v1/auth/login", body, content_type="application/json")
        assert answer.status_code in {400, 401}

    def test_another_password_while_logging_in_opens_nothing(self, user, monkeypatch):
        def change_meanwhile(found, _code):
            other = User.objects.get(pk=found.pk)
            other.set_password(NEW_PASSWORD)
            other.save()

        monkeypatch.setattr(auth_api, "_check_second_factor", change_meanwhile)
        assert Program().login(user).status_code == 401
        assert not AuthSession.objects.exists()


class TestAccess:
    def test_scheme_is_compared_without_case(self, user):
        program = signed_in(user)
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert program.get("me", Authorization=f"{scheme} {program.access}").status_code == 200

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer \xff\xfe"])
    def test_without_credentials_it_is_401_with_a_challenge(self, client, header):
        answer = client.get("/api/v1/auth/me", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')

    def test_one_select_lets_a_request_in(self, user):
        program = signed_in(user)
        with CaptureQueriesContext(connection) as queries:
            answer = program.get("sessions")
        assert answer.status_code == 200
        assert len(queries) == 2, queries.captured_queries  # one of sign-in, one of the list itself
        assert "accounts_authsession" in queries[0]["sql"]
        assert "organizations_organization" in queries[0]["sql"]
        assert "partners_businesspartner" in queries[0]["sql"]

    def test_external_user_comes_with_partner_and_organization(self, external_user):
        with CaptureQueriesContext(connection) as queries:
            body = signed_in(external_user).get("me").json()
        assert body["partner"]["code"] == external_user.partner.partner_code
        assert body["organization"] is None
        assert "partners.view_businesspartner" in body["permissions"]
        assert queries

    def test_last_seen_is_noted_once_in_five_minutes(self, user, django_capture_on_commit_callbacks):
        program = signed_in(user)
        start = AuthSession.objects.get().last_seen_at
        with time_machine.travel(start + datetime.timedelta(seconds=299), tick=False):
            with django_capture_on_commit_callbacks(execute=True) as writes:
                program.get("me")
            assert writes == []
        later = start + datetime.timedelta(seconds=301)
        with time_machine.travel(later, tick=False), django_capture_on_commit_callbacks(execute=True) as writes:
            program.get("me")
            program.get("me")
        assert AuthSession.objects.get().last_seen_at == later
        assert len(events_of(user, "user.session.updated")) == 0

    def test_access_token_expires(self, user):
        program = signed_in(user)
        with time_machine.travel(datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(minutes=31)):
            answer = program.get("me")
        assert answer.status_code == 401


class TestEndings:
    """Each bites on the next request."""

    def test_logout(self, user):
        program, other = signed_in(user), signed_in(user)
        assert program.post("logout").status_code == 204
        assert program.get("me").status_code == 401
        assert program.refresh().status_code == 401
        assert other.get("me").status_code == 200
        (event,) = events_of(user, "user.logged_out")
        assert (event.category, event.actor_id) == ("security", user.pk)

    def test_logout_everywhere(self, user):
        program, other = signed_in(user), signed_in(user)
        assert program.post("logout-all").status_code == 204
        assert [each.get("me").status_code for each in (program, other)] == [401, 401]
        assert [each.refresh().status_code for each in (program, other)] == [401, 401]
        assert set(AuthSession.objects.values_list("revoke_reason", flat=True)) == {"logout_all"}
        (event,) = events_of(user, "user.session.revoked")
        assert event.payload == {"sessions": 2, "reason": "logout_all"}

    def test_password_change_ends_all_and_begins_one(self, user):
        program, other = signed_in(user), signed_in(user)
        old = program.access
        answer = program.post("password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
        assert answer.status_code == 200
        assert program.get("me", Authorization=f"Bearer {old}").status_code == 401
        assert other.get("me").status_code == 401
        assert program.get("me").status_code == 200
        assert sorted(AuthSession.objects.values_list("revoke_reason", flat=True)) == ["", "password", "password"]
        assert Program().login(user).status_code == 401
        assert Program().login(user, NEW_PASSWORD).status_code == 200
        (event,) = events_of(user, "user.password_changed")
        assert (event.category, event.actor_id) == ("security", user.pk)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"current_password": "wrong", "new_password": NEW_PASSWORD}, "current_password"),
            ({"current_password": PASSWORD, "new_password": "1234567890"}, "new_password"),
            ({"current_password": PASSWORD, "new_password": "short"}, "new_password"),
        ],
    )
    def test_a_refused_password_changes_nothing(self, user, body, field):
        program, hashed = signed_in(user), user.password
        answer = program.post("password", body)
        assert answer.status_code == 400
        assert field in answer.content.decode()
        user.refresh_from_db()
        assert user.password == hashed
        assert program.get("me").status_code == 200
        assert events_of(user, "user.password_changed") == []

    def test_password_set_by_an_administrator(self, user, super_admin, client_for):
        program = signed_in(user)
        page = reverse("admin:auth_user_password_change", args=[user.pk])
        assert (
            client_for(super_admin).post(page, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}).status_code
            == 302
        )
        assert program.get("me").status_code == 401
        (event,) = events_of(user, "user.password_changed")
        assert event.actor_id == super_admin.pk

    def test_renewed_hash_is_no_new_password(self, user, settings):
        program = signed_in(user)
        settings.PASSWORD_HASHERS = ["accounts.passwords.Argon2Hasher", *settings.PASSWORD_HASHERS]
        assert Program().login(user).status_code == 200
        user.refresh_from_db()
        assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        assert program.get("me").status_code == 200
        assert events_of(user, "user.password_changed") == []

    @pytest.mark.parametrize(
        ("change", "reason"),
        [({"is_active": False}, "deactivated"), ({"organization": "other"}, "admin"), ({"partner": "new"}, "admin")],
    )
    def test_deactivation_and_another_owner_by_whatever_door(self, user, other_organization, change, reason):
        program = signed_in(user)
        if "organization" in change:
            change = {"organization": other_organization}
        if "partner" in change:
            user.groups.clear()
            partner = BusinessPartnerFactory(organization=user.organization)
            change = {"user_type": "EXTERNAL", "organization": None, "partner": partner}
        User.objects.filter(pk=user.pk).update(**change)
        assert program.get("me").status_code == 401
        assert program.refresh().status_code == 401
        assert AuthSession.objects.get().revoke_reason == reason

    def test_deactivated_and_active_again_must_sign_in(self, user):
        program = signed_in(user)
        for is_active in (False, True):
            User.objects.filter(pk=user.pk).update(is_active=is_active)
        assert program.get("me").status_code == 401
        assert signed_in(user).get("me").status_code == 200

    def test_another_role_counts_at_once(self, user):
        program = signed_in(user)
        assert "partners.change_businesspartner" not in program.get("me").json()["permissions"]
        user.groups.set([Group.objects.get(name="partner_officer")])
        body = program.get("me").json()
        assert "partners.change_businesspartner" in body["permissions"]
        assert body["roles"] == ["partner_officer"]
        user.groups.clear()
        assert program.get("me").json()["permissions"] == []

    def test_a_change_of_name_ends_nothing(self, user):
        program = signed_in(user)
        user.full_name = "Asha Shah"
        user.save()
        assert program.get("me").json()["full_name"] == "Asha Shah"

    def test_a_session_lasts_its_time_and_no_refresh_prolongs_it(self, user):
        start = datetime.datetime.now(tz=datetime.UTC)
        program = signed_in(user)
        with time_machine.travel(start + datetime.timedelta(days=13)):
            assert program.refresh().status_code == 200
        with time_machine.travel(start + datetime.timedelta(days=30, minutes=1)):
            assert program.refresh().status_code == 401
            assert program.get("me").status_code == 401


class TestRefresh:
    def test_gives_a_new_pair_in_the_same_session(self, user):
        program = signed_in(user)
        access, refresh = program.access, program.refresh_token
        answer = program.refresh()
        assert (answer.status_code, answer.json()["user"]["id"]) == (200, str(user.pk))
        assert program.access != access
        assert program.refresh_token != refresh
        assert program.get("me").status_code == 200
        assert AuthSession.objects.count() == 1

    def test_replayed_token_kills_the_family(self, user):
        program, thief = signed_in(user), Program()
        stolen = program.refresh_token
        assert program.refresh().status_code == 200
        assert thief.refresh(stolen).status_code == 401
        assert program.get("me").status_code == 401
        assert program.refresh().status_code == 401
        assert AuthSession.objects.get().revoke_reason == "reuse"
        (event,) = events_of(user, "user.session.revoked")
        assert event.payload["reason"] == "reuse"

    def test_other_families_live_on(self, user):
        program, other = signed_in(user), signed_in(user)
        stolen = program.refresh_token
        program.refresh()
        program.refresh(stolen)
        assert other.refresh().status_code == 200

    def test_refresh_token_is_no_access_token(self, user):
        program = signed_in(user)
        assert program.get("me", Authorization=f"Bearer {program.refresh_token}").status_code == 401

    def test_access_token_is_no_refresh_token(self, user):
        program = signed_in(user)
        assert program.refresh(program.access).status_code == 401
        assert program.get("me").status_code == 200

    @pytest.mark.parametrize("token", ["", "a.b.c", ["x"], 5, None, {"a": 1}, "x" * 5000])
    def test_nonsense_is_refused(self, token):
        assert Program().post("refresh", {"refresh_token": token}).status_code in {400, 401}


class TestSessions:
    def test_own_open_ones_are_listed(self, user, internal_user, client_for):
        signed_in(internal_user("viewer"))
        ended, program = signed_in(user), signed_in(user)
        ended.post("logout")
        client_for(user)
        listed = program.get("sessions").json()
        assert [(row["kind"], row["is_current"]) for row in listed] == [("web", False), ("api", True)]
        assert "current_jti" not in listed[0]

    def test_one_is_ended(self, user):
        program, other = signed_in(user), signed_in(user)
        (pk,) = [row["id"] for row in program.get("sessions").json() if not row["is_current"]]
        assert program.delete(f"sessions/{pk}").status_code == 204
        assert other.get("me").status_code == 401
        assert program.get("me").status_code == 200
        assert program.delete(f"sessions/{pk}").status_code == 404

    def test_one_at_the_desk_is_ended(self, user, client_for):
        browser, program = client_for(user), signed_in(user)
        assert browser.get(reverse("admin:index")).status_code == 200
        web = AuthSession.objects.get(user=user, kind="web")
        assert program.delete(f"sessions/{web.pk}").status_code == 204
        assert browser.get(reverse("admin:index")).status_code == 302

    def test_those_of_others_do_not_exist(self, user, internal_user):
        program, other = signed_in(user), signed_in(internal_user("org_admin"))
        foreign = AuthSession.objects.exclude(user=user).get()
        unknown = program.delete("sessions/01900000-0000-7000-8000-000000000000")
        answer = program.delete(f"sessions/{foreign.pk}")
        assert answer.status_code == unknown.status_code == 404
        assert other.get("me").status_code == 200

    def test_super_admin_ends_only_its_own_here(self, super_admin, user):
        program, other = signed_in(super_admin), signed_in(user)
        foreign = AuthSession.objects.get(user=user)
        assert program.delete(f"sessions/{foreign.pk}").status_code == 404
        assert other.get("me").status_code == 200


class TestPasswordOwed:
    """Who must change the password may do that, ask who it is, and leave."""

    @pytest.fixture
    def owing(self, user):
        User.objects.filter(pk=user.pk).update(must_change_password=True)
        return user

    def test_everything_else_is_403(self, owing):
        program = signed_in(owing)
        assert program.get("me").json()["must_change_password"] is True
        for answer in (
            program.get("sessions"),
            program.post("logout-all"),
            program.http.get("/api/v1/settings/commodities", headers={"Authorization": f"Bearer {program.access}"}),
            program.http.get("/api/v1/events", headers={"Authorization": f"Bearer {program.access}"}),
        ):
            assert answer.status_code == 403
            assert answer.json()["code"] == "password_change_required"
        assert AuthSession.objects.get().is_open
        assert program.post("logout").status_code == 204

    def test_a_new_password_opens_the_rest(self, owing):
        program = signed_in(owing)
        same = program.post("password", {"current_password": PASSWORD, "new_password": PASSWORD})
        assert same.json()["errors"][0]["detail"] == "This is your present password: choose another one."
        assert program.get("sessions").status_code == 403
        answer = program.post("password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
        assert answer.status_code == 200
        assert program.get("sessions").status_code == 200
        owing.refresh_from_db()
        assert not owing.must_change_password

    def test_counts_at_once_and_costs_no_statement(self, user):
        program = signed_in(user)
        assert program.get("sessions").status_code == 200
        User.objects.filter(pk=user.pk).update(must_change_password=True)
        with CaptureQueriesContext(connection) as queries:
            assert program.get("sessions").status_code == 403
        assert len(queries) == 1


class TestOwnerDeactivated:
    """An organization or partner that is not active any more has nobody who works for it."""

    @pytest.mark.parametrize("owner", ["organization", "partner", "partner.organization"])
    def test_sign_ins_keys_and_new_sign_ins_stop_at_once(self, user, external_user, owner):
        person = user if owner == "organization" else external_user
        row = attrgetter(owner)(person)
        program, machine = signed_in(person), Program()
        _, text = api_keys.issue(person, name="Scale", expires_at=timezone.now() + datetime.timedelta(days=1))
        assert machine.get("me", Authorization=f"Bearer {text}").status_code == 200
        type(row)._base_manager.filter(pk=row.pk).update(is_active=False)
        with CaptureQueriesContext(connection) as queries:
            assert refusal(program.get("me"))["code"] == "session_ended"
        assert len(queries) == 1
        assert machine.get("me", Authorization=f"Bearer {text}").status_code == 401
        assert program.refresh().status_code == 401
        unknown = refusal(Program().login("nobody@example.com"))
        assert refusal(Program().login(person)) == unknown
        assert events_of(person, "user.login.failed")[-1].payload == {"reason": "inactive"}
        assert AuthSession.objects.count() == 1

    def test_of_others_goes_on(self, user, other_organization):
        program = signed_in(user)
        type(other_organization)._base_manager.filter(pk=other_organization.pk).update(is_active=False)
        assert program.get("me").status_code == 200


def test_login_is_limited_by_address_and_account(user):
    codes = [Program().login(user, "wrong").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert Program().login(UserFactory(), "wrong").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_last_seen_is_noted_by_a_read_which_opens_no_transaction(user):
    program = signed_in(user)
    AuthSession.objects.update(last_seen_at=timezone.now() - datetime.timedelta(hours=1))
    snapshots.store.distrust()
    before = timezone.now()
    assert program.get("me").status_code == 200
    assert AuthSession.objects.get().last_seen_at >= before
