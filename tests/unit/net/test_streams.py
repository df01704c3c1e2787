"""A door for byte streams: TLS or nothing, and a word for whoever forgot it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from helpers.certificates import Authority
from leadglass.net.limits import Connections, Limits
from leadglass.net.listening import Listener
from leadglass.net.service import FaultKind
from leadglass.net.streams import serve_streams
from leadglass.net.tls import server_context

HINT = b"HTTP/1.1 308 Permanent Redirect\r\n\r\n"


class Echo(asyncio.Protocol):
    """Says back what it hears."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)

    def drain(self) -> None:
        assert self.transport is not None
        self.transport.close()

    def cut(self) -> None:
        assert self.transport is not None
        self.transport.abort()


@dataclass
class Door:
    listener: Listener
    context: ssl.SSLContext
    connections: Connections
    echoes: list[Echo] = field(default_factory=list)
    faults: list[tuple[FaultKind, str]] = field(default_factory=list)


@asynccontextmanager
async def opened(folder: Path, **numbers: float) -> AsyncIterator[Door]:
    authority = Authority(folder)
    leaf = authority.issue("localhost")
    limits = Limits(**numbers)  # type: ignore[arg-type]
    echoes: list[Echo] = []
    faults: list[tuple[FaultKind, str]] = []
    connections = Connections(limits)

    def converse(address: str) -> Echo:
        echoes.append(Echo(address))
        return echoes[-1]

    listener = await serve_streams(
        "127.0.0.1",
        0,
        converse,
        tls=server_context(leaf.certificate, leaf.key),
        limits=limits,
        connections=connections,
        on_fault=lambda kind, address, text: faults.append((kind, text)),
        answer_to_plain_http=HINT,
    )
    context = ssl.create_default_context(cafile=authority.certificate)
    try:
        yield Door(listener, context, connections, echoes, faults)
    finally:
        await listener.close(0.2)


async def _say(port: int, data: bytes) -> bytes:
    """What a plain connection hears until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    heard = b""
    with suppress(ConnectionResetError):  # what was not read turns a farewell into a reset
        heard = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return heard


async def test_what_is_said_within_tls_reaches_the_conversation(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", door.listener.port, ssl=door.context, server_hostname="localhost"
        )
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        assert (door.listener.inside, door.connections.total) == (1, 1)
        [echo] = door.echoes
        assert echo.address == "127.0.0.1"
        writer.close()
        await asyncio.wait_for(echo.closed, 20)


@pytest.mark.parametrize(
    ("data", "heard", "words"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", HINT, "peer spoke HTTP to the TLS port"),
        (b"POST /x HTTP/1.1\r\n\r\n" + bytes(10_000), HINT, "peer spoke HTTP to the TLS port"),
        (b"\x01\x00\x00\x00", b"", "peer spoke plain DICOM to the TLS port"),
        (b"SSH-2.0-x\r\n", b"", "peer spoke something that is not TLS to the TLS port"),
    ],
)
async def test_what_is_not_tls_never_becomes_a_conversation(
    data: bytes, heard: bytes, words: str, tmp_path: Path
) -> None:
    async with opened(tmp_path) as door:
        assert await _say(door.listener.port, data) == heard
        assert door.faults == [(FaultKind.TLS, words)]
        assert not door.echoes


@pytest.mark.parametrize("start", [b"", b"\x16\x03\x01"])
async def test_a_handshake_that_does_not_come_is_given_up(start: bytes, tmp_path: Path) -> None:
    async with opened(tmp_path, artim_seconds=0.2) as door:
        await _say(door.listener.port, start)
        assert door.faults == [(FaultKind.TLS, "peer did not finish the TLS handshake in time")]


async def test_a_closing_door_does_not_wait_for_handshakes(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.listener.port)
        while not door.listener.inside:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        await asyncio.wait_for(door.listener.close(60), 20)
        assert await reader.read() == b""
        writer.close()
    assert door.connections.total == 0
