"""Is this deployment well? Each check says what it found, and the way out where something is wrong (`manage.py doctor`).

It changes nothing. A check that fails is a finding like the others, so that one cause never hides the rest.
"""

from __future__ import annotations

import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from erp import replicas
from erp.events import doctor as record_doctor
from erp.events import roles
from erp.ledger import keys, state
from erp.ops import health, logs, metrics
from erp.postgresql import pools

CLOCK_S = 2.0
HEARTBEAT_S = 120  # the thresholds of deploy/prometheus/alerts.yml
SEAL_LAG_S = 600
STANDBY_LAG_S = 60
FAILS = "The check fails with"
SHOWN = 3  # names in one sentence, deviations of the record
LOCAL = {"", "localhost", "127.0.0.1", "::1"}
TLS = {"require", "verify-ca", "verify-full"}
ROLES = "docs/operations.md#database-roles"


class Level(StrEnum):
    """How bad it is: an error keeps the product from its work or its promises."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `way_out` is empty where nothing has to be done."""

    name: str
    level: Level
    fact: str
    way_out: str = ""


# What a check says: level, fact, way out.
Said = tuple[Level, str, str]
Check = Callable[[], Iterable[Said]]


def ok(fact: str) -> Said:
    return Level.OK, fact, ""


def warning(fact: str, way_out: str) -> Said:
    return Level.WARNING, fact, way_out


def error(fact: str, way_out: str) -> Said:
    return Level.ERROR, fact, way_out


def diagnose() -> list[Finding]:
    """All findings: errors first, then warnings, then what is well. Never raises."""
    asked = _look("database", database)
    answers = not any(finding.fact.startswith(FAILS) for finding in asked)
    for name, check in {**CHECKS, **(DATABASE_CHECKS if answers else {})}.items():
        asked += _look(name, check)
    order = list(reversed(Level))
    return sorted(asked, key=lambda finding: order.index(finding.level))


def _look(name: str, check: Check) -> list[Finding]:
    try:
        return [Finding(name, *said) for said in check()]
    except Exception as failure:
        text = logs.scrub(" ".join(str(failure).split()))
        way_out = "Put right what the exception says, then run `manage.py doctor` again."
        return [Finding(name, Level.ERROR, f"{FAILS} {type(failure).__name__}: {text}", way_out)]


# Settings, files and cache ------------------------------------------------------------------------------------------------


def django() -> Iterator[Said]:
    """What `check --deploy` says; development is told in one line that it is not production."""
    if settings.DEBUG:
        yield warning("DEBUG is on: a development, not held to `check --deploy`.", "Unset DEBUG in production.")
    well = True
    for message in checks.run_checks(include_deployment_checks=not settings.DEBUG):
        if message.is_silenced() or message.level < checks.WARNING:
            continue
        well = False
        say = error if message.level >= checks.ERROR else warning
        yield say(f"{message.id}: {message.msg}", message.hint or "See `manage.py check --deploy`.")
    if well:
        yield ok("`check --deploy` has nothing to say." if not settings.DEBUG else "`check` has nothing to say.")


def signing_key() -> Iterator[Said]:
    """The ledger's key is there, Ed25519, and nobody else's to read."""
    if settings.DEBUG and not settings.AUDIT_SIGNING_KEY_FILE:
        yield ok("Development makes a key of its own.")
        return
    try:
        key = keys.load()
    except ImproperlyConfigured as failure:
        yield error(str(failure), "Nothing is sealed until AUDIT_SIGNING_KEY_FILE names a readable Ed25519 key.")
        return
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    mode = stat.S_IMODE(path.stat().st_mode)
    fact, way_out = f"{path} has mode {mode:04o}", f"Run `chmod 0400 {path}` as its owner."
    if mode & 0o022:
        yield error(f"{fact}: others may put another key there.", way_out)
    elif mode & 0o044:
        yield warning(
            f"{fact}: others on this machine may read it.", f"{way_out} A secret mounted into a container may stay."
        )
    else:
        yield ok(f"{path} has mode {mode:04o}, key {key.key_id.hex()}.")


