"""Exports, checked as an auditor checks them: by the one file, in a process of its own that has nothing else."""

from __future__ import annotations

import ast
import base64
import gzip
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO, StringIO
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection
from django.utils.module_loading import import_string

from erp import context
from erp.events.models import Event
from erp.ledger import export, keys, lines, notes, proofs, rotation, tree
from erp.ledger.models import Head, Key
from erp.ledger.seal import seal
from erp.ledger.standalone import verify
from erp.testing.roles import as_owner, as_superuser

VERIFIER = Path(verify.__file__)
OK, REFUSED, COULD_NOT_CHECK = 0, 1, 2
FIRST, LAST = 22, 35  # of the middle; the edges on both sides are subtrees of several sizes
EARLIER, INSIDE, SIZE = 13, 30, 53  # sizes at which heads were signed
PERSON = "Ramniklal Popatlal"

Records = list[dict[str, Any]]
Verify = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Made:
    """Exports of one log, and what was signed."""

    whole: bytes
    middle: bytes
    selection: bytes
    key: keys.SigningKey
    heads: dict[int, str]
    organization: uuid.UUID


_made: list[Made] = []


@pytest.fixture
def made(request: pytest.FixtureRequest) -> Made:
    """Made once: what the tests change is files."""
    if not _made:
        organization = request.getfixturevalue("sealed_log")
        _made.append(
            Made(
                whole=exported(also=[EARLIER]),
                middle=exported(first=FIRST, last=LAST, also=[EARLIER, INSIDE]),
                selection=exported(organization=organization.pk, selection="events of one house"),
                key=request.getfixturevalue("signing_key"),
                heads=dict(Head.objects.values_list("size", "checkpoint")),
                organization=organization.pk,
            )
        )
    return _made[0]


@pytest.fixture
def sealed_log(empty_log: None) -> Any:
    """`SIZE` events of two houses, which take turns, under three heads; returns the first house."""
    houses = [import_string("organizations.tests.factories.OrganizationFactory")() for _ in range(2)]
    factory = import_string("partners.tests.factories.BusinessPartnerFactory")
    turns = cycle([factory(organization=house, legal_name=PERSON) for house in houses])
    for size in (EARLIER, INSIDE, SIZE):
        for number in range(Event.objects.count(), size):
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE partners_businesspartner SET notes = %s WHERE id = %s", [f"note {number}", next(turns).pk]
                )
        seal()
    return houses[0]


def exported(**values: Any) -> bytes:
    file = BytesIO()
    export.write(file, **values)
    return file.getvalue()


