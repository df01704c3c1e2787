"""Lines of evidence: each is sealed to the one before it. Pure, but for reading files.

    {"hash":"<64 hex>","entry":<JSON>}

hash = SHA-256(hash of the line before, as its 64 characters ‖ the bytes of the entry as they stand). Before the first
line stand 64 zeros. The chain goes on from one shard to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from leadglass.terms.ceilings import MAX_EVIDENCE_ENTRY

__all__ = ["START", "Chain", "Line", "seal", "shards"]

START: Final = "0" * 64
_SHARD: Final = re.compile(r"\d{5,}\.jsonl")
_LINE: Final = re.compile(rb'\{"hash":"([0-9a-f]{64})","entry":(\{.*\})\}\n', re.DOTALL)
_WRAPPING: Final = len('{"hash":"","entry":}\n') + 64


def seal(previous: str, body: bytes) -> tuple[str, bytes]:
    """(hash, line) of an entry that follows the line with the hash `previous`."""
    own = sha256(previous.encode() + body).hexdigest()
    return own, b'{"hash":"' + own.encode() + b'","entry":' + body + b"}\n"


def shards(folder: Path) -> list[Path]:
    """The evidence files of a run's folder, in order."""
    found = (path for path in (folder / "evidence").glob("*.jsonl") if _SHARD.fullmatch(path.name))
    return sorted(found, key=lambda path: int(path.stem))


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read. `fault` says in words what is wrong with it, "" if nothing is."""

    where: str  # "evidence/00001.jsonl, line 7"
    hash: str
    body: bytes
    fault: str = ""


class Chain:
    """Reads a run's evidence from its beginning. Memory: one line."""

    def __init__(self, folder: Path) -> None:
        self.shards = shards(folder)
        self.head = START
        """Hash of the last line read."""
        self.whole = 0
        """Bytes of the last shard up to the end of its last whole line."""
        self.unfinished = 0
        """Bytes behind that: a line that was being written when the power went, or the process."""

    def lines(self) -> Iterator[Line]:
        """Every line. One that does not fit is marked, and the next is measured by what it says its hash is."""
        for position, path in enumerate(self.shards):
            if int(path.stem) != position + 1:
                yield Line(f"evidence/{path.name}", "", b"", "a shard before it is missing")
            yield from self._shard(path, is_last=path == self.shards[-1])

    def _shard(self, path: Path, *, is_last: bool) -> Iterator[Line]:
        self.whole = self.unfinished = 0
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_EVIDENCE_ENTRY + _WRAPPING):
                number += 1
                if is_last and (not raw.endswith(b"\n") or b"\0" in raw) and not _more_lines(path, self.whole):
                    self.unfinished = path.stat().st_size - self.whole
                    return
                line = self._line(raw, f"evidence/{path.name}, line {number}")
                self.whole += len(raw)
                yield line

    def _line(self, raw: bytes, where: str) -> Line:
        match = _LINE.fullmatch(raw)
        if match is None:
            return Line(where, "", b"", "this is not a line of evidence")
        stated, body = match[1].decode(), match[2]
        follows = sha256(self.head.encode() + body).hexdigest() == stated
        self.head = stated
        fault = "" if follows else "it does not follow the line before it: one of them was changed, or one is missing"
        return Line(where, stated, body, fault)


def _more_lines(path: Path, offset: int) -> bool:
    """Whether whole lines stand behind the broken one at `offset`: then it was not the last to be written."""
    with path.open("rb") as file:
        file.seek(offset)
        file.readline(MAX_EVIDENCE_ENTRY + _WRAPPING)
        return any(_LINE.fullmatch(raw) for raw in iter(lambda: file.readline(MAX_EVIDENCE_ENTRY + _WRAPPING), b""))
