"""Peers that mean harm, or are just broken: each is dealt with, and nobody else feels it."""

from __future__ import annotations

import asyncio
import resource
import struct
from collections.abc import AsyncIterator

import pytest

from helpers.counting_service import CT, VERIFICATION, Counted, CountingService
from helpers.net_doors import open_door
from helpers.raw_peer import ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA_TF, RawPeer, raw_peer
from helpers.requests import association_request, message_bytes
from leadglass.dicom.dimse.messages import CEchoRq, CStoreRq, Request
from leadglass.dicom.upperlayer import NegotiatedContext, encode_pdu
from leadglass.net.limits import Limits
from leadglass.net.listening import Listener
from leadglass.net.service import Buffer, Closing, DataSink, ServedAssociation
from leadglass.terms.ceilings import MAX_COMMAND_FRAGMENTS, MAX_EMPTY_FRAGMENTS, MIB

ECHO = message_bytes(1, CEchoRq(message_id=1))
STORE = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.3")


def pdv(context: int, control: int, data: bytes) -> bytes:
    return struct.pack(">BxIIBB", P_DATA_TF, len(data) + 6, len(data) + 2, context, control) + data


async def is_still_served(door: Listener) -> None:
    """An honest peer gets its echo."""
    async with raw_peer(door.port) as honest:
        assert await honest.associate(VERIFICATION) == ASSOCIATE_AC
        await honest.send(ECHO)
        assert (await honest.read_pdu())[0] == P_DATA_TF


async def ends_in_abort(peer: RawPeer, data: bytes) -> None:
    """Whatever else it hears before, the last thing is an A-ABORT."""
    await peer.send(data)
    while (pdu := await peer.read_pdu())[0] == P_DATA_TF:
        continue
    assert pdu[0] == ABORT


STORE_BEGUN = message_bytes(3, STORE, b"")[: -len(pdv(3, 2, b""))]
HARM = {
    "endless empty data fragments": STORE_BEGUN + pdv(3, 0, b"") * (MAX_EMPTY_FRAGMENTS + 1),
    "endless empty command fragments": pdv(3, 1, b"") * (MAX_COMMAND_FRAGMENTS + 2),
    "endless command fragments": pdv(3, 1, b"x") * (MAX_COMMAND_FRAGMENTS + 1),
    "an endless command": pdv(3, 1, bytes(60_000)) * 2,
    "a PDU of 4 GB": b"\x04\x00\xff\xff\xff\xff",
    "a PDV longer than its PDU": b"\x04\x00\x00\x00\x00\x08\xff\xff\xff\xff\x01\x02ab",
    "a PDV without a header": b"\x04\x00\x00\x00\x00\x05\x00\x00\x00\x01\x01",
    "a second association request": encode_pdu(association_request(VERIFICATION)),
    "an unknown PDU": b"\x99\x00\x00\x00\x00\x04\x00\x00\x00\x00",
    "random bytes": bytes(range(99, 256)) * 10,
}


@pytest.mark.parametrize("harm", HARM)
async def test_what_does_harm_is_aborted(harm: str) -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        assert await peer.associate(VERIFICATION, CT) == ASSOCIATE_AC
        await ends_in_abort(peer, HARM[harm])
        await is_still_served(door)
    assert counted.faults
    assert counted.closings[0] is Closing.ABORTED


@pytest.mark.parametrize(
    "first",
    [
        b"\x01\x00\xff\xff\xff\xff",
        b"\x01\x00\x00\x00\x00\x00",
        b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x02ab",
        b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00",
        bytes(range(256)),
    ],
)
async def test_what_is_no_association_request_gets_no_association(first: bytes) -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await peer.send(first)
        assert (await peer.read_pdu())[0] in (ABORT, ASSOCIATE_RJ, 0)
        await is_still_served(door)
    assert counted.closings.count(Closing.ABORTED) + counted.closings.count(Closing.LOST) == 1  # the honest one's


async def test_an_association_request_cut_at_every_byte() -> None:
    whole = encode_pdu(association_request(VERIFICATION))
    counted = Counted()
    async with open_door(counted, limits=Limits(max_connections_per_address=1000)) as door:
        for end in range(len(whole)):
            async with raw_peer(door.port) as peer:
                await peer.send(whole[:end])
        await is_still_served(door)
    assert len(counted.evidence) == 1


class Streaming(CountingService):
    """Answers an echo with as much as one likes to take."""

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        if 3 not in served.contexts:
            return await super().respond(served, context, command, data)
        await served.send_stream(served.contexts[3], STORE, self._endless(served))
        return None

    async def _endless(self, served: ServedAssociation) -> AsyncIterator[Buffer]:
        block = bytes(MIB)
        while True:
            self.counted.lengths.append(MIB)
            yield block


async def test_a_reader_that_never_reads_stalls_nobody_and_costs_little() -> None:
    counted = Counted()
    counted.factory = lambda: Streaming(counted)
    async with open_door(counted, limits=Limits(idle_seconds=0.5)) as door, raw_peer(door.port) as peer:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send(encode_pdu(association_request(VERIFICATION, CT)))
        await asyncio.gather(*(is_still_served(door) for _ in range(4)))
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert (await peer.read_pdu())[0] == ASSOCIATE_AC
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send(ECHO)
        for _ in range(4):
            await is_still_served(door)
        while Closing.ABORTED not in counted.closings[4:]:
            await is_still_served(door)
            await asyncio.sleep(0.02)
        assert sum(counted.lengths) < 32 * MIB  # the backlog's ceiling, and what the kernel holds


async def test_memory_stays_where_it_was_under_harm() -> None:
    counted = Counted()
    async with open_door(counted) as door:
        for harm in HARM.values():
            async with raw_peer(door.port) as peer:
                await peer.associate(VERIFICATION, CT)
                await peer.send(harm)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(10):
            for harm in HARM.values():
                async with raw_peer(door.port) as peer:
                    await peer.associate(VERIFICATION, CT)
                    await peer.send(harm)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # KiB
        await is_still_served(door)
