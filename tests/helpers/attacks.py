"""What hostile peers send, and the honest one beside them who must not notice."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from helpers.archive_server import ArchiveServer
from helpers.raw_peer import ASSOCIATE_AC, P_DATA_TF, RawPeer
from helpers.requests import association_request, message_bytes
from leadglass.dicom import uids
from leadglass.dicom.dimse.assembler import CommandReceived, DataReceived, MessageAssembler
from leadglass.dicom.dimse.messages import CEchoRq, Message
from leadglass.dicom.upperlayer import encode_pdu

__all__ = ["CALLING", "EXPLICIT", "Honest", "answers", "associate", "attacker", "honest_peer", "pdv", "read_message"]

CALLING = "ATTACKER"
"""AE title of an enrolled weak device: what is tried here, is tried by somebody who was let in."""
EXPLICIT = uids.EXPLICIT_VR_LITTLE_ENDIAN
ECHO = message_bytes(1, CEchoRq(message_id=1))


def pdv(context: int, control: int, data: bytes) -> bytes:
    """One P-DATA-TF PDU with one PDV. `control`: 1 command, 2 last fragment."""
    return struct.pack(">BxIIBB", P_DATA_TF, len(data) + 6, len(data) + 2, context, control) + data


@asynccontextmanager
async def attacker(server: ArchiveServer, source: str = "127.0.0.1", *, tls: bool = False) -> AsyncIterator[RawPeer]:
    """A raw connection to a door."""
    port = server.dicom_tls if tls else server.dicom
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), limit=1 << 24)
    try:
        yield RawPeer(reader, writer)
    finally:
        writer.transport.abort()


async def associate(peer: RawPeer, *abstract_syntaxes: str, transfer_syntax: str = EXPLICIT) -> None:
    """An association with contexts 1, 3, 5 …; fails if it is not accepted."""
    request = association_request(*abstract_syntaxes, transfer_syntaxes=[transfer_syntax], calling=CALLING)
    await peer.send(encode_pdu(request))
    assert (await peer.read_pdu())[0] == ASSOCIATE_AC


async def read_message(peer: RawPeer) -> tuple[Message, bytes]:
    """The next whole message and its data set; ConnectionError if something else comes."""
    assembler, message, data = MessageAssembler(), None, b""
    while True:
        kind, body = await peer.read_pdu()
        if kind != P_DATA_TF:
            raise ConnectionError(f"PDU type {kind} instead of a message")
        at = 0
        while at < len(body):
            length, context, control = struct.unpack_from(">IBB", body, at)
            piece = memoryview(body)[at + 6 : at + 4 + length]
            at += 4 + length
            for part in assembler.feed(context, bool(control & 1), bool(control & 2), piece, True):
                if isinstance(part, CommandReceived):
                    message = part.message
                    if not message.has_data_set:
                        return message, b""
                elif isinstance(part, DataReceived):
                    data += bytes(part.data)
                elif message is not None:
                    return message, data


async def answers(peer: RawPeer, data: bytes) -> list[int]:
    """Sends a request; the statuses of all responses, the final one last."""
    await peer.send(data)
    statuses: list[int] = []
    while not statuses or statuses[-1] in (0xFF00, 0xFF01):
        message, _ = await read_message(peer)
        statuses.append(getattr(message, "status", -1))
    return statuses


@dataclass
class Honest:
    """What the honest peer went through."""

    echoes: int = 0
    slowest: float = 0.0
    _stop: bool = field(default=False, repr=False)


@asynccontextmanager
async def honest_peer(server: ArchiveServer, *, within: float) -> AsyncIterator[Honest]:
    """An association that asks for an echo again and again while the block runs. Fails if one takes longer than
    `within` seconds, or if the association does not survive; a new one is asked for at the end."""
    honest = Honest()

    async def go_on(peer: RawPeer) -> None:
        while not honest._stop:
            begin = time.monotonic()
            assert await answers(peer, ECHO) == [0]
            honest.slowest = max(honest.slowest, time.monotonic() - begin)
            honest.echoes += 1
            await asyncio.sleep(0.02)

    async with attacker(server) as peer:
        await associate(peer, uids.VERIFICATION)
        going = asyncio.create_task(go_on(peer))
        try:
            yield honest
        finally:
            honest._stop = True
            await going
    async with attacker(server) as peer:
        await associate(peer, uids.VERIFICATION)
        assert await answers(peer, ECHO) == [0]
    assert honest.echoes
    assert honest.slowest < within, f"an honest echo took {honest.slowest:.2f} s"
