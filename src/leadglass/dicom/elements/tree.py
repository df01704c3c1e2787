"""A data set with all its sequences, parsed into light tuples: one pass, no recursion, under ceilings (PS3.5 §7).

What real writers get wrong is tolerated where the bytes still have one meaning: items in implicit VR within an
explicit data set, a VR that is no VR (its element is read as implicit), fewer than eight bytes of trailing
garbage. What has no meaning is a PeerViolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from leadglass.dicom.dictionary import vr_of
from leadglass.dicom.elements.encoding import (
    ITEM,
    LONG_VRS,
    SEQUENCE_DELIMITATION,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    Encoding,
    Layout,
    actual_encoding,
    layout_of,
)
from leadglass.dicom.elements.refusals import EndsTooEarly, malformed, tag_text, too_much
from leadglass.terms.ceilings import MAX_HEADER_ELEMENTS, MAX_NESTING_DEPTH

__all__ = ["DataSet", "Element", "Parser"]

_UN_ENCODING: Final = Encoding(True)
"""Within UN of undefined length all is implicit VR little endian (PS3.5 §6.2.2 note 4)."""

_SHORT: Final = {code: code.decode() for code in SHORT_VRS}
_LONG: Final = {code: code.decode() for code in LONG_VRS}


class Element(NamedTuple):
    """One element: where its value lies, and the items if it is a sequence.

    `vr` is what the bytes say, or the dictionary's word in implicit VR ("" if it has none).
    """

    tag: int
    vr: str
    start: int
    end: int
    items: list[DataSet] | None = None
    is_fragmented: bool = False  # an encapsulated value: the range holds its items (PS3.5 §A.4)


DataSet = list[Element]


@dataclass(slots=True)
class _OpenDataSet:
    elements: DataSet
    end: int
    is_delimited: bool  # of undefined length: ends with an item delimitation item
    encoding: Encoding


@dataclass(slots=True)
class _OpenSequence:
    tag: int
    start: int
    items: list[DataSet]
    end: int
    is_delimited: bool
    encoding: Encoding
    may_switch_vr: bool  # items may be implicit in an explicit data set, and explicit within UN


_Open = _OpenDataSet | _OpenSequence


class Parser:
    """Parses data sets in `data`. The ceilings count over all calls, so a parser serves one object."""

    def __init__(self, data: bytes | memoryview, *, max_elements: int = MAX_HEADER_ELEMENTS) -> None:
        self._data = data
        self._size = len(data)
        self._max_elements = max_elements
        self._elements = 0
        self._takes_cut = False

    def data_set(self, start: int, end: int, promised: Encoding) -> DataSet:
        """The elements between `start` and `end`; EndsTooEarly, PeerViolation or CeilingReached if that cannot be."""
        root: DataSet = []
        self._run([self._open_root(root, start, end, promised)], start)
        return root

    def data_set_so_far(self, start: int, end: int, promised: Encoding) -> DataSet:
        """As `data_set`, but bytes that end within an element give what stands before.

        A value cut short is kept; its range then reaches beyond the data.
        """
        root: DataSet = []
        stack: list[_Open] = [self._open_root(root, start, end, promised)]
        self._takes_cut = True
        try:
            self._run(stack, start)
        except EndsTooEarly:
            while stack:
                frame = stack[-1]
                if isinstance(frame, _OpenSequence):
                    _close(frame, stack, self._size)
                else:
                    stack.pop()
        finally:
            self._takes_cut = False
        return root

    def sequence(
        self, tag: int, start: int, length: int, encoding: Encoding, *, depth: int = 0, is_un: bool = False
    ) -> tuple[list[DataSet], int]:
        """The items of the sequence whose value starts at `start`, and the position after it.

        `depth` sequences are known to stand around this one.
        """
        sequence = _open_sequence(tag, start, length, encoding, self._size, is_un=is_un)
        return sequence.items, self._run([sequence], start, depth)

    def fragments_end(self, pos: int, layout: Layout) -> int:
        """The position after the sequence delimitation item that ends the fragments starting at `pos`."""
        while True:
            if pos + 8 > self._size:
                raise EndsTooEarly(pos + 8)
            group, element, length = layout.implicit.unpack_from(self._data, pos)
            tag = group << 16 | element
            pos += 8
            if tag == SEQUENCE_DELIMITATION:
                return pos
            if tag != ITEM or length == UNDEFINED_LENGTH:
                raise malformed("a value of undefined length is not made of fragments", "PS3.5 §A.4")
            self._count()
            pos += length

    def _open_root(self, root: DataSet, start: int, end: int, promised: Encoding) -> _OpenDataSet:
        return _OpenDataSet(root, end, False, actual_encoding(self._data, start, promised))

    def _run(self, stack: list[_Open], pos: int, depth: int = 0) -> int:
        """Reads until the stack is empty: the one loop; each step pushes, pops or both."""
        while stack:
            frame = stack[-1]
            if isinstance(frame, _OpenSequence):
                pos = self._next_item(frame, stack, pos)
            else:
                pos = self._read_elements(frame, stack, pos)
            if len(stack) + 2 * depth > 2 * MAX_NESTING_DEPTH + 1:
                raise too_much("MAX_NESTING_DEPTH", MAX_NESTING_DEPTH, len(stack) // 2 + depth)
        return pos

    def _next_item(self, sequence: _OpenSequence, stack: list[_Open], pos: int) -> int:
        """Opens the next item of `sequence`, or closes it; the position after what was read."""
        if pos >= sequence.end and not sequence.is_delimited:
            _close(sequence, stack, sequence.end)
            return pos
        if pos + 8 > self._size:
            raise EndsTooEarly(pos + 8)
        group, element, length = layout_of(sequence.encoding).implicit.unpack_from(self._data, pos)
        tag = group << 16 | element
        pos += 8
        if tag == SEQUENCE_DELIMITATION:
            _close(sequence, stack, pos - 8)
            return pos
        if tag != ITEM:
            raise malformed(f"something else than an item within the sequence {tag_text(sequence.tag)}", "PS3.5 §7.5")
        self._count()
        is_delimited = length == UNDEFINED_LENGTH
        end = sequence.end if is_delimited else pos + length
        elements: DataSet = []
        sequence.items.append(elements)
        if end > sequence.end:
            self._check_overrun(end, sequence.tag)
        encoding = sequence.encoding
        if sequence.may_switch_vr and end - pos >= 8:
            encoding = actual_encoding(self._data, pos, encoding)
        stack.append(_OpenDataSet(elements, end, is_delimited, encoding))
        return pos

    def _read_elements(self, frame: _OpenDataSet, stack: list[_Open], pos: int) -> int:
        """Reads elements until the data set ends (it is popped) or a sequence begins (it is pushed)."""
        data, end, layout = self._data, frame.end, layout_of(frame.encoding)
        most, new = self._max_elements, tuple.__new__
        append, is_implicit = frame.elements.append, frame.encoding.is_implicit_vr
        is_root = len(stack) == 1 and not frame.is_delimited
        limit = min(end, self._size)
        while pos + 8 <= limit:
            group, element, vr, length, start = self._head(pos, layout, is_implicit)
            if group == 0xFFFE:
                if element == 0xE00D:
                    stack.pop()
                    return start
                if is_root:
                    stack.pop()  # trailing garbage: nothing after it has a meaning
                    return pos
                raise malformed("a delimiter where an element should be", "PS3.5 §7.5")
            self._elements += 1
            if self._elements > most:
                raise too_much("MAX_HEADER_ELEMENTS", most, self._elements)
            tag = group << 16 | element
            vr = vr or vr_of(tag)
            if vr == "SQ" or (length == UNDEFINED_LENGTH and _is_sequence(vr, data, start, layout)):
                stack.append(_open_sequence(tag, start, length, frame.encoding, end, is_un=vr == "UN"))
                if length != UNDEFINED_LENGTH and start + length > end:
                    self._check_overrun(start + length, tag)
                return start
            if length == UNDEFINED_LENGTH:
                pos = self._fragments(frame.elements, tag, vr, start, layout)
            else:
                pos = start + length
                append(new(Element, (tag, vr, start, pos, None, False)))  # a third of the time of Element(…)
            if pos > end:
                self._check_overrun(pos, tag)
        if pos < end and end > self._size:
            raise EndsTooEarly(end)
        if frame.is_delimited:
            raise EndsTooEarly(pos + 8) if pos + 8 > self._size else malformed("an item without an end", "PS3.5 §7.5")
        stack.pop()
        if end < pos <= self._size:
            raise malformed("a sequence is longer than the item it stands in", "PS3.5 §7.5")
        return pos if is_root else end

    def _head(self, pos: int, layout: Layout, is_implicit: bool) -> tuple[int, int, str, int, int]:
        """(group, element, VR or "", length, position of the value) of the element at `pos`."""
        if is_implicit:
            group, element, length = layout.implicit.unpack_from(self._data, pos)
            return group, element, "", length, pos + 8
        group, element, code, length = layout.explicit.unpack_from(self._data, pos)
        vr = _SHORT.get(code)
        if vr is not None:
            return group, element, vr, length, pos + 8
        vr = _LONG.get(code)
        if vr is not None:
            if pos + 12 > self._size:
                raise EndsTooEarly(pos + 12)
            return group, element, vr, layout.long.unpack_from(self._data, pos + 8)[0], pos + 12
        if group == 0xFFFE or not (code.isalpha() and code.isupper()):
            return group, element, "", layout.long.unpack_from(self._data, pos + 4)[0], pos + 8
        return group, element, code.decode(), length, pos + 8  # two capitals unknown to us: read as a short VR

    def _fragments(self, elements: DataSet, tag: int, vr: str, start: int, layout: Layout) -> int:
        try:
            pos = self.fragments_end(start, layout)
        except EndsTooEarly:
            elements.append(Element(tag, vr, start, self._size, None, True))
            raise
        elements.append(Element(tag, vr, start, pos - 8, None, True))
        return pos

    def _check_overrun(self, end: int, tag: int) -> None:
        """Raises if what ends at `end` is longer than what it stands in, unless only the cut made it so."""
        if end <= self._size:
            raise malformed(f"{tag_text(tag)} is longer than what it stands in", "PS3.5 §7.5")
        if not self._takes_cut:
            raise EndsTooEarly(end)

    def _count(self) -> None:
        self._elements += 1
        if self._elements > self._max_elements:
            raise too_much("MAX_HEADER_ELEMENTS", self._max_elements, self._elements)


def _open_sequence(tag: int, start: int, length: int, encoding: Encoding, limit: int, *, is_un: bool) -> _OpenSequence:
    is_delimited = length == UNDEFINED_LENGTH
    may_switch_vr = is_un or not encoding.is_implicit_vr
    if is_un and encoding.is_little_endian:
        encoding = _UN_ENCODING
    end = limit if is_delimited else start + length
    return _OpenSequence(tag, start, [], end, is_delimited, encoding, may_switch_vr)


def _close(sequence: _OpenSequence, stack: list[_Open], end: int) -> None:
    stack.pop()
    if stack:
        parent = stack[-1]
        assert isinstance(parent, _OpenDataSet)
        parent.elements.append(Element(sequence.tag, "SQ", sequence.start, end, sequence.items))


def _is_sequence(vr: str, data: bytes | memoryview, start: int, layout: Layout) -> bool:
    """True if a value of undefined length holds data sets: SQ, UN (PS3.5 §6.2.2), or unknown and begun by an item."""
    if vr:
        return vr in ("SQ", "UN")
    if start + 8 > len(data):
        raise EndsTooEarly(start + 8)
    group, element, _ = layout.implicit.unpack_from(data, start)
    return group << 16 | element in (ITEM, SEQUENCE_DELIMITATION)
