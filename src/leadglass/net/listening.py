"""Sockets that listen, and a door that lets in as many as there is room for and closes in good order."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final, Protocol

from leadglass.net.limits import Connections
from leadglass.net.service import FaultKind, OnFault
from leadglass.net.sockets import address_of, prepare
from leadglass.terms.errors import UserFault

__all__ = ["Guest", "Listener", "listening_at"]

_BACKLOG: Final = 512
_REST_SECONDS: Final = 0.5
"""After the system refused us a socket (no descriptors left), so long before we ask again."""
_FATAL_ACCEPT: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK})


class Guest(Protocol):
    """Somebody who was let in: one connection, whatever it speaks."""

    async def run(self) -> None:
        """From the open socket to the closed one."""

    def drain(self) -> None:
        """Let what is in progress finish, then hang up; do so at once if there is nothing."""

    def cut(self) -> None:
        """Close now."""


class Listener:
    """An open door. `close` is the way to end it."""

    def __init__(
        self,
        sockets: list[socket.socket],
        guest: Callable[[socket.socket, str], Guest],
        connections: Connections,
        on_fault: OnFault,
    ) -> None:
        self._sockets = sockets
        self._guest = guest
        self._connections = connections
        self._on_fault = on_fault
        self._inside: dict[asyncio.Task[None], Guest] = {}
        loop = asyncio.get_running_loop()
        self._ushers = [loop.create_task(self._usher(sock)) for sock in sockets]

    @property
    def port(self) -> int:
        return int(self._sockets[0].getsockname()[1])

    @property
    def inside(self) -> int:
        """How many connections are open."""
        return len(self._inside)

    async def close(self, grace: float = 10.0) -> None:
        """Let nobody in any more; let operations in progress finish within `grace` seconds; abort the rest."""
        for usher in self._ushers:
            usher.cancel()
        await asyncio.gather(*self._ushers, return_exceptions=True)
        for sock in self._sockets:
            sock.close()
        for guest in self._inside.values():
            guest.drain()
        await self._wait(grace)
        for guest in self._inside.values():
            guest.cut()
        await self._wait(min(grace, 1.0))
        for task in self._inside:
            task.cancel()
        await asyncio.gather(*self._inside, return_exceptions=True)

    async def _wait(self, seconds: float) -> None:
        """Until everybody has left, or the time is over."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._inside and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._inside, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def _usher(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._connections.wait_for_room()
            try:
                sock, _ = await loop.sock_accept(listening)
            except OSError as fault:
                if fault.errno in _FATAL_ACCEPT:
                    raise
                self._report("nobody", f"cannot accept a connection: {fault.strerror}")
                await asyncio.sleep(_REST_SECONDS)
                continue
            self._let_in(sock)

    def _let_in(self, sock: socket.socket) -> None:
        address = address_of(sock)
        if not self._connections.enter(address):
            self._on_fault(FaultKind.LIMIT, address, "too many connections from this address")
            sock.close()
            return
        prepare(sock)
        guest = self._guest(sock, address)
        task = asyncio.get_running_loop().create_task(guest.run())
        self._inside[task] = guest

        def left(task: asyncio.Task[None]) -> None:
            del self._inside[task]
            self._connections.leave(address)
            if not task.cancelled() and (fault := task.exception()) is not None:
                self._report(address, f"a connection ended with {type(fault).__name__}")

        task.add_done_callback(left)

    def _report(self, address: str, text: str) -> None:
        self._on_fault(FaultKind.LOCAL, address, text)


async def listening_at(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for every address `host` has, all on one port."""
    loop = asyncio.get_running_loop()
    sockets: list[socket.socket] = []
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            bound = sockets[0].getsockname()[1] if sockets else port
            sock = socket.create_server((address[0], bound), family=family, backlog=_BACKLOG)
            sock.setblocking(False)
            sockets.append(sock)
    except OSError as fault:
        for sock in sockets:
            sock.close()
        raise _cannot_listen(host, port, fault) from fault
    return sockets


def _cannot_listen(host: str, port: int, fault: OSError) -> UserFault:
    where = f"{host}:{port}"
    if fault.errno == errno.EADDRINUSE:
        return UserFault(f"port {port} is taken: another program listens at {where}", "stop it, or choose another port")
    if fault.errno == errno.EACCES:
        return UserFault(f"not allowed to listen at {where}", "ports below 1024 need a privilege: choose a higher one")
    if fault.errno == errno.EADDRNOTAVAIL or isinstance(fault, socket.gaierror):
        return UserFault(f"{host} is no address of this machine", "name one of its addresses, or 0.0.0.0 for all")
    return UserFault(f"cannot listen at {where}: {fault.strerror}", "choose another address or port")