def cache_server() -> Iterator[Said]:
    """The cache keeps what it is given, drops nothing that counts, and its clock is right."""
    if fault := health.cache_answers():
        yield error(f"{fault[0].upper()}{fault[1:]}.", "Give Valkey memory; see maxmemory.")
    server = getattr(getattr(cache, "client", None), "get_client", None)
    if server is None:
        yield warning("The cache is memory of each process.", "Set REDIS_URL where more than one process runs.")
        return
    client = server()
    memory = client.info("memory")
    policy = str(memory.get("maxmemory_policy", "unknown"))
    if policy.startswith("allkeys"):
        fact = f"maxmemory-policy is {policy}: rate limits and the epochs of sign-ins may be dropped before their time."
        yield warning(fact, "Set maxmemory-policy to volatile-lru, and maxmemory so that it is rarely reached.")
    else:
        yield ok(f"It answers; maxmemory-policy is {policy}.")
    before = time.time()
    seconds, micros = client.time()
    yield _clock("The cache's clock", seconds + micros / 1e6, before, time.time())


def storage() -> Iterator[Said]:
    """Papers can be written."""
    folder = Path(settings.MEDIA_ROOT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"doctor")
    except OSError as failure:
        fact = f"{folder} can't be written: {failure.strerror}."
        yield error(
            fact, "Give this folder to the user of web and worker, who share it; see docs/operations.md#deploy."
        )
        return
    yield ok(f"{folder} is writable.")


def file_scanner() -> Iterator[Said]:
    """Somebody looks for viruses in papers."""
    if not settings.FILE_SCANNER:
        yield warning(
            "FILE_SCANNER is empty: papers are taken without a look for viruses.", "Set it to a scanner's path."
        )
        return
    import_string(settings.FILE_SCANNER)
    yield ok(f"{settings.FILE_SCANNER} looks at papers.")


def tls() -> Iterator[Said]:
    """Nobody between here and the database reads along."""
    plain = [alias for alias, database in settings.DATABASES.items() if _travels_plain(database)]
    for alias in plain:
        host = settings.DATABASES[alias]["HOST"]
        way_out = "Add ?sslmode=verify-full&sslrootcert=FILE to its address; sslmode=require at least."
        yield warning(f"The connection to {alias} at {host} may be unencrypted.", way_out)
    if not plain:
        yield ok("Databases are on this machine, or reached by TLS.")


def _travels_plain(database: dict[str, Any]) -> bool:
    options = database.get("OPTIONS", {})
    host = str(options.get("host") or database.get("HOST") or "")
    return host not in LOCAL and not host.startswith("/") and options.get("sslmode") not in TLS


def standbys() -> Iterator[Said]:
    """Standbys answer, and are not far behind."""
    for alias in settings.DATABASE_REPLICAS:
        yield from _standby(replicas.Standby(alias))
    if not settings.DATABASE_REPLICAS:
        yield ok("None: DATABASE_REPLICA_URLS is empty.")


def _standby(standby: replicas.Standby) -> Iterator[Said]:
    way_out = "Reads go to the primary meanwhile. Look at the standby's log, or take it out of DATABASE_REPLICA_URLS."
    try:
        standby.ask()
    except Exception as failure:
        yield error(f"{standby.alias} fails with {type(failure).__name__}.", way_out)
        return
    if standby.position < 0:
        yield error(f"{standby.alias} is no standby.", way_out)
    elif standby.lag_s > STANDBY_LAG_S:
        # A primary where nobody writes has no newer transaction to replay.
        yield warning(f"{standby.alias} replayed its last transaction {standby.lag_s:.0f} s ago.", way_out)
    else:
        yield ok(f"{standby.alias} is {standby.lag_s:.0f} s behind.")


# Database -----------------------------------------------------------------------------------------------------------------


