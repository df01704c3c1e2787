"""The DICOM JSON model, written from the bytes of a data set (PS3.18 annex F).

Values are rendered as pydicom's `to_json_dict` does, except where the standard says otherwise or an object would be
lost for one bad value:

- empty values among several are null, and an empty attribute has no "Value" at all (§F.2.5);
- (0008,0005) says ISO_IR 192 wherever it names another character set: JSON is UTF-8, whatever the data set was in;
- group lengths and trailing padding are left out: they speak of bytes that are not there any more;
- a number that is none becomes a string (DS, IS) or null (NaN and infinity have no JSON number);
- a binary number of the wrong length, or a VR unknown to the standard, becomes UN;
- "US or SS or OW", which is no VR, becomes OW;
- inline binary values are little endian, whatever the data set was in (§F.2.7);
- attributes stand in ascending order of their tags (§F.2.2).
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import msgspec

from leadglass.dicom.character_set import DEFAULT, CharacterSet, character_set
from leadglass.dicom.dictionary import private_vr_of, vr_of
from leadglass.dicom.elements.encoding import LONG_VRS, SHORT_VRS, Encoding, actual_encoding, encoding_of
from leadglass.dicom.elements.index_tags import SPECIFIC_CHARACTER_SET
from leadglass.dicom.elements.inflate import Inflater
from leadglass.dicom.elements.json_values import BULK_VRS, JsonValue, json_values
from leadglass.dicom.elements.refusals import too_much
from leadglass.dicom.elements.tree import DataSet, Element, Parser
from leadglass.dicom.elements.values import NUMBERS
from leadglass.dicom.uids import transfer_syntax_of
from leadglass.terms.ceilings import MAX_DEFLATED_HEADER, MAX_HEADER_ELEMENTS
from leadglass.terms.errors import CeilingReached, PeerViolation

__all__ = ["BulkData", "BulkDataUri", "Reach", "reach_of", "to_json"]

DEFAULT_INLINE_LIMIT: Final = 768
"""Bytes of a binary value written inline: 1 KiB of base64."""

_PIXEL_DATA_GROUP: Final = 0x7FE0
_FIRST_PIXEL_VALUE: Final = 0x7FE00008
"""Of the three attributes that may hold pixels; offset tables stand before them."""
_TRAILING_PADDING: Final = 0xFFFCFFFC
_PIXEL_REPRESENTATION: Final = 0x00280103
_LUT_DESCRIPTOR: Final = 0x00283002
_LUT_DESCRIPTORS: Final = frozenset({0x00281101, 0x00281102, 0x00281103, _LUT_DESCRIPTOR})
_CERTAIN: Final = frozenset(code.decode() for code in SHORT_VRS | LONG_VRS) - {"UN"}
"""VRs that are written as they stand."""


@dataclass(frozen=True, slots=True)
class BulkData:
    """A value too large to stand in JSON. `offset` counts in the data set, opened if it was deflated."""

    path: str  # "7FE00010", or tag / item number from 0 / tag … within sequences
    vr: str
    offset: int
    length: int
    is_encapsulated: bool  # the range holds fragments (PS3.5 §A.4), without the delimiter


BulkDataUri = Callable[[BulkData], str]


def to_json(
    data: bytes | memoryview,
    transfer_syntax: str,
    *,
    bulk_data_uri: BulkDataUri | None = None,
    inline_limit: int = DEFAULT_INLINE_LIMIT,
    max_elements: int = MAX_HEADER_ELEMENTS,
) -> bytes:
    """The data set as one DICOM JSON object, in UTF-8.

    With `bulk_data_uri`, binary values longer than `inline_limit`, and pixel data of any size, become a BulkDataURI.
    `data` may end early, typically within pixel data: what stands before the cut is written. PeerViolation if the
    bytes are no data set of this transfer syntax, CeilingReached if they nest or count too much.
    """
    if transfer_syntax_of(transfer_syntax).is_deflated:
        inflater = Inflater(data)
        inflater.more(MAX_DEFLATED_HEADER)
        elements, writer = _parsed(inflater.data, transfer_syntax, bulk_data_uri, inline_limit, max_elements)
        if not inflater.is_finished and (not elements or elements[-1].tag >> 16 < _PIXEL_DATA_GROUP):
            raise too_much("MAX_DEFLATED_HEADER", MAX_DEFLATED_HEADER, MAX_DEFLATED_HEADER + 1)
    else:
        elements, writer = _parsed(data, transfer_syntax, bulk_data_uri, inline_limit, max_elements)
    return msgspec.json.encode(writer.data_set(elements, _Surroundings()))


class Reach(Enum):
    """How much of a data set stands in its first bytes, as far as `to_json` is concerned."""

    ALL = "nothing is missing but pixel values"
    UP_TO_PIXELS = "all before the pixel data; something may stand behind it"
    PART = "the header goes on"


def reach_of(data: bytes | memoryview, transfer_syntax: str, length: int) -> Reach:
    """What `data`, the beginning of a data set of `length` bytes, holds of its header. Raises as `to_json` does."""
    if len(data) >= length:
        return Reach.ALL
    if transfer_syntax_of(transfer_syntax).is_deflated:
        return Reach.PART
    parser = Parser(data, max_elements=MAX_HEADER_ELEMENTS)
    elements = parser.data_set_so_far(0, len(data), actual_encoding(data, 0, encoding_of(transfer_syntax)))
    if not elements or elements[-1].tag < _FIRST_PIXEL_VALUE:
        return Reach.PART
    last = elements[-1]
    return Reach.ALL if last.end >= length and not last.is_fragmented else Reach.UP_TO_PIXELS


def _parsed(
    data: bytes | memoryview, transfer_syntax: str, uri: BulkDataUri | None, inline_limit: int, max_elements: int
) -> tuple[DataSet, _Writer]:
    encoding = actual_encoding(data, 0, encoding_of(transfer_syntax))
    parser = Parser(data, max_elements=max_elements)
    return parser.data_set_so_far(0, len(data), encoding), _Writer(data, encoding, parser, uri, inline_limit)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a data set inherits from the one around it."""

    charset: CharacterSet = DEFAULT
    is_signed: bool = False  # PixelRepresentation is 1
    path: str = ""
    depth: int = 0


