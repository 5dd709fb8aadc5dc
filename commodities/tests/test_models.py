import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from commodities.models import (
    Commodity,
    CommodityParameter,
    CommodityTaxCode,
    DeliveryTerm,
    PackagingUnit,
    PaymentTerm,
    QualityParameter,
    Unit,
)
from commodities.tests import factories
from locations.tests.factories import CountryFactory, CurrencyFactory
from organizations.tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db

JULY_2017 = datetime.date(2017, 7, 1)
OCTOBER_2025 = datetime.date(2025, 10, 1)

# Factory, what is wrong, the rule that refuses it, the words that say so (None: the field itself says it).
ROW_RULES = [
    (factories.PoundFactory, {"factor_to_base": Decimal(0)}, "unit_factor_to_base_positive", "must be above zero"),
    (factories.UnitFactory, {"factor_to_base": Decimal(2)}, "unit_base_factor_one", "has the factor 1"),
    (factories.UnitFactory, {"code": "kgm"}, "unit_code_upper", None),
    (factories.HsHeadingFactory, {"code": "520"}, "hsheading_code_form", "2, 4 or 6 digits"),
    (factories.HsHeadingFactory, {"code": "98"}, "hsheading_code_form", "chapter from 01 to 97"),
    (factories.CommodityCategoryFactory, {"hs_chapter": "00"}, "commoditycategory_hs_chapter_range", "01 to 97"),
    (factories.CommodityFactory, {"hs_code": "98010"}, "commodity_hs_code_form", "has six digits"),
    (factories.CommodityFactory, {"hs_code": "980100"}, "commodity_hs_code_form", "chapter from 01 to 97"),
    (factories.CommodityFactory, {"lot_size": Decimal(0)}, "commodity_lot_size_positive", "lot size must be above"),
    (factories.CommodityFactory, {"min_order_qty": Decimal(-1)}, "commodity_min_order_qty_positive", "smallest order"),
    (factories.CommodityFactory, {"delivery_tolerance_pct": Decimal("100.01")}, "commodity_delivery_tolerance", None),
    (factories.CommodityFactory, {"weight_tolerance_pct": Decimal("-0.01")}, "commodity_weight_tolerance", None),
    (factories.CommodityFactory, {"season_start_month": 10}, "commodity_season_complete", "both months of the season"),
    (factories.CommodityFactory, {"price_quote_basis": "per_bag"}, "commodity_price_quote_basis_known", None),
    (factories.CommodityTaxCodeFactory, {"code": "520"}, "commoditytaxcode_code_form", "4 to 12 digits"),
    (factories.CommodityTaxCodeFactory, {"rate": Decimal("-0.001")}, "commoditytaxcode_rate_not", "below zero"),
    (factories.CommodityTaxCodeFactory, {"valid_to": JULY_2017}, "commoditytaxcode_dates_ordered", "must come after"),
    (factories.CommodityTaxCodeFactory, {"scheme": "xyz"}, "commoditytaxcode_scheme_known", None),
    (factories.CommodityVarietyFactory, {"species": "rosea"}, "commodityvariety_species_known", None),
    (factories.QualityParameterFactory, {"hard_min": Decimal(46)}, "qualityparameter_bounds_ordered", "is above the"),
    (factories.QualityParameterFactory, {"data_type": "text"}, "qualityparameter_bounds_of_numbers", "Only numbers"),
    (factories.QualityParameterFactory, {"choices": ["a"]}, "qualityparameter_choices_of_choice", "List the values"),
    (factories.CommodityParameterFactory, {"min_value": Decimal(33)}, "commodityparameter_bounds", "is above the"),
    (factories.CommodityParameterFactory, {"target": None}, "commodityparameter_discount", "needs a target"),
    (factories.PackagingUnitFactory, {"net_weight_kg": Decimal(0)}, "packagingunit_net_weight", "above zero"),
    (factories.PackagingUnitFactory, {"tare_kg": Decimal(-1)}, "packagingunit_tare_not_negative", "below zero"),
    (factories.PackagingUnitFactory, {"pieces_per_container": 0}, "packagingunit_pieces", "at least one piece"),
    (factories.UnitConversionOverrideFactory, {"factor": Decimal(0)}, "unitconversionoverride_factor", "above zero"),
    (factories.WeightmentTermFactory, {"deduction_pct": Decimal("100.01")}, "weightmentterm_deduction", None),
    (factories.PaymentTermFactory, {"advance_pct": Decimal("100.01")}, "paymentterm_advance_pct_range", None),
    (factories.PaymentTermFactory, {"lc_confirmation": "confirmed"}, "paymentterm_confirmation", "Only a letter of"),
    (factories.DeliveryTermFactory, {"transport_modes": "any"}, "deliveryterm_sea_only", "sea transport only"),
    (factories.DeliveryTermFactory, {"incoterm": "cip"}, "deliveryterm_cip_clause_a", "clause A"),
    (factories.DeliveryTermFactory, {"incoterm": "cif"}, "deliveryterm_cif_clause_c", "clause C"),
]


