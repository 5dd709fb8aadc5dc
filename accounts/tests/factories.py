"""Users, sign-ins and keys, valid by default."""

import datetime
import hashlib

import factory
from django.utils import timezone

from erp.testing.factories import ModelFactory


class UserFactory(ModelFactory):
    """An internal user without a role; `partner=…` makes an external one, `super_admin=True` a super admin."""

    class Meta:
        model = "accounts.User"

    class Params:
        super_admin = factory.Trait(user_type="SUPER_ADMIN", organization=None, is_superuser=True)
        external = factory.Trait(
            user_type="EXTERNAL",
            organization=None,
            partner=factory.SubFactory("partners.tests.factories.BusinessPartnerFactory"),
        )

    email = factory.Sequence(lambda n: f"asha{n}@example.com")
    full_name = factory.Sequence(lambda n: f"Asha Patel {n}")
    user_type = "INTERNAL"
    organization = factory.SubFactory("organizations.tests.factories.OrganizationFactory")
    password = "!"  # nobody signs in with it


class AuthSessionFactory(ModelFactory):
    """A sign-in at the desk, open for a day."""

    class Meta:
        model = "accounts.AuthSession"

    user = factory.SubFactory(UserFactory)
    kind = "web"
    device_label = "Chrome on Windows"
    expires_at = factory.LazyFunction(lambda: timezone.now() + datetime.timedelta(days=1))


class ApiKeyFactory(ModelFactory):
    """A key of an internal user, good for a year."""

    class Meta:
        model = "accounts.ApiKey"

    name = factory.Sequence(lambda n: f"Weighbridge {n}")
    user = factory.SubFactory(UserFactory)
    prefix = factory.Sequence(lambda n: f"erp_live_{n:06d}")
    sha256 = factory.LazyAttribute(lambda o: hashlib.sha256(o.prefix.encode()).hexdigest())
    expires_at = factory.LazyFunction(lambda: timezone.now() + datetime.timedelta(days=365))
