"""A peer that sends what it likes, byte by byte if need be, and reads PDUs as they come."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helpers.requests import association_request
from leadglass.dicom.upperlayer import encode_pdu

__all__ = ["ABORT", "ASSOCIATE_AC", "ASSOCIATE_RJ", "P_DATA_TF", "RELEASE_RP", "RELEASE_RQ", "RawPeer", "raw_peer"]

ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA_TF, RELEASE_RP, ABORT = 2, 3, 4, 6, 7
RELEASE_RQ = b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00"
_PATIENCE = 20.0


class RawPeer:
    """Its patience is bounded: whatever a test waits for comes within seconds or the test fails."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_pdu(self) -> tuple[int, bytes]:
        """Type and body of the next PDU; (0, b"") once the other side has closed."""
        try:
            async with asyncio.timeout(_PATIENCE):
                header = await self.reader.readexactly(6)
                return header[0], await self.reader.readexactly(int.from_bytes(header[2:6], "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""

    async def associate(self, *abstract_syntaxes: str) -> int:
        """Ask for an association; the type of the PDU that answers."""
        await self.send(encode_pdu(association_request(*abstract_syntaxes)))
        return (await self.read_pdu())[0]

    async def wait_closed(self) -> None:
        """Return when the other side has closed, whatever it says before."""
        async with asyncio.timeout(_PATIENCE):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                return


@asynccontextmanager
async def raw_peer(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawPeer]:
    """A connection to 127.0.0.1:port, closed at the end whatever happened."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None
    )
    try:
        yield RawPeer(reader, writer)
    finally:
        writer.transport.abort()
