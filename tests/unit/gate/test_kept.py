"""What was looked up is used again until somebody changes something: never longer, never for strangers."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.gate.kept import KEPT_SECONDS, Kept
from leadglass.gate.revision import Revision, revised


class World:
    def __init__(self, path: Path) -> None:
        self.revision = Revision(path / "revision")
        self.seconds = 0.0
        self.kept: Kept[str, str] = Kept(self.revision, lambda: self.seconds, most=3)
        self.looks = 0
        self.there: str | None = "here"

    async def get(self, key: str = "key", kept: Kept[str, str] | None = None) -> str | None:
        return await (self.kept if kept is None else kept).get(key, self.look)

    async def look(self) -> str | None:
        self.looks += 1
        return self.there


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_it_is_looked_up_once(world: World) -> None:
    assert [await world.get() for _ in range(3)] == ["here"] * 3
    assert world.looks == 1


async def test_a_change_by_anybody_is_seen_at_once(world: World, tmp_path: Path) -> None:
    await world.get()
    async with revised(Revision(tmp_path / "revision")):  # the command line's
        await world.get()
        world.there = None
    assert await world.get() is None
    assert world.looks == 3


async def test_it_is_not_believed_for_longer_than_a_moment(world: World) -> None:
    await world.get()
    world.seconds = KEPT_SECONDS
    await world.get()
    assert world.looks == 2


async def test_a_change_while_looking_makes_it_old(world: World) -> None:
    async def look() -> str:
        world.revision.advance()
        return "old"

    assert await world.kept.get("key", look) == "old"
    assert await world.get() == "here"


async def test_what_is_not_there_is_asked_for_again(world: World) -> None:
    world.there = None
    for number in range(10):
        await world.get(f"guess {number}")
    assert len(world.kept) == 0
    world.there = "here"
    assert await world.get("guess 1") == "here"


async def test_it_is_bounded(world: World) -> None:
    for number in range(10):
        await world.get(f"{number}")
    assert len(world.kept) == 3
    await world.get("9")
    assert world.looks == 10


async def test_without_a_revision_nothing_is_kept(world: World) -> None:
    kept: Kept[str, str] = Kept(None)
    await world.get(kept=kept)
    await world.get(kept=kept)
    assert world.looks == 2
    assert len(kept) == 0
