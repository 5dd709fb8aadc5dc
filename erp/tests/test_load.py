"""The load test: its mix, its users against the real API, its judgement and its accounts. No load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from benchmarks import cpu, mix
from benchmarks.load import criteria, spawn_rate
from benchmarks.memory import Sample, growth
from erp.events.models import Event
from erp.testing.fixtures import PASSWORD, make, make_user
from locations.models import Location

# Each user does each of its tasks once, in the order of the mix, in a process that locust may patch as it likes.
EACH_TASK_ONCE = """
import json, sys
import locustfile
from locust.env import Environment

environment = Environment(host=sys.argv[1], user_classes=[locustfile.SuperAdmin, locustfile.Internal, locustfile.External])
for account in json.load(open(sys.argv[2])):
    locustfile.accounts[account["type"]].append(account)
environment.create_local_runner()  # it keeps the statistics
for kind in environment.user_classes:
    kind.host = sys.argv[1]
    person = kind(environment)
    person.on_start()
    person.renew_at = 0
    for task in dict.fromkeys(person.tasks):
        task(person)
    person.on_stop()
print(json.dumps(locustfile.figures(environment.stats)))
"""


def test_the_mix_of_all_users_is_the_one_that_was_asked_for():
    parts = {task: Fraction(parts, 100) for task, parts in mix.MIX.items()}
    assert mix.overall() == parts
    assert sum(parts.values()) == 1
    assert sum(mix.USERS.values()) == 100


def test_external_users_get_no_task_that_writes():
    assert [task for task in mix.EXTERNAL if task.startswith(("create", "change"))] == []


@pytest.fixture
def people(tmp_path: Path, organization: Any) -> Path:
    """File with one user of each type, whose rows the tasks need: places, a commodity, a partner."""
    make("locations.tests.factories.LocationFactory")
    make("commodities.tests.factories.CommodityFactory")
    partner = make("partners.tests.factories.BusinessPartnerFactory", organization=organization)
    users = [
        make_user("SUPER_ADMIN"),
        make_user("INTERNAL", role="commodity_manager", organization=organization),
        make_user("EXTERNAL", role="partner_admin", partner=partner),
    ]
    file = tmp_path / "users.json"
    file.write_text(
        json.dumps([{"type": user.user_type, "username": user.email, "password": PASSWORD} for user in users])
    )
    return file


@pytest.mark.django_db(transaction=True)
def test_each_user_type_does_each_of_its_tasks_and_takes_its_rows_away(people, live_server, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    began = timezone.now()
    done = subprocess.run(
        [sys.executable, "-c", EACH_TASK_ONCE, live_server.url, str(people)],
        cwd=settings.BASE_DIR, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["failures"], figures["unexpected"], figures["errors"]) == (0, {}, [])
    asked = {name: entry["requests"] for name, entry in figures["tasks"].items()}
    assert asked["login"] == asked["refresh"] == 3
    assert set(mix.MIX) <= set(asked)
    assert asked["create location"] == asked["create commodity"] == 4  # two of them before the tasks begin
    assert asked["clean up"] == 8
    assert not Location.objects.filter(name__startswith="Load test").exists()
    addresses = Event.objects.filter(reason="Load test", recorded_at__gte=began).values_list("ip", flat=True)
    assert {address.partition(".")[0] for address in addresses} == {"10"}


def figures(**changed: Any) -> dict[str, Any]:
    return {"requests": 1000, "failures": 0, "unexpected": {}, "average_ms": 120.0, "p95_ms": 400.0, **changed}


@pytest.mark.parametrize(
    ("changed", "passed"),
    [
        ({}, [True, True, True]),
        ({"failures": 9}, [True, True, True]),
        ({"failures": 10}, [False, True, True]),
        ({"failures": 1, "unexpected": {"list: 500": 1}}, [False, True, True]),
        ({"average_ms": 200.0}, [True, False, True]),
        ({"p95_ms": 500.0}, [True, True, False]),
        ({"requests": 0, "average_ms": 0, "p95_ms": 0}, [False, False, False]),
    ],
)
def test_criteria_are_strict_and_judge_nothing_as_failed(changed: dict[str, Any], passed: list[bool]):
    assert [is_passed for _, is_passed in criteria(figures(**changed))] == passed


def test_users_sign_in_as_fast_as_their_passwords_can_be_checked():
    assert spawn_rate(0.36) == pytest.approx(1.0)
    assert spawn_rate(0.0) == pytest.approx(10.0)


STAT = "{pid} (a (strange) name) S {parent} 1 1 0 -1 4194560 1 2 3 4 {own} {system} {waited} 7 20 0 1 0 99 1 1"


def stat(proc: Path, pid: int, parent: int, *, own: int, system: int = 0, waited: int = 0) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    line = STAT.format(pid=pid, parent=parent, own=own, system=system, waited=waited)
    (folder / "stat").write_text(line)


def test_cpu_time_is_that_of_the_whole_tree_and_of_children_that_have_ended(tmp_path: Path):
    (tmp_path / "self").mkdir()
    stat(tmp_path, 10, 1, own=100, system=20, waited=300)
    stat(tmp_path, 11, 10, own=40)
    stat(tmp_path, 12, 11, own=5)
    stat(tmp_path, 20, 1, own=1000)
    per_s = cpu.TICKS_PER_S
    assert cpu.seconds({"server": 10, "other": 20, "gone": 99}, tmp_path) == {
        # 7 in each line: children's system time
        "server": (100 + 20 + 300 + 7 + 40 + 7 + 5 + 7) / per_s,
        "other": 1007 / per_s,
        "gone": 0,
    }


def test_own_process_has_spent_time_and_memory():
    assert cpu.seconds({"self": os.getpid()})["self"] > 0
    assert cpu.rss_mb(os.getpid()) >= cpu.share_mb(os.getpid()) > 20


def test_growth_of_memory_leaves_the_warm_up_out():
    sizes = [(0, 50.0), (25, 80.0), (40, 82.0), (50, 95.0), (75, 84.0), (100, 86.0)]
    assert growth([Sample(count, size, 0.0) for count, size in sizes]) == pytest.approx(4.0)


GUNICORN = settings.BASE_DIR / "deploy" / "gunicorn.conf.py"


def gunicorn(**environment: str) -> subprocess.CompletedProcess[str]:
    """What gunicorn makes of the production profile, without serving."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", GUNICORN, "--print-config"],
        cwd=settings.BASE_DIR, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_profile_takes_processes_and_threads_from_the_environment():
    told = gunicorn(WEB_CONCURRENCY="3", WEB_THREADS="5", TRUSTED_PROXIES="10.0.0.10,10.1.0.0/16")
    lines = {
        name.strip(): value.strip() for name, _, value in (line.partition("=") for line in told.stdout.splitlines())
    }
    assert (lines["workers"], lines["threads"], lines["worker_class"]) == ("3", "5", "erp.ops.webworker.Worker")
    assert lines["forwarded_allow_ips"] == "['10.0.0.10/32', '10.1.0.0/16']"
