"""A sign-in name that somebody of another organization has: refused in words that tell nothing, and told to the owner."""

import pytest
from django.core import mail
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from accounts import jobs
from accounts.models import User
from accounts.tests.factories import UserFactory
from accounts.tests.test_admin import edited, new_user, page

pytestmark = pytest.mark.django_db

URL = "/api/v1/settings/users"
TAKEN = {
    "email": "This email address can't be used here. Ask the person for another one, or ask support.",
    "mobile": "This mobile number can't be used here. Ask the person for another one, or ask support.",
}


@pytest.fixture
def acting(internal_user):
    admin = internal_user("org_admin")
    client = APIClient()
    client.force_authenticate(admin)
    return client


@pytest.fixture
def theirs(other_organization):
    return UserFactory(organization=other_organization, email="taken@example.com", mobile="+919800000001")


def told():
    """Do the waiting jobs; who got a message."""
    for job in ProcrastinateJob.objects.filter(task_name="accounts.jobs.tell_of_reuse"):
        jobs.tell_of_reuse(**job.args)
    return [message.to for message in mail.outbox]


def body(**values):
    return {"full_name": "Meera Shah", "email": "meera@example.com", "user_type": "INTERNAL", **values}


@pytest.mark.parametrize(
    ("field", "value"), [("email", "TAKEN@example.com"), ("mobile", "+91 98000 00001"), ("mobile", "+919800000001")]
)
def test_api_refuses_a_name_of_another_organization_like_one_of_the_own(acting, organization, theirs, field, value):
    own = UserFactory(organization=organization, email="own@example.com", mobile="+919800000002")
    before = User.objects.count()
    there = acting.post(URL, body(**{field: value}))
    here = acting.post(URL, body(**{field: getattr(own, field)}))
    assert there.status_code == here.status_code == 400
    assert there.json()["errors"] == here.json()["errors"]
    assert there.json()["errors"] == [{"pointer": f"/{field}", "code": "unique", "detail": TAKEN[field]}]
    assert User.objects.count() == before
    assert told() == [["taken@example.com"]]


def test_owner_is_told_once_a_day_and_of_refusals_only(acting, theirs, internal_user):
    user = internal_user("viewer")
    match = {"If-Match": f'"{user.pk}:{user.version}"'}
    assert acting.patch(f"{URL}/{user.pk}", {"email": theirs.email}, headers=match).status_code == 400
    rows = {"rows": [body(email=theirs.email), body()]}
    answer = acting.post(f"{URL}/bulk", rows, headers={"Idempotency-Key": "new-colleagues-1"})
    assert answer.json()["errors"][0]["detail"] == TAKEN["email"]
    assert told() == [["taken@example.com"]]
    assert acting.post(URL, body()).status_code == 201
    assert len(mail.outbox) == 1


def test_nobody_is_told_of_what_the_acting_user_sees_anyway(acting, organization):
    UserFactory(organization=organization, email="own@example.com")
    assert acting.post(URL, body(email="own@example.com")).status_code == 400
    assert told() == []


@pytest.mark.parametrize("field", ["email", "mobile"])
def test_desk_refuses_it_in_the_same_words(internal_user, client_for, organization, theirs, field):
    own = UserFactory(organization=organization, email="own@example.com", mobile="+919800000002")
    client, before = client_for(internal_user("org_admin")), User.objects.count()
    pages = []
    for taken in (theirs, own):
        answer = client.post(reverse("admin:accounts_user_add"), new_user("viewer", **{field: getattr(taken, field)}))
        assert answer.status_code == 200
        pages.append([str(error) for errors in answer.context["errors"] for error in errors])
    assert pages[0] == pages[1] == [TAKEN[field]]
    assert User.objects.count() == before
    assert told() == [["taken@example.com"]]


def test_desk_refuses_it_for_a_stored_user_too(internal_user, client_for, theirs):
    user, client = internal_user("viewer"), client_for(internal_user("org_admin"))
    answer = client.post(page(user), edited(user, "viewer", email=theirs.email))
    assert answer.status_code == 200
    user.refresh_from_db()
    assert user.email != theirs.email
    assert told() == [["taken@example.com"]]
