import datetime
from decimal import Decimal

import pytest
from django.apps import apps

from commodities import models
from erp.events.models import Event
from erp.models import MasterData
from erp.reference import load

PLACES = {"places", "cities"}


@pytest.mark.django_db
def test_shipped_files_load_and_a_second_load_leaves_no_trace():
    files = [name for name in load.names() if name not in PLACES]
    first = load.load(files)
    assert all(outcome.added and not outcome.changed for outcome in first)
    history = count_history()
    events = Event.objects.count()
    second = load.load(files)
    assert [(outcome.added, outcome.changed, outcome.deactivated) for outcome in second] == [(0, 0, 0)] * len(files)
    assert [outcome.unchanged for outcome in second] == [outcome.added for outcome in first]
    assert count_history() == history
    assert Event.objects.count() == events
    check_known_facts()
    check_that_forms_accept_every_row()


def count_history():
    return {model._meta.label: model.history.count() for model in apps.get_models() if issubclass(model, MasterData)}


def check_known_facts():
    factors = dict(models.Unit.objects.values_list("code", "factor_to_base"))
    assert factors["LBR"] == Decimal("0.45359237")
    assert factors["CANDY"] == 784 * factors["LBR"] == Decimal("355.61641808")
    assert models.Unit.objects.filter(is_base=True).count() == len(models.Unit.Dimension)
    cotton = models.Commodity.objects.get(code="COTTON_LINT")
    assert (cotton.hs_code, cotton.rate_unit.code, cotton.default_currency_id) == ("520100", "CANDY", "INR")
    assert cotton.packaging_units.get(code="BALE_IN").net_weight_kg == 170
    gst = cotton.tax_codes.on(datetime.date(2024, 1, 1)).get(country="IN", tax_type="gst")
    assert (gst.code, gst.rate) == ("520100", Decimal(5))
    assert models.CommodityCategory.objects.get(code="COTTON_YARN").parent.code == "YARN"
    assert "roller" in models.QualityParameter.objects.get(code="GINNING").choices
    assert not models.Commodity.objects.exclude(organization=None).exists()


def check_that_forms_accept_every_row():
    """A bulk load passes by `clean()`: what it brought must pass a clerk's form too."""
    for model in apps.get_app_config("commodities").get_models():
        if issubclass(model, MasterData):
            for row in model.objects.all():
                row.full_clean()
