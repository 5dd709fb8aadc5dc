"""Document numbers: no gap, no double, however many ask at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from organizations.models import DocumentSeries
from organizations.services import NumberingError, issue_number
from organizations.tests.factories import DocumentSeriesFactory


def issue(series):
    try:
        with transaction.atomic():
            return issue_number(series)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_get_1_to_50():
    series = DocumentSeriesFactory()
    with ThreadPoolExecutor(max_workers=50) as pool:
        numbers = list(pool.map(issue, [series] * 50))
    assert sorted(numbers) == [f"NCT/25-26/{number:04d}" for number in range(1, 51)]
    assert DocumentSeries.objects.get().next_number == 51


@pytest.mark.django_db(transaction=True)
def test_number_needs_a_transaction_and_a_rollback_gives_it_back():
    series = DocumentSeriesFactory()
    with pytest.raises(TransactionManagementError):
        issue_number(series)
    with transaction.atomic():
        assert issue_number(series) == "NCT/25-26/0001"
        transaction.set_rollback(True)
    with transaction.atomic():
        assert issue_number(series) == "NCT/25-26/0001"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("owner", "values", "says"),
    [
        ("series", {"is_active": False}, "is inactive"),
        ("year", {"status": "soft_closed"}, "is closed: choose the series of an open year"),
        ("series", {"next_number": 1_000_000}, "NCT/25-26/1000000 has more than 16 characters"),
    ],
)
def test_series_refuses_and_keeps_its_number(owner, values, says):
    series = DocumentSeriesFactory(padding=6)
    row = series if owner == "series" else series.financial_year
    type(row).objects.filter(pk=row.pk).update(**values)
    before = DocumentSeries.objects.get().next_number
    with pytest.raises(NumberingError, match=says):
        issue_number(series)
    assert DocumentSeries.objects.get().next_number == before
