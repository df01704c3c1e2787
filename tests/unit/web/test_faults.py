"""Exceptions become answers; nothing of their values is told or reported unless the text is ours."""

from __future__ import annotations

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpers.asgi import ask
from leadglass.terms.errors import (
    CeilingReached,
    IntegrityFault,
    LedgerFault,
    LocalViolation,
    OutOfSpace,
    PeerAnswer,
    PeerViolation,
    StorageFault,
    UserFault,
)
from leadglass.web.faults import Faults
from leadglass.web.problems import NotAcceptable, UnsupportedMediaType

ANSWER = PeerAnswer(status=0xA900)


def raising(fault: Exception, *, after: int = 0) -> ASGIApp:
    """An application that fails, after so many messages of its answer."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun: list[Message] = [
            {"type": "http.response.start", "status": 200, "headers": []},
            {"type": "http.response.body", "body": b"half", "more_body": True},
        ]
        for message in begun[:after]:
            await send(message)
        raise fault

    return app


@pytest.mark.parametrize(
    ("fault", "status", "is_ours"),
    [
        (PeerViolation("a rule", answer=ANSWER), 400, False),
        (CeilingReached("MAX_X", 1, 2, answer=ANSWER), 413, False),
        (NotAcceptable("these can be had"), 406, False),
        (UnsupportedMediaType("these are taken"), 415, False),
        (UserFault("a mistake", "mend it"), 400, False),
        (OutOfSpace("no room"), 507, True),
        (StorageFault("disk"), 500, True),
        (IntegrityFault("tag"), 500, True),
        (LedgerFault("ledger"), 503, True),
        (LocalViolation("state"), 500, True),
        (ValueError("Mustermann^Erika"), 500, True),
        (KeyError("Mustermann^Erika"), 500, True),
    ],
)
async def test_each_kind_has_its_answer(fault: Exception, status: int, is_ours: bool) -> None:
    reported: list[str] = []
    answer = await ask(Faults(raising(fault), reported.append))
    assert answer.status_code == status == answer.json()["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert bool(reported) is is_ours
    assert "Mustermann" not in answer.text + " ".join(reported)


async def test_where_a_bug_is_stands_in_the_report() -> None:
    reported: list[str] = []
    await ask(Faults(raising(ZeroDivisionError("secret")), reported.append))
    [words] = reported
    assert words.startswith("ZeroDivisionError at raising.<locals>.app:")


@pytest.mark.parametrize("after", [1, 2])
async def test_an_answer_that_began_is_left_unfinished(after: int) -> None:
    """Then the server cuts the connection: a second answer would be mixed into the first."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    reported: list[str] = []
    app = Faults(raising(StorageFault("disk"), after=after), reported.append)
    await app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    assert len(sent) == after
    assert not any(message.get("more_body") is False for message in sent)
    assert reported == ["StorageFault: disk"]


async def test_a_caller_who_went_away_is_nobodys_fault() -> None:
    async def ignored(message: Message) -> None:
        raise AssertionError("nobody is left to be answered")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    reported: list[str] = []
    app = Faults(raising(ClientDisconnect()), reported.append)
    await app({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, ignored)
    assert not reported
