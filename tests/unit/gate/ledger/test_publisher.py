"""Publishing: a crash after any single step leaves a ledger that is whole and can be taken up again."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from helpers.ledgercheck import check
from helpers.ledgers import QUICK, Clock, Disk, append_when_mended, entry, written
from leadglass.gate.ledger import Ledger, SigningKey, verify
from leadglass.gate.ledger.checkpoint import verify_checkpoint
from leadglass.gate.ledger.files import AppendFile, LocalFiles
from leadglass.gate.ledger.publisher import Publisher
from leadglass.gate.ledger.replay import replay
from leadglass.terms.errors import LedgerFault

KEY = SigningKey.generate("example.com/ledger")


class Stopped(OSError):
    """The machine stops here."""


@dataclass
class StoppingFiles:
    """A disk that takes so many steps and then no more. `order` remembers them."""

    steps: int
    order: list[str] = field(default_factory=list)
    _local: LocalFiles = field(default_factory=LocalFiles)

    def _step(self, what: str) -> None:
        if len(self.order) >= self.steps:
            raise Stopped
        self.order.append(what)

    def create(self, path: Path) -> AppendFile:
        raise AssertionError("publishing makes no segments")

    def put(self, path: Path, data: bytes) -> None:
        self._step(f"put {path.name}" if path.name == "checkpoint" else "put tile")
        self._local.put(path, data)

    def sync_folders(self, folders: set[Path]) -> None:
        self._step("sync")
        self._local.sync_folders(folders)

    def remove(self, path: Path) -> None:
        self._step("remove segment")
        self._local.remove(path)

    def remove_folder(self, path: Path) -> None:
        self._step("remove partial tiles")
        self._local.remove_folder(path)


async def pending_ledger(directory: Path) -> None:
    """200 entries published, 400 more pending in two segments: tiles of level 0 and 1 grow, one becomes full."""
    clock, disk = await written(directory, KEY, 198), Disk()
    ledger = Ledger.open(directory, KEY, clock=clock, settings=QUICK, files=disk)
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(300)))
    disk.broken = {"append", "put"}  # a failed write starts a second segment; nothing is published meanwhile
    await asyncio.gather(ledger.append(entry(300, clock)), return_exceptions=True)
    disk.broken = {"put"}
    await append_when_mended(ledger, entry(301, clock))
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(302, 400)))
    await ledger.close()


def publish(directory: Path, files: StoppingFiles) -> None:
    published = verify_checkpoint((directory / "checkpoint").read_bytes(), KEY.verifier)
    publisher = Publisher(directory, files, published)
    publisher.publish(replay(directory, KEY.verifier, published, publisher.edge).sealed)


async def test_a_stop_after_any_step_harms_nothing(tmp_path: Path) -> None:
    await pending_ledger(tmp_path / "ledger")
    before = check(tmp_path / "ledger")
    assert before.published == 200
    assert len(list((tmp_path / "ledger/pending").iterdir())) == 2
    rehearsal = StoppingFiles(10_000)
    shutil.copytree(tmp_path / "ledger", tmp_path / "rehearsal")
    publish(tmp_path / "rehearsal", rehearsal)
    assert check(tmp_path / "rehearsal").published == len(before.entries)
    for steps in range(len(rehearsal.order)):
        copy = tmp_path / f"stopped after {steps}"
        shutil.copytree(tmp_path / "ledger", copy)
        files = StoppingFiles(steps)
        try:
            publish(copy, files)
        except Stopped:
            pass
        else:
            assert rehearsal.order[steps] == "remove partial tiles"  # the only step that may fail unnoticed
        assert check(copy).entries == before.entries
        assert verify(copy, KEY.verifier).exit_code == 0
        await Ledger.open(copy, KEY, clock=Clock(), settings=QUICK, accept_clock=True).close()
        after = check(copy)
        assert after.entries[: len(before.entries)] == before.entries
        assert after.published == len(after.entries)
        shutil.rmtree(copy)


async def test_tiles_come_before_the_checkpoint_and_the_checkpoint_before_segments_go(tmp_path: Path) -> None:
    await pending_ledger(tmp_path)
    files = StoppingFiles(10_000)
    publish(tmp_path, files)
    steps = [step for i, step in enumerate(files.order) if i == 0 or files.order[i - 1] != step]
    assert steps == ["put tile", "sync", "put checkpoint", "sync", "remove segment", "remove partial tiles"]


async def test_a_pending_file_that_changes_before_it_is_published_is_noticed(tmp_path: Path) -> None:
    await pending_ledger(tmp_path)
    published = verify_checkpoint((tmp_path / "checkpoint").read_bytes(), KEY.verifier)
    publisher = Publisher(tmp_path, LocalFiles(), published)
    sealed = replay(tmp_path, KEY.verifier, published, publisher.edge).sealed
    sealed[0].path.write_bytes(sealed[0].path.read_bytes().replace(b'"1.2.7"', b'"1.2.8"'))
    with pytest.raises(LedgerFault, match="not the ones that were signed"):
        publisher.publish(sealed)
    assert verify_checkpoint((tmp_path / "checkpoint").read_bytes(), KEY.verifier) == published
    assert not (tmp_path / "tile/0/000").exists()


async def test_memory_is_one_partial_tile_per_level(tmp_path: Path) -> None:
    await written(tmp_path, KEY, 1000)
    published = verify_checkpoint((tmp_path / "checkpoint").read_bytes(), KEY.verifier)
    publisher = Publisher(tmp_path, LocalFiles(), published)
    assert [len(level) // 32 for level in publisher._grown.levels] == [published.size % 256, published.size // 256]
    assert len(publisher._grown.bundle) == published.size % 256
    assert publisher.edge.root == published.root
