"""The deed of giving files: judged and written down first, in bounded pieces, and asked for again as time goes by."""

from __future__ import annotations

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive import giving as giving_module
from leadglass.archive.giving import DEFAULT, Giving, NoLongerGiven, syntax_to_give
from leadglass.archive.outgoing import Outgoing
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.retrieving import RetrieveRequest, plan
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from leadglass.gate.ledger import Event
from leadglass.store.index.deletion import destroy_study
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.ceilings import KIB, MAX_OUTGOING_TOTAL, MIB
from leadglass.terms.errors import IntegrityFault, LedgerFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

JPEG, VIDEO = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.102"
PIXELS = bytes(range(256)) * 12 * KIB  # three segments of the journal


def can_turn(stored: str, target: str) -> bool:
    return stored in (JPEG, IMPLICIT_VR_LITTLE_ENDIAN) and target in (
        EXPLICIT_VR_LITTLE_ENDIAN,
        IMPLICIT_VR_LITTLE_ENDIAN,
    )


@pytest.mark.parametrize(
    ("stored", "wanted", "given"),
    [
        (JPEG, [["*"]], JPEG),
        (JPEG, [[DEFAULT]], EXPLICIT_VR_LITTLE_ENDIAN),
        (IMPLICIT_VR_LITTLE_ENDIAN, [[DEFAULT]], EXPLICIT_VR_LITTLE_ENDIAN),
        (EXPLICIT_VR_LITTLE_ENDIAN, [[DEFAULT]], EXPLICIT_VR_LITTLE_ENDIAN),
        (VIDEO, [[DEFAULT]], VIDEO),
        (VIDEO, [[EXPLICIT_VR_LITTLE_ENDIAN]], None),
        (VIDEO, [[EXPLICIT_VR_LITTLE_ENDIAN], ["*"]], VIDEO),
        (JPEG, [[IMPLICIT_VR_LITTLE_ENDIAN, JPEG]], JPEG),
        (JPEG, [[IMPLICIT_VR_LITTLE_ENDIAN], [JPEG]], IMPLICIT_VR_LITTLE_ENDIAN),
        (EXPLICIT_VR_LITTLE_ENDIAN, [[JPEG]], None),
        (EXPLICIT_VR_LITTLE_ENDIAN, [], None),
    ],
)
def test_which_transfer_syntax_is_given(stored: str, wanted: list[list[str]], given: str | None) -> None:
    assert syntax_to_give(stored, wanted, can_turn) == given


async def filled(world: ArchiveWorld, *pixels: bytes) -> list[StoredObject]:
    """The objects, planned by somebody who may view everything."""
    scanner = await world.device()
    for number, content in enumerate(pixels, 1):
        await world.store(scanner, data_set(instance=f"1.2.1.1.{number}", pixels=content))
    world.ledger.entries.clear()
    world.ledger.durable.clear()
    reader = await world.reader(Action.VIEW, name="planner")
    objects = await plan(world.archive, reader, Action.VIEW, RetrieveRequest(QueryLevel.STUDY, ("1.2.1",), {}))
    assert not isinstance(objects, Refused)
    return list(objects)


async def test_a_file_is_given_in_pieces_that_hold_the_very_data_set(world: ArchiveWorld) -> None:
    [stored] = await filled(world, PIXELS)
    reader = await world.reader(Action.VIEW)
    async with Giving(world.archive, reader, Action.VIEW) as giving:
        file = await giving.as_stored(stored)
        assert [entry.event for entry in world.ledger.durable] == [Event.EPISODE_OPENED]
        pieces = [piece async for piece in file.pieces]
    whole = b"".join(pieces)
    assert len(whole) == file.length == stored.location.plaintext_length
    assert whole[split(whole).dataset_offset :] == data_set(instance="1.2.1.1.1", pixels=PIXELS)
    assert 3 <= len(pieces) <= 5
    assert max(map(len, pieces)) <= MIB


