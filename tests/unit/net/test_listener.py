"""The door itself: where it listens, how many it lets in, how it closes."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from helpers.counting_service import CT, VERIFICATION, Counted, CountingService
from helpers.net_doors import open_door
from helpers.raw_peer import ABORT, ASSOCIATE_AC, P_DATA_TF, RawPeer, raw_peer
from helpers.requests import message_bytes
from leadglass.dicom.dimse.messages import CEchoRq, CStoreRq, Request
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.limits import Connections, Limits
from leadglass.net.listener import serve_dicom
from leadglass.net.service import Closing, DataSink, FaultKind, ServedAssociation
from leadglass.terms.errors import UserFault

STORE = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.3")
ECHO = message_bytes(1, CEchoRq(message_id=1))


async def test_a_taken_port_is_said_so() -> None:
    counted = Counted()
    async with open_door(counted) as door:
        with pytest.raises(UserFault, match=f"port {door.port} is taken"):
            await serve_dicom("127.0.0.1", door.port, counted.service, on_fault=counted.on_fault)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_of_another_machine_is_said_so(host: str) -> None:
    counted = Counted()
    with pytest.raises(UserFault, match=f"{host} is no address of this machine"):
        await serve_dicom(host, 0, counted.service, on_fault=counted.on_fault)


async def test_every_address_of_a_name_is_listened_at_on_one_port() -> None:
    counted = Counted()
    listener = await serve_dicom("localhost", 0, counted.service, on_fault=counted.on_fault)
    try:
        for family, _, _, _, address in socket.getaddrinfo("localhost", listener.port, type=socket.SOCK_STREAM):
            with socket.socket(family) as sock:
                sock.settimeout(5)
                sock.connect(address)
    finally:
        await listener.close(0)


async def test_more_than_512_are_served_at_once_and_the_next_waits_its_turn() -> None:
    counted = Counted()
    limits = Limits(max_connections=520, max_connections_per_address=1000)
    async with open_door(counted, limits=limits) as door, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(raw_peer(door.port)) for _ in range(520)]
        assert set(await asyncio.gather(*(peer.associate(VERIFICATION) for peer in peers))) == {ASSOCIATE_AC}
        late = await stack.enter_async_context(raw_peer(door.port))  # held by the kernel
        waiting = asyncio.ensure_future(late.associate(VERIFICATION))
        await asyncio.gather(*(peer.send(ECHO) for peer in peers))
        assert {(await peer.read_pdu())[0] for peer in peers} == {P_DATA_TF}
        assert not waiting.done()
        peers[0].writer.transport.abort()
        assert await waiting == ASSOCIATE_AC
    assert counted.closings.count(Closing.ABORTED) + counted.closings.count(Closing.LOST) == 521


async def test_one_address_may_not_take_all() -> None:
    counted = Counted()
    async with open_door(counted, limits=Limits(max_connections_per_address=2)) as door, AsyncExitStack() as stack:
        first, second, third = [await stack.enter_async_context(raw_peer(door.port)) for _ in range(3)]
        assert await first.associate(VERIFICATION) == ASSOCIATE_AC
        assert await second.associate(VERIFICATION) == ASSOCIATE_AC
        await third.wait_closed()
    assert counted.faults == [(FaultKind.LIMIT, "127.0.0.1", "too many connections from this address")]


async def test_doors_can_share_their_ceilings() -> None:
    counted = Counted()
    limits = Limits(max_connections=1)
    inside = Connections(limits)
    doors = [
        await serve_dicom("127.0.0.1", 0, counted.service, limits=limits, connections=inside, on_fault=counted.on_fault)
        for _ in range(2)
    ]
    async with raw_peer(doors[0].port) as one:
        assert await one.associate(VERIFICATION) == ASSOCIATE_AC
        assert inside.total == 1
    for door in doors:
        await door.close(0.1)
    assert inside.total == 0


class Held(CountingService):
    """Answers only when let go."""

    go = asyncio.Event()
    started = asyncio.Event()

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        self.started.set()
        await self.go.wait()
        await super().respond(served, context, command, data)


@pytest.fixture
def held() -> Counted:
    counted = Counted()
    Held.go, Held.started = asyncio.Event(), asyncio.Event()
    counted.factory = lambda: Held(counted)
    return counted


async def _established(peer: RawPeer) -> RawPeer:
    assert await peer.associate(VERIFICATION, CT) == ASSOCIATE_AC
    return peer


async def test_closing_finishes_what_is_in_progress_and_aborts_the_rest(held: Counted) -> None:
    async with open_door(held) as door, AsyncExitStack() as stack:
        busy, idle, half = [await _established(await stack.enter_async_context(raw_peer(door.port))) for _ in range(3)]
        await busy.send(ECHO * 2)
        await half.send(
            message_bytes(
                3, CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="1"), b"x" * 99
            )[:-9]
        )
        await Held.started.wait()
        closing = asyncio.ensure_future(door.close(grace=20))
        assert (await idle.read_pdu())[0] == ABORT
        assert (await half.read_pdu())[0] == ABORT
        assert not closing.done()
        Held.go.set()
        assert (await busy.read_pdu())[0] == P_DATA_TF  # the one in progress is answered
        assert (await busy.read_pdu())[0] == ABORT  # the one behind it is not
        for peer in (busy, idle, half):
            peer.writer.transport.abort()
        await closing
    assert len(held.commands) == 1
    assert held.closings == [Closing.ABORTED] * 3


async def test_closing_does_not_wait_for_peers_that_do_not_hang_up() -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await _established(peer)
        await asyncio.wait_for(door.close(grace=3600), 10)
        assert (await peer.read_pdu())[0] == ABORT
    assert counted.closings == [Closing.ABORTED]


async def test_grace_has_an_end(held: Counted) -> None:
    async with open_door(held) as door, raw_peer(door.port) as peer:
        await _established(peer)
        await peer.send(ECHO)
        await Held.started.wait()
        await asyncio.wait_for(door.close(grace=0.05), 10)
        await peer.wait_closed()
    assert held.closings == [Closing.ABORTED]


async def test_nobody_is_let_in_any_more() -> None:
    async with open_door(Counted()) as door:
        port = door.port
    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        await asyncio.open_connection("127.0.0.1", port)
