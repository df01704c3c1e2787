"""Metadata for whoever may see the study: all of it in order, written down first; otherwise nothing at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive import describing
from leadglass.archive.archive import Caller
from leadglass.archive.deleting import Deleted, delete
from leadglass.archive.describing import Description, describe
from leadglass.archive.giving import NoLongerGiven
from leadglass.archive.retrieving import RetrieveRequest
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import known_instances
from leadglass.store.index.matching import QueryLevel
from leadglass.terms.errors import LedgerFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind

BASE = b"https://here/dicom-web"
STUDY = RetrieveRequest(QueryLevel.STUDY, ("1.2.1",), {})
SERIES = RetrieveRequest(QueryLevel.SERIES, ("1.2.1.2",), {"StudyInstanceUID": "1.2.1"})
INSTANCE = RetrieveRequest(
    QueryLevel.IMAGE, ("1.2.1.2.1",), {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.2"}
)


@pytest.fixture
async def ann(world: ArchiveWorld) -> Caller:
    """Somebody who may view everything, where one study of two series is stored."""
    scanner = await world.device()
    for series, number, order in (("1.2.1.1", "2", "9"), ("1.2.1.2", "1", "7"), ("1.2.1.1", "1", "9")):
        uid = f"{series}.{number}"
        attributes = {"SeriesInstanceUID": series, "SeriesNumber": order, "InstanceNumber": number}
        await world.store(scanner, data_set("1.2.1", uid, **attributes))
    return await world.reader(Action.VIEW, Action.DELETE)


async def told(world: ArchiveWorld, caller: Caller, request: RetrieveRequest, base: bytes = BASE) -> Any:
    described = await describe(world.archive, caller, request, base)
    if not isinstance(described, Description):
        return described
    async with described:
        return json.loads(b"".join([piece async for piece in described.pieces()]))


def uids(metadata: list[dict[str, Any]]) -> list[str]:
    return [one["00080018"]["Value"][0] for one in metadata]


async def test_a_study_comes_in_viewing_order_a_series_and_an_instance_alone(world: ArchiveWorld, ann: Caller) -> None:
    assert uids(await told(world, ann, STUDY)) == ["1.2.1.2.1", "1.2.1.1.1", "1.2.1.1.2"]
    assert uids(await told(world, ann, SERIES)) == ["1.2.1.2.1"]
    [one] = await told(world, ann, INSTANCE)
    place = "https://here/dicom-web/studies/1.2.1/series/1.2.1.2/instances/1.2.1.2.1/bulkdata/7FE00010"
    assert one["7FE00010"] == {"vr": "OW", "BulkDataURI": place}


async def test_objects_come_one_by_one_too(world: ArchiveWorld, ann: Caller) -> None:
    for request in (STUDY, INSTANCE):
        described = await describe(world.archive, ann, request, BASE)
        assert isinstance(described, Description)
        async with described:
            each = [json.loads(one) async for one in described.objects()]
        assert each == await told(world, ann, request)


async def test_it_is_written_down_before_and_counted_after(world: ArchiveWorld, ann: Caller) -> None:
    described = await describe(world.archive, ann, STUDY)
    assert isinstance(described, Description)
    opened = world.ledger.durable[-1]
    assert (opened.event, opened.action, opened.study_instance_uid) == (Event.EPISODE_OPENED, "view", "1.2.1")
    async with described:
        sent = sum([len(piece) async for piece in described.pieces()])
    await world.archive.gate.close()
    closed = world.ledger.of(Event.EPISODE_CLOSED)[-1]
    assert closed.counts == {"instances": 3, "bytes": sent - len("]")}


async def test_nothing_is_rendered_or_told_while_the_ledger_fails(world: ArchiveWorld, ann: Caller) -> None:
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await describe(world.archive, ann, STUDY)
    assert world.archive.metadata.renderer.pid is None


async def test_absent_hidden_and_deleted_are_the_same_nothing(world: ArchiveWorld, ann: Caller) -> None:
    bob = await world.reader(Action.VIEW, selector=Selector(SelectorKind.STUDY, "1.2.9"), name="bob")
    for request in (STUDY, SERIES, INSTANCE):
        assert await told(world, bob, request) is None
    elsewhere = {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1"}
    for absent in (
        RetrieveRequest(QueryLevel.STUDY, ("1.2.3",), {}),
        RetrieveRequest(QueryLevel.SERIES, ("1.2.1.3",), {"StudyInstanceUID": "1.2.1"}),
        RetrieveRequest(QueryLevel.IMAGE, ("1.2.1.2.1",), elsewhere),
    ):
        assert await told(world, ann, absent) is None
    assert len(await told(world, ann, STUDY)) == 3
    assert isinstance(await delete(world.archive, ann, "1.2.1"), Deleted)
    assert await told(world, ann, STUDY) is None
    assert world.archive.metadata.opened.bytes_held == 0


async def test_somebody_who_may_not_view_at_all_is_refused(world: ArchiveWorld, ann: Caller) -> None:
    scanner = await world.device("other")
    assert isinstance(await describe(world.archive, scanner, STUDY), Refused)


async def test_the_version_is_that_of_the_very_bytes(world: ArchiveWorld, ann: Caller) -> None:
    async def version(request: RetrieveRequest, base: bytes = BASE) -> str:
        described = await describe(world.archive, ann, request, base)
        assert isinstance(described, Description)
        async with described:
            return described.version

    first = await version(STUDY)
    assert await version(STUDY) == first
    assert len({first, await version(SERIES), await version(INSTANCE), await version(STUDY, b"https://there")}) == 4
    await world.store(await world.device("other"), data_set("1.2.1", "1.2.1.9.1", SeriesInstanceUID="1.2.1.9"))
    assert await version(STUDY) != first


async def test_pieces_are_cut_without_a_trace(
    world: ArchiveWorld, ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await told(world, ann, STUDY)
    monkeypatch.setattr(describing, "_PIECE", 7)
    assert await told(world, ann, STUDY) == expected


async def test_a_permission_withdrawn_meanwhile_ends_it(world: ArchiveWorld, ann: Caller) -> None:
    described = await describe(world.archive, ann, STUDY)
    assert isinstance(described, Description)
    async with described:
        pieces = described.pieces()
        assert (await anext(pieces)).startswith(b"[{")
        await world.registry.disable_user("ann")
        with pytest.raises(NoLongerGiven):
            await anext(pieces)


async def test_a_study_of_which_nothing_can_be_read_is_an_empty_list(world: ArchiveWorld, ann: Caller) -> None:
    for one in (await world.index.read(known_instances, ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.2.1"])).values():
        world.journal.damage(one.location)
    assert await told(world, ann, STUDY) == []
    assert await told(world, ann, INSTANCE) is None
    assert {type(fault).__name__ for fault in world.reported} == {"IntegrityFault"}
