from erp.testing.contract import MasterDataContract
from locations.tests import factories


class TestCurrency(MasterDataContract):
    factory = factories.CurrencyFactory
    change = {"name": "Rupee of India"}


class TestCountry(MasterDataContract):
    factory = factories.CountryFactory
    change = {"is_sanctioned": True}


class TestSubdivision(MasterDataContract):
    factory = factories.SubdivisionFactory
    change = {"region": "central"}


class TestLocation(MasterDataContract):
    factory = factories.LocationFactory
    change = {"name": "Gondal APMC", "status": "verified"}
