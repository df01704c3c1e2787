"""Reading one HTTP answer: whole, byte by byte, with something behind it, cut, endless, and no HTTP at all."""

from __future__ import annotations

import pytest

from leadglass.survey.probes.http_answer import AnswerReader
from leadglass.terms.ceilings import MAX_ANSWER_HEAD

SIZED = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-Digest: none\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + SIZED
BARE_LINES = b"HTTP/1.0 200\nContent-Length: 5\n\nhello"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"
WHOLE = {
    "sized": (SIZED, b"hello", True),
    "chunked": (CHUNKED, b"hello", True),
    "after an interim answer": (INTERIM, b"hello", True),
    "bare line feeds, HTTP/1.0": (BARE_LINES, b"hello", False),
    "without content": (NO_CONTENT, b"", True),
    "closing": (SIZED.replace(b"Server: x", b"Connection: Close"), b"hello", False),
}


def fed(data: bytes, portion: int, limit: int = 1000) -> AnswerReader:
    reader = AnswerReader(limit)
    for start in range(0, len(data), portion):
        reader.feed(data[start : start + portion])
    return reader


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("portion", [1, 3, 1000])
def test_whole_answers(name: str, portion: int) -> None:
    data, body, persists = WHOLE[name]
    reader = fed(data, portion)
    assert (reader.is_done, reader.is_http, reader.is_whole) == (True, True, True)
    assert (bytes(reader.body), reader.persists) == (body, persists)


@pytest.mark.parametrize("name", WHOLE)
def test_what_comes_behind_is_left(name: str) -> None:
    data, body, _ = WHOLE[name]
    reader = fed(data + b"HTTP/1.1 404", 1 << 20)
    assert (bytes(reader.body), reader.rest) == (body, b"HTTP/1.1 404")


@pytest.mark.parametrize("name", WHOLE)
def test_cut_anywhere(name: str) -> None:
    data, body, _ = WHOLE[name]
    for end in range(len(data)):
        reader = AnswerReader(1000)
        reader.feed(data[:end])
        assert not reader.is_done
        reader.end()
        assert (reader.is_done, reader.is_whole, reader.persists) == (True, False, False)
        assert body.startswith(bytes(reader.body))


def test_without_a_length_the_end_is_the_end() -> None:
    reader = fed(b"HTTP/1.1 200 OK\r\n\r\nhello", 1)
    assert not reader.is_done
    reader.end()
    assert (reader.is_whole, reader.persists, bytes(reader.body)) == (True, False, b"hello")


@pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n9\r\n"])
def test_the_limit(framing: bytes) -> None:
    start = b"HTTP/1.1 200 OK\r\n" + framing
    at = fed(start + b"123456789", 1, limit=9)
    at.end()
    assert bytes(at.body) == b"123456789"
    above = fed(start + b"123456789abc", 1, limit=8)
    assert (above.is_done, above.is_whole, bytes(above.body)) == (True, False, b"12345678")


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 999999 x\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_ANSWER_HEAD,
    ],
)
@pytest.mark.parametrize("portion", [1, 1 << 20])
def test_no_http(data: bytes, portion: int) -> None:
    reader = fed(data, portion)
    assert (reader.is_done, reader.is_http, reader.is_whole) == (True, False, False)


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"f" * 20 + b"\r\n", b"3" * 2000])
def test_broken_chunks_end_it(chunks: bytes) -> None:
    reader = fed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 1)
    assert (reader.is_done, reader.is_whole) == (True, False)


def test_interim_answers_without_end() -> None:
    reader = fed(b"HTTP/1.1 100 Continue\r\n\r\n" * 20, 1)
    assert (reader.is_done, reader.is_http) == (True, False)
    only = fed(b"HTTP/1.1 100 Continue\r\n\r\n", 1)
    only.end()
    assert not only.is_http


def test_of_headers_that_come_twice_the_first_counts() -> None:
    reader = fed(
        b"HTTP/1.1 200 OK\r\nServer: a\r\nserver: b\r\nBad Name : c\r\nnonsense\r\nContent-Length: 0\r\n\r\n", 1
    )
    assert reader.headers["server"] == "a"


@pytest.mark.parametrize("length", [b"-5", b"+5", b"5, 5", b"0x5", b"five", b"1" * 40, b""])
def test_a_length_that_is_none_is_not_believed(length: bytes) -> None:
    reader = fed(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\nhello", 1)
    assert not reader.is_done
    reader.end()
    assert bytes(reader.body) == b"hello"
