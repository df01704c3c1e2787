"""Deflate streams, a step at a time."""

from __future__ import annotations

import pytest

from helpers.samples import deflated
from leadglass.dicom.elements.inflate import Inflater
from leadglass.terms.errors import PeerViolation


def test_opens_no_more_than_asked_for() -> None:
    inflater = Inflater(deflated(bytes(10_000_000)))
    inflater.more(1000)
    assert len(inflater.data) == 1000
    assert not inflater.is_finished
    inflater.more(5000)
    assert len(inflater.data) == 5000


def test_the_end_of_the_stream_is_seen() -> None:
    inflater = Inflater(deflated(b"abc"))
    inflater.more(100)
    assert inflater.data == b"abc"
    assert inflater.is_finished
    assert inflater.is_whole


def test_a_stream_cut_short_is_finished_but_not_whole() -> None:
    packed = deflated(bytes(range(256)) * 40)
    inflater = Inflater(packed[: len(packed) // 2])
    inflater.more(1 << 20)
    assert inflater.is_finished
    assert not inflater.is_whole


def test_garbage_is_named() -> None:
    with pytest.raises(PeerViolation, match="not a deflate stream"):
        Inflater(b"\xff" * 50).more(100)
