"""Every rule of every table: the database refuses what breaks it, and the rule says so in its own sentence."""

import datetime
import re

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from erp.models import uuid7
from partners.constraints import OWNERSHIPS
from partners.tests import factories

pytestmark = pytest.mark.django_db

# Targets of composite foreign keys: unique anyway, because the id is.
TARGETS = {
    "businesspartner_id_organization",
    "partnercontact_id_partner",
    "partnertaxregistration_id_partner",
    "partnerdocument_id_partner",
}

# Rule of one row -> values that break this rule and no other; a function makes those that depend on the row.
CHECKS = {
    "businesspartner_code_form": {"partner_code": "bp 1"},
    "businesspartner_legal_name_given": {"legal_name": ""},
    "businesspartner_pan_form": {"pan": "AAACK00001"},
    "businesspartner_pan_fits_entity": {"entity_type": "llp"},
    "businesspartner_india_has_pan": {"pan": ""},
    "businesspartner_lei_form": {"lei": "213800"},
    "businesspartner_iec_form": {"iec": "123"},
    "businesspartner_risk_score_range": {"risk_score": 101},
    "businesspartner_kyc_dated": {"kyc_status": "verified", "kyc_verified_at": timezone.now()},
    "businesspartner_not_own_parent": lambda row: {"parent_partner_id": row.pk},
    "partnerrole_sub_broker_has_parent": {"role": "sub_broker"},
    "partnerrole_transporter_has_kind": {"role": "transporter"},
    "partnerrole_not_own_broker": lambda row: {"role": "sub_broker", "parent_broker_id": row.partner_id},
    "partnercommodity_volume_positive": lambda row: {"annual_volume": -1, "unit_id": row.commodity.trade_unit_id},
    "partnercommodity_volume_has_unit": {"annual_volume": 12000},
    "partnercontact_reachable": {"email": ""},
    "partnercontact_phone_e164": {"phone": "9812345678"},
    "partnerlocation_default_takes_goods": {"is_default_ship_to": True},
    "partnerlocation_default_loads_goods": {"is_default_ship_from": True},
    "partnerlocation_ship_to_takes_goods": {"kind": "ship_to"},
    "partnerlocation_india_has_state": {"subdivision_id": None},
    "partnerlocation_position_range": {"latitude": 23},
    "partnerlocation_capacity_positive": {"capacity_tonnes": 0},
    "partnertaxregistration_number_format": {"scheme": "other", "number": "A B"},
    "partnertaxregistration_gstin_format": {"number": "27AAPFU0939F"},
    "partnertaxregistration_gstin_has_state": {"subdivision_id": None},
    "partnertaxregistration_valid_range": {
        "valid_from": datetime.date(2026, 4, 1),
        "valid_to": datetime.date(2026, 3, 31),
    },
    "partnertaxregistration_proof_complete": {"verification_method": "portal"},
    "partnerbankaccount_ifsc_format": {"ifsc": "SBIN1"},
    "partnerbankaccount_swift_bic_format": {"swift_bic": "SBI"},
    "partnerbankaccount_payable": {"ifsc": ""},
    "partnerbankaccount_has_number": {"account_hmac": ""},
    "partnerbankaccount_active_is_verified": {"status": "active"},
    "partnerbankaccount_default_in_use": {"status": "retired", "is_default": True},
    "partnerbankaccount_name_match_range": {"name_match_score": 101},
    "partnerdocument_file_known": {"mime": "text/html"},
    "partnerdocument_expiry_after_issue": {
        "issued_on": datetime.date(2026, 4, 1),
        "expires_on": datetime.date(2026, 4, 1),
    },
    "partnerdocument_verified_has_verifier": {"status": "verified"},
    "partnerdocument_verifier_is_another": {"uploaded_by_id": (me := uuid7()), "verified_by_id": me},
    "partnerdocument_rejected_has_reason": {"status": "rejected"},
    "partnerdocument_not_own_successor": lambda row: {"supersedes_id": row.pk},
}

# Rule between rows -> values of two rows of one partner (of one organization, for partners) that break it.
UNIQUES = {
    "businesspartner_code_unique": ({"partner_code": "GANESH"}, {"partner_code": "GANESH"}),
    "businesspartner_pan_unique": ({"pan": "AAACK0001F"}, {"pan": "AAACK0001F"}),
    "partnerrole_role_unique": ({"role": "trader"}, {"role": "trader"}),
    "partnercontact_one_primary": ({"is_primary": True}, {"is_primary": True}),
    "partnerlocation_name_unique": ({"name": "Kadi gin"}, {"name": "KADI GIN"}),
    "partnerlocation_one_principal": ({"kind": "principal"}, {"kind": "principal"}),
    "partnerlocation_one_ship_to": ({"can_ship_to": True, "is_default_ship_to": True},) * 2,
    "partnerlocation_one_ship_from": ({"can_ship_from": True, "is_default_ship_from": True},) * 2,
    "partnerlocation_one_bill_to": ({"is_default_bill_to": True},) * 2,
    "partnertaxregistration_number_unique": ({"number": "27AAPFU0939F1ZV"},) * 2,
    "partnertaxregistration_one_primary": ({"is_primary": True},) * 2,
    "partnerbankaccount_number_unique": ({"account_hmac": "0" * 64},) * 2,
    "partnerbankaccount_one_default": ({"is_default": True},) * 2,
}
# Of these, two rows of one partner can't be made without differing in the very thing.
SECOND = {
    "PartnerRole": {"role": "seller"},
    "PartnerTaxRegistration": {"scheme": "other", "number": "ABCD1234"},
}

