"""Do processes of the server grow? gunicorn workers, many requests, their resident memory on the way.

    python -m benchmarks.memory [--requests 200000] [--workers 2] [--threads 4] [--connections 8]

Lists, details, searches and creates in turn, by 800 users, over connections that stay open. Of each sample the largest worker
counts. Processes share what was loaded before they were forked: the memory of one is what it has for itself, and its part of
that. Growth is what the last quarter of the requests has more than the second, of all that is resident; the first quarter
warms up.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks import cpu, report
from benchmarks.installation import ROOT, Installation, installed
from benchmarks.load import serving

MOST_MB, GROWTH_MB = 90.0, 2.0
CALLERS = 800
QUOTA_S = 60 / 100  # a user may ask 100 times a minute
SAMPLE_S = 0.25
PRINTED = 10
PROXIED = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}


class Sample(NamedTuple):
    """The largest worker after so many requests, in MiB: all that is resident, and its share."""

    requests: int
    resident: float
    share: float


def growth(samples: Sequence[Sample]) -> float:
    """MiB that are resident in the last quarter of the requests more than in the second one."""
    total = samples[-1].requests
    second = [each.resident for each in samples if total / 4 <= each.requests < total / 2]
    last = [each.resident for each in samples if each.requests >= total * 3 / 4]
    return statistics.median(last) - statistics.median(second)


def callers(installation: Installation, count: int = CALLERS) -> list[str]:
    """Access tokens."""
    command = [sys.executable, "-m", "benchmarks.callers", f"{count}"]
    done = subprocess.run(command, env=installation.environment, cwd=ROOT, check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


def ask(server: http.client.HTTPConnection, token: str, method: str, path: str, body: Any = None) -> Any:
    """The answer's JSON. Raises: SystemExit: it is a refusal."""
    headers = {**PROXIED, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    server.request(method, path, body=json.dumps(body) if body else None, headers=headers)
    answer = server.getresponse()
    text = answer.read()
    if answer.status not in {200, 201}:
        raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
    return json.loads(text)


def requests_of(like: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body, for ever."""
    places = "/api/v1/settings/locations"
    copied = {name: like[name] for name in ("kind", "country", "subdivision", "city", "postal_code", "timezone")}
    while True:
        tag = uuid.uuid4().hex[:12].upper()
        yield "GET", f"{places}?limit=25", None
        yield "GET", f"{places}/{like['id']}", None
        yield "GET", f"{places}?limit=25&search={like['name'].split()[1]}", None
        yield "GET", "/api/v1/partners?limit=25", None
        yield "POST", places, {**copied, "code": f"ME-{tag}", "name": f"Memory {tag}"}


def converse(host: str, tokens: list[str], count: int, done: list[int]) -> None:
    """One connection's requests, no faster than the limits of its users allow; a mark in `done` for each."""
    server = http.client.HTTPConnection(urlsplit(host).netloc, timeout=60)
    like = ask(server, tokens[0], "GET", "/api/v1/settings/locations?limit=25")["results"][0]
    asked, turns = requests_of(like), cycle(tokens)
    began = time.monotonic()
    for number in range(count):
        ask(server, next(turns), *next(asked))
        done.append(1)
        if number % len(tokens) == 0:
            time.sleep(max(0.0, number * QUOTA_S / len(tokens) - (time.monotonic() - began)))


def run(host: str, pids: list[int], tokens: list[str], options: Any) -> list[Sample]:
    """What was measured on the way."""
    samples: list[Sample] = []
    done: list[int] = []

    def look() -> None:
        samples.append(Sample(len(done), max(map(cpu.rss_mb, pids)), max(map(cpu.share_mb, pids))))

    with ThreadPoolExecutor(options.connections) as pool:
        each = options.requests // options.connections
        asked = [
            pool.submit(converse, host, tokens[number :: options.connections], each, done)
            for number in range(options.connections)
        ]
        while not all(one.done() for one in asked):
            look()
            time.sleep(SAMPLE_S)
        for one in asked:
            one.result()
    look()
    return samples


def main() -> None:
    parser = report.parser(__doc__, rounds=1)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    began = time.monotonic()
    with installed() as installation:
        tokens = callers(installation)
        with serving(installation, workers=options.workers, threads=options.threads) as (server, host):
            samples = run(host, cpu.children_of(server.pid), tokens, options)
    total = samples[-1].requests
    points = [
        next(sample for sample in samples if sample.requests >= total * point / PRINTED)
        for point in range(1, PRINTED + 1)
    ]
    print(f"{total:,} requests in {time.monotonic() - began:.0f} s, {options.workers} workers\n")
    lines = ((f"{each.requests:,}", f"{each.share:.1f}", f"{each.resident:.1f}") for each in points)
    print("\n".join(report.table(("requests", "largest worker, MiB", "resident, shared pages counted whole"), lines)))
    most = max(each.share for each in samples)
    targets = [
        report.Target("memory of a worker, MiB", MOST_MB, most, at_most=True),
        report.Target(f"its growth over {total:,} requests, MiB", GROWTH_MB, growth(samples), at_most=True),
    ]
    report.finish(targets, samples, options.json)


if __name__ == "__main__":
    main()
