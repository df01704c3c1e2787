"""The key ring: first start, wrong master key, rotation stopped at every step."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from leadglass.store.files import replace_file, write_private
from leadglass.store.keys import KeyRing, MasterKey, StudyKey, SubKey, WrappedKey
from leadglass.store.keys import ring as ring_module
from leadglass.terms.errors import UserFault


class Stopped(Exception):
    """The process was killed here."""


class KeyTable:
    """The index's table of wrapped keys; stops after `stop_after` of them were replaced."""

    def __init__(self, *rows: WrappedKey) -> None:
        self.rows = list(rows)
        self.stop_after: int | None = None

    async def rewrap_all(self, rewrap: Callable[[WrappedKey], WrappedKey]) -> int:
        for at, row in enumerate(self.rows):
            if at == self.stop_after:
                raise Stopped
            self.rows[at] = rewrap(row)
        return len(self.rows)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_the_first_start_makes_private_files_and_the_second_reads_them(tmp_path: Path) -> None:
    first = KeyRing.open(tmp_path / "keys")
    second = KeyRing.open(tmp_path / "keys")
    assert names(tmp_path / "keys") == ["master.key", "ring"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    key = StudyKey.generate()
    assert second.unwrap(first.wrap(key)) == key
    assert [first.sub_key(p) for p in SubKey] == [second.sub_key(p) for p in SubKey]


@pytest.mark.parametrize("step", range(4))
def test_a_first_start_stopped_anywhere_is_taken_up(step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    def stopping(real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object) -> None:
            nonlocal steps
            if steps == step:
                raise Stopped
            steps += 1
            real(*arguments)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(ring_module, "write_private", stopping(write_private))
        patch.setattr(ring_module, "replace_file", stopping(replace_file))
        patch.setattr(MasterKey, "save", stopping(MasterKey.save))
        if step < 3:
            with pytest.raises(Stopped):
                KeyRing.open(tmp_path / "keys")
        else:
            KeyRing.open(tmp_path / "keys")
    ring = KeyRing.open(tmp_path / "keys")
    assert names(tmp_path / "keys") == ["master.key", "ring"]
    assert KeyRing.open(tmp_path / "keys").sub_key(SubKey.DATABASE) == ring.sub_key(SubKey.DATABASE)


def test_another_archives_master_key_is_found_at_once(tmp_path: Path) -> None:
    KeyRing.open(tmp_path / "keys")
    MasterKey.generate().save(tmp_path / "keys" / "master.key")
    with pytest.raises(UserFault, match="wrong master key") as caught:
        KeyRing.open(tmp_path / "keys")
    assert "backup" in caught.value.advice


def test_a_master_key_with_the_right_id_and_another_secret_is_found(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys")
    MasterKey(ring.master_id, b"x" * 32).save(tmp_path / "keys" / "master.key")
    with pytest.raises(UserFault, match="does not open"):
        KeyRing.open(tmp_path / "keys")


@pytest.mark.parametrize("lost", ["master.key", "ring"])
def test_a_lost_file_is_never_made_anew(lost: str, tmp_path: Path) -> None:
    KeyRing.open(tmp_path / "keys")
    (tmp_path / "keys" / lost).unlink()
    with pytest.raises(UserFault, match="cannot be read"):
        KeyRing.open(tmp_path / "keys")
    assert lost not in names(tmp_path / "keys")


def test_a_damaged_ring_is_said(tmp_path: Path) -> None:
    KeyRing.open(tmp_path / "keys")
    (tmp_path / "keys" / "ring").write_text("leadglass ring v1\n")
    with pytest.raises(UserFault, match="damaged"):
        KeyRing.open(tmp_path / "keys")


def test_a_key_of_an_unknown_master_is_said(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys")
    with pytest.raises(UserFault, match="wrong master key"):
        ring.unwrap(MasterKey.generate().wrap(b"i" * 16, b"s" * 32))


async def test_rotation_changes_the_master_and_nothing_else(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys")
    before, keys = ring.master_id, [StudyKey.generate() for _ in range(5)]
    table = KeyTable(*(ring.wrap(key) for key in keys))
    sub_keys = [ring.sub_key(purpose) for purpose in SubKey]
    shutil.copytree(tmp_path / "keys", tmp_path / "old")
    assert await ring.rotate(table.rewrap_all) == 5
    assert names(tmp_path / "keys") == ["master.key", "ring"]
    again = KeyRing.open(tmp_path / "keys")
    assert again.master_id == ring.master_id != before
    assert [again.unwrap(row) for row in table.rows] == keys
    assert [again.sub_key(purpose) for purpose in SubKey] == sub_keys
    old = KeyRing.open(tmp_path / "old")
    with pytest.raises(UserFault, match="wrong master key"):
        old.unwrap(table.rows[0])


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_a_rotation_stopped_while_rewrapping_loses_nothing(after: int, tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys")
    keys = [StudyKey.generate() for _ in range(3)]
    table = KeyTable(*(ring.wrap(key) for key in keys))
    table.stop_after = after
    with pytest.raises(Stopped):
        await ring.rotate(table.rewrap_all)
    again = KeyRing.open(tmp_path / "keys")
    assert again.is_rotating
    assert [again.unwrap(row) for row in table.rows] == keys
    table.rows.append(again.wrap(StudyKey.generate()))
    table.stop_after = None
    await again.rotate(table.rewrap_all)
    assert not again.is_rotating
    last = KeyRing.open(tmp_path / "keys")
    assert {row.master_id for row in table.rows} == {last.master_id}
    assert [last.unwrap(row) for row in table.rows[:3]] == keys


async def test_a_rotation_stopped_between_the_last_two_files_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing.open(tmp_path / "keys")
    key = StudyKey.generate()
    table = KeyTable(ring.wrap(key))

    def killed(source: Path, target: Path) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(ring_module, "replace_file", killed)
        with pytest.raises(Stopped):
            await ring.rotate(table.rewrap_all)
    again = KeyRing.open(tmp_path / "keys")
    assert again.is_rotating
    assert again.unwrap(table.rows[0]) == key
    await again.rotate(table.rewrap_all)
    assert KeyRing.open(tmp_path / "keys").unwrap(table.rows[0]) == key
    assert names(tmp_path / "keys") == ["master.key", "ring"]


def test_rewrap_leaves_what_is_new_already(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys")
    wrapped = ring.wrap(StudyKey.generate())
    assert ring.rewrap(wrapped) is wrapped
