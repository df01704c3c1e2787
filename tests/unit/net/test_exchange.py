"""Messages over real associations on loopback: order, sinks, cancel, back-pressure, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from helpers.counting_service import CT, VERIFICATION, Counted, CountingService
from helpers.net_doors import open_door
from helpers.raw_peer import ABORT, ASSOCIATE_AC, P_DATA_TF, RELEASE_RP, RELEASE_RQ, RawPeer, raw_peer
from helpers.requests import association_request, message_bytes
from leadglass.dicom.dimse.decode import decode_command
from leadglass.dicom.dimse.messages import CCancelRq, CEchoRq, CEchoRsp, CFindRq, CFindRsp, CStoreRq, Message, Request
from leadglass.dicom.upperlayer import NegotiatedContext, encode_pdu
from leadglass.net.errors import AssociationLost
from leadglass.net.exchange import fault_words
from leadglass.net.service import Closing, DataSink, FaultKind, ServedAssociation
from leadglass.net.sinks import BytesSink, DiscardSink
from leadglass.terms.ceilings import MAX_OPERATIONS_QUEUED
from leadglass.terms.errors import LeadglassError, OutOfSpace, StorageFault

ECHO = CEchoRq(message_id=1)


def store(message_id: int = 1) -> CStoreRq:
    return CStoreRq(message_id=message_id, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.3")


def service_of(counted: Counted, **methods: Callable[..., object]) -> Callable[[], CountingService]:
    """A factory of counting services some of whose methods are replaced."""

    def make() -> CountingService:
        service = CountingService(counted)
        for name, method in methods.items():
            setattr(service, name, method)
        return service

    return make


async def read_message(peer: RawPeer) -> Message:
    """The command in the next PDU (our answers here are one PDU each)."""
    kind, body = await peer.read_pdu()
    assert kind == P_DATA_TF, kind
    return decode_command(body[6:])


async def established(peer: RawPeer) -> None:
    assert await peer.associate(VERIFICATION, CT) == ASSOCIATE_AC


async def test_requests_are_answered_one_after_another_in_order() -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(b"".join(message_bytes(1, CEchoRq(message_id=n)) for n in range(1, 101)))
        for n in range(1, 101):
            answer = await read_message(peer)
            assert isinstance(answer, CEchoRsp)
            assert answer.message_id_being_responded_to == n
        await peer.send(RELEASE_RQ)
        assert (await peer.read_pdu())[0] == RELEASE_RP
    assert counted.closings == [Closing.RELEASED]
    assert counted.faults == []


async def in_pieces(peer: RawPeer, whole: bytes, size: int) -> None:
    for at in range(0, len(whole), size):
        await peer.send(whole[at : at + size])
        await asyncio.sleep(0)  # the listener's turn


@pytest.mark.parametrize("piece", [1, 3, 1000])
async def test_however_the_bytes_come(piece: int) -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await in_pieces(peer, encode_pdu(association_request(VERIFICATION, CT)), piece)
        assert (await peer.read_pdu())[0] == ASSOCIATE_AC
        await in_pieces(peer, message_bytes(3, store(), bytes(range(256))), piece)
        await read_message(peer)
    assert counted.lengths == [256]


async def test_a_sinks_fault_reaches_respond_and_the_association_lives() -> None:
    class FullSink(DiscardSink):
        discarded = 0

        def write(self, data: memoryview) -> None:
            raise OutOfSpace("no room")

        def discard(self) -> None:
            self.discarded += 1

    faults: list[LeadglassError | None] = []
    sink = FullSink()

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        assert data is not None
        faults.append(data.fault)
        await served.send(context, CEchoRsp(message_id_being_responded_to=command.message_id, status=0xA700))

    counted = Counted()
    counted.factory = service_of(counted, sink_for=lambda *_: sink, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        for n in (1, 2):
            await peer.send(message_bytes(3, store(n), bytes(300_000)))
            answer = await read_message(peer)
            assert isinstance(answer, CEchoRsp)
            assert answer.status == 0xA700
    assert isinstance(faults[0], OutOfSpace)
    assert sink.discarded == 1  # the second message found the fault already there


async def test_a_service_that_cannot_give_a_sink_gets_to_answer() -> None:
    def sink_for(context: NegotiatedContext, command: Request) -> DataSink:
        raise StorageFault("no disk")

    counted = Counted()
    seen: list[DataSink | None] = []

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        seen.append(data)
        await served.send(context, CEchoRsp(message_id_being_responded_to=1, status=0x0110))

    counted.factory = service_of(counted, sink_for=sink_for, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(3, store(), b"x" * 1000))
        await read_message(peer)
    assert seen[0] is not None
    assert isinstance(seen[0].fault, StorageFault)


async def test_another_association_lost_is_no_excuse() -> None:
    """As when a C-MOVE destination hangs up and nobody caught it: the requester must not wait for ever."""

    async def respond(*_: object) -> None:
        raise AssociationLost("the destination has gone")

    counted = Counted()
    counted.factory = service_of(counted, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(1, ECHO))
        assert (await peer.read_pdu())[0] == ABORT
    assert counted.faults == [(FaultKind.LOCAL, "127.0.0.1", "AssociationLost: the destination has gone")]


async def test_a_sink_with_a_bug_aborts() -> None:
    class Broken(DiscardSink):
        def write(self, data: memoryview) -> None:
            raise ValueError("DOE^JOHN")

    counted = Counted()
    counted.factory = service_of(counted, sink_for=lambda *_: Broken())
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(3, store(), b"x"))
        assert (await peer.read_pdu())[0] == ABORT
    assert counted.faults[0][0] is FaultKind.LOCAL
    assert "DOE" not in counted.faults[0][2]


async def test_an_exception_aborts_and_its_text_stays_here() -> None:
    async def respond(*_: object) -> None:
        raise ValueError("DOE^JOHN")

    counted = Counted()
    counted.factory = service_of(counted, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(1, ECHO))
        assert (await peer.read_pdu())[0] == ABORT
    ((kind, _, text),) = counted.faults
    assert kind is FaultKind.LOCAL
    assert "ValueError" in text
    assert "DOE" not in text
    assert counted.closings == [Closing.ABORTED]


def test_words_of_our_own_errors_are_for_people() -> None:
    assert fault_words(StorageFault("the disk is full")) == "StorageFault: the disk is full"
    assert fault_words(ValueError("DOE")) == "ValueError"


async def test_a_congested_sink_stops_reading_until_relieved() -> None:
    class Slow(BytesSink):
        relieved = asyncio.Event()
        waits = asyncio.Event()

        @property
        def congested(self) -> bool:
            return not self.relieved.is_set()

        async def wait_relieved(self) -> None:
            self.waits.set()
            await self.relieved.wait()

    sink = Slow(limit=64_000_000)
    counted = Counted()

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        await served.send(context, CEchoRsp(message_id_being_responded_to=1, status=0))

    counted.factory = service_of(counted, sink_for=lambda *_: sink, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        sending = asyncio.ensure_future(peer.send(message_bytes(3, store(), bytes(30_000_000))))
        await sink.waits.wait()
        held = len(sink.data)
        async with raw_peer(door.port) as other:  # somebody else is served meanwhile
            await established(other)
        assert len(sink.data) == held < 600_000
        assert not sending.done()
        sink.relieved.set()
        await sending
        await read_message(peer)
        assert len(sink.data) == 30_000_000


async def test_cancel_is_seen_while_the_operation_runs() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()
    counted = Counted()

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        started.set()
        assert not served.is_cancelled(8)
        await served.request(context, CEchoRq(message_id=1))  # by its answer both cancels are in
        assert served.is_cancelled(7)
        assert not served.is_cancelled(8)
        cancelled.set()
        await served.send(context, CFindRsp(message_id_being_responded_to=7, status=0xFE00))

    counted.factory = service_of(counted, sink_for=lambda *_: BytesSink(), respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(3, CCancelRq(message_id_being_responded_to=7)))  # too early: means nothing
        await peer.send(message_bytes(3, CFindRq(message_id=7, affected_sop_class_uid=CT), b"key"))
        await started.wait()
        await peer.send(message_bytes(3, CCancelRq(message_id_being_responded_to=8)))
        await peer.send(message_bytes(3, CCancelRq(message_id_being_responded_to=7)))
        assert isinstance(await read_message(peer), CEchoRq)
        await peer.send(message_bytes(3, CEchoRsp(message_id_being_responded_to=1, status=0)))
        answer = await read_message(peer)
    assert cancelled.is_set()
    assert isinstance(answer, CFindRsp)
    assert answer.status == 0xFE00


async def test_a_flood_of_requests_is_not_read_while_one_is_answered() -> None:
    go = asyncio.Event()
    counted = Counted()
    inner = CountingService(counted)

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        await go.wait()
        await inner.respond(served, context, command, data)

    counted.factory = service_of(counted, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        flood = message_bytes(3, store(), bytes(1_000_000))
        sending = asyncio.ensure_future(peer.send(flood * 40))
        async with raw_peer(door.port) as other:
            await established(other)
        assert not sending.done()  # 40 MB do not fit into the kernel's buffers
        go.set()
        for _ in range(40):
            await read_message(peer)
        await sending
    assert counted.lengths == [1_000_000] * 40


async def test_a_flood_while_we_wait_for_the_peers_response_is_an_abuse() -> None:
    counted = Counted()

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        await served.request(context, CEchoRq(message_id=served.next_message_id()))

    counted.factory = service_of(counted, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(1, ECHO))
        assert isinstance(await read_message(peer), CEchoRq)
        await peer.send(message_bytes(1, ECHO) * (MAX_OPERATIONS_QUEUED + 1))
        assert (await peer.read_pdu())[0] == ABORT
    assert "MAX_OPERATIONS_QUEUED" in counted.faults[0][2]


async def test_our_request_is_answered_while_the_peers_waits() -> None:
    counted = Counted()
    answers: list[Message] = []

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        answers.append(await served.request(context, CEchoRq(message_id=served.next_message_id())))
        await served.send(context, CEchoRsp(message_id_being_responded_to=command.message_id, status=0))

    counted.factory = service_of(counted, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(1, ECHO) * 3)  # two are queued behind
        for _ in range(3):
            ours = await read_message(peer)
            assert isinstance(ours, CEchoRq)
            response = CEchoRsp(message_id_being_responded_to=ours.message_id, status=0)
            await peer.send(message_bytes(1, response))
            assert isinstance(await read_message(peer), CEchoRsp)
    assert len(answers) == 3


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(message_bytes(1, CEchoRsp(message_id_being_responded_to=9, status=0)), id="response to nothing"),
        pytest.param(message_bytes(5, ECHO), id="a context not accepted"),
        pytest.param(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x02ab", id="data nobody announced"),
        pytest.param(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x03ab", id="no command set"),
    ],
)
async def test_what_breaks_a_rule_is_aborted_and_told(what: bytes) -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(what)
        kind, body = await peer.read_pdu()
        assert kind == ABORT
        assert body[2] == 2  # by the provider
    assert [kind for kind, _, _ in counted.faults] == [FaultKind.PROTOCOL]
    assert counted.closings == [Closing.ABORTED]


async def test_a_message_never_finished_is_discarded() -> None:
    discarded = asyncio.Event()

    class Watched(BytesSink):
        def discard(self) -> None:
            discarded.set()

    counted = Counted()
    counted.factory = service_of(counted, sink_for=lambda *_: Watched())
    async with open_door(counted) as door:
        async with raw_peer(door.port) as peer:
            await established(peer)
            await peer.send(message_bytes(3, store(), bytes(1000))[:-100])
        await asyncio.wait_for(discarded.wait(), 10)
    assert counted.closings == [Closing.LOST]


async def test_the_peers_abort_ends_it() -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        await peer.wait_closed()  # AA-3: the acceptor closes
    assert counted.closings == [Closing.ABORTED]


async def test_a_release_waits_for_the_answer_owed() -> None:
    go = asyncio.Event()
    counted = Counted()
    inner = CountingService(counted)

    async def respond(
        served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        await go.wait()
        await inner.respond(served, context, command, data)

    counted.factory = service_of(counted, respond=respond)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(message_bytes(1, ECHO) + RELEASE_RQ)
        async with raw_peer(door.port) as other:
            await established(other)
        go.set()
        assert isinstance(await read_message(peer), CEchoRsp)
        assert (await peer.read_pdu())[0] == RELEASE_RP


async def test_release_and_abort_in_one_breath_end_it_without_a_fault() -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await established(peer)
        await peer.send(RELEASE_RQ + b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        await peer.wait_closed()
    assert counted.closings == [Closing.ABORTED]
