"""Rules of organizations: refused in the form with a sentence, refused in the database, and nothing written."""

import datetime

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, transaction

from erp.crypto import decrypt
from erp.identifiers import gstin_of
from locations.tests.factories import CountryFactory, CurrencyFactory, LocationFactory, SubdivisionFactory
from organizations.models import (
    DocumentSeries,
    FinancialYear,
    Organization,
    OrganizationBankAccount,
    OrganizationSettings,
)
from organizations.tests.factories import (
    DocumentSeriesFactory,
    FinancialYearFactory,
    OrganizationBankAccountFactory,
    OrganizationFactory,
    OrganizationTaxRegistrationFactory,
)

pytestmark = pytest.mark.django_db


def refused(factory, *, field, says, **values):
    """The factory's validation refuses the values at this field, in these words."""
    model = factory._meta.model
    with pytest.raises(ValidationError) as error:
        factory(**values)
    assert any(says in message for message in error.value.message_dict[field]), error.value.message_dict
    return model


def refused_by_database(row, constraint, **values):
    """The database refuses the change by this rule, whoever makes it."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        type(row)._base_manager.filter(pk=row.pk).update(**values)


# Organization ------------------------------------------------------------------------------------------------------------


def test_organization_is_born_with_its_settings_in_one_transaction():
    organization = OrganizationFactory()
    assert organization.settings.kyc_validity_days == 365
    assert OrganizationSettings.objects.filter(organization=organization).count() == 1
    organization.name = "Narmada Cotton House"
    organization.save()
    assert OrganizationSettings.objects.filter(organization=organization).count() == 1


def test_code_and_name_are_unique_in_any_case():
    OrganizationFactory(code="NCT", name="Narmada Cotton")
    refused(OrganizationFactory, field="__all__", says="Another organization has this code", code="NCT")
    refused(OrganizationFactory, field="__all__", says="Another organization has this name", name="NARMADA COTTON")
    assert Organization.objects.count() == 1


def test_code_is_written_in_capitals():
    organization = OrganizationFactory(code=" nct ")
    assert organization.code == "NCT"
    refused_by_database(organization, "organization_code_format", code="nct")


@pytest.mark.parametrize(
    ("column", "value"),
    [("pan", "AAPXU0939F"), ("cin", "U17110"), ("tan", "MUM123456B"), ("iec", "051234567"), ("lei", "213800")],
)
def test_identifiers_are_refused_by_form_and_database(column, value):
    refused(OrganizationFactory, field=column, says="write", **{column: value})
    refused_by_database(OrganizationFactory(), f"organization_{column}_format", **{column: value})


def test_pan_must_fit_the_legal_form():
    refused(
        OrganizationFactory,
        field="pan",
        says="PAN AAPFU0939F was issued to a firm or limited liability partnership, not to a company",
        pan="AAPFU0939F",
        org_type="company",
    )
    assert OrganizationFactory(pan="AAPFU0939F", org_type="llp").pan == "AAPFU0939F"


def test_pan_must_stay_that_of_the_gstins():
    registration = OrganizationTaxRegistrationFactory()
    organization = registration.organization
    organization.pan = "AAACZ0001K"
    with pytest.raises(ValidationError, match="carries another PAN than AAACZ0001K"):
        organization.full_clean()


def test_organization_is_not_its_own_parent():
    organization = OrganizationFactory()
    refused_by_database(organization, "organization_parent_is_another", parent=organization)


def test_registered_address_is_shared_or_its_own():
    foreign = LocationFactory(organization=OrganizationFactory())
    organization = OrganizationFactory(registered_address=LocationFactory(organization=None))
    organization.registered_address = foreign
    with pytest.raises(ValidationError, match="belongs to another organization"):
        organization.full_clean()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"tds_rate": 101}, "Tax rates run from 0 to 100 percent"),
        ({"invoice_threshold": -1}, "can't be below zero"),
        ({"manager_approval_ceiling": 2, "director_approval_ceiling": 1}, "can't be below the manager's"),
        ({"kyc_validity_days": 0}, "at least one day"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, says):
    settings = OrganizationFactory().settings
    for name, value in values.items():
        setattr(settings, name, value)
    with pytest.raises(ValidationError, match=says):
        settings.full_clean()
    refused_by_database(settings, "organizationsettings_", **values)


# Tax registrations -------------------------------------------------------------------------------------------------------


def test_gstin_brings_its_state():
    SubdivisionFactory(iso_code="IN-LA")
    organization = OrganizationFactory()
    registration = OrganizationTaxRegistrationFactory(
        organization=organization, number=gstin_of(organization.pan, state="38"), subdivision=None
    )
    assert registration.subdivision.iso_code == "IN-LA"


def test_gstin_of_the_centre_needs_no_state():
    organization = OrganizationFactory()
    registration = OrganizationTaxRegistrationFactory(
        organization=organization, number=gstin_of(organization.pan, state="99"), subdivision=None
    )
    assert registration.subdivision is None


def test_gstin_must_fit_state_pan_and_checksum():
    organization = OrganizationFactory()
    maharashtra = gstin_of(organization.pan, state="27")
    gujarat = SubdivisionFactory(iso_code="IN-GJ")
    owner = {"organization": organization}
    model = refused(
        OrganizationTaxRegistrationFactory, **owner, field="subdivision", says="belongs to Maharashtra",
        number=maharashtra, subdivision=gujarat,
    )  # fmt: skip
    refused(OrganizationTaxRegistrationFactory, **owner, field="number", says="carries PAN", number="27AAPFU0939F1ZV")
    refused(
        OrganizationTaxRegistrationFactory, **owner, field="number", says="check character", number="27AAPFU0939F1ZW"
    )
    assert not model.objects.exists()


def test_gstin_is_indian_in_the_database_too():
    registration = OrganizationTaxRegistrationFactory()
    refused_by_database(registration, "gstin_format", country=CountryFactory(alpha2="US"))
    refused_by_database(registration, "gstin_format", number="27AAPFU0939F1YV")
    refused_by_database(registration, "gstin_has_state", subdivision=None)
    refused_by_database(registration, "scheme_known", scheme="abc")


def test_number_is_unique_among_all_organizations():
    registration = OrganizationTaxRegistrationFactory()
    other = OrganizationTaxRegistrationFactory()
    refused_by_database(other, "number_unique", number=registration.number)


def test_one_primary_registration_per_country():
    first = OrganizationTaxRegistrationFactory(is_primary=True)
    second = OrganizationTaxRegistrationFactory(
        organization=first.organization, subdivision=SubdivisionFactory(iso_code="IN-GJ")
    )
    second.is_primary = True
    with pytest.raises(ValidationError, match="unmark that first"):
        second.full_clean()
    refused_by_database(second, "primary_unique", is_primary=True)


# Bank accounts -----------------------------------------------------------------------------------------------------------


def stored(account):
    """Cipher columns as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_number, iban FROM organizations_organizationbankaccount WHERE id = %s", [account.pk]
        )
        return cursor.fetchone()


