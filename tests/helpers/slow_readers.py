"""Many clients that ask for the same thing and take it slowly, as over a bad line: all in one event loop.

python tests/helpers/slow_readers.py PORT TOKEN PATH --clients 200 --rate 100000 --seconds 30 --pid SERVER
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SlowReader", "peak_rss", "read_slowly", "rss"]

_TICK = 0.1
_RECEIVE_BUFFER = 64 * 1024  # the kernel must not take for the reader what the reader does not take
_ADDRESSES = 50  # so many of the loopback's are used, for each may have only so many connections
_RELATED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@dataclass
class SlowReader:
    """One client: what it got so far, and whether the server hung up on it."""

    taken: int = 0
    status: int = 0
    was_cut: bool = False


async def read_slowly(
    port: int, token: str, path: str, *, clients: int, rate: int, seconds: float, accept: str = _RELATED
) -> Sequence[SlowReader]:
    """Each client takes `rate` bytes a second of `path`, for `seconds` or to the end."""
    readers = [SlowReader() for _ in range(clients)]
    request = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n\r\n"
    ).encode()
    ends = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(_read(port, number, request, one, rate, ends) for number, one in enumerate(readers)))
    return readers


async def _read(port: int, number: int, request: bytes, one: SlowReader, rate: int, ends: float) -> None:
    loop = asyncio.get_running_loop()
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    line.bind((f"127.0.0.{1 + number % _ADDRESSES}", 0))
    line.setblocking(False)
    await loop.sock_connect(line, ("127.0.0.1", port))
    context = ssl._create_unverified_context()  # its pace matters here, not whom it trusts
    reader, writer = await asyncio.open_connection(sock=line, ssl=context, server_hostname="localhost", limit=32 * 1024)
    try:
        writer.write(request)
        one.status = int((await reader.readline()).split()[1])
        begin = loop.time()
        while loop.time() < ends:
            owed = int((loop.time() - begin) * rate) - one.taken
            if owed > 0:
                more = await asyncio.wait_for(reader.read(owed), max(0.1, ends - loop.time()))
                if not more:
                    one.was_cut = True
                    return
                one.taken += len(more)
            else:
                await asyncio.sleep(_TICK)
    except (TimeoutError, ConnectionError, IndexError):
        one.was_cut = loop.time() < ends
    finally:
        writer.transport.abort()


def rss(pid: int, field: str = "VmRSS") -> int:
    """Bytes a process has in memory now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the process is gone")


def peak_rss(pid: int) -> int:
    """Bytes a process had in memory at most."""
    return rss(pid, "VmHWM")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("token")
    parser.add_argument("path")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rate", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pid", type=int, required=True)
    said = parser.parse_args()
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    work = read_slowly(said.port, said.token, said.path, clients=said.clients, rate=said.rate, seconds=said.seconds)
    readers = asyncio.run(work)
    taken = sum(one.taken for one in readers)
    cut = sum(one.was_cut for one in readers)
    print(
        f"{len(readers)} readers took {taken / 1e6:.0f} MB, {cut} were cut; peak RSS {peak_rss(said.pid) / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