# What a row needs so that an unknown choice breaks no other rule.
AROUND = {
    "kyc_status": {"kyc_verified_at": timezone.now(), "kyc_expires_on": datetime.date(2027, 3, 31)},
    "transporter_kind": {"role": "transporter"},
}


def rules():
    """(model, rule) of the whole domain."""
    return [(model, rule) for model in apps.get_app_config("partners").get_models() for rule in model._meta.constraints]


RULES = {rule.name: (model, rule) for model, rule in rules()}
KNOWN = {
    f"{model._meta.model_name}_{field.name}_known": (model, field.attname)
    for model, _ in rules()
    for field in model._meta.concrete_fields
    if field.choices
}


def make(model, **values):
    return getattr(factories, f"{model.__name__}Factory")(**values)


def assert_refused(row, rule, values):
    """The rule's own sentence, and its name from the database, which keeps the row as it was."""
    model = type(row)
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(ValidationError) as refused:
        rule.validate(model, row)
    assert refused.value.messages == [str(rule.violation_error_message)]
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        model.objects.filter(pk=row.pk).update(**values)
    assert error.value.__cause__.diag.constraint_name == rule.name
    assert model.objects.get(pk=row.pk).version == 1


def test_every_rule_is_tested():
    expected = {name for name, (_, rule) in RULES.items() if not isinstance(rule, models.UniqueConstraint)}
    assert expected == {*CHECKS, *KNOWN}
    uniques = {name for name, (_, rule) in RULES.items() if isinstance(rule, models.UniqueConstraint)}
    assert uniques == {*UNIQUES, *TARGETS, "partnercommodity_commodity_unique", "partnerdocument_file_unique"}


@pytest.mark.parametrize("name", CHECKS)
def test_rule_of_a_row(name):
    model, rule = RULES[name]
    row = make(model)
    values = CHECKS[name]
    assert_refused(row, rule, values(row) if callable(values) else values)


@pytest.mark.parametrize("name", KNOWN)
def test_choices_are_known_to_the_database(name):
    model, column = KNOWN[name]
    row = make(model)
    around = AROUND.get(column, {})
    if name == "partnertaxregistration_verification_method_known":
        around = {"verified_at": timezone.now()}
    assert_refused(row, RULES[name][1], {**around, column: "xyz"})


@pytest.mark.parametrize("name", UNIQUES)
def test_rule_between_rows(name):
    model, rule = RULES[name]
    first = make(model)
    partner = getattr(first, "partner", None)
    shared = {"partner": partner} if partner else {"organization": first.organization}
    second = make(model, **shared, **SECOND.get(model.__name__, {}))
    one, other = UNIQUES[name]
    if name == "partnertaxregistration_number_unique":
        other = {**other, "scheme": "gstin"}
    model.objects.filter(pk=first.pk).update(**one)
    assert_refused(second, rule, other)


def test_a_partner_deals_in_a_commodity_once():
    first = factories.PartnerCommodityFactory()
    commodity = import_string("commodities.tests.factories.CommodityFactory")()
    second = factories.PartnerCommodityFactory(partner=first.partner, commodity=commodity)
    assert_refused(second, RULES["partnercommodity_commodity_unique"][1], {"commodity_id": first.commodity_id})


def test_a_partner_has_a_file_once():
    first = factories.PartnerDocumentFactory()
    second = factories.PartnerDocumentFactory(partner=first.partner)
    assert_refused(second, RULES["partnerdocument_file_unique"][1], {"sha256": first.sha256})


@pytest.mark.parametrize("rule", OWNERSHIPS, ids=lambda rule: rule.name)
def test_rows_of_two_owners_do_not_meet(rule):
    model = next(model for model, _ in rules() if model._meta.db_table == rule.table)
    target = next(model for model, _ in rules() if model._meta.db_table == rule.target)
    row, foreign = make(model), make(target)
    extra = {"role": "sub_broker"} if rule.column == "parent_broker_id" else {}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        model.objects.filter(pk=row.pk).update(**{rule.column: foreign.pk}, **extra)
        connection.check_constraints()
    assert error.value.__cause__.diag.constraint_name == rule.name
    assert getattr(model.objects.get(pk=row.pk), rule.column) == getattr(row, rule.column)


def test_sentences_are_sentences():
    for name, (_, rule) in RULES.items():
        assert re.fullmatch(r"[A-Z].*\.", str(rule.violation_error_message), re.DOTALL), name
