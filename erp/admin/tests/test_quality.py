"""Data quality: each rule finds what breaks it and nothing else, its list shows exactly those rows, and only in scope."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from commodities.tests.factories import CommodityFactory, CommodityTaxCodeFactory
from erp import quality
from erp.admin.tests.pages import url
from locations.tests.factories import LocationFactory
from partners.models import BusinessPartner
from partners.tests.factories import BusinessPartnerFactory, PartnerContactFactory

pytestmark = pytest.mark.django_db
INDEX = "/admin/"


def partner(organization, **fields):
    return BusinessPartnerFactory(organization=organization, **fields)


def listed(browser, model, rule):
    """Keys of the rows that the list of a rule shows."""
    answer = browser.get(url(model, "changelist", quality=rule))
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].result_list}


def test_every_rule_is_asked_on_the_list_of_its_model(admin_desk, organization):
    assert len(quality.rules()) >= 10
    for rule in quality.rules():
        answer = admin_desk.get(url(rule.model, "changelist", quality=rule.name))
        assert (answer.status_code, rule.title in answer.content.decode()) == (200, True), rule.name


def test_overview_counts_what_the_list_of_the_rule_shows(desk, strange_desk, organization):
    with_contact = partner(organization, legal_name="Gujarat Ginning", status="active")
    PartnerContactFactory(partner=with_contact, is_primary=True)
    alone = partner(organization, legal_name="Mahua Mills", status="active")
    partner(organization, legal_name="Nashik Yarn", status="pending")
    assert listed(desk, BusinessPartner, "without_primary_contact") == {alone.pk}
    assert listed(strange_desk, BusinessPartner, "without_primary_contact") == set()
    address = url(BusinessPartner, "changelist", quality="without_primary_contact")
    told = desk.get(INDEX).content.decode()
    assert f'<a href="{address}"><b class="num">1</b> <span>Without a primary contact</span>' in told
    assert address not in strange_desk.get(INDEX).content.decode()


@pytest.mark.parametrize(("days", "rule"), [(-1, "kyc_expired"), (0, "kyc_expiring"), (30, "kyc_expiring"), (31, "")])
def test_kyc_is_told_from_thirty_days_before_its_last_day(desk, organization, days, rule):
    last_day = timezone.localdate() + timedelta(days=days)
    one = partner(organization, status="active", kyc_expires_on=last_day)
    told = {name for name in ("kyc_expired", "kyc_expiring") if one.pk in listed(desk, BusinessPartner, name)}
    assert told == ({rule} if rule else set())


def test_names_that_differ_by_a_slip_are_told_and_only_within_one_organization(desk, organization, other_organization):
    one = partner(organization, legal_name="Gujarat Ginning Pvt Ltd")
    twin = partner(organization, legal_name="GUJARAT GINING PVT LTD")
    partner(organization, legal_name="Vidarbha Spinning Mills")
    partner(organization, legal_name="Coimbatore Textiles")
    partner(other_organization, legal_name="Coimbatore Textile")
    assert listed(desk, BusinessPartner, "possible_duplicates") == {one.pk, twin.pk}


def test_commodity_needs_a_tax_code_that_holds_today(desk, organization):
    today = timezone.localdate()
    taxed, untaxed, over = CommodityFactory.create_batch(3, organization=organization)
    CommodityTaxCodeFactory(
        commodity=taxed, organization=organization, valid_from=today - timedelta(days=9), valid_to=None
    )
    CommodityTaxCodeFactory(
        commodity=over, organization=organization, valid_from=today - timedelta(days=9), valid_to=today
    )
    assert listed(desk, type(taxed), "without_tax_code") == {untaxed.pk, over.pk}


def test_place_without_coordinates_is_told_unless_closed(desk, organization):
    blank = {"organization": organization, "latitude": None, "longitude": None}
    missing = LocationFactory(**blank)
    LocationFactory(**blank, status="closed")
    placed = LocationFactory(organization=organization, latitude="21.170000", longitude="72.830000")
    told = listed(desk, type(missing), "without_coordinates")
    assert missing.pk in told
    assert placed.pk not in told
    assert len(told) == 1


def test_unknown_rule_shows_nothing_rather_than_everything(desk, organization):
    partner(organization)
    assert listed(desk, BusinessPartner, "nonsense") == set()


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two rules called kyc_expired"):

        @quality.rule("partners.BusinessPartner", "Twice", help="")
        def kyc_expired(rows, user):
            return rows


def test_rule_of_a_model_that_the_user_may_not_open_is_not_told(client_for, internal_user):
    text = client_for(internal_user()).get(INDEX).content.decode()
    assert reverse("admin:partners_businesspartner_changelist") not in text
    assert "Data quality" not in text
