"""C-MOVE as transcripts: to enrolled destinations only, counted truthfully, cancelled when told."""

from __future__ import annotations

from helpers.archive_world import ArchiveWorld, data_set
from helpers.conversations import Lender, identifier, move, receiving
from helpers.playbook import Playbook, context, sink
from leadglass.archive.dimse.moving import answer_move
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CMoveRq, CStoreRq
from leadglass.gate.ledger import Event
from leadglass.net.errors import NetFault
from leadglass.terms.errors import CeilingReached, PeerAnswer
from leadglass.terms.principal import Action

STUDY = identifier("STUDY", StudyInstanceUID="1.2.1")


async def filled(world: ArchiveWorld, instances: int = 3) -> None:
    scanner = await world.device()
    for number in range(1, instances + 1):
        await world.store(scanner, data_set(instance=f"1.2.1.1.{number}"))
    await world.device("ws", address="10.0.0.9:104")
    world.ledger.durable.clear()


async def test_objects_go_to_the_enrolled_destination(world: ArchiveWorld) -> None:
    await filled(world)
    lender, played = Lender(receiving(before_bytes=lambda: _must_be_recorded(world))), Playbook()
    assert await move(world, await world.reader(Action.DOWNLOAD), played, lender, STUDY) == 0x0000
    assert [(one.ae_title, one.host, one.port) for one in lender.lent] == [("WS", "10.0.0.9", 104)]
    assert [data for _, data in lender.receiver.requested] == [data_set(instance=f"1.2.1.1.{n}") for n in (1, 2, 3)]
    for message, _ in lender.receiver.requested:
        assert isinstance(message, CStoreRq)
        assert (message.move_originator_ae_title, message.move_originator_message_id) == ("CALLER", 7)
    assert played.responses() == [
        "CMoveRsp FF00 remaining=3 completed=0 failed=0 warning=0",
        "CMoveRsp 0000 completed=3 failed=0 warning=0",
    ]


def _must_be_recorded(world: ArchiveWorld) -> None:
    assert [(entry.event, entry.action) for entry in world.ledger.durable] == [(Event.EPISODE_OPENED, "download")]


async def test_only_to_enrolled_destinations_and_the_ledger_knows_who_asked(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.DOWNLOAD)
    for title in ("EVIL", "SCANNER"):  # unknown; enrolled, but it takes nothing
        lender, played = Lender(receiving()), Playbook()
        assert await move(world, ann, played, lender, STUDY, to=title) == 0xA801
        assert lender.lent == lender.receiver.requested == []
    [refusal] = world.ledger.of(Event.REFUSED)  # the same again is counted
    assert refusal.reason == "the destination is not an enrolled device"
    assert (refusal.principal, refusal.action) == (ann.principal.id, "download")


async def test_who_may_not_retrieve_learns_nothing_about_destinations(world: ArchiveWorld) -> None:
    await filled(world)
    other = await world.device("other", {Action.QUERY})
    for title in ("EVIL", "WS"):
        played = Playbook()
        assert await move(world, other, played, Lender(receiving()), STUDY, to=title) == 0x0124


async def test_a_destination_that_is_not_there(world: ArchiveWorld) -> None:
    await filled(world)
    lender, played = Lender(receiving()), Playbook()
    lender.fault = NetFault("nobody listens")
    assert await move(world, await world.reader(Action.DOWNLOAD), played, lender, STUDY) == 0xA702
    assert played.responses() == ["CMoveRsp A702 completed=0 failed=3 warning=0"]


async def test_a_destination_that_goes_away_half_way(world: ArchiveWorld) -> None:
    await filled(world)
    lender, played = Lender(receiving(cues=[0x0000, None])), Playbook()
    assert await move(world, await world.reader(Action.DOWNLOAD), played, lender, STUDY) == 0xB000
    assert played.responses()[-1] == "CMoveRsp B000 completed=1 failed=2 warning=0"


async def test_a_cancel_stops_the_move(world: ArchiveWorld) -> None:
    await filled(world)
    lender, played = Lender(receiving()), Playbook(cancel_after=1)
    assert await move(world, await world.reader(Action.DOWNLOAD), played, lender, STUDY) == 0xFE00
    assert played.responses()[-1] == "CMoveRsp FE00 remaining=3 completed=0 failed=0 warning=0"
    assert lender.receiver.requested == []


async def test_nobody_left_to_tell_ends_it_before_the_destination_is_called(world: ArchiveWorld) -> None:
    await filled(world)
    lender, played = Lender(receiving()), Playbook(is_open=False)
    command = CMoveRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_MOVE, move_destination="WS")
    ann = await world.reader(Action.DOWNLOAD)
    await answer_move(world.archive, ann, lender, played, context(uids.STUDY_ROOT_MOVE), command, sink(STUDY))
    assert (played.sent, lender.lent) == ([], [])


async def test_a_broken_ledger_moves_nothing(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.DOWNLOAD)
    world.ledger.broken = True
    lender, played = Lender(receiving()), Playbook()
    assert await move(world, ann, played, lender, STUDY) == 0xA700
    assert lender.receiver.requested == []
    assert played.responses()[-1] == "CMoveRsp A700 completed=0 failed=3 warning=0"


async def test_view_is_not_download(world: ArchiveWorld) -> None:
    await filled(world)
    lender, played = Lender(receiving()), Playbook()
    assert await move(world, await world.reader(Action.VIEW), played, lender, STUDY) == 0x0000
    assert played.responses() == ["CMoveRsp 0000 completed=0 failed=0 warning=0"]
    assert lender.lent == []


async def test_requests_that_cannot_be(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.DOWNLOAD)
    command = CMoveRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_MOVE, move_destination="WS")
    lender, played, data = Lender(receiving()), Playbook(), sink(b"")
    data.fault = CeilingReached("MAX_IDENTIFIER", 1, 2, answer=PeerAnswer(status=0xA700))
    await answer_move(world.archive, ann, lender, played, context(uids.STUDY_ROOT_MOVE), command, data)
    await answer_move(world.archive, ann, lender, played, context(uids.VERIFICATION), command, sink(STUDY))
    assert await move(world, ann, played, lender, identifier("STUDY")) == 0xA900
    assert [line[:13] for line in played.responses()] == ["CMoveRsp A700", "CMoveRsp 0122", "CMoveRsp A900"]