def database() -> Iterator[Said]:
    """PostgreSQL answers, is young enough, keeps every letter and tells the time."""
    before = time.time()
    version, encoding, now = _row(
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
        " extract(epoch FROM clock_timestamp())::float"
    )
    after = time.time()
    if version < 150000:
        yield warning(f"PostgreSQL is {version // 10000}.", "Upgrade it to 15 or newer: rules of the tables need it.")
    if encoding != "UTF8":
        yield warning(f"The database's encoding is {encoding}.", "Restore into one made with ENCODING 'UTF8'.")
    if version >= 150000 and encoding == "UTF8":
        yield ok(f"PostgreSQL {version // 10000}, {encoding}.")
    yield _clock("The database's clock", now, before, after)


def _clock(whose: str, there: float, before: float, after: float) -> Said:
    # What it said is from somewhere between the two moments here.
    away_s = max(before - there, there - after, 0.0)
    if away_s < CLOCK_S:
        return ok(f"{whose} is at most {away_s:.1f} s away from this machine's.")
    return error(f"{whose} is {away_s:.1f} s away from this machine's.", "Run NTP (chrony) on both machines.")


# Rights that would let the connection's role rewrite the record, and tables that it can't even read.
RIGHTS = """
SELECT current_user, array_agg(relname ORDER BY relname) FILTER (WHERE NOT has_table_privilege(current_user, c.oid, 'SELECT')),
    array_agg(relname ORDER BY relname) FILTER (WHERE has_table_privilege(current_user, c.oid, 'UPDATE, DELETE, TRUNCATE')
        AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'erp_append_only'))
FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
"""


def role() -> Iterator[Said]:
    """The application's role owns nothing, and has the rights that this release needs and no more."""
    name, unread, written = _row(RIGHTS)
    powers = _row(roles.POWERS, [[name]])[1]
    if powers or any(owner.is_current for owner in record_doctor.owners()):
        fact = f"{name} {' and '.join(powers) or 'owns the record'}: it could switch the record off."
        say = warning if settings.DEBUG else error
        yield say(fact, f"Fine for development. In production connect as erp_app: {ROLES}.")
        return
    way_out = "Run `manage.py grant_roles` as the owner; it belongs behind each migrate."
    if unread:
        yield error(f"{name} may not read {_names(unread)}.", way_out)
    if written:
        yield error(f"{name} may rewrite the record: {_names(written)}.", way_out)
    if not unread and not written:
        yield ok(f"{name} owns nothing and can't rewrite the record.")


def record() -> Iterator[Said]:
    """Every change is recorded: triggers, functions, history."""
    deviations = record_doctor.examine()
    for deviation in deviations[:SHOWN]:
        yield error(str(deviation), "Run `manage.py migrate` as the owner; keep this output for compliance.")
    if len(deviations) > SHOWN:
        yield error(f"{len(deviations) - SHOWN} more deviations.", "`manage.py audit_doctor` lists them all.")
    if not deviations:
        yield ok("Triggers, functions and histories are as this release wants them.")


INVALID = """
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE NOT indisvalid AND c.relkind = 'i' ORDER BY 1
"""


def indexes() -> Iterator[Said]:
    """No index is left over from a build that broke off."""
    broken = [name for (name,) in _rows(INVALID)]
    for name in broken:
        way_out = f"Run `REINDEX INDEX CONCURRENTLY {name}` as the owner; drop it if its name ends with _ccnew."
        yield error(f"Index {name} is invalid: it costs writes and answers nothing.", way_out)
    if not broken:
        yield ok("All indexes are valid.")


