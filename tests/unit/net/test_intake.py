"""The intake: pieces of data sets to their sinks, and what a sink may do wrong."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from helpers.counting_service import CT
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CEchoRq, CStoreRq, Message
from leadglass.dicom.upperlayer import NegotiatedContext, PdvReceived
from leadglass.net import intake as intake_module
from leadglass.net.driver import Driver
from leadglass.net.intake import Intake
from leadglass.net.service import DataSink
from leadglass.net.sinks import BytesSink
from leadglass.terms.errors import CeilingReached, OutOfSpace, PeerViolation, StorageFault

CONTEXT = NegotiatedContext(1, CT, "1.2.840.10008.1.2", we_are_scu=False, we_are_scp=True)
STORE = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.3")


class FakeDriver:
    """Its engine has one context; it remembers what holds it."""

    def __init__(self) -> None:
        self.engine = self
        self.contexts = {1: CONTEXT}
        self.holds: list[str] = []

    def hold(self, why: str) -> None:
        self.holds.append(why)

    def unhold(self, why: str) -> None:
        self.holds.remove(why)


class Desk:
    """Gives out the sink it was given, and keeps what arrives."""

    def __init__(self, sink: DataSink) -> None:
        self.sink = sink
        self.messages: list[tuple[Message, DataSink | None]] = []

    def sink_for(self, context: NegotiatedContext, message: Message) -> DataSink:
        assert context is CONTEXT
        return self.sink

    def arrived(self, context: NegotiatedContext, message: Message, sink: DataSink | None) -> None:
        self.messages.append((message, sink))


def made(sink: DataSink) -> tuple[Intake, Desk, FakeDriver]:
    desk, driver = Desk(sink), FakeDriver()
    return Intake(cast(Driver, driver), desk), desk, driver


def command(message: Message, context: int = 1) -> PdvReceived:
    return PdvReceived(context, True, True, memoryview(encode_command(message)))


def data(content: bytes, *, last: bool = False) -> PdvReceived:
    return PdvReceived(1, False, last, memoryview(content))


async def test_a_message_arrives_when_its_data_set_is_complete() -> None:
    sink = BytesSink()
    intake, desk, _ = made(sink)
    intake.take(command(STORE))
    intake.take(data(b"ab"))
    assert desk.messages == []
    intake.take(data(b"cd", last=True))
    assert desk.messages == [(STORE, sink)]
    assert sink.data == b"abcd"
    intake.take(command(CEchoRq(message_id=2)))
    assert desk.messages[1] == (CEchoRq(message_id=2), None)
    assert intake.commands_received == 2


async def test_a_context_that_was_not_accepted() -> None:
    intake, _, _ = made(BytesSink())
    with pytest.raises(PeerViolation, match="not accepted"):
        intake.take(command(STORE, context=3))


async def test_an_object_has_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "MAX_OBJECT", 10)
    intake, _, _ = made(BytesSink())
    intake.take(command(STORE))
    intake.take(data(bytes(10)))
    with pytest.raises(CeilingReached, match="MAX_OBJECT"):
        intake.take(data(b"x"))


async def test_a_sink_that_cannot_finish_arrives_with_its_fault() -> None:
    class Unfinished(BytesSink):
        discards = 0

        def finish(self) -> None:
            raise StorageFault("disk")

        def discard(self) -> None:
            self.discards += 1

    sink = Unfinished()
    intake, desk, _ = made(sink)
    intake.take(command(STORE))
    intake.take(data(b"ab", last=True))
    assert isinstance(sink.fault, StorageFault)
    assert sink.discards == 1
    assert desk.messages == [(STORE, sink)]


async def test_a_sink_that_is_never_relieved_but_fails_is_drained() -> None:
    class Hopeless(BytesSink):
        congested = True  # type: ignore[assignment]

        async def wait_relieved(self) -> None:
            raise OutOfSpace("no room")

    sink = Hopeless()
    intake, desk, driver = made(sink)
    intake.take(command(STORE))
    intake.take(data(b"ab"))
    assert driver.holds
    intake.take(data(b"cd"))
    assert len(driver.holds) == 1  # asked for relief once
    for _ in range(3):
        await asyncio.sleep(0)
    assert driver.holds == []
    assert isinstance(sink.fault, OutOfSpace)
    intake.take(data(b"ef", last=True))
    assert desk.messages == [(STORE, sink)]


async def test_stopping_drops_what_is_half_received() -> None:
    class Watched(BytesSink):
        discards = 0

        def discard(self) -> None:
            self.discards += 1

    sink = Watched()
    intake, desk, _ = made(sink)
    intake.take(command(STORE))
    intake.take(data(b"ab"))
    intake.stop()
    intake.stop()
    assert sink.discards == 1
    assert desk.messages == []
