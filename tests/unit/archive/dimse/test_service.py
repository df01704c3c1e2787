"""One association from its request to its end: nobody without a name gets any further."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.archive_world import CT, ArchiveWorld, data_set
from helpers.callers import evidence
from helpers.conversations import Lender, identifier
from helpers.playbook import Playbook, context, sink
from helpers.requests import association_request
from leadglass.archive.dimse.service import DimseService
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CEchoRq, CFindRq, CGetRq, CMoveRq, CStoreRq, NActionRq, NGetRq, Request
from leadglass.dicom.upperlayer import AssociateRj, Negotiation
from leadglass.gate.ledger import Event
from leadglass.net.service import Closing
from leadglass.net.sinks import BytesSink

ASKING = association_request(uids.VERIFICATION, CT, calling="SCANNER")
STUDY = identifier("STUDY", StudyInstanceUID="1.2.1")


async def admitted(world: ArchiveWorld) -> DimseService:
    await world.device()
    service = DimseService(world.archive, Lender(Playbook()))
    assert isinstance(await service.admit(ASKING, evidence("SCANNER")), Negotiation)
    return service


async def test_a_stranger_is_rejected(world: ArchiveWorld) -> None:
    service = DimseService(world.archive, Lender(Playbook()))
    assert isinstance(await service.admit(ASKING, evidence("EVIL")), AssociateRj)
    assert isinstance(await service.admit(ASKING, evidence("SCANNER", "192.0.2.1")), AssociateRj)
    await service.closed(Closing.REJECTED)
    with pytest.raises(AssertionError):
        await service.respond(Playbook(), context(uids.VERIFICATION), CEchoRq(message_id=1), None)


async def test_an_object_stored_and_the_counts_written_at_the_end(world: ArchiveWorld) -> None:
    service, played = await admitted(world), Playbook()
    command = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.1.1.1")
    data = service.sink_for(context(CT), command)
    assert not data.congested
    data.write(memoryview(data_set()))
    data.finish()
    await service.respond(played, context(CT), command, data)
    assert played.responses() == ["CStoreRsp 0000"]
    assert world.ledger.of(Event.EPISODE_CLOSED) == []
    await service.closed(Closing.RELEASED)
    assert [entry.counts["instances"] for entry in world.ledger.of(Event.EPISODE_CLOSED)] == [1]


@pytest.mark.parametrize(
    ("command", "data", "answer"),
    [
        (CEchoRq(message_id=1), None, "CEchoRsp 0000"),
        (CFindRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_FIND), STUDY, "CFindRsp 0124"),
        (CGetRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_GET), STUDY, "CGetRsp 0124"),
        (
            CMoveRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_MOVE, move_destination="WS"),
            STUDY,
            "CMoveRsp 0124",
        ),
        (
            NActionRq(
                message_id=1,
                requested_sop_class_uid=uids.STORAGE_COMMITMENT_PUSH_MODEL,
                requested_sop_instance_uid=uids.STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE,
                action_type_id=1,
            ),
            b"",
            "NActionRsp 0120",
        ),
        (NGetRq(message_id=1, requested_sop_class_uid="1.2", requested_sop_instance_uid="1.3"), None, "NGetRsp 0211"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_each_request_finds_its_service(
    world: ArchiveWorld, command: Request, data: bytes | None, answer: str
) -> None:
    service, played = await admitted(world), Playbook()
    syntax: Any = getattr(command, "affected_sop_class_uid", "") or getattr(command, "requested_sop_class_uid", "")
    assert isinstance(service.sink_for(context(syntax), command), BytesSink)
    await service.respond(played, context(syntax), command, None if data is None else sink(data))
    assert played.responses()[0].startswith(answer)


async def test_a_query_without_an_identifier_has_no_right_answer(world: ArchiveWorld) -> None:
    service, played = await admitted(world), Playbook()
    command = CFindRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_FIND)
    await service.respond(played, context(uids.STUDY_ROOT_FIND), command, None)
    assert played.aborted
