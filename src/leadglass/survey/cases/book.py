"""The book of cases on disk: one line of JSON an event, each line sealed to the one before it, never rewritten.

What stands behind the last newline was never finished (a full disk, a power cut), nor promised: it is not read, and the
next line is written in its place.

    {"previous": SHA-256 of the line before, without its newline ("" for the first), "event": {…}}

Format and verification are in docs/formats/cases.md.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import FileIO
from pathlib import Path

import msgspec

from leadglass.survey.cases.case import Case, cases_of
from leadglass.survey.cases.events import Event
from leadglass.terms.errors import UserFault

__all__ = ["CaseBook"]


class _Line(msgspec.Struct, frozen=True):
    previous: str
    event: Event


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


class CaseBook:
    """The cases in a folder. UserFault if the book was tampered with or cannot be read."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise UserFault(f"{folder} is no folder", "Name the folder that cases lie in: --cases.")
        self.path = folder / "cases.jsonl"
        self._last = ""
        self._size = 0  # of the lines that were read
        self._length = 0  # of the file, with what was never finished
        self._events: list[Event] = []
        self._load()

    @property
    def cases(self) -> dict[str, Case]:
        """All cases by id, as of the last event."""
        return cases_of(self._events)

    def case(self, id: str) -> Case:  # noqa: A002 - what people call it
        """The case; UserFault if there is none by that id."""
        found = self.cases.get(id.upper())
        if found is None:
            raise UserFault(f"there is no case {id} in {self.path.parent}", "`leadglass survey cases` lists them.")
        return found

    def add(self, events: Iterable[Event]) -> None:
        """Append the events; they are on disk when this returns. OSError if the disk does not take them all: then the
        book is as it was."""
        new = tuple(events)
        if not new:
            return
        last, lines = self._last, []
        for event in new:
            line = _encoder.encode(_Line(last, event))
            last = sha256(line).hexdigest()
            lines.append(line + b"\n")
        with self._locked() as file:
            file.truncate(self._size)  # takes off a line that was never finished
            try:
                _write_all(file, b"".join(lines))
            except OSError:
                file.truncate(self._size)
                raise
            finally:
                self._length = os.fstat(file.fileno()).st_size
            self._size, self._last = self._length, last
        self._events += new

    @contextmanager
    def _locked(self) -> Iterator[FileIO]:
        """The file, ours alone; UserFault if another process added to it since we read it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # says where the unlocked houses are
        with self.path.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_size != self._length:
                raise UserFault(f"{self.path} was changed by another program meanwhile", "Do the same once more.")
            yield file

    def _load(self) -> None:
        data = self.path.read_bytes() if self.path.exists() else b""
        self._length, self._size = len(data), data.rfind(b"\n") + 1
        data = data[: self._size]
        for number, line in enumerate(data.splitlines(), start=1):
            try:
                read = _decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
                raise self._fault(number, f"cannot be read ({fault})") from fault
            if read.previous != self._last:
                raise self._fault(number, "does not follow the line before it")
            self._last = sha256(line).hexdigest()
            self._events.append(read.event)

    def _fault(self, number: int, what: str) -> UserFault:
        return UserFault(
            f"{self.path}, line {number}, {what}: the book was cut or altered",
            "Take the book from a backup, or name another folder with --cases.",
        )


def _write_all(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())
