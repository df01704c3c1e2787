"""Storage Commitment as transcripts: the action, the report, and the call back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from helpers.archive_world import CT, EXPLICIT, ArchiveWorld, data_set
from helpers.conversations import Lender
from helpers.playbook import Playbook, context, sink
from leadglass.archive.archive import Caller
from leadglass.archive.dimse import committing
from leadglass.archive.dimse.committing import CommitmentService
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import NActionRq, NEventReportRq
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.upperlayer import RoleSelection
from leadglass.net.errors import NetFault
from leadglass.terms.principal import Action

PUSH = uids.STORAGE_COMMITMENT_PUSH_MODEL
HERE, NOWHERE = "1.2.1.1.1", "1.2.9.9.9"


class Releasable(Playbook):
    released = 0

    async def release(self) -> None:
        self.released += 1


def asking(*instances: str, transaction: str = "1.2.77") -> bytes:
    items = tuple({tag_of("ReferencedSOPClassUID"): CT, tag_of("ReferencedSOPInstanceUID"): uid} for uid in instances)
    return encode_identifier({tag_of("TransactionUID"): transaction, tag_of("ReferencedSOPSequence"): items}, EXPLICIT)


async def commit(
    world: ArchiveWorld, caller: Caller, played: Playbook, data: bytes, lender: Lender | None = None, **changes: Any
) -> Lender:
    lender = lender or Lender(Releasable(contexts={1: context(PUSH)}))
    said = {
        "requested_sop_class_uid": PUSH,
        "requested_sop_instance_uid": uids.STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE,
        "action_type_id": 1,
    }
    command = NActionRq(message_id=3, **(said | changes))
    await CommitmentService(world.archive, caller, lender).answer(played, context(PUSH), command, sink(data))
    return lender


def report(played: Playbook) -> tuple[int, Mapping[int, str | Sequence[Identifier]]]:
    [(message, data)] = played.requested
    assert isinstance(message, NEventReportRq)
    return message.event_type_id, decode_identifier(data, EXPLICIT)


def uids_in(information: Mapping[int, str | Sequence[Identifier]], sequence: str) -> list[str]:
    items = information.get(tag_of(sequence), ())
    assert not isinstance(items, str)
    return [str(item[tag_of("ReferencedSOPInstanceUID")]) for item in items]


async def test_all_is_here(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    played = Playbook()
    await commit(world, scanner, played, asking(HERE))
    assert played.responses() == ["NActionRsp 0000"]
    event, information = report(played)
    assert (event, information[tag_of("TransactionUID")]) == (1, "1.2.77")
    assert uids_in(information, "ReferencedSOPSequence") == [HERE]


async def test_some_is_not(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    played = Playbook()
    await commit(world, scanner, played, asking(HERE, NOWHERE))
    event, information = report(played)
    assert event == 2
    assert uids_in(information, "ReferencedSOPSequence") == [HERE]
    assert uids_in(information, "FailedSOPSequence") == [NOWHERE]
    failed = information[tag_of("FailedSOPSequence")]
    assert not isinstance(failed, str)
    assert failed[0][tag_of("FailureReason")] == str(0x0112)


@pytest.mark.parametrize(
    ("changes", "data", "status"),
    [
        ({"requested_sop_class_uid": "1.2.3"}, asking(HERE), 0x0118),
        ({"requested_sop_instance_uid": "1.2.3"}, asking(HERE), 0x0112),
        ({"action_type_id": 2}, asking(HERE), 0x0123),
        ({}, asking(HERE, transaction=""), 0x0120),
        ({}, asking(), 0x0115),
    ],
)
async def test_actions_that_cannot_be(world: ArchiveWorld, changes: dict[str, Any], data: bytes, status: int) -> None:
    played = Playbook()
    await commit(world, await world.device(), played, data, **changes)
    assert played.responses() == [f"NActionRsp {status:04X}"]
    assert played.requested == []


async def test_who_may_not_store_gets_no_promise(world: ArchiveWorld) -> None:
    played = Playbook()
    await commit(world, await world.device("viewer", {Action.QUERY}), played, asking(HERE))
    assert played.responses() == ["NActionRsp 0124"]


async def test_too_many_references(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "_MOST_REFERENCES", 1)
    played = Playbook()
    await commit(world, await world.device(), played, asking(HERE, NOWHERE))
    assert played.responses() == ["NActionRsp 0115"]


class Leaving(Playbook):
    """Releases once it has its N-ACTION response, as many senders do."""

    async def send(self, *said: Any) -> None:
        await super().send(*said)
        self.is_open = False

    @property
    def calling_ae_title(self) -> Any:
        return committing_title


committing_title = Playbook().calling_ae_title.of("SCANNER")


async def until_done(lender: Lender) -> None:
    while lender._background:
        await next(iter(lender._background))


async def test_a_sender_that_left_is_called_back(world: ArchiveWorld) -> None:
    scanner = await world.device(address="10.0.0.7:104")
    await world.store(scanner, data_set())
    lender = await commit(world, scanner, Leaving(), asking(HERE))
    await until_done(lender)
    assert report(lender.receiver)[0] == 1
    assert [one["roles"] for one in lender.opened] == [(RoleSelection(PUSH, scu=False, scp=True),)]
    assert isinstance(lender.receiver, Releasable)
    assert lender.receiver.released == 1


async def test_a_sender_that_cannot_be_reached_is_tried_three_times(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "_BETWEEN_ATTEMPTS", 0)
    scanner = await world.device(address="10.0.0.7:104")
    lender = Lender(Releasable())
    lender.fault = NetFault("nobody listens")
    await commit(world, scanner, Leaving(), asking(HERE), lender)
    await until_done(lender)
    assert len(lender.opened) == 3


async def test_a_sender_without_an_address_is_not_called(world: ArchiveWorld) -> None:
    lender = await commit(world, await world.device(), Leaving(), asking(HERE))
    await until_done(lender)
    assert lender.opened == []
