"""Checkpoints: signed notes of other tools are read, ours are exact, and nothing unsigned passes."""

from __future__ import annotations

import base64

import pytest

from leadglass.gate.ledger import SigningKey, VerifierKey
from leadglass.gate.ledger.checkpoint import MAX_NOTE, BadCheckpoint, sign_checkpoint, verify_checkpoint

KEY = SigningKey.generate("example.com/ledger")
ROOT = bytes(range(32))
NOTE = sign_checkpoint(KEY, 20852163, ROOT).note


def test_the_form_is_exact() -> None:
    text = f"example.com/ledger\n20852163\n{base64.b64encode(ROOT).decode()}\n"
    signature = base64.b64encode(KEY.verifier.key_id + KEY.sign(text.encode())).decode()
    assert NOTE.decode() == f"{text}\n— example.com/ledger {signature}\n"


def test_what_was_signed_is_read_back() -> None:
    checkpoint = verify_checkpoint(NOTE, KEY.verifier)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("example.com/ledger", 20852163, ROOT)


def test_the_note_of_the_go_note_package_verifies() -> None:
    # golang.org/x/mod/sumdb/note, its documentation's example: made by another implementation
    peter = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    signature = base64.b64decode(line)
    assert signature[:4] == peter.key_id
    assert peter.verifies(signature[4:], text)
    assert not peter.verifies(signature[4:], text + b"\n")


def test_every_changed_byte_is_noticed() -> None:
    for at in range(len(NOTE)):
        changed = bytearray(NOTE)
        changed[at] ^= 1
        with pytest.raises(BadCheckpoint):
            verify_checkpoint(bytes(changed), KEY.verifier)


def test_every_truncation_is_noticed() -> None:
    for end in range(len(NOTE)):
        with pytest.raises(BadCheckpoint):
            verify_checkpoint(NOTE[:end], KEY.verifier)


def test_signatures_of_witnesses_are_left_aside() -> None:
    witness = SigningKey.generate("witness.example")
    text = NOTE.rpartition(b"\n\n")[0] + b"\n"
    line = base64.b64encode(witness.verifier.key_id + witness.sign(text)).decode()
    cosigned = NOTE + f"— witness.example {line}\n".encode()
    assert verify_checkpoint(cosigned, KEY.verifier).size == 20852163
    assert verify_checkpoint(cosigned, KEY.verifier).note == cosigned


@pytest.mark.parametrize("size", ["01", "-1", "1.0", "", "x", "1" * 30])
def test_signed_nonsense_is_no_checkpoint(size: str) -> None:
    text = f"{KEY.name}\n{size}\n{base64.b64encode(ROOT).decode()}\n"
    line = base64.b64encode(KEY.verifier.key_id + KEY.sign(text.encode())).decode()
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(f"{text}\n— {KEY.name} {line}\n".encode(), KEY.verifier)


def test_the_wrong_key_of_the_same_name_does_not_pass() -> None:
    with pytest.raises(BadCheckpoint, match="no signature of the key"):
        verify_checkpoint(NOTE, SigningKey.generate("example.com/ledger").verifier)


def test_a_note_has_a_ceiling() -> None:
    with pytest.raises(BadCheckpoint, match="too long"):
        verify_checkpoint(NOTE + b"x" * MAX_NOTE, KEY.verifier)
