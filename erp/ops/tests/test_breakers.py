"""A service that is away holds nobody up, is tried again after a while, and nothing that was to be sent is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from procrastinate.jobs import Job

from erp import breakers, files
from erp.ledger import jobs, sinks
from erp.ledger.models import Delivery
from erp.ledger.tests.conftest import empty_log, make_events  # noqa: F401

JOB = Job(id=1, queue="", lock=None, queueing_lock=None, task_name="x")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def service(breaker: breakers.Breaker, *answers: Exception | str) -> Callable[[], str]:
    """A call that gives these answers in turn, and counts how often it is made."""
    breakers._breakers[breaker.service] = breaker
    left = list(answers)

    def call() -> str:
        answer = left.pop(0)
        call.times += 1  # type: ignore[attr-defined]
        if isinstance(answer, Exception):
            raise answer
        return answer

    call.times = 0  # type: ignore[attr-defined]
    return call


def attempt(call: Callable[[], str], **options: Any) -> str:
    try:
        return breakers.with_breaker("shop", call, **options)
    except OSError as error:
        return type(error).__name__


def test_opens_after_failures_in_a_row_and_one_call_tries_later(clock: Clock) -> None:
    breaker = breakers.Breaker("shop", clock=clock)
    away = [TimeoutError()] * breakers.FAILURES
    call = service(breaker, *away, TimeoutError(), "well", "well")
    assert [attempt(call) for _ in range(7)] == ["TimeoutError"] * 5 + ["Unavailable"] * 2
    assert (call.times, breaker.state) == (5, "open")

    clock.now += breakers.RESET_S
    assert attempt(call) == "TimeoutError"  # half-open, and open again at once
    assert (attempt(call), breaker.state, call.times) == ("Unavailable", "open", 6)

    clock.now += breakers.RESET_S
    assert [attempt(call), attempt(call)] == ["well", "well"]
    assert breaker.state == "closed"


def test_only_one_call_tries_while_it_is_half_open(clock: Clock) -> None:
    breaker = breakers.Breaker("shop", clock=clock)
    for _ in range(breakers.FAILURES):
        breaker.fail()
    clock.now += breakers.RESET_S
    breaker.admit()
    assert breaker.state == "half-open"
    with pytest.raises(breakers.Unavailable):
        breaker.admit()


def test_an_answer_between_failures_keeps_it_closed(clock: Clock) -> None:
    breaker = breakers.Breaker("shop", clock=clock)
    call = service(breaker, *[OSError()] * 4, "well", *[OSError()] * 4)
    assert [attempt(call) for _ in range(9)] == ["OSError"] * 4 + ["well"] + ["OSError"] * 4
    assert breaker.state == "closed"


def test_other_exceptions_pass_and_count_as_answers(clock: Clock) -> None:
    call = service(breakers.Breaker("shop", clock=clock), *[ValueError("no such thing")] * 6)
    for _ in range(6):
        with pytest.raises(ValueError, match="no such thing"):
            attempt(call)
    assert breakers.breaker_of("shop").state == "closed"


def test_a_call_may_be_repeated_at_once(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(breakers.time, "sleep", pauses.append)
    assert attempt(service(breakers.Breaker("shop", clock=clock), OSError(), "well"), tries=2) == "well"
    assert len(pauses) == 1
    assert 0.1 <= pauses[0] <= 0.3


def test_jobs_come_back_after_pauses_that_differ() -> None:
    pauses = [breakers.AGAIN.get_retry_decision(exception=OSError(), job=JOB.evolve(attempts=5)) for _ in range(20)]
    moments = {pause.retry_at for pause in pauses if pause}
    assert len({moment.replace(microsecond=0) for moment in moments}) > 3
    assert breakers.AGAIN.get_retry_decision(exception=OSError(), job=JOB.evolve(attempts=9)) is None
    assert breakers.AGAIN.get_retry_decision(exception=ValueError(), job=JOB) is None


@pytest.mark.django_db
def test_a_sink_that_is_away_is_left_alone_and_gets_its_head_in_the_end(
    make_events: Callable[[int], Any],  # noqa: F811
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:
    settings.AUDIT_HEAD_SINKS = ["https://witness.example/heads"]
    posted: list[int] = []
    away = True

    def post(_: str, head: Any) -> None:
        posted.append(head.size)
        if away:
            raise TimeoutError("timed out")

    monkeypatch.setattr(sinks, "_post", post)
    breaker = breakers._breakers["head sink witness.example"] = breakers.Breaker("witness", clock=clock)
    make_events(1)
    jobs.seal_now()
    (delivery,) = sinks.queue()
    for _ in range(8):
        with pytest.raises(sinks.SinkError):
            sinks.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (len(posted), breaker.state, delivery.attempts, delivery.delivered_at) == (5, "open", 8, None)
    assert "is left alone" in delivery.error
    assert jobs.AGAIN.get_retry_decision(exception=sinks.SinkError(), job=JOB.evolve(attempts=8))

    away = False
    clock.now += breakers.RESET_S
    sinks.deliver(delivery.pk)
    delivery = Delivery.objects.get(pk=delivery.pk)
    assert (len(posted), breaker.state, delivery.error, delivery.delivered_at is None) == (6, "closed", "", False)


def test_mail_goes_through_a_breaker(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.MAIL_BACKEND = "erp.mail.Backend", "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    for _ in range(breakers.FAILURES):
        with pytest.raises(ConnectionRefusedError):
            mail.send_mail("a", "b", None, ["x@example.com"])
    with pytest.raises(breakers.Unavailable):
        mail.send_mail("a", "b", None, ["x@example.com"])
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    breakers.forget()
    assert mail.send_mail("a", "b", None, ["x@example.com"]) == 1
    assert [message.to for message in mail.outbox] == [["x@example.com"]]


def broken_scanner(file: Any) -> str:
    raise ConnectionRefusedError


def test_a_scanner_that_is_away_refuses_files_and_is_left_alone(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILE_SCANNER = f"{__name__}.broken_scanner"
    monkeypatch.setattr(breakers.time, "sleep", lambda _: None)
    for _ in range(4):
        with pytest.raises(ValidationError, match="could not be scanned"):
            files.scan(ContentFile(b"%PDF-"))
    assert breakers.breaker_of("file scanner").state == "open"
