"""One connection that we open: a conversation, a socket, and patience."""

from __future__ import annotations

import asyncio
import errno
import select
import socket
from time import perf_counter
from typing import Final

from leadglass.net.conversing.facts import Conversation, Ending, Patience, Turn
from leadglass.net.conversing.switchboard import Switchboard
from leadglass.net.sockets import rearm_quickack
from leadglass.terms.ceilings import KIB

__all__ = ["LOCAL_FAULTS", "Line"]

_PORTION: Final = 64 * KIB
_BULK: Final = 16 * KIB
"""Bytes a second: who sends faster than this is not hung up on in the middle of much that was asked for …"""
_MOST_TIMES: Final = 20
"""… before so many times the patience in all has passed. Who drips gets next to nothing of it."""
_NO_WAY: Final = {
    errno.ECONNREFUSED: Ending.REFUSED,
    errno.ETIMEDOUT: Ending.SILENT,
    errno.ECONNRESET: Ending.RESET,  # it stood, and was reset before we looked
}
_LOST: Final = {
    errno.ECONNRESET: Ending.RESET,
    errno.EPIPE: Ending.RESET,
    errno.ETIMEDOUT: Ending.STALLED,
    errno.EHOSTUNREACH: Ending.STALLED,
    errno.ENETUNREACH: Ending.STALLED,
}
LOCAL_FAULTS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Not the peer's doing: this machine has no descriptor, memory or port left. Trying again in a moment helps."""


