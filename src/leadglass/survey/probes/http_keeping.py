"""What is kept of answers: one function for each kind of body. All are idempotent and never raise (see `Keep`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec

from leadglass.survey.fingerprint_http import page_of
from leadglass.survey.personal_data import name_aloud
from leadglass.survey.probes.http_asking import Keep
from leadglass.terms.ceilings import MAX_COLLECTIONS

__all__ = [
    "SOMETHING",
    "answers_shape",
    "favicon",
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


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Names of indexes and databases that may be said aloud: the first ones, plain, nobody's, and not the product's
    own."""
    plain = [value for value in values if _NAME.fullmatch(value) and name_aloud(value) == value]
    return tuple(plain[:MAX_COLLECTIONS])
