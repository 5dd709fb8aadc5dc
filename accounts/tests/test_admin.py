"""Users at the desk: nobody gives what they lack, nobody reaches above themselves."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import AuthSession, User
from accounts.roles import ROLES
from accounts.tests.factories import ApiKeyFactory, AuthSessionFactory, UserFactory
from erp.testing.roles import as_owner
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db

ADD = reverse("admin:accounts_user_add")
PASSWORD = "monsoon-harvest-77"


def page(user, name="change"):
    return reverse(f"admin:accounts_user_{name}", args=[user.pk])


def role(name):
    return Group.objects.get(name=name)


def new_user(*roles, **values):
    """What the form of a new user sends."""
    return {
        "full_name": "Meera Shah",
        "email": "meera@example.com",
        "mobile": "",
        "locale": "en-IN",
        "timezone": "Asia/Kolkata",
        "user_type": "INTERNAL",
        "organization": "",
        "partner": "",
        "groups": [role(name).pk for name in roles],
        "password1": PASSWORD,
        "password2": PASSWORD,
        "reason": "",
        **values,
    }


def edited(user, *roles, **values):
    """What the form of a stored user sends."""
    sent = new_user(*roles, full_name=user.full_name, email=user.email, user_type=user.user_type, is_active="on")
    return {
        **{name: value for name, value in sent.items() if not name.startswith("password")},
        "partner": user.partner_id or "",
        "expected_version": user.version,
        "reason": "Ticket 1042",
        **values,
    }


@pytest.fixture
def org_admin(internal_user):
    return internal_user("org_admin")


@pytest.fixture
def clerk(internal_user):
    """May add and change users, and else only what a viewer may."""
    clerk = internal_user("viewer")
    names = ("view_user", "add_user", "change_user")
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    return User.objects.get(pk=clerk.pk)


def test_org_admin_adds_a_user_of_its_own_organization(org_admin, client_for, organization):
    response = client_for(org_admin).post(ADD, new_user("viewer", "kyc_verifier"))
    assert response.status_code == 302, response.context["errors"]
    user = User.objects.get(email="meera@example.com")
    assert (user.organization, user.partner, user.is_superuser) == (organization, None, False)
    assert set(user.groups.values_list("name", flat=True)) == {"viewer", "kyc_verifier"}
    assert user.check_password(PASSWORD)


def test_org_admin_adds_a_user_of_a_partner(org_admin, client_for, organization):
    partner = BusinessPartnerFactory(organization=organization)
    sent = new_user("partner_staff", user_type="EXTERNAL", partner=partner.pk)
    response = client_for(org_admin).post(ADD, sent)
    assert response.status_code == 302, response.context["errors"]
    user = User.objects.get(email="meera@example.com")
    assert (user.organization, user.partner) == (None, partner)


@pytest.mark.parametrize(
    ("roles", "values"),
    [
        ([], {"user_type": "SUPER_ADMIN"}),
        (["partner_staff"], {}),
        (["viewer"], {"user_type": "EXTERNAL"}),
        (["viewer"], {"password2": "another-one-77"}),
        (["viewer"], {"password1": "12345", "password2": "12345"}),
        (["viewer"], {"email": ""}),
    ],
)
def test_a_user_that_does_not_fit_is_refused(org_admin, client_for, organization, roles, values):
    if values.get("user_type") == "EXTERNAL":
        values = {**values, "partner": BusinessPartnerFactory(organization=organization).pk}
    response = client_for(org_admin).post(ADD, new_user(*roles, **values))
    assert response.status_code == 200
    assert response.context["errors"]
    assert not User.objects.filter(full_name="Meera Shah").exists()


def test_partner_of_another_organization_is_no_choice(org_admin, client_for, other_organization):
    foreign = BusinessPartnerFactory(organization=other_organization)
    response = client_for(org_admin).post(ADD, new_user(user_type="EXTERNAL", partner=foreign.pk))
    assert response.status_code == 200
    assert not User.objects.filter(partner=foreign).exists()


def test_nobody_grants_a_role_whose_permissions_they_lack(clerk, client_for):
    client = client_for(clerk)
    response = client.post(ADD, new_user("org_admin"))
    assert response.status_code == 200
    assert not User.objects.filter(full_name="Meera Shah").exists()
    offered = response.context["adminform"].form.fields["groups"].queryset
    assert [group.name for group in offered] == ["viewer"]
    assert client.post(ADD, new_user("viewer")).status_code == 302


def test_nobody_changes_or_resets_who_may_do_more(clerk, org_admin, client_for):
    client, hashed = client_for(clerk), org_admin.password
    assert client.post(page(org_admin), edited(org_admin, full_name="Taken Over")).status_code == 403
    sent = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(f"/admin/accounts/user/{org_admin.pk}/password/", sent).status_code == 403
    assert User.objects.get(pk=org_admin.pk).password == hashed
    assert client.get(page(org_admin)).status_code == 200


def test_who_holds_more_is_out_of_reach_even_when_inactive(org_admin, internal_user, client_for):
    with as_owner():
        treasury = Group.objects.create(name="treasury")
        treasury.permissions.add(Permission.objects.get(codename="delete_user"))
    user = internal_user("viewer", is_active=False)
    user.groups.add(treasury)
    user.refresh_from_db()
    client = client_for(org_admin)
    assert client.post(page(user), edited(user, "viewer")).status_code == 403
    user.groups.remove(treasury)
    user.refresh_from_db()
    assert client.post(page(user), edited(user, "commodity_manager")).status_code == 302
    assert set(user.groups.values_list("name", flat=True)) == {"commodity_manager"}


def test_password_is_set_on_its_own_page_and_recorded(org_admin, internal_user, client_for):
    user, client = internal_user("viewer"), client_for(org_admin)
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert f'href="{url}"' in client.get(page(user)).content.decode()
    response = client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    assert response.status_code == 302, response.context["errors"]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.history.first().history_change_reason == "Password set by an administrator"


def test_no_page_shows_a_hash_and_no_filter_guesses_one(super_admin, internal_user, client_for):
    user, client = internal_user("viewer"), client_for(super_admin)
    listed = reverse("admin:accounts_user_changelist")
    for url in (listed, page(user), page(user, "history"), page(user, "delete")):
        body = client.get(url).content.decode()
        assert user.password not in body
        assert "md5$" not in body
    response = client.get(listed, {"password__startswith": "md5"})
    assert response.status_code in {302, 400}


def test_roles_are_read_and_not_written(super_admin, client_for):
    client, viewer = client_for(super_admin), role("viewer")
    body = client.get(reverse("admin:auth_group_change", args=[viewer.pk])).content.decode()
    assert "Business partner: view" in body
    assert client.post(reverse("admin:auth_group_change", args=[viewer.pk]), {"name": "owner"}).status_code == 403
    assert client.get(reverse("admin:auth_group_add")).status_code == 403
    assert client.post(reverse("admin:auth_group_delete", args=[viewer.pk]), {"post": "yes"}).status_code == 403
    assert Group.objects.count() == len(ROLES)


def test_role_list_counts_users_in_scope_only(org_admin, internal_user, other_organization, client_for):
    internal_user("viewer")
    UserFactory(organization=other_organization).groups.add(role("viewer"))
    response = client_for(org_admin).get(reverse("admin:auth_group_changelist"))
    counts = {group.name: group.user_count for group in response.context["cl"].result_list}
    assert (counts["viewer"], counts["org_admin"]) == (1, 1)


def test_sign_ins_and_keys_are_listed_in_scope_without_secrets(org_admin, organization, client_for):
    own, foreign = AuthSessionFactory(user__organization=organization), AuthSessionFactory()
    key, other = ApiKeyFactory(user=own.user), ApiKeyFactory(user=foreign.user)
    client = client_for(org_admin)
    sessions = client.get(reverse("admin:accounts_authsession_changelist"))
    mine = AuthSession.objects.get(user=org_admin)
    assert {session.pk for session in sessions.context["cl"].result_list} == {own.pk, mine.pk}
    keys = client.get(reverse("admin:accounts_apikey_changelist"))
    assert [row.pk for row in keys.context["cl"].result_list] == [key.pk]
    assert key.sha256 not in client.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    assert client.get(reverse("admin:accounts_apikey_change", args=[other.pk])).status_code == 302
    assert client.get(reverse("admin:accounts_authsession_change", args=[foreign.pk])).status_code == 302
    assert client.post(reverse("admin:accounts_authsession_delete", args=[own.pk]), {"post": "yes"}).status_code == 403


def test_compliance_officer_sees_users_and_changes_none(internal_user, client_for):
    officer, user = internal_user("compliance_officer"), internal_user("viewer")
    client = client_for(officer)
    assert client.get(page(user)).status_code == 200
    assert client.post(page(user), edited(user, full_name="Somebody Else")).status_code == 403
    assert client.get(ADD).status_code == 403