_Json = dict[str, dict[str, Any]]


class _Writer:
    """Renders the data sets of one object. Recursion is as deep as the parser lets data sets nest."""

    def __init__(
        self,
        data: bytes | memoryview,
        encoding: Encoding,
        parser: Parser,
        bulk_data_uri: BulkDataUri | None,
        inline_limit: int,
    ) -> None:
        self._data = data
        self._encoding = encoding
        self._is_little_endian = encoding.is_little_endian
        self._parser = parser
        self._bulk_data_uri = bulk_data_uri
        self._inline_limit = inline_limit

    def data_set(self, elements: DataSet, around: _Surroundings) -> _Json:
        by_tag = {element.tag: element for element in elements}
        here = self._surroundings(by_tag, around)
        written: _Json = {}
        for tag in sorted(by_tag):
            if tag & 0xFFFF and tag != _TRAILING_PADDING:  # nor a group length
                written[_key(tag)] = self._attribute(by_tag[tag], by_tag, here)
        if len(written.get(_key(SPECIFIC_CHARACTER_SET), ())) > 1:  # it has a value, whatever VR it came in
            written[_key(SPECIFIC_CHARACTER_SET)] = {"vr": "CS", "Value": ["ISO_IR 192"]}
        return written

    def _surroundings(self, by_tag: dict[int, Element], around: _Surroundings) -> _Surroundings:
        declared, representation = by_tag.get(SPECIFIC_CHARACTER_SET), by_tag.get(_PIXEL_REPRESENTATION)
        if declared is None and representation is None:
            return around
        charset, is_signed = around.charset, around.is_signed
        if declared is not None:
            charset = character_set(self._bytes(declared).decode("iso8859_1"))
        if representation is not None and representation.end > representation.start:
            is_signed = self._bytes(representation).strip(b"\0") != b""
        return replace(around, charset=charset, is_signed=is_signed)

    def _bytes(self, element: Element) -> bytes:
        return bytes(self._data[element.start : element.end])

    def _attribute(self, element: Element, by_tag: dict[int, Element], here: _Surroundings) -> dict[str, Any]:
        tag, vr, start, end, items, _ = element
        if vr not in _CERTAIN:
            vr = self._vr(element, by_tag, here)
        if vr == "SQ":
            if items is None:
                items = self._items_of_unknown(element, here)
            if items is not None:
                return self._sequence(tag, items, here)
            vr = "UN"
        if vr not in BULK_VRS:
            if start == end:
                return {"vr": vr if vr in _CERTAIN else "UN"}
            values = json_values(vr, bytes(self._data[start:end]), here.charset, self._is_little_endian)
            if values is not None:
                if tag in _LUT_DESCRIPTORS and values:
                    values[0] = _unsigned(values[0])
                return {"vr": vr, "Value": values} if values else {"vr": vr}
            vr = "UN"
        return self._bulk(element, vr, here)

    def _sequence(self, tag: int, items: list[DataSet], here: _Surroundings) -> dict[str, Any]:
        if not items:
            return {"vr": "SQ"}
        key, depth = f"{here.path}{_key(tag)}/", here.depth + 1
        return {
            "vr": "SQ",
            "Value": [
                self.data_set(item, _Surroundings(here.charset, here.is_signed, f"{key}{number}/", depth))
                for number, item in enumerate(items)
            ],
        }

    def _bulk(self, element: Element, vr: str, here: _Surroundings) -> dict[str, Any]:
        length = element.end - element.start
        if length == 0:
            return {"vr": vr}
        is_pixel_data = element.tag >> 16 == _PIXEL_DATA_GROUP
        if self._bulk_data_uri is not None and (is_pixel_data or length > self._inline_limit):
            bulk = BulkData(here.path + _key(element.tag), vr, element.start, length, element.is_fragmented)
            return {"vr": vr, "BulkDataURI": self._bulk_data_uri(bulk)}
        raw = self._bytes(element)
        if not self._is_little_endian and not element.is_fragmented:
            raw = _swapped(raw, BULK_VRS[vr])
        return {"vr": vr, "InlineBinary": base64.b64encode(raw).decode("ascii")}

    def _vr(self, element: Element, by_tag: dict[int, Element], here: _Surroundings) -> str:
        """The VR to write: UN and unknown ones are looked up, ambiguous ones resolved (PS3.5 §A.1, §6.2.2)."""
        vr, tag = element.vr, element.tag
        if not vr or (vr == "UN" and (tag & 0x10000 or element.end - element.start < 0xFFFF)):
            vr = (vr_of(tag) or self._private_vr(tag, by_tag)) or "UN"
        if vr == "US or SS":
            return "SS" if here.is_signed else "US"
        if vr == "US or OW":
            return "US" if self._has_one_entry(by_tag.get(_LUT_DESCRIPTOR)) else "OW"
        if " " in vr:
            return "OB" if element.is_fragmented else "OW"
        return vr

    def _private_vr(self, tag: int, by_tag: dict[int, Element]) -> str:
        creator = by_tag.get(tag & 0xFFFF0000 | (tag & 0xFF00) >> 8) if tag & 0x10000 else None
        if creator is None or not tag & 0xFF00:
            return ""
        return private_vr_of(tag, self._bytes(creator).decode("iso8859_1").strip(" \0"))

    def _has_one_entry(self, descriptor: Element | None) -> bool:
        if descriptor is None or descriptor.end - descriptor.start < 2:
            return False
        (entries,) = NUMBERS["US", self._is_little_endian].unpack_from(self._data, descriptor.start)
        return bool(entries == 1)

    def _items_of_unknown(self, element: Element, here: _Surroundings) -> list[DataSet] | None:
        """The items of a sequence that hid in UN or in a private implicit element; None if it holds none."""
        start, length = element.start, element.end - element.start
        is_un = element.vr == "UN"
        try:
            return self._parser.sequence(element.tag, start, length, self._encoding, depth=here.depth, is_un=is_un)[0]
        except CeilingReached:
            raise
        except PeerViolation:
            return None


def _unsigned(entries: JsonValue) -> JsonValue:
    """The number of entries of a LUT, unsigned even where its VR is SS (PS3.3 §C.11.1.1)."""
    return entries + 0x10000 if isinstance(entries, int) and entries < 0 else entries


def _swapped(raw: bytes, word: int) -> bytes:
    if word == 1 or len(raw) % word:
        return raw
    words = array({2: "H", 4: "I", 8: "Q"}[word], raw)
    words.byteswap()
    return words.tobytes()


@lru_cache(maxsize=8192)
def _key(tag: int) -> str:
    return f"{tag:08X}"