@pytest.mark.parametrize(("factory", "wrong", "rule", "sentence"), ROW_RULES, ids=[row[2] for row in ROW_RULES])
def test_row_is_refused_by_form_and_database(factory, wrong, rule, sentence):
    row = factory()
    for name, value in wrong.items():
        setattr(row, name, value)
    if not rule.endswith("_upper"):  # a form writes capitals itself
        with pytest.raises(ValidationError, match=sentence):
            row.full_clean()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**wrong)
    row.refresh_from_db()
    assert row.version == 1


def test_code_is_written_in_capitals():
    assert factories.TradeTypeFactory(code=" export ").code == "EXPORT"


# Units ---------------------------------------------------------------------------------------------------------------


def test_a_dimension_has_one_base_unit():
    factories.UnitFactory()
    with pytest.raises(ValidationError, match="has a base unit already"):
        factories.UnitFactory(code="GRM", is_base=True)
    pound = factories.PoundFactory()
    with pytest.raises(IntegrityError, match="unit_one_base"), transaction.atomic():
        Unit.objects.filter(pk=pound.pk).update(is_base=True, factor_to_base=1)


def test_unit_names_are_unique_in_any_case():
    factories.UnitFactory()
    with pytest.raises(ValidationError, match="Another unit has this name"):
        factories.PoundFactory(name="KILOGRAM")


def test_unit_keeps_its_dimension_for_life():
    pound = factories.PoundFactory()
    pound.dimension = "length"
    with pytest.raises(ValidationError, match="Pound measures mass for life"):
        pound.full_clean()
    with pytest.raises(IntegrityError, match="can't be made to measure length"), transaction.atomic():
        pound.save()


@pytest.mark.parametrize("name", ["trade_unit", "rate_unit"])
def test_units_of_a_commodity_measure_the_same_thing(name):
    cotton, metre = factories.CommodityFactory(), factories.MetreFactory()
    setattr(cotton, name, metre)
    with pytest.raises(ValidationError, match="Metre measures length, the base unit Kilogram measures mass"):
        cotton.full_clean()
    with pytest.raises(IntegrityError, match="measure different things"), transaction.atomic():
        Commodity.objects.filter(pk=cotton.pk).update(**{name: metre})
    cotton.refresh_from_db()
    assert (getattr(cotton, name).dimension, cotton.version) == ("mass", 1)


def test_new_commodity_with_mixed_units_is_refused_by_the_database():
    mixed = factories.CommodityFactory.build(
        category=factories.CommodityCategoryFactory(),
        base_unit=factories.UnitFactory(),
        trade_unit=factories.MetreFactory(),
        rate_unit=factories.CandyFactory(),
        default_currency=CurrencyFactory(),
    )
    with pytest.raises(IntegrityError, match="measure different things"), transaction.atomic():
        mixed.save()
    assert not Commodity.objects.exists()


