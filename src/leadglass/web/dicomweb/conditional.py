"""Conditional requests, ranges and codings (RFC 9110 §13, §14, §12.5.3), as far as our resources need them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

__all__ = ["ByteRange", "Unsatisfiable", "accepts_gzip", "byte_range", "is_unchanged"]

_ETAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_NOTHING: Final = re.compile(r"q[ \t]*=[ \t]*0(\.0*)?", re.IGNORECASE)
_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*", re.IGNORECASE)


def is_unchanged(request: Request, etag: str) -> bool:
    """True if the caller says that it has this very representation. Only to be asked for what it may see."""
    said = request.headers.get("if-none-match")
    return said is not None and (said.strip() == "*" or etag in _ETAG.findall(said))


def accepts_gzip(request: Request) -> bool:
    """True if the caller names gzip among the codings it takes (RFC 9110 §12.5.3), and does not weigh it nothing."""
    for said in request.headers.get("accept-encoding", "").split(","):
        coding, _, weight = said.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return _NOTHING.fullmatch(weight.strip()) is None
    return False


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes `start` to `end` (behind the last one) of `whole`."""

    start: int
    end: int
    whole: int

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.end - 1}/{self.whole}"


class Unsatisfiable:
    """A range that begins behind the end: 416."""


def byte_range(request: Request, length: int, etag: str) -> ByteRange | Unsatisfiable | None:
    """The one range asked for. None if all is to be sent: no range, several of them, nonsense, or another version's
    (RFC 9110 allows to ignore each of these, and many small ranges are an old attack), and for all but GET (§14.2)."""
    said = request.headers.get("range") if request.method == "GET" else None
    if said is None or request.headers.get("if-range", etag) != etag:
        return None
    found = _RANGE.fullmatch(said)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        last = min(int(found[2]), length)
        return ByteRange(length - last, length, length) if last else Unsatisfiable()
    start = int(found[1])
    end = min(int(found[2]) + 1, length) if found[2] else length
    if found[2] and int(found[2]) < start:
        return None
    return ByteRange(start, end, length) if start < length else Unsatisfiable()
