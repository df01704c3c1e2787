from __future__ import annotations

import pytest
from starlette.requests import Request

from leadglass.terms.ceilings import MAX_CONSOLE_FORM
from leadglass.terms.errors import CeilingReached, PeerViolation
from leadglass.web.console.forms import carries_token, read_form
from leadglass.web.problems import UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"


def _request(body: bytes, content_type: str = FORM, pieces: int = 1) -> Request:
    size = max(1, -(-len(body) // pieces))
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", content_type.encode())]}
    return Request(scope, receive)


async def test_fields() -> None:
    body = b"name=M%C3%BCller%2C+Ada&empty=&csrf=t&name2=a%26b"
    fields = {"name": "Müller, Ada", "empty": "", "csrf": "t", "name2": "a&b"}
    assert await read_form(_request(body)) == fields
    assert await read_form(_request(body, f"{FORM}; charset=UTF-8", pieces=7)) == fields


async def test_of_a_name_given_twice_the_last_counts() -> None:
    assert await read_form(_request(b"csrf=a&csrf=b")) == {"csrf": "b"}


@pytest.mark.parametrize("said", ["", "b", "a-token ", "ä", "\0"])
def test_the_token(said: str) -> None:
    assert carries_token({"csrf": "a-token"}, "a-token")
    assert not carries_token({"csrf": said}, "a-token")
    assert not carries_token({}, "a-token")


async def test_no_form_at_all() -> None:
    assert await read_form(_request(b"")) == {}


@pytest.mark.parametrize("body", [b"a=%FF", b"\xff=1", b"&".join(b"a=1" for _ in range(40))])
async def test_what_is_no_form(body: bytes) -> None:
    with pytest.raises(PeerViolation):
        await read_form(_request(body))


async def test_too_much() -> None:
    with pytest.raises(CeilingReached):
        await read_form(_request(b"a=" + b"x" * MAX_CONSOLE_FORM, pieces=9))


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=x", "text/plain"])
async def test_other_media_types(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        await read_form(_request(b"a=b", content_type))
