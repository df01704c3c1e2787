"""The range on the wire: loopback alone, no faster than the peer reads, resets where nothing is."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator

import pytest

from helpers.practice_range import running
from leadglass.net.answering import listening_on_loopback
from leadglass.range import serving
from leadglass.range.law import Law
from leadglass.range.manner import Action, HangUp, Manner, Pause, Reset
from leadglass.range.serving import RangeServer
from leadglass.range.world import Door, SimulatedSystem, TlsManner, Truth, World
from leadglass.range.worlds import load

HERE, ELSEWHERE = "127.77.0.1", "127.77.0.2"
PORT = 104


class Scripted:
    """Says what it was told to."""

    def __init__(
        self, opened: Iterable[Action] = (), answers: Callable[[bytes], Iterable[Action]] | None = None
    ) -> None:
        self._opened = opened
        self._answers = answers or (lambda _: ())

    def opened(self) -> Iterable[Action]:
        return self._opened

    def received(self, data: bytes) -> Iterable[Action]:
        return self._answers(data)


def world_of(make: Callable[[], Manner], *, tls: TlsManner | None = None, latency: float = 0.0) -> World:
    def manner(_: Law) -> Manner:
        return make()

    door = Door(port=PORT, manner=manner, uses_tls=tls is not None, tls=tls or TlsManner.VALID, latency=latency)
    return World("test", [SimulatedSystem(address=HERE, doors=(door,), truth=Truth())])


def echoing() -> Manner:
    return Scripted(answers=lambda data: (data, HangUp()))


async def talk(port: int, said: bytes, address: str = HERE, context: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        writer.write(said)
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_where_a_small_world_has_no_system_the_port_is_closed() -> None:
    async with running(world_of(echoing)) as (server, _):
        port = PORT + server.port_offset
        assert await talk(port, b"hello") == b"hello"
        with pytest.raises(ConnectionRefusedError):
            await talk(port, b"hello", ELSEWHERE)
        assert (server.connections, server.reset, server.strangers) == (1, 0, 0)


async def test_one_listener_a_port_resets_where_a_large_world_has_no_system() -> None:
    async with running(world_of(echoing), own_listeners=0) as (server, _):
        port = PORT + server.port_offset
        assert await talk(port, b"hello") == b"hello"
        with pytest.raises(ConnectionResetError):
            await talk(port, b"hello", ELSEWHERE)
        assert (server.connections, server.reset, server.strangers) == (2, 1, 0)


@pytest.mark.parametrize(
    ("profile", "descriptors", "own"),
    [
        ("small", 1024, True),
        ("hostile", 1024, True),
        ("world-2019", 8192, True),
        ("world-2019-11", 8192, True),
        ("world-2019", 1024, False),  # there would be no room for guests
    ],
)
def test_which_worlds_have_a_listener_for_each_door(
    profile: str, descriptors: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_descriptors", lambda: descriptors)
    assert RangeServer(load(profile), Law()).has_own_listeners is own


def _address_of_this_machine() -> str | None:
    """One that is not loopback, if there is any."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing
        address: str = probe.getsockname()[0]
        return address
    return None


