"""Both ends of an association over loopback: sending, streaming, asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from helpers.counting_service import CT, VERIFICATION, Counted, CountingService
from helpers.net_doors import open_door
from helpers.requests import association_request
from leadglass.dicom.dimse.messages import CEchoRq, CEchoRsp, CFindRq, CFindRsp, CStoreRq, CStoreRsp, Request
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.connector import RequestedAssociation, open_association
from leadglass.net.errors import AssociationLost, PeerRejected, ResponseOverdue
from leadglass.net.limits import Limits
from leadglass.net.listening import Listener
from leadglass.net.service import Buffer, Closing, DataSink, FaultKind, ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import LocalViolation


async def call(door: Listener, limits: Limits | None = None) -> RequestedAssociation:
    return await open_association("127.0.0.1", door.port, association_request(VERIFICATION, CT), limits=limits)


def store(message_id: int) -> CStoreRq:
    return CStoreRq(message_id=message_id, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.3")


class Keeping(CountingService):
    """Keeps data sets and answers C-FIND with three matches."""

    kept: list[bytes] = []  # noqa: RUF012 - emptied by the fixture

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        return BytesSink(limit=64 * MIB)

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        match command:
            case CStoreRq():
                assert isinstance(data, BytesSink)
                self.kept.append(data.data)
                await served.send(context, CStoreRsp(message_id_being_responded_to=command.message_id, status=0))
            case CFindRq():
                assert isinstance(data, BytesSink)
                for n in range(3):
                    answer = CFindRsp(message_id_being_responded_to=command.message_id, status=0xFF00)
                    await served.send(context, answer, data.data + bytes([n]))
                await served.send(context, CFindRsp(message_id_being_responded_to=command.message_id, status=0))
            case _:
                await super().respond(served, context, command, data)


@pytest.fixture
def counted() -> Counted:
    counted = Counted()
    Keeping.kept.clear()
    counted.factory = lambda: Keeping(counted)
    return counted


async def chunks(*pieces: bytes) -> AsyncIterator[Buffer]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("length", [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 7])
@pytest.mark.parametrize("max_pdu_length", [4096, 0])
async def test_a_data_set_arrives_as_it_was(counted: Counted, length: int, max_pdu_length: int) -> None:
    data = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    async with open_door(counted, limits=Limits(max_pdu_length=max_pdu_length)) as door, await call(door) as ours:
        answer = await ours.request(ours.contexts[3], store(ours.next_message_id()), data)
    assert answer.status == 0
    assert Keeping.kept == [data]


@pytest.mark.parametrize(
    "pieces",
    [(), (b"",), (b"a",), (b"ab", b"", b"c"), (b"x" * MIB, b"y" * (3 * MIB + 1), b"z"), (b"x" * 4090, b"y" * 4090)],
)
async def test_a_stream_arrives_as_it_was(counted: Counted, pieces: tuple[bytes, ...]) -> None:
    async with open_door(counted, limits=Limits(max_pdu_length=4096)) as door, await call(door) as ours:
        answer = await ours.request(ours.contexts[3], store(1), chunks(*pieces))
    assert answer.status == 0
    assert Keeping.kept == [b"".join(pieces)]


async def test_a_chunk_may_be_reused_as_soon_as_the_next_is_asked_for(counted: Counted) -> None:
    async def reusing() -> AsyncIterator[Buffer]:
        buffer = bytearray(10_000)
        for n in range(5):
            buffer[:] = bytes([n]) * 10_000
            yield memoryview(buffer)

    async with open_door(counted) as door, await call(door) as ours:
        await ours.request(ours.contexts[3], store(1), reusing())
    assert Keeping.kept == [b"".join(bytes([n]) * 10_000 for n in range(5))]


async def test_chunks_that_fail_abort_the_association(counted: Counted) -> None:
    async def failing() -> AsyncIterator[Buffer]:
        yield b"half"
        raise ZeroDivisionError

    async with open_door(counted) as door:
        ours = await call(door)
        with pytest.raises(ZeroDivisionError):
            await ours.request(ours.contexts[3], store(1), failing())
        assert not ours.is_open
        with pytest.raises(AssociationLost):
            await ours.send(ours.contexts[1], CEchoRq(message_id=2))
    assert counted.closings == [Closing.ABORTED]
    assert Keeping.kept == []


async def test_chunks_that_fail_before_the_first_leave_it_whole(counted: Counted) -> None:
    async def failing() -> AsyncIterator[Buffer]:
        raise ZeroDivisionError
        yield b""

    async with open_door(counted) as door, await call(door) as ours:
        with pytest.raises(ZeroDivisionError):
            await ours.request(ours.contexts[3], store(1), failing())
        answer = await ours.request(ours.contexts[1], CEchoRq(message_id=2))
        assert answer.status == 0


async def test_many_responses(counted: Counted) -> None:
    async with open_door(counted) as door, await call(door) as ours:
        find = CFindRq(message_id=5, affected_sop_class_uid=CT)
        replies = [reply async for reply in ours.responses(ours.contexts[3], find, b"key")]
        assert [reply.data_set for reply in replies] == [b"key\0", b"key\1", b"key\2", None]
        assert [reply.message.status for reply in replies] == [0xFF00, 0xFF00, 0xFF00, 0]
        final = await ours.request(ours.contexts[3], find, b"key")
        assert final.status == 0


async def test_who_stops_listening_to_matches_can_go_on(counted: Counted) -> None:
    async with open_door(counted) as door, await call(door) as ours:
        find = CFindRq(message_id=5, affected_sop_class_uid=CT)
        async with aclosing(ours.responses(ours.contexts[3], find, b"key")) as replies:
            async for reply in replies:
                assert reply.data_set == b"key\0"
                break
        await ours.cancel(ours.contexts[3], 5)
        assert (await ours.request(ours.contexts[1], CEchoRq(message_id=6))).status == 0
        assert (await ours.request(ours.contexts[3], find, b"key")).status == 0  # by now the id is free again
    assert counted.faults == []


async def test_messages_sent_at_the_same_time_do_not_mix(counted: Counted) -> None:
    pieces = [bytes([n]) * 700_000 for n in range(4)]
    async with open_door(counted) as door, await call(door) as ours:
        context = ours.contexts[3]
        requests = [ours.request(context, store(ours.next_message_id()), chunks(piece, piece)) for piece in pieces]
        await asyncio.gather(*requests)
    assert sorted(Keeping.kept) == [piece * 2 for piece in pieces]


async def test_an_open_message_id_cannot_be_used_again(counted: Counted) -> None:
    go = asyncio.Event()

    async def waiting() -> AsyncIterator[Buffer]:
        await go.wait()
        yield b"x"

    async with open_door(counted) as door, await call(door) as ours:
        first = asyncio.ensure_future(ours.request(ours.contexts[3], store(1), waiting()))
        await asyncio.sleep(0)
        with pytest.raises(LocalViolation):
            await ours.request(ours.contexts[1], CEchoRq(message_id=1))
        go.set()
        assert (await first).status == 0


async def test_an_answer_that_does_not_come_ends_it() -> None:
    class Silent(CountingService):
        async def respond(self, *_: object) -> None:
            return

    counted = Counted()
    counted.factory = lambda: Silent(counted)
    async with open_door(counted) as door:
        ours = await call(door)
        with pytest.raises(ResponseOverdue):
            await ours.request(ours.contexts[1], CEchoRq(message_id=1), within=0.05)
        assert not ours.is_open
    assert counted.closings == [Closing.ABORTED]


async def test_a_request_under_way_learns_that_it_is_over() -> None:
    class Aborting(CountingService):
        async def respond(self, served: ServedAssociation, *_: object) -> None:
            served.abort()

    counted = Counted()
    counted.factory = lambda: Aborting(counted)
    async with open_door(counted) as door:
        ours = await call(door)
        with pytest.raises(AssociationLost, match="aborted"):
            await ours.request(ours.contexts[1], CEchoRq(message_id=1))


async def test_what_a_served_association_knows(counted: Counted) -> None:
    seen: list[object] = []

    class Curious(CountingService):
        async def respond(
            self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
        ) -> None:
            seen.extend((served.calling_ae_title.text, served.evidence.address, served.is_open, set(served.contexts)))
            seen.append(served.peer_max_pdu_length)
            assert not served.is_cancelled(1)
            await served.send(context, CEchoRsp(message_id_being_responded_to=command.message_id, status=0))
            served.abort()
            assert served.is_cancelled(1)  # nobody is left to answer

    counted.factory = lambda: Curious(counted)
    async with open_door(counted) as door:
        ours = await call(door, Limits(max_pdu_length=5000))
        await ours.request(ours.contexts[1], CEchoRq(message_id=1))
        ours.abort()
    assert seen == ["CALLER", "127.0.0.1", True, {1, 3}, 5000]


async def test_a_caller_whose_pdus_have_no_room_is_rejected(counted: Counted) -> None:
    async with open_door(counted) as door:
        with pytest.raises(PeerRejected):
            await call(door, Limits(max_pdu_length=6))
    assert counted.closings == []  # no service was ever made
    assert [kind for kind, _, _ in counted.faults] == [FaultKind.PROTOCOL]
