"""The deed of retrieving: what is meant, who may have it, and that the ledger knows before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.archive.levels import PATIENT_ROOT, QUERY_RETRIEVE_LEVEL, STUDY_ROOT
from leadglass.archive.retrieving import (
    Opened,
    Releasing,
    RetrieveRequest,
    Withheld,
    plan,
    read_ahead,
    read_retrieve_request,
)
from leadglass.dicom.dictionary import tag_of
from leadglass.gate.ledger import Event
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY
from leadglass.terms.errors import LedgerFault, PeerViolation
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind

STUDY = RetrieveRequest(QueryLevel.STUDY, ("1.2.1",), {})


def naming(level: str, **keys: str) -> Mapping[int, str]:
    return {QUERY_RETRIEVE_LEVEL: level, **{tag_of(keyword): value for keyword, value in keys.items()}}


async def filled(world: ArchiveWorld, instances: int = 2) -> None:
    scanner = await world.device()
    for number in range(1, instances + 1):
        await world.store(scanner, data_set(instance=f"1.2.1.1.{number}"))
    world.ledger.entries.clear()
    world.ledger.durable.clear()


async def planned(world: ArchiveWorld, caller: Caller, request: RetrieveRequest = STUDY) -> Sequence[StoredObject]:
    objects = await plan(world.archive, caller, Action.VIEW, request)
    assert not isinstance(objects, Refused)
    return objects


# --- reading a request ---------------------------------------------------------------------------------------


def test_the_unique_key_of_the_level_says_what_and_those_above_where() -> None:
    request = read_retrieve_request(
        naming("IMAGE", PatientID="P1", StudyInstanceUID="1.2", SOPInstanceUID="1.2.3\\1.2.4"), PATIENT_ROOT
    )
    assert request == RetrieveRequest(
        QueryLevel.IMAGE, ("1.2.3", "1.2.4"), {"PatientID": "P1", "StudyInstanceUID": "1.2"}
    )


@pytest.mark.parametrize(
    "identifier",
    [
        naming("STUDY"),
        naming("STUDY", StudyInstanceUID=""),
        naming("STUDY", StudyInstanceUID="*"),
        naming("SERIES", StudyInstanceUID="1.2\\1.3", SeriesInstanceUID="1.2.3"),
        naming("PATIENT", PatientID="P1"),
        {QUERY_RETRIEVE_LEVEL: "STUDY", tag_of("StudyInstanceUID"): ({tag_of("PatientID"): "P1"},)},
    ],
)
def test_a_request_that_does_not_say_what_is_refused(identifier: Mapping[int, str]) -> None:
    with pytest.raises(PeerViolation) as refused:
        read_retrieve_request(identifier, STUDY_ROOT)
    assert refused.value.answer.status == 0xA900


# --- planning ------------------------------------------------------------------------------------------------


async def test_objects_come_in_order_and_only_those_that_may_be_seen(world: ArchiveWorld) -> None:
    await filled(world, 3)
    ann = await world.reader(Action.VIEW)
    assert [stored.sop_instance_uid for stored in await planned(world, ann)] == [f"1.2.1.1.{n}" for n in (1, 2, 3)]
    image = RetrieveRequest(QueryLevel.IMAGE, ("1.2.1.1.2",), {"StudyInstanceUID": "1.2.1"})
    assert [stored.sop_instance_uid for stored in await planned(world, ann, image)] == ["1.2.1.1.2"]


async def test_a_study_outside_looks_like_none_and_the_ledger_knows_better(world: ArchiveWorld) -> None:
    await filled(world)
    bob = await world.reader(name="bob")
    none = RetrieveRequest(QueryLevel.STUDY, ("1.2.9",), {})
    assert await planned(world, bob) == await planned(world, bob, none) == []
    [refusal] = world.ledger.of(Event.REFUSED)
    assert (refusal.study_instance_uid, refusal.reason) == ("1.2.1", RefusalReason.NO_GRANT)


async def test_of_several_studies_each_refused_one_is_written_down(world: ArchiveWorld) -> None:
    await filled(world)
    await world.store(await world.device("other"), data_set("1.2.2", "1.2.2.1.1", PatientID="P2"))
    ann = await world.reader(Action.VIEW, selector=Selector(SelectorKind.PATIENT, "P1"))
    objects = await planned(world, ann, RetrieveRequest(QueryLevel.STUDY, ("1.2.1", "1.2.2", "1.2.9"), {}))
    assert {stored.study_instance_uid for stored in objects} == {"1.2.1"}
    assert [entry.study_instance_uid for entry in world.ledger.of(Event.REFUSED)] == ["1.2.2"]


@pytest.mark.parametrize(
    "request_",
    [
        RetrieveRequest(QueryLevel.PATIENT, ("P1",), {}),
        RetrieveRequest(QueryLevel.SERIES, ("1.2.1.1",), {}),
        RetrieveRequest(QueryLevel.IMAGE, ("1.2.1.1.1",), {}),
        RetrieveRequest(QueryLevel.IMAGE, ("1.2.1.1.1",), {"StudyInstanceUID": "1.2.1"}),
    ],
    ids=lambda request: f"{request.level.name}{len(request.within)}",
)
async def test_what_is_named_below_or_above_the_study_is_written_down_too(
    world: ArchiveWorld, request_: RetrieveRequest
) -> None:
    await filled(world)
    bob = await world.reader(name="bob")
    assert await planned(world, bob, request_) == []
    assert [entry.study_instance_uid for entry in world.ledger.of(Event.REFUSED)] == ["1.2.1"]


async def test_who_may_not_retrieve_at_all_is_refused(world: ArchiveWorld) -> None:
    scanner = await world.device()
    refused = await plan(world.archive, scanner, Action.VIEW, STUDY)
    assert refused == Refused(RefusalReason.ACTION_NOT_ALLOWED, "dev-scanner", Action.VIEW)
    assert len(world.ledger.of(Event.REFUSED)) == 1


# --- releasing -----------------------------------------------------------------------------------------------


async def test_the_entry_is_durable_before_an_object_is_opened_and_counts_what_left(world: ArchiveWorld) -> None:
    await filled(world, 2)
    ann = await world.reader(Action.VIEW)
    objects = await planned(world, ann)
    async with Releasing(world.archive, ann, Action.VIEW) as releasing:
        async for opened in read_ahead(releasing, objects):
            assert [entry.event for entry in world.ledger.durable] == [Event.EPISODE_OPENED]
            assert isinstance(opened, Opened)
            part = opened.data_set()
            assert isinstance(part, memoryview)
            assert bytes(part) == data_set(instance=opened.stored.sop_instance_uid)
            assert (await opened.whole_file()).endswith(bytes(part))
            releasing.released(opened.stored)
    await world.archive.gate.close()
    [closed] = world.ledger.of(Event.EPISODE_CLOSED)
    assert closed.counts == {"instances": 2, "bytes": 2 * len(data_set())}


async def test_a_large_object_is_read_in_pieces(world: ArchiveWorld) -> None:
    content = data_set(pixels=b"\x5a" * MAX_INCOMING_IN_MEMORY)
    await world.store(await world.device(), content)
    ann = await world.reader(Action.VIEW)
    [stored] = await planned(world, ann)
    async with Releasing(world.archive, ann, Action.VIEW) as releasing:
        [opened] = [one async for one in read_ahead(releasing, [stored])]
        assert isinstance(opened, Opened)
        pieces = opened.data_set()
        assert not isinstance(pieces, memoryview)
        assert b"".join([bytes(piece) async for piece in pieces]) == content
        assert (await opened.whole_file()).endswith(content)


async def test_a_broken_ledger_opens_nothing(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.VIEW)
    objects = await planned(world, ann)
    world.ledger.broken = True
    given: list[object] = []
    async with Releasing(world.archive, ann, Action.VIEW) as releasing:
        with pytest.raises(LedgerFault):
            given += [opened async for opened in read_ahead(releasing, objects)]
    assert given == []


async def test_permission_is_asked_again_when_a_study_is_opened(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.VIEW)
    objects = await planned(world, ann)
    [grant] = await world.registry.grants()
    await world.registry.revoke_grant(grant.id)
    async with Releasing(world.archive, ann, Action.VIEW) as releasing:
        outcome = [opened async for opened in read_ahead(releasing, objects)]
    assert all(isinstance(opened, Withheld) for opened in outcome)
    assert world.ledger.of(Event.EPISODE_OPENED) == []
    assert len(world.ledger.of(Event.REFUSED)) == 1


async def test_a_damaged_object_is_withheld_and_the_others_come(world: ArchiveWorld) -> None:
    await filled(world, 3)
    ann = await world.reader(Action.VIEW)
    objects = await planned(world, ann)
    world.journal.damage(objects[1].location)
    async with Releasing(world.archive, ann, Action.VIEW) as releasing:
        kinds = [type(opened) async for opened in read_ahead(releasing, objects)]
    assert kinds == [Opened, Withheld, Opened]


async def test_a_study_deleted_meanwhile_is_withheld(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.VIEW)
    async with Releasing(world.archive, ann, Action.VIEW) as releasing:
        assert await releasing.admit("1.2.1")
        assert await releasing.admit("1.2.1"), "once opened it stays open"
        assert not await releasing.admit("1.2.9")
