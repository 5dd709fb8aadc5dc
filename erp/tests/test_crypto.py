"""Encryption of columns."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from erp.crypto import EncryptedTextField, decrypt, encrypt, keyed_hash

ACCOUNT = "50100123456789"


@given(st.text())
def test_decrypt_gives_back_what_was_encrypted(text):
    assert decrypt(encrypt(text)) == text


def test_the_same_value_gives_the_same_cipher_which_does_not_show_it():
    assert encrypt(ACCOUNT) == encrypt(ACCOUNT)
    assert encrypt(ACCOUNT) != encrypt(ACCOUNT[:-1] + "0")
    assert ACCOUNT not in encrypt(ACCOUNT)


def test_another_key_or_an_altered_cipher_is_refused(settings):
    stored = encrypt(ACCOUNT)
    for altered in (stored[:-8] + "AAAAAAA=", "no cipher", ""):
        with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEY does not open a stored value"):
            decrypt(altered)
    settings.FIELD_ENCRYPTION_KEY = "another-key-" + "x" * 40
    with pytest.raises(ImproperlyConfigured, match="start with the key that it was written with"):
        decrypt(stored)


def test_keyed_hash_depends_on_value_and_key(settings):
    before = keyed_hash(ACCOUNT)
    assert len(before) == 64
    assert before == keyed_hash(ACCOUNT) != keyed_hash(ACCOUNT + "0")
    settings.FIELD_ENCRYPTION_KEY = "another-key-" + "x" * 40
    assert keyed_hash(ACCOUNT) != before


def test_field_keeps_empty_and_null_and_finds_by_equality_only():
    field = EncryptedTextField()
    assert (field.get_prep_value(""), field.get_prep_value(None)) == ("", None)
    assert (field.from_db_value("", None, None), field.from_db_value(None, None, None)) == ("", None)
    assert field.from_db_value(field.get_prep_value(ACCOUNT), None, None) == ACCOUNT
    assert field.get_lookup("exact")
    assert field.get_lookup("icontains") is None
