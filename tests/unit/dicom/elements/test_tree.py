"""The parser: nesting, tolerance, ceilings."""

from __future__ import annotations

import struct

import pytest

from helpers.samples import UNDEFINED, explicit, implicit, item, nested, sequence
from leadglass.dicom.elements.encoding import Encoding
from leadglass.dicom.elements.refusals import EndsTooEarly
from leadglass.dicom.elements.tree import DataSet, Parser
from leadglass.terms.ceilings import MAX_NESTING_DEPTH
from leadglass.terms.errors import CeilingReached, PeerViolation

EXPLICIT, IMPLICIT, BIG = Encoding(False), Encoding(True), Encoding(False, False)
NAME = explicit(0x00100010, "PN", b"A^B ")
ID = explicit(0x00100020, "LO", b"42")
SEQUENCE = 0x00081140


def parsed(data: bytes, encoding: Encoding = EXPLICIT) -> DataSet:
    return Parser(data).data_set(0, len(data), encoding)


def shape(elements: DataSet, data: bytes) -> list[object]:
    """The tree as nested lists of (tag, VR, value or items)."""
    return [
        (e.tag, e.vr, data[e.start : e.end] if e.items is None else [shape(i, data) for i in e.items]) for e in elements
    ]


INNER = [(0x00100010, "PN", b"A^B "), (0x00100020, "LO", b"42")]


@pytest.mark.parametrize("is_delimited", [True, False])
@pytest.mark.parametrize("item_is_delimited", [True, False])
def test_defined_and_undefined_lengths_give_the_same_tree(is_delimited: bool, item_is_delimited: bool) -> None:
    body = item(NAME + ID, is_delimited=item_is_delimited)
    data = sequence(SEQUENCE, body, item(b"", is_delimited=item_is_delimited), is_delimited=is_delimited) + ID
    assert shape(parsed(data), data) == [(SEQUENCE, "SQ", [INNER, []]), (0x00100020, "LO", b"42")]


def test_implicit_vr_takes_vrs_from_the_dictionary() -> None:
    body = implicit(0xFFFEE000, implicit(0x00080018, b"1.2\0"))
    data = implicit(SEQUENCE, body) + implicit(0x00091001, b"??") + implicit(0x00100010, b"A^B ")
    assert shape(parsed(data, IMPLICIT), data) == [
        (SEQUENCE, "SQ", [[(0x00080018, "UI", b"1.2\0")]]),
        (0x00091001, "", b"??"),
        (0x00100010, "PN", b"A^B "),
    ]


def test_big_endian() -> None:
    inner = explicit(0x00280010, "US", b"\x02\x00", order=">")
    data = sequence(SEQUENCE, item(inner, order=">"), is_delimited=True, order=">")
    assert shape(parsed(data, BIG), data) == [(SEQUENCE, "SQ", [[(0x00280010, "US", b"\x02\x00")]])]


def test_un_of_undefined_length_is_implicit_inside() -> None:
    inner = implicit(0x00100010, b"A^B ") + implicit(0x00081140, implicit(0xFFFEE000, implicit(0x00100020, b"42")))
    data = sequence(0x00091010, item(inner, is_delimited=True), is_delimited=True, vr="UN") + ID
    expected = [(0x00100010, "PN", b"A^B "), (0x00081140, "SQ", [[(0x00100020, "LO", b"42")]])]
    assert shape(parsed(data), data) == [(0x00091010, "SQ", [expected]), (0x00100020, "LO", b"42")]


def test_un_of_undefined_length_with_explicit_items_is_read_as_it_is() -> None:
    data = sequence(0x00091010, item(NAME + ID), is_delimited=True, vr="UN")
    assert shape(parsed(data), data) == [(0x00091010, "SQ", [INNER])]


