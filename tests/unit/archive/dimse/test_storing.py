"""C-STORE as transcripts: the status each sender is told."""

from __future__ import annotations

import asyncio

import pytest

from helpers.archive_world import CT, ArchiveWorld, data_set
from helpers.conversations import store
from helpers.playbook import Playbook, context
from leadglass.archive.dimse.storing import StoreService
from leadglass.dicom.dimse.messages import CStoreRq
from leadglass.net.sinks import DiscardSink
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import OutOfSpace, StorageFault
from leadglass.terms.principal import Action

UID = "1.2.1.1.1"
RQ = CStoreRq(message_id=5, affected_sop_class_uid=CT, affected_sop_instance_uid=UID)


async def test_stored_then_the_same_then_another(world: ArchiveWorld) -> None:
    scanner = await world.device()
    played = Playbook()
    assert await store(world, scanner, played, data_set(), UID) == 0x0000
    assert await store(world, scanner, played, data_set(), UID) == 0x0000
    assert await store(world, scanner, played, data_set(pixels=b"another."), UID) == 0x0111
    assert played.final.error_comment == "another instance is stored under this UID, and it was kept"
    assert (played.final.affected_sop_instance_uid, played.final.message_id_being_responded_to) == (UID, 1)


@pytest.mark.parametrize("same", [True, False])
async def test_two_senders_race_with_one_uid(world: ArchiveWorld, same: bool) -> None:
    first, second = await world.device("one"), await world.device("two")
    contents = [data_set(), data_set() if same else data_set(pixels=b"another.")]
    statuses = await asyncio.gather(
        store(world, first, Playbook(), contents[0], UID), store(world, second, Playbook(), contents[1], UID)
    )
    assert sorted(statuses) == [0x0000, 0x0000 if same else 0x0111]


@pytest.mark.parametrize("fault", [OutOfSpace("on cue"), StorageFault("on cue")])
async def test_a_full_or_failing_disk_is_a700(world: ArchiveWorld, fault: StorageFault) -> None:
    scanner = await world.device()
    world.journal.fault = fault
    played = Playbook()
    assert await store(world, scanner, played, data_set(), UID) == 0xA700
    assert "on cue" not in played.final.error_comment, "our own troubles are nobody's business"


async def test_an_index_that_cannot_be_written_is_a700(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = await world.device()
    await store(world, scanner, Playbook(), data_set(instance="1.2.1.1.9"), "1.2.1.1.9")

    async def broken(*_: object, **__: object) -> object:
        raise StorageFault("on cue")

    monkeypatch.setattr(world.index, "write", broken)
    assert await store(world, scanner, Playbook(), data_set(), UID) == 0xA700


async def test_a_ledger_that_cannot_be_written_is_a700_and_nothing_is_kept(world: ArchiveWorld) -> None:
    scanner = await world.device()
    world.ledger.broken = True
    assert await store(world, scanner, Playbook(), data_set(), UID) == 0xA700
    assert world.journal.volumes() == []


async def test_an_object_that_is_not_the_one_announced(world: ArchiveWorld) -> None:
    played = Playbook()
    assert await store(world, await world.device(), played, data_set(), "1.2.3") == 0xA900
    assert "SOP Instance UID" in played.final.error_comment


async def test_who_may_not_store_is_told_so_and_the_bytes_go_nowhere(world: ArchiveWorld) -> None:
    ann = await world.reader()  # a clinician may in principle, but no grant covers it
    assert await store(world, ann, Playbook(), data_set(), UID) == 0x0124
    viewer = await world.device("viewer", {Action.QUERY})
    service = StoreService(world.archive, viewer, AETitle.of("VIEWER"))
    assert isinstance(service.sink_for(context(CT), RQ), DiscardSink)
    played = Playbook()
    await service.answer(played, context(CT), RQ, DiscardSink())
    assert played.responses() == ["CStoreRsp 0124"]
    assert world.journal.volumes() == []


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (CStoreRq(message_id=1, affected_sop_class_uid="1.2.3", affected_sop_instance_uid=UID), 0x0122),
        (CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="../../etc"), 0x0117),
    ],
)
async def test_a_command_that_cannot_be(world: ArchiveWorld, command: CStoreRq, status: int) -> None:
    service = StoreService(world.archive, await world.device(), AETitle.of("SCANNER"))
    data = service.sink_for(context(CT), command)
    assert isinstance(data, DiscardSink)
    played = Playbook()
    await service.answer(played, context(CT), command, data)
    assert played.final.status == status


async def test_a_request_without_a_data_set(world: ArchiveWorld) -> None:
    played = Playbook()
    await StoreService(world.archive, await world.device(), AETitle.of("SCANNER")).answer(played, context(CT), RQ, None)
    assert played.responses() == ["CStoreRsp C000"]


async def test_a_fault_while_the_bytes_came_is_the_answer(world: ArchiveWorld) -> None:
    service = StoreService(world.archive, await world.device(), AETitle.of("SCANNER"))
    data = service.sink_for(context(CT), RQ)
    data.fault = OutOfSpace("on cue")
    played = Playbook()
    await service.answer(played, context(CT), RQ, data)
    assert played.responses() == ["CStoreRsp A700"]
