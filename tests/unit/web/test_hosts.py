"""Which Host headers the web door answers to."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from helpers.asgi import ask, echo
from leadglass.web.hosts import KnownHosts, host_only

APP = KnownHosts(echo, ["localhost", "Archive.Example."])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8443", "archive.example", "archive.example.:443"])
async def test_names_of_ours_are_let_through(host: str) -> None:
    assert (await ask(APP, headers={"Host": host})).text == "reached"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "192.0.2.9", "[::1]", "a b"])
async def test_other_names_are_misdirected(host: str) -> None:
    answer = await ask(APP, headers={"Host": host})
    assert answer.status_code == 421
    assert host not in answer.text or not host


@pytest.mark.parametrize(
    ("host", "address"), [("192.0.2.7:8443", "192.0.2.7"), ("[2001:db8::1]:8443", "2001:0db8::0001")]
)
async def test_the_address_a_connection_came_in_at_is_ours(host: str, address: str) -> None:
    async def arrived(scope: Scope, receive: Receive, send: Send) -> None:
        await APP({**scope, "server": (address, 8443)}, receive, send)

    assert (await ask(arrived, headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"], [b"localhost", b"evil.example"]])
async def test_there_is_exactly_one_host_header(hosts: list[bytes]) -> None:
    async def with_hosts(scope: Scope, receive: Receive, send: Send) -> None:
        await APP({**scope, "headers": [(b"host", host) for host in hosts]}, receive, send)

    assert (await ask(with_hosts)).status_code == 400


@pytest.mark.parametrize(
    ("said", "host"),
    [("a", "a"), ("A.B:1", "a.b"), ("a.", "a"), ("[::1]:2", "::1"), ("[::1", "::1"), (":1", ""), ("", "")],
)
def test_ports_dots_and_brackets_are_no_part_of_a_name(said: str, host: str) -> None:
    assert host_only(said) == host
