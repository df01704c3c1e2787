"""A door for byte streams within TLS, for whoever speaks a protocol of its own on them (the web door).

What does not begin with TLS is not given to OpenSSL, which could not answer it: whoever speaks HTTP is told in its own
language where to go, anybody else is hung up on.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from leadglass.net.limits import Connections, Limits
from leadglass.net.listening import Listener, listening_at
from leadglass.net.service import FaultKind, OnFault
from leadglass.net.sockets import readable
from leadglass.net.tls import certificate_fault, peer_certificate
from leadglass.net.tls_words import first_bytes_fault, speaks_http, tls_fault_kind, tls_words
from leadglass.terms.evidence import CertificateFacts

__all__ = ["Conversation", "serve_streams", "shown_by"]

_TLS_SHUTDOWN_SECONDS: Final = 5.0
_FIRST_BYTES: Final = 4


class Conversation(Protocol):
    """What speaks on one stream. `connection_made` and `connection_lost` have been called by asyncio; `closed` is done
    after the second."""

    closed: asyncio.Future[None]

    def drain(self) -> None:
        """Finish the answer in progress, then close; close at once if there is none."""

    def cut(self) -> None:
        """Close now, whatever is in progress."""


@dataclass(frozen=True, slots=True)
class _Threshold:
    converse: Callable[[str], Conversation]
    tls: ssl.SSLContext
    limits: Limits
    on_fault: OnFault
    answer_to_plain_http: bytes


async def serve_streams(
    host: str,
    port: int,
    converse: Callable[[str], Conversation],
    *,
    tls: ssl.SSLContext,
    limits: Limits,
    connections: Connections,
    on_fault: OnFault,
    answer_to_plain_http: bytes = b"",
) -> Listener:
    """Open a door at `host` and `port` (0: any free one). `converse` makes an asyncio protocol for a peer's address.

    UserFault if the address cannot be listened at.
    """
    threshold = _Threshold(converse, tls, limits, on_fault, answer_to_plain_http)
    sockets = await listening_at(host, port)
    return Listener(sockets, lambda sock, address: _StreamGuest(threshold, sock, address), connections, on_fault)


class _StreamGuest:
    """One connection: its first bytes, the handshake, the conversation."""

    def __init__(self, threshold: _Threshold, sock: socket.socket, address: str) -> None:
        self._threshold = threshold
        self._socket = sock
        self._address = address
        self._conversation: Conversation | None = None
        self._is_leaving = False
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        self._task = asyncio.current_task()
        if not await self._connected() or self._conversation is None:
            self._socket.close()
            return
        if self._is_leaving:
            self._conversation.drain()
        await self._conversation.closed

    def drain(self) -> None:
        self._is_leaving = True
        if self._conversation is not None:
            self._conversation.drain()
        elif self._task is not None:
            self._task.cancel()

    def cut(self) -> None:
        if self._conversation is not None:
            self._conversation.cut()

    async def _connected(self) -> bool:
        threshold = self._threshold
        try:
            if not await self._begins_with_tls():
                return False
            conversation = threshold.converse(self._address)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: cast(asyncio.Protocol, conversation),
                self._socket,
                ssl=threshold.tls,
                ssl_handshake_timeout=threshold.limits.artim_seconds,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS,
            )
        except (OSError, TimeoutError) as fault:  # ssl.SSLError is an OSError
            self._report(tls_fault_kind(fault), tls_words(fault))
            return False
        except asyncio.CancelledError:
            self._socket.close()
            raise
        self._conversation = conversation
        return True

    async def _begins_with_tls(self) -> bool:
        """Look at the first bytes without taking them: what to say depends on the language they are in."""
        async with asyncio.timeout(self._threshold.limits.artim_seconds):
            await readable(self._socket)
        start = self._socket.recv(_FIRST_BYTES, socket.MSG_PEEK)
        fault = first_bytes_fault(start, expects_tls=True)
        if fault:
            self._report(FaultKind.TLS, fault)
            if speaks_http(start):
                self._answer_plain_http()
        return bool(start) and not fault

    def _answer_plain_http(self) -> None:
        """One small write into an empty send buffer: it does not wait, and need not arrive."""
        sock = self._socket
        try:
            sock.recv(64 * 1024)  # unread bytes would turn the farewell into a reset
            sock.send(self._threshold.answer_to_plain_http)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def _report(self, kind: FaultKind, text: str) -> None:
        self._threshold.on_fault(kind, self._address, text)


def shown_by(transport: asyncio.BaseTransport) -> tuple[CertificateFacts | None, str]:
    """The client certificate of a stream, and what is wrong with its dates ("" if nothing)."""
    facts = peer_certificate(transport.get_extra_info("ssl_object"))
    return facts, certificate_fault(facts)
