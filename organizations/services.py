"""Document numbers: consecutive in each series, whoever asks and however many at once."""

from __future__ import annotations

from organizations.models import GST_DOCUMENTS, GST_NUMBER_LENGTH, DocumentSeries, FinancialYear


class NumberingError(Exception):
    """The series gives no number now; the sentence says why and what to do."""


def issue_number(series: DocumentSeries) -> str:
    """The next number of a series, as it stands on the document: "NCT/25-26/0001".

    Call it in the transaction that stores the document: a rollback gives the number back, so there is no gap, and others
    wait for the commit, so there is no double. The given instance is not changed.

    Raises: NumberingError: the series is inactive, its year is not open, or the number grew too long for GST.
        TransactionManagementError: there is no transaction.
    """
    rows = DocumentSeries.objects.select_related("financial_year")
    locked: DocumentSeries = rows.select_for_update(no_key=True, of=("self",)).get(pk=series.pk)
    number = locked.formatted(locked.next_number)
    if not locked.is_active:
        raise NumberingError(f"Series {number} is inactive: activate it or choose another one.")
    if locked.financial_year.status != FinancialYear.Status.OPEN:
        raise NumberingError(f"Financial year {locked.financial_year} is closed: choose the series of an open year.")
    if locked.document_type in GST_DOCUMENTS and len(number) > GST_NUMBER_LENGTH:
        raise NumberingError(f"Number {number} has more than 16 characters: begin a series with a shorter prefix.")
    locked.next_number += 1
    locked.save(update_fields=["next_number"])
    return number
