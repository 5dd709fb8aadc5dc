"""Users through the API: nobody makes, grants or takes over more than they have."""

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import ApiKeyFactory
from erp.testing.fixtures import make_user
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings/users"


def acting(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def body(**values):
    return {"email": "new@example.com", "full_name": "Asha Patel", "user_type": "INTERNAL", **values}


def match(user):
    return {"If-Match": f'"{user.pk}:{user.version}"'}


def test_admin_makes_a_user_of_its_own_organization_with_roles(internal_user, organization):
    answer = acting(internal_user("org_admin")).post(URL, body(roles=["viewer"]))
    assert answer.status_code == 201, answer.content
    made = User.objects.get(email="new@example.com")
    assert (made.organization_id, made.partner_id, made.has_usable_password()) == (organization.pk, None, False)
    assert (answer.json()["roles"], list(made.groups.values_list("name", flat=True))) == (["viewer"], ["viewer"])
    assert answer["ETag"] == f'"{made.pk}:{made.version}"'
    assert "password" not in answer.json()


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"user_type": "SUPER_ADMIN"}, "/user_type"),
        ({"roles": ["nonsense"]}, "/roles"),
        ({"roles": ["partner_admin"]}, "/roles"),
        ({"roles": "viewer"}, "/roles"),
        ({"password": "secret-2026"}, "/password"),
        ({"is_superuser": True}, "/is_superuser"),
        ({"email": None}, ""),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
    ],
)
def test_wrong_user_is_400(internal_user, values, pointer):
    admin = internal_user("org_admin")
    answer = acting(admin).post(URL, body(**values))
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not User.objects.filter(full_name="Asha Patel").exists()


def test_nobody_grants_what_they_lack(internal_user):
    clerk = internal_user("viewer")
    assert acting(clerk).post(URL, body()).status_code == 403
    helper = internal_user("viewer")
    helper.user_permissions.add(*permissions("accounts", "view_user", "add_user"))
    answer = acting(helper).post(URL, body(roles=["org_admin"]))
    assert answer.json()["errors"] == [
        {"pointer": "/roles", "code": "invalid", "detail": "org_admin: there is no such role that you may give."}
    ]
    assert not User.objects.filter(email="new@example.com").exists()
    assert acting(helper).post(URL, body(roles=["viewer"])).status_code == 201


def test_partner_admin_makes_staff_of_its_own_partner_only(external_user, organization):
    other = BusinessPartnerFactory(organization=organization)
    client = acting(external_user)
    assert client.post(URL, body(user_type="INTERNAL")).json()["errors"][0]["pointer"] == "/user_type"
    refused = client.post(URL, body(user_type="EXTERNAL", partner=str(other.pk)))
    assert refused.json()["errors"][0]["code"] == "read_only"
    answer = client.post(URL, body(user_type="EXTERNAL", roles=["partner_staff"]))
    assert answer.status_code == 201, answer.content
    made = User.objects.get(email="new@example.com")
    assert (made.partner_id, made.organization_id, made.is_verified) == (external_user.partner_id, None, False)
    assert client.post(URL, body(email="x@example.com", user_type="EXTERNAL", roles=["viewer"])).status_code == 400


def test_roles_change_raises_the_version(internal_user):
    user, client = internal_user("viewer"), acting(internal_user("org_admin"))
    answer = client.patch(f"{URL}/{user.pk}", {"roles": []}, headers=match(user))
    assert answer.status_code == 200, answer.content
    assert (answer.json()["roles"], answer.json()["version"]) == ([], user.version + 1)
    assert not user.groups.exists()
    assert client.patch(f"{URL}/{user.pk}", {"full_name": "A"}, headers=match(user)).status_code == 412


def test_who_may_do_more_can_not_be_taken_over(internal_user):
    boss = internal_user("org_admin")
    clerk = make_user("INTERNAL", organization=boss.organization, role="viewer")
    clerk.user_permissions.add(*permissions("accounts", "view_user", "change_user"))
    answer = acting(clerk).patch(f"{URL}/{boss.pk}", {"email": "mine@example.com"}, headers=match(boss))
    assert answer.status_code == 403
    boss.refresh_from_db()
    assert boss.email != "mine@example.com"


def permissions(app, *codes):
    return Permission.objects.filter(content_type__app_label=app, codename__in=codes)


def test_organization_of_a_user_never_changes(super_admin, internal_user, other_organization):
    user = internal_user()
    answer = acting(super_admin).patch(
        f"{URL}/{user.pk}", {"organization": str(other_organization.pk)}, headers=match(user)
    )
    assert answer.json()["errors"][0]["code"] == "read_only"


def test_list_shows_roles_in_three_statements(internal_user, django_assert_max_num_queries):
    admin = internal_user("org_admin")
    internal_user("viewer")
    with django_assert_max_num_queries(3):
        results = acting(admin).get(URL).json()["results"]
    assert sorted(row["roles"] for row in results) == [["org_admin"], ["viewer"]]


def test_past_of_a_user_is_shown_without_roles(internal_user):
    admin = internal_user("org_admin")
    admin.refresh_from_db()
    when = admin.updated_at.isoformat().replace("+", "%2B")
    answer = acting(admin).get(f"{URL}/{admin.pk}?as_of={when}")
    assert answer.status_code == 200
    assert "roles" not in answer.json()


def test_api_keys_are_shown_without_their_hash_and_not_written(internal_user, organization):
    admin = internal_user("org_admin")
    key = ApiKeyFactory(user=admin)
    client, url = acting(admin), "/api/v1/settings/api-keys"
    answer = client.get(f"{url}/{key.pk}")
    assert answer.json()["prefix"] == key.prefix
    assert key.sha256 not in answer.content.decode()
    assert client.post(url, {"name": "x"}).status_code == 405
