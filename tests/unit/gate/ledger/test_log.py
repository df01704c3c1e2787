"""The ledger as a whole, on a real disk and on one that fails on cue, looked at by the outside verifier."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpers.ledgercheck import check
from helpers.ledgers import ON_DEMAND, QUICK, START, Clock, Disk, append_when_mended, entry, written
from leadglass.gate.ledger import Entry, Event, Ledger, LedgerSettings, SigningKey, verify
from leadglass.gate.ledger.entry import EntryUnfit
from leadglass.terms.errors import LedgerFault, UserFault

KEY = SigningKey.generate("example.com/ledger")
FAST_PUBLISHING = replace(QUICK, publish_entries=100)


def numbers(directory: Path) -> list[int]:
    """The test entries that stand in the ledger."""
    return [value["detail"]["number"] for value in check(directory).values() if "number" in value.get("detail", {})]


def events(directory: Path) -> list[str]:
    return [value["event"] for value in check(directory).values()]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does, at most a few seconds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


async def test_an_acknowledged_entry_is_on_the_disk_before_anything_is_published(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK)
    places = [await ledger.append(entry(n, clock)) for n in range(3)]
    shutil.copytree(tmp_path, tmp_path / "copy")
    assert (numbers(tmp_path / "copy"), check(tmp_path / "copy").published) == ([0, 1, 2], 0)
    assert places == [1, 2, 3]  # number 0 is the ledger's own remark that it was opened
    await ledger.close()
    assert check(tmp_path).published == 5
    assert list((tmp_path / "pending").iterdir()) == []


async def test_many_waiting_entries_share_one_write(tmp_path: Path) -> None:
    clock, disk = Clock(), Disk()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK, files=disk)
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(1000)))
    assert disk.appended < 100
    await ledger.close()
    assert numbers(tmp_path) == list(range(1000))


async def test_entries_nobody_waits_for_become_durable_on_their_own(tmp_path: Path) -> None:
    clock, disk = Clock(), Disk()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK, files=disk)
    await ledger.flush()
    before = ledger.checkpoint.size
    ledger.append_soon(entry(0, clock))
    await until(lambda: ledger.checkpoint.size > before)
    await ledger.close()


async def test_entries_keep_the_order_in_which_they_were_given(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK)
    for n in range(0, 50, 2):
        ledger.append_soon(entry(n, clock))
        await ledger.append(entry(n + 1, clock))
    await ledger.close()
    assert numbers(tmp_path) == list(range(50))


@pytest.mark.parametrize("count", [0, 1, 253, 254, 255, 256, 511, 65_540])
async def test_every_size_is_published_as_the_format_says(tmp_path: Path, count: int) -> None:
    await written(tmp_path, KEY, count)
    assert numbers(tmp_path) == list(range(count))
    report = verify(tmp_path, KEY.verifier)
    assert (report.exit_code, report.size, report.published) == (0, count + 2, count + 2)


async def test_publishing_goes_on_while_entries_come_and_drops_outgrown_partial_tiles(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=FAST_PUBLISHING)
    for n in range(1000):
        ledger.append_soon(entry(n, clock))
        if n % 50 == 0:
            await ledger.flush()
            assert verify(tmp_path, KEY.verifier).ok
    await ledger.close()
    assert numbers(tmp_path) == list(range(1000))
    assert not (tmp_path / "tile/0/000.p").exists()
    assert (tmp_path / "tile/0/003.p").exists()


async def test_a_ledger_goes_on_where_it_stopped(tmp_path: Path) -> None:
    clock = Clock()
    for start in range(0, 600, 150):
        ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK)
        await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(start, start + 150)))
        await ledger.close()
    assert numbers(tmp_path) == list(range(600))
    assert events(tmp_path).count("ledger-opened") == events(tmp_path).count("ledger-closed") == 4


async def test_a_second_writer_is_kept_out(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, KEY, settings=QUICK)
    with pytest.raises(UserFault, match="another process"):
        Ledger.open(tmp_path, KEY, settings=QUICK)
    await ledger.close()
    await Ledger.open(tmp_path, KEY, settings=QUICK).close()


async def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, KEY, settings=QUICK)
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerFault, match="closed"):
        await ledger.append(entry(0, Clock()))


async def test_an_entry_that_does_not_fit_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK)
    with pytest.raises(EntryUnfit):
        await ledger.append(Entry(at=clock(), event=Event.QUERIED, reason="x" * 70_000))
    await ledger.append(entry(0, clock))
    await ledger.close()
    assert numbers(tmp_path) == [0]


# --- a disk that fails -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("abandon_fails", [False, True])
@pytest.mark.parametrize("torn", [0, 30, 10**6])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
async def test_what_fails_is_refused_and_the_ledger_recovers(
    tmp_path: Path, code: int, torn: int, abandon_fails: bool
) -> None:
    clock, disk = Clock(), Disk(code=code, torn=torn)
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK, files=disk)
    await ledger.append(entry(0, clock))
    disk.broken = {"append", "abandon"} if abandon_fails else {"append"}
    with pytest.raises(LedgerFault, match="cannot be written"):
        await ledger.append(entry(1, clock))
    assert os.strerror(code) in ledger.fault or errno.errorcode[code] in ledger.fault
    with pytest.raises(LedgerFault):
        await ledger.append(entry(2, clock))
    ledger.append_soon(entry(3, clock))
    durable = ledger.checkpoint
    assert durable.size == 2
    disk.broken = set()
    await append_when_mended(ledger, entry(4, clock))
    assert ledger.fault == ""
    (tmp_path / "kept").write_bytes(durable.note)
    report = verify(tmp_path, KEY.verifier, tmp_path / "kept")
    assert report.exit_code == 0, report.lines
    await ledger.close()
    # 1 was signed before the disk failed: it stays, and the ledger says that it was refused. 2 never got that far.
    assert numbers(tmp_path) == [0, 1, 3, 4]
    remark = next(value for value in check(tmp_path).values() if value["event"] == "ledger-recovered")
    assert remark["detail"]["refused_first"] == remark["detail"]["refused_last"] == 2
    assert verify(tmp_path, KEY.verifier, tmp_path / "kept").exit_code == 0


@pytest.mark.parametrize("verb", ["create", "sync_folders", "remove"])
async def test_a_segment_that_cannot_be_made_fails_appends_until_it_can(tmp_path: Path, verb: str) -> None:
    clock, disk = Clock(), Disk()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK, files=disk)
    disk.broken = {verb}
    with pytest.raises(LedgerFault):
        await ledger.append(entry(0, clock))
    disk.broken = set()
    await append_when_mended(ledger, entry(1, clock))
    await ledger.close()
    assert numbers(tmp_path) == [1]


async def test_all_who_wait_are_refused_together(tmp_path: Path) -> None:
    clock, disk = Clock(), Disk()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=replace(QUICK, frame_entries=10), files=disk)
    await ledger.flush()
    disk.broken = {"append"}
    results = await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(100)), return_exceptions=True)
    assert all(isinstance(result, LedgerFault) for result in results)
    disk.broken = set()
    await ledger.close()
    assert len(numbers(tmp_path)) <= 10  # only the frame that was signed


async def test_entries_nobody_waits_for_are_kept_up_to_a_ceiling_then_everything_is_refused(tmp_path: Path) -> None:
    clock, disk = Clock(), Disk()
    settings = replace(QUICK, soon_entries=50, retry_seconds=3600)
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=settings, files=disk)
    await ledger.flush()
    disk.broken = {"append"}
    with pytest.raises(LedgerFault):
        await ledger.append(entry(0, clock))
    for n in range(1, 51):
        ledger.append_soon(entry(n, clock))
    with pytest.raises(LedgerFault, match="too many"):
        ledger.append_soon(entry(51, clock))
    with pytest.raises(LedgerFault):
        await ledger.append(entry(52, clock))
    disk.broken = set()
    await ledger.close()
    assert numbers(tmp_path) == list(range(51))


async def test_closing_on_a_broken_disk_says_that_entries_are_lost(tmp_path: Path) -> None:
    clock, disk = Clock(), Disk()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK, files=disk)
    await ledger.append(entry(0, clock))
    disk.broken = {"append"}
    with pytest.raises(LedgerFault, match="lost"):
        await ledger.close()
    await Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK).close()
    assert numbers(tmp_path) == [0]


@pytest.mark.parametrize("verb", ["put", "put checkpoint", "sync_folders", "remove"])
async def test_publishing_that_fails_loses_nothing(tmp_path: Path, verb: str) -> None:
    clock, disk = Clock(), Disk()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK, files=disk)
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(300)))
    disk.broken = {verb}
    await ledger.close()
    assert list((tmp_path / "pending").iterdir()) != []
    assert numbers(tmp_path) == list(range(300))
    await Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK).close()
    assert numbers(tmp_path) == list(range(300))
    assert check(tmp_path).published == 304


async def test_publishing_is_tried_again_while_running(tmp_path: Path) -> None:
    clock, disk = Clock(), Disk(broken={"put"})
    (tmp_path / "l").mkdir()
    await Ledger.open(tmp_path / "l", KEY, clock=clock, settings=QUICK).close()
    ledger = Ledger.open(tmp_path / "l", KEY, clock=clock, settings=FAST_PUBLISHING, files=disk)
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(150)))
    disk.broken = set()
    await until(lambda: check(tmp_path / "l").published >= 150)
    await ledger.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", tmp_path]).returncode:
        pytest.skip("NOT TESTED: a small tmpfs needs root")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.root
async def test_a_full_disk_refuses_and_recovers(small_disk: Path) -> None:
    clock, directory, filler = Clock(), small_disk / "ledger", small_disk / "filler"
    ledger = Ledger.open(directory, KEY, clock=clock, settings=QUICK)
    await ledger.append(entry(0, clock))
    room = os.statvfs(small_disk)
    filler.write_bytes(bytes((room.f_bavail - 2) * room.f_frsize))
    outcomes = [await asyncio.gather(ledger.append(entry(n, clock)), return_exceptions=True) for n in range(1, 100)]
    acknowledged = [n for n, (outcome,) in enumerate(outcomes, 1) if isinstance(outcome, int)]
    assert isinstance(outcomes[-1][0], LedgerFault)
    assert "No space left" in str(outcomes[-1][0])
    filler.unlink()
    await append_when_mended(ledger, entry(200, clock))
    await ledger.close()
    assert set(numbers(directory)) >= {0, *acknowledged, 200}
    assert 0 < len(acknowledged) < 99
    assert verify(directory, KEY.verifier).exit_code == 0


# --- the clock -------------------------------------------------------------------------------------------------


async def test_time_never_runs_backwards_in_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, KEY, clock=lambda: START, settings=QUICK)
    late = START + timedelta(minutes=1)
    for at in (late, late - timedelta(seconds=3), late - timedelta(seconds=30), late + timedelta(seconds=1)):
        await ledger.append(replace(entry(0, Clock()), at=at))
    await ledger.close()
    values = check(tmp_path).values()[1:5]
    assert [value.get("clock", "") for value in values] == ["", "", "stepped back", ""]
    assert [value["at"][17:19] for value in values] == ["00", "00", "00", "01"]


async def test_a_clock_far_behind_the_last_entry_is_pointed_out(tmp_path: Path) -> None:
    await written(tmp_path, KEY, 3)
    early = START - timedelta(minutes=6)
    with pytest.raises(UserFault, match="clock has gone backwards") as caught:
        Ledger.open(tmp_path, KEY, clock=lambda: early, settings=QUICK)
    assert "set the clock right" in caught.value.advice
    ledger = Ledger.open(tmp_path, KEY, clock=lambda: early, settings=QUICK, accept_clock=True)
    await ledger.close()
    assert check(tmp_path).values()[-1]["clock"] == "stepped back"
    await Ledger.open(tmp_path, KEY, clock=lambda: START - timedelta(minutes=4), settings=QUICK).close()


# --- what is found at the start --------------------------------------------------------------------------------


async def crashed(directory: Path, count: int) -> Path:
    """A copy of a ledger whose entries are all pending, as a killed server leaves it."""
    clock = Clock()
    ledger = Ledger.open(directory / "live", KEY, clock=clock, settings=QUICK)
    for n in range(count):
        await ledger.append(entry(n, clock))
    shutil.copytree(directory / "live", directory / "copy")
    await ledger.close()
    return directory / "copy"


async def test_pending_entries_are_published_at_the_next_start(tmp_path: Path) -> None:
    copy = await crashed(tmp_path, 20)
    ledger = Ledger.open(copy, KEY, clock=Clock(START + timedelta(hours=1)), settings=QUICK)
    assert check(copy).published == 21
    await ledger.close()
    assert numbers(copy) == list(range(20))


async def test_an_unfinished_write_is_cut_off_wherever_it_ends(tmp_path: Path) -> None:
    copy = await crashed(tmp_path, 3)
    segment = next((copy / "pending").iterdir())
    whole = segment.read_bytes()
    last = whole.rindex(b"LGF1")
    for end in range(last, len(whole), 7):
        segment.write_bytes(whole[:end])
        report = verify(copy, KEY.verifier)
        assert (report.exit_code, report.size) == (2 if end > last else 0, 3)
        shutil.copytree(copy, tmp_path / f"at{end}")
        await Ledger.open(tmp_path / f"at{end}", KEY, clock=Clock(), settings=QUICK).close()
        assert numbers(tmp_path / f"at{end}") == [0, 1]
        remark = check(tmp_path / f"at{end}").values()[3]
        assert remark.get("detail", {}).get("cut_bytes", 0) == end - last


async def test_a_sector_that_a_power_cut_left_empty_is_an_unfinished_write(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path / "live", KEY, clock=clock, settings=ON_DEMAND)
    await ledger.append(entry(0, clock))
    for n in range(1, 30):
        ledger.append_soon(entry(n, clock))
    await ledger.flush()
    shutil.copytree(tmp_path / "live", tmp_path / "copy")
    await ledger.close()
    segment = next((tmp_path / "copy/pending").iterdir())
    whole = bytearray(segment.read_bytes())
    start = whole.rindex(b"LGF1") // 512 * 512 + 1024
    whole[start : start + 512] = bytes(512)
    segment.write_bytes(whole)
    assert verify(tmp_path / "copy", KEY.verifier).exit_code == 2
    await Ledger.open(tmp_path / "copy", KEY, clock=Clock(), settings=QUICK).close()
    assert numbers(tmp_path / "copy") == [0]


async def test_a_changed_pending_entry_stops_the_start_and_is_named(tmp_path: Path) -> None:
    copy = await crashed(tmp_path, 5)
    segment = next((copy / "pending").iterdir())
    segment.write_bytes(segment.read_bytes().replace(b'"1.2.4"', b'"1.2.5"'))
    with pytest.raises(LedgerFault, match=rf"pending/{segment.name} at byte \d+: entries 5 to 5 are not the ones"):
        Ledger.open(copy, KEY, clock=Clock(), settings=QUICK)
    assert segment.exists()


@pytest.mark.parametrize("what", ["checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7"])
async def test_a_missing_or_changed_file_stops_the_start_and_is_named(tmp_path: Path, what: str) -> None:
    await written(tmp_path, KEY, 5)
    content = (tmp_path / what).read_bytes()
    (tmp_path / what).unlink()
    with pytest.raises(LedgerFault, match=what):
        Ledger.open(tmp_path, KEY, clock=Clock(), settings=QUICK)
    (tmp_path / what).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(LedgerFault):
        Ledger.open(tmp_path, KEY, clock=Clock(), settings=QUICK)
    (tmp_path / what).write_bytes(content)
    await Ledger.open(tmp_path, KEY, clock=Clock(), settings=QUICK).close()


async def test_another_key_is_pointed_out(tmp_path: Path) -> None:
    await written(tmp_path, KEY, 5)
    with pytest.raises(UserFault, match="another key"):
        Ledger.open(tmp_path, SigningKey.generate("example.com/ledger"), clock=Clock(), settings=QUICK)


async def test_a_ledger_put_back_below_its_tiles_stops_when_they_are_met(tmp_path: Path) -> None:
    clock = await written(tmp_path, KEY, 10)
    old = (tmp_path / "checkpoint").read_bytes()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=QUICK)
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(10, 400)))
    await ledger.close()
    (tmp_path / "checkpoint").write_bytes(old)
    settings = LedgerSettings(publish_entries=300, soon_seconds=0.01)
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=settings)
    await asyncio.gather(*(ledger.append(entry(n, clock)) for n in range(1000, 1400)))
    await until(lambda: bool(ledger.fault))
    assert "put back to an older state" in ledger.fault
    with pytest.raises(LedgerFault, match="put back to an older state"):
        await ledger.append(entry(1400, clock))
    with pytest.raises(LedgerFault):
        await ledger.close()
