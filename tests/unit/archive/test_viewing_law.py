"""Law 1 over random looks: no frame and no picture leaves without an earlier durable entry about its study, whatever
the ledger does meanwhile; and what was counted in the end is what left.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.archive_world import ArchiveWorld
from helpers.looking import WorkedHere, image, store_image
from leadglass.archive.archive import Caller
from leadglass.archive.viewing import Frames, Rendered, RenderedRequest, frames, rendered, thumbnail
from leadglass.gate.ledger import Entry, Event
from leadglass.terms.errors import LedgerFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

STUDIES = ("1.2.1", "1.2.2")
LOOK = st.tuples(st.sampled_from(["frames", "rendered", "thumbnail"]), st.sampled_from((*STUDIES, "1.2.9")))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(LOOK, min_size=1, max_size=8), st.sets(st.integers(1, 6), max_size=4))
def test_nothing_is_shown_without_an_earlier_entry(looks: list[tuple[str, str]], fail_at: set[int]) -> None:
    asyncio.run(_play(looks, fail_at))


async def _play(looks: list[tuple[str, str]], fail_at: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = ArchiveWorld(Path(folder))
        world.archive = replace(world.archive, pixels=WorkedHere())
        for study in STUDIES:
            await store_image(world, image(b"aaaa", b"bbbb", study=study, series=f"{study}.1", instance=f"{study}.1.1"))
        ann = await world.reader(Action.VIEW)
        _fail(world, fail_at)
        left: dict[str, int] = {}
        for verb, study in looks:
            try:
                shown = await _look(world, ann, verb, study)
            except LedgerFault:
                continue
            if shown is None:
                assert study not in STUDIES
                continue
            opened = {entry.study_instance_uid for entry in world.ledger.durable if entry.event is Event.EPISODE_OPENED}
            assert study in opened, "a picture leaves and its study was not written down before"
            left[study] = left.get(study, 0) + len(shown)
        await world.archive.gate.close()
        closed = world.ledger.of(Event.EPISODE_CLOSED)
        assert {entry.study_instance_uid: entry.counts["bytes"] for entry in closed if entry.counts} == left
        await world.close()


def _fail(world: ArchiveWorld, fail_at: set[int]) -> None:
    """The ledger takes no opening entry at these attempts."""
    real, attempts = world.ledger.append, iter(range(1, 1000))

    async def append(entry: Entry) -> int:
        if entry.event is Event.EPISODE_OPENED and next(attempts) in fail_at:
            raise LedgerFault("on cue")
        return await real(entry)

    world.ledger.append = append  # type: ignore[method-assign]


async def _look(world: ArchiveWorld, ann: Caller, verb: str, study: str) -> bytes | None:
    path = (study, f"{study}.1", f"{study}.1.1")
    shown: Frames | Rendered | Refused | None
    if verb == "frames":
        shown = await frames(world.archive, ann, *path, (2, 1))
    elif verb == "rendered":
        shown = await rendered(world.archive, ann, RenderedRequest(*path))
    else:
        shown = await thumbnail(world.archive, ann, study)
    assert not isinstance(shown, Refused)
    if isinstance(shown, Frames):
        return b"".join([piece async for part in shown.parts(decoded=True) async for piece in part.pieces])
    return shown.picture if shown is not None else None
