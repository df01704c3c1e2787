"""From presentation data values to whole messages: commands decoded, data sets led into their sinks.

All of it runs in the driver's receive path. Nothing is collected here: a piece of a data set goes to its sink as the
view it came as, and a message is handed on when its last piece is in.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from leadglass.dicom.dimse.assembler import CommandReceived, DataReceived, MessageAssembler
from leadglass.dicom.dimse.messages import Message
from leadglass.dicom.upperlayer import NegotiatedContext, PdvReceived
from leadglass.net.driver import Driver
from leadglass.net.service import DataSink
from leadglass.terms.ceilings import MAX_OBJECT
from leadglass.terms.errors import CeilingReached, LeadglassError, PeerAnswer, PeerViolation

__all__ = ["Consumer", "Intake"]

_CONGESTED: Final = "a sink is congested"


class Consumer(Protocol):
    """Who gets the messages. Both may raise PeerViolation: the message has no place here."""

    def sink_for(self, context: NegotiatedContext, message: Message) -> DataSink:
        """Where the data set that `message` announces shall go."""

    def arrived(self, context: NegotiatedContext, message: Message, sink: DataSink | None) -> None:
        """A message is complete, its data set in `sink` if it has one."""


@dataclass(slots=True)
class _Incoming:
    """A message whose data set is arriving."""

    context: NegotiatedContext
    message: Message
    sink: DataSink
    length: int = 0


class Intake:
    """The receiving half of one association."""

    __slots__ = ("_assembler", "_consumer", "_driver", "_incoming", "_relief", "commands_received")

    def __init__(self, driver: Driver, consumer: Consumer) -> None:
        self.commands_received = 0
        self._driver = driver
        self._consumer = consumer
        self._assembler = MessageAssembler()
        self._incoming: _Incoming | None = None
        self._relief: asyncio.Task[None] | None = None

    def take(self, event: PdvReceived) -> None:
        """Take a piece of a PDV. Raises PeerViolation if it has no place here; then there is nothing more to take."""
        for part in self._assembler.feed(
            event.presentation_context_id, event.is_command, event.is_last, event.data, event.begins_pdv
        ):
            if isinstance(part, DataReceived):
                self._data_received(part.data)
            elif isinstance(part, CommandReceived):
                self._command_received(part)
            else:
                self._data_ended()

    def stop(self) -> None:
        """No more will come: what is half received is dropped."""
        if self._incoming is not None:
            self._incoming.sink.discard()
            self._incoming = None
        if self._relief is not None:
            self._relief.cancel()

    def _command_received(self, part: CommandReceived) -> None:
        self.commands_received += 1
        message = part.message
        context = self._driver.engine.contexts.get(part.presentation_context_id)
        if context is None:
            raise PeerViolation(
                "a message on a context that was not accepted", answer=PeerAnswer(abort_reason=5), clause="PS3.8 §7.6"
            )
        if message.has_data_set:
            self._incoming = _Incoming(context, message, self._consumer.sink_for(context, message))
        else:
            self._consumer.arrived(context, message, None)

    def _data_received(self, data: memoryview) -> None:
        incoming = self._incoming
        assert incoming is not None  # the assembler lets data through only after its command
        incoming.length += len(data)
        if incoming.length > MAX_OBJECT:
            raise CeilingReached("MAX_OBJECT", MAX_OBJECT, incoming.length, answer=PeerAnswer(abort_reason=6))
        sink = incoming.sink
        if sink.fault is not None:
            return
        try:
            sink.write(data)
        except LeadglassError as fault:
            _fail(sink, fault)
            return
        if sink.congested and self._relief is None:
            self._driver.hold(_CONGESTED)
            self._relief = asyncio.get_running_loop().create_task(self._relieve(sink))

    async def _relieve(self, sink: DataSink) -> None:
        try:
            await sink.wait_relieved()
        except LeadglassError as fault:
            _fail(sink, fault)
        finally:
            self._relief = None
            self._driver.unhold(_CONGESTED)

    def _data_ended(self) -> None:
        incoming = self._incoming
        assert incoming is not None
        self._incoming = None
        sink = incoming.sink
        if sink.fault is None:
            try:
                sink.finish()
            except LeadglassError as fault:
                _fail(sink, fault)
        self._consumer.arrived(incoming.context, incoming.message, sink)


def _fail(sink: DataSink, fault: LeadglassError) -> None:
    sink.fault = fault
    sink.discard()