def test_account_number_is_cipher_in_table_history_and_record():
    account = OrganizationBankAccountFactory(account_number="5010 0123 4567 89")
    cipher, iban = stored(account)
    assert (decrypt(cipher), iban) == ("50100123456789", "")
    assert (account.account_last4, account.masked_number) == ("6789", "XXXXXX6789")
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::text FROM event WHERE object_id = %s", [str(account.pk)])
        (payload,) = cursor.fetchone()
        cursor.execute(
            "SELECT account_number FROM organizations_historicalorganizationbankaccount WHERE id = %s", [account.pk]
        )
        assert cursor.fetchone() == (cipher,)
    assert "50100123456789" not in payload
    assert cipher not in payload
    assert account.account_hmac not in payload


def test_unchanged_save_keeps_cipher_version_and_history():
    account = OrganizationBankAccountFactory()
    before = stored(account)
    again = OrganizationBankAccount.objects.get(pk=account.pk)
    again.full_clean()
    again.save()
    assert stored(account) == before
    assert (again.version, account.history.count()) == (1, 1)


def test_change_of_the_number_alone_changes_its_end_and_fingerprint():
    account = OrganizationBankAccountFactory()
    before = account.account_hmac
    account.account_number = "999988887777"
    account.save(update_fields=["account_number"])
    account.refresh_from_db()
    assert account.account_last4 == "7777"
    assert account.account_hmac != before


def test_account_is_found_by_its_number_and_searched_by_nothing_less():
    account = OrganizationBankAccountFactory(account_number="50100123456789")
    assert OrganizationBankAccount.objects.get(account_number="50100123456789") == account
    with pytest.raises(FieldError):
        OrganizationBankAccount.objects.filter(account_number__icontains="501")


