"""Lists and forms: few queries, counts that don't read large tables, numbers and states that read well."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commodities.models import Commodity, PackagingUnit, Unit
from commodities.tests.factories import CommodityFactory, PackagingUnitFactory, QualityParameterFactory, UnitFactory
from erp.admin import lists
from erp.admin.numbers import short_number
from erp.admin.tests.pages import url
from erp.testing.roles import as_owner
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory, PartnerContactFactory

pytestmark = pytest.mark.django_db


def queries_of(client, address: str) -> int:
    """Number of queries of the second visit; the first one warms content types."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


def test_list_of_a_hundred_rows_takes_seven_queries_at_most(desk, admin_desk, organization):
    BusinessPartnerFactory.create_batch(100, organization=organization)
    for client in (desk, admin_desk):
        assert len(client.get(url(BusinessPartner, "changelist")).context["cl"].result_list) == 100
        assert queries_of(client, url(BusinessPartner, "changelist")) <= 7  # one of them for the saved filters


def test_number_of_queries_of_a_form_does_not_grow_with_its_children(desk, organization):
    few, many = BusinessPartnerFactory.create_batch(2, organization=organization)
    PartnerContactFactory.create_batch(2, partner=few, is_primary=False)
    PartnerContactFactory.create_batch(12, partner=many, is_primary=False)
    assert queries_of(desk, url(many)) == queries_of(desk, url(few))


def test_form_takes_twelve_queries_at_most(desk, organization):
    parameter = QualityParameterFactory()
    commodity = CommodityFactory(organization=organization)
    PackagingUnitFactory(commodity=commodity, organization=organization)
    assert queries_of(desk, url(commodity)) <= 12
    assert queries_of(desk, url(parameter)) <= 12


def test_small_and_filtered_tables_are_counted_exactly(admin_desk):
    CommodityFactory.create_batch(3)
    assert admin_desk.get(url(Commodity, "changelist")).context["cl"].result_count == 3


def test_large_unfiltered_table_is_counted_by_estimate(admin_desk, monkeypatch):
    CommodityFactory.create_batch(2)
    monkeypatch.setattr(lists, "_estimate", lambda rows: 1_000_000)
    assert admin_desk.get(url(Commodity, "changelist")).context["cl"].result_count == 1_000_000
    filtered = admin_desk.get(url(Commodity, "changelist", is_active__exact=1))
    assert filtered.context["cl"].result_count == 2


def test_estimate_of_a_table_is_postgresqls_own():
    UnitFactory()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE commodities_unit")
    assert lists._estimate(Unit.objects.all()) == 1


def test_numbers_stand_right_and_states_are_badges(desk, admin_desk, organization):
    PackagingUnitFactory(net_weight_kg=Decimal("1170.5"))
    assert (
        '<td class="num field-net_weight_kg">1,170.50</td>'
        in admin_desk.get(url(PackagingUnit, "changelist")).content.decode()
    )
    BusinessPartnerFactory(organization=organization)
    text = desk.get(url(BusinessPartner, "changelist")).content.decode()
    assert '<td class="field-status"><span class="badge wait">Pending</span></td>' in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("170.000000", "170.00"),
        ("355.616418080000", "355.61641808"),
        ("1234567.5", "1,234,567.5"),
        ("0.45359237", "0.45359237"),
        ("-12.50", "-12.50"),
    ],
)
def test_zeros_that_say_nothing_are_dropped(value, text):
    assert short_number(Decimal(value)) == text


def test_escaped_content_stays_escaped_in_cells(desk, organization):
    CommodityFactory(organization=organization, name="<script>alert(1)</script>")
    text = desk.get(url(Commodity, "changelist")).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_search_finds_parts_of_words_in_any_case(desk, organization):
    CommodityFactory(organization=organization, name="Shankar-6 cotton")
    CommodityFactory(organization=organization, name="Yarn")
    found = desk.get(url(Commodity, "changelist", q="ANKAR")).context["cl"].result_list
    assert [row.name for row in found] == ["Shankar-6 cotton"]
