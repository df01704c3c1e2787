"""Large answers: what is wrong before they begin is an answer, what goes wrong later cuts them; slow readers hold
little."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.types import Message

from leadglass.archive.giving import NoLongerGiven
from leadglass.terms.errors import IntegrityFault
from leadglass.web.dicomweb import streaming
from leadglass.web.dicomweb.streaming import Bulk, one_ahead


class Peer:
    """A caller: what it was sent, and when it hangs up."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        await asyncio.sleep(0)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def is_whole(self) -> bool:
        return bool(self.sent) and self.sent[-1].get("more_body") is False


def answering(*given: Any, closed: list[bool] | None = None) -> Bulk:
    """An answer of these pieces; an exception among them is raised."""

    async def pieces() -> AsyncGenerator[bytes]:
        try:
            for piece in given:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            if closed is not None:
                closed.append(True)

    return Bulk(pieces, {"Content-Type": "application/dicom", "ETag": '"1"'})


async def sent_by(bulk: Bulk, peer: Peer) -> None:
    await bulk({"type": "http", "method": "GET", "path": "/", "headers": []}, peer.receive, peer.send)


async def test_the_pieces_leave_in_order_and_the_end_is_said() -> None:
    peer = Peer()
    await sent_by(answering(b"one", b"two", b"three"), peer)
    assert peer.sent[0]["status"] == 200
    assert (b"content-type", b"application/dicom") in peer.sent[0]["headers"]
    assert peer.body == b"onetwothree"
    assert peer.is_whole


async def test_a_fault_before_the_first_piece_leaves_the_answer_to_the_door() -> None:
    peer = Peer()
    with pytest.raises(IntegrityFault):
        await sent_by(answering(IntegrityFault("damaged")), peer)
    assert not peer.sent


async def test_what_went_away_before_it_began_was_never_there() -> None:
    peer = Peer()
    await sent_by(answering(NoLongerGiven("gone")), peer)
    assert peer.sent[0]["status"] == 404


@pytest.mark.parametrize("fault", [IntegrityFault("damaged"), NoLongerGiven("withdrawn")])
async def test_a_fault_later_leaves_the_answer_without_its_end(fault: Exception) -> None:
    peer = Peer()
    closed: list[bool] = []
    with pytest.raises(type(fault)):
        await sent_by(answering(b"one", b"two", fault, b"four", closed=closed), peer)
    assert peer.body == b"onetwo"
    assert not peer.is_whole
    assert closed


async def test_nothing_more_is_read_for_a_caller_that_hung_up() -> None:
    peer, closed = Peer(), list[bool]()
    peer.gone.set()
    await sent_by(answering(*[b"piece"] * 1000, closed=closed), peer)
    assert len(peer.body) < 50
    assert not peer.is_whole
    assert closed


async def test_a_prompt_reader_is_read_ahead_for_and_a_slow_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    async def pieces() -> AsyncGenerator[bytes]:
        for number in range(10):
            read.append(number)
            yield bytes([number])

    monkeypatch.setattr(streaming, "_PROMPT", 3600.0)
    ahead = one_ahead(pieces())
    await anext(ahead)
    await anext(ahead)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert read == [0, 1, 2]
    monkeypatch.setattr(streaming, "_PROMPT", 0.0)
    await anext(ahead)  # was read already
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert read == [0, 1, 2]
    assert [piece[0] async for piece in ahead] == [3, 4, 5, 6, 7, 8, 9]
