"""C-FIND as transcripts."""

from __future__ import annotations

from helpers.archive_world import EXPLICIT, ArchiveWorld, data_set
from helpers.conversations import find, identifier
from helpers.playbook import Playbook, context, sink
from leadglass.archive.dimse.finding import answer_find
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CFindRq
from leadglass.dicom.identifier import encode_identifier
from leadglass.gate.ledger import Event
from leadglass.terms.errors import CeilingReached, PeerAnswer
from leadglass.terms.principal import Action

STUDIES = identifier("STUDY", StudyInstanceUID="", PatientName="")


async def filled(world: ArchiveWorld, studies: int = 3) -> None:
    scanner = await world.device()
    for number in range(1, studies + 1):
        await world.store(scanner, data_set(f"1.2.{number}", f"1.2.{number}.1.1"))
    world.ledger.durable.clear()


async def test_each_match_then_success(world: ArchiveWorld) -> None:
    await filled(world)
    played = Playbook(before_bytes=lambda: _must_be_recorded(world))
    assert await find(world, await world.reader(Action.QUERY), played, STUDIES) == 0x0000
    assert played.responses() == ["CFindRsp FF00"] * 3 + ["CFindRsp 0000"]
    assert [answer[tag_of("StudyInstanceUID")] for answer in played.answers()] == ["1.2.1", "1.2.2", "1.2.3"]
    assert {answer[tag_of("QueryRetrieveLevel")] for answer in played.answers()} == {"STUDY"}


def _must_be_recorded(world: ArchiveWorld) -> None:
    assert world.ledger.durable[-1].event == Event.QUERIED


async def test_a_key_we_do_not_keep_is_told_by_ff01(world: ArchiveWorld) -> None:
    await filled(world, 1)
    played = Playbook()
    await find(world, await world.reader(Action.QUERY), played, identifier("STUDY", PixelSpacing=""))
    assert played.responses() == ["CFindRsp FF01", "CFindRsp 0000"]


async def test_request_attributes_come_back_as_items(world: ArchiveWorld) -> None:
    await filled(world, 1)
    item = {tag_of("RequestedProcedureID"): "", tag_of("ScheduledProcedureStepID"): ""}
    asked = encode_identifier(
        {tag_of("QueryRetrieveLevel"): "SERIES", tag_of("RequestAttributesSequence"): (item,)}, EXPLICIT
    )
    played = Playbook()
    assert await find(world, await world.reader(Action.QUERY), played, asked) == 0x0000
    [answer] = played.answers()
    assert answer[tag_of("RequestAttributesSequence")] == ()


async def test_a_cancel_stops_it(world: ArchiveWorld) -> None:
    await filled(world)
    played = Playbook(cancel_after=1)
    assert await find(world, await world.reader(Action.QUERY), played, STUDIES) == 0xFE00
    assert played.responses() == ["CFindRsp FF00", "CFindRsp FE00"]


async def test_who_may_not_query_is_told_0124_and_who_sees_nothing_gets_nothing(world: ArchiveWorld) -> None:
    await filled(world)
    played = Playbook()
    assert await find(world, await world.device("other"), played, STUDIES) == 0x0124
    assert await find(world, await world.reader(name="bob"), played, STUDIES) == 0x0000
    assert played.responses() == ["CFindRsp 0124", "CFindRsp 0000"]


async def test_a_broken_ledger_or_index_shows_nothing(world: ArchiveWorld) -> None:
    await filled(world)
    ann = await world.reader(Action.QUERY)
    played = Playbook()
    world.ledger.broken = True
    assert await find(world, ann, played, STUDIES) == 0xA700
    world.ledger.broken, world.index.broken = False, True
    assert await find(world, ann, played, STUDIES) == 0xA700
    assert all(data is None for _, data in played.sent)


async def test_what_is_wrong_with_a_query_is_said(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.QUERY)
    for asked, status in (
        (identifier("WORLD"), 0xA900),
        (identifier("PATIENT"), 0xA900),
        (identifier("STUDY", StudyDate="yesterday"), 0xA900),
        (b"\xff" * 40, None),
    ):
        played = Playbook()
        got = await find(world, ann, played, asked)
        assert got == status or (status is None and got >= 0xA000)
        assert 0 < len(played.final.error_comment) <= 64
        assert "yesterday" not in played.final.error_comment


async def test_an_identifier_that_was_too_long_and_a_context_without_find(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.QUERY)
    command = CFindRq(message_id=1, affected_sop_class_uid=uids.STUDY_ROOT_FIND)
    played, data = Playbook(), sink(b"")
    data.fault = CeilingReached("MAX_IDENTIFIER", 1, 2, answer=PeerAnswer(status=0xA700))
    await answer_find(world.archive, ann, played, context(uids.STUDY_ROOT_FIND), command, data)
    await answer_find(world.archive, ann, played, context(uids.VERIFICATION), command, sink(STUDIES))
    assert played.responses() == ["CFindRsp A700", "CFindRsp 0122"]
