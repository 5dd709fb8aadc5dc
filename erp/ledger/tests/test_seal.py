"""Sealing: every committed event once, one chain, one signed head, whoever seals and writes at the same time."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils.module_loading import import_string

from erp.events import feed
from erp.events.models import AppendOnlyError
from erp.events.tests.test_capture import dsn
from erp.ledger import jobs, keys, lines, notes, proofs, tree
from erp.ledger.models import Head, Key, Leaf, Node
from erp.ledger.seal import SealError, seal, unsealed
from erp.testing.roles import as_owner, as_superuser

STORED = ("ledger_leaf", "ledger_node", "ledger_head", "ledger_key", "ledger_salt")


def contents() -> dict[str, list[Any]]:
    with connection.cursor() as cursor:
        found = {}
        for table in STORED:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def assert_sealed(size: int) -> Head:
    """The newest head covers exactly this many lines, and says their root."""
    head = Head.objects.order_by("-size").first()
    assert head is not None
    found = lines.read_lines(0, size + 1)
    assert [position for position, _ in found] == list(range(1, size + 1))
    hashes = [tree.leaf_hash(line) for _, line in found]
    frontier = tree.Frontier()
    for hashed in hashes:
        frontier.append(hashed)
    assert [bytes(leaf.hash) for leaf in Leaf.objects.all()] == hashes
    assert (head.size, bytes(head.root)) == (size, frontier.root())
    return head


@pytest.mark.django_db
def test_seal_signs_a_head_over_every_committed_event(
    make_events: Callable[[int], Any], signing_key: keys.SigningKey
) -> None:
    make_events(5)
    size = feed.number_events()
    head = seal()
    assert head == assert_sealed(size)
    assert head.key_id == signing_key.key_id.hex()
    said, _ = notes.verify(head.checkpoint, notes.known((signing_key.name, signing_key.public)))
    assert (said.origin, said.size, said.root) == ("cotton-erp/audit", size, bytes(head.root))
    assert said.signed_at == head.signed_at
    (key,) = Key.objects.all()
    assert (key.key_id, key.name, bytes(key.public_key), key.retired_at) == (
        head.key_id, "cotton-erp/audit", signing_key.public, None
    )  # fmt: skip


@pytest.mark.django_db
def test_sealing_again_writes_nothing(make_events: Callable[[int], Any]) -> None:
    import_string("partners.tests.factories.PartnerContactFactory")()
    make_events(3)
    seal()
    before = contents()
    assert seal() is None
    assert contents() == before


@pytest.mark.django_db
def test_an_empty_log_has_no_head(empty_log: None) -> None:
    assert seal() is None
    assert not Head.objects.exists()
    assert not Key.objects.exists()


@pytest.mark.django_db
def test_sealing_goes_on_after_new_events(make_events: Callable[[int], Any]) -> None:
    make_events(3)
    first = seal()
    make_events(300)
    assert unsealed() == 0
    feed.number_events()
    assert unsealed() == 300
    second = seal(batch=7)
    assert first is not None
    assert second is not None
    assert second.size == first.size + 300
    assert unsealed() == 0
    assert_sealed(second.size)
    proof = proofs.consistency(first.size, second.size)
    assert tree.verify_consistency(first.size, second.size, bytes(first.root), bytes(second.root), proof)


@pytest.mark.django_db
def test_a_long_backlog_is_sealed_in_chunks_with_a_head_each(make_events: Callable[[int], Any]) -> None:
    make_events(25)
    size = feed.number_events()
    newest = seal(batch=4, chunk=10)
    assert [head.size for head in Head.objects.all()] == [*range(10, size, 10), size]
    assert newest == assert_sealed(size)


@pytest.mark.django_db
def test_complete_subtrees_are_kept_and_proofs_read_few_hashes(
    make_events: Callable[[int], Any], django_assert_max_num_queries: Any
) -> None:
    make_events(10)
    seal()
    make_events(600)
    head = seal(batch=100)
    assert head is not None
    hashes = [bytes(leaf.hash) for leaf in Leaf.objects.all()]
    assert {(node.level, node.index): bytes(node.hash) for node in Node.objects.all()} == {
        (8, n): tree.complete_root(hashes[n * 256 : n * 256 + 256]) for n in range(head.size // 256)
    }
    for position in (1, 2, 255, 256, 257, 511, 512, 513, head.size - 1, head.size):
        with django_assert_max_num_queries(2):
            proof = proofs.inclusion(position, head.size)
        assert tree.verify_inclusion(position - 1, head.size, hashes[position - 1], proof, bytes(head.root))
    frontier = tree.Frontier()
    for size, hashed in enumerate(hashes, start=1):
        frontier.append(hashed)
        if size in (1, 2, 255, 256, 257, 300, 512, 600):
            assert proofs.frontier(size) == frontier
            proof = proofs.consistency(size, head.size)
            assert tree.verify_consistency(size, head.size, frontier.root(), bytes(head.root), proof)


@pytest.mark.django_db
def test_subtrees_of_the_higher_levels_are_read_from_the_tables(empty_log: None) -> None:
    # Hashes made in the database stand for 300,000 events: what is read matters here, not what was hashed.
    size = (1 << 18) + 70_000
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_leaf SELECT n, sha256(n::text::bytea) FROM generate_series(1, %s) n", [size])
        cursor.execute("SELECT hash FROM ledger_leaf ORDER BY position")
        hashes = [bytes(value) for (value,) in cursor.fetchall()]
        frontier, nodes = tree.Frontier(), []
        for hashed in hashes:
            frontier.append(
                hashed, lambda level, index, node: nodes.append((level, index, node)) if level in (8, 16) else None
            )
        with cursor.copy("COPY ledger_node (level, index, hash) FROM STDIN") as copy:
            for node in nodes:
                copy.write_row(node)
    assert {level for level, _, _ in nodes} == {8, 16}
    assert proofs.frontier(size) == frontier
    for position in (1, 65_536, 65_537, 262_145, size):
        proof = proofs.inclusion(position, size)
        assert tree.verify_inclusion(position - 1, size, hashes[position - 1], proof, frontier.root())


@pytest.mark.django_db
def test_a_proof_about_what_is_not_sealed_is_refused(make_events: Callable[[int], Any]) -> None:
    make_events(3)
    head = seal()
    assert head is not None
    with pytest.raises(proofs.NotSealedError, match="ask for a size up to the newest head"):
        proofs.inclusion(1, head.size + 1)
    with pytest.raises(ValueError, match="is not in a tree of"):
        proofs.inclusion(head.size + 1, head.size)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("verb", ["UPDATE {0} SET hash = hash", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
@pytest.mark.parametrize("table", ["ledger_leaf", "ledger_node", "ledger_head"])
def test_owner_cannot_rewrite_the_ledger(table: str, verb: str, role: str, make_events: Callable[[int], Any]) -> None:
    make_events(2)
    seal()
    before = contents()
    statement = verb.format(table).replace("hash = hash", "root = root" if table == "ledger_head" else "hash = hash")
    refused = pytest.raises(DatabaseError, match=f"on {table} refused")
    with refused, transaction.atomic(), as_superuser(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL erp.test_flush = off")
        cursor.execute(f"SET LOCAL session_replication_role = {role}")
        cursor.execute(statement)
    assert contents() == before
    with pytest.raises(AppendOnlyError):
        Head.objects.get().save()


@pytest.mark.django_db
def test_a_missing_event_stops_sealing(make_events: Callable[[int], Any]) -> None:
    make_events(9)
    feed.number_events()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE event DISABLE TRIGGER erp_append_only")
        cursor.execute("DELETE FROM event WHERE id = (SELECT event_id FROM event_position WHERE position = 5)")
    with pytest.raises(SealError, match="Position 5 or its event is missing"):
        seal()
    assert contents() == {table: [] for table in STORED}


@pytest.mark.django_db
def test_a_changed_leaf_stops_sealing(make_events: Callable[[int], Any]) -> None:
    make_events(3)
    seal()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_leaf DISABLE TRIGGER erp_append_only")
        cursor.execute("UPDATE ledger_leaf SET hash = sha256('x') WHERE position = 2")
    make_events(1)
    with pytest.raises(SealError, match="is not that of its head"):
        seal()
    assert Head.objects.count() == 1


@pytest.mark.django_db
def test_another_key_without_a_handover_stops_sealing(
    make_events: Callable[[int], Any], settings: Any, tmp_path: Path
) -> None:
    make_events(1)
    head = seal()
    assert head is not None
    keys.write(tmp_path / "other.pem")
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "other.pem")
    make_events(1)
    with pytest.raises(CommandError, match=rf"signed with the key cotton-erp/audit\+{head.key_id}, not with"):
        call_command("audit_seal", stdout=StringIO())
    assert Head.objects.count() == 1


@pytest.mark.django_db
def test_command_prints_the_head_and_then_that_nothing_is_new(make_events: Callable[[int], Any]) -> None:
    make_events(2)
    size = feed.number_events()
    output = StringIO()
    call_command("audit_seal", stdout=output)
    head = Head.objects.get()
    assert output.getvalue() == f"Sealed {size} events; the head covers {size}.\n\n{head.checkpoint}"
    output = StringIO()
    call_command("audit_seal", stdout=output)
    assert output.getvalue() == f"Nothing new: {size} events are sealed.\n"


@pytest.mark.django_db
def test_job_goes_on_while_many_events_come_in(make_events: Callable[[int], Any], monkeypatch: Any) -> None:
    make_events(1)
    bursts = [10, 9, 1]

    def seal_while_others_write() -> Any:
        head = seal()
        make_events(bursts.pop(0))
        feed.number_events()
        return head

    monkeypatch.setattr(jobs, "MANY", 10)
    monkeypatch.setattr(jobs, "seal_now", seal_while_others_write)
    jobs.seal(timestamp=0)
    assert bursts == [1], "Sealed again after 10 events, not after 9."
    assert Head.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain(make_events: Callable[[int], Any]) -> None:
    make_events(400)
    start = threading.Barrier(4)

    def sealer() -> int | None:
        try:
            start.wait()
            head = seal(batch=50)
            return head.size if head else None
        finally:
            connections.close_all()

    size = feed.number_events()
    with ThreadPoolExecutor(4) as pool:
        sizes = [future.result() for future in [pool.submit(sealer) for _ in range(4)]]
    assert sorted(sizes, key=str) == [size, None, None, None]
    assert Head.objects.count() == 1
    assert_sealed(size)


def write(number: int, pk: Any) -> None:
    """60 changes of one row, six of them rolled back."""
    with psycopg.connect(dsn(), autocommit=True) as writer:
        for step in range(60):
            with writer.transaction(force_rollback=step % 10 == 0):
                writer.execute("UPDATE locations_location SET city = %s WHERE id = %s", [f"{number}-{step}", pk])


def keep_sealing(done: threading.Event) -> None:
    try:
        while not done.is_set():
            seal(batch=17)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_sealing_among_writers_loses_nothing(make_events: Callable[[int], Any]) -> None:
    row = make_events(1)
    done = threading.Event()
    with ThreadPoolExecutor(6) as pool:
        sealers = [pool.submit(keep_sealing, done) for _ in range(2)]
        try:
            for writer in [pool.submit(write, number, row.pk) for number in range(4)]:
                writer.result()
        finally:
            done.set()
        for sealer in sealers:
            sealer.result()
    seal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event")
        (committed,) = cursor.fetchone()
    assert committed >= 4 * 54
    assert_sealed(committed)
    heads = list(Head.objects.all())
    assert len(heads) > 1
    for old, new in pairwise(heads):
        proof = proofs.consistency(old.size, new.size)
        assert tree.verify_consistency(old.size, new.size, bytes(old.root), bytes(new.root), proof)


class TestKey:
    def test_development_makes_a_key_that_only_its_owner_reads(self, settings: Any, tmp_path: Path) -> None:
        settings.AUDIT_SIGNING_KEY_FILE, settings.BASE_DIR, settings.DEBUG = "", tmp_path, True
        made = keys.load()
        path = tmp_path / "var" / "audit-signing-key.pem"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert keys.load().public == made.public
        assert os.listdir(path.parent) == [path.name]

    def test_a_key_that_is_there_is_never_replaced(self, tmp_path: Path) -> None:
        keys.write(tmp_path / "key.pem")
        before = (tmp_path / "key.pem").read_bytes()
        keys.write(tmp_path / "key.pem")
        assert (tmp_path / "key.pem").read_bytes() == before

    @pytest.mark.django_db
    def test_production_without_a_key_seals_nothing(self, settings: Any, make_events: Callable[[int], Any]) -> None:
        make_events(1)
        settings.AUDIT_SIGNING_KEY_FILE, settings.DEBUG = "", False
        with pytest.raises(ImproperlyConfigured, match="AUDIT_SIGNING_KEY_FILE is not set: the ledger can't be sealed"):
            seal()
        assert contents() == {table: [] for table in STORED}
        (message,) = [found for found in run_checks(include_deployment_checks=True) if found.id == "ledger.E001"]
        assert message.msg == "AUDIT_SIGNING_KEY_FILE is not set: nothing will be sealed."

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "can't be read: No such file or directory"),
            (b"secret", "is no unencrypted PEM key"),
            (
                ec.generate_private_key(ec.SECP256R1()).private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ),
                "is no Ed25519 key",
            ),
        ],
        ids=["missing", "no PEM", "another kind"],
    )
    def test_a_file_that_holds_no_key_is_named(self, content: bytes | None, said: str, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        if content:
            path.write_bytes(content)
        with pytest.raises(ImproperlyConfigured, match=said):
            keys.read(path)

    def test_public_key_as_pem(self, signing_key: keys.SigningKey) -> None:
        assert keys.public_pem().startswith("-----BEGIN PUBLIC KEY-----\n")
        assert keys.public_pem(signing_key.public) == keys.public_pem()
