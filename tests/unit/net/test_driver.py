"""The driver with a clock and a transport moved by hand: timers, back-pressure, hanging up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from helpers.counting_service import CT, SHORT_OFFER, VERIFICATION
from helpers.manual_loop import ManualLoop, ManualTransport
from helpers.requests import association_request
from leadglass.dicom.upperlayer import (
    Aborted,
    AssociateRequested,
    Association,
    ConnectionClosed,
    Event,
    PdvReceived,
    State,
    encode_pdu,
    negotiate,
)
from leadglass.net.driver import Driver, receive_buffer
from leadglass.net.errors import AssociationLost
from leadglass.net.limits import Limits
from leadglass.terms.ceilings import MAX_SEND_BACKLOG

LIMITS = Limits(artim_seconds=30, idle_seconds=300)
ABORT = 0x07


class Listener:
    """An owner that remembers, and lends an eye to the data while it is there."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.data = bytearray()
        self.is_occupied = False
        self.commands_received = 0
        self.complaints: list[str] = []

    def gave_up(self, why: str) -> None:
        self.complaints.append(why)

    def happened(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, PdvReceived):
            self.data += event.data


class Bench:
    """A driver with everything around it."""

    def __init__(self) -> None:
        self.loop = ManualLoop()
        self.owner = Listener()
        self.transport = ManualTransport()
        self.first: list[bytes] = []
        self.socket = socket.socket()
        self.buffer = receive_buffer()
        engine = Association(is_requestor=False, artim_seconds=30, idle_seconds=300)
        self.driver = Driver(
            engine,
            self.owner,
            self.socket,
            self.buffer,
            LIMITS,
            on_first_bytes=lambda data: self.first.append(bytes(data)),
        )
        self.driver._loop = self.loop.as_loop()
        self.driver.connection_made(self.transport.as_transport())

    def receive(self, data: bytes) -> None:
        self.driver.get_buffer(-1)[: len(data)] = data
        self.driver.buffer_updated(len(data))

    def establish(self) -> None:
        request = association_request(VERIFICATION, CT)
        self.receive(encode_pdu(request))
        answer = negotiate(request, SHORT_OFFER)
        self.driver.act(lambda now: self.driver.engine.accept(answer.accept, answer.contexts, now))
        self.transport.written.clear()
        assert self.driver.is_open

    @property
    def was_aborted(self) -> bool:
        return bool(self.transport.written) and self.transport.written[0] == ABORT


@pytest.fixture
async def bench() -> Iterator[Bench]:  # type: ignore[misc]  # async so that a loop runs
    bench = Bench()
    yield bench
    bench.socket.close()


