"""Signed heads as text: Ed25519 of RFC 8032, key ids and notes of C2SP, and every way to spoil one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from erp.ledger import notes
from erp.ledger.keys import SigningKey

# RFC 8032, section 7.1, TEST 2: the message is one byte.
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNED = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
# PeterNeumann+c74f20a3+…, the example key in the documentation of Go's golang.org/x/mod/sumdb/note: algorithm and key.
VERIFIER = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
KEY = SigningKey("cotton-erp/audit", Ed25519PrivateKey.from_private_bytes(SECRET))
OTHER = SigningKey("cotton-erp/audit", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
TEXT = notes.checkpoint_text(
    origin="cotton-erp/audit", size=7, root=bytes(range(32)), signed_at=datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
)
NOTE = notes.sign(TEXT, KEY)
KNOWN = notes.known((KEY.name, KEY.public))


def test_signature_of_rfc_8032() -> None:
    assert KEY.public == PUBLIC
    assert KEY.sign(b"\x72") == SIGNED


def test_key_id_of_the_signed_note_specification() -> None:
    assert VERIFIER[:1] == notes.ED25519
    assert notes.key_id("PeterNeumann", VERIFIER[1:]).hex() == "c74f20a3"


def test_a_note_of_another_implementation_holds() -> None:
    # From the same documentation.
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    signature = notes._signature(line)
    assert (signature.name, signature.key_id.hex()) == ("PeterNeumann", "c74f20a3")
    Ed25519PublicKey.from_public_bytes(VERIFIER[1:]).verify(signature.value, text.encode())


def test_checkpoint_reads_as_the_specification_says() -> None:
    origin, size, root, extension, blank, signature, end = NOTE.split("\n")
    assert (origin, size, blank, end) == ("cotton-erp/audit", "7", "", "")
    assert root == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert extension == "timestamp 2026-11-23T05:30:00Z"
    assert signature.startswith("— cotton-erp/audit ")
    head, (held,) = notes.verify(NOTE, KNOWN)
    assert (head.origin, head.size, head.root) == ("cotton-erp/audit", 7, bytes(range(32)))
    assert head.signed_at == datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
    assert (held.name, held.key_id) == (KEY.name, KEY.key_id)


def test_two_keys_sign_one_head_and_either_is_enough() -> None:
    note = notes.sign(TEXT, KEY, OTHER)
    assert [held.key_id for held in notes.verify(note, KNOWN)[1]] == [KEY.key_id]
    both = notes.known((KEY.name, KEY.public), (OTHER.name, OTHER.public))
    assert [held.key_id for held in notes.verify(note, both)[1]] == [KEY.key_id, OTHER.key_id]


@pytest.mark.parametrize(
    "spoiled",
    [
        NOTE.replace("\n7\n", "\n8\n"),
        NOTE.replace("cotton-erp/audit\n7", "cotton-erp/other\n7"),
        NOTE.replace("AAECAw", "BAECAw"),
        NOTE.replace("05:30:00", "05:31:00"),
    ],
    ids=["size", "origin", "root", "time"],
)
def test_an_altered_head_is_refused(spoiled: str) -> None:
    with pytest.raises(notes.NoteError, match="The signature of cotton-erp/audit"):
        notes.verify(spoiled, KNOWN)


def test_a_head_of_a_stranger_is_refused() -> None:
    with pytest.raises(notes.NoteError, match="The head of size 7 carries no signature of a known key"):
        notes.verify(notes.sign(TEXT, OTHER), KNOWN)
    with pytest.raises(notes.NoteError, match="known key"):
        notes.verify(NOTE, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This is no checkpoint"),
        (TEXT, "This is no checkpoint"),
        (NOTE.replace("\n7\n", "\n07\n"), "This is no checkpoint"),
        (NOTE.replace("\n7\n", "\n-7\n"), "This is no checkpoint"),
        (NOTE.replace("timestamp", "clock"), "This is no checkpoint"),
        (NOTE.replace("T05:30", " 05:30"), "The checkpoint's time is"),
        (NOTE[:-1], "it was cut off"),
        (NOTE[:-8] + "\n", "malformed"),
        (NOTE.replace("— ", "- "), "malformed"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str, said: str) -> None:
    with pytest.raises(notes.NoteError, match=said):
        notes.parse(text)


def test_a_text_without_its_last_newline_is_not_signed() -> None:
    with pytest.raises(notes.NoteError, match="ends in a newline"):
        notes.sign(TEXT[:-1], KEY)