def test_indian_account_needs_ifsc_and_a_foreign_one_iban_or_bic():
    germany = CountryFactory(alpha2="DE")
    needs = "An account in India needs its IFSC, one elsewhere its IBAN or SWIFT/BIC."
    refused(OrganizationBankAccountFactory, field="__all__", says=needs, ifsc="")
    refused(OrganizationBankAccountFactory, field="__all__", says=needs, country=germany, ifsc="")
    account = OrganizationBankAccountFactory(
        country=germany,
        currency=CurrencyFactory(alpha3="EUR"),
        ifsc="",
        account_number="",
        iban="DE89 3704 0044 0532 0130 00",
    )
    assert (account.iban, account.account_last4) == ("DE89370400440532013000", "3000")
    refused_by_database(account, "organizationbankaccount_payable", iban="", swift_bic="")


def test_account_without_any_number_is_refused():
    refused(
        OrganizationBankAccountFactory, field="__all__", says="Give the account number or the IBAN", account_number=""
    )
    refused_by_database(OrganizationBankAccountFactory(), "organizationbankaccount_has_number", account_hmac="")


def test_mistyped_iban_and_ifsc_are_refused():
    refused(
        OrganizationBankAccountFactory,
        field="iban",
        says="does not fit its check digits",
        iban="GB29NWBK60161331926818",
    )
    refused(OrganizationBankAccountFactory, field="ifsc", says="has a wrong form", ifsc="SBIN1001234")
    refused_by_database(OrganizationBankAccountFactory(), "ifsc_format", ifsc="SBIN1001234")


def test_one_account_per_number_and_one_default_per_currency():
    first = OrganizationBankAccountFactory(is_default=True)
    own = {"organization": first.organization}
    refused(
        OrganizationBankAccountFactory,
        **own,
        field="__all__",
        says="with this number already",
        account_number=first.account_number,
    )
    refused(OrganizationBankAccountFactory, **own, field="__all__", says="default of this currency", is_default=True)
    assert OrganizationBankAccountFactory(account_number=first.account_number, is_default=True).pk


# Financial years and series ----------------------------------------------------------------------------------------------


def test_financial_years_of_one_organization_do_not_overlap():
    year = FinancialYearFactory()
    overlap = {"code": "2026", "start_date": year.end_date, "end_date": datetime.date(2026, 12, 31)}
    refused(
        FinancialYearFactory,
        field="__all__",
        says="covers some of these days",
        organization=year.organization,
        **overlap,
    )
    assert FinancialYearFactory(**overlap).pk
    following = FinancialYearFactory(
        organization=year.organization,
        code="2026-27",
        start_date=datetime.date(2026, 4, 1),
        end_date=datetime.date(2027, 3, 31),
    )
    refused_by_database(following, "financialyear_no_overlap", start_date=year.end_date)
    refused_by_database(following, "financialyear_range", end_date=following.start_date)


def test_one_financial_year_is_current():
    year = FinancialYearFactory(is_current=True)
    following = FinancialYearFactory(
        organization=year.organization,
        code="2026-27",
        start_date=datetime.date(2026, 4, 1),
        end_date=datetime.date(2027, 3, 31),
    )
    refused_by_database(following, "financialyear_current_unique", is_current=True)
    assert FinancialYear.objects.filter(is_current=True).get() == year


def test_one_series_per_document_year_and_registration_even_without_one():
    series = DocumentSeriesFactory()
    refused(
        DocumentSeriesFactory, field="__all__", says="has a series in this financial year",
        organization=series.organization, financial_year=series.financial_year,
    )  # fmt: skip
    assert DocumentSeries.objects.count() == 1


def test_series_takes_year_and_registration_of_its_own_organization():
    series, foreign = DocumentSeriesFactory(), FinancialYearFactory()
    registration = OrganizationTaxRegistrationFactory()
    series.financial_year = foreign
    with pytest.raises(ValidationError, match="belongs to another organization"):
        series.full_clean()
    for values in ({"financial_year": foreign}, {"tax_registration": registration}):
        with pytest.raises(IntegrityError, match="_owner"), transaction.atomic():
            DocumentSeries.objects.filter(pk=series.pk).update(**values)
            connection.check_constraints()


def test_gst_numbers_have_at_most_16_characters_and_others_may_have_more():
    refused(DocumentSeriesFactory, field="__all__", says="at most 16 characters", padding=7)
    assert DocumentSeriesFactory(document_type="sales_contract", padding=7).formatted(1) == "NCT/25-26/0000001"
    refused_by_database(DocumentSeriesFactory(), "documentseries_gst_length", padding=7)


def test_series_never_goes_back():
    series = DocumentSeriesFactory(next_number=8)
    series.next_number = 7
    with pytest.raises(ValidationError, match="Number 7 may be issued already: 8 is the lowest that can follow"):
        series.full_clean()
