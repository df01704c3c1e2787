"""HTTP/1.0 gets answers whose length is known, and a clear word instead of the others."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from helpers.asgi import ask
from leadglass.web.faults import Faults
from leadglass.web.http_versions import WholeAnswers


def over(version: str, answer: Response, reported: list[str]) -> ASGIApp:
    """An application that answers so, asked in that version of HTTP."""
    inner = Faults(WholeAnswers(answer), reported.append)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await inner({**scope, "http_version": version}, receive, send)

    return app


async def _parts():  # type: ignore[no-untyped-def]
    yield b"half"
    yield b"half"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("answer", [PlainTextResponse("whole"), Response(status_code=204), Response(status_code=304)])
async def test_a_known_length_goes_to_everybody(version: str, answer: Response) -> None:
    assert (await ask(over(version, answer, []))).status_code == answer.status_code


async def test_an_unknown_length_is_not_given_in_http_1_0() -> None:
    reported: list[str] = []
    refused = await ask(over("1.0", StreamingResponse(_parts()), reported))
    assert refused.status_code == 505
    assert "proxy_http_version" in refused.json()["advice"]
    assert reported == []  # nothing of ours failed
    assert (await ask(over("1.1", StreamingResponse(_parts()), reported))).content == b"halfhalf"