def test_cents_per_pound_need_the_pound():
    with pytest.raises(ValidationError, match="needs the rate unit Pound"):
        factories.CommodityFactory(price_quote_basis="cents_per_lb")
    assert factories.CommodityFactory(price_quote_basis="cents_per_lb", rate_unit=factories.PoundFactory())


def test_override_needs_two_units_of_one_dimension():
    with pytest.raises(ValidationError, match="two different units"):
        factories.UnitConversionOverrideFactory(to_unit=factories.CandyFactory())
    with pytest.raises(ValidationError, match="Metre measures length, Candy measures mass"):
        factories.UnitConversionOverrideFactory(to_unit=factories.MetreFactory())


# Owners --------------------------------------------------------------------------------------------------------------


def test_commodity_codes_are_unique_per_organization_and_among_shared_rows():
    for organization in (None, OrganizationFactory(), OrganizationFactory()):
        factories.CommodityFactory(code="COTTON", organization=organization)
        with pytest.raises(ValidationError, match="Another commodity has this code"):
            factories.CommodityFactory(code="cotton", organization=organization)
    assert Commodity.objects.filter(code="COTTON").count() == 3


def test_commodity_names_are_unique_in_any_case():
    cotton = factories.CommodityFactory(name="Raw cotton")
    with pytest.raises(ValidationError, match="Another commodity has this name"):
        factories.CommodityFactory(name="RAW COTTON")
    other = factories.CommodityFactory()
    with pytest.raises(IntegrityError, match="commodity_name_unique"), transaction.atomic():
        Commodity.objects.filter(pk=other.pk).update(name=cotton.name.upper())


def test_organization_adds_a_variety_to_a_shared_commodity():
    own = factories.CommodityVarietyFactory(organization=OrganizationFactory())
    assert own.commodity.organization is None


@pytest.mark.parametrize(
    "factory",
    [
        factories.CommodityVarietyFactory,
        factories.CommodityTaxCodeFactory,
        factories.CommodityParameterFactory,
        factories.PackagingUnitFactory,
        factories.UnitConversionOverrideFactory,
    ],
)
def test_part_of_another_organizations_commodity_is_refused(factory):
    foreign = factories.CommodityFactory(organization=OrganizationFactory())
    with pytest.raises(ValidationError, match="belongs to another organization"):
        factory(commodity=foreign, organization=OrganizationFactory())
    assert not factory._meta.model.objects.exists()


def test_shared_variety_of_an_own_commodity_is_refused():
    own = factories.CommodityFactory(organization=OrganizationFactory())
    with pytest.raises(ValidationError, match="belongs to another organization"):
        factories.CommodityVarietyFactory(commodity=own)


def test_variety_names_are_unique_per_commodity_and_organization():
    variety = factories.CommodityVarietyFactory(name="Suvin")
    with pytest.raises(ValidationError, match="has this name"):
        factories.CommodityVarietyFactory(commodity=variety.commodity, name="SUVIN")
    factories.CommodityVarietyFactory(name="Suvin")
    factories.CommodityVarietyFactory(commodity=variety.commodity, name="Suvin", organization=OrganizationFactory())


def test_packaging_of_any_origin_is_unique_too():
    packaging = factories.PackagingUnitFactory(origin_country=None)
    with pytest.raises(ValidationError, match="this commodity and origin has this code"):
        factories.PackagingUnitFactory(commodity=packaging.commodity, origin_country=None)
    other = factories.PackagingUnitFactory(commodity=packaging.commodity)
    with pytest.raises(IntegrityError, match="packagingunit_unique"), transaction.atomic():
        PackagingUnit.objects.filter(pk=other.pk).update(origin_country=None)


def test_packaging_counts_pieces():
    with pytest.raises(ValidationError, match="choose a unit that is counted"):
        factories.PackagingUnitFactory(unit=factories.UnitFactory())


