"""Background jobs of the event log."""

from procrastinate.contrib.django import app

from erp.events import feed


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="number_events", pass_context=False)
def number_events(timestamp: int) -> None:
    """Number events that no reader asked for. Only lowers latency: every reader numbers before it reads."""
    feed.number_events()
