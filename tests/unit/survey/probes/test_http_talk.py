"""Conversations with a web server: what is asked, what is kept, and that what is kept says the same."""

from __future__ import annotations

import pytest

from leadglass.survey.level import Level
from leadglass.survey.probes.http_asking import Answer, Ask
from leadglass.survey.probes.http_counting import HttpCounts
from leadglass.survey.probes.http_headers import ELSEWHERE, LOGIN_ELSEWHERE, SECURED
from leadglass.survey.probes.http_talk import HttpAccess, HttpTalk


def first_three(body: bytes) -> bytes:
    return body[:3]


def whole(body: bytes) -> bytes:
    return body


HELLO = b"HTTP/1.1 200 OK\r\nServer: x <script>\r\nX-Secret: y\r\nContent-Length: 5\r\n\r\nhello"
NONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"
CLOSING = NONE.replace(b"Content-Length", b"Connection: close\r\nContent-Length")


def talk(*asks: Ask) -> HttpTalk:
    return HttpTalk(asks or (Ask("/", first_three), Ask("/b", whole)), "http://192.0.2.7:8042", "Leadglass/0.1 (x)")


def test_the_request_says_who_asks_and_nothing_else() -> None:
    assert talk(Ask("/a?b=c", whole, "application/json")).begin() == (
        b"GET /a?b=c HTTP/1.1\r\nHost: 192.0.2.7:8042\r\nUser-Agent: Leadglass/0.1 (x)\r\nAccept: application/json\r\n"
        b"Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize("portion", [1, 9, 1000])
def test_one_question_after_another(portion: int) -> None:
    ours = talk()
    assert b"Connection: keep-alive" in ours.begin()
    said = b"".join(ours.receive(HELLO[start : start + portion]) for start in range(0, len(HELLO), portion))
    assert said.startswith(b"GET /b ")
    assert not ours.is_over
    assert ours.receive(NONE) == b""
    assert ours.is_over
    assert ours.answers == [
        Answer(status=200, headers={"server": "x script"}, body=b"hel", is_whole=True, persists=True),
        Answer(status=404, body=b"none", is_whole=True, persists=True),
    ]
    assert ours.receive(b"more") == b""


def test_a_connection_that_closes_ends_it() -> None:
    ours = talk()
    assert ours.receive(CLOSING) == b""
    assert ours.is_over
    assert len(ours.answers) == 1


def test_cut_answers_are_kept_as_cut() -> None:
    ours = talk()
    ours.receive(HELLO[:-2])
    ours.hung_up()
    assert [(a.body, a.is_whole) for a in ours.answers] == [(b"hel", False)]
    again = talk()
    again.receive(ours.reduced(HELLO[:-2]))
    again.hung_up()
    assert again.answers == ours.answers


@pytest.mark.parametrize(
    "turns",
    [
        [HELLO, NONE],
        [HELLO, CLOSING],
        [CLOSING],
        [HELLO, b"HTTP/1.1 200 OK\r\n\r\nuntil the end"],
        [HELLO, b"garbage"],
        [HELLO, NONE[:10]],
        [HELLO],
        [b"\x15\x03\x01\x00\x02\x02\x46"],
        [b"SSH-2.0-x"],
        [],
    ],
)
def test_what_is_kept_says_the_same(turns: list[bytes]) -> None:
    ours = talk()
    for turn in turns:
        ours.receive(turn)
    ours.hung_up()
    for heard in (turns, [b"".join(turns)]):
        again = talk()
        for part in heard:
            again.receive(ours.reduced(part))
        again.hung_up()
        assert again.answers == ours.answers
        assert (again.language != "") == (ours.language != "")
        assert all(again.reduced(ours.reduced(part)) == ours.reduced(part) for part in heard)
    assert b"hello" not in ours.reduced(b"".join(turns))


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("app/explorer.html", "/app/explorer.html"),
        ("/ui/", "/ui/"),
        ("/ui/?next=%2F#top", "/ui/"),
        ("http://192.0.2.7:8042/x", "/x"),
        ("HTTP://192.0.2.7:8042", "/"),
        ("https://example.org/realms/x?state=1", LOGIN_ELSEWHERE),
        ("https://example.org/", ELSEWHERE),
        ("https://archive.example.org:8042/x", SECURED),
        (SECURED, SECURED),
        (LOGIN_ELSEWHERE, LOGIN_ELSEWHERE),
        ("//example.org/x", ELSEWHERE),
        # somebody, or somebody's examination
        ("/patients/doe-john/", ELSEWHERE),
        ("/viewer/Studies/1.2.840.113619", ELSEWHERE),
        ("/view/19700131", ELSEWHERE),
        ("/users/sign_in", LOGIN_ELSEWHERE),
        ("/studies/", "/studies/"),
        ("/päth", ELSEWHERE),
        ("/" + "x" * 200, ELSEWHERE),
        ("javascript:alert(1)", ELSEWHERE),
    ],
)
def test_where_a_redirection_leads(location: str, kept: str) -> None:
    ours = talk(Ask("/", whole))
    ours.receive(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))
    assert ours.answers[0].headers["location"] == kept


def test_counts_are_told_and_recalled() -> None:
    asks = (Ask("/statistics", first_three), Ask("/b", whole))
    ours = HttpCounts(asks, "http://h", "u")
    ours.receive(HELLO)
    ours.receive(NONE)
    assert ours.level is Level.COUNTS
    again = HttpCounts(asks, "http://h", "u")
    again.recall(ours.tally)
    assert again.answers == ours.answers
    assert HttpTalk.level is Level.PRESENCE
    assert HttpAccess.level is Level.ACCESS
    assert talk().tally is None
    HttpCounts(asks, "http://h", "u").recall({})


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 4096),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10\r\n" + b"x" * 16 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"f" * 4096),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y" * 4096),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"x"),
    ],
)
def test_what_has_no_end_is_ended(start: bytes, more: bytes) -> None:
    ours = talk(Ask("/", whole), Ask("/b", whole))
    ours.begin()
    ours.receive(start)
    taken = len(start)
    while not ours.is_over:
        ours.receive(more)
        taken += len(more)
        assert taken < ours.ceiling
    assert all(not answer.is_whole for answer in ours.answers)


def test_a_name_of_ours_cannot_add_a_header() -> None:
    ours = HttpTalk([Ask("/", whole)], "http://h", "Leadglass\r\nAuthorization: x")
    assert ours.begin().count(b"\r\n") == 7
