"""Where the time of one kind of request goes: `python -m benchmarks.profile detail|list|create|patch|search [--requests 1000]`.

Django serves the requests in this process, on the database of the load test. pyinstrument looks 1,000 times a second which
functions are being run, and writes a page with a flame graph into var/profile. Waiting for PostgreSQL and Valkey counts.
The last table says whose functions they were: what Python itself does (str, dict, json) belongs to who called it.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from typing import Any

from benchmarks import report
from benchmarks.installation import ROOT, installed

PLACES = "/api/v1/settings/locations"
CALLERS = 400
GARBAGE = (20_000, 5, 20)  # as deploy/gunicorn.conf.py has it
PACKAGES = f"{os.sep}site-packages{os.sep}"
COPIED = ("kind", "country", "subdivision", "city", "postal_code", "timezone")


class Work:
    """One kind of request, by callers who take turns."""

    def __init__(self, tokens: list[str]) -> None:
        from django.test import Client  # noqa: PLC0415 (the environment first)

        self.client = Client(
            SERVER_NAME="127.0.0.1", headers={"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}
        )
        self.tokens = cycle(tokens)
        self.row = self.ask("GET", f"{PLACES}?limit=25").json()["results"][0]
        self.copied = {name: self.row[name] for name in COPIED}
        self.own: dict[str, tuple[str, str]] = {}  # caller → address and tag of a record of its own

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
        """The answer. Raises: SystemExit: a refusal."""
        sent = {"data": body, "content_type": "application/json"} if body else {}
        headers["Authorization"] = f"Bearer {token or next(self.tokens)}"
        answer = getattr(self.client, method.lower())(path, headers=headers, **sent)
        if answer.status_code not in {200, 201}:
            raise SystemExit(f"{answer.status_code}: {answer.content[:300]!r}")
        return answer

    def list(self) -> Any:
        return self.ask("GET", f"{PLACES}?limit=25")

    def detail(self) -> Any:
        return self.ask("GET", f"{PLACES}/{self.row['id']}")

    def search(self) -> Any:
        return self.ask("GET", f"{PLACES}?limit=25&search={self.row['name'].split()[1]}")

    def create(self, token: str = "") -> Any:
        tag = uuid.uuid4().hex[:12].upper()
        body = {**self.copied, "code": f"PR-{tag}", "name": f"Profile {tag}"}
        return self.ask("POST", PLACES, body, token=token)

    def patch(self) -> Any:
        token = next(self.tokens)
        if token not in self.own:
            made = self.create(token)
            self.own[token] = f"{PLACES}/{made.json()['id']}", made["ETag"]
        path, tag = self.own[token]
        answer = self.ask("PATCH", path, {"address_line1": uuid.uuid4().hex}, token=token, **{"If-Match": tag})
        self.own[token] = path, answer["ETag"]
        return answer


def shares(frame: Any, owner: str = "") -> Counter[str]:
    """Package → seconds of its own functions, below this frame of pyinstrument."""
    path = frame.file_path or ""
    if PACKAGES in path:
        owner = path.split(PACKAGES)[1].split(os.sep)[0]
    elif path.startswith(str(ROOT)):
        owner = "the benchmark" if path.startswith(str(ROOT / "benchmarks")) else "Cotton ERP"
    found = Counter({owner: frame.time - sum(each.time for each in frame.children)})
    for each in frame.children:
        found.update(shares(each, owner))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["detail", "list", "create", "patch", "search"])
    parser.add_argument("--requests", type=int, default=1000)
    options = parser.parse_args()
    with installed() as installation:
        os.environ.update(installation.environment)
        profile(options.work, options.requests)


def profile(name: str, count: int) -> None:
    """Serve so many requests and write the page."""
    from pyinstrument import Profiler  # noqa: PLC0415 (group `bench`)

    from benchmarks.callers import tokens  # noqa: PLC0415 (sets up Django, the environment first)

    work = Work(tokens(CALLERS))
    act: Callable[[], Any] = getattr(work, name)
    for _ in range(CALLERS):
        act()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    profiler = Profiler(interval=0.001)
    began = time.perf_counter()
    with profiler:
        for _ in range(count):
            act()
    each_ms = (time.perf_counter() - began) * 1000 / count
    page = ROOT / "var" / "profile" / f"{name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(profiler.output_html())
    print(profiler.output_text(unicode=True, show_all=False)[:6000])
    found = shares(profiler.last_session.root_frame())  # type: ignore[union-attr]
    whole = sum(found.values())
    rows = [[owner, f"{taken / whole:.0%}"] for owner, taken in found.most_common() if taken > whole / 100]
    print("\n".join(report.table(("whose functions", "share"), rows)))
    print(f"{name}: {each_ms:.2f} ms each while watched; open {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
