"""Whatever is done to a copy of a ledger is noticed: by our verification, and by one that shares no code with it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from helpers.ledgercheck import NotALedger, check
from helpers.ledgers import ON_DEMAND, QUICK, Clock, entry, written
from leadglass.gate.ledger import Ledger, SigningKey, Verdict, verify
from leadglass.gate.ledger.checkpoint import sign_checkpoint
from leadglass.gate.ledger.pending import encode_frame
from leadglass.gate.ledger.report import MAX_PROBLEMS
from leadglass.gate.ledger.tiles import decode_bundle, encode_bundle
from leadglass.gate.ledger.tree import EMPTY_ROOT, leaf_hash, root_of
from leadglass.terms.errors import UserFault

KEY = SigningKey.generate("example.com/ledger")
PUBLISHED = 600  # two full tiles of level 0 and a partial one, a partial one of level 1
PENDING = 12  # in frames of three
PLACES = [0, 1, 255, 256, 300, 511, 512, PUBLISHED - 1]
"""First and last entries, edges of full and partial bundles."""
TAIL = [PUBLISHED, PUBLISHED + 1, PUBLISHED + 4, PUBLISHED + PENDING - 1]
"""Entries that are pending only."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger as a running server has it: most of it published, its newest entries pending."""
    directory = tmp_path_factory.mktemp("ledger")
    asyncio.run(_make(directory))
    assert check(directory / "copy").published == PUBLISHED
    return directory / "copy"


async def _make(directory: Path) -> None:
    clock = await written(directory / "live", KEY, PUBLISHED - 2)
    shutil.copytree(directory / "live", directory / "earlier")
    ledger = Ledger.open(directory / "live", KEY, clock=clock, settings=ON_DEMAND)
    for n in range(0, PENDING, 3):
        for i in range(2 if n == 0 else 3):  # the first frame also carries the remark that the ledger was opened
            ledger.append_soon(entry(n + i, clock))
        await ledger.flush()
    shutil.copytree(directory / "live", directory / "copy")
    (directory / "now").write_bytes(ledger.checkpoint.note)
    await ledger.close()


@pytest.fixture
def ledger(original: Path, tmp_path: Path) -> Path:
    """A copy to do harm to; unchanged files are shared with the original, so harm must replace files."""
    return Path(shutil.copytree(original, tmp_path / "ledger", copy_function=lambda a, b: Path(b).hardlink_to(a)))


def write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def assert_noticed(directory: Path, words: str) -> None:
    report = verify(directory, KEY.verifier)
    assert (report.verdict, report.exit_code) == (Verdict.BROKEN, 1)
    assert re.search(words, "\n".join(report.lines)), report.lines
    with pytest.raises(NotALedger):
        check(directory, str(KEY.verifier))


