from erp.testing.contract import MasterDataContract
from partners.tests import factories


class TestBusinessPartner(MasterDataContract):
    factory = factories.BusinessPartnerFactory
    change = {"trade_name": "Ganesh Cotton", "risk_score": 85}


class TestPartnerRole(MasterDataContract):
    factory = factories.PartnerRoleFactory
    change = {"status": "suspended"}


class TestPartnerContact(MasterDataContract):
    factory = factories.PartnerContactFactory
    change = {"designation": "Purchase manager"}


class TestPartnerTaxRegistration(MasterDataContract):
    factory = factories.PartnerTaxRegistrationFactory
    change = {"status": "suspended"}


class TestPartnerBankAccount(MasterDataContract):
    factory = factories.PartnerBankAccountFactory
    change = {"branch": "Kadi"}


class TestPartnerLocation(MasterDataContract):
    factory = factories.PartnerLocationFactory
    change = {"name": "Kadi ginning factory"}


class TestPartnerCommodity(MasterDataContract):
    factory = factories.PartnerCommodityFactory
    change = {"side": "both"}


class TestPartnerDocument(MasterDataContract):
    factory = factories.PartnerDocumentFactory
    change = {"number": "AAACK0001F"}
