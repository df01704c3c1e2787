"""Message ids and boxes."""

from __future__ import annotations

import asyncio

import pytest

from leadglass.dicom.dimse.messages import CEchoRsp, CFindRsp
from leadglass.net.errors import AssociationLost
from leadglass.net.replies import Replies, Reply

REPLY = Reply(CEchoRsp(message_id_being_responded_to=1, status=0))


async def test_replies_come_in_order_then_the_fault() -> None:
    replies = Replies()
    box = replies.open(1)
    assert box is not None
    waiting = asyncio.ensure_future(box.next())
    await asyncio.sleep(0)
    box.put(REPLY)
    assert await waiting is REPLY
    box.put(REPLY)
    replies.fail(AssociationLost("over"))
    assert await box.next() is REPLY
    with pytest.raises(AssociationLost):
        await box.next()


def test_ids_go_round_and_pass_over_open_ones() -> None:
    replies = Replies()
    assert replies.next_message_id() == 1
    replies.open(1)
    replies.open(2)
    assert replies.open(2) is None
    seen = {replies.next_message_id() for _ in range(70_000)}
    assert seen == set(range(3, 65536))


def test_a_closed_box_is_gone() -> None:
    replies = Replies()
    replies.open(1)
    assert replies.are_awaited
    replies.close(1)
    assert not replies.are_awaited
    assert not replies.expects(1)


def test_what_nobody_waits_for_is_dropped_until_the_final_response() -> None:
    replies = Replies()
    replies.open(1)
    replies.abandon(1)
    assert not replies.are_awaited
    replies.deliver(Reply(CFindRsp(message_id_being_responded_to=1, status=0xFF00), b"match"))
    assert replies.expects(1)
    assert replies.open(1) is None  # its id is still taken
    replies.deliver(Reply(CFindRsp(message_id_being_responded_to=1, status=0)))
    assert not replies.expects(1)
