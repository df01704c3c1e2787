"""CORS: off unless configured, exact origins, never with cookies."""

from __future__ import annotations

from helpers.asgi import ask, echo
from leadglass.web.cors import Cors

VIEWER = "https://viewer.example"
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


def cors_headers(headers: object) -> dict[str, str]:
    return {name: value for name, value in dict(headers).items() if name.startswith("access-control")}  # type: ignore[call-overload]


async def test_nothing_is_said_unless_an_origin_is_configured() -> None:
    answer = await ask(Cors(echo, []), headers={"Origin": VIEWER})
    assert not cors_headers(answer.headers)
    assert "vary" not in answer.headers
    assert (await ask(Cors(echo, []), "OPTIONS", headers={"Origin": VIEWER, **PREFLIGHT})).text == "reached"


async def test_a_configured_origin_may_read_the_answer() -> None:
    answer = await ask(Cors(echo, [VIEWER + "/"]), headers={"Origin": VIEWER})
    assert answer.headers["access-control-allow-origin"] == VIEWER
    assert answer.headers["vary"] == "Origin"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.text == "reached"


async def test_a_preflight_is_answered_without_asking_anybody() -> None:
    answer = await ask(Cors(echo, [VIEWER]), "OPTIONS", "/dicom-web/any/thing", {"Origin": VIEWER, **PREFLIGHT})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == VIEWER
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "x-path" not in answer.headers


async def test_another_origin_is_told_nothing() -> None:
    for origin in ("https://evil.example", "https://viewer.example.evil.example", "http://viewer.example", "null"):
        answer = await ask(Cors(echo, [VIEWER]), headers={"Origin": origin})
        assert not cors_headers(answer.headers), origin
        assert answer.headers["vary"] == "Origin"
        preflight = await ask(Cors(echo, [VIEWER]), "OPTIONS", headers={"Origin": origin, **PREFLIGHT})
        assert preflight.text == "reached"
