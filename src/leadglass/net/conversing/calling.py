"""`converse`: one connection, from SYN to its end."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from leadglass.net.conversing.facts import Conversation, Ending, Outcome, Patience, TlsOffer, Turn
from leadglass.net.conversing.line import LOCAL_FAULTS, Line
from leadglass.net.conversing.securing import Secured
from leadglass.net.conversing.switchboard import switchboard

__all__ = ["converse", "standing"]

_UNDERWAY: Final = frozenset({0, errno.EINPROGRESS})
_MADE_NON_BLOCKING: Final = hasattr(socket, "SOCK_NONBLOCK")
_STREAM: Final = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
_TRY_AGAIN_SECONDS: Final = 0.05
_NO_TLS_AFTER: Final = frozenset({Ending.HUNG_UP, Ending.RESET})


async def converse(
    address: str,
    port: int,
    conversation: Conversation,
    *,
    tls: TlsOffer | None = None,
    server_name: str = "",
    patience: Patience = Patience(),
    window: int = 0,
    turn: Turn | None = None,
) -> Outcome:
    """How it ended, when it is over. `address` is numeric. Nothing that a peer or a network does is raised.

    With `tls`, the conversation takes place within TLS; certificates are read, not trusted. `server_name` is asked for
    (SNI) if it is a host name. `window` is how many bytes the peer may send ahead of our reading (systems round it up
    to a kilobyte or two), 0 for as many as the system likes. Bytes are counted on the wire. Cancelled, it hangs up at
    once.

    With `turn`, words wait until it is their turn; that time is added to all patience.
    """
    secured = Secured(conversation, tls, server_name) if tls is not None else None
    loop = asyncio.get_running_loop()
    line = _try(address, port, secured or conversation, patience, window, loop)
    if line is None:
        again = partial(_try, address, port, secured or conversation, patience, window, loop)
        line = await _try_again(again, loop, gives_up_at=loop.time() + patience.in_all)
    if isinstance(line, Ending):
        return Outcome(ending=line)
    line.turn = turn
    try:
        ending = await line.done
    except asyncio.CancelledError:
        line.cut()
        raise
    outcome = Outcome(
        ending=ending,
        seconds_to_connect=None if line.connected_at is None else line.connected_at - line.began_at,
        bytes_sent=line.bytes_sent,
        bytes_received=line.bytes_received,
    )
    return outcome if secured is None or line.connected_at is None else _with_handshake(outcome, secured)


def standing() -> int:
    """Connections of the running event loop that stand: their peers have answered, and are being talked to."""
    return switchboard().standing


async def _try_again(
    again: Callable[[], Line | Ending | None], loop: asyncio.AbstractEventLoop, *, gives_up_at: float
) -> Line | Ending:
    """This machine is short of something: wait until it is not."""
    while loop.time() < gives_up_at:
        await asyncio.sleep(_TRY_AGAIN_SECONDS)
        line = again()
        if line is not None:
            return line
    return Ending.UNREACHABLE


def _try(
    address: str,
    port: int,
    conversation: Conversation,
    patience: Patience,
    window: int,
    loop: asyncio.AbstractEventLoop,
) -> Line | Ending | None:
    """None: not now, this machine is short of descriptors, ports or memory."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.inet_pton(family, address)  # a name would be looked up, and block
        sock = socket.SocketType(family, _STREAM)  # the plain one: it is made thousands of times a second
    except OSError as fault:
        return None if fault.errno in LOCAL_FAULTS else Ending.UNREACHABLE
    try:
        if not _MADE_NON_BLOCKING:
            sock.setblocking(False)
        if window:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)  # before SYN: it fixes the scale
        fault_number = sock.connect_ex((address, port))
        if fault_number in _UNDERWAY:
            return Line(sock, conversation, patience, switchboard(), loop)
    except BaseException:
        sock.close()
        raise
    sock.close()
    if fault_number in LOCAL_FAULTS:
        return None
    return Ending.REFUSED if fault_number == errno.ECONNREFUSED else Ending.UNREACHABLE


def _with_handshake(outcome: Outcome, secured: Secured) -> Outcome:
    ending = outcome.ending
    if secured.is_flooded:
        ending = Ending.FLOODED
    elif secured.has_failed or (not secured.is_established and ending in _NO_TLS_AFTER):
        ending = Ending.TLS_FAILED
    elif secured.peer_closed and ending is Ending.OVER:
        ending = Ending.HUNG_UP
    return replace(outcome, ending=ending, handshake=secured.handshake())
