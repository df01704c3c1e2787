"""The check finds whatever was changed, says where, and says nothing of a clean store."""

import random
from pathlib import Path

import pytest

from helpers.objects_in import content, put
from helpers.torn import crashed_volume, erase
from leadglass.store.check import CheckedRecord, Problem, ProblemKind, check_volumes
from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import IntegrityFault

KEY, DESTROYED = StudyKey.generate(), StudyKey.generate()


def key_of(key_id: bytes) -> StudyKey | None:
    return KEY if key_id == KEY.key_id else None


def problems(directory: Path) -> list[Problem]:
    return [item for item in check_volumes(directory, key_of) if isinstance(item, Problem)]


async def stored(directory: Path) -> list[Location]:
    journal = Journal.open(directory)
    placed = [await put(journal, content(size, size), KEY) for size in (10, 9000, 5 * MIB, 2 * MIB)]
    await journal.close()
    return placed


async def test_a_clean_store(tmp_path: Path) -> None:
    placed = await stored(tmp_path)
    by_place = sorted(placed, key=lambda p: (p.volume, p.offset))
    assert list(check_volumes(tmp_path, key_of)) == [CheckedRecord(p, has_key=True) for p in by_place]


@pytest.mark.parametrize("seed", range(25))
async def test_any_flipped_bit_that_carries_meaning_is_found(seed: int, tmp_path: Path) -> None:
    placed = await stored(tmp_path)
    chance = random.Random(seed)
    target = chance.choice(placed)
    header = 160 if target.plaintext_length < 4 * MIB else 4096
    at = chance.choice([chance.randrange(160), header + chance.randrange(target.length - header - 32)])
    path = tmp_path / f"{target.volume:010d}.volume"
    raw = bytearray(path.read_bytes())
    raw[target.offset + at] ^= 1 << chance.randrange(8)
    path.write_bytes(raw)
    (problem,) = problems(tmp_path)
    assert (problem.volume, problem.offset) == (target.volume, target.offset)
    assert problem.kind in (ProblemKind.OBJECT, ProblemKind.RECORD_HEADER)
    assert f"volume {target.volume} at {target.offset}" in str(problem)
    others = [item for item in check_volumes(tmp_path, key_of) if isinstance(item, CheckedRecord)]
    assert len(others) == len(placed) - 1


async def test_a_cut_volume_is_found(tmp_path: Path) -> None:
    placed = await stored(tmp_path)
    path = tmp_path / f"{placed[2].volume:010d}.volume"
    with path.open("r+b") as file:
        file.truncate(3 * MIB)
    assert [p.kind for p in problems(tmp_path)] == [ProblemKind.RECORD_HEADER]


async def test_a_volume_in_anothers_place_is_found(tmp_path: Path) -> None:
    await stored(tmp_path)
    (tmp_path / "0000000001.volume").rename(tmp_path / "0000000009.volume")
    found = problems(tmp_path)
    assert found[0].kind is ProblemKind.VOLUME_HEADER
    assert {p.volume for p in found} == {9}


async def test_destroyed_keys_are_told_but_are_no_problem(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    location = await put(journal, b"shredded", DESTROYED)
    await journal.close()
    assert list(check_volumes(tmp_path, key_of)) == [CheckedRecord(location, has_key=False)]


async def test_a_key_that_is_there_but_unusable_is_a_problem(tmp_path: Path) -> None:
    def broken(key_id: bytes) -> StudyKey | None:
        raise IntegrityFault("the wrapped key fails")

    await stored(tmp_path)
    assert {p.kind for p in check_volumes(tmp_path, broken) if isinstance(p, Problem)} == {ProblemKind.KEY}


def test_a_volume_that_is_still_written_is_followed_to_its_end(tmp_path: Path) -> None:
    _, placed = crashed_volume(tmp_path, KEY, [100, 200], [9000])
    found = list(check_volumes(tmp_path, key_of))
    assert found == [CheckedRecord(p, has_key=True) for batch in placed for p in batch]


def test_a_volume_that_cannot_be_read_is_a_problem_and_not_the_end(tmp_path: Path) -> None:
    crashed_volume(tmp_path, KEY, [100])
    (tmp_path / "0000000000.volume").mkdir()
    kinds = [type(item) if isinstance(item, CheckedRecord) else item.kind for item in check_volumes(tmp_path, key_of)]
    assert kinds == [ProblemKind.VOLUME_UNREADABLE, CheckedRecord]


def test_a_torn_sector_of_an_unsealed_volume_shows_as_its_object(tmp_path: Path) -> None:
    path, ((location,),) = crashed_volume(tmp_path, KEY, [9000])
    erase(path, location.offset + 512, 512)
    assert [(p.kind, p.offset) for p in problems(tmp_path)] == [(ProblemKind.OBJECT, location.offset)]
