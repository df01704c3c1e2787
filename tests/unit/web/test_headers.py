"""The headers of every answer."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from starlette.responses import Response
from starlette.types import ASGIApp

from helpers.asgi import ask, echo
from leadglass.web.headers import ALWAYS, SecurityHeaders


async def test_every_answer_has_them_all_once() -> None:
    answer = await ask(SecurityHeaders(echo))
    for name, value in ALWAYS:
        assert answer.headers.get_list(name.decode()) == [value.decode()]
    assert answer.headers["cache-control"] == "no-store"
    assert parsedate_to_datetime(answer.headers["date"]).utcoffset() is not None
    assert "server" not in answer.headers


async def test_no_page_may_run_or_load_what_is_not_ours() -> None:
    policy = dict(ALWAYS)[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "*" not in policy
    assert "http" not in policy


async def test_an_answer_that_may_be_kept_says_so_itself() -> None:
    kept: ASGIApp = Response("x", headers={"Cache-Control": "private, no-cache", "ETag": '"1"'})
    answer = await ask(SecurityHeaders(kept))
    assert answer.headers.get_list("cache-control") == ["private, no-cache"]
