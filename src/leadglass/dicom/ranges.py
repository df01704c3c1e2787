"""Asking for bytes instead of reading them: pure code that walks an object somebody else holds, by ranges.

A walk is a generator: it yields the `Range` it needs next, is sent those bytes, and returns what it found. Fewer bytes
than asked for mean that the data set ends there.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, TypeVar

__all__ = ["Range", "Walking", "walk_bytes"]

Found = TypeVar("Found")


class Range(NamedTuple):
    """`length` bytes from `start` on, counted from the beginning of the data set."""

    start: int
    length: int


Walking = Generator[Range, bytes | memoryview, Found]


def walk_bytes(walking: Walking[Found], data: bytes | memoryview) -> Found:
    """What the walk finds in a data set that lies in memory."""
    try:
        wanted = next(walking)
        while True:
            wanted = walking.send(data[wanted.start : wanted.start + wanted.length])
    except StopIteration as done:
        found: Found = done.value
        return found
