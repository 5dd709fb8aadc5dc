"""What do sealing and verifying cost? 100,000 events: a second, against bare SHA-256, in memory, and beside requests.

    python -m benchmarks.ledger [--events 100000] [--rounds 3]

A fifth of the events carries personal data, which enter their lines as commitments. Bare SHA-256 hashes the same lines, read
beforehand. Requests (a change and a read through the API, in this process) run alone and beside a process that seals all the
events again and again as the job does; the two alternate, and each round compares medians of equally many requests.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils.module_loading import import_string

from benchmarks import scratch  # sets up Django first
from erp import ratelimits
from erp.events import feed
from erp.ledger import keys, lines
from erp.ledger.seal import seal, seal_gently
from erp.ledger.verify import verify

STORED = "ledger_leaf, ledger_node, ledger_delivery, ledger_head, ledger_key, ledger_salt"
ROWS = 1_000  # rows of each statement that makes events
PERSONAL = 5  # every fifth event


def prepare(events: int) -> Any:
    """Make the events, numbered; returns a location."""
    location = import_string("locations.tests.factories.LocationFactory")
    contact = import_string("partners.tests.factories.PartnerContactFactory")
    first, person = location(), contact(is_primary=False)
    insert = import_string("erp.bulk.insert")
    insert(location.build_batch(ROWS, country=first.country, subdivision=first.subdivision), model=type(first))
    owner = {"partner": person.partner, "organization_id": person.organization_id}
    insert(contact.build_batch(ROWS, is_primary=False, **owner), model=type(person))
    with connection.cursor() as cursor:
        for number in range(events // ROWS):
            if number % PERSONAL:
                cursor.execute("UPDATE locations_location SET city = %s", [f"City {number}"])
            else:
                cursor.execute("UPDATE partners_partnercontact SET name = %s", [f"Person {number}"])
        cursor.execute("VACUUM ANALYZE")
    feed.number_events()
    return first


def forget() -> None:
    """Empty the ledger, so that everything is sealed again."""
    with connection.cursor() as cursor:
        cursor.execute("SET erp.test_flush = on")
        cursor.execute(f"TRUNCATE {STORED}")


def bare_sha256(events: int) -> float:
    """Seconds that hashing alone takes for the lines that were sealed."""
    seconds, after = 0.0, 0
    while after < events:
        batch = lines.read_lines(after, 5_000)
        after = batch[-1][0]
        started = time.perf_counter()
        for _, line in batch:
            sha256(line).digest()
        seconds += time.perf_counter() - started
    return seconds


def peak_mib() -> float:
    """The largest memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seal_alone(rounds: int) -> None:
    """Events a second and memory, sealing everything in one go."""
    rates, ratios = [], []
    before = peak_mib()
    for _ in range(rounds):
        forget()
        started = time.perf_counter()
        head = seal()
        seconds = time.perf_counter() - started
        assert head is not None
        rates.append(head.size / seconds)
        ratios.append(seconds / bare_sha256(head.size))
    print(f"seal, events/s            {scratch.summary(rates)}")
    print(f"time, in bare SHA-256s    {scratch.summary(ratios)}")
    print(f"peak memory, MiB          {peak_mib():>10,.0f}  ({before:,.0f} before)")
    forget()
    started = time.perf_counter()
    head = seal_gently()
    assert head is not None
    print(f"as the job does, events/s {head.size / (time.perf_counter() - started):>10,.0f}")


def verify_alone(rounds: int) -> None:
    """Events a second through all layers, and memory."""
    before, rates = peak_mib(), []
    seal()
    for _ in range(rounds):
        report = verify()
        assert not report.count, report.findings[:3]
        rates.append(report.size / report.seconds)
    print(f"verify, events/s          {scratch.summary(rates)}")
    print(f"peak memory, MiB          {peak_mib():>10,.0f}  ({before:,.0f} before)")


def _seal_again(ready: Any) -> None:
    forget()
    ready.set()
    while True:
        if seal_gently() is None:
            forget()


def requests(location: Any) -> Callable[[int], list[float]]:
    """`send(n)` changes and reads this location n times; milliseconds of each pair."""
    client = import_string("rest_framework.test.APIClient")()
    client.force_authenticate(import_string("erp.testing.fixtures.make_user")("SUPER_ADMIN"))
    address = f"/api/v1/settings/locations/{location.pk}"

    def send(count: int) -> list[float]:
        times = []
        etag = client.get(address)["ETag"]
        for _ in range(count):
            started = time.perf_counter()
            change = {"city": f"City {time.time_ns()}"}
            changed = client.patch(
                address, change, format="json", headers={"If-Match": etag, "X-Change-Reason": "Benchmark"}
            )
            read = client.get(address)
            times.append((time.perf_counter() - started) * 1000)
            assert (changed.status_code, read.status_code) == (200, 200), changed.content
            etag = read["ETag"]
            cache.clear()
            ratelimits.table = ratelimits.Table()  # this caller may call as often as it likes
        return times

    return send


def beside_requests(location: Any, rounds: int, count: int = 150) -> None:
    """Latency of requests with and without sealing in another process."""
    send = requests(location)
    send(20)
    alone, beside = [], []
    processes = get_context("fork")
    for _ in range(rounds):
        alone.append(send(count))
        connection.close()  # a connection does not survive a fork
        ready = processes.Event()
        sealer = processes.Process(target=_seal_again, args=(ready,), daemon=True)
        sealer.start()
        ready.wait()
        beside.append(send(count))
        sealer.kill()
        sealer.join()
    for name, pick in (("median", statistics.median), ("95th", lambda times: statistics.quantiles(times, n=20)[-1])):
        slow, quick = ([pick(times) for times in side] for side in (beside, alone))
        ratio = statistics.median(slow) / statistics.median(quick)
        print(f"request, {name:<8}         {statistics.median(quick):6.1f} ms alone, {statistics.median(slow):6.1f} ms "
              f"beside sealing, ratio {ratio:.2f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with scratch.database(), tempfile.TemporaryDirectory() as folder:
        settings.AUDIT_SIGNING_KEY_FILE = os.path.join(folder, "key.pem")
        settings.ALLOWED_HOSTS = ["*"]
        keys.write(Path(settings.AUDIT_SIGNING_KEY_FILE))
        location = prepare(options.events)
        seal_alone(options.rounds)
        verify_alone(options.rounds)
        beside_requests(location, options.rounds)


if __name__ == "__main__":
    main()