def test_category_cannot_stand_inside_itself():
    fibres = factories.CommodityCategoryFactory()
    cotton = factories.CommodityCategoryFactory(parent=fibres)
    fibres.parent = cotton
    with pytest.raises(ValidationError, match=r"stands inside .* itself"):
        fibres.full_clean()


# Tax codes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def gst():
    """5 % from July 2017, 12 % from October 2025."""
    old = factories.CommodityTaxCodeFactory(valid_to=OCTOBER_2025)
    new = factories.CommodityTaxCodeFactory(commodity=old.commodity, rate=Decimal(12), valid_from=OCTOBER_2025)
    return old, new


@pytest.mark.parametrize(
    ("day", "rates"),
    [
        (datetime.date(2017, 6, 30), []),
        (JULY_2017, [5]),
        (datetime.date(2025, 9, 30), [5]),
        (OCTOBER_2025, [12]),
        (datetime.date(2099, 1, 1), [12]),
    ],
)
def test_tax_code_on_a_day(gst, day, rates):
    codes = gst[0].commodity.tax_codes.on(day)
    assert list(codes.values_list("rate", flat=True)) == rates


def test_inactive_tax_code_holds_on_no_day(gst):
    CommodityTaxCode.objects.update(is_active=False)
    assert not gst[0].commodity.tax_codes.on(OCTOBER_2025).exists()


def test_overlapping_tax_codes_are_refused_by_form_and_database(gst):
    old, new = gst
    new.valid_from = datetime.date(2025, 9, 30)
    with pytest.raises(ValidationError, match="end that one before this one begins"):
        new.full_clean()
    with pytest.raises(IntegrityError, match="commoditytaxcode_no_overlap"), transaction.atomic():
        CommodityTaxCode.objects.filter(pk=old.pk).update(valid_to=None)
    old.refresh_from_db()
    assert (old.valid_to, old.version) == (OCTOBER_2025, 1)


@pytest.mark.parametrize(
    "other", [{"scheme": "itc_hs"}, {"tax_type": "igst"}, {"country": "US"}, {"organization": True}], ids=str
)
def test_tax_codes_of_another_line_do_not_overlap(gst, other):
    if "country" in other:
        other = {"country": CountryFactory(alpha2="US")}
    if "organization" in other:
        other = {"organization": OrganizationFactory()}
    assert factories.CommodityTaxCodeFactory(commodity=gst[0].commodity, **other)


def test_own_tax_codes_of_two_organizations_do_not_overlap_but_those_of_one_do(gst):
    one, other = OrganizationFactory(), OrganizationFactory()
    cotton = gst[0].commodity
    factories.CommodityTaxCodeFactory(commodity=cotton, organization=one)
    factories.CommodityTaxCodeFactory(commodity=cotton, organization=other)
    with pytest.raises(ValidationError, match="end that one before this one begins"):
        factories.CommodityTaxCodeFactory(commodity=cotton, organization=one, valid_from=OCTOBER_2025)


@pytest.mark.parametrize(("code", "fits"), [("5201", True), ("520100", True), ("52010015", True), ("52020000", False)])
def test_tax_code_begins_with_the_hs_code(code, fits):
    cotton = factories.CommodityFactory(hs_code="520100")
    if fits:
        assert factories.CommodityTaxCodeFactory(commodity=cotton, code=code)
        return
    with pytest.raises(ValidationError, match="whose HS code is 520100"):
        factories.CommodityTaxCodeFactory(commodity=cotton, code=code)


# Season --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (2, 5, {2, 3, 4, 5}),
        (10, 3, {10, 11, 12, 1, 2, 3}),
        (7, 7, {7}),
        (None, None, set(range(1, 13))),
    ],
)
def test_season_may_pass_the_new_year(start, end, months):
    factories.CommodityFactory(season_start_month=start, season_end_month=end)
    days = [datetime.date(2025, month, 1) for month in range(1, 13)]
    assert {day.month for day in days if Commodity.objects.in_season_on(day).exists()} == months