def bundle_of(directory: Path, place: int) -> Path:
    width = min(256, PUBLISHED - place // 256 * 256)
    return directory / f"tile/entries/{place // 256:03}{'' if width == 256 else f'.p/{width}'}"


def change_bundle(directory: Path, place: int, how: Callable[[list[bytes], int], None]) -> None:
    path = bundle_of(directory, place)
    entries = decode_bundle(path.read_bytes())
    how(entries, place % 256)
    write(path, encode_bundle(entries))


def forge(entries: list[bytes], at: int) -> None:
    entries[at] = re.sub(rb'"principal":"usr-.', b'"principal":"usr-9', entries[at])
    if b"usr-9" not in entries[at]:
        entries[at] = entries[at].replace(b'"ledger-', b'"xedger-')


def drop(entries: list[bytes], at: int) -> None:
    del entries[at]


def swap(entries: list[bytes], at: int) -> None:
    other = at - 1 if at else 1
    entries[at], entries[other] = entries[other], entries[at]


def repeat(entries: list[bytes], at: int) -> None:
    entries.insert(at, entries[at])


def segment(directory: Path) -> tuple[Path, list[bytes]]:
    """The pending segment and its frames."""
    (path,) = (directory / "pending").iterdir()
    data = path.read_bytes()
    starts = [match.start() for match in re.finditer(b"LGF1", data)] + [len(data)]
    return path, [data[a:b] for a, b in pairwise(starts)]


def change_tail(directory: Path, place: int, how: Callable[[list[bytes], int], None]) -> None:
    """Do something to a pending entry, with a frame head that fits."""
    path, parts = segment(directory)
    at, offset = divmod(place - PUBLISHED, 3)
    *entries, note = decode_bundle(parts[at][24:])
    how(entries, offset)
    parts[at] = encode_frame(PUBLISHED + at * 3, entries, note)
    write(path, b"".join(parts))


def test_the_original_is_intact(original: Path) -> None:
    calls: list[tuple[int, int]] = []
    report = verify(original, KEY.verifier, original.parent / "now", lambda done, total: calls.append((done, total)))
    assert (report.verdict, report.exit_code) == (Verdict.INTACT, 0)
    assert (report.size, report.published, report.remembered) == (PUBLISHED + PENDING, PUBLISHED, 1)
    assert calls[-1] == (PUBLISHED, PUBLISHED)
    assert check(original).sizes_signed[-1] == PUBLISHED + PENDING


@pytest.mark.parametrize("place", PLACES)
def test_a_changed_entry_is_named(ledger: Path, place: int) -> None:
    change_bundle(ledger, place, forge)
    assert_noticed(ledger, f"entry {place}: it was changed")


@pytest.mark.parametrize("place", [0, 300, 512, PUBLISHED - 1])
def test_an_entry_changed_with_its_tile_is_noticed_above(ledger: Path, place: int) -> None:
    change_bundle(ledger, place, forge)
    path = ledger / str(bundle_of(ledger, place).relative_to(ledger)).replace("entries", "0")
    write(path, b"".join(map(leaf_hash, decode_bundle(bundle_of(ledger, place).read_bytes()))))
    assert_noticed(ledger, "one of them or a tile changed|were changed together with their tiles")


@pytest.mark.parametrize("place", PLACES)
def test_a_removed_entry_is_noticed(ledger: Path, place: int) -> None:
    change_bundle(ledger, place, drop)
    assert_noticed(ledger, "some were put in or removed")


@pytest.mark.parametrize("place", PLACES)
def test_exchanged_entries_are_noticed(ledger: Path, place: int) -> None:
    change_bundle(ledger, place, swap)
    assert_noticed(ledger, f"entry {place}: it says it is entry")


@pytest.mark.parametrize("place", PLACES)
def test_an_entry_put_in_is_noticed(ledger: Path, place: int) -> None:
    change_bundle(ledger, place, repeat)
    assert_noticed(ledger, "some were put in or removed")


@pytest.mark.parametrize("how", [forge, drop, swap, repeat])
@pytest.mark.parametrize("place", TAIL)
def test_harm_to_a_pending_entry_is_noticed(ledger: Path, place: int, how: Callable[[list[bytes], int], None]) -> None:
    change_tail(ledger, place, how)
    assert_noticed(ledger, "pending/0000000000000600 at byte")


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_a_removed_frame_is_noticed(ledger: Path, frame: int) -> None:
    path, parts = segment(ledger)
    del parts[frame]
    write(path, b"".join(parts))
    assert_noticed(ledger, "entries are gone")


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_tail_cut_between_frames_is_exposed_by_a_remembered_checkpoint_only(ledger: Path, kept: int) -> None:
    path, parts = segment(ledger)
    write(path, b"".join(parts[:kept]))
    assert verify(ledger, KEY.verifier).verdict is Verdict.INTACT
    report = verify(ledger, KEY.verifier, _remembered(ledger, parts))
    assert (report.verdict, report.exit_code) == (Verdict.BROKEN, 1)
    assert re.search(r"it remembers 612 entries and only \d+ are here", "\n".join(report.lines))


def _remembered(ledger: Path, parts: list[bytes]) -> Path:
    note = decode_bundle(parts[-1][24:])[-1]
    path = ledger.parent / "remembered"
    path.write_bytes(note)
    return path


def test_a_tail_cut_within_a_frame_is_an_unfinished_write_or_worse(ledger: Path) -> None:
    path, parts = segment(ledger)
    remembered = _remembered(ledger, parts)
    write(path, b"".join(parts)[:-10])
    report = verify(ledger, KEY.verifier)
    assert (report.verdict, report.exit_code, report.unfinished_bytes) == (Verdict.UNFINISHED, 2, len(parts[-1]) - 10)
    assert check(ledger).torn_bytes == len(parts[-1]) - 10
    assert verify(ledger, KEY.verifier, remembered).exit_code == 1


def test_a_return_to_an_older_state_is_exposed_by_any_of_a_folder_of_checkpoints(
    original: Path, tmp_path: Path
) -> None:
    earlier = original.parent / "earlier"
    folder = tmp_path / "witnessed"
    folder.mkdir()
    (folder / "1").write_bytes((earlier / "checkpoint").read_bytes())
    assert verify(original, KEY.verifier, folder).exit_code == 0
    assert verify(earlier, KEY.verifier, folder).exit_code == 0
    shutil.copy(original.parent / "now", folder / "2")
    assert verify(original, KEY.verifier, folder).exit_code == 0
    assert verify(earlier, KEY.verifier, folder).exit_code == 1


def test_another_history_of_the_same_length_is_exposed_by_a_remembered_checkpoint(ledger: Path) -> None:
    """Even whoever has the private key cannot rewrite what was witnessed."""
    other = sign_checkpoint(KEY, 300, bytes(32))
    write(ledger.parent / "remembered", other.note)
    report = verify(ledger, KEY.verifier, ledger.parent / "remembered")
    assert "the first 300 entries are not the ones" in "\n".join(report.lines)


def test_a_checkpoint_of_another_key_is_no_witness(ledger: Path) -> None:
    write(ledger.parent / "remembered", sign_checkpoint(SigningKey.generate("x"), 0, EMPTY_ROOT).note)
    with pytest.raises(UserFault, match="not a checkpoint of this ledger"):
        verify(ledger, KEY.verifier, ledger.parent / "remembered")


def test_a_checkpoint_put_back_below_its_tiles_is_noticed_without_a_witness(ledger: Path, original: Path) -> None:
    shutil.rmtree(ledger / "pending")
    write(ledger / "checkpoint", sign_checkpoint(KEY, 0, EMPTY_ROOT).note)
    assert_noticed(ledger, "once had more than 0 entries")


@pytest.mark.parametrize(
    "name",
    ["checkpoint", "tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"],
)
def test_a_missing_file_is_named(ledger: Path, name: str) -> None:
    (ledger / name).unlink()
    assert_noticed(ledger, f"{re.escape(name)}.*missing")


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"])
@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_changed_file_is_noticed(ledger: Path, name: str, at: int) -> None:
    data = bytearray((ledger / name).read_bytes())
    data[at] ^= 1
    write(ledger / name, bytes(data))
    assert_noticed(ledger, "")


@pytest.mark.parametrize("name", ["tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/88"])
@pytest.mark.parametrize("cut", [0, -1, -32])
def test_a_truncated_file_is_noticed(ledger: Path, name: str, cut: int) -> None:
    write(ledger / name, (ledger / name).read_bytes()[:cut])
    assert_noticed(ledger, re.escape(name))


def test_an_entry_out_of_time_order_is_noticed_even_if_signed(tmp_path: Path) -> None:
    late, early = (
        b'{"at":"2026-03-0%dT08:00:00.000000Z","event":"x","tree_index":%d}' % pair for pair in ((2, 0), (1, 1))
    )
    hashes = [leaf_hash(late), leaf_hash(early)]
    for name, data in {
        "tile/entries/000.p/2": encode_bundle([late, early]),
        "tile/0/000.p/2": b"".join(hashes),
        "checkpoint": sign_checkpoint(KEY, 2, root_of(hashes)).note,
    }.items():
        write(tmp_path / name, data)
    assert_noticed(tmp_path, "entry 1: its time is before")


def test_noise_is_reported_with_a_ceiling(ledger: Path) -> None:
    for path in (ledger / "tile").rglob("*"):
        if path.is_file():
            write(path, b"\1" + bytes(range(255)) * 10)
    report = verify(ledger, KEY.verifier)
    assert report.exit_code == 1
    assert len(report.problems) <= MAX_PROBLEMS


def test_no_ledger_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no ledger"):
        verify(tmp_path, KEY.verifier)


async def test_a_ledger_of_three_levels(tmp_path: Path) -> None:
    """273 full tiles of level 0 and a partial one, a full and a partial one of level 1, a partial one of level 2."""
    await written(tmp_path, KEY, 69_998)
    assert verify(tmp_path, KEY.verifier).size == check(tmp_path).published == 70_000
    assert {p.name for p in (tmp_path / "tile/2/000.p").iterdir()} == {"1"}
    data = bytearray((tmp_path / "tile/1/000").read_bytes())
    data[32 * 7] ^= 1
    write(tmp_path / "tile/1/000", bytes(data))
    change_bundle(tmp_path, 300, forge)
    report = verify(tmp_path, KEY.verifier)
    assert [problem.where for problem in report.problems] == ["entry 300", "tile/1/000"]
    assert "entries 1792 to 2047" in report.problems[1].what


async def test_a_ledger_that_is_being_written_verifies_at_any_moment(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=replace(QUICK, publish_entries=40))
    verdicts = []
    for round_ in range(30):
        checking = asyncio.create_task(asyncio.to_thread(verify, tmp_path, KEY.verifier))
        while not checking.done():
            await ledger.append(entry(round_, clock))
        verdicts.append(await checking)
    await ledger.close()
    assert [report.lines for report in verdicts if not report.ok] == []
