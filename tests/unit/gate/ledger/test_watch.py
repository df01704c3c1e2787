"""Verification that goes on: it reads what is new, and notices what a forger must do to the old."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.ledgers import QUICK, Clock, entry, written
from leadglass.gate.ledger import Ledger, SigningKey, verify
from leadglass.gate.ledger.checkpoint import sign_checkpoint
from leadglass.gate.ledger.tiles import decode_bundle, encode_bundle
from leadglass.gate.ledger.watch import Watch
from leadglass.terms.errors import LedgerFault

KEY = SigningKey.generate("example.com/ledger")


async def grow(directory: Path, count: int) -> None:
    """More entries, all published."""
    clock = Clock()
    ledger = Ledger.open(directory, KEY, clock=clock, settings=QUICK, accept_clock=True)
    for number in range(count):
        ledger.append_soon(entry(number, clock))
    await ledger.flush()
    await ledger.close()


@pytest.fixture
async def directory(tmp_path: Path) -> Path:
    await written(tmp_path / "ledger", KEY, 300)
    return tmp_path / "ledger"


def bundle(directory: Path, index: str) -> Path:
    return directory / "tile/entries" / index


async def test_it_agrees_with_the_whole_verification(directory: Path) -> None:
    watch = Watch(directory, KEY.verifier)
    for _ in range(3):
        report, found = verify(directory, KEY.verifier), watch.check_new()
        assert (found.size, found.root, found.problems) == (report.size, report.root, ())
        assert watch.check_all() == found
        await grow(directory, 150)


async def test_it_sees_what_is_pending(directory: Path) -> None:
    watch = Watch(directory, KEY.verifier)
    before = watch.check_new().size
    clock = Clock()
    ledger = Ledger.open(directory, KEY, clock=clock, settings=QUICK, accept_clock=True)
    await ledger.append(entry(1, clock))
    found = watch.check_new()
    assert found.problems == ()
    assert found.size == before + 2  # and the ledger's own remark that it was opened
    assert found.root == ledger.checkpoint.root
    await ledger.close()
    assert watch.check_new().problems == ()


async def test_what_was_seen_is_not_read_again(directory: Path) -> None:
    watch = Watch(directory, KEY.verifier)
    first = watch.check_new()
    assert watch.seen == first.size
    path = bundle(directory, "000")
    entries = decode_bundle(path.read_bytes())
    entries[7] = entries[8]
    path.write_bytes(encode_bundle(entries))
    assert watch.check_new() == first
    broken = watch.check_all()
    assert any("entry 7" in problem for problem in broken.problems)
    assert watch.check_new().problems  # it stays broken


async def test_a_new_entry_that_was_changed(directory: Path) -> None:
    watch = Watch(directory, KEY.verifier)
    watch.check_new()
    await grow(directory, 400)
    path = bundle(directory, "001")
    entries = decode_bundle(path.read_bytes())
    entries[200] = entries[200].replace(b"usr-", b"usr_")
    path.write_bytes(encode_bundle(entries))
    assert any("does not sign" in problem for problem in watch.check_new().problems)


async def test_an_older_state_put_back(directory: Path, tmp_path: Path) -> None:
    shutil.copytree(directory, tmp_path / "older")
    await grow(directory, 100)
    watch = Watch(directory, KEY.verifier)
    assert watch.check_new().problems == ()
    shutil.rmtree(directory)
    shutil.copytree(tmp_path / "older", directory)
    assert any("were there before" in problem for problem in watch.check_new().problems)


async def test_another_history_of_the_same_length(directory: Path) -> None:
    """A forger with the key signs another past; whoever saw the first one notices."""
    watch = Watch(directory, KEY.verifier)
    watch.check_new()
    await grow(directory, 10)
    forged = sign_checkpoint(KEY, verify(directory, KEY.verifier).size, b"r" * 32)
    (directory / "checkpoint").write_bytes(forged.note)
    assert any("does not sign" in problem for problem in watch.check_new().problems)


@pytest.mark.parametrize("note", [b"", b"nonsense", None])
async def test_a_checkpoint_that_does_not_hold(directory: Path, note: bytes | None) -> None:
    watch = Watch(directory, KEY.verifier)
    watch.check_new()
    if note is None:
        (directory / "checkpoint").unlink()
    else:
        (directory / "checkpoint").write_bytes(note)
    assert any("checkpoint" in problem for problem in watch.check_new().problems)


async def test_entries_that_are_missing(directory: Path) -> None:
    bundle(directory, "000").unlink()
    assert any("missing" in problem for problem in Watch(directory, KEY.verifier).check_new().problems)


async def test_it_can_be_stopped(directory: Path) -> None:
    watch = Watch(directory, KEY.verifier)
    watch.stop()
    for check in (watch.check_new, watch.check_all):
        with pytest.raises(LedgerFault, match="stopped after"):
            check()
    assert watch.seen == 0
