"""Counting who is inside."""

from __future__ import annotations

import asyncio

import pytest

from leadglass.net.limits import Connections, Limits


async def test_an_address_may_have_so_many() -> None:
    inside = Connections(Limits(max_connections_per_address=2))
    assert inside.enter("a")
    assert inside.enter("a")
    assert not inside.enter("a")
    assert inside.enter("b")
    assert inside.total == 3
    inside.leave("a")
    assert inside.enter("a")


async def test_when_it_is_full_the_next_waits_until_somebody_leaves() -> None:
    inside = Connections(Limits(max_connections=1))
    await inside.wait_for_room()
    inside.enter("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(inside.wait_for_room(), 0.01)
    inside.leave("a")
    await inside.wait_for_room()
