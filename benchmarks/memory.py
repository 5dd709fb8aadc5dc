"""Does a process of the server grow? One gunicorn worker, many requests, its resident memory on the way.

    python -m benchmarks.memory [--requests 200000] [--threads 8]

Lists, details, searches and creates in turn, by 800 users. The first tenth warms up; then a line is laid through the
samples. Flat: it rises by less than 5 MiB per 100,000 requests. Exits with 1 if not.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from benchmarks import cpu
from benchmarks.installation import ROOT, Installation, installed
from benchmarks.load import serving

SLOPE_MOST_MB = 5.0
CALLERS = 800
QUOTA_S = 60 / 100  # a user may ask 100 times a minute
SAMPLES = 200
PROXIED = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}


def slope(samples: Sequence[tuple[int, float]]) -> float:
    """MiB per 100,000 requests of the line through (requests, MiB)."""
    counts, sizes = zip(*samples, strict=True)
    return statistics.linear_regression(counts, sizes).slope * 100_000


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


def run(host: str, pid: int, tokens: list[str], count: int) -> list[tuple[int, float]]:
    """(requests, MiB) on the way. Callers take turns, no faster than their limits allow."""
    server = http.client.HTTPConnection(urlsplit(host).netloc, timeout=60)
    like = ask(server, tokens[0], "GET", "/api/v1/settings/locations?limit=25")["results"][0]
    asked, turns = requests_of(like), cycle(tokens)
    samples = []
    began = time.monotonic()
    for number in range(count):
        ask(server, next(turns), *next(asked))
        if number % max(1, count // SAMPLES) == 0:
            samples.append((number, cpu.rss_mb(pid)))
            time.sleep(max(0.0, number * QUOTA_S / len(tokens) - (time.monotonic() - began)))
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    with installed() as installation:
        tokens = callers(installation)
        with serving(installation, workers=1, threads=options.threads) as (server, host):
            (pid,) = cpu.children_of(server.pid)
            samples = run(host, pid, tokens, options.requests)
    warm = samples[len(samples) // 10 :]
    sizes = [size for _, size in samples]
    rises = slope(warm)
    print(
        f"{options.requests:,} requests: first {sizes[0]:.1f} MiB, last {sizes[-1]:.1f} MiB, most {max(sizes):.1f} MiB"
    )
    print(
        f"{rises:+.2f} MiB per 100,000 requests after the first tenth: {'flat' if rises < SLOPE_MOST_MB else 'GROWS'}"
    )
    raise SystemExit(rises >= SLOPE_MOST_MB)


if __name__ == "__main__":
    main()
