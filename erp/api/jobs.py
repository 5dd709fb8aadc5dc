"""Background jobs of the API."""

from procrastinate.contrib.django import app

from erp.api import idempotency


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="purge_stored_answers", pass_context=False)
def purge_stored_answers(timestamp: int) -> None:
    """Forget the answers that no client may ask for again."""
    idempotency.purge()
