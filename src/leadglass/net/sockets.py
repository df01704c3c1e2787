"""Socket options DIMSE needs, and addresses as text."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

__all__ = ["address_of", "prepare", "readable", "rearm_quickack"]

_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux only


def prepare(sock: socket.socket) -> None:
    """Non-blocking, no Nagle, keep-alive: answers leave at once, dead peers are noticed."""
    sock.setblocking(False)
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def rearm_quickack(sock: socket.SocketType) -> None:
    """Acknowledge what was just read at once. The kernel forgets this after a while, hence after every read: a sender
    that leaves Nagle's algorithm on otherwise waits 40 ms for us between two parts of a message."""
    if _QUICKACK is not None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except OSError:
            return  # closed under our hands, or not TCP: nothing to hurry


def address_of(sock: socket.socket) -> str:
    """The peer's IP address; an IPv4 address that came through an IPv6 socket is shown as IPv4."""
    try:
        name = sock.getpeername()
    except OSError:
        return "gone"
    host = str(name[0]) if name else "local"
    return host.removeprefix("::ffff:") if "." in host else host


async def readable(sock: socket.socket) -> None:
    """Returns when something can be read, or the peer is gone."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock.fileno(), tell)
    try:
        await ready
    finally:
        loop.remove_reader(sock.fileno())