async def test_some_bytes_of_a_file(world: ArchiveWorld) -> None:
    [stored] = await filled(world, PIXELS)
    reader = await world.reader(Action.VIEW)
    async with Giving(world.archive, reader, Action.VIEW) as giving:
        whole = b"".join([piece async for piece in (await giving.as_stored(stored)).pieces])
        for start, end in ((0, 1), (MIB - 60, MIB + 60), (100, 2 * MIB), (len(whole) - 1, len(whole))):
            some = await giving.as_stored(stored, start, end)
            assert b"".join([piece async for piece in some.pieces]) == whole[start:end]
            assert some.length == end - start


async def test_nothing_is_given_without_the_ledger(world: ArchiveWorld) -> None:
    [stored] = await filled(world, b"pixels..")
    reader = await world.reader(Action.VIEW)
    world.ledger.broken = True
    async with Giving(world.archive, reader, Action.VIEW) as giving:
        with pytest.raises(LedgerFault):
            await giving.as_stored(stored)


async def test_nothing_is_given_to_somebody_who_may_not(world: ArchiveWorld) -> None:
    [stored] = await filled(world, b"pixels..")
    stranger = await world.reader(name="bob")
    async with Giving(world.archive, stranger, Action.VIEW) as giving:
        with pytest.raises(NoLongerGiven):
            await giving.as_stored(stored)
    assert not world.ledger.of(Event.EPISODE_OPENED)


async def test_the_permission_is_asked_for_again(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await filled(world, b"pixels..", b"..pixels")
    reader = await world.reader(Action.VIEW)
    async with Giving(world.archive, reader, Action.VIEW) as giving:
        await giving.as_stored(first)
        await destroy_study(world.archive.database, first.study_instance_uid)
        await giving.as_stored(second)  # a moment ago it was fine
        monkeypatch.setattr(giving_module, "_JUDGED_FOR", -1.0)
        with pytest.raises(NoLongerGiven):
            await giving.as_stored(second)


async def test_damage_ends_the_pieces(world: ArchiveWorld) -> None:
    [stored] = await filled(world, b"pixels..")
    reader = await world.reader(Action.VIEW)
    world.journal.damage(stored.location)
    async with Giving(world.archive, reader, Action.VIEW) as giving:
        file = await giving.as_stored(stored)
        with pytest.raises(IntegrityFault):
            await anext(aiter(file.pieces))


async def test_another_transfer_syntax_is_made_by_the_workers(world: ArchiveWorld) -> None:
    [stored] = await filled(world, b"pixels..")
    reader = await world.reader(Action.VIEW)
    async with Giving(world.archive, reader, Action.VIEW) as giving:
        with pytest.raises(TranscodingFault):
            await giving.turned(stored, IMPLICIT_VR_LITTLE_ENDIAN)
        world.pixels.turned = data_set(pixels=b"turned..")
        file = await giving.turned(stored, IMPLICIT_VR_LITTLE_ENDIAN)
        whole = b"".join([piece async for piece in file.pieces])
        with pytest.raises(TranscodingFault):
            await giving.turned(stored, JPEG)
    meta, offset = split(whole)
    assert meta.transfer_syntax_uid == file.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    assert meta.media_storage_sop_instance_uid == stored.sop_instance_uid
    assert whole[offset:] == data_set(pixels=b"turned..")
    assert len(whole) == file.length


async def test_the_more_leave_the_smaller_are_their_pieces() -> None:
    outgoing = Outgoing()
    assert outgoing.piece == MIB
    sizes = []
    for _ in range(500):
        outgoing.__enter__()
        sizes.append(outgoing.piece)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 64 * KIB
    assert all(2 * n * size <= MAX_OUTGOING_TOTAL for n, size in enumerate(sizes, 1) if size > 64 * KIB)
    for _ in range(500):
        outgoing.__exit__()
    assert outgoing.piece == MIB
