"""The other floor: the statements of our requests without us, sent by PostgreSQL's own pgbench.

A request of each kind is served in this process and its statements are noted, values included. What has to differ from one
run to the next (the record that is asked for, the code of a new one, the new value) is put in their place.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from erp import embedded

PICKED = "benchmark_picked"  # number → key of a record
DRAW = "\\set n random(1, {count})\n\\set a random(1, 2000000000)\n\\set b random(1, 2000000000)\n"
KEY = f"(SELECT key FROM {PICKED} WHERE n = :n)"
TEXT = "('B' || :a::bigint || '-' || :b::bigint)"
WRITES = ("create", "patch")
WORD = "Maruti"


def scripts(paths: dict[str, str], headers: dict[str, str], ids: list[str], payload: dict[str, str]) -> dict[str, str]:
    """Work → script. Django must be set up on the database that pgbench is to ask."""
    from django.db import connection  # noqa: PLC0415 (the environment first)
    from django.test import Client  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {PICKED} AS SELECT n, key FROM unnest(%s::uuid[]) WITH ORDINALITY AS u(key, n)", [ids]
        )
        cursor.execute(f"ALTER TABLE {PICKED} ADD PRIMARY KEY (n)")
    logging.getLogger("erp.access").setLevel(logging.WARNING)
    client, draw = Client(SERVER_NAME="127.0.0.1", headers=headers), DRAW.format(count=len(ids))
    row = paths["detail"].format(ids[0])
    read = {"list": paths["list"], "detail": row, "search": paths["search"].format(WORD)}

    def ask(work: str, tag: str) -> Any:
        if work in read:
            return client.get(read[work])
        if work == "create":
            body: dict[str, str] = {**payload, "code": tag, "name": tag}
            return client.post(paths[work], json.dumps(body), content_type="application/json")
        match = {"If-Match": client.get(row)["ETag"]}
        return client.patch(row, json.dumps({"city": tag}), content_type="application/json", headers=match)

    made = {work: draw + _script(work, ask, ids[0]) for work in (*read, *WRITES)}
    connection.close()
    return made


def _script(work: str, ask: Callable[[str, str], Any], key: str) -> str:
    """Of the third request: those before sign in, and make what is kept."""
    from django.db import connection  # noqa: PLC0415

    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if connection.in_atomic_block or work not in WRITES:  # not what a change asks beforehand
            sent.append(psycopg.ClientCursor(connection.connection).mogrify(sql, params))
        return execute(sql, params, many, context)

    for _ in range(2):
        ask(work, uuid.uuid4().hex.upper()[:12])
    tag = uuid.uuid4().hex.upper()[:12]
    with connection.execute_wrapper(note):
        answer = ask(work, tag)
    if answer.status_code not in {200, 201}:
        raise SystemExit(f"pgbench, {work}: {answer.status_code} {answer.content[:500]!r}")
    # A format such as 'HH24:MI' holds no variable: two literals on two lines are one.
    text = re.sub(r"(?<!:):(?=[A-Za-z_])", ":'\n'", "".join(f"{statement};\n" for statement in sent))
    text = text.replace(f"'{tag}'", TEXT).replace(_spelled(key), KEY)
    if work == "patch":  # which writes the whole row, each its own
        for name in ("code", "name"):
            text = text.replace(f"'{answer.json()[name]}'", f'"{name}"')
    if work == "create":
        text = text.replace(_spelled(answer.json()["id"]), "uuidv7()")
    return f"BEGIN;\n{text}COMMIT;\n" if work in WRITES else text


def _spelled(key: str) -> str:
    """A key as psycopg writes it."""
    return f"'{uuid.UUID(key).hex}'::uuid"


def run(script: str, url: str, *, seconds: float, clients: int) -> dict[str, Any]:
    """As `benchmarks.client` tells it: seconds taken, latencies in seconds in order. Raises: SystemExit: pgbench failed."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        options = ("--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--time={max(1, round(seconds))}")
        ended = subprocess.run(
            [embedded.program("pgbench"), *options, "--log", f"--log-prefix={folder}/log", f"--file={file}", url],
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise SystemExit(f"pgbench: {ended.stderr.strip()[-1500:]}")
        lines = [line.split() for log in Path(folder).glob("log*") for line in log.read_text().splitlines()]
    return {"latencies": sorted(int(line[2]) / 1e6 for line in lines), "seconds": round(seconds), "versions": {}}
