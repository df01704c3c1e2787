"""Large answers: large pieces, the next one read while one leaves, and next to nothing held for a slow reader."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from leadglass.archive.giving import NoLongerGiven
from leadglass.web.problems import NOT_FOUND

__all__ = ["Bulk", "one_ahead"]

_PROMPT: Final = 0.05
"""Seconds. Whoever took the last piece within this is worth reading ahead for."""
_NOTHING_MORE_YET: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": True}


class Bulk(Response):
    """An answer whose body comes in pieces. Nothing is read or written down before the answer is sent. What goes wrong
    before the first piece is there becomes an answer of its own; what goes wrong later cuts the connection."""

    def __init__(
        self, pieces: Callable[[], AsyncGenerator[bytes]], headers: Mapping[str, str], status_code: int = 200
    ) -> None:
        self._pieces = pieces
        self.status_code = status_code
        self.background = None
        self.body = b""
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        try:
            async with contextlib.aclosing(one_ahead(self._pieces())) as pieces:
                await self._send(pieces, gone, send)
        except _NotBegun:
            await NOT_FOUND()(scope, receive, send)
        finally:
            gone.cancel()

    async def _send(self, pieces: AsyncIterator[bytes], gone: asyncio.Task[None], send: Send) -> None:
        try:
            piece = await anext(pieces, b"")
        except NoLongerGiven:
            raise _NotBegun from None
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        del piece
        await send(_NOTHING_MORE_YET)  # returns when most of what was sent has been taken
        async for piece in pieces:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            del piece
            await send(_NOTHING_MORE_YET)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _NotBegun(Exception):
    """The study went away before the first byte: it looks like one that never was."""


async def one_ahead(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same pieces, each read while the one before it is away, as long as that is taken promptly."""
    clock = asyncio.get_running_loop().time
    following: asyncio.Task[bytes | None] | None = None
    is_prompt = False
    try:
        while (piece := await (following or _next(pieces))) is not None:
            following = asyncio.create_task(_next(pieces)) if is_prompt else None
            held, piece = [piece], None
            began = clock()
            yield held.pop()  # nothing here refers to it while it is away
            is_prompt = clock() - began < _PROMPT
    finally:
        if following is not None:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await following
        await pieces.aclose()


async def _next(pieces: AsyncGenerator[bytes]) -> bytes | None:
    return await anext(pieces, None)


async def _gone(receive: Receive) -> None:
    """Returns when the caller hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