async def test_events_are_handed_on_and_answers_written(bench: Bench) -> None:
    bench.establish()
    assert isinstance(bench.owner.events[0], AssociateRequested)
    bench.receive(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x02ab")
    assert bytes(bench.owner.data) == b"ab"


async def test_first_bytes_are_shown_once(bench: Bench) -> None:
    bench.establish()
    bench.receive(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x02ab")
    assert len(bench.first) == 1
    assert bench.first[0][0] == 0x01


async def test_one_write_for_all_buffers(bench: Bench) -> None:
    bench.establish()
    before = bench.transport.writes
    bench.driver.send([b"ab", bytearray(b"cd"), memoryview(b"ef")])
    assert bench.transport.writes == before + 1
    assert bench.transport.written == b"abcdef"


async def test_who_says_nothing_is_hung_up_on(bench: Bench) -> None:
    bench.loop.advance(29.9)
    assert bench.transport.how_closed == ""
    bench.loop.advance(0.2)
    assert bench.transport.how_closed == "closed"
    assert bench.owner.complaints == ["no association request came in time"]
    bench.loop.advance(5)
    assert bench.transport.how_closed == "cut"


async def test_bytes_do_not_prolong_the_time_to_ask(bench: Bench) -> None:
    for byte in encode_pdu(association_request(VERIFICATION))[:31]:
        bench.receive(bytes([byte]))
        bench.loop.advance(1)
    assert bench.transport.how_closed == "closed"


async def test_silence_ends_an_association(bench: Bench) -> None:
    bench.establish()
    bench.loop.advance(299)
    assert bench.driver.is_open
    bench.loop.advance(2)
    assert bench.was_aborted
    assert bench.owner.complaints == ["the peer fell silent"]
    assert not bench.driver.is_open


async def test_silence_while_we_work_is_only_manners(bench: Bench) -> None:
    bench.establish()
    bench.owner.is_occupied = True
    bench.loop.advance(10_000)
    assert bench.driver.is_open
    bench.owner.is_occupied = False
    bench.loop.advance(601)
    assert bench.was_aborted


async def test_silence_while_we_do_not_read_is_ours(bench: Bench) -> None:
    bench.establish()
    bench.driver.hold("congested")
    bench.loop.advance(10_000)
    assert bench.driver.is_open


async def test_a_byte_now_and_then_is_no_conversation(bench: Bench) -> None:
    bench.establish()
    bench.receive(b"\x04\x00\x00\x00\x10\x06\x00\x00\x10\x02\x01\x00")  # a fragment of 4 KiB begins
    for _ in range(40):
        bench.loop.advance(30)
        if bench.transport.how_closed or bench.was_aborted:
            break
        bench.receive(b"\x00")
    assert bench.was_aborted
    assert bench.loop.now - 1000 <= 900
    assert bench.owner.complaints == ["the peer sends next to nothing"]


async def test_short_messages_now_and_then_are_a_conversation(bench: Bench) -> None:
    bench.establish()
    for _ in range(40):
        bench.loop.advance(200)
        bench.receive(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x02ab")
        bench.owner.commands_received += 1
    assert bench.driver.is_open


async def test_who_does_not_read_is_cut_off(bench: Bench) -> None:
    bench.establish()
    bench.driver.pause_writing()
    bench.transport.backlog = MAX_SEND_BACKLOG + 1
    bench.owner.is_occupied = True
    waiting = asyncio.ensure_future(bench.driver.drain())
    bench.loop.advance(301)
    assert bench.driver.is_open  # seen once
    bench.loop.advance(300)
    assert bench.transport.how_closed == "cut"
    assert bench.owner.complaints == ["the peer stopped reading"]
    bench.driver.connection_lost(None)
    await waiting


async def test_who_reads_slowly_is_waited_for(bench: Bench) -> None:
    bench.establish()
    bench.driver.pause_writing()
    bench.owner.is_occupied = True
    for backlog in range(100, 0, -10):
        bench.transport.backlog = backlog
        bench.loop.advance(300)
    assert bench.driver.is_open


async def test_draining_waits_for_the_peer(bench: Bench) -> None:
    bench.establish()
    assert bench.transport.high_water == MAX_SEND_BACKLOG
    await bench.driver.drain()
    bench.driver.pause_writing()
    waiting = asyncio.ensure_future(bench.driver.drain())
    await asyncio.sleep(0)
    assert not waiting.done()
    bench.driver.resume_writing()
    await waiting


async def test_reading_stops_while_anybody_holds_it(bench: Bench) -> None:
    bench.establish()
    bench.driver.hold("a")
    bench.driver.hold("b")
    bench.driver.unhold("a")
    assert not bench.transport.is_reading
    bench.driver.unhold("a")
    assert not bench.transport.is_reading
    bench.driver.unhold("b")
    assert bench.transport.is_reading


async def test_sending_when_it_is_over(bench: Bench) -> None:
    bench.establish()
    bench.driver.abort()
    with pytest.raises(AssociationLost):
        bench.driver.send([b"x"])


async def test_an_abort_is_written_and_the_peer_given_time_to_close(bench: Bench) -> None:
    bench.establish()
    bench.driver.abort()
    assert bench.was_aborted
    assert bench.transport.how_closed == ""
    bench.loop.advance(31)
    assert bench.transport.how_closed == "closed"


async def test_after_an_abort_neither_holds_nor_backlog_keep_it_alive(bench: Bench) -> None:
    bench.establish()
    bench.driver.hold("queue")
    bench.driver.pause_writing()
    bench.transport.backlog = 1000
    bench.driver.abort()
    bench.driver.let_go()
    await bench.driver.drain()
    assert bench.transport.is_reading
    bench.loop.advance(31)
    assert bench.transport.how_closed == "closed"
    bench.loop.advance(5)
    assert bench.transport.how_closed == "cut"


async def test_abort_is_harmless_at_any_time(bench: Bench) -> None:
    bench.driver.abort()
    bench.driver.abort()
    bench.driver.connection_lost(None)
    bench.driver.abort()
    bench.driver.hang_up()


async def test_a_lost_connection_is_told_once_and_resolves_closed(bench: Bench) -> None:
    bench.establish()
    bench.driver.connection_lost(OSError("reset"))
    assert [event for event in bench.owner.events if isinstance(event, ConnectionClosed)] == [
        ConnectionClosed(lost=True)
    ]
    assert bench.driver.closed.done()
    assert isinstance(bench.driver.lost_because, OSError)
    bench.loop.advance(10_000)  # no timer is left behind
    assert bench.driver.engine.state is State.IDLE


async def test_end_of_file_hangs_up_in_bounded_time(bench: Bench) -> None:
    bench.establish()
    bench.driver.eof_received()
    assert bench.transport.how_closed == "closed"
    bench.loop.advance(5)
    assert bench.transport.how_closed == "cut"


async def test_garbage_is_answered_by_the_engine(bench: Bench) -> None:
    bench.receive(b"\x99" * 100)
    assert bench.was_aborted
    assert any(isinstance(event, Aborted) for event in bench.owner.events) or bench.driver.engine.violation is not None
