"""The header walker: raw values of the attributes asked for, read from the start of a data set (PS3.5 §7).

This is the hot path of storing: one pass over the top-level elements, sequences of known length skipped in one
step, nothing decoded. Elements stand in ascending order, so the walk ends at the first one beyond all that is
wanted, long before pixel data; only a data set that by then lacks one of its identifying UIDs (a writer that does
not sort) is walked on to its pixel data.

All four encodings are walked by the same code. A deflated data set is opened only as far as its header goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from leadglass.dicom.character_set import DEFAULT, CharacterSet, character_set
from leadglass.dicom.dictionary import vr_of
from leadglass.dicom.elements.encoding import Encoding, actual_encoding, encoding_of
from leadglass.dicom.elements.index_tags import (
    IDENTIFYING,
    INDEX_TAGS,
    REQUEST_ATTRIBUTES_SEQUENCE,
    SPECIFIC_CHARACTER_SET,
)
from leadglass.dicom.elements.inflate import Inflater
from leadglass.dicom.elements.refusals import EndsTooEarly, tag_text, too_much
from leadglass.dicom.elements.tree import Element, Parser
from leadglass.dicom.elements.values import text_of
from leadglass.dicom.elements.walk import LONGEST_HEAD, Found, Walk, plan_of
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax_of
from leadglass.terms.ceilings import (
    KIB,
    MAX_DEFLATED_HEADER,
    MAX_HEADER_BYTES,
    MAX_VALUE_INDEXED,
)

__all__ = ["INDEX_WANTED", "Header", "NeedMore", "read_header"]

INDEX_WANTED: Final = frozenset([*IDENTIFYING.values(), *INDEX_TAGS.values(), REQUEST_ATTRIBUTES_SEQUENCE])
"""The tags a header is read for when nothing else is said."""
_FIRST_INFLATE: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The header goes on beyond the bytes at hand: try again with at least so many bytes of data set, or all."""

    at_least: int


@dataclass(frozen=True, slots=True)
class Header:
    """Raw values of the wanted top-level attributes that are present, copied out of the data set."""

    values: Mapping[int, tuple[str, bytes]]  # tag → (VR, bytes with padding)
    sequences: Mapping[int, tuple[Header, ...]]
    charset: CharacterSet
    is_little_endian: bool = True

    def __contains__(self, tag: int) -> bool:
        return tag in self.values or tag in self.sequences

    def get(self, tag: int) -> bytes:
        """The value's bytes, padding included; b"" if absent or empty."""
        found = self.values.get(tag)
        return b"" if found is None else found[1]

    def text(self, tag: int) -> str:
        """The value as text: padding removed, several values joined by backslash, "" if absent."""
        found = self.values.get(tag)
        if found is None or not found[1]:
            return ""
        return text_of(found[0], found[1], self.charset, is_little_endian=self.is_little_endian)

    def items(self, tag: int) -> tuple[Header, ...]:
        """The items of a wanted sequence, each with all its own attributes."""
        return self.sequences.get(tag, ())


def read_header(
    data: bytes | memoryview, transfer_syntax: str, *, complete: bool, wanted: frozenset[int] = INDEX_WANTED
) -> Header | NeedMore:
    """The wanted attributes of the data set that `data` begins with.

    `complete` says that nothing follows `data`; without it, NeedMore is returned if the header goes on. PeerViolation
    if the bytes are no data set of this transfer syntax, CeilingReached if they ask for too much.
    """
    if transfer_syntax_of(transfer_syntax).is_deflated:
        return _read_deflated(data, complete, wanted)
    head, is_all = data, complete
    if len(data) > MAX_HEADER_BYTES:
        head, is_all = memoryview(data)[:MAX_HEADER_BYTES], False
    answer = _read(head, encoding_of(transfer_syntax), is_all, wanted)
    if isinstance(answer, NeedMore) and answer.at_least > MAX_HEADER_BYTES:
        raise too_much("MAX_HEADER_BYTES", MAX_HEADER_BYTES, answer.at_least)
    return answer


def _read_deflated(data: bytes | memoryview, complete: bool, wanted: frozenset[int]) -> Header | NeedMore:
    inflater, encoding, size = Inflater(data), encoding_of(EXPLICIT_VR_LITTLE_ENDIAN), _FIRST_INFLATE
    while True:
        inflater.more(size)
        is_all = inflater.is_finished and (complete or inflater.is_whole)
        answer = _read(inflater.data, encoding, is_all, wanted)
        if isinstance(answer, Header):
            return answer
        if inflater.is_finished:
            return NeedMore(len(data) + _FIRST_INFLATE)
        size = max(2 * size, answer.at_least)
        if size > MAX_DEFLATED_HEADER:
            raise too_much("MAX_DEFLATED_HEADER", MAX_DEFLATED_HEADER, size)


def _read(data: bytes | memoryview, promised: Encoding, complete: bool, wanted: frozenset[int]) -> Header | NeedMore:
    encoding = actual_encoding(data, 0, promised)
    walk = Walk(data, encoding, plan_of(wanted, encoding.is_little_endian))
    try:
        is_done = walk.implicit() if encoding.is_implicit_vr else walk.explicit()
    except EndsTooEarly as early:
        if complete:
            raise
        return NeedMore(early.needed)
    if not is_done and not complete:
        return NeedMore(walk.pos + LONGEST_HEAD)
    if walk.pos > len(data):
        raise EndsTooEarly(walk.pos)
    return _header_of(walk.found, encoding)


def _header_of(found: Found, encoding: Encoding) -> Header:
    """The header made of what a walk found; CeilingReached if a value is too long for the index."""
    values: dict[int, tuple[str, bytes]] = {}
    nested: list[tuple[int, bytes, bool]] = []
    for tag, (code, value) in found.items():
        raw, vr = bytes(value), code.decode("ascii")
        if vr in ("", "UN"):
            vr = vr_of(tag)
        if vr == "SQ":
            nested.append((tag, raw, code == b"UN"))
        elif len(raw) > MAX_VALUE_INDEXED:
            raise too_much(f"MAX_VALUE_INDEXED of {tag_text(tag)}", MAX_VALUE_INDEXED, len(raw))
        else:
            values[tag] = (vr, raw)
    charset = _charset_of(values, DEFAULT)
    sequences = {tag: _items(tag, raw, encoding, charset, is_un) for tag, raw, is_un in nested}
    return Header(values, sequences, charset, encoding.is_little_endian)


def _items(tag: int, raw: bytes, encoding: Encoding, charset: CharacterSet, is_un: bool) -> tuple[Header, ...]:
    items, _ = Parser(raw).sequence(tag, 0, len(raw), encoding, is_un=is_un)
    return tuple(_item(elements, raw, charset, encoding.is_little_endian) for elements in items)


def _item(elements: Iterable[Element], raw: bytes, inherited: CharacterSet, is_little_endian: bool) -> Header:
    values = {element.tag: (element.vr, raw[element.start : element.end]) for element in elements if not element.items}
    return Header(values, {}, _charset_of(values, inherited), is_little_endian)


def _charset_of(values: Mapping[int, tuple[str, bytes]], inherited: CharacterSet) -> CharacterSet:
    """The character set a data set declares, or the one of the data set around it (PS3.5 §7.5.3)."""
    declared = values.get(SPECIFIC_CHARACTER_SET)
    return inherited if declared is None else character_set(declared[1].decode("iso8859_1"))