def unpacked(data: bytes) -> Records:
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def packed(records: Records) -> bytes:
    texts = (json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
    return gzip.compress("".join(f"{text}\n" for text in texts).encode())


def edited(record: dict[str, Any]) -> dict[str, Any]:
    """The same event by somebody else."""
    values = json.loads(record["line"])
    values[verify.COLUMNS.index("reason")] = "nothing happened"
    return {**record, "line": json.dumps(values, ensure_ascii=False, separators=(",", ":"))}


def edited_with_care(record: dict[str, Any]) -> dict[str, Any]:
    """An edit that brings the line's own fingerprint into line."""
    record = edited(record)
    return {**record, "hash": base64.b64encode(tree.leaf_hash(record["line"].encode())).decode()}


def moved(record: dict[str, Any], position: int) -> dict[str, Any]:
    """A line made up for another position."""
    values = json.loads(record["line"])
    values[1] = str(position)
    line = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return {**record, "position": position, "line": line, "hash": edited_with_care(record)["hash"]}


@pytest.fixture
def verifier(tmp_path: Path, made: Made) -> Verify:
    """`verifier(data, …)` checks these bytes where there is only Python: no packages, no environment, not our checkout."""
    folder = tmp_path / "laptop"
    folder.mkdir()
    (folder / "verify.py").write_bytes(VERIFIER.read_bytes())

    def run(
        data: bytes, *arguments: str, heads: tuple[str, ...] = (), key: str | None = None, packages: bool = False
    ) -> Any:
        (folder / "log.jsonl.gz").write_bytes(data)
        (folder / "public.pem").write_text(key or keys.public_pem(made.key.public))
        for number, head in enumerate(heads):
            (folder / f"head{number}.txt").write_text(head, encoding="utf-8")
            arguments = (*arguments, "--head", f"head{number}.txt")
        isolated = ("-I",) if packages else ("-I", "-S")
        return subprocess.run(
            [sys.executable, *isolated, "verify.py", "log.jsonl.gz", "--key", "public.pem", *arguments],
            cwd=folder,
            env={},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


def counted(sentence: str, made: Made) -> str:
    """The sentence with the number of lines of the selection in it."""
    lines_in_it = len(unpacked(made.selection)) - 2
    return sentence.format(selected=lines_in_it, one_less=lines_in_it - 1, three_less=lines_in_it - 3)


def assert_refused(run: Any, sentence: str) -> None:
    assert f"RESULT: REFUSED. {sentence}" in run.stdout, run.stdout + run.stderr
    assert "What this means: " in run.stdout
    assert (run.returncode, run.stderr) == (REFUSED, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ("whole", f"{SIZE} lines, 1 to {SIZE}: every one is there, once, in its place, and unchanged."),
        (
            "middle",
            f"{LAST - FIRST + 1} lines, {FIRST} to {LAST}: every one is there, once, in its place, and unchanged.",
        ),
        ("selection", "{selected} lines: each one is in the sealed record and unchanged"),
    ],
)
def test_good_exports_pass_without_any_package(made: Made, verifier: Verify, which: str, sentence: str) -> None:
    run = verifier(getattr(made, which))
    assert (run.returncode, run.stderr) == (OK, "")
    assert counted(sentence, made) in run.stdout
    assert f"signed by the key {made.key.key_id.hex()}: good (by this program's own arithmetic)" in run.stdout
    assert "RESULT: OK." in run.stdout


@pytest.mark.django_db
def test_the_installed_package_agrees(made: Made, verifier: Verify) -> None:
    run = verifier(made.middle, packages=True)
    assert run.returncode == OK, run.stdout + run.stderr
    assert "good (by the installed package cryptography)" in run.stdout


def change(records: Records, number: int, by: Callable[[dict[str, Any]], dict[str, Any]]) -> Records:
    return [*records[:number], by(records[number]), *records[number + 1 :]]


# What somebody does to the records of a file: records[1] is the first line, records[-1] the closing record.
RANGE_FORGERIES: dict[str, tuple[Callable[[Records], Records], str]] = {
    "edited": (
        lambda r: change(r, 3, edited),
        f"Changed after it was sealed: line {FIRST + 2}. The text does not give the fingerprint that was sealed.",
    ),
    "edited with its fingerprint": (
        lambda r: change(r, 12, edited_with_care),
        "The lines together do not give the fingerprint that was signed",
    ),
    "edited before an earlier head": (
        lambda r: change(r, 3, edited_with_care),
        f"The earlier head over lines 1 to {INSIDE} does not fit the lines",
    ),
    "dropped": (
        lambda r: r[:3] + r[4:],
        f"Line {FIRST + 2} is missing: after line {FIRST + 1} comes line {FIRST + 3}.",
    ),
    "first dropped": (
        lambda r: r[:1] + r[2:],
        f"Line {FIRST} is missing: after line {FIRST - 1} comes line {FIRST + 1}.",
    ),
    "duplicated": (lambda r: r[:4] + r[3:], f"Line {FIRST + 2} comes twice: a line was duplicated."),
    "swapped": (lambda r: [*r[:3], r[4], r[3], *r[5:]], f"Lines {FIRST + 2} and {FIRST + 3} were swapped."),
    "appended": (
        lambda r: [*r[:-1], moved(r[-2], LAST + 1), r[-1]],
        f"Line {LAST + 1} was added: the export ends at line {LAST}.",
    ),
    "head edited": (
        lambda r: change(r, 0, with_head(lambda head: head.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"))),
        "The head was changed after it was signed: the signature does not fit its text.",
    ),
    "tail cut off": (lambda r: r[:-4], f"The end of the file is missing: it stops after line {LAST - 3}"),
    "tail cut out": (lambda r: [*r[:-4], r[-1]], f"Lines {LAST - 2} to {LAST} are missing"),
    "header edited": (
        lambda r: change(r, 0, lambda header: {**header, "made_by": "somebody else"}),
        "The file was changed after it was closed, outside the text of its lines",
    ),
    "appended to the end": (lambda r: [*r, r[-2]], "Something was added after the closing record."),
    "left edge edited": (
        lambda r: change(r, 0, lambda header: {**header, "left": header["left"][::-1]}),
        f"The earlier head over lines 1 to {INSIDE} does not fit the lines",
    ),
    "closing record edited": (
        lambda r: change(r, len(r) - 1, lambda closing: {"end": closing["end"].replace("lines 14", "lines 15")}),
        "The closing record was changed after it was signed",
    ),
    "no record": (
        lambda r: [*r[:2], {}, *r[2:]],
        "The file holds a record that is neither a line nor the closing record.",
    ),
}
SELECTION_FORGERIES: dict[str, tuple[Callable[[Records], Records], str]] = {
    "edited": (lambda r: change(r, 3, edited), "Changed after it was sealed: line "),
    "edited with its fingerprint": (lambda r: change(r, 3, edited_with_care), "is not in the sealed record"),
    "dropped": (
        lambda r: r[:3] + r[4:],
        "Lines were dropped or added: the file was closed with {selected} lines and holds {one_less}.",
    ),
    "tail cut out": (
        lambda r: [*r[:-4], r[-1]],
        "Lines were dropped or added: the file was closed with {selected} lines and holds {three_less}.",
    ),
    "tail cut off": (lambda r: r[:-1], "The end of the file is missing"),
    "duplicated": (lambda r: r[:4] + r[3:], "comes twice: a line was duplicated."),
    "swapped": (lambda r: [*r[:8], r[9], r[8], *r[10:]], "were swapped: they stand in the wrong order."),
    "appended": (lambda r: [*r[:-1], moved(r[-2], SIZE + 1), r[-1]], "is not in the sealed record"),
}


def with_head(by: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def replaced(header: dict[str, Any]) -> dict[str, Any]:
        *earlier, newest = header["heads"]
        return {**header, "heads": [*earlier, {**newest, "checkpoint": by(newest["checkpoint"])}]}

    return replaced


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", RANGE_FORGERIES)
def test_forged_range_is_refused_with_its_own_message(made: Made, verifier: Verify, forgery: str) -> None:
    forge, sentence = RANGE_FORGERIES[forgery]
    run = verifier(packed(forge(unpacked(made.middle))))
    assert_refused(run, sentence)


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", SELECTION_FORGERIES)
def test_forged_selection_is_refused_with_its_own_message(made: Made, verifier: Verify, forgery: str) -> None:
    forge, sentence = SELECTION_FORGERIES[forgery]
    run = verifier(packed(forge(unpacked(made.selection))))
    assert run.returncode == REFUSED, run.stdout + run.stderr
    assert counted(sentence, made) in run.stdout


@pytest.mark.django_db
def test_repacking_a_file_changes_nothing(made: Made, verifier: Verify) -> None:
    """The forgeries above are refused for what they change, not for being packed again."""
    assert verifier(packed(unpacked(made.middle))).returncode == OK


@pytest.mark.django_db
def test_damaged_files_are_refused(made: Made, verifier: Verify) -> None:
    middle = len(made.middle) // 2
    assert_refused(verifier(made.middle[:middle]), "The file breaks off ")
    flipped = made.middle[:-6] + bytes([made.middle[-6] ^ 1]) + made.middle[-5:]  # in the checksum of gzip
    assert_refused(verifier(flipped), "The file is damaged after record ")
    assert_refused(verifier(made.middle + b"\x1f\x8bmore"), "The file ")


@pytest.mark.django_db
def test_another_key_is_refused_and_a_wrong_file_can_not_be_checked(made: Made, verifier: Verify) -> None:
    another = keys.SigningKey(made.key.name, Ed25519PrivateKey.generate())
    run = verifier(made.middle, key=keys.public_pem(another.public))
    assert_refused(run, f"The head was signed by the key {made.key.key_id.hex()}, not by {another.key_id.hex()}.")
    run = verifier(made.middle, key="no key")
    assert (run.returncode, "RESULT: COULD NOT CHECK. public.pem holds no Ed25519 public key" in run.stdout) == (
        2,
        True,
    )
    run = verifier(b"position;line\n")
    assert (run.returncode, "is no export: it is not compressed with gzip" in run.stdout) == (COULD_NOT_CHECK, True)
    run = verifier(gzip.compress(b"{}\n"))
    assert (run.returncode, "its first record does not say so" in run.stdout) == (COULD_NOT_CHECK, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("which", "size"), [("middle", EARLIER), ("middle", INSIDE), ("selection", SIZE), ("whole", INSIDE)]
)
def test_outside_head_that_fits_passes_and_another_one_is_refused(
    made: Made, verifier: Verify, which: str, size: int
) -> None:
    run = verifier(getattr(made, which), heads=(made.heads[size],))
    assert run.returncode == OK, run.stdout + run.stderr
    assert f"4  Your head head0.txt, over {size} lines" in run.stdout

    # Signed by the company itself, over another past.
    kept = notes.parse(made.heads[size])
    text = notes.checkpoint_text(origin=kept.origin, size=size, root=bytes(32), signed_at=kept.signed_at)
    run = verifier(getattr(made, which), heads=(notes.sign(text, made.key),))
    assert_refused(run, "Your head head0.txt does not fit")
    assert "does not continue the record from which this head was taken" in run.stdout


@pytest.mark.django_db
def test_outside_head_that_can_not_be_compared_says_what_to_ask_for(made: Made, verifier: Verify) -> None:
    run = verifier(made.selection, heads=(made.heads[INSIDE],))
    assert run.returncode == COULD_NOT_CHECK
    assert "made with --include-head" in run.stdout
    newer = notes.checkpoint_text(
        origin=made.key.name, size=99, root=bytes(32), signed_at=notes.parse(made.heads[SIZE]).signed_at
    )
    run = verifier(made.selection, heads=(notes.sign(newer, made.key),))
    assert run.returncode == COULD_NOT_CHECK
    assert "is newer than this export" in run.stdout
    run = verifier(made.selection, heads=("no head",))
    assert (run.returncode, "Give the text of the head alone" in run.stdout) == (COULD_NOT_CHECK, True)


@pytest.mark.django_db
def test_show_and_summary_tell_what_happened(made: Made, verifier: Verify) -> None:
    run = verifier(made.middle, "--show", "25", "--summary")
    assert run.returncode == OK, run.stdout + run.stderr
    assert "         14  partner.updated" in run.stdout
    assert "  notes              note 23  ->  note 24" not in run.stdout  # the houses take turns
    assert "  notes              note 22  ->  note 24" in run.stdout
    assert "(personal data, not in the export; a fingerprint stands for it)" in run.stdout
    assert "Line 99 is not in this export" in verifier(made.middle, "--show", "99").stdout


@pytest.mark.django_db
def test_selection_holds_every_line_of_the_organization_and_no_other(sealed_log: Any) -> None:
    found = [json.loads(record["line"]) for record in unpacked(exported(organization=sealed_log.pk))[1:-1]]
    column = verify.COLUMNS.index("organization_id")
    assert {values[column] for values in found} == {str(sealed_log.pk)}
    expected = Event.objects.filter(organization_id=sealed_log.pk).order_by("id").values_list("id", flat=True)
    assert [int(values[2]) for values in found] == list(expected)

    # Positions that somebody asks for don't widen the organization.
    both = unpacked(exported(organization=sealed_log.pk, positions=range(1, SIZE + 1)))[1:-1]
    assert [record["position"] for record in both] == [int(values[1]) for values in found]


@pytest.mark.django_db
def test_line_of_another_organization_is_refused(made: Made, verifier: Verify) -> None:
    header, *rest = unpacked(made.selection)
    header["scope"]["organization_id"] = str(uuid.uuid4())
    assert verifier(packed([header, *rest])).stdout.count("belongs to another organization than the export says") == 1


@pytest.mark.django_db
def test_chosen_positions_are_exported_once_and_unsealed_ones_are_counted(sealed_log: Any) -> None:
    file = BytesIO()
    summary = export.write(file, positions=[40, 7, 7, SIZE + 5])
    assert [record["position"] for record in unpacked(file.getvalue())[1:-1]] == [7, 40]
    assert (summary.count, summary.unsealed, summary.head) == (2, 1, SIZE)
    assert summary.sha256 == sha256(file.getvalue()).hexdigest()


@pytest.mark.django_db
def test_personal_data_are_not_in_exports(sealed_log: Any) -> None:
    assert PERSON in json.dumps(list(Event.objects.values_list("payload", flat=True)))
    for data in (exported(), exported(organization=sealed_log.pk)):
        assert PERSON.encode() not in gzip.decompress(data)


@pytest.mark.django_db
def test_event_changed_in_the_database_is_named_by_the_export_and_by_the_verifier(
    made: Made, sealed_log: Any, signing_key: keys.SigningKey, verifier: Verify
) -> None:
    with as_superuser(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica; ALTER TABLE event DISABLE TRIGGER erp_append_only"
        )
        cursor.execute(
            "UPDATE event SET reason = 'nothing happened' WHERE id IN "
            "(SELECT event_id FROM event_position WHERE position IN (24, 31))"
        )
        cursor.execute("ALTER TABLE event_position DISABLE TRIGGER erp_append_only")
    file, key = BytesIO(), keys.public_pem(signing_key.public)
    summary = export.write(file, first=FIRST, last=LAST)
    assert (summary.altered, summary.missing) == ((24, 31), ())
    assert_refused(verifier(file.getvalue(), key=key), "Changed after it was sealed: line 24, 31.")

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM event_position WHERE position = 31")
    file = BytesIO()
    summary = export.write(file, first=25, last=LAST)
    assert (summary.altered, summary.missing) == ((), (31,))
    assert_refused(verifier(file.getvalue(), key=key), "Line 31 is missing: after line 30 comes line 32.")


@pytest.mark.django_db
def test_exports_verify_with_the_key_before_a_rotation_and_the_one_after(
    made: Made, sealed_log: Any, signing_key: keys.SigningKey, verifier: Verify, settings: Any, tmp_path: Path
) -> None:
    new = tmp_path / "new.pem"
    keys.write(new)
    rotation.rotate(keys.read(new))
    settings.AUDIT_SIGNING_KEY_FILE = str(new)
    data, old_head = exported(also=[INSIDE]), Head.objects.get(size=INSIDE).checkpoint
    for key in (signing_key.public, keys.load().public):
        run = verifier(data, key=keys.public_pem(key), heads=(old_head,))
        assert run.returncode == OK, run.stdout
    # A hand-over that the old key did not sign counts for nothing.
    forged = Key.objects.get(retired_at=None)
    header, *rest = unpacked(data)
    header["keys"][1]["endorsement"] = base64.b64encode(bytes(64)).decode()
    run = verifier(packed([header, *rest]), key=keys.public_pem(signing_key.public))
    assert_refused(run, f"The head was signed by the key {forged.key_id}, not by {signing_key.key_id.hex()}.")


@pytest.mark.django_db
def test_command_seals_writes_key_and_file_and_leaves_an_event(
    sealed_log: Any, tmp_path: Path, verifier: Verify
) -> None:
    out, pem, head = tmp_path / "log.jsonl.gz", tmp_path / "public.pem", tmp_path / "head.txt"
    head.write_text(Head.objects.get(size=EARLIER).checkpoint)
    with context.acting(reason="Quarter", actor_label="Asha <asha@example.com>"):
        call_command(
            "audit_export", "--organization", sealed_log.code, "-o", str(out), "--public-key", str(pem),
            "--include-head", str(head), "--from", "5", "--to", "40", stdout=StringIO(),
        )  # fmt: skip
    run = verifier(out.read_bytes(), heads=(head.read_text(),), key=pem.read_text())
    assert run.returncode == OK, run.stdout
    event = Event.objects.latest("id")
    assert (event.event_type, event.category, event.source) == ("audit.exported", "access", "command")
    assert (event.organization_id, event.reason) == (sealed_log.pk, "Quarter")
    assert event.payload == {
        "first": 5,
        "last": 40,
        "count": len(unpacked(out.read_bytes())) - 2,
        "head": SIZE,
        "sha256": sha256(out.read_bytes()).hexdigest(),
        "selection": f"events of the organization {sealed_log.code}, {sealed_log.name}",
    }


@pytest.mark.django_db
def test_days_choose_what_happened_on_them(sealed_log: Any, tmp_path: Path) -> None:
    out = tmp_path / "log.jsonl.gz"
    day = f"{export.timezone.localdate():%Y-%m-%d}"
    call_command("audit_export", "--from", day, "--to", day, "-o", str(out), stdout=StringIO())
    header, *_ = unpacked(out.read_bytes())
    assert (header["first"], header["last"], header["kind"]) == (1, SIZE, "range")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--from", "5", "--to", "999"], f"Lines 5 to 999 can't be exported: the head covers 1 to {SIZE}."),
        (["--from", "40", "--to", "30"], "Lines 40 to 30 can't be exported"),
        (["--from", "1999-01-01", "--to", "1999-12-31"], "Nothing was recorded from 1999-01-01 to 1999-12-31"),
        (["--from", "yesterday"], "yesterday is neither a position nor a day"),
        (["-o", "/nowhere/log.jsonl.gz"], "/nowhere/log.jsonl.gz.part: No such file or directory."),
        (["--organization", "NOBODY"], "No organization has the code NOBODY"),
    ],
)
def test_command_refuses_and_writes_nothing(
    sealed_log: Any, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match="^" + sentence.replace("(", r"\(")):
        call_command("audit_export", "-o", str(tmp_path / "log.jsonl.gz"), *arguments, stdout=StringIO())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit-signing-key.pem"]
    assert not Event.objects.filter(event_type="audit.exported").exists()


@pytest.mark.django_db
def test_without_a_head_nothing_is_exported(empty_log: None) -> None:
    with pytest.raises(export.ExportError, match="There is no head, so nothing can be proved"):
        export.write(BytesIO())


# RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize("vector", VECTORS)
def test_own_arithmetic_passes_the_vectors_of_rfc_8032(vector: tuple[str, str, str]) -> None:
    public_key, message, signature = map(bytes.fromhex, vector)
    assert verify.own_ed25519(public_key, message, signature)
    assert not verify.own_ed25519(public_key, message + b"!", signature)
    for place in (0, 31, 32, 63):
        changed = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        assert not verify.own_ed25519(public_key, message, changed)
    larger = int.from_bytes(signature[32:], "little") + verify.L  # the same scalar, in a second spelling
    assert not verify.own_ed25519(public_key, message, signature[:32] + larger.to_bytes(32, "little"))
    assert not verify.own_ed25519(b"\xff" * 32, message, signature)


def test_verifier_and_ledger_have_the_same_columns_and_hand_over() -> None:
    assert ("leaf_format", "position", *lines.COLUMNS) == verify.COLUMNS
    assert (verify.FORMAT, verify.VERSION, verify.LEAF_FORMAT) == (export.FORMAT, export.VERSION, lines.FORMAT)
    assert verify.HANDOVER == rotation.HANDOVER


def test_verifier_is_one_file_of_standard_library_for_python_3_8() -> None:
    parsed = ast.parse(VERIFIER.read_text(), feature_version=(3, 8))
    top = {
        name.split(".")[0]
        for node in parsed.body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert top - {"__future__"} <= sys.stdlib_module_names


@pytest.mark.parametrize("size", range(1, 18))
def test_edges_and_lines_give_the_root_for_every_range(size: int) -> None:
    leaves = [tree.leaf_hash(bytes([index])) for index in range(size)]
    root = grown(leaves).root()
    for first in range(1, size + 1):
        for last in range(first - 1, size + 1):
            again = verify.Tree()
            again.append_range(0, first - 1, edge(leaves, 0, first - 1))
            for leaf in leaves[first - 1 : last]:
                again.append(leaf)
            again.append_range(last, size, edge(leaves, last, size)) if last >= first - 1 else None
            assert (again.size, again.root()) == (size, root)


def edge(leaves: list[bytes], start: int, end: int) -> list[bytes]:
    return [grown(leaves[low:high]).root() for low, high in export._aligned(start, end)]


def grown(leaves: list[bytes]) -> tree.Frontier:
    frontier = tree.Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


@pytest.mark.django_db
def test_proofs_made_together_are_the_proofs_made_alone(sealed_log: Any) -> None:
    together = export._proofs([1, 7, 40, SIZE], SIZE)
    assert together == {position: proofs.inclusion(position, SIZE) for position in (1, 7, 40, SIZE)}


def test_commands_that_the_compliance_page_names_exist_with_their_options() -> None:
    page = (Path(django_settings.BASE_DIR) / "docs" / "compliance.md").read_text()
    named = re.findall(r"manage\.py (\w+)((?: [^\s`]+)*)", page)
    assert {"audit_export", "audit_seal", "audit_verify", "audit_rotate_key", "audit_doctor"} < {
        name for name, _ in named
    }
    for name, arguments in named:
        command = load_command_class(get_commands()[name], name)
        known = command.create_parser("manage.py", name)._option_string_actions
        assert {word for word in arguments.split() if word.startswith("-")} <= set(known), name
    options = set(re.findall(r"verify\.py[^\n`]*? (--\w+)", page)) | {"--show", "--summary"}
    assert options <= set(verify.parser()._option_string_actions)