def test_a_private_implicit_value_of_undefined_length_is_a_sequence() -> None:
    body = implicit(0xFFFEE000, implicit(0x00100020, b"42")) + implicit(0xFFFEE0DD)
    data = implicit(0x00091010, body, length=UNDEFINED)
    assert shape(parsed(data, IMPLICIT), data) == [(0x00091010, "SQ", [[(0x00100020, "LO", b"42")]])]


def test_fragments_are_one_value() -> None:
    fragments = implicit(0xFFFEE000) + implicit(0xFFFEE000, b"\xff\xd8\xfe\xff\xdd\xe0")
    data = explicit(0x7FE00010, "OB", fragments + implicit(0xFFFEE0DD), length=UNDEFINED) + ID
    (pixels, _) = parsed(data)
    assert pixels.is_fragmented
    assert data[pixels.start : pixels.end] == fragments


def test_an_icon_may_hold_fragments_within_a_sequence() -> None:
    icon = explicit(0x7FE00010, "OB", implicit(0xFFFEE000, b"\1\2") + implicit(0xFFFEE0DD), length=UNDEFINED)
    data = sequence(0x00880200, item(icon, is_delimited=True), is_delimited=True) + ID
    tree = parsed(data)
    assert [e.tag for e in tree] == [0x00880200, 0x00100020]


def test_a_vr_that_is_none_makes_its_element_implicit() -> None:
    data = implicit(0x00100010, b"A^B ") + ID
    tree = parsed(ID + data)
    assert [(e.tag, e.vr) for e in tree] == [(0x00100020, "LO"), (0x00100010, "PN"), (0x00100020, "LO")]


def test_two_unknown_capitals_are_read_as_a_short_vr() -> None:
    data = explicit(0x00091001, "ZZ", b"ab") + ID
    assert [(e.tag, e.vr) for e in parsed(data)] == [(0x00091001, "ZZ"), (0x00100020, "LO")]


@pytest.mark.parametrize("garbage", [b"\0", b"\xff" * 7, implicit(0xFFFEE0DD), implicit(0xFFFEE00D) + b"xyz"])
def test_trailing_garbage_is_tolerated(garbage: bytes) -> None:
    assert [e.tag for e in parsed(NAME + ID + garbage)] == [0x00100010, 0x00100020]


def test_odd_lengths_are_tolerated() -> None:
    data = explicit(0x00100010, "PN", b"A^B") + ID
    assert shape(parsed(data), data) == [(0x00100010, "PN", b"A^B"), (0x00100020, "LO", b"42")]


@pytest.mark.parametrize(
    "data",
    [
        explicit(0x00100010, "PN", b"A", length=500),
        explicit(0x00091001, "OB", b"A", length=0xFFFFFFF0),
        explicit(0x00091001, "OB")[:10],
        sequence(SEQUENCE, item(NAME))[:-3],
        sequence(SEQUENCE, item(NAME, is_delimited=True), is_delimited=True)[:-9],
        explicit(SEQUENCE, "SQ", length=UNDEFINED),
        explicit(0x7FE00010, "OB", implicit(0xFFFEE000, b"1234", length=9), length=UNDEFINED),
    ],
)
def test_bytes_that_end_early_say_how_many_are_needed(data: bytes) -> None:
    with pytest.raises(EndsTooEarly) as caught:
        parsed(data)
    assert caught.value.needed > len(data)


@pytest.mark.parametrize(
    "data",
    [
        explicit(SEQUENCE, "SQ", NAME, length=UNDEFINED) + bytes(64),  # no item
        explicit(SEQUENCE, "SQ", implicit(0xFFFEE000, NAME, length=40), length=len(NAME) + 8) + bytes(64),
        sequence(SEQUENCE, item(explicit(0x00100010, "PN", b"A^B ", length=40))) + bytes(64),
        explicit(0x7FE00010, "OB", NAME, length=UNDEFINED) + bytes(64),
        explicit(0x7FE00010, "OB", implicit(0xFFFEE000, length=UNDEFINED), length=UNDEFINED) + bytes(64),
        sequence(SEQUENCE, item(implicit(0xFFFEE0DD) + NAME)) + bytes(64),
    ],
)
def test_bytes_without_a_meaning_are_refused(data: bytes) -> None:
    with pytest.raises(PeerViolation) as caught:
        parsed(data)
    assert caught.value.answer.status == 0xC000
    assert not isinstance(caught.value, EndsTooEarly)