def migrations() -> Iterator[Said]:
    """The database is as new as the code."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = _names([f"{migration.app_label}.{migration.name}" for migration, _ in plan])
        yield error(f"Not applied: {names}.", "Run `manage.py migrate`, then `manage.py grant_roles`, as the owner.")
    else:
        yield ok("All are applied.")


def connections() -> Iterator[Said]:
    """The server allows all connections that one replica of web and one worker open at most."""
    processes, each = settings.WEB_CONCURRENCY, settings.DB_POOL_MAX or settings.WEB_THREADS
    need = pools.connections_needed(processes=processes, threads=each)
    # Commands go around a pooler, and what it opens stands in its own settings.
    web = 0 if settings.DATABASE_DIRECT_URL else need.web
    through = " through a pooler" if settings.DATABASE_DIRECT_URL else f" {processes} × {each}"
    needed = web + need.workers + need.spare
    [(most,)] = _rows("SELECT current_setting('max_connections')::int")
    fact = f"Web{through}, {need.workers} for a worker, {need.spare} to spare: {needed} of max_connections = {most}"
    if needed > most:
        way_out = (
            "Raise max_connections, lower WEB_CONCURRENCY, WEB_THREADS or DB_POOL_MAX, or put PgBouncer in between:"
        )
        yield error(f"{fact}.", f"{way_out} docs/operations.md#pools-and-pgbouncer.")
    else:
        yield ok(f"{fact}. Each further replica needs as many again.")


def queue() -> Iterator[Said]:
    """Workers live and do the jobs; none was given up."""
    said = _stored()
    age_s, heartbeat_s = float(said["cotton_queue_age_seconds"]), said["cotton_worker_heartbeat_age_seconds"]
    failed = int(said["cotton_jobs_failed"])
    start = "Start one: `manage.py procrastinate worker`; its log says why one ended."
    if heartbeat_s is None:
        yield error("No worker runs.", start)
    elif heartbeat_s > HEARTBEAT_S:
        yield error(f"No worker was heard of for {heartbeat_s:.0f} s.", start)
    if age_s > health.QUEUE_S:
        yield error(f"A job has been waiting for {age_s:.0f} s.", "See docs/operations.md#queue.")
    if failed:
        yield warning(
            f"{failed} jobs were given up.",
            "Decide about them at the desk, under Failed jobs: docs/operations.md#failed-jobs.",
        )
    if heartbeat_s is not None and heartbeat_s <= HEARTBEAT_S and age_s <= health.QUEUE_S and not failed:
        yield ok(f"A worker was heard of {heartbeat_s:.0f} s ago; no job waits too long.")


def ledger() -> Iterator[Said]:
    """The record is sealed, and outside sinks took its heads."""
    seal, lag_s = state.seal_state(), float(_stored()["cotton_seal_lag_seconds"])
    if lag_s > SEAL_LAG_S:
        yield error(f"The oldest event without a signed head is {lag_s:.0f} s old.", "See docs/operations.md#sealing.")
    if seal["undelivered"]:
        fact = f"Outside sinks refused {seal['undelivered']} signed heads."
        yield warning(fact, "Look at AUDIT_HEAD_SINKS and the jobs that post them: docs/operations.md#breakers.")
    if seal["signed_at"] is None:
        yield warning("Nothing was ever sealed.", "A worker seals every minute; or run `manage.py audit_seal`.")
        return
    age_s = time.time() - seal["signed_at"].timestamp()
    yield ok(f"Sealed {max(age_s, 0):.0f} s ago up to {seal['size']}; {seal['unsealed']} events since.")


def _stored() -> dict[str, Any]:
    return dict(zip((name for name, _ in metrics.FAMILIES), metrics.stored(), strict=True))


def _row(query: str, params: list[Any] | None = None) -> Any:
    return _rows(query, params)[0]


def _rows(query: str, params: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def _names(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


CHECKS: dict[str, Check] = {
    "django": django,
    "signing key": signing_key,
    "cache": cache_server,
    "storage": storage,
    "file scanner": file_scanner,
    "tls": tls,
    "standbys": standbys,
}
# Asked when the database answers: without it they would all say the same.
DATABASE_CHECKS: dict[str, Check] = {
    "role": role,
    "record": record,
    "indexes": indexes,
    "migrations": migrations,
    "connections": connections,
    "queue": queue,
    "ledger": ledger,
}
