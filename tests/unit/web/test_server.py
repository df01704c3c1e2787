"""The HTTPS door with an application of the test: back-pressure, standstill, orderly closing, cut answers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from helpers.certificates import Authority
from leadglass.net.limits import Connections, Limits
from leadglass.net.listening import Listener
from leadglass.net.service import FaultKind
from leadglass.net.tls import server_context
from leadglass.terms.ceilings import MAX_BODY_DISCARDED, MAX_WEB_SEND_BACKLOG, MIB
from leadglass.terms.evidence import CertificateFacts
from leadglass.web import protocol
from leadglass.web.server import serve_https

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNK = bytes(256 * 1024)


@dataclass
class Door:
    listener: Listener
    context: ssl.SSLContext
    faults: list[tuple[FaultKind, str]] = field(default_factory=list)

    async def call(self, *, receive_buffer: int = 2**16) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            "127.0.0.1", self.listener.port, ssl=self.context, server_hostname="localhost", limit=receive_buffer
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def opened(authority: Authority, app: ASGIApp, **limits: float) -> AsyncIterator[Door]:
    leaf = authority.issue("localhost")
    numbers = Limits(**limits)  # type: ignore[arg-type]
    faults: list[tuple[FaultKind, str]] = []
    listener = await serve_https(
        "127.0.0.1",
        0,
        app,
        tls=server_context(leaf.certificate, leaf.key, authority.certificate),
        public_url="https://localhost",
        limits=numbers,
        connections=Connections(numbers),
        on_fault=lambda kind, address, text: faults.append((kind, text)),
    )
    try:
        yield Door(listener, ssl.create_default_context(cafile=authority.certificate), faults)
    finally:
        await listener.close(0.2)


def streaming(size: int, sent: list[int], *, finish: bool = True, hold: Awaitable[object] | None = None) -> ASGIApp:
    """An application that answers with `size` bytes and counts in `sent` what it was let send."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = str(size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for _ in range(size // len(CHUNK)):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            sent.append(len(CHUNK))
        if hold is not None:
            await hold
        if finish:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


async def answer_after_the_body(receive: Receive, send: Send, pause: float = 0) -> None:
    while (await receive())["more_body"]:  # noqa: ASYNC110 - slowness is what is wanted
        await asyncio.sleep(pause)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def test_a_large_answer_arrives_whole(authority: Authority) -> None:
    async with opened(authority, streaming(8 * MIB, [])) as door:
        reader, writer = await door.call()
        writer.write(GET)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(await reader.readexactly(8 * MIB)) == 8 * MIB
        writer.close()


async def test_a_reader_who_does_not_read_holds_the_sender_up(authority: Authority) -> None:
    """What the application may send ahead is bounded by our backlog and the sockets' own buffers, not by the answer."""
    sent: list[int] = []
    async with opened(authority, streaming(256 * MIB, sent)) as door:
        _, writer = await door.call()
        writer.write(GET)
        held = -1
        while held != len(sent):  # until nothing moves any more
            held = len(sent)
            await asyncio.sleep(0.3)
        assert 0 < sum(sent) < MAX_WEB_SEND_BACKLOG + 24 * MIB
        writer.transport.abort()


async def test_a_reader_who_stands_still_is_cut_off(authority: Authority) -> None:
    async with opened(authority, streaming(256 * MIB, []), idle_seconds=0.3) as door:
        _, writer = await door.call()
        writer.write(GET)
        async with asyncio.timeout(20):
            while door.listener.inside:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        assert (FaultKind.LIMIT, "a request stood still for too long") in door.faults
        writer.transport.abort()


async def test_a_sender_who_stands_still_is_cut_off(authority: Authority) -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            heard.append("some")
        heard.append(message["type"])

    async with opened(authority, app, idle_seconds=0.3) as door:
        reader, writer = await door.call()
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 20) == b""
        assert (FaultKind.LIMIT, "a request stood still for too long") in door.faults
    assert heard[-1] == "http.disconnect"


async def test_a_sender_is_not_cut_off_because_we_are_slow(authority: Authority) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer_after_the_body(receive, send, pause=0.12)

    async with opened(authority, app, idle_seconds=0.1) as door:
        reader, writer = await door.call()
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (8 * len(CHUNK)))
        writer.write(8 * CHUNK)
        heard = await asyncio.wait_for(reader.readuntil(b"\r\n"), 60)
        writer.close()
    assert heard == b"HTTP/1.1 204 No Content\r\n", door.faults


