"""The disk port on a real disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.gate.ledger.files import LocalFiles

FILES = LocalFiles()


def test_an_append_file_grows_and_can_be_cut_back(tmp_path: Path) -> None:
    file = FILES.create(tmp_path / "pending" / "1")
    file.append(b"one")
    file.append(b"two")
    assert (tmp_path / "pending/1").read_bytes() == b"onetwo"
    file.abandon(3)
    assert (tmp_path / "pending/1").read_bytes() == b"one"
    with pytest.raises(OSError):
        file.append(b"three")
    file.close()


def test_an_existing_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    FILES.create(tmp_path / "1").close()
    with pytest.raises(FileExistsError):
        FILES.create(tmp_path / "1")


def test_put_replaces_the_whole_file_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "tile" / "0" / "000"
    FILES.put(path, b"old")
    FILES.put(path, b"new")
    FILES.sync_folders({path.parent, tmp_path})
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["000"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_put_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    (tmp_path / "name/inside").touch()
    with pytest.raises(OSError):
        FILES.put(tmp_path / "name", b"data")
    assert [p.name for p in tmp_path.iterdir()] == ["name"]


def test_what_is_gone_already_may_be_removed(tmp_path: Path) -> None:
    FILES.remove(tmp_path / "none")
    FILES.remove_folder(tmp_path / "none.p")
    FILES.put(tmp_path / "000.p/1", b"x")
    FILES.remove_folder(tmp_path / "000.p")
    assert list(tmp_path.iterdir()) == []
