"""Just enough DICOM to load a server and not be the limit: hand-built PDUs over blocking sockets.

It shares no code with Leadglass on purpose, so that a mistake of ours cannot cancel itself out here.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"

MAX_PDU_WE_TAKE = 131072  # the largest that DCMTK knows
C_STORE_RQ, C_STORE_RSP, C_GET_RQ, C_FIND_RQ, C_MOVE_RQ = 0x0001, 0x8001, 0x0010, 0x0020, 0x0021
STATUS, MESSAGE_ID, COMMAND_FIELD = 0x0900, 0x0110, 0x0100
COMPLETED, FAILED = 0x1021, 0x1022  # numbers of sub-operations


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def uid_bytes(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def associate_rq(
    calling: str, called: str, contexts: Sequence[tuple[int, str, str]], storage_we_take: Sequence[str] = ()
) -> bytes:
    """A-ASSOCIATE-RQ; `storage_we_take` are SOP classes for which we ask for the SCP role (C-GET)."""
    items = [item(0x10, b"1.2.840.10008.3.1.1.1")]
    for context, abstract, transfer in contexts:
        syntaxes = item(0x30, abstract.encode()) + item(0x40, transfer.encode())
        items.append(item(0x20, bytes([context, 0, 0, 0]) + syntaxes))
    user = item(0x51, struct.pack(">I", MAX_PDU_WE_TAKE)) + item(0x52, b"2.25.1")
    for uid in storage_we_take:
        user += item(0x54, struct.pack(">H", len(uid)) + uid.encode() + b"\0\1")
    items.append(item(0x50, user))
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16).encode(), calling.ljust(16).encode()) + b"".join(items)
    return struct.pack(">BxI", 1, len(body)) + body


def command(elements: dict[int, int | bytes]) -> bytes:
    """A command set: integers are US, bytes are as they stand (PS3.7 §6.3.1)."""
    body = b""
    for element, value in sorted(elements.items()):
        data = struct.pack("<H", value) if isinstance(value, int) else value
        body += struct.pack("<HHI", 0, element, len(data)) + data
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def read_command(data: bytes) -> dict[int, bytes]:
    elements, at = {}, 0
    while at < len(data):
        _, element, length = struct.unpack_from("<HHI", data, at)
        elements[element] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return elements


def number(elements: dict[int, bytes], element: int) -> int:
    return int.from_bytes(elements.get(element, b""), "little")


def identifier(values: Iterable[tuple[int, int, str]]) -> bytes:
    """A query identifier in implicit VR little endian. Values have their padding already, or need a space."""
    out = b""
    for group, element, text in values:
        data = text.encode()
        if len(data) % 2:
            data += b"\0" if element in (0x000D, 0x000E, 0x0018) else b" "
        out += struct.pack("<HHI", group, element, len(data)) + data
    return out


def p_data(context: int, command_set: bytes, data_set: bytes = b"", limit: int = 16384) -> bytes:
    """A whole message as P-DATA-TF PDUs, ready for one write; `limit` is the peer's maximum length (0: none)."""
    pdus = [_pdu(context, 3, command_set)]
    room = (limit or 1 << 20) - 6
    for at in range(0, len(data_set), room):
        last = at + room >= len(data_set)
        pdus.append(_pdu(context, 2 if last else 0, data_set[at : at + room]))
    return b"".join(pdus)


def _pdu(context: int, flags: int, fragment: bytes) -> bytes:
    return struct.pack(">BxIIBB", 4, len(fragment) + 6, len(fragment) + 2, context, flags) + fragment


@dataclass
class Received:
    """A message that arrived; its data set was counted and thrown away."""

    context: int
    elements: dict[int, bytes]
    data_bytes: int