async def test_who_waits_to_be_told_to_send_does_not_stand_still(authority: Authority) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1)
        await answer_after_the_body(receive, send)

    async with opened(authority, app, idle_seconds=0.3) as door:
        reader, writer = await door.call()
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n", door.faults
        writer.write(b"abc")
        assert await reader.readline() == b"HTTP/1.1 204 No Content\r\n"
        writer.close()


async def test_a_body_read_to_its_end_after_the_answer_leaves_a_connection_for_more(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered before its body came is forgotten once the body is through: neither how long that took nor how
    much it was is held against what is asked next."""
    monkeypatch.setattr(protocol, "_UNREAD_SECONDS", 0.5)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    size = MAX_BODY_DISCARDED - MIB
    async with opened(authority, app, artim_seconds=0.5) as door:
        reader, writer = await door.call()
        for path in (b"/", b"/", b"/slow"):
            writer.write(b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (path, size))
            if path != b"/slow":
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
            writer.write(bytes(size))
            await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 "), door.faults
        writer.close()


async def test_a_body_that_does_not_end_after_its_answer_is_not_read_for_ever(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_UNREAD_SECONDS", 0.2)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with opened(authority, app) as door:
        reader, writer = await door.call()
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
        assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_head_that_begins_while_another_request_is_answered_has_a_time_too(authority: Authority) -> None:
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await go.wait()
        await answer_after_the_body(receive, send)

    async with opened(authority, app, artim_seconds=0.1) as door:
        reader, writer = await door.call()
        writer.write(GET + b"GET / HTTP/1.1\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.5)
        go.set()
        heard = await asyncio.wait_for(reader.read(), 20)
        writer.close()
    assert [part[:3] for part in heard.split(b"HTTP/1.1 ")[1:]] == [b"204", b"408"]


async def test_a_body_waits_with_its_sender_until_somebody_reads_it(authority: Authority) -> None:
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await go.wait()
        while (await receive())["type"] == "http.request":
            pass

    def push(port: int, context: ssl.SSLContext) -> int:
        """How much can be sent before half a second passes without a byte being taken."""
        taken = 0
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as line,
            suppress(TimeoutError),
        ):
            line.settimeout(0.5)
            line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (256 * MIB))
            while taken < 256 * MIB:
                line.sendall(bytes(MIB))
                taken += MIB
        return taken

    async with opened(authority, app) as door:
        taken = await asyncio.to_thread(push, door.listener.port, door.context)
        go.set()
    assert taken < 24 * MIB  # the sockets' own buffers, and a little of ours


async def test_an_answer_that_breaks_off_cuts_the_connection(authority: Authority) -> None:
    async with opened(authority, streaming(MIB, [], finish=False)) as door:
        reader, writer = await door.call()
        writer.write(GET)
        heard = await asyncio.wait_for(reader.read(-1), 20)
        assert heard.count(b"HTTP/1.1") == 1
        writer.close()


async def test_closing_waits_for_the_answer_in_progress_and_for_nothing_else(authority: Authority) -> None:
    hold: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    sent: list[int] = []
    async with opened(authority, streaming(len(CHUNK), sent, hold=hold)) as door:
        reader, writer = await door.call()
        idle_reader, idle_writer = await door.call()
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        closing = asyncio.create_task(door.listener.close(20))
        assert await asyncio.wait_for(idle_reader.read(), 20) == b""
        assert not closing.done()
        hold.set_result(None)
        assert len(await asyncio.wait_for(reader.read(), 20)) == len(CHUNK)
        idle_writer.close()
        writer.close()
        await asyncio.wait_for(closing, 20)


async def test_a_certificate_reaches_the_application(authority: Authority) -> None:
    shown: list[CertificateFacts | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["state"]["address"] == "127.0.0.1"
        shown.append(scope["state"]["certificate"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    leaf = authority.issue("device")
    async with opened(authority, app) as door:
        for certificate in (None, leaf):
            if certificate is not None:
                door.context.load_cert_chain(certificate.certificate, certificate.key)
            reader, writer = await door.call()
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
            writer.close()
    [without, facts] = shown
    assert without is None
    assert facts is not None
    assert facts.subject == "CN=device"
