"""Guessing one account's password from many addresses: strangers wait, the owner goes on and is told."""

import datetime

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import guard, jobs
from accounts.models import AuthSession
from accounts.tests.signin import AUTH, events_of, refusal
from erp import ratelimits
from erp.events.models import Event
from erp.ratelimits import TIERS
from erp.testing.contract import latest_event_id
from erp.testing.fixtures import PASSWORD

pytestmark = pytest.mark.django_db

HOME, ELSEWHERE = "203.0.113.7", "203.0.113.99"
LOGIN = reverse("admin:login")
MOST = TIERS["guesses"][0].quota


@pytest.fixture(autouse=True)
def _start_of_a_minute():
    """Windows of a minute don't end within a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def user(internal_user):
    return internal_user("viewer", mobile="+919812345678")


def login(name, password=PASSWORD, *, ip):
    sent = {"username": name, "password": password}
    return Client().post(f"{AUTH}/login", sent, content_type="application/json", REMOTE_ADDR=ip)


def at_desk(name, password=PASSWORD, *, ip):
    return Client().post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=ip)


def attack(*names, times=MOST):
    """Wrong passwords, each from an address of its own."""
    return [login(names[n % len(names)], "wrong", ip=f"198.51.100.{n}").status_code for n in range(times)]


def mails():
    """Do the waiting jobs of this module; the messages that they send."""
    for job in ProcrastinateJob.objects.filter(task_name__startswith="accounts.jobs.").order_by("id"):
        getattr(jobs, job.task_name.rpartition(".")[2])(**job.args)
    return mail.outbox


@pytest.mark.parametrize("door", [login, at_desk])
def test_owner_signs_in_from_a_known_address_and_strangers_wait(user, door):
    assert login(user.email, ip=HOME).status_code == 200
    assert attack(user.email, user.mobile) == [401] * MOST
    refused = door(user.email, ip=ELSEWHERE)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "There were too many wrong passwords for this account." in refused.content.decode()
    assert AuthSession.objects.count() == 1
    assert door(user.email, ip=HOME).status_code in {200, 302}
    assert set(AuthSession.objects.values_list("ip", flat=True)) == {HOME}
    assert AuthSession.objects.count() == 2


def test_a_refusal_is_a_problem_that_tells_nothing_of_the_counters(user):
    attack(user.email)
    answer = login(user.email, ip=ELSEWHERE)
    body = answer.json()
    assert (body["status"], body["code"], answer["Content-Type"]) == (429, "throttled", "application/problem+json")
    assert "everywhere" not in answer["RateLimit-Policy"]


def test_unknown_and_known_names_are_refused_alike_and_cost_the_same(user):
    known, costs = [], []
    for name in (user.email, "nobody@example.com"):
        login(name, "wrong", ip=HOME)  # plans of statements, and the like, are warm
        attack(name, times=MOST - 1)
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                answer = refusal(login(name, ip=ELSEWHERE))
            known.append(answer | {"detail": answer["detail"].partition("Try")[0]})
            costs.append([query["sql"].split()[0] for query in queries if "SAVEPOINT" not in query["sql"]])
    assert known[0]["status"] == 429
    assert known[0] == known[1] == known[2] == known[3]
    assert costs[:2] == costs[2:]


def test_owner_is_told_once_a_day_and_the_record_keeps_it(user):
    attack(user.email)
    before = latest_event_id()
    for number in range(3):
        assert login(user.email, "wrong", ip=f"192.0.2.{number}").status_code == 429
    (message,) = mails()
    assert message.to == [user.email]
    assert message.subject == "Wrong passwords for your Cotton ERP account"
    assert user.full_name in message.body
    (event,) = events_of(user, "user.login.guessed_at")
    assert (event.category, event.organization_id, event.ip) == ("security", user.organization_id, "192.0.2.0")
    assert not Event.objects.filter(id__gt=before, event_type="user.login.failed").exists()


def test_nobody_is_told_of_a_name_that_nobody_has():
    attack("nobody@example.com")
    assert login("nobody@example.com", ip=ELSEWHERE).status_code == 429
    assert mails() == []
    assert Event.objects.filter(event_type="login.guessed_at").count() == 1


@pytest.mark.parametrize("door", [login, at_desk])
def test_right_passwords_are_no_guesses(internal_user, door):
    user = internal_user("viewer")
    for number in range(MOST + 3):
        assert door(user.email, ip=f"198.51.100.{number}").status_code in {200, 302}
    assert AuthSession.objects.count() == MOST + 3
    assert mails() == []


def test_waiting_grows_from_a_minute_to_an_hour(user):
    _, hour = ratelimits._counters("guesses", caller=ratelimits.Caller("", account=str(user.pk)))
    start = datetime.datetime.fromtimestamp(hour.ends_at + 1, datetime.UTC)
    for minute in range(3):
        with time_machine.travel(start + datetime.timedelta(minutes=minute), tick=False):
            assert attack(user.email) == [401] * MOST
    with time_machine.travel(start + datetime.timedelta(minutes=4), tick=False):
        answer = login(user.email, ip=ELSEWHERE)
    assert (answer.status_code, answer["Retry-After"]) == (429, str(56 * 60))


def test_an_address_is_known_for_thirty_days_and_an_ipv6_one_by_its_network(user):
    session = AuthSession.objects.create(
        user=user, kind="web", ip="2001:db8:0:1::7", expires_at=timezone.now() + datetime.timedelta(days=1)
    )
    assert guard._is_known(user.pk, "2001:db8:0:1:ffff::1")
    assert not guard._is_known(user.pk, "2001:db8:0:2::7")
    assert not guard._is_known(user.pk, "203.0.113.7")
    assert not guard._is_known(user.pk, "")
    AuthSession.objects.filter(pk=session.pk).update(created_at=timezone.now() - datetime.timedelta(days=31))
    assert not guard._is_known(user.pk, "2001:db8:0:1::7")


def test_address_of_another_user_is_not_known(user, internal_user):
    assert login(internal_user("viewer").email, ip=HOME).status_code == 200
    attack(user.email)
    assert login(user.email, ip=HOME).status_code == 429
