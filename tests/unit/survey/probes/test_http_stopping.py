"""A server that tells of real studies, though it was asked for one that nobody has, is stopped at the first of them."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

import pytest

from leadglass.net.conversing import Ending, converse
from leadglass.survey.probes.dicomweb import SOMETHING, answers_shape
from leadglass.survey.probes.http_asking import Answer, Ask
from leadglass.survey.probes.http_talk import HttpAccess

STUDY = b'{"00100010":{"vr":"PN","Value":[{"Alphabetic":"MARK^PATIENT"}]}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
LIST = b"[" + b",".join([STUDY] * 100) + b"]"
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(LIST) + LIST
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % sign for sign in LIST)
UNTIL_END = HEAD + b"\r\n \n" + LIST


def talk(*paths: str) -> HttpAccess:
    asks = [Ask(path, answers_shape, stops_at=SOMETHING) for path in paths or ("/studies",)]
    return HttpAccess(asks, "http://192.0.2.7", "Leadglass")


@pytest.mark.parametrize("portion", [1, 7, 1 << 16])
@pytest.mark.parametrize("answer", [SIZED, CHUNKED, UNTIL_END], ids=["sized", "chunked", "until the end"])
def test_it_is_over_at_the_first_study(answer: bytes, portion: int) -> None:
    ours, heard = talk("/studies", "/others"), 0
    ours.begin()
    while not ours.is_over:
        assert ours.receive(answer[heard : heard + portion]) == b""
        heard += portion
    assert heard <= answer.index(b"{") + portion
    assert [(got.status, got.body, got.is_whole) for got in ours.answers] == [(200, b"[{}]", False)]
    again = talk("/studies", "/others")
    again.receive(ours.reduced(answer))
    assert again.answers == ours.answers
    assert b"MARK" not in repr(vars(ours._reader)["body"]).encode()


def test_an_empty_list_goes_on_to_the_next_question() -> None:
    ours = talk("/studies", "/others")
    said = ours.receive(HEAD + b"Content-Length: 3\r\n\r\n[ ]")
    assert said.startswith(b"GET /others ")
    assert [type(got) for got in ours.answers] == [Answer]
    assert ours.answers[0].body == b"[]"


def test_who_asks_for_other_things_has_the_usual_window() -> None:
    assert HttpAccess([Ask("/", answers_shape)], "http://192.0.2.7", "Leadglass").window == 0
    assert 0 < talk().window <= 1024


async def test_little_crosses_the_wire() -> None:
    """However much the server would like to say."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            writer.write(HEAD + b"\r\n" + LIST * 1000)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        ours = talk()
        outcome = await converse("127.0.0.1", port, ours, window=ours.window)
    assert outcome.ending is Ending.OVER
    assert ours.answers[0].body == b"[{}]"
    assert outcome.bytes_received <= 4096