# Quality -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"min_value": Decimal(9)}, "9 is below 10, the lowest possible"),
        ({"max_value": Decimal(46)}, "46 is above 45, the highest possible"),
        ({"target": Decimal(27)}, "27 is below the minimum of 28"),
        ({"default_value": "33"}, "33 is above the maximum of 32"),
        ({"default_value": "long"}, "long is not a number"),
    ],
)
def test_values_of_a_commodity_lie_inside_the_bounds(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        factories.CommodityParameterFactory(**wrong)
    assert not CommodityParameter.objects.exists()


def test_values_on_the_bounds_are_accepted():
    factories.CommodityParameterFactory(min_value=Decimal(10), max_value=Decimal(45), target=Decimal(45))


PLAIN = {"min_value": None, "max_value": None, "target": None, "discount_below": False}


@pytest.mark.parametrize(
    ("kind", "choices", "good", "bad", "sentence"),
    [
        ("choice", ["roller", "saw"], "saw", "hand", "choose one of roller, saw"),
        ("bool", [], "yes", "maybe", "write yes or no"),
        ("integer", [], "31", "31.5", "not a whole number"),
    ],
)
def test_default_is_a_value_of_the_parameter(kind, choices, good, bad, sentence):
    parameter = factories.QualityParameterFactory(data_type=kind, choices=choices, hard_min=None, hard_max=None)
    with pytest.raises(ValidationError, match=sentence):
        factories.CommodityParameterFactory(parameter=parameter, default_value=bad, **PLAIN)
    assert factories.CommodityParameterFactory(parameter=parameter, default_value=good, **PLAIN).default_value == good


def test_text_parameter_has_no_bounds():
    parameter = factories.QualityParameterFactory(data_type="text", hard_min=None, hard_max=None)
    with pytest.raises(ValidationError, match="is not a number: leave this empty"):
        factories.CommodityParameterFactory(parameter=parameter, default_value="", min_value=Decimal(1), max_value=None)


def test_commodity_has_each_parameter_once():
    first = factories.CommodityParameterFactory()
    with pytest.raises(ValidationError, match="has this quality parameter already"):
        factories.CommodityParameterFactory(commodity=first.commodity, parameter=first.parameter)


def test_choice_needs_values_to_choose_from():
    with pytest.raises(ValidationError, match="List the values"):
        factories.QualityParameterFactory(data_type="choice", hard_min=None, hard_max=None)
    assert QualityParameter.objects.count() == 0


# Terms ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["fas", "fob", "cfr"])
def test_sea_rules_are_for_the_sea(rule):
    assert factories.DeliveryTermFactory(incoterm=rule)
    with pytest.raises(ValidationError, match="sea transport only"):
        factories.DeliveryTermFactory(incoterm=rule, transport_modes="any")
    assert DeliveryTerm.objects.count() == 1


def test_insurance_clauses_of_cip_and_cif():
    assert factories.DeliveryTermFactory(incoterm="cip", transport_modes="any", insurance_clause="a")
    assert factories.DeliveryTermFactory(incoterm="cif", insurance_clause="c")


def test_letter_of_credit_may_be_confirmed():
    factories.PaymentTermFactory(method="lc_sight", lc_confirmation="confirmed")
    assert PaymentTerm.objects.get().lc_confirmation == "confirmed"


def test_term_codes_are_unique_per_organization_and_among_shared_rows():
    factories.PaymentTermFactory(code="NET_30")
    with pytest.raises(ValidationError, match="Another term has this code"):
        factories.PaymentTermFactory(code="NET_30")
    factories.PaymentTermFactory(code="NET_30", organization=OrganizationFactory())


def test_organization_reads_shared_terms_and_writes_its_own(organization, internal_user, stranger):
    shared, own = factories.TradeTypeFactory(), factories.TradeTypeFactory(organization=organization)
    terms = type(shared).objects
    assert set(terms.visible_to(internal_user())) == {shared, own}
    assert set(terms.editable_by(internal_user())) == {own}
    assert set(terms.visible_to(stranger)) == {shared}
