"""Services that mean no good, or are broken: whoever measures them must come to an end, and believe none of it.

HalfOpen         takes connections and says nothing
Drip             says something, and then a byte now and then, for ever
Endless          says something, and then the same piece again and again, as fast as it is read
Says             says its piece, whatever it hears: lengths that lie, sentences that break off
Garbage          noise, and always the same
Cut              behaves like another manner and breaks off after so many bytes
EndlessMatches   an archive whose C-FIND never ends, whatever was asked for
UnfinishedTls    begins a TLS handshake and drips
RedirectLoop     sends a browser round in circles
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from leadglass.range.law import Law
from leadglass.range.manner import Action, HangUp, Manner, Pause, Reset
from leadglass.range.manners.dicom import DicomManner
from leadglass.range.manners.dicom_lawful import STUDY_INSTANCE_UID
from leadglass.range.manners.dicom_matches import Asked, matches
from leadglass.range.manners.web import Reply, WebManner

__all__ = [
    "Cut",
    "Drip",
    "Endless",
    "EndlessMatches",
    "Garbage",
    "HalfOpen",
    "RedirectLoop",
    "Says",
    "UnfinishedTls",
]

_PIECE: Final = 4096
_TLS_ALERT: Final = bytes.fromhex("15030100020228")  # handshake failure
_SERVER_HELLO: Final = bytes.fromhex("160303007a020000760303")
"""The beginning of one that would have 118 bytes."""


class HalfOpen:
    """Takes connections and says nothing."""

    def __init__(self, law: Law) -> None:
        del law  # there is nothing to judge: it never learns what it was asked

    def opened(self) -> Iterable[Action]:
        return ()

    def received(self, data: bytes) -> Iterable[Action]:  # noqa: ARG002 - it does not listen
        return ()


class _Speech(HalfOpen):
    """Says one thing on a connection: at once if it greets, else when it hears something."""

    def __init__(self, law: Law, *, greets: bool = False) -> None:
        super().__init__(law)
        self._greets = greets
        self._has_begun = False

    def opened(self) -> Iterable[Action]:
        return self._once() if self._greets else ()

    def received(self, data: bytes) -> Iterable[Action]:  # noqa: ARG002 - it does not listen
        return self._once()

    def _once(self) -> Iterable[Action]:
        if self._has_begun:
            return ()
        self._has_begun = True
        return self._speech()

    def _speech(self) -> Iterator[Action]:
        yield from ()


class Says(_Speech):
    """Says `said`, and hangs up if it `leaves`."""

    def __init__(self, law: Law, said: bytes, *, greets: bool = False, leaves: bool = False) -> None:
        super().__init__(law, greets=greets)
        self._said, self._leaves = said, leaves

    def _speech(self) -> Iterator[Action]:
        yield self._said
        if self._leaves:
            yield HangUp()


class Endless(_Speech):
    """Says `first`, and then `piece` without an end; `seconds` lie between them."""

    def __init__(
        self, law: Law, first: bytes = b"", piece: bytes = b"\0", *, seconds: float = 0.0, greets: bool = False
    ) -> None:
        super().__init__(law, greets=greets)
        self._first, self._seconds = first, seconds
        self._piece = piece if seconds else piece * max(1, _PIECE // len(piece))

    def _speech(self) -> Iterator[Action]:
        yield self._first
        while True:
            if self._seconds:
                yield Pause(self._seconds)
            yield self._piece


class Drip(Endless):
    """Byte by byte through `said`, then zeros: never silent for long enough to be called silent."""

    def __init__(self, law: Law, said: bytes = b"", *, seconds: float = 0.1, greets: bool = False) -> None:
        super().__init__(law, seconds=seconds, greets=greets)
        self._said = said

    def _speech(self) -> Iterator[Action]:
        for byte in self._said:
            yield Pause(self._seconds)
            yield bytes([byte])
        yield from super()._speech()


class Garbage(_Speech):
    """Noise: `size` bytes of it, and then the end."""

    def __init__(self, law: Law, seed: int, *, size: int = 2 * _PIECE, greets: bool = False) -> None:
        super().__init__(law, greets=greets)
        self._seed, self._size = seed, size

    def _speech(self) -> Iterator[Action]:
        for number in range(0, self._size, 64):
            yield blake2b(b"%d %d" % (self._seed, number)).digest()
        yield HangUp()


class Cut:
    """Behaves like `inner`, whose last byte is the `after`-th: then a reset, or the end if it is `polite`."""

    def __init__(self, inner: Manner, after: int, *, polite: bool = False) -> None:
        self._inner = inner
        self._left = after
        self._end: Action = HangUp() if polite else Reset()

    def opened(self) -> Iterable[Action]:
        return self._shortened(self._inner.opened()) if self._left else [self._end]

    def received(self, data: bytes) -> Iterable[Action]:
        return self._shortened(self._inner.received(data))

    def _shortened(self, actions: Iterable[Action]) -> Iterator[Action]:
        for action in actions:
            if not isinstance(action, bytes):
                yield action
                continue
            yield action[: self._left]
            self._left -= min(self._left, len(action))
            if not self._left:
                yield self._end
                return


class EndlessMatches(DicomManner):
    """Answers each C-FIND with pending responses for ever: of what it likes, deaf to C-CANCEL."""

    __slots__ = ()

    def _found(self, asked: Asked) -> Iterator[Action]:
        anything = dict(asked.identifier)
        anything.pop(STUDY_INSTANCE_UID, None)
        while True:
            for responses, _ in matches(self._site.shelf, replace(asked, identifier=anything), 0):
                yield responses


class UnfinishedTls(_Speech):
    """Begins a handshake with whoever wants one and lets it drip; who speaks in clear gets an alert."""

    def __init__(self, law: Law, *, seconds: float = 0.1) -> None:
        super().__init__(law)
        self._seconds = seconds
        self._wants_tls = False

    def received(self, data: bytes) -> Iterable[Action]:
        self._wants_tls = self._wants_tls or data.startswith(b"\x16")
        return super().received(data)

    def _speech(self) -> Iterator[Action]:
        if not self._wants_tls:
            yield _TLS_ALERT
            yield HangUp()
            return
        yield _SERVER_HELLO
        for _ in range(_PIECE):
            yield Pause(self._seconds)
            yield b"\0"


class RedirectLoop(WebManner):
    """Every page is at another one."""

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:  # noqa: ARG002 - all the same
        self.law.saw(1, "HTTP page that is elsewhere")
        there = "/b/" if path.startswith("/a") else "/a/"
        return Reply(302, headers=(("Location", there + "x" * min(len(path), 30)),))
