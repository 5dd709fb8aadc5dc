"""What happens to sign-ins and rights stands in the one log: by whom, from where, and for whose eyes."""

import datetime
import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp

from accounts.models import ApiKey, AuthSession
from accounts.roles import sync_roles
from accounts.tests.signin import AUTH
from accounts.tests.test_admin import edited
from erp.api.events import in_feed
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import PASSWORD
from erp.testing.roles import as_owner

pytestmark = pytest.mark.django_db

IP = "203.0.113.7"
NEW = "monsoon-harvest-77"
SYSTEM = "nobody"


def desk(user, password=PASSWORD):
    browser = Client(REMOTE_ADDR=IP)
    browser.post(reverse("admin:login"), {"username": user.email, "password": password})
    return browser


def api(path, body, token=""):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(REMOTE_ADDR=IP).post(f"{AUTH}/{path}", body, content_type="application/json", headers=headers)


def tokens(user):
    return api("login", {"username": user.email, "password": PASSWORD}).json()


def second_factor(user):
    browser = desk(user)
    browser.get(reverse("second-factor"))
    key = browser.session["second_factor_key"]
    browser.post(reverse("second-factor"), {"code": f"{totp(bytes.fromhex(key)):06d}"})
    return browser


def change_roles(admin, user, *roles):
    page = reverse("admin:accounts_user_change", args=[user.pk])
    answer = desk(admin).post(page, edited(user, *roles))
    assert answer.status_code == 302, answer.context["errors"]


def issue_key(admin, user):
    later = timezone.localtime(timezone.now() + datetime.timedelta(days=9))
    sent = {
        "name": "Weighbridge", "user": user.pk, "scopes": "", "allowed_ips": "", "reason": "",
        "expires_at_0": later.strftime("%Y-%m-%d"), "expires_at_1": "12:00:00",
    }  # fmt: skip
    answer = desk(admin).post(reverse("admin:accounts_apikey_add"), sent)
    assert answer.status_code == 200
    assert re.search(r"erp_live_\w+", answer.content.decode()), answer.context["errors"]


def act_on_list(admin, name, action, row):
    sent = {"action": action, "_selected_action": [row.pk]}
    assert desk(admin).post(reverse(f"admin:accounts_{name}_changelist"), sent).status_code == 302


def revoke_key(admin, user):
    issue_key(admin, user)
    act_on_list(admin, "apikey", "revoke", ApiKey.objects.get())


def end_session(admin, user):
    tokens(user)
    act_on_list(admin, "authsession", "end", AuthSession.objects.get(user=user))


def reset_password(admin, user):
    page = reverse("admin:auth_user_password_change", args=[user.pk])
    assert desk(admin).post(page, {"password1": NEW, "password2": NEW}).status_code == 302


def replay(user):
    first = tokens(user)["refresh_token"]
    for _ in range(2):
        api("refresh", {"refresh_token": first})


def own_password(user):
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert api("password", body, tokens(user)["access_token"]).status_code == 200


def wrong_code(user):
    second_factor(user).post(reverse("second-factor"), {"code": "000000"})


