"""Reading one HTTP/1.1 answer (RFC 9112), in any portions, up to a limit, or to the first bytes that say enough.

Never raises, whatever comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from leadglass.terms.ceilings import MAX_ANSWER_HEAD

__all__ = ["AnswerReader"]

_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) +([1-9][0-9][0-9])(?: .*)?", re.DOTALL)
_CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_MAX_LINE: Final = 1024
_MAX_INTERIM: Final = 4
_BODILESS: Final = frozenset({204, 304})


class AnswerReader:
    """Feed it until `is_done`. Then it `is_http` or not; `rest` is what came behind the answer."""

    def __init__(self, limit: int, stops_at: re.Pattern[bytes] | None = None) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}  # names in lower case; of a name that comes twice, the first
        self.body = bytearray()
        self.is_whole = False
        self.persists = False  # whether the connection is good for another request (§9.3)
        self.is_done = False
        self.is_http = False
        self._limit = limit
        self._stops_at = stops_at
        self._buffer = bytearray()
        self._wanted = 0
        self._interim = 0
        self._step: Callable[[], bool] = self._head

    @property
    def rest(self) -> bytes:
        """Bytes behind the answer."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """More bytes."""
        self._buffer += data
        while not self.is_done and self._step():
            pass

    def end(self) -> None:
        """The peer closed its side: an answer without a length is whole now (§6.3), any other is cut."""
        if not self.is_done:
            self.persists = False
            self._finish(is_whole=self._step == self._until_end)

    def _finish(self, *, is_whole: bool) -> None:
        self.is_done, self.is_whole = True, is_whole and self.is_http
        self.persists = self.persists and self.is_whole

    def _head(self) -> bool:
        start = bytes(self._buffer[:5])
        if not b"HTTP/".startswith(start) and start != b"HTTP/":
            return self._is_not_http()
        end = _END_OF_HEAD.search(self._buffer, 0, MAX_ANSWER_HEAD)
        if end is None:
            return self._is_not_http() if len(self._buffer) >= MAX_ANSWER_HEAD else False
        lines = bytes(self._buffer[: end.start()]).split(b"\n")
        status = _STATUS_LINE.fullmatch(lines[0].rstrip(b"\r"))
        if status is None:
            return self._is_not_http()
        del self._buffer[: end.end()]
        self.status, self.headers, self.is_http = int(status[2]), _headers(lines[1:]), True
        if self.status < 200 and self.status != 101:
            return self._skip_interim()
        self.persists = status[1] == b"1" and "close" not in self.headers.get("connection", "").lower()
        self._step = self._framing()
        return True

    def _skip_interim(self) -> bool:
        self._interim += 1
        self.is_http = False
        if self._interim > _MAX_INTERIM:
            self._finish(is_whole=False)
        return True

    def _is_not_http(self) -> bool:
        self.is_http = False
        self._finish(is_whole=False)
        return False

    def _framing(self) -> Callable[[], bool]:
        """How the body ends (RFC 9112 §6.3)."""
        if self.status in _BODILESS:
            return self._sized
        if "transfer-encoding" in self.headers:
            is_chunked = self.headers["transfer-encoding"].lower().endswith("chunked")
            return self._chunk_size if is_chunked else self._until_end
        length = self.headers.get("content-length", "")
        if _LENGTH.fullmatch(length):
            self._wanted = int(length)
            return self._sized
        return self._until_end

    def _take(self, count: int) -> bool:
        """Moves up to `count` bytes into the body; False, and done, once the limit or what it stops at is reached."""
        room = self._limit - len(self.body)
        taken = self._buffer[: min(count, room)]
        self.body += taken
        del self._buffer[: len(taken)]
        if self._stops_at and (enough := self._stops_at.match(self.body)):
            del self.body[enough.end() :]
            self.persists = False
            self._finish(is_whole=False)
            return False
        if count > room and len(taken) == room:
            self.persists = False
            self._finish(is_whole=False)
            return False
        return True

    def _sized(self) -> bool:
        before = len(self.body)
        if self._take(self._wanted):
            self._wanted -= len(self.body) - before
            if self._wanted == 0:
                self._finish(is_whole=True)
        return False

    def _until_end(self) -> bool:
        self.persists = False
        self._take(len(self._buffer))
        return False

    def _line(self) -> bytes | None:
        """The next line without its end; None if it is not all there. A line without end ends the answer."""
        end = self._buffer.find(b"\n", 0, _MAX_LINE)
        if end < 0:
            if len(self._buffer) >= _MAX_LINE:
                self._finish(is_whole=False)
            return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            self._finish(is_whole=False)
            return False
        self._wanted = int(size[1], 16)
        self._step = self._chunk if self._wanted else self._trailer
        return True

    def _chunk(self) -> bool:
        before = len(self.body)
        if not self._take(self._wanted):
            return False
        self._wanted -= len(self.body) - before
        if self._wanted:
            return False
        self._step = self._end_of_chunk
        return True

    def _end_of_chunk(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if line:
            self._finish(is_whole=False)
        self._step = self._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line()
        if line == b"":
            self._finish(is_whole=True)
        return line is not None


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon and name == name.strip():
            headers.setdefault(name.decode("latin-1").lower(), value.strip().decode("latin-1"))
    return headers
