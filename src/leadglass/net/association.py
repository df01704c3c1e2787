"""An established association as its user sees it: the sending side, and the facts. Serves acceptor and requestor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Final

from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_data, frame_message, frame_size
from leadglass.dicom.dimse.messages import CCancelRq, Message, Request, Response
from leadglass.dicom.dimse.statuses import is_pending
from leadglass.dicom.upperlayer import AssociateRq, NegotiatedContext
from leadglass.net.errors import AssociationLost, ResponseOverdue
from leadglass.net.exchange import Exchange
from leadglass.net.replies import Reply, ReplyBox
from leadglass.net.service import Buffer
from leadglass.terms.ae_title import AETitle
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import LocalViolation, PeerViolation
from leadglass.terms.evidence import Evidence

__all__ = ["EstablishedAssociation"]

_SLICE: Final = MIB
"""Bytes of a data set framed in one go, before others get their turn."""


class EstablishedAssociation:
    """What `ServedAssociation` promises, over an `Exchange`."""

    def __init__(self, exchange: Exchange, associate_rq: AssociateRq, evidence: Evidence) -> None:
        self.associate_rq = associate_rq
        self.evidence = evidence
        self._exchange = exchange
        self._driver = exchange.driver
        self._sending = asyncio.Lock()  # fragments of two messages must not mix (PS3.7 §6.3)

    @property
    def contexts(self) -> Mapping[int, NegotiatedContext]:
        return self._driver.engine.contexts

    @property
    def peer_max_pdu_length(self) -> int:
        return self._driver.engine.peer_max_pdu_length

    @property
    def calling_ae_title(self) -> AETitle:
        return self.associate_rq.calling_ae_title

    @property
    def is_open(self) -> bool:
        return self._exchange.how is None

    def is_cancelled(self, message_id: int) -> bool:
        return self._exchange.is_cancelled(message_id)

    def next_message_id(self) -> int:
        return self._exchange.replies.next_message_id()

    def abort(self) -> None:
        self._exchange.abort()

    async def send(self, context: NegotiatedContext, message: Message, data_set: Buffer | None = None) -> None:
        """Send one message. Returns when it is written or safely queued below MAX_SEND_BACKLOG; raises
        AssociationLost if the association is over."""
        async with self._sending:
            if data_set is not None and len(data_set) > _SLICE:
                await self._send_chunks(context, message, _slices(memoryview(data_set)))
                return
            command = encode_command(message, has_data_set=data_set is not None)
            self._write(frame_message(context.presentation_context_id, command, data_set, self._room()))
            await self._driver.drain()

    async def send_stream(self, context: NegotiatedContext, message: Message, chunks: AsyncIterator[Buffer]) -> None:
        """Send a message whose data set comes in chunks. If the chunks raise, the association is aborted (half a
        data set cannot be taken back) and the error goes on to the caller."""
        async with self._sending:
            await self._send_chunks(context, message, chunks)

    async def request(
        self,
        context: NegotiatedContext,
        message: Request,
        data_set: Buffer | AsyncIterator[Buffer] | None = None,
        *,
        within: float | None = None,
    ) -> Response:
        """Send a request of ours and return its (last) response. Raises AssociationLost, or ResponseOverdue after
        `within` seconds without one (its idle time if None); an overdue association is aborted."""
        final: Response | None = None
        async with aclosing(self.responses(context, message, data_set, within=within)) as replies:
            async for reply in replies:
                final = reply.message
        assert final is not None  # there is one, or an exception
        return final

    async def responses(
        self,
        context: NegotiatedContext,
        message: Request,
        data_set: Buffer | AsyncIterator[Buffer] | None = None,
        *,
        within: float | None = None,
    ) -> AsyncGenerator[Reply, None]:
        """Like `request`, for operations with many responses (C-FIND, C-GET, C-MOVE): each one, the final one last.

        Who stops early should `cancel`; responses that still come are dropped.
        """
        box = await self._ask(context, message, data_set)
        is_answered = False
        try:
            while not is_answered:
                reply = await self._next(box, within)
                is_answered = not is_pending(reply.message.status)
                yield reply
        finally:
            if is_answered:
                self._exchange.replies.close(message.message_id)
            else:
                self._exchange.replies.abandon(message.message_id)

    async def cancel(self, context: NegotiatedContext, message_id: int) -> None:
        """Send a C-CANCEL for a request of ours; its responses still come, the last one says what became of it."""
        await self.send(context, CCancelRq(message_id_being_responded_to=message_id))

    # --- sending ---------------------------------------------------------------------------------------------

    async def _ask(
        self, context: NegotiatedContext, message: Request, data_set: Buffer | AsyncIterator[Buffer] | None
    ) -> ReplyBox:
        box = self._exchange.replies.open(message.message_id)
        if box is None:
            raise LocalViolation("a request with this message ID is open already")
        try:
            if data_set is None or isinstance(data_set, Buffer):
                await self.send(context, message, data_set)
            else:
                await self.send_stream(context, message, data_set)
        except BaseException:
            self._exchange.replies.close(message.message_id)
            raise
        self._exchange.make_room_for_replies()
        return box

    async def _next(self, box: ReplyBox, within: float | None) -> Reply:
        try:
            async with asyncio.timeout(self._driver.idle_seconds if within is None else within):
                return await box.next()
        except TimeoutError:
            self.abort()
            raise ResponseOverdue("the peer did not answer in time") from None

    async def _send_chunks(self, context: NegotiatedContext, message: Message, chunks: AsyncIterator[Buffer]) -> None:
        """A chunk is framed (that is, copied) before the next is asked for, all but its tail: which fragment is the
        last is known only at the end, and some peers do not like it empty."""
        room, context_id = self._room(), context.presentation_context_id
        framed = frame_message(context_id, encode_command(message, has_data_set=True), None, room)
        tail, tail_length = b"", frame_size(room)
        has_begun = False
        try:
            async for chunk in chunks:
                for piece in _pieces(memoryview(chunk)):
                    cut = max(0, len(piece) - tail_length)
                    framed += frame_data(context_id, tail, room, last=False)
                    framed += frame_data(context_id, piece[:cut], room, last=False)
                    tail = bytes(piece[cut:])
                    self._write(framed)
                    has_begun, framed = True, []
                    await asyncio.sleep(0)  # others' turn
                    await self._driver.drain()
            self._write([*framed, *frame_data(context_id, tail, room, last=True)])
        except BaseException:
            if has_begun:
                self.abort()
            raise
        await self._driver.drain()

    def _write(self, buffers: Iterable[Buffer]) -> None:
        if self._exchange.how is not None:
            raise AssociationLost(f"the association is over: {self._exchange.how}")
        self._driver.send(buffers)

    def _room(self) -> int:
        """The peer's maximum PDU length, if it is one we can live with; if not, the association ends here."""
        room = self.peer_max_pdu_length
        try:
            frame_size(room)
        except PeerViolation as violation:
            self.abort()
            raise AssociationLost(str(violation)) from None
        return room


def _pieces(chunk: memoryview) -> Iterable[memoryview]:
    return (chunk[at : at + _SLICE] for at in range(0, len(chunk), _SLICE))


async def _slices(data: memoryview) -> AsyncIterator[Buffer]:
    for piece in _pieces(data):
        yield piece
