"""The disk's calls: what they do, and how each failure is told."""

import errno
import os
from pathlib import Path

import pytest

from leadglass.store.buffers import aligned_buffer
from leadglass.store.disk import BLOCK, Disk, storage_fault
from leadglass.terms.errors import OutOfSpace, StorageFault


def block(fill: bytes) -> memoryview:
    buffer = aligned_buffer(BLOCK)
    buffer[:] = fill * BLOCK
    return buffer


def test_create_write_and_cut(tmp_path: Path) -> None:
    disk, path = Disk(), tmp_path / "file"
    handle = disk.create(path, block(b"a"))
    disk.reserve(handle, BLOCK, 3 * BLOCK)
    disk.write(handle, block(b"b"), BLOCK)
    disk.sync(handle)
    disk.truncate(handle, 2 * BLOCK)
    os.close(handle)
    assert path.read_bytes() == b"a" * BLOCK + b"b" * BLOCK
    assert path.stat().st_mode & 0o777 == 0o600


def test_reserved_room_reads_as_zeros(tmp_path: Path) -> None:
    disk, path = Disk(), tmp_path / "file"
    handle = disk.create(path, block(b"a"))
    disk.reserve(handle, BLOCK, 2 * BLOCK)
    os.close(handle)
    assert path.read_bytes() == b"a" * BLOCK + bytes(2 * BLOCK)


def test_create_never_takes_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"precious")
    with pytest.raises(StorageFault):
        Disk().create(path, block(b"a"))
    assert path.read_bytes() == b"precious"


def test_without_direct_writes_the_page_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse_direct(path: str, flags: int, mode: int = 0o777) -> int:
        handle = real(path, flags & ~os.O_DIRECT, mode)  # as some file systems do: the file is made all the same
        if flags & os.O_DIRECT:
            os.close(handle)
            raise OSError(errno.EINVAL, "no direct writes here")
        return handle

    monkeypatch.setattr(os, "open", refuse_direct)
    handle = Disk().create(tmp_path / "file", block(b"a"))
    Disk().write(handle, memoryview(b"odd"), BLOCK)  # would be refused by a direct handle
    os.close(handle)
    assert (tmp_path / "file").read_bytes() == b"a" * BLOCK + b"odd"


def test_a_short_write_is_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:3], at))
    Disk().write(handle, memoryview(b"ten bytes!"), 0)
    os.close(handle)
    assert (tmp_path / "file").read_bytes() == b"ten bytes!"


def test_a_device_that_takes_nothing_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: 0)
    with pytest.raises(StorageFault):
        Disk().write(1, memoryview(b"x"), 0)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_told_apart(code: int) -> None:
    assert type(storage_fault(OSError(code, "text"), "doing")) is OutOfSpace


def test_any_other_failure_is_a_storage_fault() -> None:
    fault = storage_fault(OSError(errno.EIO, "Input/output error"), "syncing a volume")
    assert type(fault) is StorageFault
    assert str(fault) == "syncing a volume: Input/output error"


@pytest.mark.parametrize("call", ["reserve", "write", "sync", "truncate"])
def test_calls_on_a_closed_file_are_storage_faults(call: str, tmp_path: Path) -> None:
    handle = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.close(handle)
    arguments = {"reserve": (0, 1), "write": (memoryview(b"x"), 0), "sync": (), "truncate": (0,)}[call]
    with pytest.raises(StorageFault):
        getattr(Disk(), call)(handle, *arguments)


def test_rename_and_unlink(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    Disk().rename(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"x"
    Disk().unlink(tmp_path / "b")
    Disk().unlink(tmp_path / "b")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageFault):
        Disk().rename(tmp_path / "a", tmp_path / "b")
    with pytest.raises(StorageFault):
        Disk().sync_directory(tmp_path / "nowhere")
