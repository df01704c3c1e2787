"""The master key's file and what it wraps."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from leadglass.store.keys.master import MasterKey
from leadglass.store.keys.study import WrappedKey
from leadglass.terms.errors import IntegrityFault, UserFault


def test_saved_and_loaded(tmp_path: Path) -> None:
    key = MasterKey.generate()
    key.save(tmp_path / "master.key")
    assert MasterKey.load(tmp_path / "master.key") == key
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be read") as caught:
        MasterKey.load(tmp_path / "master.key")
    assert "backup" in caught.value.advice


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_can_touch_is_refused(mode: int, tmp_path: Path) -> None:
    MasterKey.generate().save(tmp_path / "master.key")
    (tmp_path / "master.key").chmod(mode)
    with pytest.raises(UserFault, match="other accounts") as caught:
        MasterKey.load(tmp_path / "master.key")
    assert "chmod 600" in caught.value.advice


@pytest.mark.parametrize("line", [0, 1, 2, 3])
def test_a_file_with_a_wrong_letter_is_refused(line: int, tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKey.generate().save(path)
    lines = path.read_text().splitlines()
    lines[line] = lines[line][:-1] + ("0" if lines[line][-1] != "0" else "1")
    path.write_text("\n".join(lines) + "\n")
    if line == 1:  # the id is not secret and not bound to the secret: the ring finds a wrong one
        assert MasterKey.load(path).master_id == lines[1].removeprefix("id ")
        return
    with pytest.raises(UserFault, match="damaged"):
        MasterKey.load(path)


@pytest.mark.parametrize("content", [b"", b"leadglass master key v1\n", os.urandom(200), b"\xff\xfe"])
def test_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "master.key").write_bytes(content)
    (tmp_path / "master.key").chmod(0o600)
    with pytest.raises(UserFault):
        MasterKey.load(tmp_path / "master.key")


def test_wrapping_is_plain_aes_gcm_bound_to_the_id() -> None:
    master = MasterKey.generate()
    wrapped = master.wrap(b"i" * 16, b"s" * 32)
    assert wrapped.master_id == master.master_id
    assert AESGCM(master.secret).decrypt(wrapped.wrapped[:12], wrapped.wrapped[12:], b"i" * 16) == b"s" * 32
    assert master.unwrap(wrapped) == b"s" * 32


@pytest.mark.parametrize("broken", [b"", b"short", b"x" * 60])
def test_an_altered_wrapping_is_found(broken: bytes) -> None:
    master = MasterKey.generate()
    with pytest.raises(IntegrityFault, match="69" * 16):
        master.unwrap(WrappedKey(b"i" * 16, master.master_id, broken))


def test_a_wrapping_cannot_be_moved_to_another_id() -> None:
    master = MasterKey.generate()
    wrapped = master.wrap(b"i" * 16, b"s" * 32)
    with pytest.raises(IntegrityFault):
        master.unwrap(WrappedKey(b"j" * 16, wrapped.master_id, wrapped.wrapped))


def test_the_secret_is_not_in_its_repr() -> None:
    key = MasterKey.generate()
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)
