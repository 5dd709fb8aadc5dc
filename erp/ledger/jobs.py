"""Background jobs of the ledger."""

from django.db import transaction
from procrastinate.contrib.django import app

from erp import breakers, context
from erp.ledger import sinks, state
from erp.ledger.seal import seal_gently as seal_now
from erp.ledger.seal import unsealed
from erp.ledger.verify import verify as verify_now

MANY = 1_000  # events that don't wait for the next minute
# Again after about 3, 9, 27 … seconds, the last time after five hours.
AGAIN = breakers.JitteredRetry(max_attempts=9, exponential_wait=3, retry_exceptions=[sinks.SinkError])


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="ledger_seal", pass_context=False)
def seal(timestamp: int) -> None:
    """Seal what was committed, every minute; again at once while a thousand events or more came in meanwhile."""
    while seal_now() and unsealed() >= MANY:
        continue
    with transaction.atomic():
        for delivery in sinks.queue():
            post_head.defer(delivery_id=delivery.pk)


@app.task(retry=AGAIN, pass_context=False)
def post_head(delivery_id: int) -> None:
    """Post one head to one outside sink; a sink that is down is tried again."""
    sinks.deliver(delivery_id)


@app.periodic(cron="30 20 * * *")  # 02:00 in India
@app.task(queueing_lock="ledger_verify", pass_context=False)
def verify(timestamp: int) -> None:
    """Go through the whole record every night and keep the result in it."""
    report = verify_now()
    with context.acting(source="task"):
        state.emit(state.VERIFIED, report.payload)