# What happens (`admin` acts on `user`, or `user` acts) → event, who acted, source.
CASES = {
    "sign-in at the desk": (lambda admin, user: desk(user), "user.login.succeeded", "user", "admin"),
    "sign-in through the API": (lambda admin, user: tokens(user), "user.login.succeeded", "user", "api"),
    "its row": (lambda admin, user: tokens(user), "user.session.created", "user", "api"),
    "failure at the desk": (lambda admin, user: desk(user, "wrong"), "user.login.failed", SYSTEM, "admin"),
    "failure through the API": (
        lambda admin, user: api("login", {"username": user.email, "password": "wrong"}),
        "user.login.failed", SYSTEM, "api",
    ),
    "wrong code": (lambda admin, user: wrong_code(user), "user.login.failed", "user", "admin"),
    "sign-out at the desk": (
        lambda admin, user: desk(user).post(reverse("admin:logout")), "user.logged_out", "user", "admin"
    ),
    "sign-out through the API": (
        lambda admin, user: api("logout", {}, tokens(user)["access_token"]), "user.logged_out", "user", "api"
    ),
    "own password": (lambda admin, user: own_password(user), "user.password_changed", "user", "api"),
    "password by an administrator": (reset_password, "user.password_changed", "admin", "admin"),
    "sign-ins that end with it": (reset_password, "user.session.updated", "admin", "admin"),
    "sign-out everywhere": (
        lambda admin, user: api("logout-all", {}, tokens(user)["access_token"]), "user.session.revoked", "user", "api"
    ),
    "old refresh token": (lambda admin, user: replay(user), "user.session.revoked", SYSTEM, "api"),
    "sign-in ended": (end_session, "user.session.revoked", "admin", "admin"),
    "role given": (lambda admin, user: change_roles(admin, user, "viewer", "kyc_verifier"), "user.role.created", "admin", "admin"),
    "role taken": (change_roles, "user.role.deleted", "admin", "admin"),
    "key issued": (issue_key, "api_key.created", "admin", "admin"),
    "key revoked": (revoke_key, "api_key.updated", "admin", "admin"),
    "second factor turned on": (
        lambda admin, user: second_factor(user), "user.second_factor.created", "user", "admin"
    ),
    "second factor forgotten": (
        lambda admin, user: (second_factor(user), act_on_list(admin, "user", "forget_second_factor", user)),
        "user.second_factor.deleted", "admin", "admin",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_written_with_who_where_and_whose(case, internal_user, organization):
    act, kind, actor, source = CASES[case]
    admin, user = internal_user("org_admin"), internal_user("viewer")
    if case == "sign-ins that end with it":
        tokens(user)
    before = latest_event_id()
    act(admin, user)
    event = Event.objects.filter(id__gt=before, event_type=kind).latest("id")
    assert (event.category, event.source, event.ip) == ("security", source, IP)
    assert event.organization_id == organization.pk
    assert event.actor_id == {"user": user.pk, "admin": admin.pk, SYSTEM: None}[actor]
    assert event.aggregate_id in {str(user.pk), *map(str, ApiKey.objects.values_list("pk", flat=True))}
    officer = internal_user("compliance_officer")
    assert Event.objects.filter(in_feed(officer), pk=event.pk).exists()


def test_those_of_a_partners_users_are_for_the_organization_and_the_partner(
    external_user, internal_user, stranger, organization
):
    before = latest_event_id()
    api("login", {"username": external_user.email, "password": "wrong"})
    tokens(external_user)
    external_user.groups.clear()
    external_user.user_permissions.add(Permission.objects.get(codename="view_location"))
    external_user.full_name = "Another Name"
    external_user.save()
    events = Event.objects.filter(id__gt=before)
    assert set(events.values_list("event_type", flat=True)) == {
        "user.login.failed", "user.login.succeeded", "user.session.created", "user.role.deleted",
        "user.permission.created", "user.updated",
    }  # fmt: skip
    owners = set(events.values_list("organization_id", "partner_id"))
    assert owners == {(organization.pk, external_user.partner_id)}
    assert events.filter(in_feed(internal_user("compliance_officer"))).count() == events.count()
    assert not events.filter(in_feed(stranger)).exists()


def test_what_a_role_may_is_everybodys_and_no_organizations():
    before = latest_event_id()
    viewer = Group.objects.get(name="viewer")
    with as_owner():
        viewer.permissions.add(Permission.objects.get(codename="delete_user"))
        sync_roles()
    events = Event.objects.filter(id__gt=before).order_by("id")
    assert [(event.event_type, event.category, event.source) for event in events] == [
        ("role.permission.created", "security", "database"),
        ("role.permission.deleted", "security", "command"),
    ]
    assert {event.organization_id for event in events} == {None}
    assert {event.aggregate_id for event in events} == {str(viewer.pk)}


def test_unknown_names_are_kept_with_address_and_without_the_name():
    before = latest_event_id()
    api("login", {"username": "nobody@example.com", "password": "wrong"})
    event = Event.objects.get(id__gt=before)
    assert (event.event_type, event.category, event.source, event.ip) == ("login.failed", "security", "api", IP)
