"""Invariant: what we write another implementation reads, and the other way round; of anything else comes None."""

from __future__ import annotations

import datetime
import re
import struct

import bson
import pytest
from bson import binary, code, dbref, decimal128, int64, max_key, min_key, objectid, regex, timestamp
from hypothesis import given
from hypothesis import strategies as st

from leadglass.survey.probes.bson import decode, encode
from leadglass.terms.ceilings import MAX_BSON_DEPTH, MAX_BSON_ELEMENTS

_KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_LEAVES = st.one_of(st.text(st.characters(codec="utf-8"), max_size=12), st.booleans(), st.integers(-(2**63), 2**63 - 1))
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=5)


@given(_DOCUMENTS)
def test_what_we_write_others_read(document: dict[str, object]) -> None:
    assert bson.decode(encode(document)) == document  # type: ignore[arg-type]


@given(_DOCUMENTS)
def test_what_others_write_we_read(document: dict[str, object]) -> None:
    assert decode(bson.encode(document)) == document
    assert decode(bson.encode(document) + b"more") == document


def test_values_of_other_types_are_stepped_over() -> None:
    strange = {
        "a": objectid.ObjectId(),
        "b": datetime.datetime(2026, 1, 1),
        "c": None,
        "d": regex.Regex("x", "i"),
        "e": binary.Binary(b"\0\1", 5),
        "f": decimal128.Decimal128("1.5"),
        "g": timestamp.Timestamp(1, 2),
        "h": code.Code("f()"),
        "i": code.Code("f()", {"x": 1}),
        "j": min_key.MinKey(),
        "k": max_key.MaxKey(),
        "l": re.compile("y"),
        "m": dbref.DBRef("c", 1),
        "n": int64.Int64(7),
        "o": 1.5,
        "last": "here",
    }
    read = decode(bson.encode(strange))
    assert read == {"m": {"$ref": "c", "$id": 1}, "n": 7, "o": 1.5, "last": "here"}


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\5\0\0\0",
        b"\4\0\0\0\0",
        b"\5\0\0\0\1",
        b"\xff\xff\xff\x7f\0",
        b"\xff\xff\xff\xff\0",
        b"\x0c\0\0\0\x02a\0\xff\xff\xff\x7f\0",
        b"\x0c\0\0\0\x02a\0\xff\xff\xff\xff\0",
        b"\x0c\0\0\0\x02a\0\0\0\0\0\0",
        b"\x09\0\0\0\x42a\0\0\0",
        b"\x08\0\0\0\x10a\0\0",
    ],
)
def test_what_is_broken_is_nothing(broken: bytes) -> None:
    assert decode(broken) is None or broken[4:5] == b"\x02"


def test_every_beginning_of_a_document_is_nothing() -> None:
    whole = encode({"a": {"b": ["c", 1, True]}, "d": "e"})
    assert all(decode(whole[:end]) is None for end in range(len(whole)))


def test_depth_and_length_have_ceilings() -> None:
    deep: dict[str, object] = {}
    for _ in range(MAX_BSON_DEPTH):
        deep = {"a": deep}
    assert decode(bson.encode(deep)) == deep
    assert decode(bson.encode({"a": deep})) is None
    assert decode(bson.encode({"a": ["x"] * (MAX_BSON_ELEMENTS + 1)})) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_taken(data: bytes) -> None:
    decode(data)
    decode(struct.pack("<i", len(data) + 5) + data + b"\0")
