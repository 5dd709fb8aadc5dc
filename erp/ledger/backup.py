"""Backups that say what is in them: a dump, the papers that people handed in, and a manifest to compare a restored database with.

One snapshot: the manifest's numbers are those of the dump, whatever is written meanwhile. Papers lie under the fingerprint of
their content and never change, so that copying them afterwards misses none that the dump refers to.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from django.conf import settings
from django.db import connection, transaction
from psycopg import conninfo

from erp import embedded

DUMP = "database.dump"
FILES = "files"
MANIFEST = "manifest.json"
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
STATE = """
SELECT (SELECT count(*) FROM event), (SELECT coalesce(max(position), 0) FROM event_position),
       (SELECT count(*) FROM event_pending)
"""
NEWEST = "SELECT size, encode(root, 'hex'), checkpoint FROM ledger_head ORDER BY size DESC LIMIT 1"
HEAD = "SELECT encode(root, 'hex') FROM ledger_head WHERE size = %s"


class BackupError(RuntimeError):
    """No backup was made, or what lies there is none; the sentence says why."""


class Head(TypedDict):
    """Newest signed head of the ledger. root: hex."""

    size: int
    root: str
    checkpoint: str


class Manifest(TypedDict):
    """made_at: UTC. events, position, pending: rows of the log, last position, not yet numbered. files: path to SHA-256."""

    made_at: str
    database: str
    server: int
    events: int
    position: int
    pending: int
    head: Head | None
    dump: str
    files: dict[str, str]


def back_up(target: Path) -> tuple[Path, Manifest]:
    """Make `target`/<UTC time>; nothing of that name exists before all of it does. Raises: BackupError."""
    now = datetime.now(UTC)
    folder = target / now.strftime("%Y%m%dT%H%M%SZ")
    unfinished = target / f".unfinished-{folder.name}"
    if folder.exists() or unfinished.exists():
        raise BackupError(f"{folder} is there already, or being made: wait a second.")
    try:
        unfinished.mkdir(parents=True, mode=0o700)
        manifest = _fill(unfinished, now)
        unfinished.rename(folder)
    except OSError as error:
        raise BackupError(f"{error}: nothing was backed up.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder, manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup whose files are all there, unchanged. Raises: BackupError."""
    try:
        manifest: Manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wanted = {DUMP: manifest["dump"]} | {f"{FILES}/{name}": digest for name, digest in manifest["files"].items()}
        broken = [name for name, digest in wanted.items() if not _is(folder / name, digest)]
    except (OSError, ValueError, KeyError) as error:
        raise BackupError(f"{folder} is no backup: {error!r}.") from error
    if broken:
        raise BackupError(
            f"{folder}: {', '.join(broken[:5])} of {len(broken)} differ from the manifest or are missing."
        )
    return manifest


def differences(manifest: Manifest) -> Iterator[str]:
    """What the database and the papers of this installation lack of a backup; sentences. More than the backup has is fine."""
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        events, position, _ = cursor.fetchone()
        for name, wanted, found in (
            ("events", manifest["events"], events),
            ("position", manifest["position"], position),
        ):
            if found < wanted:
                yield f"{name}: the backup has {wanted}, the database {found}."
        if head := manifest["head"]:
            cursor.execute(HEAD, [head["size"]])
            root = (cursor.fetchone() or ("none",))[0]
            if root != head["root"]:
                yield f"head of {head['size']} events: the backup has the root {head['root']}, the database {root}."
    for name, digest in manifest["files"].items():
        if not _is(Path(settings.MEDIA_ROOT) / name, digest):
            yield f"file {name}: missing, or another content."


def _fill(folder: Path, now: datetime) -> Manifest:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        cursor.execute("SELECT pg_export_snapshot()")
        _dump(folder / DUMP, snapshot=cursor.fetchone()[0])
        cursor.execute(STATE)
        events, position, pending = cursor.fetchone()
        cursor.execute(NEWEST)
        newest = cursor.fetchone()
    manifest = Manifest(
        made_at=now.isoformat(timespec="seconds"),
        database=connection.settings_dict["NAME"],
        server=int(getattr(connection, "pg_version", 0)),
        events=events,
        position=position,
        pending=pending,
        head=Head(size=newest[0], root=newest[1], checkpoint=newest[2]) if newest else None,
        dump=_digest(folder / DUMP),
        files=_copy_files(Path(settings.MEDIA_ROOT), folder / FILES),
    )
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def _dump(file: Path, *, snapshot: str) -> None:
    """pg_dump of the wheel, which knows every server up to its own version; else that of the machine."""
    given: dict[str, Any] = connection.get_connection_params()
    password = str(given.get("password") or "")
    names = ("host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")
    target = conninfo.make_conninfo(**{name: given[name] for name in names if given.get(name)})
    arguments = ["--format=custom", f"--snapshot={snapshot}", f"--file={file}", f"--dbname={target}"]
    done = subprocess.run(  # noqa: S603
        [_program("pg_dump"), *arguments],
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"pg_dump failed, nothing was backed up: {done.stderr.strip()}")


def _program(name: str) -> str:
    try:
        wheel = embedded.program(name)
    except embedded.EmbeddedServerError:
        wheel = None
    found = str(wheel) if wheel and wheel.exists() else shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is missing: install PostgreSQL's client programs, or run `make setup`.")
    return found


def _copy_files(source: Path, target: Path) -> dict[str, str]:
    target.mkdir()
    digests = {}
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.name.startswith(".unfinished-"):
            name = path.relative_to(source).as_posix()
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            digests[name] = _digest(copy)
    return digests


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and _digest(path) == digest
