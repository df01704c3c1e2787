"""Buckets in the manner of S3 that list themselves to strangers. Keys are counted (level 3), never kept."""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

import msgspec

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import asked
from leadglass.survey.probes.http_keeping import read
from leadglass.survey.probes.http_visit import Found, Look, Visit
from leadglass.terms.ceilings import MAX_COUNTED_LISTING

__all__ = ["Keys", "is_likely", "keys", "look"]

_HOW: Final = "S3"
_FIRST_PAGE: Final = "/?list-type=2&max-keys=1000"


def is_likely(visit: Visit) -> bool:
    """The first page is a list of keys, or says in its manner that there is none for strangers."""
    return visit.page.kind in ("S3 listing", "S3 refusal")


def look(visit: Visit) -> Look:
    """Open if the first page is a list; how many keys its first page has, and whether there are more."""
    is_open = visit.page.kind == "S3 listing" and visit.landing.status == 200
    tries = tuple(asked(act, _HOW, visit.landing, is_open=is_open) for act in (Act.ENTER, Act.LIST))
    if not is_open or not visit.may(Level.COUNTS):
        return Found(tries=tries)
    (answer,) = yield from visit.ask(Ask(_FIRST_PAGE, keys, limit=MAX_COUNTED_LISTING), level=Level.COUNTS)
    found = read(answer.body, Keys)
    if found is None:
        return Found(tries=tries)
    is_at_least = found.is_truncated or not answer.is_whole
    return Found(tries=tries, counts=Counts(records=found.keys, is_at_least=is_at_least, how=_HOW))


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many keys a bucket's first page has."""

    keys: int
    is_truncated: bool


def keys(body: bytes) -> bytes:
    """Of a bucket's first page the count of its keys; nothing if it is no such page."""
    known = read(body, Keys)
    if known is not None:
        return msgspec.json.encode(known)
    counter = _KeyCounter()
    counter.parse(body)
    return msgspec.json.encode(Keys(keys=counter.keys, is_truncated=counter.is_truncated)) if counter.fits else b""


class _KeyCounter:
    """Counts elements. A document type, and with it any entity, ends it."""

    def __init__(self) -> None:
        self.keys, self.is_truncated, self.fits = 0, False, False
        self._depth, self._text, self._listens = 0, "", False
        self._parser = expat.ParserCreate(namespace_separator=None)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def parse(self, body: bytes) -> None:
        try:
            self._parser.Parse(body, False)  # what was cut is counted as far as it came
        except (expat.ExpatError, ValueError):
            self.fits = False

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.fits = name == "ListBucketResult"
        self.keys += self._depth == 3 and name == "Key"
        self._text, self._listens = "", self._depth == 2 and name == "IsTruncated"

    def _end(self, _name: str) -> None:
        if self._listens:
            self.is_truncated = self._text.strip() == "true"
        self._depth, self._listens = self._depth - 1, False

    def _characters(self, text: str) -> None:
        if self._listens and len(self._text) < 16:
            self._text += text

    def _doctype(self, *_: object) -> None:
        raise ValueError("a list of keys needs no document type")
