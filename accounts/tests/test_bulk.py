"""Many users in one request: the rules are those of one at a time, and no password comes with them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.test_api import URL, acting, body, permissions
from erp.events.models import Event
from erp.testing.contract import latest_event_id
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db


def send(client, *rows, key="k", **values):
    return client.post(f"{URL}/bulk", {"rows": rows, **values}, headers={"Idempotency-Key": key})


def staff(number, **values):
    return body(email=f"clerk{number}@example.com", full_name=f"Clerk {number}", **values)


def recorded(before, user):
    """Types of the events about a user and its roles since then."""
    events = Event.objects.filter(id__gt=before, aggregate_id=str(user.pk)).order_by("id")
    return list(events.values_list("event_type", flat=True))


def test_users_in_bulk_leave_what_users_one_by_one_leave(internal_user, organization):
    client = acting(internal_user("org_admin"))
    before = latest_event_id()
    assert client.post(URL, staff(1, roles=["viewer"])).status_code == 201
    alone = User.objects.get(full_name="Clerk 1")
    answer = send(client, staff(2, roles=["viewer"]), staff(3))
    assert answer.status_code == 200, answer.content
    first, second = User.objects.filter(full_name__in=("Clerk 2", "Clerk 3")).order_by("full_name")
    assert answer.json() == {"added": 2, "changed": 0, "unchanged": 0, "ids": [str(first.pk), str(second.pk)]}
    for user, roles, version in ((first, ["viewer"], 2), (second, [], 1)):
        assert list(user.groups.values_list("name", flat=True)) == roles
        assert (user.version, user.history.count()) == (version, version)
        assert (user.organization_id, user.partner_id, user.is_superuser) == (organization.pk, None, False)
        assert user.has_usable_password() is False
    assert recorded(before, first) == recorded(before, alone) != []
    assert alone.version == first.version


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"user_type": "SUPER_ADMIN"}, "/rows/1/user_type"),
        ({"roles": ["nonsense"]}, "/rows/1/roles"),
        ({"roles": ["partner_admin"]}, "/rows/1/roles"),
        ({"password": "secret-2026"}, "/rows/1/password"),
        ({"is_superuser": True}, "/rows/1/is_superuser"),
        ({"email": None}, "/rows/1"),
        ({"email": "Taken@example.com"}, "/rows/1/email"),
        ({"mobile": "+91 98123 45678"}, "/rows/1/mobile"),
        ({"timezone": "Mars/Olympus"}, "/rows/1/timezone"),
    ],
)
def test_one_wrong_user_refuses_all_and_is_named(internal_user, values, pointer):
    admin = internal_user("org_admin", email="taken@example.com", mobile="+919812345678")
    before, count = latest_event_id(), User.objects.count()
    answer = send(acting(admin), staff(0), {**staff(1), **values}, staff(2))
    assert answer.status_code == 400, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (latest_event_id(), User.objects.count()) == (before, count)


def test_nobody_grants_in_bulk_what_they_lack(internal_user):
    assert send(acting(internal_user("viewer")), staff(0)).status_code == 403
    helper = internal_user("viewer")
    helper.user_permissions.add(*permissions("accounts", "view_user", "add_user"))
    answer = send(acting(helper), staff(0, roles=["viewer"]), staff(1, roles=["viewer", "org_admin"]))
    assert answer.json()["errors"] == [
        {"pointer": "/rows/1/roles", "code": "invalid", "detail": "org_admin: there is no such role that you may give."}
    ]
    assert not User.objects.filter(full_name__startswith="Clerk").exists()
    assert send(acting(helper), staff(0, roles=["viewer"])).status_code == 200


def test_partner_admin_makes_staff_of_its_own_partner_only(external_user, organization):
    other, client = BusinessPartnerFactory(organization=organization), acting(external_user)
    for values, pointer in (
        ({}, "/rows/0/user_type"),
        ({"user_type": "EXTERNAL", "partner": str(other.pk)}, "/rows/0/partner"),
        ({"user_type": "EXTERNAL", "is_verified": True}, "/rows/0/is_verified"),
        ({"user_type": "EXTERNAL", "roles": ["viewer"]}, "/rows/0/roles"),
    ):
        answer = send(client, staff(0, **values))
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], answer.content
    assert not User.objects.filter(full_name="Clerk 0").exists()
    assert send(client, staff(0, user_type="EXTERNAL", roles=["partner_staff"])).status_code == 200
    made = User.objects.get(full_name="Clerk 0")
    assert (made.partner_id, made.organization_id) == (external_user.partner_id, None)


def test_users_of_another_organization_are_not_made(internal_user, super_admin, other_organization):
    foreign = BusinessPartnerFactory(organization=other_organization)
    row = staff(0, user_type="EXTERNAL", partner=str(foreign.pk))
    answer = send(acting(internal_user("org_admin")), row)
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/rows/0/partner", "does_not_exist")
    ]
    row = staff(0, organization=str(other_organization.pk))
    assert send(acting(internal_user("org_admin")), row).json()["errors"][0]["code"] == "read_only"
    assert send(acting(internal_user("org_admin")), staff(0, user_type="EXTERNAL")).status_code == 403
    assert not User.objects.filter(full_name="Clerk 0").exists()
    assert send(acting(super_admin), row).status_code == 200
    assert User.objects.get(full_name="Clerk 0").organization_id == other_organization.pk


def test_bulk_changes_no_user(internal_user):
    user = internal_user("viewer")
    answer = send(acting(internal_user("org_admin")), body(email=user.email, full_name="Mine"), mode="upsert")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/mode"]
    user.refresh_from_db()
    assert user.full_name != "Mine"


def test_statements_do_not_grow_with_users_and_roles(internal_user):
    client, counts = acting(internal_user("org_admin")), []
    for turn, count in enumerate((1, 12)):
        rows = [
            staff(100 * turn + number, roles=["viewer", "kyc_verifier"][: 1 + number % 2]) for number in range(count)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert send(client, *rows, key=f"k{count}").status_code == 200
        counts.append(len(queries))
    assert counts[1] <= counts[0], counts
