"""One sample, many portions: whole, byte by byte, in odd sizes, and with more bytes trailing.

What an incremental reader says must not depend on how the network cut the bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from helpers.pair import portions

__all__ = ["PORTIONS", "dribbled"]

PORTIONS: tuple[int | None, ...] = (None, 1, 2, 5, 7, 13)
"""Sizes that cut six-byte headers at every place, and None for all at once."""

Told = TypeVar("Told")


def dribbled(data: bytes, feed: Callable[[list[bytes]], Told]) -> Told:
    """What `feed` makes of `data`; AssertionError if any way of cutting it makes a difference."""
    whole = feed([data])
    for size in PORTIONS[1:]:
        assert feed(portions(data, size)) == whole, f"cut into pieces of {size} it reads differently"
    half = len(data) // 2
    assert feed([data[:half], b"", data[half:]]) == whole, "an empty portion makes a difference"
    return whole
