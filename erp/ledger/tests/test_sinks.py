"""Heads go outside: to a folder, a mailbox and a web address; what fails is kept and tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from erp.ledger import jobs, sinks
from erp.ledger.models import Delivery, Head

MAILBOX = "mailto:auditor@example.com"


class Witness(HTTPServer):
    """Answers with the prepared statuses in turn, then with 200; keeps what it was sent."""

    def __init__(self, *answers: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.heads = list(answers), []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/heads"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.server.heads += [body] if status == 200 else []
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def witness() -> Iterator[Callable[..., Witness]]:
    servers: list[Witness] = []

    def start(*answers: int) -> Witness:
        servers.append(Witness(*answers))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def head(make_events: Callable[[int], Any], settings: Any) -> Head:
    settings.AUDIT_HEAD_SINKS = []
    make_events(2)
    jobs.seal(0)
    return Head.objects.get()


def post(sink: str, settings: Any) -> Delivery:
    """Queue for one sink and try once; a refusal is kept."""
    settings.AUDIT_HEAD_SINKS = [sink]
    sinks.queue()
    delivery = Delivery.objects.get(sink=sink)
    with suppress(sinks.SinkError):
        sinks.deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


@pytest.mark.django_db
def test_folder_gets_the_checkpoint_in_a_file_that_is_never_written_over(
    head: Head, settings: Any, tmp_path: Path
) -> None:
    delivery = post(f"file://{tmp_path}/", settings)
    (file,) = tmp_path.glob("*.txt")
    assert (file.name, file.read_text()) == (f"{head.size:012}.txt", head.checkpoint)
    assert (delivery.attempts, delivery.error, delivery.delivered_at is None) == (1, "", False)

    sinks.send(f"file://{tmp_path}/", head)  # the same head again is no conflict
    file.write_text("another head")
    with pytest.raises(sinks.SinkError, match="holds another head of"):
        sinks.send(f"file://{tmp_path}/", head)
    assert file.read_text() == "another head"
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".pem"] == [file.name]


@pytest.mark.django_db
def test_mailbox_gets_the_checkpoint_once_a_day(head: Head, settings: Any, make_events: Callable[[int], Any]) -> None:
    delivery = post(MAILBOX, settings)
    (message,) = mail.outbox
    assert (message.to, message.body) == (["auditor@example.com"], head.checkpoint)
    assert message.subject.startswith(f"Audit ledger: head of {head.size} events, ")
    assert delivery.delivered_at
    make_events(1)
    jobs.seal(0)
    assert Head.objects.count() == 2
    assert Delivery.objects.get() == delivery


@pytest.mark.django_db
def test_web_address_that_fails_twice_gets_the_head_in_the_end(
    head: Head, settings: Any, witness: Callable[..., Witness]
) -> None:
    server = witness(503, 302)
    first = post(server.url, settings)
    assert (first.attempts, first.delivered_at) == (1, None)
    assert first.error == f"{server.url} answered 503 Service Unavailable."
    with pytest.raises(sinks.SinkError, match="answered 302 Found"):
        sinks.deliver(first.pk)
    assert server.heads == []
    sinks.deliver(first.pk)
    first.refresh_from_db()
    assert (server.heads, first.attempts, first.error) == ([head.checkpoint], 3, "")
    assert first.delivered_at
    sinks.deliver(first.pk)  # what arrived is not sent again
    assert server.heads == [head.checkpoint]


@pytest.mark.django_db
def test_unreachable_sink_is_kept_with_its_reason(head: Head, settings: Any) -> None:
    delivery = post("http://127.0.0.1:1/heads", settings)
    assert delivery.error.startswith("http://127.0.0.1:1/heads can't be reached: ")
    folder = post("file:///nowhere/at/all", settings)
    assert "No such file or directory" in folder.error


@pytest.mark.django_db
def test_sealing_job_queues_one_delivery_a_sink_and_head(
    make_events: Callable[[int], Any], settings: Any, tmp_path: Path
) -> None:
    settings.AUDIT_HEAD_SINKS = [f"file://{tmp_path}", MAILBOX]
    make_events(1)
    jobs.seal(0)
    jobs.seal(0)
    deliveries = list(Delivery.objects.order_by("id"))
    assert [delivery.sink for delivery in deliveries] == settings.AUDIT_HEAD_SINKS
    queued = ProcrastinateJob.objects.filter(task_name="erp.ledger.jobs.post_head").order_by("id")
    assert [job.args for job in queued] == [{"delivery_id": delivery.pk} for delivery in deliveries]


def test_failed_delivery_is_tried_again_later_and_later() -> None:
    def again(attempts: int, error: Exception) -> Any:
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="post_head", attempts=attempts)
        return jobs.AGAIN.get_retry_decision(exception=error, job=job)

    waits = [again(attempts, sinks.SinkError()).retry_at for attempts in range(9)]
    assert waits == sorted(waits)
    assert again(9, sinks.SinkError()) is None
    assert again(0, ValueError()) is None


@pytest.mark.parametrize(
    ("sink", "known"),
    [
        ("file:///srv/heads", True),
        (MAILBOX, True),
        ("https://witness.example/heads", True),
        ("http://127.0.0.1:9/heads", True),
        ("http://witness.example/heads", False),
        ("file://srv/heads", False),
        ("mailto:nobody", False),
        ("ftp://witness.example", False),
        ("/srv/heads", False),
    ],
)
def test_check_refuses_addresses_where_nothing_can_be_posted(settings: Any, sink: str, known: bool) -> None:
    settings.AUDIT_HEAD_SINKS = [sink]
    errors = [message.id for message in sinks.check_sinks()]
    assert errors == ([] if known else ["ledger.E002"])