def test_a_child_may_not_reach_beyond_its_parent() -> None:
    child = explicit(SEQUENCE, "SQ", implicit(0xFFFEE000, NAME), length=UNDEFINED)
    data = explicit(0x00082112, "SQ", item(child), length=len(child) + 8) + implicit(0xFFFEE0DD) + ID
    with pytest.raises(PeerViolation):
        parsed(data)


@pytest.mark.parametrize("is_delimited", [True, False])
def test_nesting_ten_thousand_deep_reaches_the_ceiling(is_delimited: bool) -> None:
    with pytest.raises(CeilingReached, match="MAX_NESTING_DEPTH"):
        parsed(nested(10_000, is_delimited=is_delimited))


@pytest.mark.parametrize("is_delimited", [True, False])
def test_nesting_to_the_ceiling_is_allowed(is_delimited: bool) -> None:
    assert len(parsed(nested(MAX_NESTING_DEPTH, is_delimited=is_delimited))) == 1
    with pytest.raises(CeilingReached):
        parsed(nested(MAX_NESTING_DEPTH + 1, is_delimited=is_delimited))


def test_elements_items_and_fragments_are_counted() -> None:
    data = sequence(SEQUENCE, item(NAME), item(ID)) + NAME + ID
    assert len(Parser(data, max_elements=7).data_set(0, len(data), EXPLICIT)) == 3
    with pytest.raises(CeilingReached, match="MAX_HEADER_ELEMENTS"):
        Parser(data, max_elements=6).data_set(0, len(data), EXPLICIT)


def test_what_stands_before_a_cut_can_be_had() -> None:
    whole = ID + sequence(SEQUENCE, item(NAME + ID), item(NAME + ID)) + NAME
    data = whole[: len(ID) + 12 + 8 + len(NAME + ID) + 8 + len(NAME) + 3]
    tree = Parser(data).data_set_so_far(0, len(data), EXPLICIT)
    assert shape(tree, data) == [
        (0x00100020, "LO", b"42"),
        (SEQUENCE, "SQ", [INNER, [INNER[0]]]),
    ]


def test_a_value_cut_short_is_kept_with_its_declared_end() -> None:
    data = ID + explicit(0x7FE00010, "OW", b"\1\2", length=1000)
    pixels = Parser(data).data_set_so_far(0, len(data), EXPLICIT)[-1]
    assert pixels.tag == 0x7FE00010
    assert pixels.end - pixels.start == 1000


def test_a_cut_does_not_excuse_malformed_bytes() -> None:
    data = explicit(SEQUENCE, "SQ", NAME, length=UNDEFINED)
    with pytest.raises(PeerViolation, match="something else than an item"):
        Parser(data).data_set_so_far(0, len(data), EXPLICIT)


def test_no_value_stands_in_an_error() -> None:
    data = sequence(SEQUENCE, item(explicit(0x00100010, "PN", b"SECRET^NAME", length=400))) + bytes(600)
    with pytest.raises(PeerViolation) as caught:
        parsed(data)
    assert "SECRET" not in str(caught.value)
    assert "(0010,0010)" in str(caught.value)


def test_a_view_is_parsed_like_bytes() -> None:
    data = sequence(SEQUENCE, item(NAME)) + struct.pack("<HH2sH", 0x10, 0x20, b"LO", 0)
    view = memoryview(bytearray(data))
    assert Parser(view).data_set(0, len(view), EXPLICIT) == parsed(data)
