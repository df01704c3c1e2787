"""C-GET as transcripts: what goes back, and that every sub-operation is counted as what it was."""

from __future__ import annotations

import pytest

from helpers.archive_world import CT, EXPLICIT, ArchiveWorld, data_set
from helpers.conversations import get, identifier, receiving
from helpers.playbook import Playbook, context, sink
from leadglass.archive.dimse.getting import answer_get
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CGetRq
from leadglass.dicom.identifier import decode_identifier
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import known_instances
from leadglass.terms.errors import CeilingReached, LedgerFault, PeerAnswer
from leadglass.terms.principal import Action

STUDY = identifier("STUDY", StudyInstanceUID="1.2.1")
FAILED = tag_of("FailedSOPInstanceUIDList")


async def filled(world: ArchiveWorld, instances: int = 3) -> None:
    scanner = await world.device()
    for number in range(1, instances + 1):
        await world.store(scanner, data_set(instance=f"1.2.1.1.{number}"))
    world.ledger.durable.clear()


def failed_uids(played: Playbook) -> list[str]:
    data = played.sent[-1][1]
    return [] if data is None else str(decode_identifier(data, EXPLICIT)[FAILED]).split("\\")


async def test_every_object_goes_back_as_it_was_stored(world: ArchiveWorld) -> None:
    await filled(world)
    played = receiving(before_bytes=lambda: _must_be_recorded(world))
    assert await get(world, await world.reader(Action.VIEW), played, STUDY) == 0x0000
    assert [data for _, data in played.requested] == [data_set(instance=f"1.2.1.1.{n}") for n in (1, 2, 3)]
    assert played.responses() == [
        "CGetRsp FF00 remaining=3 completed=0 failed=0 warning=0",
        "CGetRsp 0000 completed=3 failed=0 warning=0",
    ]


def _must_be_recorded(world: ArchiveWorld) -> None:
    assert [entry.event for entry in world.ledger.durable] == [Event.EPISODE_OPENED]


async def test_what_the_peer_refuses_is_counted_and_named(world: ArchiveWorld) -> None:
    await filled(world)
    played = receiving(cues=[0xB000, 0xA700, 0x0000])
    assert await get(world, await world.reader(Action.VIEW), played, STUDY) == 0xB000
    assert played.responses()[-1] == "CGetRsp B000 completed=1 failed=1 warning=1"
    assert failed_uids(played) == ["1.2.1.1.2"]


async def test_when_nothing_succeeds_the_whole_has_failed(world: ArchiveWorld) -> None:
    await filled(world, 2)
    ann = await world.reader(Action.VIEW)
    for played in (receiving(cues=[0xA700, 0xC000]), Playbook(), Playbook(contexts={3: context(CT, 3)})):
        assert await get(world, ann, played, STUDY) == 0xA702
        assert played.responses()[-1] == "CGetRsp A702 completed=0 failed=2 warning=0"
        assert failed_uids(played) == ["1.2.1.1.1", "1.2.1.1.2"]


async def test_a_damaged_object_fails_and_none_of_it_leaves(world: ArchiveWorld) -> None:
    await filled(world)
    stored = (await world.index.read(known_instances, ["1.2.1.1.2"]))["1.2.1.1.2"]
    world.journal.damage(stored.location)
    played = receiving()
    assert await get(world, await world.reader(Action.VIEW), played, STUDY) == 0xB000
    assert [message.affected_sop_instance_uid for message, _ in played.requested] == ["1.2.1.1.1", "1.2.1.1.3"]  # type: ignore[union-attr]
    assert failed_uids(played) == ["1.2.1.1.2"]


async def test_a_cancel_tells_what_remains(world: ArchiveWorld) -> None:
    await filled(world)
    played = receiving(cancel_after=3)
    assert await get(world, await world.reader(Action.VIEW), played, STUDY) == 0xFE00
    assert played.responses()[-1] == "CGetRsp FE00 remaining=1 completed=2 failed=0 warning=0"


