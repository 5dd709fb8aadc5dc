"""Dump and restore into a fresh cluster: the record goes on where it stood, and everything signed before still verifies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from erp import embedded
from erp.events.tests.test_capture import dsn
from erp.ledger import keys, notes, proofs, tree
from erp.ledger.models import Head, Leaf
from erp.ledger.tests.test_verify import empty_record, write_and_seal

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def committed(transactional_db: None, signing_key: keys.SigningKey) -> Iterator[Any]:
    """The record of test_verify, for other connections to see."""
    empty_record()
    yield write_and_seal()
    empty_record()


@pytest.fixture
def fresh_cluster(tmp_path: Path) -> Iterator[str]:
    """Address of an empty database in a cluster made for this test."""
    data = tmp_path / "cluster"
    folder = embedded.start(data, options={"fsync": "off"})
    yield f"postgresql://{embedded.USER}@/{embedded.DATABASE}?{urlencode({'host': folder})}"
    embedded.stop(data)


def manage(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, on that database."""
    from django.conf import settings  # noqa: PLC0415

    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "PGOPTIONS": "",
        "AUDIT_SIGNING_KEY_FILE": settings.AUDIT_SIGNING_KEY_FILE,
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def program(name: str, *arguments: str | Path) -> None:
    subprocess.run([embedded._programs() / name, *arguments], check=True, capture_output=True)


def test_restored_record_goes_on_and_old_heads_and_proofs_still_verify(
    committed: Any, fresh_cluster: str, signing_key: keys.SigningKey, tmp_path: Path
) -> None:
    old = Head.objects.order_by("-size").first()
    proof, leaf = proofs.inclusion(3, old.size), bytes(Leaf.objects.get(position=3).hash)
    program("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", dsn())
    program(
        "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={fresh_cluster}", tmp_path / "dump"
    )
    (tmp_path / "head.txt").write_text(old.checkpoint)

    with psycopg.connect(fresh_cluster, autocommit=True) as session:
        session.execute("UPDATE locations_location SET name = 'After the restore' WHERE id = %s", [committed.pk])
    assert manage(fresh_cluster, "audit_seal").returncode == 0
    with psycopg.connect(fresh_cluster) as session:
        new = session.execute("SELECT size, root, checkpoint FROM ledger_head ORDER BY size DESC LIMIT 1").fetchone()
        leaves = session.execute("SELECT hash FROM ledger_leaf ORDER BY position").fetchall()
    assert new is not None
    assert new[0] == old.size + 1
    notes.verify(new[2], notes.known((signing_key.name, signing_key.public)))
    assert tree.verify_inclusion(2, old.size, leaf, proof, bytes(old.root))
    frontier = tree.Frontier()
    for (hashed,) in leaves[: old.size]:
        frontier.append(hashed)
    assert frontier.root() == bytes(old.root)
    verified = manage(fresh_cluster, "audit_verify", "--head", str(tmp_path / "head.txt"))
    assert (verified.returncode, verified.stderr) == (0, "")
    assert f"{old.size + 1} sealed events in " in verified.stdout
    assert ", 0 findings." in verified.stdout


def test_without_a_database_the_command_says_so_and_exits_2(signing_key: keys.SigningKey) -> None:
    said = manage("postgresql://nobody@127.0.0.1:1/nothing", "audit_verify")
    assert said.returncode == 2
    assert "Could not verify." in said.stderr
    assert "Traceback" not in said.stderr
