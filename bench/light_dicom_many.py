"""Thousands of light DICOM hosts in one process: `python -m bench.light_dicom_many hosts|silence --port P …`.

`hosts` answers at every address of 127.0.0.0/8 with bytes made beforehand: A-ASSOCIATE-AC, C-ECHO-RSP, A-RELEASE-RP,
each after `--delay` milliseconds. `silence` makes every address of `--addresses` but each eighth drop its SYNs: a
listener of its own whose queue is full. Both print `ready` and serve until their input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import socket
import struct
import sys
from typing import Final, cast

import uvloop

from bench.wire import IMPLICIT, command, item, p_data

_APPLICATION_CONTEXT: Final = b"1.2.840.10008.3.1.1.1"
VERIFICATION: Final = "1.2.840.10008.1.1"
_FIRST: Final = 127 << 24 | 20 << 16
_SPEAKS: Final = 8
"""Of so many addresses one speaks, where the others are silent."""


def address(number: int) -> str:
    return socket.inet_ntoa(struct.pack(">I", _FIRST + number))


def _accept() -> bytes:
    information = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"2.25.1") + item(0x55, b"BENCH")
    context = item(0x21, bytes([1, 0, 0, 0]) + item(0x40, IMPLICIT.encode()))
    body = struct.pack(">HH", 1, 0) + b"ANY".ljust(16) + b"BENCH".ljust(16) + bytes(32)
    body += item(0x10, _APPLICATION_CONTEXT) + context + item(0x50, information)
    return struct.pack(">BxI", 2, len(body)) + body


def _echo_response() -> bytes:
    uid = VERIFICATION.encode() + b"\0"
    return p_data(1, command({0x0002: uid, 0x0100: 0x8030, 0x0120: 1, 0x0800: 0x0101, 0x0900: 0}))


_ANSWERS: Final = {1: _accept(), 4: _echo_response(), 5: bytes.fromhex("06000000000400000000")}


class _Host(asyncio.Protocol):
    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has the methods, not the base class

    def data_received(self, data: bytes) -> None:
        answer = _ANSWERS.get(data[0], b"")
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _listener(host: str, port: int, backlog: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    sock.listen(backlog)
    sock.setblocking(False)
    return sock


async def hosts(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Host, sock=_listener("0.0.0.0", port, 4096), backlog=4096)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def silence(port: int, addresses: int) -> None:
    held = []
    for number in range(addresses):
        if number % _SPEAKS:
            held.append(_listener(address(number), port, 0))
            for _ in range(2):  # the queue takes one
                caller = socket.socket()
                caller.setblocking(False)
                caller.connect_ex((address(number), port))
                held.append(caller)
    print("ready", flush=True)
    sys.stdin.read()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["hosts", "silence"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="milliseconds before each answer")
    parser.add_argument("--addresses", type=int, default=5000)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.verb == "hosts":
        _Host.delay = options.delay / 1000
        uvloop.run(hosts(options.port))
    else:
        silence(options.port, options.addresses)


if __name__ == "__main__":
    main()
