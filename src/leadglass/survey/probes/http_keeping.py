"""What is kept of answers: one function for each kind of body. All are idempotent and never raise (see `Keep`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar
from xml.parsers import expat

import msgspec

from leadglass.survey.fingerprint_http import page_of
from leadglass.survey.personal_data import KINDS, kinds_of_fields
from leadglass.survey.probes.http_talk import Keep
from leadglass.terms.ceilings import MAX_COLLECTIONS

__all__ = [
    "SOMETHING",
    "Keys",
    "Kinds",
    "answers_shape",
    "favicon",
    "field_kinds",
    "keys",
    "names",
    "nothing",
    "page",
    "read",
    "shaped",
]

T = TypeVar("T")

_FAULTS: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def nothing(_body: bytes) -> bytes:
    """The status says it all."""
    return b""


def page(body: bytes) -> bytes:
    """What a landing page was recognised as."""
    return msgspec.json.encode(page_of(body))


def shaped(shape: type[Any]) -> Keep:
    """Of JSON, what `shape` has fields for; nothing if it does not fit. Fields must be tight: numbers, patterns."""

    def keep(body: bytes) -> bytes:
        found = read(body, shape)
        return b"" if found is None else msgspec.json.encode(found)

    return keep


def read(body: bytes, shape: type[T]) -> T | None:
    """What was kept of JSON, as a value; None if it does not fit."""
    try:
        return msgspec.json.decode(body, type=shape)
    except _FAULTS:
        return None


_EMPTY_LIST: Final = re.compile(rb"\s*\[\s*\]\s*")
SOMETHING: Final = re.compile(rb"\s*\[\s*\{")
"""How a list begins that is not empty."""


def answers_shape(body: bytes) -> bytes:
    """Of a QIDO-RS answer only whether it is an empty list or one of something (PS3.18 §10.6.3.3)."""
    if _EMPTY_LIST.fullmatch(body):
        return b"[]"
    return b"[{}]" if SOMETHING.match(body) else b""


_MD5: Final = re.compile(rb"md5:[0-9a-f]{32}")


def favicon(body: bytes) -> bytes:
    """The digest by which tables of favicons go."""
    if not body or _MD5.fullmatch(body):
        return body
    return b"md5:" + hashlib.md5(body, usedforsecurity=False).hexdigest().encode()


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which kinds of personal data the fields of a mapping speak of."""

    kinds: tuple[str, ...]


def field_kinds(body: bytes) -> bytes:
    """Of an index's mapping the kinds alone: a field's name may be made of data, and is never kept."""
    kept = read(body, Kinds)
    found = kept.kinds if kept is not None else kinds_of_fields(_field_names(read(body, dict[str, Any]) or {}))
    return msgspec.json.encode(Kinds(kinds=tuple(kind for kind in KINDS if kind in found)))


def _field_names(mapping: dict[str, Any]) -> Iterable[str]:
    """Names below "properties", at any depth, as dotted paths."""
    waiting: list[tuple[str, Any]] = [("", mapping)]
    while waiting:
        prefix, value = waiting.pop()
        if not isinstance(value, dict):
            continue
        fields = value.get("properties")
        if isinstance(fields, dict):
            for name, below in fields.items():
                yield f"{prefix}{name}"
                waiting.append((f"{prefix}{name}.", below))
        waiting += [(prefix, below) for name, below in value.items() if name not in ("properties", "fields")]


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


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Names of indexes and databases that may be said aloud: the first ones, plain, and not the product's own."""
    plain = [value for value in values if _NAME.fullmatch(value)]
    return tuple(plain[:MAX_COLLECTIONS])
