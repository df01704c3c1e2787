"""What a stopped server left behind is read again, and nothing that does not fit is accepted."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from helpers.ledgers import QUICK, Clock, Disk, append_when_mended, entry
from leadglass.gate.ledger import Ledger, SigningKey
from leadglass.gate.ledger.checkpoint import verify_checkpoint
from leadglass.gate.ledger.replay import Replayed, replay
from leadglass.gate.ledger.tree import RightEdge
from leadglass.terms.errors import LedgerFault

KEY = SigningKey.generate("example.com/ledger")


def replayed(directory: Path) -> Replayed:
    published = verify_checkpoint((directory / "checkpoint").read_bytes(), KEY.verifier)
    assert published.size == 0
    return replay(directory, KEY.verifier, published, RightEdge())


@pytest.fixture
async def stopped(tmp_path: Path) -> Path:
    """A write failed, its whole frame stayed on the disk all the same, and it was written again to a new segment."""
    clock, disk = Clock(), Disk(torn=10**6)
    ledger = Ledger.open(tmp_path / "live", KEY, clock=clock, settings=QUICK, files=disk)
    for n in range(4):
        await ledger.append(entry(n, clock))
    disk.broken = {"append", "abandon", "put"}
    await asyncio.gather(ledger.append(entry(4, clock)), return_exceptions=True)
    disk.broken = {"put"}
    await append_when_mended(ledger, entry(5, clock))
    copy = Path(shutil.copytree(tmp_path / "live", tmp_path / "copy"))
    await ledger.close()
    return copy


async def test_a_frame_that_stands_twice_counts_once(stopped: Path) -> None:
    state = replayed(stopped)
    assert state.checkpoint.size == state.edge.size >= 7
    assert state.checkpoint.root == state.edge.root
    assert len(list((stopped / "pending").iterdir())) == 2
    assert state.cut_bytes == 0


async def test_a_missing_segment_is_a_fault(stopped: Path) -> None:
    first, _ = sorted((stopped / "pending").iterdir())
    first.unlink()
    with pytest.raises(LedgerFault, match="where entry 0 belongs"):
        replayed(stopped)


async def test_nothing_pending_is_nothing_new(tmp_path: Path) -> None:
    await Ledger.open(tmp_path, KEY, clock=Clock(), settings=QUICK).close()
    published = verify_checkpoint((tmp_path / "checkpoint").read_bytes(), KEY.verifier)
    edge = RightEdge()
    state = replay(tmp_path, KEY.verifier, published, edge)
    assert (state.checkpoint, state.sealed, state.leftovers, state.last_entry) == (published, [], [], b"")