class Wire:
    """One association over a blocking socket with one buffer that is never reallocated."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = sock
        self.peer_max_pdu = 16384
        self._buffer = bytearray(1 << 20)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises ConnectionError if the peer hangs up before."""
        while self._end - self._start < count:
            if self._start + count > len(self._buffer):
                pending = bytes(self._view[self._start : self._end])
                self._buffer[: len(pending)] = pending
                self._start, self._end = 0, len(pending)
            self._receive()
        data = bytes(self._view[self._start : self._start + count])
        self._start += count
        return data

    def skip(self, count: int) -> None:
        """Passes over `count` bytes without looking at them."""
        while True:
            here = min(count, self._end - self._start)
            self._start += here
            count -= here
            if count == 0:
                return
            self._receive()

    def _receive(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
        received = self.socket.recv_into(self._view[self._end :])
        if received == 0:
            raise ConnectionError("the peer hung up")
        self._end += received

    def message(self) -> Received:
        """The next whole message. Raises ConnectionError on a release request, an abort or a hang-up."""
        command_set, elements, data_bytes = b"", {}, 0
        while True:
            kind, length = struct.unpack(">BxI", self.take(6))
            if kind == 5:
                self.socket.sendall(struct.pack(">BxII", 6, 4, 0))
            if kind != 4:
                raise ConnectionError(f"PDU of type {kind}")
            while length:
                size, context, flags = struct.unpack(">IBB", self.take(6))
                length -= size + 4
                if flags & 1:
                    command_set += self.take(size - 2)
                    elements = read_command(command_set) if flags & 2 else {}
                    done = bool(flags & 2) and number(elements, 0x0800) == 0x0101
                else:
                    self.skip(size - 2)
                    data_bytes += size - 2
                    done = bool(flags & 2)
                if done:
                    return Received(context, elements, data_bytes)

    def answer_store(self, message: Received) -> None:
        """C-STORE-RSP, success."""
        answer: dict[int, int | bytes] = {
            0x0002: message.elements[0x0002],
            COMMAND_FIELD: C_STORE_RSP,
            0x0120: message.elements[MESSAGE_ID],
            0x0800: 0x0101,
            STATUS: 0,
            0x1000: message.elements[0x1000],
        }
        self.socket.sendall(p_data(message.context, command(answer)))

    def release(self) -> None:
        self.socket.sendall(struct.pack(">BxII", 5, 4, 0))
        kind = self.take(1)[0]
        if kind != 6:
            raise ConnectionError(f"PDU of type {kind} instead of A-RELEASE-RP")
        self.socket.close()


def associate(
    port: int,
    calling: str,
    called: str,
    contexts: Sequence[tuple[int, str, str]],
    storage_we_take: Sequence[str] = (),
) -> Wire:
    """An association with every context accepted; anything else raises ConnectionError."""
    wire = Wire(socket.create_connection(("127.0.0.1", port), timeout=120))
    wire.socket.sendall(associate_rq(calling, called, contexts, storage_we_take))
    kind, length = struct.unpack(">BxI", wire.take(6))
    body = wire.take(length)
    if kind != 2:
        raise ConnectionError(f"the association was refused: PDU of type {kind}, {body.hex()}")

    def context_result(body: bytes) -> None:
        if body[2] != 0:
            raise ConnectionError(f"presentation context {body[0]} was refused with {body[2]}")

    def max_length(body: bytes) -> None:
        wire.peer_max_pdu = int.from_bytes(body, "big")

    _items(body[68:], {0x21: context_result, 0x51: max_length})
    return wire


def _items(data: bytes, handlers: dict[int, Callable[[bytes], None]]) -> None:
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from(">BxH", data, at)
        body = data[at + 4 : at + 4 + length]
        if kind == 0x50:
            _items(body, handlers)
        elif kind in handlers:
            handlers[kind](body)
        at += 4 + length


def accept(sock: socket.socket) -> Wire:
    """Answers an A-ASSOCIATE-RQ: every context accepted with explicit VR little endian, or else its first offer."""
    wire = Wire(sock)
    kind, length = struct.unpack(">BxI", wire.take(6))
    if kind != 1:
        raise ConnectionError(f"PDU of type {kind} instead of A-ASSOCIATE-RQ")
    body = wire.take(length)
    answers = [item(0x10, b"1.2.840.10008.3.1.1.1")]

    def context(body: bytes) -> None:
        offered: list[bytes] = []
        _items(body[4:], {0x40: offered.append})
        chosen = EXPLICIT.encode() if EXPLICIT.encode() in offered else offered[0]
        answers.append(item(0x21, bytes([body[0], 0, 0, 0]) + item(0x40, chosen)))

    _items(body[68:], {0x20: context})
    answers.append(item(0x50, item(0x51, struct.pack(">I", MAX_PDU_WE_TAKE)) + item(0x52, b"2.25.1")))
    answer = body[:68] + b"".join(answers)
    wire.socket.sendall(struct.pack(">BxI", 2, len(answer)) + answer)
    return wire
