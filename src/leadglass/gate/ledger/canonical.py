"""Canonical JSON (RFC 8785), for the values a ledger entry may hold: text, whole numbers, truth, lists, maps.

One value has exactly one encoding, so that an entry's hash can be recomputed from its meaning. Fractions are not
allowed at all, which spares us the hard half of RFC 8785; keys are ASCII, which makes its sorting plain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

__all__ = ["JsonValue", "canonical", "canonical_map"]

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

_MAX_EXACT = 2**53 - 1  # RFC 8785 §3.2.2.3: numbers are IEEE 754 doubles; beyond this a reader may round
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Mapping[str, JsonValue]) -> bytes:
    """The one encoding of `value`; ValueError if it holds something that has none."""
    _check(value, 0)
    return _encode(value).encode("utf-8")


def canonical_map(data: bytes) -> dict[str, JsonValue]:
    """The map that `data` encodes; ValueError unless `data` is its one canonical encoding."""
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if canonical(value) != data:
        raise ValueError("not in canonical form")
    return value


def _check(value: object, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -_MAX_EXACT <= value <= _MAX_EXACT:  # type: ignore[operator]
            raise ValueError("a number in a ledger entry must stay within 2^53")
    elif isinstance(value, str):
        return  # an enumeration whose members are text
    elif depth >= 8:
        raise ValueError("a ledger entry may nest at most 8 deep")
    elif isinstance(value, list | tuple):  # looked at first: a page of a search is a thousand texts in pairs
        for item in value:
            if type(item) is not str:
                _check(item, depth + 1)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError("keys in a ledger entry are ASCII text")
            _check(item, depth + 1)
    else:
        raise ValueError(f"a ledger entry cannot hold a {kind.__name__}")