class Line:
    """`done` is resolved with how it ended. Made by `converse`, on a socket that is connecting."""

    __slots__ = (
        "_answer_seconds",
        "_board",
        "_conversation",
        "_ends_at",
        "_held",
        "_is_open",
        "_latest",
        "_loop",
        "_over_at",
        "_says_at",
        "_socket",
        "_timer",
        "_unsent",
        "began_at",
        "bytes_received",
        "bytes_sent",
        "connected_at",
        "deadline",
        "descriptor",
        "done",
        "spoke",
        "turn",
    )

    def __init__(
        self,
        sock: socket.SocketType,
        conversation: Conversation,
        patience: Patience,
        board: Switchboard,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._socket = sock
        self._conversation = conversation
        self._answer_seconds = patience.for_answer
        self._board = board
        self._loop = loop
        self._unsent = b""
        self.turn: Turn | None = None
        self._held = b""  # to be said when it is our turn
        self._says_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.descriptor = sock.fileno()
        self.done: asyncio.Future[Ending] = loop.create_future()
        self.began_at = perf_counter()
        self.connected_at: float | None = None
        now = loop.time()
        self._over_at = now + patience.at_most
        self._ends_at = min(now + patience.in_all, self._over_at)
        self._latest = min(now + patience.in_all * _MOST_TIMES, self._over_at)
        self.deadline = min(now + patience.to_connect, self._ends_at)
        self.spoke = 0
        self._is_open = True
        self.bytes_sent = 0
        self.bytes_received = 0
        board.open(self)

    def cut(self) -> None:
        """Hang up now, without a word, if it is not over yet."""
        self._close()
        self.done.cancel()

    # --- what the switchboard tells --------------------------------------------------------------------------

    def writable(self) -> None:
        try:
            if self.connected_at is None:
                self._connected()
            else:
                self._send(self._unsent)
        except Exception as bug:  # nothing a peer can cause; raised where the line is waited for
            self._broken(bug)

    def readable(self) -> None:
        try:
            if self.connected_at is None:
                self._connected()
            else:
                self._receive()
        except Exception as bug:
            self._broken(bug)

    def time_is_up(self) -> None:
        """Unless it was we who were late: what has come meanwhile is heard first."""
        if self.connected_at is None:
            if self._is_pending():
                self._end(Ending.SILENT)
            else:
                self.writable()
            return
        before = self.bytes_received
        self.readable()
        if self.bytes_received == before or self._loop.time() >= self._ends_at:
            self._end(Ending.STALLED)

    def _is_pending(self) -> bool:
        """Whether the kernel still waits for an answer to our SYN."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT)
        return not poll.poll(0)

    # --- what happens ----------------------------------------------------------------------------------------

    def _connected(self) -> None:
        fault = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if fault:
            ending = _NO_WAY.get(fault, Ending.UNREACHABLE)
            if ending is Ending.RESET:
                self.connected_at = perf_counter()
                self._board.standing += 1
            self._end(ending)
            return
        self.connected_at = perf_counter()
        self._board.standing += 1
        self._move_deadline()
        self._board.turn(self, writing=False)
        self._say(self._conversation.begin())

    def _receive(self) -> None:
        conversation = self._conversation
        room = conversation.ceiling - self.bytes_received
        try:
            data = self._socket.recv(_PORTION if room >= _PORTION else room + 1)
        except BlockingIOError:
            return
        except OSError as fault:
            self._end(_LOST.get(fault.errno or 0, Ending.RESET))
            return
        if not data:
            self._end(Ending.HUNG_UP)
            return
        self.bytes_received += len(data)
        self._ends_at = min(self._ends_at + len(data) / _BULK, self._latest)
        self._move_deadline()
        answer = conversation.receive(data[:room] if len(data) > room else data)
        if len(data) > room and not conversation.is_over:
            self._end(Ending.FLOODED)
            return
        if not answer and not conversation.is_over:  # nothing of ours carries the acknowledgement along
            rearm_quickack(self._socket)
        self._say(answer)

    def _say(self, data: bytes) -> None:
        wait = 0.0 if self.turn is None else self.turn(len(data), self.bytes_received)
        if data and (wait > 0 or self._held):
            self._hold(data, wait)
        elif data or self._unsent:
            self._send(self._unsent + data if self._unsent else data)
        elif self._conversation.is_over and not self._held:
            self._end(Ending.OVER)

    def _hold(self, data: bytes, wait: float) -> None:
        """Say it in so many seconds. The peer owes us nothing meanwhile."""
        now = self._loop.time()
        says_at = max(now + wait, self._says_at)
        longer = says_at - max(now, self._says_at)
        self._ends_at = min(self._ends_at + longer, self._over_at)
        self._latest = min(self._latest + longer, self._over_at)
        self._says_at = says_at
        self._move_deadline()
        self._held += data
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(says_at, self._say_held)

    def _say_held(self) -> None:
        data, self._held, self._timer = self._held, b"", None
        try:
            self._move_deadline()
            self._send(self._unsent + data)
        except Exception as bug:
            self._broken(bug)

    def _send(self, data: bytes) -> None:
        had_unsent = bool(self._unsent)
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as fault:
            self._end(_LOST.get(fault.errno or 0, Ending.RESET))
            return
        self.bytes_sent += sent
        self._unsent = data[sent:]
        if had_unsent and sent:
            self._move_deadline()  # it reads
        if bool(self._unsent) is not had_unsent:
            self._board.turn(self, writing=bool(self._unsent))
        if not self._unsent and not self._held and self._conversation.is_over:
            self._end(Ending.OVER)

    def _move_deadline(self) -> None:
        due = max(self._loop.time(), self._says_at) + self._answer_seconds
        self.deadline = due if due < self._ends_at else self._ends_at

    # --- the end ---------------------------------------------------------------------------------------------

    def _end(self, ending: Ending) -> None:
        if not self._is_open:
            return
        if self._conversation.is_over:
            ending = Ending.OVER  # all was said; how the peer took leave is its own affair
        elif self.connected_at is not None:
            self._conversation.hung_up()
        self._close()
        if not self.done.done():  # cancelled, and not cut yet
            self.done.set_result(ending)

    def _broken(self, bug: Exception) -> None:
        self._close()
        if not self.done.done():
            self.done.set_exception(bug)

    def _close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()
        if self.connected_at is not None:
            self._board.standing -= 1
        self._board.close(self)  # before its descriptor may be another's
        self._socket.close()
