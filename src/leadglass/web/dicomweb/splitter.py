"""A multipart body, as it arrives in any portions, into its parts (RFC 2046 §5.1).

A delimiter is a line: CR LF, two hyphens, the boundary, perhaps two hyphens more (the last one), perhaps blanks, CR LF.
A line that only begins like one is data, such as the delimiter of a multipart within. Lines end with CR LF and
nothing else, because the data are binary and hold bare line feeds of their own.

This is the hot path of storing over HTTP: the data of a part are views of the caller's bytes, found by one `find` a
portion. At most a delimiter's length is kept from one portion to the next. A part is whole only when its closing
delimiter came: without a `PartEnded` it must not be believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from leadglass.dicom.elements.refusals import malformed, too_much
from leadglass.terms.ceilings import (
    MAX_MULTIPART_PARTS,
    MAX_MULTIPART_PREAMBLE,
    MAX_PART_HEADERS,
    MAX_TRANSPORT_PADDING,
)
from leadglass.terms.errors import CeilingReached
from leadglass.web.dicomweb.part_headers import parse_part_headers

__all__ = ["Event", "Finished", "MultipartSplitter", "PartBegan", "PartData", "PartEnded"]

_CLAUSE: Final = "RFC 2046 §5.1.1"
_BEHIND_BOUNDARY: Final = re.compile(rb"(--)?([ \t]*)")


@dataclass(frozen=True, slots=True)
class PartBegan:
    """A part begins; its header fields by name in lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """Some of the part's bytes: a view of what was received, valid as long as that is."""

    data: memoryview


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The part is whole."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The closing delimiter came. What follows it is nobody's."""


Event = PartBegan | PartData | PartEnded | Finished


class _State(Enum):
    PREAMBLE = auto()
    HEADERS = auto()
    DATA = auto()
    EPILOGUE = auto()


class _Delimiter(Enum):
    """What stands where a boundary was found."""

    NEXT = auto()  # a part follows
    CLOSE = auto()
    DATA = auto()  # a longer line
    UNDECIDED = auto()  # the bytes at hand end too early


class MultipartSplitter:
    """Splits one body. After an error it is of no use any more."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._state = _State.PREAMBLE
        self._kept = b"\r\n"  # bytes that may begin a delimiter, or header bytes; the body's first line may be one
        self._void = 2  # of the bytes kept, so many are not data
        self._parts = 0
        self._passed = 0  # bytes of preamble or epilogue
        self._searched = 0  # header bytes that hold no empty line

    def receive_data(self, data: bytes) -> Iterator[Event]:
        """What is in `data`, in order. Run it to its end. PeerViolation for what is no multipart body."""
        if self._kept:
            data, self._kept = self._kept + data, b""
        view, position = memoryview(data), 0
        while position < len(data):
            if self._state is _State.HEADERS:
                found = self._headers_at(data, position)
                if found is None:
                    return
                headers, position = found
                yield PartBegan(headers)
            elif self._state is _State.EPILOGUE:
                self._pass_over(len(data) - position)
                return
            else:
                end, what, follows = self._find(data, position)
                start = position + self._void
                if end >= start:
                    self._void = 0
                if end > start:
                    if self._state is _State.DATA:
                        yield PartData(view[start:end])
                    else:
                        self._pass_over(end - start)
                if what is _Delimiter.UNDECIDED:
                    self._kept = data[end:]
                    return
                yield from self._delimited(what)
                position = follows

    def receive_eof(self) -> Iterator[Event]:
        """The body ended here. PeerViolation if it must not."""
        behind = self._kept[len(self._delimiter) :] if self._kept.startswith(self._delimiter) else b""
        if self._state in (_State.PREAMBLE, _State.DATA) and behind.rstrip(b" \t") == b"--":
            yield from self._delimited(_Delimiter.CLOSE)
        if self._state is _State.PREAMBLE:
            raise malformed("the body holds no line that is the boundary after two hyphens and CR LF", _CLAUSE)
        if self._state is not _State.EPILOGUE:
            raise malformed("the body ends without its closing delimiter", _CLAUSE)

    def _find(self, data: bytes, position: int) -> tuple[int, _Delimiter, int]:
        """Where the next delimiter stands, what it is, and where it ends. UNDECIDED: what stands there must wait."""
        delimiter, searched = self._delimiter, position
        while (at := data.find(delimiter, searched)) >= 0:
            what, follows = self._delimiter_at(data, at + len(delimiter))
            if what is not _Delimiter.DATA:
                return at, what, follows
            searched = at + len(delimiter)
        at = data.rfind(b"\r", max(searched, len(data) - len(delimiter) + 1))
        if at >= 0 and delimiter.startswith(data[at:]):
            return at, _Delimiter.UNDECIDED, at
        return len(data), _Delimiter.UNDECIDED, len(data)

    def _delimiter_at(self, data: bytes, behind: int) -> tuple[_Delimiter, int]:
        found = _BEHIND_BOUNDARY.match(data, behind)
        assert found is not None  # it matches anything
        padding, end = len(found[2]), found.end()
        if padding > MAX_TRANSPORT_PADDING:
            raise _over("MAX_TRANSPORT_PADDING", MAX_TRANSPORT_PADDING)
        if data.startswith(b"\r\n", end):
            return (_Delimiter.CLOSE if found[1] else _Delimiter.NEXT), end + 2
        if data[end : end + 2] in (b"", b"\r") or data[behind : behind + 2] == b"-":
            return _Delimiter.UNDECIDED, behind
        return _Delimiter.DATA, behind

    def _delimited(self, what: _Delimiter) -> Iterator[Event]:
        """A delimiter came: a part ends, unless none was there, and another one begins, unless it was the last."""
        if self._state is _State.DATA:
            yield PartEnded()
        self._passed = self._searched = 0
        if what is _Delimiter.CLOSE:
            self._state = _State.EPILOGUE
            yield Finished()
            return
        self._parts += 1
        if self._parts > MAX_MULTIPART_PARTS:
            raise _over("MAX_MULTIPART_PARTS", MAX_MULTIPART_PARTS)
        self._state = _State.HEADERS

    def _headers_at(self, data: bytes, position: int) -> tuple[Mapping[str, str], int] | None:
        """The header fields that begin at `position`, and where the part's data may be delimited; None if they go on.

        The line end of the empty line may belong to the delimiter of a part without data, so it is looked at again.
        """
        if data.startswith(b"\r\n", position):
            block, end = b"", position
        else:
            end = data.find(b"\r\n\r\n", position + max(0, self._searched - 3))
            seen = (end if end >= 0 else len(data) - 3) - position  # three bytes of the empty line may have come
            if seen > MAX_PART_HEADERS:
                raise _over("MAX_PART_HEADERS", MAX_PART_HEADERS)
            if end < 0:
                self._kept, self._searched = data[position:], len(data) - position
                return None
            block, end = data[position:end], end + 2
        self._state, self._void = _State.DATA, 2
        return parse_part_headers(block), end

    def _pass_over(self, size: int) -> None:
        self._passed += size
        if self._passed > MAX_MULTIPART_PREAMBLE:
            raise _over("MAX_MULTIPART_PREAMBLE", MAX_MULTIPART_PREAMBLE)


def _over(ceiling: str, limit: int) -> CeilingReached:
    """Says the same however much came at once."""
    return too_much(ceiling, limit, limit + 1)
