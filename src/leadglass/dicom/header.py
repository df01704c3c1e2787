"""Signatures; the walker follows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The header goes on beyond the bytes at hand; `at_least` bytes of data set are needed to try again."""

    at_least: int


class Header:
    """Raw top-level values found before pixel data."""

    def get(self, tag: int) -> bytes:
        """The value's bytes, padding included; b"" if absent or empty."""
        raise NotImplementedError

    def __contains__(self, tag: int) -> bool:
        raise NotImplementedError

    def text(self, tag: int) -> str:
        """The value decoded: padding removed, several values joined by backslash."""
        raise NotImplementedError


def read_header(data: bytes | memoryview, transfer_syntax: str, *, complete: bool) -> Header | NeedMore:
    """The header of a data set; PeerViolation or CeilingReached if it cannot be one."""
    raise NotImplementedError
