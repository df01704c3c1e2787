"""The two sinks of net."""

from __future__ import annotations

import pytest

from leadglass.net.sinks import BytesSink, DiscardSink
from leadglass.terms.ceilings import MAX_IDENTIFIER
from leadglass.terms.errors import CeilingReached, StorageFault


async def test_bytes_are_copied() -> None:
    sink = BytesSink()
    buffer = bytearray(b"key")
    sink.write(memoryview(buffer))
    buffer[:] = b"KEY"
    sink.write(memoryview(b"s"))
    sink.finish()
    assert sink.data == b"keys"
    assert not sink.congested
    await sink.wait_relieved()


def test_the_ceiling_from_both_sides() -> None:
    sink = BytesSink()
    sink.write(memoryview(bytes(MAX_IDENTIFIER)))
    with pytest.raises(CeilingReached, match="MAX_IDENTIFIER") as caught:
        sink.write(memoryview(b"x"))
    assert caught.value.answer.status == 0xA700
    sink.discard()
    assert sink.data == b""


async def test_a_discard_sink_only_counts() -> None:
    fault = StorageFault("no disk")
    sink = DiscardSink(fault)
    sink.write(memoryview(b"abc"))
    sink.finish()
    sink.discard()
    await sink.wait_relieved()
    assert (sink.length, sink.fault, sink.congested) == (3, fault, False)
