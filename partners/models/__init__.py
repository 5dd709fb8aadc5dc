"""Business partners: who they are, what they do, where they are, how they are taxed and paid, what proves it."""

from partners.models.documents import PartnerDocument
from partners.models.finance import PartnerBankAccount, PartnerTaxRegistration
from partners.models.partner import BusinessPartner
from partners.models.places import PartnerContact, PartnerLocation
from partners.models.roles import PartnerCommodity, PartnerRole

__all__ = [
    "BusinessPartner",
    "PartnerBankAccount",
    "PartnerCommodity",
    "PartnerContact",
    "PartnerDocument",
    "PartnerLocation",
    "PartnerRole",
    "PartnerTaxRegistration",
]