async def test_transcoding_or_a_truthful_failure(world: ArchiveWorld) -> None:
    await filled(world, 1)
    ann = await world.reader(Action.VIEW)
    implicit = {3: context(CT, 3, uids.IMPLICIT_VR_LITTLE_ENDIAN, scu=True)}
    played = receiving(contexts=implicit)
    assert await get(world, ann, played, STUDY) == 0xA702
    assert played.requested == []
    world.pixels.turned = b"turned"
    played = receiving(contexts=implicit)
    assert await get(world, ann, played, STUDY) == 0x0000
    assert [data for _, data in played.requested] == [b"turned"]


async def test_a_broken_ledger_releases_nothing_and_all_have_failed(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.VIEW)
    world.ledger.broken = True
    played = receiving()
    assert await get(world, ann, played, STUDY) == 0xA700
    assert played.requested == []
    assert played.responses()[-1] == "CGetRsp A700 completed=0 failed=3 warning=0"


async def test_a_ledger_that_breaks_on_the_way_stops_there(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two studies, the entry of the second cannot be written."""
    await filled(world, 2)
    await world.store(await world.device("two"), data_set("1.2.2", "1.2.2.1.1"))
    real, entries = world.ledger.append, list[str]()

    async def append(entry):  # type: ignore[no-untyped-def]
        entries.append(entry.study_instance_uid)
        if entry.study_instance_uid == "1.2.2":
            raise LedgerFault("on cue")
        return await real(entry)

    monkeypatch.setattr(world.ledger, "append", append)
    played = receiving()
    ann = await world.reader(Action.VIEW)
    assert await get(world, ann, played, identifier("STUDY", StudyInstanceUID="1.2.1\\1.2.2")) == 0xA700
    assert entries == ["1.2.1", "1.2.2"]
    assert played.responses()[-1] == "CGetRsp A700 completed=2 failed=1 warning=0"
    assert failed_uids(played) == [], "what could not be written down is not even named"


async def test_a_peer_that_goes_away_is_not_answered(world: ArchiveWorld) -> None:
    await filled(world)
    played = receiving(cues=[0x0000, None])
    await get(world, await world.reader(Action.VIEW), played, STUDY)
    assert played.responses() == ["CGetRsp FF00 remaining=3 completed=0 failed=0 warning=0"]
    await world.archive.gate.close()
    [closed] = [entry for entry in world.ledger.of(Event.EPISODE_CLOSED) if entry.action == "view"]
    assert closed.counts["instances"] == 2, "what may have left is counted"


async def test_who_may_not_and_what_is_not_there(world: ArchiveWorld) -> None:
    await filled(world)
    played = receiving()
    assert await get(world, await world.device("other"), played, STUDY) == 0x0124
    bob = await world.reader(name="bob")
    outside, nowhere = receiving(), receiving()
    await get(world, bob, outside, STUDY)
    await get(world, bob, nowhere, identifier("STUDY", StudyInstanceUID="1.2.9"))
    assert outside.sent == nowhere.sent, "outside what is granted looks exactly like nowhere"
    assert outside.responses() == ["CGetRsp 0000 completed=0 failed=0 warning=0"]


async def test_requests_that_cannot_be(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.VIEW)
    command = CGetRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_GET)
    played, data = Playbook(), sink(b"")
    data.fault = CeilingReached("MAX_IDENTIFIER", 1, 2, answer=PeerAnswer(status=0xA700))
    await answer_get(world.archive, ann, played, context(uids.STUDY_ROOT_GET), command, data)
    await answer_get(world.archive, ann, played, context(uids.VERIFICATION), command, sink(STUDY))
    assert await get(world, ann, played, identifier("STUDY")) == 0xA900
    assert [line[:12] for line in played.responses()] == ["CGetRsp A700", "CGetRsp 0122", "CGetRsp A900"]
