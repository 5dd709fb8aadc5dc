"""Users: the three roles and their owners, refused in the form and in the database."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import ApiKey, AuthSession, User
from accounts.tests.factories import ApiKeyFactory, AuthSessionFactory, UserFactory
from erp.events.models import Event
from organizations.tests.factories import OrganizationFactory
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners():
    organization = OrganizationFactory()
    return {"organization": organization, "partner": BusinessPartnerFactory(organization=organization)}


@pytest.mark.parametrize(
    ("user_type", "right"), [("SUPER_ADMIN", set()), ("INTERNAL", {"organization"}), ("EXTERNAL", {"partner"})]
)
def test_owner_follows_from_the_type(owners, user_type, right):
    for given in (set(), {"organization"}, {"partner"}, {"organization", "partner"}):
        values = {"user_type": user_type, "full_name": "Asha Patel", "email": f"{len(given)}@example.com"}
        values |= {name: owners[name] for name in given}
        if given == right:
            User.objects.create_user(password="cotton-1234", **values)
            continue
        with pytest.raises(ValidationError, match="A super admin has no organization and no partner"):
            User.objects.create_user(password="cotton-1234", **values)
        with pytest.raises(IntegrityError, match="user_role_fits_owner"), transaction.atomic():
            User(is_superuser=user_type == "SUPER_ADMIN", **values).save()
    assert User.objects.count() == 1


def test_unknown_type_is_refused_by_the_database():
    user = UserFactory()
    with pytest.raises(IntegrityError, match=r"user_(role_fits_owner|user_type_known)"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(user_type="OWNER")


def test_nobody_but_a_super_admin_is_superuser():
    user = UserFactory()
    with pytest.raises(IntegrityError, match="user_superuser_is_super_admin"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_superuser=True)


def test_login_is_unique_in_any_case_and_one_of_two():
    UserFactory(email="asha@example.com")
    with pytest.raises(ValidationError, match="This email address can't be used here"):
        UserFactory(email="ASHA@Example.com")
    with pytest.raises(ValidationError, match="one of them is the login"):
        UserFactory(email=None)
    user = UserFactory(email="", mobile="+91 98123-45678")
    assert (user.email, user.mobile) == (None, "+919812345678")
    assert User.objects.get_by_natural_key("+919812345678") == user


@pytest.mark.parametrize("mobile", ["9812345678", "+0812345678", "+9198"])
def test_mobile_without_country_code_is_refused(mobile):
    with pytest.raises(ValidationError, match="Telephone number"):
        UserFactory(mobile=mobile)
    user = UserFactory()
    with pytest.raises(IntegrityError, match="user_mobile_e164"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(mobile=mobile)


def test_sessions_keep_their_owner_and_tell_only_of_begin_and_end(owners):
    session = AuthSessionFactory(user=UserFactory(external=True, partner=owners["partner"]))
    assert (session.organization, session.partner) == (owners["organization"], owners["partner"])
    session.last_seen_at = session.expires_at
    session.save()
    session.revoked_at, session.revoke_reason = session.expires_at, "logout"
    session.save()
    events = Event.objects.filter(object_id=str(session.pk)).order_by("id")
    assert [event.event_type for event in events] == ["user.session.created", "user.session.updated"]
    assert {event.organization_id for event in events} == {owners["organization"].pk}
    assert not session.is_open


def test_an_ended_session_has_a_reason():
    session = AuthSessionFactory()
    with pytest.raises(IntegrityError, match="authsession_end_has_reason"), transaction.atomic():
        AuthSession.objects.filter(pk=session.pk).update(revoke_reason="logout")


def test_api_key_belongs_to_the_organization_of_its_user(owners):
    key = ApiKeyFactory(user=UserFactory(organization=owners["organization"]))
    assert key.organization == owners["organization"]
    with pytest.raises(ValidationError, match="belongs to no organization"):
        ApiKeyFactory(user=UserFactory(super_admin=True))
    with pytest.raises(ValidationError, match="has an API key with this name already"):
        ApiKeyFactory(user=key.user, name=key.name.upper())
    assert ApiKey.objects.get() == key


def test_hash_of_a_key_stays_out_of_the_record():
    key = ApiKeyFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::text FROM event WHERE object_id = %s", [str(key.pk)])
        (payload,) = cursor.fetchone()
    assert key.prefix in payload
    assert key.sha256 not in payload
