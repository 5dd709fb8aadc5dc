from accounts.tests.factories import ApiKeyFactory, UserFactory
from erp.testing.contract import MasterDataContract


class TestUser(MasterDataContract):
    factory = UserFactory
    change = {"full_name": "Asha Mehta"}


class TestApiKey(MasterDataContract):
    factory = ApiKeyFactory
    change = {"name": "Weighbridge Gondal"}