async def test_only_loopback_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the socket could not be bound to the loopback device."""
    address = _address_of_this_machine()
    if address is None or address.startswith("127."):
        address = ELSEWHERE  # a machine without a network: nobody else can come, whatever we do
    async with running(world_of(echoing), own_listeners=0) as (server, _):
        with pytest.raises(OSError):
            await asyncio.wait_for(talk(PORT + server.port_offset, b"hello", address), 2)
    monkeypatch.delattr(socket, "SO_BINDTODEVICE")
    async with running(world_of(echoing), own_listeners=0) as (server, _):
        with pytest.raises(ConnectionResetError):
            await talk(PORT + server.port_offset, b"hello", address)
        assert server.strangers + server.reset == 1


async def test_an_endless_answer_waits_for_its_reader() -> None:
    taken = 0

    def endless(_: bytes) -> Iterator[Action]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1024)

    async with running(world_of(lambda: Scripted(answers=endless))) as (server, _):
        reader, writer = await asyncio.open_connection(HERE, PORT + server.port_offset)
        writer.write(b"go on")
        await reader.readexactly(1_000_000)
        for _ in range(50):
            before = taken
            await asyncio.sleep(0.02)
            if taken == before:
                break
        assert taken == before < 64 * 1024
        await reader.readexactly(64 * 1024 * 1024)
        assert taken > before
        writer.close()


async def test_a_second_request_is_heard_while_an_answer_is_given() -> None:
    said: list[bytes] = []

    def answers(data: bytes) -> Iterable[Action]:
        said.append(data)
        return () if data == b"stop" else until_stopped()

    def until_stopped() -> Iterator[Action]:
        while b"stop" not in said:
            yield b"."
            yield Pause(0.01)
        yield b"stopped"
        yield HangUp()

    async with running(world_of(lambda: Scripted(answers=answers))) as (server, _):
        reader, writer = await asyncio.open_connection(HERE, PORT + server.port_offset)
        writer.write(b"go")
        await reader.readexactly(3)
        writer.write(b"stop")
        assert (await reader.read()).endswith(b"stopped")
        writer.close()


async def test_a_greeting_a_pause_a_reset() -> None:
    async with running(world_of(lambda: Scripted(opened=(b"220 ", Pause(0.05), b"ready", Pause(0.05), Reset())))) as (
        server,
        _,
    ):
        reader, writer = await asyncio.open_connection(HERE, PORT + server.port_offset)
        assert await reader.readexactly(9) == b"220 ready"
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_latency_comes_before_an_answer() -> None:
    async with running(world_of(echoing, latency=0.05), latency=0.05) as (server, _):
        began = asyncio.get_running_loop().time()
        assert await talk(PORT + server.port_offset, b"hello") == b"hello"
        assert asyncio.get_running_loop().time() - began >= 0.1


def _client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.parametrize(
    ("manner", "version"),
    [
        (TlsManner.VALID, "TLSv1.3"),
        (TlsManner.EXPIRED, "TLSv1.3"),
        (TlsManner.OTHER_NAME, "TLSv1.3"),
        (TlsManner.MODIFIED, "TLSv1.2"),
        (TlsManner.RETIRED, "TLSv1.2"),
    ],
)
async def test_tls_is_spoken_as_the_door_says(manner: TlsManner, version: str) -> None:
    async with running(world_of(echoing, tls=manner)) as (server, _):
        port = PORT + server.port_offset
        reader, writer = await asyncio.open_connection(HERE, port, ssl=_client())
        assert writer.get_extra_info("ssl_object").version() == version
        writer.write(b"x" * 100_000)
        assert len(await reader.read()) > 0
        writer.close()


@pytest.mark.parametrize("manner", [TlsManner.VALID, TlsManner.EXPIRED, TlsManner.OTHER_NAME, TlsManner.MODIFIED])
async def test_what_the_standard_forbids_is_agreed_to_by_retired_doors_alone(manner: TlsManner) -> None:
    context = _client()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:!AESGCM:!CHACHA20:!AESCCM:@SECLEVEL=0")
    async with running(world_of(echoing, tls=manner)) as (server, _):
        with pytest.raises(ssl.SSLError):
            await talk(PORT + server.port_offset, b"hello", context=context)
    async with running(world_of(echoing, tls=TlsManner.RETIRED)) as (server, _):
        assert await talk(PORT + server.port_offset, b"hello", context=context) == b"hello"


async def test_a_door_of_the_modified_profile_has_none_of_the_other() -> None:
    context = _client()
    context.set_ciphers("ECDHE+AESGCM")
    async with running(world_of(echoing, tls=TlsManner.MODIFIED)) as (server, _):
        with pytest.raises(ssl.SSLError):
            await talk(PORT + server.port_offset, b"hello", context=context)


async def test_who_demands_a_certificate_talks_to_nobody_without() -> None:
    async with running(world_of(echoing, tls=TlsManner.CLIENT_CERTIFICATE)) as (server, _):
        with pytest.raises(OSError):
            await talk(PORT + server.port_offset, b"hello", context=_client())


async def test_plain_words_to_a_tls_door_end_the_connection() -> None:
    async with running(world_of(echoing, tls=TlsManner.VALID)) as (server, _):
        answer = await talk(PORT + server.port_offset, b"GET / HTTP/1.0\r\n\r\n")
        assert answer[:1] in (b"", b"\x15")  # nothing, or an alert (RFC 8446 §6)


async def test_stopping_cuts_everybody() -> None:
    async with running(world_of(echoing)) as (server, _):
        reader, writer = await asyncio.open_connection(HERE, PORT + server.port_offset)
        await asyncio.sleep(0.05)
        await server.stop()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert not server.guests
        writer.close()


async def test_a_taken_port_is_the_persons_to_mend() -> None:
    from leadglass.terms.errors import UserFault

    async with running(world_of(echoing)) as (server, _):
        with pytest.raises(UserFault) as fault:
            listening_on_loopback(PORT + server.port_offset)
        assert "--port-offset" in fault.value.advice
