"""The signature beside a scope."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.scopes import NOW, scope_text
from leadglass.survey.scope import Refusal, Signed, SigningKey, Warrant, Why, sign, verify
from leadglass.terms.errors import UserFault


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    path = tmp_path / "scope.toml"
    path.write_text(scope_text())
    return path


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return SigningKey.load_or_make(tmp_path / "keys" / "signing.pem")


def why_not(path: Path, trust: str = "") -> Why:
    refusal = verify(path, trust)
    assert isinstance(refusal, Refusal)
    assert refusal.reason
    assert refusal.advice
    with pytest.raises(UserFault, match=refusal.reason.split(",")[0][-20:]):
        open_warrant(path, trust=trust)
    return refusal.why


def open_warrant(path: Path, now: datetime = NOW, trust: str = "") -> Warrant:
    return Warrant.open(path, now=now, resolve=lambda _: (), trust=trust)


def test_a_signed_scope_becomes_a_warrant(scope: Path, key: SigningKey) -> None:
    made = sign(scope, key, signer="Head of IT", now=NOW)
    signed = verify(scope)
    assert isinstance(signed, Signed)
    assert signed.data == scope.read_bytes()
    assert signed.signature == made
    warrant = open_warrant(scope)
    assert warrant.signature == made
    assert len(warrant.digest) == 64
    assert open_warrant(scope, trust=key.fingerprint).digest == warrant.digest
    assert open_warrant(scope, trust=key.fingerprint[:16].upper()).digest == warrant.digest


def test_unsigned(scope: Path) -> None:
    assert why_not(scope) is Why.UNSIGNED


@pytest.mark.parametrize("place", [0, 100, -1])
def test_any_change_of_the_scope_shows(scope: Path, key: SigningKey, place: int) -> None:
    sign(scope, key, signer="Head of IT", now=NOW)
    data = bytearray(scope.read_bytes())
    data[place] ^= 1
    scope.write_bytes(data)
    assert why_not(scope) is Why.CHANGED


def test_what_is_put_behind_or_taken_off_shows(scope: Path, key: SigningKey) -> None:
    sign(scope, key, signer="Head of IT", now=NOW)
    data = scope.read_bytes()
    for changed in (data + b"\n", data[:-1], b"", data * 2):
        scope.write_bytes(changed)
        assert why_not(scope) is Why.CHANGED


@pytest.mark.parametrize(
    ("word", "value"),
    [("signer", "Somebody Else"), ("signed_at", "2026-11-21T12:00:01Z"), ("public_key", "A" * 43 + "=")],
)
def test_any_change_of_the_signature_shows(scope: Path, key: SigningKey, word: str, value: str) -> None:
    sign(scope, key, signer="Head of IT", now=NOW)
    beside = scope.with_name("scope.toml.sig")
    told = json.loads(beside.read_bytes())
    beside.write_text(json.dumps(told | {word: value}))
    assert why_not(scope) is Why.CHANGED


@pytest.mark.parametrize(
    "junk", [b"", b"{}", b"\xff", b"[" * 5000, b'{"format": "leadglass scope signature 1"}', b"\0" * 9999]
)
def test_what_is_no_signature(scope: Path, junk: bytes) -> None:
    scope.with_name("scope.toml.sig").write_bytes(junk)
    assert why_not(scope) is Why.UNSIGNED


def test_a_signature_of_another_scope_counts_for_nothing(scope: Path, key: SigningKey, tmp_path: Path) -> None:
    sign(scope, key, signer="Head of IT", now=NOW)
    other = tmp_path / "other.toml"
    other.write_text(scope_text().replace("192.0.2.0/24", "198.51.100.0/24"))
    other.with_name("other.toml.sig").write_bytes(scope.with_name("scope.toml.sig").read_bytes())
    assert why_not(other) is Why.CHANGED


def test_only_the_trusted_key(scope: Path, key: SigningKey, tmp_path: Path) -> None:
    sign(scope, SigningKey.load_or_make(tmp_path / "another.pem"), signer="x", now=NOW)
    assert why_not(scope, trust=key.fingerprint) is Why.NOT_TRUSTED
    sign(scope, key, signer="x", now=NOW)
    for no_fingerprint in (key.fingerprint[:15], "our own", key.fingerprint + "0"):
        with pytest.raises(UserFault, match="is no fingerprint of a key"):
            verify(scope, no_fingerprint)


@pytest.mark.parametrize("signer", ["Head\nof IT", "Head of IT\n", "x" * 201, "\x1b[2J"])
def test_a_signer_who_would_break_the_signature_is_refused(scope: Path, key: SigningKey, signer: str) -> None:
    with pytest.raises(UserFault, match="signer's name"):
        sign(scope, key, signer=signer, now=NOW)
    assert why_not(scope) is Why.UNSIGNED


def test_a_signature_whose_signer_ends_the_line_early_is_none(scope: Path, key: SigningKey) -> None:
    sign(scope, key, signer="Head of IT", now=NOW)
    beside = scope.with_name("scope.toml.sig")
    beside.write_text(beside.read_text().replace("Head of IT", "Head of IT\\n"))
    assert "is no signature" in str(verify(scope))


def test_expired_and_not_yet(scope: Path, key: SigningKey) -> None:
    sign(scope, key, signer="Head of IT", now=NOW)
    with pytest.raises(UserFault, match="expired"):
        open_warrant(scope, datetime(2027, 1, 1, tzinfo=UTC))
    with pytest.raises(UserFault, match="not valid before"):
        open_warrant(scope, datetime(2026, 1, 1, tzinfo=UTC))


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "signing.pem"
    made = SigningKey.load_or_make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load_or_make(path).public == made.public
    assert "PRIVATE" not in repr(made)
    path.chmod(0o644)
    with pytest.raises(UserFault, match="read by others"):
        SigningKey.load_or_make(path)
    path.write_text("nonsense")
    path.chmod(0o600)
    with pytest.raises(UserFault, match="not an Ed25519 key"):
        SigningKey.load_or_make(path)


def test_no_scope_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be read"):
        verify(tmp_path / "nothing.toml")
