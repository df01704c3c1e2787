"""Small secret files."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.gate.enrolment.files import private_folder, read_private, write_new, write_private
from leadglass.terms.errors import UserFault


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")
    assert folder.stat().st_mode & 0o777 == 0o700
    write_private(folder / "x", b"one")
    write_private(folder / "x", b"two")
    assert read_private(folder / "x") == b"two"
    assert (folder / "x").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["x"], "no drafts are left"


def test_a_new_file_is_never_put_over_another(tmp_path: Path) -> None:
    assert write_new(tmp_path / "x", b"mine")
    assert not write_new(tmp_path / "x", b"theirs")
    assert read_private(tmp_path / "x") == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_secret_that_others_can_read_is_none(tmp_path: Path) -> None:
    write_private(tmp_path / "x", b"hunter2")
    (tmp_path / "x").chmod(0o640)
    with pytest.raises(UserFault) as caught:
        read_private(tmp_path / "x")
    assert "chmod 600" in caught.value.advice
    assert "hunter2" not in str(caught.value)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(UserFault):
        private_folder(tmp_path / "x" / "y")


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(OSError):
        write_private(tmp_path / "x", b"secret")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
