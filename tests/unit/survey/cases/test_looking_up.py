from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from leadglass.survey.cases.looking_up import look_up_owners
from leadglass.terms.ceilings import MAX_OWNER_ANSWER

ANSWER = (
    b'{"name":"EXAMPLE-NET","entities":[{"roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","Abuse desk"],'
    b'["email",{},"text","abuse@example.net"]]]}]}'
)


@asynccontextmanager
async def registry(body: bytes, status: str = "200 OK") -> AsyncIterator[str]:
    """An RDAP server on loopback that says this to every question."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def nothing() -> str:
    return ""


async def asked(body: bytes, status: str = "200 OK") -> dict[str, str]:
    async with registry(body, status) as rdap:
        found = await look_up_owners("1.1.1.1", security_txt=nothing, rdap=rdap, within=2)
    return {owner.source: owner.contact or owner.note for owner in found}


async def test_a_registry_names_whom_to_write_to() -> None:
    assert (await asked(ANSWER))["RDAP"] == "abuse@example.net"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", "200 OK"), (b"[1]", "200 OK"), (ANSWER, "404 Not Found"), (b"7" * (MAX_OWNER_ANSWER + 1), "200 OK")],
    ids=["no JSON", "no object", "not found", "endless"],
)
async def test_what_was_asked_in_vain_is_said(body: bytes, status: str) -> None:
    assert (await asked(body, status))["RDAP"] == "says nothing"


async def test_no_registry_there() -> None:
    found = await look_up_owners("1.1.1.1", security_txt=nothing, rdap="http://127.0.0.1:1", within=2)
    assert found[-1].note == "says nothing"


async def test_nobody_is_asked_unless_we_are_told_to() -> None:
    found = await look_up_owners("192.0.2.7", security_txt=nothing, rdap=None)
    assert "not asked" in found[-1].note


async def test_registries_do_not_hear_of_private_addresses() -> None:
    async with registry(ANSWER) as rdap:
        found = await look_up_owners("127.0.0.1", security_txt=nothing, rdap=rdap)
    assert "not a public one" in found[-1].note


async def test_who_may_not_be_asked_is_not_said_to_be_silent() -> None:
    async def forbidden() -> None:
        return None

    found = await look_up_owners("192.0.2.7", security_txt=forbidden, rdap=None)
    assert "not asked" in found[0].note


async def test_the_system_itself_says_whom_to_write_to() -> None:
    async def security_txt() -> str:
        return "Contact: mailto:security@example.org\n"

    found = await look_up_owners("192.0.2.7", security_txt=security_txt, rdap=None)
    assert "security@example.org" in [owner.contact for owner in found]
