"""What is wrong with commodities although no constraint forbids it."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from commodities.models import Commodity, CommodityTaxCode, PackagingUnit
from erp.quality import rule

Commodities = QuerySet[Commodity]


@rule("commodities.Commodity", "Without a tax code today", help="Invoices can't state the tax: add a code that holds.")
def without_tax_code(commodities: Commodities, user: Any) -> Commodities:
    codes = CommodityTaxCode.objects.visible_to(user).on(timezone.localdate()).filter(commodity=OuterRef("pk"))
    return commodities.filter(~Exists(codes), is_active=True)


@rule("commodities.Commodity", "Without packaging", help="Bales or bags can't be counted: say how it is packed.")
def without_packaging(commodities: Commodities, user: Any) -> Commodities:
    packaging = PackagingUnit.objects.visible_to(user).active().filter(commodity=OuterRef("pk"))
    return commodities.filter(~Exists(packaging), is_active=True)
