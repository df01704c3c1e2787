"""Keys: made once, mode 0600, in the text forms of signed notes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from leadglass.gate.ledger import SigningKey, VerifierKey
from leadglass.terms.errors import UserFault


def test_the_first_run_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"
    key = SigningKey.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = SigningKey.load_or_create(path)
    assert again.verifier == key.verifier
    assert key.verifier.verifies(again.sign(b"text"), b"text")
    assert sorted(p.name for p in path.parent.iterdir()) == ["ledger.key"]


def test_the_file_has_the_form_of_a_signed_note_key(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    key = SigningKey.load_or_create(path, "example.com/x")
    assert path.read_text().startswith(f"PRIVATE+KEY+example.com/x+{key.verifier.key_id.hex()}+")


def test_each_ledger_has_an_origin_of_its_own() -> None:
    assert SigningKey.generate().name != SigningKey.generate().name


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    SigningKey.load_or_create(path)
    path.chmod(0o640)
    with pytest.raises(UserFault, match="read by others") as caught:
        SigningKey.load_or_create(path)
    assert "chmod 600" in caught.value.advice


@pytest.mark.parametrize("cut", [0, 10, 60, -3])
def test_a_damaged_key_is_refused_without_showing_it(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "ledger.key"
    SigningKey.load_or_create(path)
    text = path.read_text()
    path.write_text(text[:cut])
    with pytest.raises(UserFault, match="not a ledger key") as caught:
        SigningKey.load(path)
    assert text[-20:-1] not in f"{caught.value} {caught.value.advice}"


def test_a_private_key_is_not_printed() -> None:
    assert "_private" not in repr(SigningKey.generate())


def test_the_verifier_string_goes_there_and_back() -> None:
    verifier = SigningKey.generate("example.com/x").verifier
    assert VerifierKey.parse(f" {verifier}\n") == verifier
    expected = hashlib.sha256(b"example.com/x\n\x01" + verifier.public).hexdigest()[:8]
    assert str(verifier).split("+")[1] == expected


@pytest.mark.parametrize(
    "text", ["", "a+b", "a b+00000000+AAAA", "x+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
)
def test_other_texts_are_no_verifier(text: str) -> None:
    with pytest.raises(UserFault):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["a b", "a+b", "a\nb"])
def test_names_that_would_break_a_note_are_refused(name: str) -> None:
    with pytest.raises(ValueError):
        SigningKey.generate(name)
