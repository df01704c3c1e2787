"""HTTP/1.1 on one TLS stream: uvicorn's protocol with a ceiling on everything that a stranger can make grow or last.

Sizes: the request line, the head as a whole, the number of headers, requests sent before the last one was answered,
and what still comes of a body after its answer. Times: the head of a request, a pause between two requests, and a
standstill within one, whether the peer stopped sending or stopped reading.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from leadglass.net.limits import Limits
from leadglass.net.service import FaultKind, OnFault
from leadglass.net.streams import shown_by
from leadglass.terms.ceilings import (
    MAX_BODY_DISCARDED,
    MAX_REQUEST_HEAD,
    MAX_REQUEST_HEADERS,
    MAX_REQUEST_LINE,
    MAX_REQUESTS_WAITING,
    MAX_WEB_SEND_BACKLOG,
)
from leadglass.web.raw_answers import raw_answer

__all__ = ["WebDoor", "WebProtocol"]

_FAREWELL_SECONDS: Final = 0.5
"""How long an idle peer gets to take note that we are closing."""
_UNREAD_SECONDS: Final = 5.0
"""How long the rest of a body is still read after its answer: a sender that never stops sending would otherwise see a
reset instead of the answer."""


@dataclass(frozen=True, slots=True)
class WebDoor:
    """What all connections of the door share."""

    config: Config
    state: ServerState
    limits: Limits
    on_fault: OnFault


class _TooMuch(Exception):
    """Raised within the parser; the parser turns it into an error of its own."""


class WebProtocol(HttpToolsProtocol):
    """One connection. `closed` is done when it is lost."""

    def __init__(self, door: WebDoor, address: str) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(door.config, door.state, {"address": address, "certificate": None}, loop)
        self.closed: asyncio.Future[None] = loop.create_future()
        self._door = door
        self._address = address
        self._fault = (400, "Bad request")
        self._is_in_message = False
        self._is_in_head = False
        self._head_waiting = 0  # bytes of a head that is not complete yet, from its second portion on
        self._head_parsed = 0
        self._discarded = 0
        self._received = 0
        self._resumed = 0  # how often the peer read so much that we could go on writing
        self._head_timer: asyncio.TimerHandle | None = None
        self._standstill_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    def drain(self) -> None:
        """Finish the answer in progress, then close; close at once if there is none."""
        is_idle = self._is_idle
        self.shutdown()
        if is_idle:  # nothing can be lost: a browser that rests does not hold up the end
            self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)

    def cut(self) -> None:
        """Close now, whatever is in progress."""
        self.transport.abort()

    # --- the stream ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state["certificate"], fault = shown_by(transport)
        if fault:
            self._door.on_fault(FaultKind.TLS, self._address, fault)
        transport.set_write_buffer_limits(high=MAX_WEB_SEND_BACKLOG)
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._standstill_timer, self._unread_timer):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._received += len(data)
        if self._is_in_head:  # counted here too: the parser gathers an endless header without a word
            self._head_waiting += len(data)
            if self._head_waiting > MAX_REQUEST_HEAD:
                self._refuse(431, "Request head too large")
                return
        elif self._is_idle and not self._is_in_message and self._head_timer is None:
            self._await_head()
        super().data_received(data)
        if self.parser is not None and self.cycle is not None and self.parser.should_upgrade():
            self.cycle.keep_alive = False  # no other protocol is spoken here, and this one ends with the answer

    def resume_writing(self) -> None:
        self._resumed += 1
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        del msg
        self._refuse(*self._fault)

    # --- the parser ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_REQUESTS_WAITING:
            raise _TooMuch
        self._is_in_message = self._is_in_head = True
        self._head_waiting = self._head_parsed = self._discarded = 0
        if self._head_timer is None:
            self._await_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_REQUEST_LINE:
            self._fault = (414, "Address too long")
            raise _TooMuch

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:
            raise _TooMuch  # trailers are asked for by nobody, and would be mixed with the headers
        super().on_header(name, value)
        self._head_parsed += len(name) + len(value)
        if len(self.headers) > MAX_REQUEST_HEADERS or self._head_parsed > MAX_REQUEST_HEAD:
            self._fault = (431, "Request head too large")
            raise _TooMuch

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # not part of HTTP/1.0 (RFC 9110 §10.1.1)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()
        if self._standstill_timer is None:
            self._watch()

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > MAX_BODY_DISCARDED:
                self.transport.abort()
        elif not self.cycle.body:
            # As it is, where uvicorn would copy it into a buffer and out again: this is the hot path of storing.
            self.cycle.body = body  # type: ignore[assignment]
            if len(body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            self.cycle.message_event.set()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_message = False
        if self._unread_timer is not None:  # read to its end: the connection is good for another request
            self._unread_timer.cancel()
            self._unread_timer = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        is_in_body = self._is_idle and self._is_in_message and not self._is_in_head
        if is_in_body and not self.transport.is_closing():
            self._unread_timer = self.loop.call_later(_UNREAD_SECONDS, self.transport.close)
        super().on_response_complete()

    @property
    def _is_idle(self) -> bool:
        """No request is being answered."""
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    # --- times -----------------------------------------------------------------------------------------------

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self._door.limits.artim_seconds, self._head_overdue)

    def _head_overdue(self) -> None:
        self._head_timer = None
        if self._is_idle:
            self._refuse(408, "Request not finished in time")
        else:  # an answer is in progress: nothing is put into the middle of it
            self._await_head()

    def _watch(self, received: int = -1, unsent: tuple[int, int] | None = None) -> None:
        """Cuts the connection if a request stands still: compares with what stood `idle_seconds` ago."""
        self._standstill_timer = None
        if self._is_idle:
            return
        # While we do not read, or have yet to say that we will, the peer cannot move: that is not held against it.
        is_our_turn = self.flow.read_paused or self.cycle.waiting_for_100_continue
        now_received = -1 if is_our_turn or not self.cycle.more_body else self._received
        now_unsent = (self._resumed, self.transport.get_write_buffer_size()) if self.flow.write_paused else None
        is_mute = now_received != -1 and now_received == received
        is_deaf = now_unsent is not None and now_unsent == unsent
        if is_mute or is_deaf:
            self._door.on_fault(FaultKind.LIMIT, self._address, "a request stood still for too long")
            self.transport.abort()
            return
        seconds = self._door.limits.idle_seconds
        self._standstill_timer = self.loop.call_later(seconds, self._watch, now_received, now_unsent)

    def _refuse(self, status: int, title: str) -> None:
        """Answers what never became a request, and hangs up."""
        if status != 408:
            self._door.on_fault(FaultKind.PROTOCOL, self._address, f"{title.lower()}: no request was made of it")
        if self._is_idle:  # else the answer would be mixed into another
            self.transport.write(raw_answer(status, title))
        self.transport.close()
